import type { SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { SQLiteRaw } from 'drizzle-orm/sqlite-core/query-builders/raw'
import { storeFoldings } from '#/db/folding'
import * as schema from '#/db/schema'

const open = (d1: D1Database) => storeFoldings(drizzle(d1, { schema, casing: 'snake_case' }))
export type Database = ReturnType<typeof open>

const opened = new WeakMap<D1Database, Database>()

/** Opens the project's database, once per isolate: statements are built upon it, and nothing is kept in it. */
export function database(d1: D1Database): Database {
  const known = opened.get(d1) ?? open(d1)
  opened.set(d1, known)
  return known
}

/**
 * Opens the database for one request. With replicas, its first statements, which find out who calls, run on
 * the primary, and whatever follows runs on a copy that is at least as new: nobody who was revoked before the
 * request began gets in, and no request reads what is older than its own writes.
 */
export const requestDatabase = (d1: D1Database, replicas: boolean): Database =>
  replicas ? open(d1.withSession('first-primary') as unknown as D1Database) : database(d1) // prepare and batch are all that is used

/**
 * Makes a statement of SQL that the query builder has no words for, fit for `db.batch`. Drizzle's own
 * `db.all` cannot be batched on D1 once it has parameters: it lacks the prepared statement.
 * @returns rows as the database names their columns
 */
export function rawStatement<Row>(db: Database, query: SQL): SQLiteRaw<Row[]> {
  const raw = db.all<Row>(query) as unknown as SQLiteRaw<Row[]> // what `all` returns on an async driver
  return Object.assign(raw, { stmt: db.$client.prepare(raw.getQuery().sql) })
}
