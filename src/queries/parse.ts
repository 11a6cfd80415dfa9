import { ApiError } from '#/errors'
import { isId } from '#/ids'
import { email } from '#/lib/contact/email'
import { parseDateTime } from '#/lib/date-time'
import { isDeeper, unreadablePart } from '#/lib/json'

/** `email` is text; a value that is an e-mail address compares in its normal form. */
export type AttributeType = 'string' | 'email' | 'boolean' | 'integer' | 'datetime' | 'string[]'

/** Which attributes a list can be asked about, beside the four that every list has. */
export type Attributes = Readonly<Record<string, AttributeType>>

export const BASE_ATTRIBUTES = {
  $id: 'string',
  $createdAt: 'datetime',
  $updatedAt: 'datetime',
  $sequence: 'integer',
} as const satisfies Attributes

/** A value as columns hold it: datetimes are epoch milliseconds. */
export type Operand = string | number | boolean

export type Comparison = 'lessThan' | 'lessThanEqual' | 'greaterThan' | 'greaterThanEqual'

/** A condition on rows. `negated` ones do not match rows without a value either. */
export type Filter =
  | { kind: 'oneOf'; attribute: string; values: Operand[]; negated: boolean }
  | { kind: 'compare'; attribute: string; method: Comparison; value: Operand }
  | { kind: 'between'; attribute: string; from: Operand; to: Operand; negated: boolean }
  | { kind: 'null'; attribute: string; negated: boolean }
  | { kind: 'prefix' | 'suffix'; attribute: string; value: string; negated: boolean }
  | { kind: 'substring'; attribute: string; values: string[]; negated: boolean }
  | { kind: 'sameText'; attribute: string; values: string[] }
  | { kind: 'elements'; attribute: string; values: string[]; match: 'any' | 'all' | 'none' }
  | { kind: 'and' | 'or'; filters: Filter[] }

export type Order = { attribute: string; direction: 'asc' | 'desc' }

/** A list request after validation. */
export type ListQuery = {
  filters: Filter[]
  orders: Order[] | 'random'
  limit: number
  offset: number
  cursor?: { id: string; direction: 'after' | 'before' }
}

type Wire = { method: string; attribute: string; values: unknown[] }

/**
 * What queries are read against. `flaws` gathers what only running them would show (gate 2), since that
 * is reported only when nothing is wrong with any of them as a parameter (gate 1; docs/contract/queries.md §2).
 */
type Reading = { known: Attributes; flaws: string[] }

const DEFAULT_LIMIT = 25
const MAX_VALUES = 500
/** Deeper nesting and more conditions than D1's expression limits allow are refused, not tried. */
const MAX_DEPTH = 20
const MAX_CONDITIONS = 300
/** A condition is an object in a list of values: no valid query is deeper. */
const MAX_JSON_DEPTH = 2 * MAX_DEPTH + 20
const INT32 = 2 ** 31
/** `JSON.parse` makes this of 2⁶³ − 1, the largest limit and offset. */
const INT64 = 2 ** 63

const invalid = (detail: string) =>
  new ApiError('general_argument_invalid', `Invalid \`queries\` param: Invalid query: ${detail}`)

/**
 * Parses and checks the `queries` of a list request (docs/contract/queries.md §2–5).
 * @param paging `offset-only` for lists that take nothing but limit and offset
 * @param defaultLimit how many rows a page has that asks for no number
 * @throws `general_argument_invalid` for whatever the contract does not allow
 * @throws `general_query_invalid` for what only running it would show: full-text methods, a `$sequence`
 * below 1, or more conditions than the database takes
 */
