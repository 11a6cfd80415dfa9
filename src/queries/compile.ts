import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { type Operands, operandList } from '#/queries/operands'
import type { Comparison, Filter, ListQuery, Order } from '#/queries/parse'
import { compileText } from '#/queries/text'

/** Where an attribute is stored: datetimes as epoch milliseconds, lists as JSON text. */
export type Columns = Readonly<Record<string, AnySQLiteColumn>>

/** Where attributes are stored, and the folded forms of texts that may go beyond ASCII. */
export type Places = { columns: Columns; folded: Columns }

const COMPARISONS: Record<Comparison, SQL> = {
  lessThan: sql`<`,
  lessThanEqual: sql`<=`,
  greaterThan: sql`>`,
  greaterThanEqual: sql`>=`,
}

/** Joins conditions as a balanced tree: D1 bounds the depth of an expression. */
export function combine(operator: 'and' | 'or', conditions: readonly SQL[]): SQL | undefined {
  const [first] = conditions
  if (conditions.length <= 1) return first
  const half = Math.ceil(conditions.length / 2)
  const left = combine(operator, conditions.slice(0, half))
  return sql`(${left} ${sql.raw(operator)} ${combine(operator, conditions.slice(half))})`
}

const not = (negated: boolean) => sql.raw(negated ? 'not ' : '')

function compileFilter(filter: Filter, { columns, folded }: Places, operands: Operands): SQL {
  if ('filters' in filter) {
    return compileGroup(filter.kind, filter.filters, { columns, folded }, operands) ?? sql`1`
  }
  const column = columns[filter.attribute]
  if (!column) throw new Error(`The attribute ${filter.attribute} has no column.`)
  const text = folded[filter.attribute] ?? sql`lower(${column})`
  return compileCondition(filter, column, text, operands)
}

/** Joins plain conditions before nested ones, so that each level of nesting adds least to the depth. */
function compileGroup(
  kind: 'and' | 'or',
  filters: readonly Filter[],
  places: Places,
  operands: Operands,
): SQL | undefined {
  const [nested, plain] = [true, false].map((wanted) =>
    filters
      .filter((one) => 'filters' in one === wanted)
      .map((one) => compileFilter(one, places, operands)),
  )
  const joined = combine(kind, plain ?? [])
  return combine(kind, [...(joined ? [joined] : []), ...(nested ?? [])])
}

function compileCondition(
  filter: Exclude<Filter, { filters: Filter[] }>,
  column: AnySQLiteColumn,
  text: SQLWrapper,
  operands: Operands,
): SQL {
  switch (filter.kind) {
    case 'oneOf': {
      const [value, ...others] = filter.values
      return value !== undefined && others.length === 0
        ? sql`${column} ${sql.raw(filter.negated ? '<>' : '=')} ${operands.one(value)}`
        : sql`${column} in (select value from ${operands.each(filter.values)})`
    }
    case 'compare':
      return sql`${column} ${COMPARISONS[filter.method]} ${operands.one(filter.value)}`
    case 'between':
      return sql`${column} ${not(filter.negated)}between ${operands.one(filter.from)} and ${operands.one(filter.to)}`
    case 'null':
      return sql`${column} is ${not(filter.negated)}null`
    case 'prefix':
    case 'suffix':
      return compileText(filter.kind, [filter.value], filter.negated, text, operands)
    case 'substring':
      return compileText(filter.kind, filter.values, filter.negated, text, operands)
    case 'sameText':
      return compileText(filter.kind, filter.values, false, text, operands)
    case 'elements':
      return compileElements(column, operands.each(filter.values), filter.match)
  }
}

function compileElements(column: AnySQLiteColumn, wanted: SQL, match: 'any' | 'all' | 'none'): SQL {
  const shared = sql`exists (select 1 from json_each(${column}) e join ${wanted} w on w.value = e.value)`
  switch (match) {
    case 'any':
      return shared
    case 'none':
      return sql`(${column} is not null and not ${shared})`
    case 'all':
      return sql`not exists (select 1 from ${wanted} w where w.value not in (select value from json_each(${column})))`
  }
}

/** A filter tree as SQL, and the JSON array that its operands come from. */
export type CompiledFilters = { condition: SQL | undefined; operands: string }

/** Compiles the filters of a list request to one condition (docs/contract/queries.md §3). */
export function compileFilters(query: ListQuery, places: Places): CompiledFilters {
  const operands = operandList()
  const condition = compileGroup('and', query.filters, places, operands)
  return { condition, operands: JSON.stringify(operands.values) }
}

const BY_TIME = ['$createdAt', '$updatedAt']

/** Texts that people read in order. Differs: upstream's order of letters is its storage engine's. */
const READ_BY_PEOPLE = ['name', 'folder']
const FOLDED = 'folded:'

/** Returns the columns that lists are sorted by: those of attributes, and folded texts under names that no client has. */
export const orderColumns = ({ columns, folded }: Places): Columns => ({
  ...columns,
  ...Object.fromEntries(Object.entries(folded).map(([name, text]) => [`${FOLDED}${name}`, text])),
})

