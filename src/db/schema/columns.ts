import { sql } from 'drizzle-orm'
import { customType, integer, text } from 'drizzle-orm/sqlite-core'
import { parseFreeForm } from '#/lib/json'

/** Returns the key that orders rows by creation; it is never used again after a delete. */
export const sequence = () => integer().primaryKey({ autoIncrement: true })

/** Returns a point in time, stored as epoch milliseconds. */
export const instant = () => integer({ mode: 'timestamp_ms' })

export const flag = () => integer({ mode: 'boolean' })

/** Returns a list of strings, stored as a JSON array. */
export const strings = () => text({ mode: 'json' }).$type<string[]>()

/** Returns a value stored as JSON. */
export const json = <T>() => text({ mode: 'json' }).$type<T>()

/** Returns a JSON object that a client is free in; its numbers keep their digits. */
export const freeForm = customType<{ data: Record<string, unknown>; driverData: string }>({
  dataType: () => 'text',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (stored) => parseFreeForm(stored) as Record<string, unknown>, // written by toDriver
})

export const timestamps = {
  createdAt: instant().notNull(),
  updatedAt: instant().notNull(),
}

/** Returns a column for the folded form of a text beyond ASCII (`db/folding.ts`); null where `lower` folds as well. */
export const form = () => text()

/**
 * Returns a column for the words of a text beyond ASCII: the text, U+0001, and what the full-text table indexes. It
 * changes whenever the text does, so that triggers notice a form that was not stored with its text.
 */
export const words = () => text()

/** Returns a column that holds a text as it is compared: its {@link form}, or the text in ASCII lower case. */
export const folded = (column: string) =>
  text().generatedAlwaysAs(sql.raw(`coalesce(${column}_form, lower(${column}))`), {
    mode: 'virtual',
  })

/** Returns the condition on rows that have a text beyond ASCII without its {@link form}. */
export const unfolded = (...columns: readonly string[]) =>
  sql.raw(
    columns
      .map((one) => `(length(${one}) <> length(CAST(${one} AS blob)) AND ${one}_form IS NULL)`)
      .join(' OR '),
  )

/** A row without the columns that follow from its texts. */
export type Plain<Row> = {
  [Name in keyof Row as Name extends `${string}Form` | `${string}Words` | `${string}Folded`
    ? never
    : Name]: Row[Name]
}
