import { describe, expect, test } from 'vitest'
import { formatWarning, olderThan } from '#/http/response-format'
import { parseLegacyQuery } from '#/queries/legacy'

const convert = (text: string): unknown => JSON.parse(parseLegacyQuery(text))
const call = (method: string, attribute: string, values: unknown[] = []) => ({
  method,
  attribute,
  values,
})

describe('the syntax before 1.5 (docs/contract/queries.md §10)', () => {
  test.each([
    ['equal("a", ["x"])', call('equal', 'a', ['x'])],
    ['equal("a", ["x", "y"])', call('equal', 'a', ['x', 'y'])],
    ["equal('a', ['x'])", call('equal', 'a', ['x'])],
    ['equal("a","x")', call('equal', 'a', ['x'])],
    [' equal ( "a" , [ "x" , 1 ] ) ', call('equal', 'a', ['x', 1])],
    ['equal("a", [])', call('equal', 'a')],
    ['equal("a")', call('equal', 'a')],
    ['equal("a", [true, false, null])', call('equal', 'a', [true, false, null])],
    ['equal("a", [1, -2, 2.5, 007])', call('equal', 'a', [1, -2, 2.5, 7])],
    ['equal("a", [["x", [1]], []])', call('equal', 'a', [['x', [1]], []])],
    ['equal("a", ["true", "null", "1"])', call('equal', 'a', ['true', 'null', '1'])],
    ['between("size", [1, 5])', call('between', 'size', [1, 5])],
    ['isNull("a")', call('isNull', 'a')],
    ['orderAsc("")', call('orderAsc', '')],
    ['orderAsc()', call('orderAsc', '')],
    ['orderDesc("name")', call('orderDesc', 'name')],
    ['limit(25)', { method: 'limit', values: [25] }],
    ['limit()', { method: 'limit', values: [] }],
    ['offset("3")', { method: 'offset', values: ['3'] }],
    ['cursorAfter("id")', { method: 'cursorAfter', values: ['id'] }],
    ["cursorBefore('id')", { method: 'cursorBefore', values: ['id'] }],
    ['select(["a", "b"])', { method: 'select', values: ['a', 'b'] }],
    ['constructor("__proto__", ["toString"])', call('constructor', '__proto__', ['toString'])],
  ])('reads %s', (text, expected) => expect(convert(text)).toEqual(expected))

  test.each([
    [String.raw`equal("a", ["say \"hi\""])`, 'say "hi"'],
    [String.raw`equal("a", ['it\'s'])`, "it's"],
    [String.raw`equal("a", ["c:\\d"])`, 'c:\\d'],
    [String.raw`equal("a", ["c:\d"])`, 'c:\\d'],
    [String.raw`equal("a", ["end\\"])`, 'end\\'],
    [`equal("a", ["it's, (a) [b]"])`, "it's, (a) [b]"],
    [`equal("a", ['"'])`, '"'],
    ['equal("a", ["\0\n💥"])', '\0\n💥'],
  ])('reads the quoted text in %s', (text, value) =>
    expect(convert(text)).toEqual(call('equal', 'a', [value])),
  )

  test.each([
    ...['', ' ', 'x', 'equal', 'equal(', 'equal)', 'equal"a"', '("a")', 'equal("a"', 'equal("a"))'],
    ...[
      'equal("a", ["x")',
      'equal("a", ["x"]',
      'equal("a", "x]',
      'equal(\'a", [1])',
      'equal("a" 1)',
    ],
    ...['equal("a",)', 'equal(,"a")', 'equal("a", [1,])', 'equal("a", [,])', 'equal("a", [1 2])'],
    ...['equal("a", [x])', 'equal(a, ["x"])', 'equal("a", [1e5])', 'equal("a", [1.])', 'limit(+1)'],
    ...['equal("a", [TRUE])', 'equal("a", [NaN])', 'equal("a", [--1])', 'limit(1) limit(2)'],
    ...['equal(1, ["x"])', 'equal(["a"], ["x"])', 'equal(null, ["x"])', 'between("a", 1, 2)'],
    ...[
      'limit(1, 2)',
      'or(equal("a", ["x"]), equal("a", ["y"]))',
      'a.equal("x")',
      '__proto__("a")',
    ],
    ...['equal("a", ["x\\"])', '{"method":"limit","values":[1]}', 'equal\0("a")'],
  ])('refuses %j', (text) =>
    expect(() => parseLegacyQuery(text)).toThrow(
      expect.objectContaining({ type: 'general_query_invalid' }),
    ),
  )

  test('refuses hostile sizes in little time', () => {
    const start = performance.now()
    for (const text of [
      'equal('.repeat(20_000),
      `equal("a", ${'['.repeat(200_000)}`,
      `equal("a", [${'1'.repeat(200_000)}])`,
      `equal("${'\\'.repeat(200_001)})`,
      `equal("a", ["${' '.repeat(200_000)}`,
      `${'a'.repeat(200_000)}`,
    ]) {
      expect(() => parseLegacyQuery(text)).toThrow(
        expect.objectContaining({ type: 'general_query_invalid' }),
      )
    }
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('X-Appwrite-Response-Format (docs/contract/queries.md §10)', () => {
  test.each(['1.4.13', '1.4', '1', '0.15.0', 'v1.4.9', ' 1.4.0 ', '1.4.99-rc.1', '0'])(
    '%j is older than 1.5.0',
    (header) => expect(olderThan(header, '1.5.0')).toBe(true),
  )
  test.each([
    ...[undefined, '', '1.5.0', '1.5', '1.10.0', '1.9.5', '2.3.0', '2', '10.0.0', 'v1.5'],
    ...['abc', '.', '-1', '__proto__', '\0', '9'.repeat(5000)],
  ])('%j is not', (header) => expect(olderThan(header, '1.5.0')).toBe(false))
  test.each([undefined, '', 'abc', '1.4.0', '1.9.6', '1.9.7', '2.0.0', '2.3.0'])(
    '%j brings no warning',
    (header) => expect(formatWarning(header, '1.9.6')).toBeUndefined(),
  )
  test.each(['2.3.1', '2.10', '3', '99.0.0'])('%j brings a warning', (header) =>
    expect(formatWarning(header, '1.9.6')).toContain('1.9.6'),
  )
})
