import type { SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { SQLiteRaw } from 'drizzle-orm/sqlite-core/query-builders/raw'
import * as schema from '#/db/schema'

const open = (d1: D1Database) => drizzle(d1, { schema, casing: 'snake_case' })
export type Database = ReturnType<typeof open>

const opened = new WeakMap<D1Database, Database>()

/** Opens the project's database, once per isolate: statements are built upon it, and nothing is kept in it. */
export function database(d1: D1Database): Database {
  const known = opened.get(d1) ?? open(d1)
  opened.set(d1, known)
  return known
}

/**
 * Makes a statement of SQL that the query builder has no words for, fit for `db.batch`. Drizzle's own
 * `db.all` cannot be batched on D1 once it has parameters: it lacks the prepared statement.
 * @returns rows as the database names their columns
 */
export function rawStatement<Row>(db: Database, query: SQL): SQLiteRaw<Row[]> {
  const raw = db.all<Row>(query) as unknown as SQLiteRaw<Row[]> // what `all` returns on an async driver
  return Object.assign(raw, { stmt: db.$client.prepare(raw.getQuery().sql) })
}
