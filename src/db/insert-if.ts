import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from '#/db'

/**
 * Gives the statement that inserts a row if a condition holds at that moment, so that nothing can change
 * between the check and the insert.
 * @returns a statement that gives the row stored, or none
 */
export function insertIf<T extends SQLiteTable>(
  db: Database,
  table: T,
  row: { [K in keyof T['$inferInsert']]: T['$inferInsert'][K] | SQL },
  condition: SQL,
) {
  const given: Record<string, unknown> = row
  const values = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value = given[name] ?? null
    return is(value, SQL) ? value : sql`${sql.param(value, column)}`
  })
  return db
    .insert(table)
    .select(sql`select ${sql.join(values, sql`, `)} where ${condition}`)
    .returning()
}
