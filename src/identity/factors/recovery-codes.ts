import { and, eq, exists, not, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { hashOneTime, oneTimeRow, usable } from '#/auth/one-time'
import { seal, unseal } from '#/auth/seal'
import { type Database, rawStatement } from '#/db'
import { type Origin, oneTimeSecrets, type User, users } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { randomHex } from '#/lib/secrets'
import { sendFactorNotice } from '#/messaging/mail/notice'

type Ctx = Context<AppEnv>

const COUNT = 6
const LENGTH = 10
const PURPOSE = 'recovery-code'

const context = (userId: string) => `recovery-codes:${userId}`

/** Makes six recovery codes of ten lower-case hex characters (docs/contract/users.md §13). */
export const makeRecoveryCodes = (): string[] =>
  Array.from({ length: COUNT }, () => randomHex(LENGTH))

/** Builds the statement that finds a user's recovery codes that are not used up, by their hashes. */
export const unusedCodes = (db: Database, userId: string, now: Date) =>
  db
    .select({ secretHash: oneTimeSecrets.secretHash })
    .from(oneTimeSecrets)
    .where(and(eq(oneTimeSecrets.userId, userId), eq(oneTimeSecrets.purpose, PURPOSE), usable(now)))

/**
 * Builds the statements that store a user's recovery codes in place of all former ones: as a sealed list, to be
 * shown again, and as one-time secrets, to be redeemed. To be run in one batch.
 * @param when whether unused codes must be there; if it is otherwise nothing changes
 * @param origin on whose authority they are there
 * @returns statements of which the first gives the user's ID if the codes were stored, else no row
 */
export async function storeRecoveryCodes(
  c: Ctx,
  userId: string,
  codes: readonly string[],
  when: 'some' | 'none',
  origin: Origin | SQL<Origin>,
) {
  const { db, now, settings } = c.var
  const sealed = await seal(JSON.stringify(codes), settings.SECRET, context(userId))
  const rows = await Promise.all(
    codes.map((secret) => oneTimeRow(c, { userId, purpose: PURPOSE, secret })),
  )
  const unused = exists(unusedCodes(db, userId, now))
  // No two sealed texts are equal: the user has this one if, and only if, the first statement has set it.
  const isStored = exists(
    db
      .select({ one: sql`1` })
      .from(users)
      .where(and(eq(users.id, userId), eq(users.recoveryCodes, sealed))),
  )
  return [
    db
      .update(users)
      .set({ recoveryCodes: sealed, recoveryCodesOrigin: origin, updatedAt: now })
      .where(and(eq(users.id, userId), when === 'some' ? unused : not(unused)))
      .returning({ id: users.id }),
    db
      .delete(oneTimeSecrets)
      .where(and(eq(oneTimeSecrets.userId, userId), eq(oneTimeSecrets.purpose, PURPOSE), isStored)),
    insertCodes(db, rows, isStored),
  ] as const
}

/** Builds the statement that inserts rows under a condition. */
function insertCodes(
  db: Database,
  rows: readonly Awaited<ReturnType<typeof oneTimeRow>>[],
  condition: SQL,
) {
  const list = rows.map(({ id, userId, purpose, secretHash, createdAt }) => ({
    ...{ id, userId, purpose, secretHash },
    at: createdAt.getTime(),
  }))
  return rawStatement<never>(
    db,
    sql`insert into one_time_secrets (id, user_id, purpose, ref, secret_hash, created_at, updated_at)
      select value ->> 'id', value ->> 'userId', value ->> 'purpose', '', value ->> 'secretHash',
        value ->> 'at', value ->> 'at'
      from json_each(${JSON.stringify(list)}) where ${condition}`,
  )
}

/**
 * Makes recovery codes for a user and stores them, in one round trip.
 * @param when `none` for the first codes, `some` to replace what is left of former ones
 * @throws `user_not_found`; `user_recovery_codes_already_exists` or `user_recovery_codes_not_found` when it is
 * not as `when` says
 */
export async function issueRecoveryCodes(
  c: Ctx,
  userId: string,
  when: 'some' | 'none',
  origin: Origin | SQL<Origin>,
): Promise<string[]> {
  const { db } = c.var
  const codes = makeRecoveryCodes()
  const [[stored], , , [user]] = await db.batch([
    ...(await storeRecoveryCodes(c, userId, codes, when, origin)),
    db
      .select({
        ...{ id: users.id, email: users.email, name: users.name },
        ...{ emailVerification: users.emailVerification, emailOrigin: users.emailOrigin },
      })
      .from(users)
      .where(eq(users.id, userId)),
  ])
  if (!user) throw new ApiError('user_not_found')
  if (stored) {
    sendFactorNotice(c, user, 'recoveryCodesIssued')
    return codes
  }
  throw new ApiError(
    when === 'some' ? 'user_recovery_codes_not_found' : 'user_recovery_codes_already_exists',
  )
}

const listSchema = z.array(z.string())

/** Opens a user's sealed list of codes and keeps those whose hashes are given. */
async function openCodes(
  { var: { settings } }: Ctx,
  user: Pick<User, 'id' | 'recoveryCodes'>,
  unused: readonly { secretHash: string }[],
): Promise<string[]> {
  const json = await unseal(user.recoveryCodes ?? '', settings.SECRET, context(user.id))
  const codes = listSchema.parse(JSON.parse(json || '[]'))
  const hashes = await Promise.all(codes.map((code) => hashOneTime(code, user.id, settings.SECRET)))
  const left = new Set<string>(unused.map(({ secretHash }) => secretHash))
  return codes.filter((_, index) => left.has(hashes[index] ?? ''))
}

/** Returns the recovery codes that a user has left, in one round trip. */
export async function readRecoveryCodes(
  c: Ctx,
  user: Pick<User, 'id' | 'recoveryCodes'>,
): Promise<string[]> {
  const { db, now } = c.var
  return openCodes(c, user, await unusedCodes(db, user.id, now))
}

/**
 * Returns the recovery codes that a user of this ID has left, in one round trip.
 * @throws `user_not_found`
 */
export async function findRecoveryCodes(c: Ctx, userId: string): Promise<string[]> {
  const { db, now } = c.var
  const [[user], unused] = await db.batch([
    db
      .select({ id: users.id, recoveryCodes: users.recoveryCodes })
      .from(users)
      .where(eq(users.id, userId)),
    unusedCodes(db, userId, now),
  ])
  if (!user) throw new ApiError('user_not_found')
  return openCodes(c, user, unused)
}