/** Sorts what people read by its folded form first, then by the text itself. */
const asRead = (order: Order, { folded }: Places): Order[] =>
  READ_BY_PEOPLE.includes(order.attribute) && folded[order.attribute]
    ? [{ ...order, attribute: `${FOLDED}${order.attribute}` }, order]
    : [order]

/**
 * Returns the full order: what was asked for, then creation order as the tie-break (docs/contract/queries.md §5).
 * An attribute that comes again decides nothing and is dropped: D1 sorts by at most 100 terms.
 */
export function effectiveOrder(asked: readonly Order[], places: Places): Order[] {
  const attributes = asked.map(({ attribute }) => attribute)
  const once = asked.filter(({ attribute }, index) => attributes.indexOf(attribute) === index)
  const orders = once.flatMap((order) => asRead(order, places))
  if (attributes.includes('$id') || attributes.includes('$sequence')) return orders
  const [first] = once
  const direction = first && BY_TIME.includes(first.attribute) ? first.direction : 'asc'
  return [...orders, { attribute: '$sequence', direction }]
}

type Key = { column: AnySQLiteColumn; direction: 'asc' | 'desc'; value: SQL }

/**
 * Compiles the rows strictly beyond the cursor row to disjoint conditions, each of which starts in an index by
 * the first key. Rows without a value come first in ascending order and last in descending order, as SQLite
 * sorts them, so a first key that may be null takes two conditions: rows with a value and rows without one.
 * Differs: a cursor row without a value to sort by is a place like any other.
 * @param cursorValue returns an expression for the cursor row's value of a column
 * @returns one or two conditions whose union is what lies beyond the cursor row
 */
export function compileKeyset(
  order: readonly Order[],
  columns: Columns,
  cursorValue: (column: AnySQLiteColumn) => SQL,
): SQL[] {
  const keys = order.flatMap(({ attribute, direction }) => {
    const column = columns[attribute]
    return column ? [{ column, direction, value: cursorValue(column) }] : []
  })
  const [first, ...others] = keys
  if (!first) return [sql`1`]
  if (keys.every(({ column, direction }) => column.notNull && direction === first.direction)) {
    return [rowValueBeyond(keys, first.direction)]
  }
  const { column, direction, value } = first
  const bound =
    direction === 'asc' ? sql`>= coalesce(${value}, ${least(column)})` : sql`<= ${value}`
  // The bound adds nothing to what is found, but lets SQLite start in an index by the first key.
  const withValue = sql`${column} ${bound} and ${strictlyBeyond(keys)}`
  if (column.notNull) return [withValue]
  return [withValue, sql`${column} is null and ${beyondWithoutValue(first, others)}`]
}

/**
 * Compares rows that lack the first key with the cursor row, which may have it. Where creation order alone decides
 * between them the comparison is one bound, so that SQLite starts in the index there.
 */
function beyondWithoutValue({ direction, value }: Key, others: readonly Key[]): SQL {
  const [tie, ...more] = others
  if (!tie || more.length > 0 || tie.column.name !== 'sequence') {
    const ties = strictlyBeyond(others)
    return direction === 'asc'
      ? sql`${value} is null and ${ties}`
      : sql`(${value} is not null or ${ties})`
  }
  // No row is beyond null, and every row is beyond the other bound.
  const every = tie.direction === 'asc' ? '-9223372036854775808' : '9223372036854775807'
  const otherwise = sql.raw(direction === 'asc' ? 'null' : every)
  return sql`${tie.column} ${sign(tie.direction)} iif(${value} is null, ${tie.value}, ${otherwise})`
}

const sign = (direction: 'asc' | 'desc') => sql.raw(direction === 'asc' ? '>' : '<')

/** Compares keys of one direction that are never null as one row value. */
function rowValueBeyond(keys: readonly Key[], direction: 'asc' | 'desc') {
  const list = (parts: readonly (SQL | AnySQLiteColumn)[]) =>
    parts.length === 1 ? sql`${parts[0]}` : sql`(${sql.join([...parts], sql`, `)})`
  const [left, right] = [keys.map(({ column }) => column), keys.map(({ value }) => value)]
  return sql`${list(left)} ${sign(direction)} ${list(right)}`
}

/** Compares keys one after another; two nulls are equal, and null is less than every value. */
function strictlyBeyond(keys: readonly Key[]): SQL {
  const terms = keys.map((key, index) => {
    const equal = keys
      .slice(0, index)
      .map(({ column, value }) => sql`${column} ${sql.raw(column.notNull ? '=' : 'is')} ${value}`)
    return combine('and', [...equal, isBeyond(key)]) ?? sql`0`
  })
  return combine('or', terms) ?? sql`0`
}

function isBeyond({ column, direction, value }: Key): SQL {
  const compared = sql`${column} ${sign(direction)} ${value}`
  if (column.notNull) return compared
  return direction === 'asc'
    ? sql`(${compared} or (${value} is null and ${column} is not null))`
    : sql`(${compared} or (${value} is not null and ${column} is null))`
}

/** Returns a literal that no value of the column is less than. */
const least = (column: AnySQLiteColumn) =>
  sql.raw(column.getSQLType() === 'text' ? "''" : '-9223372036854775808')
