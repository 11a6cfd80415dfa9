import type { Context } from 'hono'
import { countGuess } from '#/auth/rate-limit'
import type { User } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { hashPassword, verifyPassword } from '#/identity/passwords'
import { historyWith } from '#/identity/passwords/rules'
import { ownOrigin } from '#/identity/users/origins'

type Ctx = Context<AppEnv>

/**
 * Checks the password of a user who has ever set one; others need none (docs/contract/account.md §3.5–3.7). Whoever
 * got hold of a session has a bounded number of guesses.
 * @throws `user_invalid_credentials`, `general_rate_limit_exceeded`
 */
export async function checkOwner(c: Ctx, user: User, password: string) {
  if (!user.passwordUpdate) return
  const forget = await countGuess(c, `password:${user.id}`)
  if (!(await verifyPassword(password, user))) throw new ApiError('user_invalid_credentials')
  c.executionCtx.waitUntil(forget())
}

/** Returns what is stored of a new password: the hash, when it was set, and the history with it. */
export async function newPassword(c: Ctx, user: User, password: string) {
  const stored = await hashPassword(password)
  const passwordHistory = await historyWith(c, stored.password, user)
  return { ...stored, passwordHistory, passwordUpdate: c.var.now, passwordOrigin: ownOrigin() }
}

/** Returns what is stored of a password if it is the user's first one. */
export const firstPassword = async (c: Ctx, user: User, password: string) =>
  user.passwordUpdate ? {} : newPassword(c, user, password)
