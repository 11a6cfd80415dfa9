import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  inArray,
  type SQL,
  type SQLWrapper,
  sql,
} from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { AnySQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Context } from 'hono'
import { rawStatement } from '#/db'
import { columnName } from '#/db/column-name'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { Page } from '#/http/model'
import { olderThan } from '#/http/response-format'
import {
  type Columns,
  compileFilters,
  compileKeyset,
  effectiveOrder,
  orderColumns,
  type Places,
} from '#/queries/compile'
import { parseLegacyQuery } from '#/queries/legacy'
import { OPERANDS } from '#/queries/operands'
import { type Attributes, type ListQuery, type Order, parseQueries } from '#/queries/parse'
import { matchExpression } from '#/queries/search'

/** A table that lists can page through: every one has these columns. */
type Listed = SQLiteTable & {
  sequence: AnySQLiteColumn
  id: AnySQLiteColumn
  createdAt: AnySQLiteColumn
  updatedAt: AnySQLiteColumn
}

/** What a list endpoint takes. */
export type ListParams = {
  queries?: string[] | undefined
  search?: string | undefined
  total: boolean
}

/** What is listed. */
export type ListSource = {
  table: Listed
  attributes: Attributes
  /** Columns of attributes that are not called like their column. */
  columns?: Columns
  /** What is read beside the columns of each row, by alias. */
  extra?: Readonly<Record<string, SQL.Aliased>>
  /** Conditions that the request cannot change: the parent, what the caller may read. */
  where?: SQL | undefined
  /**
   * Turns a search term into a condition; undefined when nothing can match. `bounds` cut short what the index
   * gives, where nothing but the search decides which rows are listed.
   */
  search?: (term: string, bounds?: SQL) => SQL | undefined
  /** Name of the counter that has the number of rows under `where`. */
  counter?: SQL | undefined
  /** Takes today's syntax from clients of every age: the list is younger than the legacy one. */
  neverLegacy?: boolean
  /** How many rows a page has that asks for no number; 25 when left out. */
  defaultLimit?: number
}

/** Statements of a list, to be run in one batch, and what {@link pageOf} needs to read their rows. */
export type ListStatements = {
  statements: readonly [
    cursor: BatchItem<'sqlite'>,
    page: BatchItem<'sqlite'>,
    count: BatchItem<'sqlite'>,
  ]
  query: ListQuery
}

const CURSOR = 'cursor_row'

const cursorValue = (column: AnySQLiteColumn) =>
  sql`(select ${sql.identifier(columnName(column))} from ${sql.identifier(CURSOR)})`

/** Larger sets count as this many (docs/contract/queries.md §7). */
export const TOTAL_CAP = 5000

/**
 * Matches rows by their text in an FTS5 table.
 * @param scope token that the row's scope must hold; NULL where the parent is missing, and then nothing matches
 * @param bounds what follows the match: more conditions on the rowid, order and limit
 */
export function searchIn(
  sequence: AnySQLiteColumn,
  index: string,
  term: string,
  scope?: SQL,
  bounds: SQL = sql``,
): SQL | undefined {
  const expression = matchExpression(term)
  if (expression === undefined) return
  const match = scope
    ? sql`'scope : "' || coalesce(${scope}, 'none') || '" AND ' || ${expression}`
    : sql`${expression}`
  return sql`${sequence} in (select rowid from ${sql.raw(index)} where ${sql.raw(index)} match ${match} ${bounds})`
}

function placesOf({ table, attributes, columns }: ListSource): Places {
  const all: Record<string, AnySQLiteColumn> = getTableColumns(table)
  const named = Object.keys(attributes).flatMap((name) => {
    const column = columns?.[name] ?? all[name]
    return column ? [[name, column] as const] : []
  })
  const texts = Object.entries(all).map(([name, column]) => [column, all[`${name}Folded`]] as const)
  const foldedOf = new Map(texts)
  const folded = named.flatMap(([name, column]) => {
    const text = foldedOf.get(column)
    return text ? [[name, text] as const] : []
  })
  const base = {
    $id: table.id,
    $sequence: table.sequence,
    $createdAt: table.createdAt,
    $updatedAt: table.updatedAt,
  }
  return {
    columns: { ...Object.fromEntries(named), ...base },
    folded: Object.fromEntries(folded),
  }
}

/** Returns the queries in today's syntax; clients from before 1.5.0 write another (docs/contract/queries.md §10). */
export function queriesOf(
  c: Context<AppEnv>,
  { queries }: Pick<ListParams, 'queries'>,
  { neverLegacy }: Pick<ListSource, 'neverLegacy'> = {},
) {
  const legacy = !neverLegacy && olderThan(c.req.header('x-appwrite-response-format'), '1.5.0')
  return legacy ? queries?.map(parseLegacyQuery) : queries
}

/**
 * Compiles a list request to three statements: the cursor's row, the page, and the total.
 * @throws as {@link parseQueries}
 */
