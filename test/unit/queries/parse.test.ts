import { Query } from 'node-appwrite'
import { describe, expect, test } from 'vitest'
import { ApiError } from '#/errors'
import { type Attributes, type ListQuery, parseQueries } from '#/queries/parse'

const ATTRIBUTES: Attributes = {
  name: 'string',
  enabled: 'boolean',
  size: 'integer',
  joined: 'datetime',
  labels: 'string[]',
}

const parse = (...queries: (string | object)[]): ListQuery =>
  parseQueries(
    queries.map((query) => (typeof query === 'string' ? query : JSON.stringify(query))),
    ATTRIBUTES,
  )

/** Returns the type of the error that these queries are refused with, or `accepted`. */
function refusal(...queries: (string | object)[]): string {
  try {
    parse(...queries)
  } catch (error) {
    if (error instanceof ApiError) return error.type
    throw error
  }
  return 'accepted'
}

const GATE_1 = 'general_argument_invalid'
const GATE_2 = 'general_query_invalid'
const filter = (method: string, attribute: unknown, ...values: unknown[]) => ({
  method,
  attribute,
  values,
})
const a = filter('equal', 'name', 'a')
const b = filter('equal', 'name', 'b')

describe('the wire form (docs/contract/queries.md §1)', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', 'equal("name", ["a"])'],
    ['JSON that is cut off', '{"method":"limit","values":[1]'],
    ['null', 'null'],
    ['text', '"limit"'],
    ['a number', '1'],
    ['an array', '[]'],
    ['an array with a query', JSON.stringify([a])],
    ['no method', '{}'],
    ['a null method', '{"method":null}'],
    ['a method that is no text', '{"method":1}'],
    ['an attribute that is no text', '{"method":"equal","attribute":1,"values":["a"]}'],
    ['a list of attributes', '{"method":"equal","attribute":["name"],"values":["a"]}'],
    ['a value outside an array', '{"method":"equal","attribute":"name","values":"a"}'],
    ['values in an object', '{"method":"equal","attribute":"name","values":{"0":"a"}}'],
    ['a nested query as text', JSON.stringify(filter('or', '', JSON.stringify(a), '{}'))],
    ['a NUL byte after the query', `${JSON.stringify(a)}\0`],
  ])('refuses %s', (_, text) => expect(refusal(text)).toBe(GATE_1))

  test('takes a missing or null attribute as none, and missing or null values as none', () => {
    const random = { filters: [], orders: 'random', limit: 25, offset: 0 }
    expect(parse('{"method":"orderRandom"}')).toEqual(random)
    expect(parse('{"method":"orderRandom","attribute":null,"values":null}')).toEqual(random)
    expect(parse('{"method":"orderAsc"}').orders).toEqual([
      { attribute: '$sequence', direction: 'asc' },
    ])
  })
  test('ignores keys that it does not know', () =>
    expect(parse({ ...a, key: 1, __proto__: null }).filters).toHaveLength(1))
  test('takes no queries as the defaults', () => {
    const defaults = { filters: [], orders: [], limit: 25, offset: 0 }
    expect(parseQueries(undefined, ATTRIBUTES)).toEqual(defaults)
    expect(parse()).toEqual(defaults)
  })
  test('takes more than 100 queries, each longer than 4096 characters', () => {
    const long = filter('equal', 'name', 'x'.repeat(5000))
    expect(parse(...Array<object>(150).fill(long)).filters).toHaveLength(150)
  })
})

describe('limit and offset (docs/contract/queries.md §5)', () => {
  test.each([
    ['limit', 1, 1],
    ['limit', '10', 10],
    ['limit', 5001, 5001],
    ['offset', 0, 0],
    ['offset', '0', 0],
    ['limit', '9223372036854775807', Number.MAX_SAFE_INTEGER],
    ['offset', '9223372036854775807', Number.MAX_SAFE_INTEGER],
  ])('takes %s(%j)', (method, value, expected) =>
    expect(parse(filter(method, '', value))).toMatchObject({ [method]: expected }),
  )
  test.each([
    ...[0, '0', -1, '-1', 1.5, '1.5', '', ' ', 'ten', null, true, [10], {}, '0x10', 1e300].map(
      (value) => ['limit', value] as const,
    ),
    ...[-1, '-1', 0.5, 'x', null, false, [], '9'.repeat(20)].map(
      (value) => ['offset', value] as const,
    ),
  ])('refuses %s(%j)', (method, value) => expect(refusal(filter(method, '', value))).toBe(GATE_1))
  test.each(['limit', 'offset'])('refuses %s without a value', (method) => {
    expect(refusal({ method })).toBe(GATE_1)
    expect(refusal({ method, values: [] })).toBe(GATE_1)
  })
  test('takes unquoted 64-bit numbers', () => {
    const text = '{"method":"limit","values":[9223372036854775807]}'
    expect(parse(text).limit).toBe(Number.MAX_SAFE_INTEGER)
    expect(refusal('{"method":"limit","values":[92233720368547758070]}')).toBe(GATE_1)
  })
  test('lets the first of several win, and checks the others too', () => {
    const query = parse(
      ...[3, 4].flatMap((value) => [filter('limit', '', value), filter('offset', '', value)]),
    )
    expect(query).toMatchObject({ limit: 3, offset: 3 })
    expect(refusal(filter('limit', '', 1), filter('limit', '', 0))).toBe(GATE_1)
  })
})

