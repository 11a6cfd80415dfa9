import { and, eq, exists, gt, inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { type OneTimeSecret, oneTimeSecrets, type Purpose } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { uniqueId } from '#/ids'
import { hex, randomIndex, type SecretHash } from '#/lib/secrets'

/**
 * Hashes a one-time secret for storage. Codes of six digits could be found from a plain digest, so the
 * digest is keyed: HMAC-SHA-256 under the deployment's secret, bound to the user.
 */
export async function hashOneTime(
  secret: string,
  userId: string,
  key: string,
): Promise<SecretHash> {
  const encoder = new TextEncoder()
  const signing = await crypto.subtle.importKey(
    'raw',
    encoder.encode(key),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  const text = encoder.encode(`one-time:${userId}:${secret}`)
  return hex(await crypto.subtle.sign('HMAC', signing, text)) as SecretHash
}

/** What a secret is to open. */
export type NewOneTime = {
  userId: string
  purpose: Purpose
  secret: string
  /** What it is about: a membership, a factor, a provider. */
  ref?: string
  /** For how long it is good; never ends when left out. */
  ttlSeconds?: number
  /** What the server must read again, sealed by the caller. */
  sealed?: string
}

/** Returns the row of a new one-time secret; the secret itself is in nothing that is stored. */
export async function oneTimeRow(c: Context<AppEnv>, given: NewOneTime) {
  const { now, settings } = c.var
  return {
    id: uniqueId(now),
    userId: given.userId,
    purpose: given.purpose,
    ref: given.ref ?? '',
    secretHash: await hashOneTime(given.secret, given.userId, settings.SECRET),
    sealed: given.sealed ?? null,
    expiresAt:
      given.ttlSeconds === undefined ? null : new Date(now.getTime() + given.ttlSeconds * 1000),
    createdAt: now,
    updatedAt: now,
  }
}

/** Names one secret of a user: by the hash of what was sent, by its ID, or by both. */
export type OneTime = {
  userId: string
  purposes: readonly Purpose[]
  /** What it has to be about; anything when left out. */
  ref?: string
} & ({ secretHash: SecretHash; id?: string } | { id: string; secretHash?: SecretHash })

/** Builds the statement that finds a secret that nobody has used and that has not expired. */
const findUsable = ({ var: { db, now } }: Context<AppEnv>, given: OneTime) =>
  db
    .select({ sequence: oneTimeSecrets.sequence })
    .from(oneTimeSecrets)
    .where(
      and(
        eq(oneTimeSecrets.userId, given.userId),
        inArray(oneTimeSecrets.purpose, [...given.purposes]),
        given.secretHash && eq(oneTimeSecrets.secretHash, given.secretHash),
        given.id === undefined ? undefined : eq(oneTimeSecrets.id, given.id),
        given.ref === undefined ? undefined : eq(oneTimeSecrets.ref, given.ref),
        usable(now),
      ),
    )
    .limit(1)

/** Builds the condition under which {@link redeem} redeems, for statements before it in its batch. */
export const isRedeemable = (c: Context<AppEnv>, given: OneTime) => exists(findUsable(c, given))

/**
 * Builds the statement that redeems a secret: of all requests that hold it, exactly one gets its row. It
 * opens only what it was made for, only its user's, and only once. What is to happen with it goes in the same
 * batch before it, under {@link isRedeemable}.
 * @param when what must be true as well
 * @param usedBy names this request, for {@link isRedeemedBy}
 * @returns a statement whose first row is the secret redeemed; no row when it is wrong, used or expired
 */
export const redeem = (c: Context<AppEnv>, given: OneTime, when?: SQL, usedBy?: string) =>
  c.var.db
    .update(oneTimeSecrets)
    .set({ usedAt: c.var.now, updatedAt: c.var.now, usedBy: usedBy ?? null })
    .where(and(eq(oneTimeSecrets.sequence, sql`(${findUsable(c, given)})`), when))
    .returning()

/**
 * Returns the condition under which this very request has redeemed a secret, for statements after {@link redeem}
 * in its batch: what they change may void the secrets that are still open.
 */
export const isRedeemedBy = ({ var: { db } }: Context<AppEnv>, userId: string, usedBy: string) =>
  exists(
    db
      .select({ sequence: oneTimeSecrets.sequence })
      .from(oneTimeSecrets)
      .where(and(eq(oneTimeSecrets.userId, userId), eq(oneTimeSecrets.usedBy, usedBy))),
  )

/** Matches secrets that nobody has used and that have not expired. */
export const usable = (now: Date) =>
  and(
    isNull(oneTimeSecrets.usedAt),
    or(isNull(oneTimeSecrets.expiresAt), gt(oneTimeSecrets.expiresAt, now)),
  )

/** Redeems a secret in a round trip of its own. @returns its row, or undefined. See {@link redeem}. */
export async function redeemOne(
  c: Context<AppEnv>,
  given: { userId: string; purposes: readonly Purpose[]; secret: string; ref?: string },
): Promise<OneTimeSecret | undefined> {
  const { secret, ...which } = given
  const secretHash = await hashOneTime(secret, given.userId, c.var.settings.SECRET)
  const [row] = await redeem(c, { ...which, secretHash })
  return row
}

/** Returns `digits` random decimal digits, each as likely as any other. */
export const randomDigits = (digits: number): string =>
  Array.from({ length: digits }, () => randomIndex(10)).join('')
