import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { z } from 'zod'

const rowsSchema = z.array(z.array(z.unknown()))

/**
 * Makes a column that holds rows of another table, so that a page and what belongs to its rows come from one
 * statement. Texts must not contain NUL, which SQLite's JSON functions do not carry.
 * @param clauses what follows `from`: condition, order and limit
 */
export function nested<T extends SQLiteTable>(
  table: T,
  clauses: SQL,
  alias: string,
): SQL.Aliased<T['$inferSelect'][]> {
  const columns: [string, Column][] = Object.entries(getTableColumns(table))
  const cells = sql.join(
    columns.map(([, column]) => sql`${column}`),
    sql`, `,
  )
  const read = (json: string) =>
    rowsSchema.parse(JSON.parse(json)).map((values) =>
      Object.fromEntries(
        columns.map(([name, column], index) => {
          const value = values[index]
          return [name, value === null ? null : column.mapFromDriverValue(value)]
        }),
      ),
    )
  return sql`(select json_group_array(json(line)) from
    (select json_array(${cells}) as line from ${table} ${clauses}))`
    .mapWith((json: string) => read(json) as T['$inferSelect'][]) // each column by its own mapping
    .as(alias)
}
