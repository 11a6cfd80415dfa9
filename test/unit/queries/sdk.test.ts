import { Query } from 'node-appwrite'
import { expect, test } from 'vitest'
import { ApiError } from '#/errors'
import { parseQueries } from '#/queries/parse'

const ATTRIBUTES = { name: 'string', size: 'integer', labels: 'string[]' } as const

function outcome(query: string): unknown {
  try {
    return parseQueries([query], ATTRIBUTES)
  } catch (error) {
    if (error instanceof ApiError) return error.type
    throw error
  }
}

const INSTANT = '2024-01-02T03:04:05.678Z'
const LATER = '2025-01-02T03:04:05.678Z'
const [from, to] = [Date.parse(INSTANT), Date.parse(LATER)]
const text = { attribute: 'name', negated: false }
const not = { attribute: 'name', negated: true }
const number = { kind: 'compare', attribute: 'size', value: 5 }
const equal = { kind: 'oneOf', ...text, values: ['x'] }

const ACCEPTED: Record<string, [query: string, expected: object]> = {
  equal: [Query.equal('name', 'x'), { filters: [equal] }],
  notEqual: [Query.notEqual('name', 'x'), { filters: [{ ...equal, negated: true }] }],
  lessThan: [Query.lessThan('size', 5), { filters: [{ ...number, method: 'lessThan' }] }],
  lessThanEqual: [
    Query.lessThanEqual('size', 5),
    { filters: [{ ...number, method: 'lessThanEqual' }] },
  ],
  greaterThan: [Query.greaterThan('size', 5), { filters: [{ ...number, method: 'greaterThan' }] }],
  greaterThanEqual: [
    Query.greaterThanEqual('size', 5n),
    { filters: [{ ...number, method: 'greaterThanEqual' }] },
  ],
  isNull: [Query.isNull('name'), { filters: [{ kind: 'null', ...text }] }],
  isNotNull: [
    Query.isNotNull('labels'),
    { filters: [{ kind: 'null', ...not, attribute: 'labels' }] },
  ],
  between: [
    Query.between('size', 1, 5),
    { filters: [{ kind: 'between', attribute: 'size', from: 1, to: 5, negated: false }] },
  ],
  notBetween: [
    Query.notBetween('name', 'a', 'b'),
    { filters: [{ kind: 'between', ...not, from: 'a', to: 'b' }] },
  ],
  startsWith: [
    Query.startsWith('name', 'x'),
    { filters: [{ kind: 'prefix', ...text, value: 'x' }] },
  ],
  notStartsWith: [
    Query.notStartsWith('name', 'x'),
    { filters: [{ kind: 'prefix', ...not, value: 'x' }] },
  ],
  endsWith: [Query.endsWith('name', 'x'), { filters: [{ kind: 'suffix', ...text, value: 'x' }] }],
  notEndsWith: [
    Query.notEndsWith('name', 'x'),
    { filters: [{ kind: 'suffix', ...not, value: 'x' }] },
  ],
  contains: [
    Query.contains('name', 'x'),
    { filters: [{ kind: 'substring', ...text, values: ['x'] }] },
  ],
  containsAny: [
    Query.containsAny('labels', ['x', 'y']),
    { filters: [{ kind: 'elements', attribute: 'labels', values: ['x', 'y'], match: 'any' }] },
  ],
  containsAll: [
    Query.containsAll('labels', ['x', 'y']),
    { filters: [{ kind: 'elements', attribute: 'labels', values: ['x', 'y'], match: 'all' }] },
  ],
  notContains: [
    Query.notContains('labels', ['x']),
    { filters: [{ kind: 'elements', attribute: 'labels', values: ['x'], match: 'none' }] },
  ],
  createdBefore: [
    Query.createdBefore(INSTANT),
    { filters: [{ kind: 'compare', attribute: '$createdAt', method: 'lessThan', value: from }] },
  ],
  createdAfter: [
    Query.createdAfter(INSTANT),
    { filters: [{ kind: 'compare', attribute: '$createdAt', method: 'greaterThan', value: from }] },
  ],
  createdBetween: [
    Query.createdBetween(INSTANT, LATER),
    { filters: [{ kind: 'between', attribute: '$createdAt', from, to, negated: false }] },
  ],
  updatedBefore: [
    Query.updatedBefore(INSTANT),
    { filters: [{ kind: 'compare', attribute: '$updatedAt', method: 'lessThan', value: from }] },
  ],
  updatedAfter: [
    Query.updatedAfter(INSTANT),
    { filters: [{ kind: 'compare', attribute: '$updatedAt', method: 'greaterThan', value: from }] },
  ],
  updatedBetween: [
    Query.updatedBetween(INSTANT, LATER),
    { filters: [{ kind: 'between', attribute: '$updatedAt', from, to, negated: false }] },
  ],
  or: [
    Query.or([Query.equal('name', 'x'), Query.and([Query.isNull('name'), Query.isNull('size')])]),
    { filters: [{ kind: 'or', filters: [equal, { kind: 'and' }] }] },
  ],
  and: [
    Query.and([Query.equal('name', 'x'), Query.equal('name', ['x'])]),
    { filters: [{ kind: 'and', filters: [equal, equal] }] },
  ],
  orderAsc: [Query.orderAsc('name'), { orders: [{ attribute: 'name', direction: 'asc' }] }],
  orderDesc: [Query.orderDesc(''), { orders: [{ attribute: '$sequence', direction: 'desc' }] }],
  orderRandom: [Query.orderRandom(), { orders: 'random' }],
  cursorAfter: [Query.cursorAfter('id'), { cursor: { id: 'id', direction: 'after' } }],
  cursorBefore: [Query.cursorBefore('id'), { cursor: { id: 'id', direction: 'before' } }],
  limit: [Query.limit(7), { limit: 7 }],
  offset: [Query.offset(7), { offset: 7 }],
}

