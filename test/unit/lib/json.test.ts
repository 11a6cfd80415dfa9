import { describe, expect, test } from 'vitest'
import { asDigits, asDouble, isDeeper, parseFreeForm, parseJson, unreadablePart } from '#/lib/json'

const NUMBERS = [
  ...['0', '-0', '1', '-1', '1.0', '1.10', '1E2', '1e+2', '-1.5e-7', '0.1', '1e21', '1e308'],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '1234567890123456789'],
  ...['-9223372036854775808', '18446744073709551615', '123456789012345678901234567890'],
  ...['0.10000000000000000555', '3.14159265358979323846', '1e-400', '100000000000000000000'],
]
const PLACES = ['%', '[%]', '{"a":%}', '{"a":[1,{"b":%}]}', ' [ % , % ] '].map(
  (place) => (number: string) => place.replaceAll('%', number),
)

describe.each(NUMBERS)('the number %s', (number) => {
  test('is printed as it was written, wherever it stands', () => {
    for (const place of PLACES) {
      const text = place(number)
      expect(JSON.stringify(parseJson(text))).toBe(text.replaceAll(' ', ''))
      expect(JSON.stringify(parseFreeForm(text))).toBe(text.replaceAll(' ', ''))
    }
  })
  test('has the value that it had', () => {
    expect(asDouble(parseJson(number))).toBe(Number(number))
    expect(unreadablePart(parseJson(number))).toBeUndefined()
  })
  test('has digits where it is an integer written in full', () => {
    expect(asDigits(parseJson(number))).toBe(
      /^-?\d+$/.test(number) && number !== '-0' ? number : undefined,
    )
  })
})

test('values that are no numbers stay as they are', () => {
  const text = '{"a":"1.10","b":null,"c":[true,"-0 1E2 12345678901234567890"],"":{}}'
  expect(parseJson(text)).toEqual(JSON.parse(text))
  expect(parseFreeForm(text)).toEqual(JSON.parse(text))
})

test('of a key that stands twice the last value counts', () => {
  expect(JSON.stringify(parseJson('{"a":1.10,"a":2.20}'))).toBe('{"a":2.20}')
})

const nest = (depth: number) => `${'{"a":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`

test('depth is bounded', () => {
  expect(() => parseJson(nest(1000))).not.toThrow()
  for (const depth of [1002, 100_000]) expect(() => parseJson(nest(depth))).toThrow(RangeError)
  expect([3, 2].map((max) => isDeeper(JSON.parse(nest(4)), max))).toEqual([false, true])
  expect(isDeeper(parseJson('[1.10]'), 0)).toBe(false)
})

/** What some client cannot read, and what is left of it in an answer. */
const UNREADABLE: [text: string, left: string][] = [
  ['{"a":1e400}', '{}'],
  ['{"a":-1E+309,"b":1}', '{"b":1}'],
  [`{"a":${'9'.repeat(400)}}`, '{}'],
  ['{"a":[1,1e400,2]}', '{"a":[1,null,2]}'],
  ['{"__proto__":{"admin":true},"b":1.10}', '{"b":1.10}'],
  ['{"constructor":1}', '{}'],
  ['{"a":[{"b":{"constructor":null}}]}', '{"a":[{"b":{}}]}'],
  ['{"a":{"__proto__":1}}', '{"a":{}}'],
  ['{"\\u005f_proto__":1}', '{}'],
  ['{"\\u0063onstructor":1}', '{}'],
  ['{"\\\\u005f_proto__":1}', '{}'],
  ['{"con\\\\u0073tructor":1}', '{}'],
  ['{"constructors":1}', '{}'],
  ['{"a__proto__b":1}', '{}'],
  ['{"a":"\\ud800"}', '{"a":"\ufffd"}'],
  ['{"a":["x\\udc00y"]}', '{"a":["x\ufffdy"]}'],
  ['{"\\ud800":1}', '{}'],
]

test.each(UNREADABLE)('%s is found, and left out of what is stored', (text, left) => {
  expect(unreadablePart(parseJson(text))).toEqual(expect.any(String))
  expect(JSON.stringify(parseFreeForm(text))).toBe(left)
})

test.each([
  '{"proto":1,"__proto_":2,"_proto__":3,"Constructor":4,"construct":5,"prototype":6,"toString":7}',
  '{"a":"__proto__","b":["constructor"],"c":"1e400"}',
  '{"a":"\\ud83d\\ude00","\\u0000":"\\ufffd"}',
])('%s is for every client', (text) => {
  expect(unreadablePart(parseJson(text))).toBeUndefined()
  expect(parseFreeForm(text)).toEqual(JSON.parse(text))
})
