import { type SQL, sql } from 'drizzle-orm'
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Comparison, Filter, ListQuery, Operand, Order } from '#/queries/parse'

/** Says where an attribute is stored: datetimes as epoch milliseconds, lists as JSON text. */
export type Columns = Readonly<Record<string, AnySQLiteColumn>>

/** Names the common table that holds all operands, since D1 binds at most 100 values to a statement. */
export const OPERANDS = 'operands'

/** Collects operands and gives each an expression that reads it back. */
function operandList() {
  const values: unknown[] = []
  const path = (value: unknown) => `$[${values.push(value) - 1}]`
  return {
    values,
    one: (value: Operand) =>
      sql`json_extract((select v from operands), ${sql.raw(`'${path(value)}'`)})`,
    each: (list: readonly Operand[]) =>
      sql`json_each((select v from operands), ${sql.raw(`'${path(list)}'`)})`,
  }
}
type Operands = ReturnType<typeof operandList>

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

function compileFilter(filter: Filter, columns: Columns, operands: Operands): SQL {
  if ('filters' in filter) {
    return compileGroup(filter.kind, filter.filters, columns, operands) ?? sql`1`
  }
  const column = columns[filter.attribute]
  if (!column) throw new Error(`The attribute ${filter.attribute} has no column.`)
  return compileCondition(filter, column, operands)
}

/** Joins plain conditions before nested ones, so that each level of nesting adds least to the depth. */
function compileGroup(
  kind: 'and' | 'or',
  filters: readonly Filter[],
  columns: Columns,
  operands: Operands,
): SQL | undefined {
  const [nested, plain] = [true, false].map((wanted) =>
    filters
      .filter((one) => 'filters' in one === wanted)
      .map((one) => compileFilter(one, columns, operands)),
  )
  const joined = combine(kind, plain ?? [])
  return combine(kind, [...(joined ? [joined] : []), ...(nested ?? [])])
}

function compileCondition(
  filter: Exclude<Filter, { filters: Filter[] }>,
  column: AnySQLiteColumn,
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
    case 'prefix': {
      const value = operands.one(filter.value)
      return sql`${not(filter.negated)}(substr(lower(${column}), 1, length(${value})) = lower(${value}))`
    }
    case 'suffix': {
      const value = operands.one(filter.value)
      return sql`${not(filter.negated)}(substr(lower(${column}), max(1, length(${column}) - length(${value}) + 1)) = lower(${value}))`
    }
    case 'substring':
      return sql`(${column} is not null and ${not(filter.negated)}exists (select 1 from ${operands.each(filter.values)} where instr(lower(${column}), lower(value)) > 0))`
    case 'sameText':
      return sql`lower(${column}) in (select lower(value) from ${operands.each(filter.values)})`
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

/** Compiles the filters of a list request to one condition (queries contract 3). */
export function compileFilters(query: ListQuery, columns: Columns): CompiledFilters {
  const operands = operandList()
  const condition = compileGroup('and', query.filters, columns, operands)
  return { condition, operands: JSON.stringify(operands.values) }
}

const BY_TIME = ['$createdAt', '$updatedAt']

/**
 * Gives the full order: what was asked for, then creation order as the tie-break (queries contract 5).
 * An attribute that comes again decides nothing and is dropped: D1 sorts by at most 100 terms.
 */
export function effectiveOrder(asked: readonly Order[]): Order[] {
  const attributes = asked.map(({ attribute }) => attribute)
  const orders = asked.filter(({ attribute }, index) => attributes.indexOf(attribute) === index)
  if (attributes.includes('$id') || attributes.includes('$sequence')) return orders
  const [first] = orders
  const direction = first && BY_TIME.includes(first.attribute) ? first.direction : 'asc'
  return [...orders, { attribute: '$sequence', direction }]
}

/**
 * Compiles a keyset condition: rows strictly beyond the cursor row in the order. SQLite starts in an
 * index by the first key only (a row value never ends in the rowid), so ties of that key are read through.
 * @param cursorValue gives an expression for the cursor row's value of a column
 */
export function compileKeyset(
  order: readonly Order[],
  columns: Columns,
  cursorValue: (column: AnySQLiteColumn) => SQL,
): SQL | undefined {
  const keys = order.flatMap(({ attribute, direction }) => {
    const column = columns[attribute]
    return column ? [{ column, direction, value: cursorValue(column) }] : []
  })
  const beyond = (direction: 'asc' | 'desc') => sql.raw(direction === 'asc' ? '>' : '<')
  const [first] = keys
  if (first && keys.every(({ direction }) => direction === first.direction)) {
    const list = (parts: readonly (SQL | AnySQLiteColumn)[]) =>
      parts.length === 1 ? sql`${parts[0]}` : sql`(${sql.join([...parts], sql`, `)})`
    return sql`${list(keys.map(({ column }) => column))} ${beyond(first.direction)} ${list(keys.map(({ value }) => value))}`
  }
  const terms = keys.map(({ column, direction, value }, index) => {
    const equal = keys.slice(0, index).map((key) => sql`${key.column} = ${key.value}`)
    return combine('and', [...equal, sql`${column} ${beyond(direction)} ${value}`]) ?? sql`0`
  })
  // Says nothing new, but lets SQLite start in an index by the first key.
  const bound = first ? [sql`${first.column} ${beyond(first.direction)}= ${first.value}`] : []
  return combine('and', [...bound, combine('or', terms) ?? sql`1`])
}
