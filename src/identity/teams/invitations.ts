import { and, eq, inArray } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Caller, isPrivileged } from '#/auth/caller'
import { gather } from '#/db/gather'
import { type Membership, memberships, type Team, type User, users } from '#/db/schema'
import { ApiError } from '#/errors'
import { platformRows, projectClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { checkRedirect } from '#/http/origin'
import { grantOwner, grantTeam, teamById } from '#/identity/teams/access'
import { type Invitation, storeInvitation, takeBack } from '#/identity/teams/invitation-store'
import { type MembershipRow, revealed } from '#/identity/teams/models'
import {
  addLookAround,
  checkEmailPolicies,
  checkUserLimit,
  type Surroundings,
} from '#/identity/users/new-user'
import { randomHex } from '#/lib/secrets'
import { isRefused } from '#/messaging/mail/carrier'
import { mailConfigured, sendTemplate } from '#/messaging/mail/send'
import { sendSms, smsConfigured } from '#/messaging/sms/sms'
import { readSettings, settingsRows } from '#/project/settings'

type Ctx = Context<AppEnv>

const SECRET_LENGTH = 256

/**
 * Adds to the address what accepts an invitation; what else is in it stays (docs/contract/teams.md §4.3).
 * @param url one that is allowed to be redirected to
 */
export function invitationLink(url: string, added: Readonly<Record<string, string>>): string {
  const link = new URL(url)
  for (const [name, value] of Object.entries(added)) link.searchParams.set(name, value)
  return link.href
}

/** @throws `general_argument_invalid` where it is not said where the invitation leads, or who is invited */
function checkGiven(caller: Caller, { url, userId, email, phone }: Invitation) {
  if (!isPrivileged(caller) && url === undefined) {
    throw new ApiError('general_argument_invalid', 'Param "url" is not optional.')
  }
  if (userId === undefined && email === undefined && phone === undefined) {
    throw new ApiError('general_argument_invalid', 'Give one of userId, email and phone.')
  }
}

/** Names the invitee: by ID, else by e-mail address, else by phone number. */
function named({ userId, email, phone = '' }: Invitation) {
  if (userId !== undefined) return eq(users.id, userId)
  return email === undefined ? eq(users.phone, phone) : eq(users.email, email)
}

type Scene = {
  team: Team | undefined
  invitee: User | undefined
  membership: Membership | undefined
  around: Surroundings
}

/**
 * Reads all that an invitation depends on, in one round trip.
 * @throws `general_argument_invalid` for an address that is no client of the project
 */
async function survey(c: Ctx, given: Invitation): Promise<Scene> {
  const { db, project, clients } = c.var
  const { teamId, email, url } = given
  const batch = gather(db)
  const team = batch.add(teamById(db, teamId))
  const invitee = batch.add(db.select().from(users).where(named(given)))
  const inviteeId = db.select({ id: users.id }).from(users).where(named(given))
  const membership = batch.add(
    db
      .select()
      .from(memberships)
      .where(and(eq(memberships.teamId, teamId), inArray(memberships.userId, inviteeId))),
  )
  const around = addLookAround(c, batch, { userId: '', email }) // a new user's ID was never used
  const platforms = url !== undefined && !clients ? batch.add(platformRows(db)) : undefined
  const settings = project ? undefined : batch.add(settingsRows(db))
  await batch.run()
  if (platforms) c.set('clients', projectClients(c, platforms()))
  if (settings) c.set('project', readSettings(settings()))
  if (url !== undefined) await checkRedirect(c, 'url', url)
  return {
    team: team()[0],
    invitee: invitee()[0],
    membership: membership()[0],
    around: await around(),
  }
}

/** Checks whether what was said of the invitee is not so. */
const contradicts = (given: Invitation, invitee: User) =>
  (given.userId !== undefined &&
    given.email !== undefined &&
    given.email !== (invitee.email ?? '')) ||
  (given.phone !== undefined && given.phone !== (invitee.phone ?? ''))

/**
 * Decides an invitation as far as rows do (docs/contract/teams.md §4.3).
 *
 * Differs: upstream asks whether the caller is an owner only after it made the invitee, and so leaves users
 * behind that nobody wanted.
 *
 * @throws `team_not_found`, `user_unauthorized`, `user_not_found`, `user_already_exists`,
 * `membership_already_confirmed`
 */
export function grantInvitation(
  caller: Caller,
  given: Invitation,
  { team, invitee, membership }: Pick<Scene, 'team' | 'invitee' | 'membership'>,
): Team {
  const readable = grantTeam(caller, team)
  grantOwner(caller, readable.id)
  if (!invitee && given.userId !== undefined) throw new ApiError('user_not_found')
  if (invitee && contradicts(given, invitee)) throw new ApiError('user_already_exists')
  if (membership?.confirm) throw new ApiError('membership_already_confirmed')
  return readable
}

/**
 * Decides whether a stranger may be made a user (docs/contract/teams.md §4.3, docs/contract/project.md §7.3).
 * @throws `user_count_exceeded`, `user_email_already_exists`, and as {@link checkEmailPolicies}
 */
async function checkNewcomer(c: Ctx, { email }: Invitation, around: Surroundings) {
  if (!isPrivileged(c.var.caller)) await checkUserLimit(c, around.users)
  if (around.identityOwner) throw new ApiError('user_email_already_exists')
  if (email !== undefined) await checkEmailPolicies(c, email)
}

/** Sends the link by mail, else by text message; whoever has neither address gets nothing. */
async function deliver(c: Ctx, user: User, link: string, team: Team, name: string) {
  if (user.email) {
    await sendTemplate(c, {
      template: 'invitation',
      to: user.email,
      toName: name,
      variables: { redirect: link, team: team.name, owner: c.var.self?.acting.user.name ?? '' },
    })
  } else if (user.phone) await sendSms(c, user.phone, link)
}

/**
 * Adds somebody to a team, for a key, or invites somebody, for an owner: by mail, else by text message
 * (docs/contract/teams.md §4.3). When the carrier fails, the membership stays pending and can be invited to again; when
 * it refuses the address for good, nothing stays.
 * @throws as {@link grantInvitation} and {@link checkNewcomer}, `general_argument_invalid`
 * @throws `general_smtp_disabled`, `general_phone_disabled` also when the carrier fails, `general_invalid_email`,
 * `general_invalid_phone` when it refuses the address
 */
export async function invite(c: Ctx, given: Invitation): Promise<MembershipRow> {
  const { caller } = c.var
  checkGiven(caller, given)
  const scene = await survey(c, given)
  const byKey = isPrivileged(caller)
  if (!byKey && !mailConfigured(c)) throw new ApiError('general_smtp_disabled')
  const team = grantInvitation(caller, given, scene)
  if (!scene.invitee) await checkNewcomer(c, given, scene.around)
  const { email, phone } = scene.invitee ?? given
  if (!byKey && !email && phone && !smsConfigured(c)) throw new ApiError('general_phone_disabled')
  const secret = randomHex(SECRET_LENGTH)
  const { membership, user } = await storeInvitation(c, given, scene.invitee, secret)
  if (!byKey && given.url !== undefined) {
    const { id: membershipId, userId, teamId } = membership
    const link = invitationLink(given.url, {
      ...{ membershipId, userId, secret, teamId },
      teamName: team.name,
    })
    const name = user.name || given.name || user.email || ''
    await deliver(c, user, link, team, name).catch(async (error) => {
      if (isRefused(error)) await takeBack(c, membership)
      throw error
    })
  }
  return revealed(membership, team.name, user)
}