export function listStatements(
  c: Context<AppEnv>,
  params: ListParams,
  source: ListSource,
): ListStatements {
  const { db } = c.var
  const { table } = source
  const asked = queriesOf(c, params, source)
  const query = parseQueries(asked, source.attributes, 'cursor', source.defaultLimit)
  const places = placesOf(source)
  const columns = orderColumns(places)
  const { condition, operands } = compileFilters(query, places)
  const isAlone = !source.where && !condition
  const found = (bounds?: SQL) =>
    params.search === undefined
      ? undefined
      : (source.search?.(params.search, isAlone ? bounds : undefined) ?? sql`0`)
  const where = (bounds?: SQL) => and(source.where, condition, found(bounds))
  const order = query.orders === 'random' ? [] : effectiveOrder(query.orders, places)
  const scan = query.cursor?.direction === 'before' ? order.map(reversed) : order
  const operandRow = db.$with(OPERANDS, { v: sql`v`.as('v') }).as(sql`select ${operands} as v`)
  const cursorOf = and(eq(table.id, query.cursor?.id ?? ''), source.where)
  // One row that every term of the keyset condition reads: repeating the lookup in each would bind more
  // values than D1 allows.
  const cursorRow = db
    .$with(CURSOR, { sequence: sql`sequence`.as('sequence') })
    .as(sql`select * from ${table} where ${cursorOf}`)
  const beyond = query.cursor ? compileKeyset(scan, columns, cursorValue) : [undefined]
  const used = condition ? [operandRow] : []
  const base = db.with(...used)
  const orders =
    query.orders === 'random' ? [sql`random()`] : scan.map((one) => orderBy(one, columns))
  const bounds = pageBounds(query, scan, query.cursor && cursorValue(table.sequence))
  const ranges = beyond.map((range) => and(where(beyond.length > 1 ? undefined : bounds), range))
  const { within, offset } =
    ranges.length > 1
      ? { within: inArray(table.sequence, merged(query, scan, source, columns, ranges)), offset: 0 }
      : { within: ranges[0], offset: query.offset }
  const rows = db
    .with(...used, ...(query.cursor ? [cursorRow] : []))
    .select(source.extra ? { sequence: table.sequence } : getTableColumns<SQLiteTable>(table))
    .from(table)
    .where(within)
    .orderBy(...orders)
    .limit(query.limit)
    .offset(offset)
  // What is beside a row is worked out for the page alone, not for every row that is sorted.
  const page = source.extra
    ? db
        .select({ ...getTableColumns<SQLiteTable>(table), ...source.extra })
        .from(table)
        .where(inArray(table.sequence, rows))
        .orderBy(...orders)
    : rows
  const cursor = db
    .select({ sequence: table.sequence })
    .from(table)
    .where(query.cursor ? cursorOf : sql`0`)
  const capped = base
    .select({ one: sql`1` })
    .from(table)
    .where(where(sql`limit ${TOTAL_CAP}`))
    .limit(TOTAL_CAP)
  const count = rawStatement<{ total: number }>(
    db,
    sql`select ${totalOf(params, condition ? undefined : source.counter, capped)} as total`,
  )
  return { statements: [cursor, page, count], query }
}

/** Returns the expression for the total: a counter holds it where nothing narrows the list. */
function totalOf({ total, search }: ListParams, counter: SQL | undefined, capped: SQLWrapper) {
  if (!total) return sql`0`
  return counter && search === undefined
    ? sql`coalesce((select min(count, ${TOTAL_CAP}) from counters where name = ${counter}), 0)`
    : sql`(select count(*) from (${capped}))`
}

/**
 * Selects the page's rows out of several disjoint ranges. SQLite reads each range in its order and merges them,
 * so no more is read than the page shows.
 */
function merged(
  { limit, offset }: ListQuery,
  scan: readonly Order[],
  { table }: ListSource,
  columns: Columns,
  ranges: readonly (SQL | undefined)[],
) {
  const keys = sql.join(
    scan.map(({ attribute }) => sql`${columns[attribute]}`),
    sql`, `,
  )
  const places = scan.map(({ direction }, index) => sql.raw(`${index + 2} ${direction}`))
  const arms = ranges.map(
    (range) => sql`select ${table.sequence} as place, ${keys} from ${table} where ${range}`,
  )
  const all = sql`${sql.join(arms, sql` union all `)} order by ${sql.join(places, sql`, `)}`
  return sql`(select place from (${all} limit ${limit} offset ${offset}))`
}

/**
 * Returns the bounds of a search whose order is that of the full-text index, so that a page reads no more of the
 * index than it shows, however many rows match.
 * @param beyond the cursor row's place in that order
 */
function pageBounds({ limit, offset }: ListQuery, scan: readonly Order[], beyond: SQL | undefined) {
  const [first, ...others] = scan
  if (first?.attribute !== '$sequence' || others.length > 0) return
  const [sign, direction] = first.direction === 'asc' ? ['>', 'asc'] : ['<', 'desc']
  const from = beyond ? sql`and rowid ${sql.raw(sign)} ${beyond}` : sql``
  const most = Math.min(limit + offset, Number.MAX_SAFE_INTEGER)
  return sql`${from} order by rowid ${sql.raw(direction)} limit ${most}`
}

const reversed = ({ attribute, direction }: Order): Order => ({
  attribute,
  direction: direction === 'asc' ? 'desc' : 'asc',
})

const orderBy = ({ attribute, direction }: Order, columns: Columns) => {
  const column = columns[attribute]
  if (!column) throw new Error(`The attribute ${attribute} has no column.`)
  return direction === 'asc' ? asc(column) : desc(column)
}

/**
 * Reads what the three statements gave.
 * @throws `general_cursor_not_found`
 */
export function pageOf<Row>({ query }: ListStatements, results: readonly unknown[]): Page<Row> {
  const [cursor = [], rows = [], counts = []] = results as [
    unknown[]?,
    Row[]?,
    { total: number }[]?,
  ] // as listStatements made them
  if (query.cursor && cursor.length === 0) throw new ApiError('general_cursor_not_found')
  const inOrder = query.cursor?.direction === 'before' ? [...rows].reverse() : rows
  return { total: counts[0]?.total ?? 0, rows: inOrder }
}

/** Lists rows in one round trip. Throws as {@link listStatements} and {@link pageOf}. */
export async function listRows<Row>(c: Context<AppEnv>, params: ListParams, source: ListSource) {
  const list = listStatements(c, params, source)
  return pageOf<Row>(list, await c.var.db.batch(list.statements))
}
