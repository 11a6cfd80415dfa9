import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { isPrivileged, userIdOf } from '#/auth/caller'
import { oneTimeRow } from '#/auth/one-time'
import { gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { type Membership, memberships, oneTimeSecrets, teams, type User } from '#/db/schema'
import { ApiError } from '#/errors'
import { takeBackUser } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import { unknownPassword } from '#/identity/passwords'
import { isOwnerNow } from '#/identity/teams/owners'
import { dropBareUser } from '#/identity/users/bare-user'
import { addUser } from '#/identity/users/new-user'
import { uniqueId } from '#/ids'

type Ctx = Context<AppEnv>

/** Who is invited, to what; one of ID, e-mail address and phone number names the invitee. */
export type Invitation = {
  teamId: string
  roles: readonly string[]
  userId?: string | undefined
  email?: string | undefined
  phone?: string | undefined
  name?: string | undefined
  /** Where the invitation leads. */
  url?: string | undefined
}

type Pair = { teamId: string; userId: string }

const ofPair = ({ teamId, userId }: Pair) =>
  and(eq(memberships.teamId, teamId), eq(memberships.userId, userId))

/**
 * Builds the statement that stores a membership, or has a pending one invited anew, whose roles stay; a key
 * confirms it at once. No row comes back when it is confirmed already, or team or user are gone.
 */
function enrol({ var: { db, now, caller } }: Ctx, pair: Pair, roles: readonly string[], when: SQL) {
  const isConfirmed = isPrivileged(caller)
  const changes = { invited: now, updatedAt: now }
  const state = isConfirmed ? { joined: now, confirm: true } : { joined: null, confirm: false }
  const row = {
    id: uniqueId(now),
    ...pair,
    roles: [...roles],
    createdAt: now,
    ...changes,
    ...state,
  }
  return insertIf(db, memberships, row, when).onConflictDoUpdate({
    target: [memberships.teamId, memberships.userId],
    set: { ...changes, ...state },
    setWhere: eq(memberships.confirm, false),
  })
}

/** Builds the statement that voids the links of a pending invitation; a used one is kept, to be told from a wrong one. */
function voidLinks({ var: { db } }: Ctx, pair: Pair, when: SQL) {
  const membership = db.select({ id: memberships.id }).from(memberships).where(ofPair(pair))
  return db
    .delete(oneTimeSecrets)
    .where(
      and(
        inArray(oneTimeSecrets.ref, membership),
        eq(oneTimeSecrets.purpose, 'invite'),
        isNull(oneTimeSecrets.usedAt),
        when,
      ),
    )
}

type SecretRow = typeof oneTimeSecrets.$inferInsert

/** Builds the statement that stores the secret of a pending invitation. */
function keepSecret({ var: { db } }: Ctx, pair: Pair, row: SecretRow, when: SQL) {
  const pending = and(ofPair(pair), eq(memberships.confirm, false), when)
  const id = db.select({ id: memberships.id }).from(memberships).where(pending)
  const userId = db.select({ userId: memberships.userId }).from(memberships).where(pending)
  // Where nothing is pending the row would be nobody's: a trigger drops it.
  const owner = { ref: sql`coalesce(${id}, '')`, userId: sql`coalesce(${userId}, '')` }
  return db.insert(oneTimeSecrets).values({ ...row, ...owner })
}

/** Returns where an invitation is sent; '' where there is nowhere. */
const addressOf = ({ email, phone }: Pick<Invitation, 'email' | 'phone'> | User) =>
  email || phone || ''

/**
 * Returns what is hashed of an invitation's secret. Differs: upstream takes it also once its user has given up
 * the address that it went to, and then takes the new one for verified.
 */
export const boundSecret = (secret: string, address: string) => `${secret}:${address}`

/**
 * Stores an invitation with its secret and, for a stranger, the user, in one transaction.
 * @throws `user_unauthorized`, `user_count_exceeded`, `user_already_exists`, `membership_already_confirmed`,
 * `team_not_found`, `user_not_found` for what happened meanwhile
 */
export async function storeInvitation(
  c: Ctx,
  given: Invitation,
  known: User | undefined,
  secret: string,
) {
  const { db, caller } = c.var
  const { teamId, roles, email, phone, name = email } = given
  const byKey = isPrivileged(caller)
  const mayInvite = byKey ? sql`1` : isOwnerNow(teamId, userIdOf(caller))
  const batch = gather(db)
  const invitee = known
    ? { id: known.id, stored: () => ({ user: known }) }
    : await addUser(c, batch, {
        ...{ userId: 'unique()', email, phone, name, targets: [] },
        origin: byKey ? 'owner' : 'claim',
        when: mayInvite,
        ...{ password: unknownPassword(), passwordCounts: false },
      })
  const pair = { teamId, userId: invitee.id }
  const enrolled = batch.add(enrol(c, pair, roles, mayInvite))
  batch.add(voidLinks(c, pair, mayInvite))
  if (!byKey) {
    const bound = boundSecret(secret, addressOf(known ?? { email, phone }))
    const row = await oneTimeRow(c, { userId: pair.userId, purpose: 'invite', secret: bound })
    batch.add(keepSecret(c, pair, row, mayInvite))
  }
  const team = batch.add(db.select({ id: teams.id }).from(teams).where(eq(teams.id, teamId)))
  const still = batch.add(
    db
      .select({ id: teams.id })
      .from(teams)
      .where(and(eq(teams.id, teamId), mayInvite)),
  )
  const latest = batch.add(db.select().from(memberships).where(ofPair(pair)))
  await batch.run()
  if (!team()[0]) throw new ApiError('team_not_found')
  if (!still()[0]) throw new ApiError('user_unauthorized')
  const user = invitee.stored()?.user
  if (!user) throw new ApiError('user_already_exists')
  const [membership] = enrolled()
  if (membership) return { membership, user }
  throw new ApiError(latest()[0] ? 'membership_already_confirmed' : 'user_not_found')
}

/**
 * Takes back what an invitation has made whose address is refused for good: its link, the membership, and the user
 * who was made for it. One that was pending before stays, without a link.
 */
export async function takeBack(c: Ctx, { id, userId, createdAt, invited }: Membership) {
  const { db } = c.var
  const isNew = createdAt.getTime() === invited?.getTime()
  const pending = and(
    eq(memberships.id, id),
    eq(memberships.confirm, false),
    eq(memberships.invited, createdAt),
  )
  const links = and(eq(oneTimeSecrets.ref, id), eq(oneTimeSecrets.purpose, 'invite'))
  const [, , dropped] = await db.batch([
    db.delete(oneTimeSecrets).where(and(links, isNull(oneTimeSecrets.usedAt))),
    db.delete(memberships).where(isNew ? pending : sql`0`),
    dropBareUser(c, userId),
  ])
  if (dropped.length > 0) takeBackUser(c, userId)
}