export function parseQueries(
  wire: readonly string[] | undefined,
  attributes: Attributes,
  paging: 'cursor' | 'offset-only' = 'cursor',
  defaultLimit = DEFAULT_LIMIT,
): ListQuery {
  const reading: Reading = { known: { ...BASE_ATTRIBUTES, ...attributes }, flaws: [] }
  const parsed = (wire ?? []).map(parseJson)
  const filters: Filter[] = []
  const orders: Order[] = []
  const numbers: [method: string, value: number][] = []
  const cursors: ListQuery['cursor'][] = []
  let random = false
  for (const query of parsed) {
    const { method } = query
    const paged = method === 'limit' || method === 'offset'
    if (paging === 'offset-only' && !paged) throw invalid(`${method} is not allowed here.`)
    switch (method) {
      case 'limit':
      case 'offset':
        numbers.push([method, pagingNumber(query)])
        break
      case 'orderRandom':
        random = true
        break
      case 'orderAsc':
      case 'orderDesc':
        orders.push(parseOrder(query, reading.known))
        break
      case 'cursorAfter':
      case 'cursorBefore':
        cursors.push(parseCursor(query))
        break
      default:
        filters.push(parseFilter(query, reading, 0))
    }
  }
  if (countConditions(filters) > MAX_CONDITIONS) {
    reading.flaws.push(`A list takes at most ${MAX_CONDITIONS} conditions.`)
  }
  const [flaw] = reading.flaws
  if (flaw !== undefined) throw new ApiError('general_query_invalid', flaw)
  const first = new Map(numbers.reverse())
  const [cursor] = cursors
  return {
    filters,
    orders: random ? 'random' : orders,
    limit: first.get('limit') ?? defaultLimit,
    offset: first.get('offset') ?? 0,
    ...(cursor ? { cursor } : {}),
  }
}

function parseJson(text: string): Wire {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('it is not JSON.')
  }
  if (isDeeper(value, MAX_JSON_DEPTH)) throw invalid('it is nested too deeply.')
  const problem = unreadablePart(value)
  if (problem) throw invalid(`it ${problem}.`)
  return parseWire(value)
}

function parseWire(value: unknown): Wire {
  if (typeof value !== 'object' || value === null) throw invalid('it is not an object.')
  const wire = value as Record<string, unknown> // checked below
  const { method } = wire
  const attribute = wire.attribute ?? ''
  const values = wire.values ?? []
  if (typeof method !== 'string') throw invalid('its method is not text.')
  if (typeof attribute !== 'string') throw invalid('its attribute is not text.')
  if (!Array.isArray(values)) throw invalid('its values are not an array.')
  return { method, attribute, values }
}

function pagingNumber({ method, values }: Wire): number {
  const [value] = values
  const number = typeof value === 'string' && /^\d{1,19}$/.test(value) ? Number(value) : value
  const least = method === 'limit' ? 1 : 0
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > INT64) {
    throw invalid(`${method} takes an integer from ${least} to 2^63 - 1.`)
  }
  return Math.min(number, Number.MAX_SAFE_INTEGER)
}

function parseOrder({ method, attribute }: Wire, known: Attributes): Order {
  const direction = method === 'orderAsc' ? 'asc' : 'desc'
  if (attribute === '') return { attribute: '$sequence', direction }
  if (!Object.hasOwn(known, attribute)) throw invalid(`there is no attribute ${attribute}.`)
  return { attribute, direction }
}

function parseCursor({ method, values: [id] }: Wire): ListQuery['cursor'] {
  if (typeof id !== 'string' || !isId(id)) throw invalid(`${method} takes an ID.`)
  return { id, direction: method === 'cursorAfter' ? 'after' : 'before' }
}

/** How many values each filter method takes, and on which attributes it works. */
const METHODS: Record<
  string,
  { least: number; most: number; on: 'plain' | 'text' | 'textOrList' | 'all' }
> = {
  equal: { least: 1, most: MAX_VALUES, on: 'plain' },
  notEqual: { least: 1, most: 1, on: 'plain' },
  lessThan: { least: 1, most: 1, on: 'plain' },
  lessThanEqual: { least: 1, most: 1, on: 'plain' },
  greaterThan: { least: 1, most: 1, on: 'plain' },
  greaterThanEqual: { least: 1, most: 1, on: 'plain' },
  between: { least: 2, most: 2, on: 'plain' },
  notBetween: { least: 2, most: 2, on: 'plain' },
  isNull: { least: 0, most: MAX_VALUES, on: 'all' },
  isNotNull: { least: 0, most: MAX_VALUES, on: 'all' },
  startsWith: { least: 1, most: 1, on: 'text' },
  notStartsWith: { least: 1, most: 1, on: 'text' },
  endsWith: { least: 1, most: 1, on: 'text' },
  notEndsWith: { least: 1, most: 1, on: 'text' },
  contains: { least: 1, most: MAX_VALUES, on: 'textOrList' },
  containsAny: { least: 1, most: MAX_VALUES, on: 'textOrList' },
  containsAll: { least: 1, most: MAX_VALUES, on: 'textOrList' },
  notContains: { least: 1, most: MAX_VALUES, on: 'textOrList' },
  search: { least: 1, most: 1, on: 'plain' },
  notSearch: { least: 1, most: 1, on: 'plain' },
}

