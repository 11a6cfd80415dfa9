import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from '#/db'
import { withFoldings } from '#/db/folding'

/**
 * Builds the statement that inserts a row if a condition holds at that moment, so that nothing can change
 * between the check and the insert.
 * @returns a statement that gives the row stored, or none
 */
export function insertIf<T extends SQLiteTable>(
  db: Database,
  table: T,
  row: { [K in keyof T['$inferInsert']]: T['$inferInsert'][K] | SQL },
  condition: SQL,
) {
  const given = withFoldings<Record<string, unknown>>(table, row)
  const stored = Object.entries(getTableColumns(table)).filter(([, { generated }]) => !generated)
  const values = stored.map(([name, column]) => {
    const value = given[name] ?? null
    if (value === null) return sql`null`
    return is(value, SQL) ? value : sql`${sql.param(value, column)}`
  })
  return db
    .insert(table)
    .select(sql`select ${sql.join(values, sql`, `)} where ${condition}`)
    .returning()
}
