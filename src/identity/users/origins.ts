import { type SQL, sql } from 'drizzle-orm'
import { type Origin, users } from '#/db/schema'

/**
 * Checks in SQL whether the account's address is proven: the same rule as the view `users_proven`, for statements
 * on the row itself.
 */
export const IS_PROVEN = sql`(${users.emailVerification} or (${users.phoneVerification}
  and (${users.email} is null or ${users.emailOrigin} is not 'claim')))`

/** Returns the origin of a row that belongs to an account, for its insert. */
export const originFor = (userId: string): SQL<Origin> =>
  sql<Origin>`(select iif(proven, 'holder', 'claim') from users_proven where id = ${userId})`

/** Returns the origin of what a session of the account sets; for updates of its row. */
export const ownOrigin = (): SQL<Origin> => sql<Origin>`iif(${IS_PROVEN}, 'holder', 'claim')`
