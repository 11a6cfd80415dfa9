import { expect, test } from 'vitest'
import { z } from 'zod'
import { isPhone, phone } from '#/lib/contact/phone'

test.each([
  ...['+14155552671', '+442071838750', '+4915112345678', '+919876543210', '+8613800138000'],
  ...['+1234567', '+123456789012345', '+79161234567', '+35312345678', '+380501234567'],
  ...['+2250701234567', '+923001234567', '+93701234567', '+355661234567', '+243812345678'],
])('accepts %s', (number) => {
  expect(phone.parse(number)).toBe(number)
})

test.each([
  ...['', '+', '14155552671', '004915112345678', '+0123456789', '+123456', '+1234567890123456'],
  ...['+1 4155552671', '+1-415-555-2671', '+1(415)5552671', ' +14155552671', '+14155552671 '],
  ...[
    '+14155552671\n',
    '++14155552671',
    '+1415555267a',
    '+١٤١٥٥٥٥٢٦٧١',
    '+14155552671,+14155552672',
  ],
  ...['+2101234567', '+2191234567', '+2591234567', '+3841234567', '+6991234567', '+9991234567'],
])('refuses %j', (number) => {
  expect(phone.safeParse(number).success).toBe(false)
  expect(isPhone(number)).toBe(false)
})

test.each([null, undefined, 14155552671, {}, ['+14155552671']])('refuses %j', (given) => {
  expect(phone.safeParse(given).success).toBe(false)
})

/** What docs/contract/users.md §17 lists. */
const CONTRACT =
  '1 7 20 27 30-34 36 39-41 43-49 51-58 60-66 81 82 84 86 90 91 94 95 98 212 213 216 218 220-224 226-229 231-234 236-242 244 245 248-258 260-269 290 291 297-299 350-354 356-359 370-378 380 381 385-387 389 417 420 421 500-507 509 590-598 670-683 686-689 691 692 850 852 853 855 856 880 886 960-968 971-977 994-996'

test('accepts every calling code of the contract', () => {
  for (const range of CONTRACT.split(' ')) {
    const [first = 0, last = first] = range.split('-').map(Number)
    for (let code = first; code <= last; code++) expect(isPhone(`+${code}5551234567`)).toBe(true)
  }
})

test('refuses calling codes that no country has', () => {
  const codes = Array.from({ length: 900 }, (_, index) => String(100 + index))
  const refused = codes.filter((code) => !isPhone(`+${code}5551234`))
  expect(refused.filter((code) => /^[17]/.test(code))).toEqual([])
  expect(refused).toEqual(expect.arrayContaining(['210', '214', '259', '292', '384', '999']))
  expect(refused.length).toBeGreaterThan(90)
})

test('shows as a string with a pattern on the wire', () => {
  const wire = z.globalRegistry.get(phone)?.wire
  expect(wire).toEqual({ type: 'string', pattern: '^\\+[1-9]\\d{6,14}$' })
})

test('refuses endless text in bounded time', () => {
  const started = performance.now()
  for (const part of ['+', '1', '+1', ' ']) expect(isPhone(part.repeat(1_000_000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1_000)
})
