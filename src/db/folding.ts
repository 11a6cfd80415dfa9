import { type Column, getTableColumns } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { fold, isAscii } from '#/lib/fold'
import { indexedText } from '#/queries/search'

const FORM = 'Form'
const WORDS = 'Words'
const SEPARATOR = '\u0001'

/** What is stored beside a text: its folded form, and the text with its words. Null where `lower` folds as well. */
export type Folding = { form: string | null; words: string | null }

/** Returns what is stored beside a text. */
export function foldingOf(text: unknown): Folding {
  if (typeof text !== 'string' || isAscii(text)) return { form: null, words: null }
  const form = fold(text)
  return { form, words: `${text}${SEPARATOR}${indexedText(form)}` }
}

/** Returns the texts of a table that have a folded form, by property. */
export const foldedTexts = (table: SQLiteTable): string[] =>
  Object.keys(getTableColumns(table)).flatMap((name) =>
    name.endsWith(FORM) ? [name.slice(0, -FORM.length)] : [],
  )

type Row = Readonly<Record<string, unknown>>

/**
 * Adds the folded form of each text that a row sets. Rows whose text comes from SQL, and those that an older version
 * writes, go without; `jobs/fold-texts.ts` makes up for it.
 */
export function withFoldings<R extends Row>(table: SQLiteTable, row: R): R {
  const columns: Record<string, Column> = getTableColumns(table)
  const written = Object.entries(row).filter(([name]) => columns[name]?.generated === undefined)
  const foldings = foldedTexts(table).flatMap((name) => {
    const text = row[name]
    if (typeof text !== 'string' && text !== null) return []
    const { form, words } = foldingOf(text)
    return [[`${name}${FORM}`, form] as const, [`${name}${WORDS}`, words] as const]
  })
  return { ...Object.fromEntries(written), ...Object.fromEntries(foldings) } as R // the same properties, and those that no caller sets
}

/** Leaves out what is null: the values of rows count toward the 100 that D1 binds. */
const withoutNull = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))

type Builder = {
  insert(table: SQLiteTable): { values(rows: Row | readonly Row[]): unknown }
  update(table: SQLiteTable): { set(row: Row): unknown }
}

/** Makes every insert of rows and every update through a query builder store what their texts fold to. */
export function storeFoldings<DB extends object>(db: DB): DB {
  const inner = db as unknown as Builder // of Drizzle's types these two calls matter, whatever the table
  const [insert, update] = [inner.insert.bind(db), inner.update.bind(db)]
  inner.insert = (table) => {
    const builder = insert(table)
    const values = builder.values.bind(builder)
    builder.values = (rows) =>
      values([rows].flat().map((row) => withoutNull(withFoldings(table, row))))
    return builder
  }
  inner.update = (table) => {
    const builder = update(table)
    const set = builder.set.bind(builder)
    builder.set = (row) => set(withFoldings(table, row))
    return builder
  }
  return db
}
