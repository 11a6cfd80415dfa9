import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { signJwt } from '#/auth/jwt'
import { oneTimeRow, usable } from '#/auth/one-time'
import { oneTimeSecrets } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import type { SecretHash } from '#/lib/secrets'

type Ctx = Context<AppEnv>

/** Signs a JWT for a user, bound to a session or, with '', to none (docs/contract/users.md §10.2). */
export function signUserJwt(c: Ctx, userId: string, sessionId: string, durationSeconds: number) {
  const exp = Math.floor(c.var.now.getTime() / 1000) + durationSeconds
  return signJwt({ userId, sessionId, exp }, c.var.settings.SECRET)
}

/** Returns the row that a JWT bound to no session is known by; it goes with its user. */
export const unboundRow = (c: Ctx, userId: string, jwt: string, ttlSeconds: number) =>
  oneTimeRow(c, { userId, purpose: 'jwt', secret: jwt, ttlSeconds })

/** Builds the statement that finds the row of a JWT bound to no session. @param jwtHash its one-time hash */
export const findUnbound = ({ var: { db, now } }: Ctx, userId: string, jwtHash: SecretHash) =>
  db
    .select({ id: oneTimeSecrets.id })
    .from(oneTimeSecrets)
    .where(
      and(
        eq(oneTimeSecrets.userId, userId),
        eq(oneTimeSecrets.purpose, 'jwt'),
        eq(oneTimeSecrets.secretHash, jwtHash),
        usable(now),
      ),
    )