function fits(on: 'plain' | 'text' | 'textOrList' | 'all', type: AttributeType): boolean {
  const isList = type === 'string[]'
  const isText = type === 'string' || type === 'email'
  return { all: true, plain: !isList, text: isText, textOrList: isList || isText }[on]
}

function parseFilter(query: Wire, reading: Reading, depth: number): Filter {
  const { method, attribute, values } = query
  const { known, flaws } = reading
  if (method === 'and' || method === 'or') return parseLogical(query, reading, depth)
  const rule = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined
  if (!rule) throw invalid(`there is no method ${method} here.`)
  const type = Object.hasOwn(known, attribute) ? known[attribute] : undefined
  if (!type) throw invalid(`there is no attribute ${attribute}.`)
  if (values.length < rule.least || values.length > rule.most) {
    throw invalid(`${method} takes ${rule.least} to ${rule.most} values.`)
  }
  if (!fits(rule.on, type)) throw invalid(`${method} does not work on ${attribute}.`)
  if (method === 'isNull' || method === 'isNotNull') {
    return { kind: 'null', attribute, negated: method === 'isNotNull' }
  }
  const operands = values.map((value) => parseOperand(value, attribute, type))
  if (method === 'search' || method === 'notSearch') {
    flaws.push(`${attribute} has no full-text index. Use the search parameter.`)
    return { kind: 'and', filters: [] } // never run: the flaw is thrown
  }
  if (attribute === '$sequence' && operands.some((operand) => Number(operand) < 1)) {
    flaws.push('$sequence starts at 1.')
  }
  return buildFilter(method, attribute, operands, type === 'string[]')
}

function parseLogical({ method, values }: Wire, reading: Reading, depth: number): Filter {
  if (depth >= MAX_DEPTH) throw invalid(`conditions are nested more than ${MAX_DEPTH} deep.`)
  const filters = values.map((value) => parseFilter(parseWire(value), reading, depth + 1))
  if (filters.length < 2) throw invalid(`${method} takes at least two conditions.`)
  return { kind: method === 'and' ? 'and' : 'or', filters }
}

const isInt32 = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= -INT32 && value < INT32

function parseOperand(value: unknown, attribute: string, type: AttributeType): Operand {
  switch (type) {
    case 'string':
    case 'string[]':
      if (typeof value === 'string') return value
      break
    case 'email':
      if (typeof value === 'string') return email.safeParse(value).data ?? value
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'integer':
      if (isInt32(value)) return value
      break
    case 'datetime': {
      const date = typeof value === 'string' ? parseDateTime(value) : undefined
      if (date) return date.getTime()
    }
  }
  throw invalid(`${attribute} takes values of type ${type === 'email' ? 'string' : type}.`)
}

const texts = (operands: Operand[]) => operands.map(String)

function buildFilter(
  method: string,
  attribute: string,
  operands: Operand[],
  isList: boolean,
): Filter {
  const [first = '', second = ''] = operands
  const values = texts(operands)
  switch (method) {
    case 'equal':
    case 'notEqual':
      return { kind: 'oneOf', attribute, values: operands, negated: method === 'notEqual' }
    case 'between':
    case 'notBetween':
      return {
        kind: 'between',
        attribute,
        from: first,
        to: second,
        negated: method === 'notBetween',
      }
    case 'startsWith':
    case 'notStartsWith':
      return {
        kind: 'prefix',
        attribute,
        value: String(first),
        negated: method === 'notStartsWith',
      }
    case 'endsWith':
    case 'notEndsWith':
      return { kind: 'suffix', attribute, value: String(first), negated: method === 'notEndsWith' }
    case 'contains':
    case 'containsAny':
      return isList
        ? { kind: 'elements', attribute, values, match: 'any' }
        : { kind: 'substring', attribute, values, negated: false }
    case 'notContains':
      return isList
        ? { kind: 'elements', attribute, values, match: 'none' }
        : { kind: 'substring', attribute, values, negated: true }
    case 'containsAll':
      return isList
        ? { kind: 'elements', attribute, values, match: 'all' }
        : { kind: 'sameText', attribute, values }
    default:
      return { kind: 'compare', attribute, method: method as Comparison, value: first } // the four left in METHODS
  }
}

const countConditions = (filters: readonly Filter[]): number =>
  filters.reduce(
    (count, filter) =>
      count + (filter.kind === 'and' || filter.kind === 'or' ? countConditions(filter.filters) : 1),
    0,
  )
