import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  futureDateTime,
  gatherArrays,
  gatherQuery,
  looseBoolean,
  looseInteger,
  looseNumber,
  optional,
  requireFuture,
  text,
  withDefault,
} from '#/http/params'
import { parseDateTime } from '#/lib/date-time'

const REFUSED = Symbol('refused')

/** Returns what a schema makes of a value, or `REFUSED`. */
function parse(schema: z.ZodType, value: unknown) {
  const { success, data } = schema.safeParse(value)
  return success ? data : REFUSED
}

describe('looseBoolean', () => {
  test.each([
    [true, true],
    ['true', true],
    ['1', true],
    [1, true],
    [false, false],
    ['false', false],
    ['0', false],
    [0, false],
  ])('takes %j for %j', (value, expected) => {
    expect(parse(looseBoolean, value)).toBe(expected)
  })
  test.each([
    ['TRUE'],
    ['yes'],
    ['on'],
    [''],
    [' true'],
    ['01'],
    [2],
    [-1],
    [null],
    [[true]],
    [{}],
  ])('refuses %j', (value) => {
    expect(parse(looseBoolean, value)).toBe(REFUSED)
  })
})

describe('looseInteger from -5 to 10', () => {
  test.each([
    [10, 10],
    ['10', 10],
    [-5, -5],
    ['-5', -5],
    ['007', 7],
    [0, 0],
    ['0', 0],
  ])('takes %j for %j', (value, expected) => {
    expect(parse(looseInteger(-5, 10), value)).toBe(expected)
  })
  test.each<unknown>([
    ...[11, '11', -6, '-6', 1.5, '1.5', '1.0', '', ' 1', '1 ', '1e0', '0x1', '+1', '--1', '١'],
    ...[true, null, { length: 1 }, Number.NaN, 1 / 0],
  ])('refuses %j', (value) => {
    expect(parse(looseInteger(-5, 10), value)).toBe(REFUSED)
  })
  test.each([[9007199254740991], ['9007199254740991']])('reads %j exactly', (value) => {
    expect(parse(looseInteger(0, Number.MAX_SAFE_INTEGER), value)).toBe(9007199254740991)
  })
  test.each([['9007199254740993'], ['10000000000000000'], [2 ** 53]])(
    'refuses %j, which a number cannot hold exactly',
    (value) => {
      expect(parse(looseInteger(0, Number.POSITIVE_INFINITY), value)).toBe(REFUSED)
    },
  )
})

describe('looseNumber from -1 to 1', () => {
  test.each([
    [0.5, 0.5],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['1.', 1],
    ['-0.25', -0.25],
    [1, 1],
    ['-1', -1],
  ])('takes %j for %j', (value, expected) => {
    expect(parse(looseNumber(-1, 1), value)).toBe(expected)
  })
  test.each<unknown>([
    ...[1.01, '1.01', -1.01, '', '.', '-', '1e0', '0x1', ' 1', '1,0', 'NaN', 'Infinity'],
    ...[Number.NaN, true, null, {}],
  ])('refuses %j', (value) => {
    expect(parse(looseNumber(-1, 1), value)).toBe(REFUSED)
  })
})

describe('text', () => {
  test.each([
    ['ab', text(3)],
    ['a', text(3)],
    ['abc', text(3)],
    ['😀😀😀', text(3)],
    ['日本語', text(3)],
    ['', text(3, 0)],
    ['ab', text(2, 2)],
    [' ', text(3)],
  ])('takes %j', (value, schema) => {
    expect(parse(schema, value)).toBe(value)
  })
  test.each([
    ['', text(3)],
    ['abcd', text(3)],
    ['😀😀😀😀', text(3)],
    ['😀', text(3, 2)],
    [1, text(3)],
    [null, text(3)],
    [undefined, text(3, 0)],
    [['a'], text(3)],
  ])('refuses %j', (value, schema) => {
    expect(parse(schema, value)).toBe(REFUSED)
  })
})

describe('a parameter that may be left out', () => {
  const shape = z.object({ a: optional(text(3)), b: withDefault(looseBoolean, true) })
  test.each([
    [{}, { a: undefined, b: true }],
    [
      { a: null, b: null },
      { a: undefined, b: true },
    ],
    [
      { a: undefined, b: undefined },
      { a: undefined, b: true },
    ],
    [
      { a: 'x', b: false },
      { a: 'x', b: false },
    ],
    [{ b: '0' }, { a: undefined, b: false }],
  ])('takes %j', (given, expected) => {
    expect(parse(shape, given)).toEqual(expected)
  })
  test.each([[{ a: '' }], [{ a: 'long' }], [{ a: 1 }], [{ b: '' }], [{ b: 'no' }]])(
    'is checked when it is there: %j',
    (given) => {
      expect(parse(shape, given)).toBe(REFUSED)
    },
  )
})