describe('cursors (docs/contract/queries.md §5)', () => {
  test.each(['a', '0', 'a.b_c-d', 'A'.repeat(36)])('takes the ID %j', (id) =>
    expect(parse(Query.cursorAfter(id)).cursor).toEqual({ id, direction: 'after' }),
  )
  test.each([
    ...['', '.a', '_a', '-a', 'a b', 'ä', 'a'.repeat(37), 'a\0', 'a\n', 1, null, {}, ['a']],
  ])('refuses the ID %j', (id) => {
    expect(refusal(filter('cursorAfter', '', id))).toBe(GATE_1)
    expect(refusal(filter('cursorBefore', '', id))).toBe(GATE_1)
  })
  test('refuses a missing ID', () => expect(refusal({ method: 'cursorAfter' })).toBe(GATE_1))
  test('lets the first of both directions win, and checks the others too', () => {
    expect(parse(Query.cursorBefore('x'), Query.cursorAfter('y')).cursor).toEqual({
      id: 'x',
      direction: 'before',
    })
    expect(refusal(Query.cursorAfter('x'), Query.cursorAfter(''))).toBe(GATE_1)
  })
})

describe('orders (docs/contract/queries.md §5)', () => {
  test.each(['name', 'labels', '$id', '$createdAt', '$updatedAt', '$sequence'])('takes %s', (one) =>
    expect(parse(Query.orderDesc(one)).orders).toEqual([{ attribute: one, direction: 'desc' }]),
  )
  test('keeps several in their sequence', () =>
    expect(parse(Query.orderDesc('name'), Query.orderAsc('')).orders).toEqual([
      { attribute: 'name', direction: 'desc' },
      { attribute: '$sequence', direction: 'asc' },
    ]))
  test.each(['unknown', 'name.x', '__proto__', 'constructor', '$permissions'])(
    'refuses %s',
    (one) => expect(refusal(Query.orderAsc(one))).toBe(GATE_1),
  )
})

describe('attributes (docs/contract/queries.md §4)', () => {
  test.each([
    ...[
      '',
      'unknown',
      'Name',
      'name.x',
      'name\0',
      '$tenant',
      '$permissions',
      'search',
      '$internalId',
    ],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ])('refuses %j', (attribute) => {
    expect(refusal(filter('equal', attribute, 'a'))).toBe(GATE_1)
    expect(refusal(filter('isNull', attribute))).toBe(GATE_1)
    expect(refusal(filter('search', attribute, 'a'))).toBe(GATE_1)
  })
})

