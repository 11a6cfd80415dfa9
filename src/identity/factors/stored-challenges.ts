import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { usable } from '#/auth/one-time'
import { seal, unseal } from '#/auth/seal'
import { oneTimeSecrets, users } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { ChallengeSecret } from '#/identity/factors/models'

type Ctx = Context<AppEnv>

/** Names the factor whose codes the owner's server fetches and delivers. */
export const CUSTOM_FACTOR = 'custom'

const context = (userId: string) => `challenge:${userId}`

/** Seals the code of a custom-factor challenge: what its one-time secret, of this factor as `ref`, keeps. */
export const sealChallengeCode = ({ var: { settings } }: Ctx, userId: string, code: string) =>
  seal(code, settings.SECRET, context(userId))

/**
 * Returns a custom-factor challenge with its code, in one round trip (docs/contract/users.md §13).
 * @throws `user_not_found`
 * @throws `user_invalid_token` for a challenge that is unknown, another user's, of another factor, used or
 * expired
 */
export async function findChallenge(
  c: Ctx,
  userId: string,
  challengeId: string,
): Promise<ChallengeSecret> {
  const { db, now, settings } = c.var
  const [[user], [challenge]] = await db.batch([
    db.select({ id: users.id }).from(users).where(eq(users.id, userId)),
    db
      .select()
      .from(oneTimeSecrets)
      .where(
        and(
          eq(oneTimeSecrets.id, challengeId),
          eq(oneTimeSecrets.userId, userId),
          eq(oneTimeSecrets.purpose, 'challenge'),
          eq(oneTimeSecrets.ref, CUSTOM_FACTOR),
          usable(now),
        ),
      ),
  ])
  if (!user) throw new ApiError('user_not_found')
  const code = await unseal(challenge?.sealed ?? '', settings.SECRET, context(userId))
  if (!challenge?.expiresAt || !code) throw new ApiError('user_invalid_token')
  return { ...challenge, expiresAt: challenge.expiresAt, code }
}
