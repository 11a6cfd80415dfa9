import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'

const FOLDER = 'drizzle'
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.sql'))
  .sort()

function apply(db: DatabaseSync, migrations: readonly string[]) {
  for (const name of migrations) {
    const text = readFileSync(`${FOLDER}/${name}`, 'utf8')
    for (const statement of text.split('--> statement-breakpoint')) db.exec(statement)
  }
}

type Column = { name: string; type: string; notnull: number; dflt_value: unknown; pk: number }

const tablesOf = (db: DatabaseSync) =>
  db
    .prepare(
      `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'
       and name not like '%\\_search%' escape '\\' order by name`,
    )
    .all()
    .map(({ name }) => `${name}`)

const columnsOf = (db: DatabaseSync, table: string) =>
  db.prepare('select * from pragma_table_info(?)').all(table) as unknown as Column[] // what the pragma gives

/** Tables whose rows depend on others, which come first. */
const FIRST = ['buckets', 'users', 'teams']
/** Columns in which triggers look for rows of other tables, or for JSON. */
const VALUES: Record<string, string | number> = {
  bucket_sequence: 1,
  user_id: 'id',
  team_id: 'id',
  confirm: 1,
  total: 0,
  name: 'É Name',
  permissions: '["read(\\"user:id\\")"]',
}
const JSON_COLUMNS =
  /^(labels|roles|scopes|events|factors|sdks|prefs|hash_options|password_history|value|allowed_file_extensions)$/

/** Columns that hold what follows from a text, if that is more than its lower case. */
const DERIVED = /_(form|words)$/

const sampleOf = ({ name, type }: Column) =>
  DERIVED.test(name)
    ? null
    : (VALUES[name] ??
      (JSON_COLUMNS.test(name) ? '[]' : /int/i.test(type) ? 1 : name === 'id' ? 'id' : `a ${name}`))

/** Puts one row into every table that is there. */
function seed(db: DatabaseSync) {
  const all = tablesOf(db)
  for (const table of [...FIRST, ...all.filter((name) => !FIRST.includes(name))]) {
    const columns = columnsOf(db, table)
    const marks = columns.map(() => '?').join(', ')
    const list = columns.map(({ name }) => `"${name}"`).join(', ')
    db.prepare(`insert or replace into ${table} (${list}) values (${marks})`).run(
      ...columns.map(sampleOf),
    )
  }
}

const read = (db: DatabaseSync, table: string, columns: readonly string[]) =>
  db.prepare(`select ${columns.map((name) => `"${name}"`).join(', ')} from ${table}`).all()

const snapshot = (db: DatabaseSync, tables: readonly string[]) =>
  Object.fromEntries(
    tables.map((table) => {
      const columns = columnsOf(db, table).map(({ name }) => name)
      return [table, { columns, rows: read(db, table, columns) }]
    }),
  )

describe.each(names.map((name, index) => [name, index + 1] as const))(
  'a database at %s',
  (_, count) => {
    const upgraded = () => {
      const db = new DatabaseSync(':memory:')
      apply(db, names.slice(0, count))
      seed(db)
      const before = snapshot(db, tablesOf(db))
      apply(db, names.slice(count))
      return { db, before }
    }

    test('keeps all of its rows through the migrations that follow', () => {
      const { db, before } = upgraded()
      expect(Object.keys(before).length).toBeGreaterThan(10)
      for (const [table, { rows, columns }] of Object.entries(before)) {
        const kept = read(db, table, columns)
        expect(kept, table).toEqual(
          expect.arrayContaining(rows.map((row) => expect.objectContaining(row))),
        )
      }
      expect(db.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    })
    test('goes on finding and sorting them by their names', () => {
      const { db } = upgraded()
      for (const table of ['users', 'teams', 'buckets', 'files']) {
        const found = db
          .prepare(
            `select name_folded from ${table} where sequence in
             (select rowid from ${table}_search where ${table}_search match 'text : "name"')`,
          )
          .all()
        expect(found, table).toEqual([{ name_folded: 'É name' }])
      }
    })
    test('ends with the tables of a new one', () => {
      const fresh = new DatabaseSync(':memory:')
      apply(fresh, names)
      const { db } = upgraded()
      const schema = (of: DatabaseSync) =>
        of
          .prepare(
            `select type, name, sql from sqlite_schema where name not like 'sqlite_%' order by name`,
          )
          .all()
      expect(schema(db)).toEqual(schema(fresh))
    })
    test('can still be written to by the version that ran before it', () => {
      const db = new DatabaseSync(':memory:')
      apply(db, names.slice(0, count))
      const old = tablesOf(db).map((table) => [table, columnsOf(db, table)] as const)
      apply(db, names.slice(count))
      for (const [table, columns] of old) {
        const now = columnsOf(db, table)
        expect(now.length, table).toBeGreaterThanOrEqual(columns.length)
        const added = now.filter(({ name }) => !columns.some((column) => column.name === name))
        // The version before does not know these columns, so it must be able to leave them out.
        expect(added.filter(({ notnull, dflt_value }) => notnull && dflt_value === null)).toEqual(
          [],
        )
      }
    })
  },
)
