import { and, type Column, getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { AnySQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'

/** Columns that say on whose authority a value is there: nobody is shown them, so they move no `updatedAt`. */
const ORIGIN = /Origin$/

type Touched = SQLiteTable & { updatedAt: AnySQLiteColumn }

/**
 * Returns what to set in an update, so that `updatedAt` moves only when a stored value really changes
 * (docs/contract/users.md §2.1).
 * @param values by property of the table; those left undefined stay as they are
 */
export function touched<T extends Touched>(
  table: T,
  values: { [K in keyof T['$inferInsert']]?: T['$inferInsert'][K] | SQL | undefined },
  now: Date,
) {
  const columns: Record<string, Column> = getTableColumns(table)
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  const same = given.flatMap(([name, value]) => {
    const column = ORIGIN.test(name) ? undefined : columns[name]
    return column ? [sql`${column} is ${is(value, SQL) ? value : sql.param(value, column)}`] : []
  })
  const moment = sql.param(now, table.updatedAt)
  return {
    ...Object.fromEntries(given),
    updatedAt:
      same.length === 0
        ? sql`${table.updatedAt}`
        : sql`case when ${and(...same)} then ${table.updatedAt} else ${moment} end`,
  }
}
