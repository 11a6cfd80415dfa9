import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Purpose, sessions, type User, users } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { newPassword } from '#/identity/passwords/own-password'
import { checkHistory, checkStrength } from '#/identity/passwords/rules'
import { changeByHeld, openHeld } from '#/identity/secrets/one-time'
import type { TokenRow } from '#/identity/sessions/models'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

/** Builds the statement that finds whose password is to be recovered. */
export const userByEmail = ({ var: { db } }: Ctx, email: string) =>
  db.select().from(users).where(eq(users.email, email))

/**
 * Refuses to recover what is nobody's or blocked. The contract tells unknown addresses
 * (docs/contract/account.md §17.2).
 * @throws `user_not_found`, `user_blocked`
 */
export function grantRecovery(user: User | undefined): User {
  if (!user) throw new ApiError('user_not_found')
  if (!user.status) throw new ApiError('user_blocked')
  return user
}

/**
 * Sets a new password with a one-time secret (docs/contract/account.md §7). A password that is refused leaves the
 * secret as it is; of all requests that hold it exactly one sets its password.
 * @throws `general_argument_invalid` for a weak password, then `user_not_found`, `user_invalid_token`,
 * `password_recently_used`
 */
export async function recover(
  c: Ctx,
  purpose: Purpose,
  { userId, secret, password }: { userId: string; secret: string; password: string },
): Promise<TokenRow> {
  const { db } = c.var
  await checkStrength(c, password)
  const { user, held } = await openHeld(c, { userId, purposes: [purpose], secret })
  await checkHistory(c, password, user)
  const values = await newPassword(c, user, password)
  const { policies } = await projectOf(c)
  return changeByHeld(c, { user, held }, 'email', values, (batch, isDone) => {
    if (!policies.invalidateSessions) return
    batch.add(db.delete(sessions).where(and(eq(sessions.userId, userId), isDone)))
  })
}