describe('methods (docs/contract/queries.md §3)', () => {
  test.each([
    ...['regex', 'select', 'exists', 'notExists', 'elemMatch', 'Equal', 'EQUAL', 'equal ', ''],
    ...['__proto__', 'constructor', 'toString', 'valueOf', 'equal\0', 'like'],
    ...['crosses', 'touches', 'overlaps', 'intersects', 'distanceEqual', 'vectorDot'],
  ])('refuses %j', (method) => {
    expect(refusal(filter(method, 'name', 'a'))).toBe(GATE_1)
    expect(refusal(filter('or', '', a, filter(method, 'name', 'a')))).toBe(GATE_1)
  })

  const ONE = ['notEqual', 'lessThan', 'lessThanEqual', 'greaterThan', 'greaterThanEqual']
  const TEXT = ['startsWith', 'notStartsWith', 'endsWith', 'notEndsWith']
  const MANY = ['contains', 'containsAny', 'containsAll', 'notContains']
  test.each([...ONE, ...TEXT])('%s takes exactly one value', (method) => {
    expect(refusal(filter(method, 'name', 'a'))).toBe('accepted')
    expect(refusal(filter(method, 'name'))).toBe(GATE_1)
    expect(refusal(filter(method, 'name', 'a', 'b'))).toBe(GATE_1)
    expect(refusal(filter(method, 'name', ['a']))).toBe(GATE_1)
  })
  test.each(['between', 'notBetween'])('%s takes exactly two values', (method) => {
    expect(refusal(filter(method, 'size', 1, 2))).toBe('accepted')
    expect(refusal(filter(method, 'size', 1))).toBe(GATE_1)
    expect(refusal(filter(method, 'size', 1, 2, 3))).toBe(GATE_1)
  })
  test.each(['equal', ...MANY])('%s takes 1 to 500 values', (method) => {
    const values = Array.from({ length: 501 }, (_, index) => `${index}`)
    expect(refusal(filter(method, 'name', ...values.slice(1)))).toBe('accepted')
    expect(refusal(filter(method, 'name', ...values))).toBe(GATE_1)
    expect(refusal(filter(method, 'name'))).toBe(GATE_1)
    expect(refusal(filter(method, 'name', []))).toBe(GATE_1)
  })
  test.each(['equal', 'between', 'notBetween', ...ONE, ...TEXT, 'search', 'notSearch'])(
    '%s does not work on a list',
    (method) => {
      expect(refusal(filter(method, 'labels', 'x'))).toBe(GATE_1)
      expect(refusal(filter(method, 'labels', 'x', 'y'))).toBe(GATE_1)
    },
  )
  test.each([...TEXT, ...MANY])('%s works on text only', (method) => {
    for (const [attribute, value] of [
      ['size', 1],
      ['enabled', true],
      ['joined', '2024-01-01'],
      ['$sequence', 1],
      ['$createdAt', '2024'],
    ]) {
      expect(refusal(filter(method, attribute, value))).toBe(GATE_1)
    }
    expect(refusal(filter(method, '$id', 'a'))).toBe('accepted')
  })
  test.each(MANY)('%s works on a list', (method) =>
    expect(refusal(filter(method, 'labels', 'a', 'b'))).toBe('accepted'),
  )
  test.each(['isNull', 'isNotNull'])('%s needs no value, on any attribute', (method) => {
    for (const attribute of ['name', 'labels', 'enabled', '$id']) {
      expect(refusal({ method, attribute })).toBe('accepted')
    }
  })
  test.each(['search', 'notSearch'])('%s passes as a parameter and then cannot run', (method) => {
    expect(refusal(filter(method, 'name', 'a'))).toBe(GATE_2)
    expect(refusal(filter('or', '', a, filter(method, '$id', 'a')))).toBe(GATE_2)
    expect(refusal(filter(method, 'search', 'a'))).toBe(GATE_1)
    expect(refusal(filter(method, 'name'))).toBe(GATE_1)
    expect(refusal(filter(method, 'size', 'a'))).toBe(GATE_1)
  })
})

