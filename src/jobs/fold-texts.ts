import { and, asc, getTableColumns, gt, type SQL, sql } from 'drizzle-orm'
import type { AnySQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from '#/db'
import { columnName } from '#/db/column-name'
import { foldedTexts, foldingOf } from '#/db/folding'
import {
  buckets,
  files,
  identities,
  keys,
  platforms,
  targets,
  teams,
  users,
  variables,
  webhooks,
} from '#/db/schema'
import { unfolded } from '#/db/schema/columns'

type Folded = SQLiteTable & { sequence: AnySQLiteColumn }

const TABLES: readonly Folded[] = [
  ...[users, teams, buckets, files, targets, identities],
  ...[keys, platforms, webhooks, variables],
]

const ROWS_PER_ROUND = 200
/** Characters of a round, of up to 3 bytes each: its rows are one value, which D1 bounds to 2 MB. */
const MAX_ROUND_LENGTH = 500_000
/** Of one run, over all tables: D1 takes 1,000 statements an invocation. What is left waits for the next run. */
const MAX_ROUNDS = 200

/**
 * Stores what texts fold to in rows that lack it: those from before it was stored, and those that an older version
 * of the Worker has written since. `updatedAt` stays.
 */
export async function foldTexts(db: Database): Promise<void> {
  let rounds = 0
  for (const table of TABLES) {
    let last: number | undefined = 0
    while (last !== undefined && rounds < MAX_ROUNDS) {
      last = await foldRound(db, table, last)
      rounds++
    }
  }
}

/** Returns the first of `lines` that fit into one round, at least one. */
function fitting(lines: readonly string[]): readonly string[] {
  let length = 0
  const end = lines.findIndex((line) => {
    length += line.length
    return length > MAX_ROUND_LENGTH
  })
  return end < 0 ? lines : lines.slice(0, Math.max(1, end))
}

/**
 * Folds the texts of one round. A row whose texts change meanwhile keeps what was stored with them.
 * @returns the sequence of the last row looked at, or undefined when none was left
 */
async function foldRound(db: Database, table: Folded, after: number): Promise<number | undefined> {
  const columns: Record<string, AnySQLiteColumn> = getTableColumns(table)
  const texts = foldedTexts(table)
  const names = texts.map((text) => columnName({ name: text }))
  const rows = await db
    .select({ ...columns, sequence: table.sequence })
    .from(table)
    .where(and(unfolded(...names), gt(table.sequence, after)))
    .orderBy(asc(table.sequence))
    .limit(ROWS_PER_ROUND)
  const lines = fitting(
    rows.map((row: Record<string, unknown>) =>
      JSON.stringify([
        row.sequence,
        ...texts.map((text) => ({ text: row[text], ...foldingOf(row[text]) })),
      ]),
    ),
  )
  const field = (index: number, part: string) =>
    sql`json_extract(line.value, ${sql.raw(`'$[${index + 1}].${part}'`)})`
  const sets: SQL[] = names.flatMap((name, index) =>
    (['form', 'words'] as const).map(
      (part) => sql`${sql.identifier(`${name}_${part}`)} = ${field(index, part)}`,
    ),
  )
  const last = rows[lines.length - 1]
  if (!last) return
  const unchanged = names.map(
    (name, index) => sql`${table}.${sql.identifier(name)} is ${field(index, 'text')}`,
  )
  await db.run(sql`update ${table} set ${sql.join(sets, sql`, `)}
    from json_each(${`[${lines.join()}]`}) as line
    where ${table.sequence} = json_extract(line.value, '$[0]') and ${sql.join(unchanged, sql` and `)}`)
  return Number(last.sequence)
}
