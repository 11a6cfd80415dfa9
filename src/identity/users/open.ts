import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Database } from '#/db'
import { users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { UserRow } from '#/identity/models'
import { targetsOf } from '#/identity/sessions/sessions'

type Ctx = Context<AppEnv>

/** Builds the statement that finds a user. */
export const userById = (db: Database, userId: string) =>
  db.select().from(users).where(eq(users.id, userId))

/** Builds the statement that tells whether there is a user, by one row or none. */
export const userExists = (db: Database, userId: string) =>
  db.select({ id: users.id }).from(users).where(eq(users.id, userId))

/** Loads a user with its targets, in one round trip. @throws `user_not_found` */
export async function openUser(c: Ctx, userId: string): Promise<UserRow> {
  const { db } = c.var
  const [[user], targets] = await db.batch([userById(db, userId), targetsOf(c, userId)])
  if (!user) throw new ApiError('user_not_found')
  return { user, targets }
}

/**
 * Changes a user, in one round trip.
 * @param values that stay as they are where they are undefined
 * @throws `user_not_found`
 */
export async function changeUser(
  c: Ctx,
  userId: string,
  values: Partial<typeof users.$inferInsert>,
): Promise<UserRow> {
  const { db, now } = c.var
  const [[user], targets] = await db.batch([
    db
      .update(users)
      .set(touched(users, values, now))
      .where(eq(users.id, userId))
      .returning(),
    targetsOf(c, userId),
  ])
  if (!user) throw new ApiError('user_not_found')
  return { user, targets }
}