describe('values (docs/contract/queries.md §4)', () => {
  test.each([
    ['name', ['', 'x', 'x'.repeat(100_000), 'a\0b', '💥', '__proto__']],
    ['enabled', [true, false]],
    ['size', [0, -1, 2_147_483_647, -2_147_483_648, 1.0]],
    ['$sequence', [1, 2_147_483_647]],
    [
      'joined',
      ['2024-01-01', '2024', '2024-01-01T10:00:00', '2024-01-01T10:00:00.123+02:00', '2024-02-30'],
    ],
  ])('%s takes its type', (attribute, values) => {
    for (const value of values) {
      expect([value, refusal(filter('equal', attribute, value))]).toEqual([value, 'accepted'])
    }
  })
  test.each([
    ['name', [1, true, null, {}, [], ['a'], [[]]]],
    ['enabled', ['true', 'false', 1, 0, '1', null, '']],
    ['size', ['1', 2.5, 3_000_000_000, 2_147_483_648, -2_147_483_649, 2 ** 53, null, true, '']],
    ['$sequence', ['1', 1.5, 3_000_000_000, null]],
    ['joined', ['', 'yesterday', 'now', 'x', 20240101, null, true, '24-01-01', '20240101x']],
    ['labels', [1, null, ['a']]],
  ])('%s refuses every other type', (attribute, values) => {
    const method = attribute === 'labels' ? 'contains' : 'equal'
    for (const value of values) {
      expect([value, refusal(filter(method, attribute, value))]).toEqual([value, GATE_1])
      expect(refusal(filter('or', '', a, filter(method, attribute, value)))).toBe(GATE_1)
    }
  })
  test('refuses a 64-bit number where only 32 bits are taken', () =>
    expect(refusal('{"method":"equal","attribute":"size","values":[9223372036854775807]}')).toBe(
      GATE_1,
    ))
  test('refuses one bad value among good ones', () =>
    expect(refusal(filter('equal', 'name', 'a', 'b', null))).toBe(GATE_1))
  test.each([0, -1])('$sequence %i passes as a parameter and then cannot run', (value) => {
    expect(refusal(filter('equal', '$sequence', value))).toBe(GATE_2)
    expect(refusal(filter('greaterThan', '$sequence', value))).toBe(GATE_2)
    expect(refusal(filter('between', '$sequence', value, 5))).toBe(GATE_2)
    expect(refusal(filter('and', '', a, filter('equal', '$sequence', value)))).toBe(GATE_2)
  })
  test.each([
    ['2024', '2024-01-01T00:00:00.000Z'],
    ['2024-05-06', '2024-05-06T00:00:00.000Z'],
    ['2024-05-06T07:08:09', '2024-05-06T07:08:09.000Z'],
    ['2024-05-06 07:08:09.123', '2024-05-06T07:08:09.123Z'],
    ['2024-05-06T07:08:09+02:00', '2024-05-06T05:08:09.000Z'],
    ['2024-02-30', '2024-03-01T00:00:00.000Z'],
    ['2024-02-30T12:00:00.000+00:00', '2024-03-01T12:00:00.000Z'],
  ])('reads the date %s as %s', (text, instant) =>
    expect(parse(filter('lessThan', 'joined', text)).filters).toEqual([
      { kind: 'compare', attribute: 'joined', method: 'lessThan', value: Date.parse(instant) },
    ]),
  )
})

describe('and, or (docs/contract/queries.md §3)', () => {
  test.each(['and', 'or'])('%s takes two conditions or more', (method) => {
    expect(refusal(filter(method, '', a, b))).toBe('accepted')
    expect(refusal(filter(method, '', a))).toBe(GATE_1)
    expect(refusal({ method })).toBe(GATE_1)
  })
  test.each([
    Query.limit(1),
    Query.offset(1),
    Query.orderAsc('name'),
    Query.orderRandom(),
    Query.cursorAfter('x'),
    Query.cursorBefore('x'),
    Query.select(['name']),
  ])('refuses %s inside', (query) => {
    expect(refusal(Query.or([query, query]))).toBe(GATE_1)
    expect(refusal(Query.and([JSON.stringify(a), query]))).toBe(GATE_1)
  })
  const nested = (depth: number) =>
    `${'{"method":"and","values":['.repeat(depth)}${JSON.stringify(a)},${JSON.stringify(b)}${`]},${JSON.stringify(b)}`.repeat(depth - 1)}]}`
  test('takes 20 levels and refuses 21', () => {
    expect(refusal(nested(20))).toBe('accepted')
    expect(refusal(nested(21))).toBe(GATE_1)
  })
  test('refuses 20,000 levels without overflowing', () => {
    expect(refusal(nested(20_000))).toBe(GATE_1)
    expect(refusal('['.repeat(20_000))).toBe(GATE_1)
    const lists = '['.repeat(20_000) + ']'.repeat(20_000)
    expect(refusal(`{"method":"equal","attribute":"name","values":${lists}}`)).toBe(GATE_1)
  })
  test('takes 300 conditions and refuses to run 301, however nested', () => {
    const many = (count: number) => Array<object>(count).fill(a)
    expect(refusal(...many(300))).toBe('accepted')
    expect(refusal(...many(301))).toBe(GATE_2)
    expect(refusal(filter('or', '', ...many(151)), filter('or', '', ...many(150)))).toBe(GATE_2)
  })
})

describe('the two gates (docs/contract/queries.md §2)', () => {
  test.each([
    ['search', filter('search', 'name', 'a')],
    ['a $sequence of 0', filter('equal', '$sequence', 0)],
  ])('report a bad parameter before %s, wherever it stands', (_, late) => {
    const bad = filter('equal', 'unknown', 'a')
    expect(refusal(late, bad)).toBe(GATE_1)
    expect(refusal(bad, late)).toBe(GATE_1)
    expect(refusal(filter('or', '', late, bad))).toBe(GATE_1)
    expect(refusal(late, '{')).toBe(GATE_1)
  })
})
