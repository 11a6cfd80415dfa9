import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Self } from '#/auth/caller'
import { type Target, type User, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { AccountRow } from '#/identity/models'

type Ctx = Context<AppEnv>

/** Returns who is signed in. @throws `user_not_found` where nobody is */
export function selfOf(c: Ctx): Self {
  const { self } = c.var
  if (!self) throw new ApiError('user_not_found')
  return self
}

/** Returns a user as it sees itself. */
export const accountOf = (user: User, targets: readonly Target[]): AccountRow => ({
  user,
  targets,
  impersonatorUserId: null,
})

/** Returns what a request gets whose user was deleted while it ran: the same as the next one. */
export const goneMeanwhile = () =>
  new ApiError('general_unauthorized_scope', 'The user was deleted meanwhile.')

/** Changes whoever is signed in, in one round trip, and gives the account as it is then. */
export async function updateSelf(
  c: Ctx,
  values: Parameters<typeof touched<typeof users>>[1],
): Promise<AccountRow> {
  const { db, now } = c.var
  const { person } = selfOf(c)
  const [user] = await db
    .update(users)
    .set(touched(users, values, now))
    .where(eq(users.id, person.user.id))
    .returning()
  if (!user) throw goneMeanwhile()
  return accountOf(user, person.targets)
}
