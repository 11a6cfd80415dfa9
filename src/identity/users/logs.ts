import { desc, eq, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Log, logs } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { type ListParams, queriesOf } from '#/http/list'
import type { Page } from '#/http/model'
import { parseQueries } from '#/queries/parse'

/**
 * Builds the statements that list what a user did, newest first, and count it without a cap
 * (docs/contract/users.md §14). Takes nothing but limit and offset.
 * @throws `general_argument_invalid` for another query, `general_query_invalid` for an unreadable legacy one
 */
export function logStatements(
  c: Context<AppEnv>,
  userId: string,
  params: Pick<ListParams, 'queries' | 'total'>,
) {
  const { db } = c.var
  const { limit, offset } = parseQueries(queriesOf(c, params), {}, 'offset-only')
  const own = eq(logs.userId, userId)
  return [
    db.select().from(logs).where(own).orderBy(desc(logs.sequence)).limit(limit).offset(offset),
    db
      .select({ total: sql<number>`count(*)` })
      .from(logs)
      .where(params.total ? own : sql`0`),
  ] as const
}

/** Reads what {@link logStatements} gave. */
export const logPage = (rows: readonly Log[], counts: readonly { total: number }[]): Page<Log> => ({
  total: counts[0]?.total ?? 0,
  rows,
})