describe('gatherArrays', () => {
  test.each([
    [{}, {}],
    [
      { a: '1', b: ['2', '3'] },
      { a: '1', b: ['2', '3'] },
    ],
    [{ 'a[]': 'x' }, { a: ['x'] }],
    [{ 'a[]': ['x', 'y'] }, { a: ['x', 'y'] }],
    [{ 'a[0]': 'x' }, { a: ['x'] }],
    [{ 'a[1]': 'y', 'a[0]': 'x' }, { a: ['x', 'y'] }],
    [{ 'a[10]': 'z', 'a[9]': 'y', 'a[1]': 'x' }, { a: ['x', 'y', 'z'] }],
    [{ 'a[]': '' }, { a: [''] }],
    [
      { 'a[]': 'x', 'b[]': 'y', c: 'z' },
      { a: ['x'], b: ['y'], c: 'z' },
    ],
    [{ 'a[b]': 'x' }, { 'a[b]': 'x' }],
    [{ 'a[0][1]': 'x' }, { 'a[0][1]': 'x' }],
    [{ '[]': 'x' }, { '[]': 'x' }],
    [
      { 'a[': 'x', 'b]': 'y' },
      { 'a[': 'x', 'b]': 'y' },
    ],
    [{ 'a[-1]': 'x' }, { 'a[-1]': 'x' }],
  ])('turns %j into %j', (given, expected) => {
    expect(gatherArrays(given)).toEqual(expected)
  })
  test('leaves what it was given as it was', () => {
    const given = { 'a[]': ['x'] }
    gatherArrays(given)
    expect(given).toEqual({ 'a[]': ['x'] })
  })
})

test.each([
  [{ a: ['1', '2'] }, { a: '2' }],
  [{ a: '1' }, { a: '1' }],
  [{ a: ['1'] }, { a: '1' }],
  [{ 'a[]': ['1', '2'] }, { a: ['1', '2'] }],
  [{ 'a[1]': ['2'], 'a[0]': ['1'] }, { a: ['1', '2'] }],
])('gatherQuery turns %j into %j', (given, expected) => {
  expect(gatherQuery(given)).toEqual(expected)
})

describe('parseDateTime', () => {
  test.each([
    ['2026-11-24T12:00:00.123+00:00', '2026-11-24T12:00:00.123Z'],
    ['2026-11-24T12:00:00.123Z', '2026-11-24T12:00:00.123Z'],
    ['2026-11-24T12:00:00+02:00', '2026-11-24T10:00:00.000Z'],
    ['2026-11-24T12:00:00-05:30', '2026-11-24T17:30:00.000Z'],
    ['2026-11-24T12:00:00.5', '2026-11-24T12:00:00.500Z'],
    ['2026-11-24T12:00', '2026-11-24T12:00:00.000Z'],
    ['2026-11-24 12:00:00', '2026-11-24T12:00:00.000Z'],
    ['2026-11-24 12:00:00.123+02:00', '2026-11-24T10:00:00.123Z'],
    ['2026-11-24', '2026-11-24T00:00:00.000Z'],
    [' 2026-11-24T12:00:00Z ', '2026-11-24T12:00:00.000Z'],
    ['Tue, 24 Nov 2026 12:00:00 GMT', '2026-11-24T12:00:00.000Z'],
    ['24 November 2026 12:00:00 UTC', '2026-11-24T12:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('reads %j as %s', (value, expected) => {
    expect(parseDateTime(value)?.toISOString()).toBe(expected)
  })
  test.each([
    ...['', ' ', 'now', 'tomorrow', 'yesterday 2024', 'foo 2024', '2024 foo', '2024-01-01 foo'],
    ...['+1 day', '12', '1732449600', '12:00', '2026-13-01', '2026-11-32T00:00:00Z'],
    ...['2026-11-24T25:00:00Z', '2026-11-24T12:61:00Z', '2026-11-24T12:00:00+99:00'],
    ...['99999-01-01', '+010000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', 'Invalid Date'],
    `2026-11-24${' '.repeat(55)}`,
  ])('refuses %j', (value) => {
    expect(parseDateTime(value)).toBeUndefined()
  })
})

describe('futureDateTime at 12:00', () => {
  const NOON = new Date('2026-11-24T12:00:00Z')
  const parseFuture = (value: unknown) => {
    const { success, data } = futureDateTime.safeParse(value)
    if (!success) return REFUSED
    requireFuture('expire', data, NOON)
    return data
  }
  test.each([
    ['2026-11-24T12:00:00.001Z', '2026-11-24T12:00:00.001Z'],
    ['2026-11-24T13:30:00+01:00', '2026-11-24T12:30:00.000Z'],
    ['2027-01-01', '2027-01-01T00:00:00.000Z'],
  ])('takes %s', (value, expected) => {
    expect(parseFuture(value)).toEqual(new Date(expected))
  })
  test.each(['foo 2027', '', 1900000000000, null])('refuses %j', (value) => {
    expect(parseFuture(value)).toBe(REFUSED)
  })
  test.each(['2026-11-24T12:00:00.000Z', '2026-11-24T11:59:59.999Z', '2026-11-24T12:30:00+01:00'])(
    'refuses %j, which is over',
    (value) => {
      expect(() => parseFuture(value)).toThrow(
        'Invalid `expire` param: must be a date-time in the future',
      )
    },
  )
  test('takes none', () => {
    expect(() => requireFuture('expire', undefined, NOON)).not.toThrow()
  })
})
