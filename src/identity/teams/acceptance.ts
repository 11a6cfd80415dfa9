import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Caller } from '#/auth/caller'
import { hashOneTime, isRedeemedBy, type OneTime, redeem } from '#/auth/one-time'
import { type Batch, gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { memberships, oneTimeSecrets, sessions, type Team, type User, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { draftSession, startSession } from '#/identity/sessions/sessions'
import {
  type Found,
  isReadable,
  type MembershipIds,
  membershipById,
  teamById,
} from '#/identity/teams/access'
import { boundSecret } from '#/identity/teams/invitation-store'
import { type MembershipRow, revealed } from '#/identity/teams/models'
import { hasOwner } from '#/identity/teams/owners'
import type { AddressKind } from '#/identity/users/addresses'
import { addProof, addRemoval } from '#/identity/users/proof'
import { randomHex, type SecretHash, sameSecret } from '#/lib/secrets'

type Ctx = Context<AppEnv>

/** What the holder of an invitation shows. */
export type Acceptance = MembershipIds & { userId: string; secret: string }

/** Who accepts what. */
export type Accepting = Pick<Acceptance, 'teamId' | 'userId'> & {
  /** Who is signed in; undefined for a guest. */
  signedInId: string | undefined
  /** Whether the secret is that of the membership's newest invitation, used or not. */
  isSecretRight: boolean
}

/**
 * Decides an acceptance: the secret comes before the person (docs/contract/teams.md §4.5).
 * @throws `membership_not_found`, `team_not_found`, `team_membership_mismatch`, `team_invalid_secret`,
 * `team_invite_mismatch`, `membership_already_confirmed`
 */
export function grantAcceptance(
  caller: Caller,
  { teamId, userId, signedInId, isSecretRight }: Accepting,
  team: Team | undefined,
  membership: Found | undefined,
): { team: Team; membership: Found } {
  if (!membership || !isReadable(caller, membership)) throw new ApiError('membership_not_found')
  if (!team) throw new ApiError('team_not_found')
  if (membership.teamId !== teamId) throw new ApiError('team_membership_mismatch')
  if (!isSecretRight) throw new ApiError('team_invalid_secret')
  const isOther = signedInId !== undefined && signedInId !== membership.userId
  if (userId !== membership.userId || isOther) throw new ApiError('team_invite_mismatch')
  if (membership.confirm) throw new ApiError('membership_already_confirmed')
  return { team, membership }
}

/** A secret that was shown, as it is stored, and the address that it went to. */
type Shown = { hash: SecretHash; kind: AddressKind; address: string }

/** Returns what a secret that was shown would be stored as, for each address that the user has. */
const hashesOf = ({ var: { settings } }: Ctx, secret: string, found: Found | undefined) =>
  Promise.all(
    (['email', 'phone'] as const).map(async (kind): Promise<Shown> => {
      const address = found?.member?.[kind] ?? ''
      return {
        ...{ kind, address },
        hash: await hashOneTime(boundSecret(secret, address), found?.userId ?? '', settings.SECRET),
      }
    }),
  )

/** Finds the one that is stored, in time that does not depend on which it is. */
async function storedOf(shown: readonly Shown[], stored: readonly { hash: SecretHash }[]) {
  const matches = await Promise.all(
    shown.map(({ hash }) => Promise.all(stored.map((one) => sameSecret(one.hash, hash)))),
  )
  return shown.find((_, index) => matches[index]?.includes(true))
}

/** Builds the statement that finds the secrets of a membership's invitations. */
const secretsOf = ({ var: { db } }: Ctx, membershipId: string) =>
  db
    .select({ hash: oneTimeSecrets.secretHash, sessionOnly: oneTimeSecrets.sessionOnly })
    .from(oneTimeSecrets)
    .where(and(eq(oneTimeSecrets.ref, membershipId), eq(oneTimeSecrets.purpose, 'invite')))

/** Loads what an acceptance is about and decides it, in one round trip. Throws as {@link grantAcceptance}. */
async function open(c: Ctx, { teamId, membershipId, userId, secret }: Acceptance) {
  const { db, caller, self } = c.var
  const [[team], [membership], [member], secrets] = await db.batch([
    teamById(db, teamId),
    membershipById(db, membershipId),
    db.select().from(users).where(eq(users.id, userId)),
    secretsOf(c, membershipId),
  ])
  const right = await storedOf(await hashesOf(c, secret, membership), secrets)
  const accepting = {
    teamId,
    userId,
    signedInId: self?.acting.user.id,
    isSecretRight: right !== undefined,
  }
  const granted = grantAcceptance(caller, accepting, team, membership)
  const isForSession = secrets.some(({ hash, sessionOnly }) => hash === right?.hash && sessionOnly)
  if (isForSession && !self) {
    throw new ApiError('team_invalid_secret', 'The account has changed since. Sign in to accept.')
  }
  if (!right || !member) throw new ApiError('team_invalid_secret')
  return { ...granted, right, user: member }
}

/**
 * Adds to a batch what an acceptance proves: the e-mail address that the invitation went to. A text message proves
 * the number, and marks an e-mail address that is not there as verified (docs/contract/teams.md §8.19).
 * @returns reports it, once the batch has run
 */
async function addVerification(c: Ctx, batch: Batch, user: User, shown: Shown, isDone: SQL) {
  const proof = { user, kind: shown.kind, when: isDone }
  if (shown.kind === 'email') return addProof(c, batch, proof)
  const report = await addRemoval(c, batch, proof)
  const { db, now } = c.var
  batch.add(
    db
      .update(users)
      .set(touched(users, { emailVerification: true }, now))
      .where(and(eq(users.id, user.id), isNull(users.email), isDone)),
  )
  return report
}

/**
 * Accepts an invitation: of all requests with its secret exactly one confirms the membership. A guest is signed
 * in by it, and the e-mail address that it went to counts as verified (docs/contract/teams.md §4.5). All of it is one
 * transaction.
 * @throws as {@link grantAcceptance}
 */
export async function accept(c: Ctx, given: Acceptance): Promise<MembershipRow> {
  const { db, now, self } = c.var
  const { team, membership, right, user: before } = await open(c, given)
  const { id, userId, member } = membership
  const invitation: OneTime = { userId, purposes: ['invite'], ref: id, secretHash: right.hash }
  const draft = self
    ? undefined
    : await draftSession(c, {
        ...{ userId, provider: 'email', providerUid: member?.email ?? '' },
        factors: ['email'],
      })
  const batch = gather(db)
  const usedBy = randomHex(32)
  const mayUse = self ? undefined : sql`${oneTimeSecrets.sessionOnly} is not 1`
  // Whoever invited may have been the last one in the team and left it: nobody joins a team without an owner.
  const hasHost = hasOwner(team.id)
  batch.add(redeem(c, invitation, and(mayUse, hasHost), usedBy))
  const isDone = isRedeemedBy(c, userId, usedBy)
  const confirmed = batch.add(
    db
      .update(memberships)
      .set({ confirm: true, joined: now, updatedAt: now })
      .where(and(eq(memberships.id, id), eq(memberships.confirm, false), isDone))
      .returning(),
  )
  const report = await addVerification(c, batch, before, right, isDone)
  const started = draft && batch.add(insertIf(db, sessions, draft.row, isDone))
  const verified = batch.add(
    db
      .select()
      .from(users)
      .where(and(eq(users.id, userId), isDone)),
  )
  const latest = batch.add(
    db
      .select({ confirm: memberships.confirm })
      .from(memberships)
      .where(and(eq(memberships.id, id), hasHost)),
  )
  await batch.run()
  const [[joined], [user], [session]] = [confirmed(), verified(), started?.() ?? []]
  if (!joined || !user) throw tooLate(latest()[0])
  if (draft && session) startSession(c, session, draft)
  report()
  return revealed(joined, team.name, user)
}

/** What happened to an invitation between the look at it and its acceptance. */
function tooLate(latest: { confirm: boolean } | undefined) {
  if (!latest) return new ApiError('membership_not_found')
  return new ApiError(latest.confirm ? 'membership_already_confirmed' : 'team_invalid_secret')
}
