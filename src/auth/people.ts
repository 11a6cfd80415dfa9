import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Person } from '#/auth/caller'
import type { Database } from '#/db'
import type { Batch } from '#/db/gather'
import { authenticators, memberships, targets, users } from '#/db/schema'

/** No user has more: lists of targets and memberships are bounded by it. */
const MOST_PER_USER = 1000

/**
 * Adds the statements that load users with all that rights and gates depend on.
 * @param ids ID of a user, or a subquery for the IDs of some
 * @param most how many users a subquery can find
 * @returns finds one of them by ID, or without an ID the only one, once the batch has run
 */
export function addPeople(batch: Batch, db: Database, ids: string | SQL, most = 1) {
  const among = (column: SQLiteColumn) => (most === 1 ? eq(column, ids) : sql`${column} in ${ids}`) // of one user the index has the order, too
  const found = batch.add(db.select().from(users).where(among(users.id)))
  const joined = batch.add(
    db
      .select()
      .from(memberships)
      .where(and(among(memberships.userId), eq(memberships.confirm, true)))
      .orderBy(memberships.sequence),
  )
  const reachable = batch.add(
    db
      .select()
      .from(targets)
      .where(among(targets.userId))
      .orderBy(targets.sequence)
      .limit(MOST_PER_USER * most),
  )
  const totp = batch.add(
    db
      .select({ userId: authenticators.userId })
      .from(authenticators)
      .where(and(among(authenticators.userId), eq(authenticators.verified, true))),
  )
  return (id?: string): Person | undefined => {
    const user = id === undefined ? found()[0] : found().find((one) => one.id === id)
    if (!user) return
    const isTheirs = ({ userId }: { userId: string }) => userId === user.id
    return {
      user,
      memberships: joined().filter(isTheirs),
      targets: reachable().filter(isTheirs),
      hasTotp: totp().some(isTheirs),
    }
  }
}