const POINT = [1, 2]
const REFUSED: Record<string, string> = {
  regex: Query.regex('name', '.*'),
  exists: Query.exists(['name']),
  notExists: Query.notExists(['name']),
  select: Query.select(['name']),
  elemMatch: Query.elemMatch('labels', [Query.equal('name', 'x'), Query.equal('name', 'y')]),
  distanceEqual: Query.distanceEqual('name', POINT, 1),
  distanceNotEqual: Query.distanceNotEqual('name', POINT, 1),
  distanceGreaterThan: Query.distanceGreaterThan('name', POINT, 1),
  distanceLessThan: Query.distanceLessThan('name', POINT, 1),
  vectorDot: Query.vectorDot('name', POINT),
  vectorCosine: Query.vectorCosine('name', POINT),
  vectorEuclidean: Query.vectorEuclidean('name', POINT),
  intersects: Query.intersects('name', POINT),
  notIntersects: Query.notIntersects('name', POINT),
  crosses: Query.crosses('name', POINT),
  notCrosses: Query.notCrosses('name', POINT),
  overlaps: Query.overlaps('name', POINT),
  notOverlaps: Query.notOverlaps('name', POINT),
  touches: Query.touches('name', POINT),
  notTouches: Query.notTouches('name', POINT),
}
const NOT_RUN: Record<string, string> = {
  search: Query.search('name', 'x'),
  notSearch: Query.notSearch('name', 'x'),
}

test.each(Object.entries(ACCEPTED))('reads what Query.%s writes', (_, [query, expected]) =>
  expect(outcome(query)).toMatchObject(expected),
)
test.each(Object.entries(REFUSED))('refuses what Query.%s writes', (_, query) =>
  expect(outcome(query)).toBe('general_argument_invalid'),
)
test.each(Object.entries(NOT_RUN))('does not run what Query.%s writes', (_, query) =>
  expect(outcome(query)).toBe('general_query_invalid'),
)
test('covers every method that the SDK has', () =>
  expect(Object.keys({ ...ACCEPTED, ...REFUSED, ...NOT_RUN }).sort()).toEqual(
    Object.getOwnPropertyNames(Query)
      .filter((name) => typeof Reflect.get(Query, name) === 'function')
      .sort(),
  ))
test('refuses null and an empty list, as the SDK lets callers write them', () => {
  expect(outcome(Query.equal('name', []))).toBe('general_argument_invalid')
  expect(outcome(Query.notEqual('name', ['x', 'y']))).toBe('general_argument_invalid')
  expect(outcome(Query.equal('name', null as never))).toBe('general_argument_invalid')
})

test('takes nothing but limit and offset where a list has no more (docs/contract/queries.md §8)', () => {
  const logs = (...queries: string[]) => parseQueries(queries, {}, 'offset-only')
  expect(logs(Query.limit(5), Query.offset(2))).toMatchObject({ limit: 5, offset: 2 })
  for (const query of [
    Query.orderAsc(''),
    Query.orderRandom(),
    Query.cursorAfter('a'),
    Query.equal('$id', 'a'),
    Query.search('$id', 'a'),
  ]) {
    expect(() => logs(query)).toThrow(expect.objectContaining({ type: 'general_argument_invalid' }))
  }
})
