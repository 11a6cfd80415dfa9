import { and, eq, exists, lt, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { seal, unseal } from '#/auth/seal'
import { insertIf } from '#/db/insert-if'
import { type Authenticator, authenticators, type User } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { newTotpSecret, stepOf, totpUri } from '#/identity/factors/totp'
import { userExists } from '#/identity/users/open'
import { originFor } from '#/identity/users/origins'
import { goneMeanwhile } from '#/identity/users/self'
import { uniqueId } from '#/ids'

type Ctx = Context<AppEnv>

const context = (userId: string) => `totp:${userId}`

const ofUser = (userId: string) =>
  and(eq(authenticators.userId, userId), eq(authenticators.type, 'totp'))

/** Builds the statement that finds a user's TOTP authenticator, verified or not. */
export const findAuthenticator = ({ var: { db } }: Ctx, userId: string) =>
  db.select().from(authenticators).where(ofUser(userId))

/** Builds the statement that removes a user's TOTP authenticator. */
export const dropAuthenticator = ({ var: { db } }: Ctx, userId: string) =>
  db.delete(authenticators).where(ofUser(userId)).returning({ verified: authenticators.verified })

/**
 * Stores a new authenticator for a user in place of one that is not verified, in one round trip.
 * @returns what the user's app has to know, or undefined when a verified one is there
 */
export async function issueAuthenticator(c: Ctx, user: User) {
  const { db, now, settings } = c.var
  const secret = newTotpSecret()
  const row = {
    id: uniqueId(now),
    userId: user.id,
    type: 'totp' as const,
    secret: await seal(secret, settings.SECRET, context(user.id)),
    verified: false,
    lastStep: 0,
    origin: originFor(user.id),
    createdAt: now,
    updatedAt: now,
  }
  const [[stored], [owner]] = await db.batch([
    insertIf(db, authenticators, row, exists(userExists(db, user.id))).onConflictDoUpdate({
      target: [authenticators.userId, authenticators.type],
      set: row,
      setWhere: eq(authenticators.verified, false),
    }),
    userExists(db, user.id),
  ])
  if (!owner) throw goneMeanwhile()
  const label = user.email || user.name || user.phone || user.id
  return stored && { secret, uri: totpUri(settings.PROJECT_NAME, label, secret) }
}

/** A code that an authenticator shows, by its time step. */
export type ShownCode = { authenticator: Authenticator; step: number }

/** Reads a code. @returns undefined when the authenticator does not show it now */
export async function readCode(
  { var: { now, settings } }: Ctx,
  authenticator: Authenticator,
  code: string,
): Promise<ShownCode | undefined> {
  const { userId, secret: sealed } = authenticator
  const secret = await unseal(sealed, settings.SECRET, context(userId))
  const step = secret && stepOf(secret, code, now)
  return step ? { authenticator, step } : undefined
}

/** Matches the authenticator as it was read, while neither this code nor a later one was used (RFC 6238 §5.2). */
const unused = ({ authenticator: { id, secret, verified }, step }: ShownCode) =>
  and(
    eq(authenticators.id, id),
    eq(authenticators.secret, secret),
    eq(authenticators.verified, verified),
    lt(authenticators.lastStep, step),
  )

/** Builds the condition under which {@link useCode} takes a code, for statements before it in its batch. */
export const isCodeUnused = ({ var: { db } }: Ctx, shown: ShownCode) =>
  exists(db.select({ one: sql`1` }).from(authenticators).where(unused(shown)))

/**
 * Builds the statement that uses a code, which proves that the authenticator is the user's: of all requests
 * that hold the code, exactly one gets a row.
 * @param when what must be true as well
 */
export const useCode = ({ var: { db, now } }: Ctx, shown: ShownCode, when?: SQL) =>
  db
    .update(authenticators)
    .set({ lastStep: shown.step, verified: true, updatedAt: now })
    .where(and(unused(shown), when))
    .returning({ id: authenticators.id })
