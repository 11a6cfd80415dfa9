import { expect, test } from 'vitest'
import { typedSecret } from '#/lib/typed-secret'

test.each([
  ['123456', '123456'],
  [' 123 456 ', '123456'],
  ['123-456', '123456'],
  ['123\u2011456', '123456'],
  ['123–456', '123456'],
  ['12 34 56.', '123456'],
  ['“123456”,', '123456'],
  ['*123456*', '123456'],
  ['\u200e123\u00a0456\u200b\u2069', '123456'],
  ['\ufeff123456\r\n', '123456'],
  ['１２３４５６', '123456'],
  ['１２３　４５６', '123456'],
  ['١٢٣٤٥٦', '123456'],
  ['۱۲۳۴۵۶', '123456'],
  ['१२३४५६', '123456'],
  ['১২৩৪৫৬', '123456'],
  ['๑๒๓๔๕๖', '123456'],
  ['𝟏𝟐𝟑𝟒𝟓𝟔', '123456'],
  ['①②③④⑤⑥', '123456'],
  ['٠٩۰۹०९𞥐𞥙', '09090909'],
  ['A1B2-C3D4-EF', 'a1b2c3d4ef'],
  ['ａ１ｂ２', 'a1b2'],
  ['deadbeef).', 'deadbeef'],
  ['<deadbeef>', 'deadbeef'],
])('reads %j as %s', (text, expected) => {
  expect(typedSecret(text)).toBe(expected)
  expect(typedSecret(expected)).toBe(expected)
})

test.each([
  ['a letter more', '123456x'],
  ['a letter in place of a digit', '12345O'],
  ['a word before it', 'code 123456'],
  ['a letter that looks like one of hex', 'de\u0430dbeef'],
])('keeps %s, so that it is wrong', (_, text) => {
  expect(['123456', '123450', 'deadbeef']).not.toContain(typedSecret(text))
})

test('leaves what a sign-in with a provider ends with as it is, but for what surrounds it', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzZWNyZXQiOiJBQiJ9.aB-_9'
  for (const text of [jwt, ` ${jwt}\n`, `${jwt}.`, `"${jwt}"`]) expect(typedSecret(text)).toBe(jwt)
})

test('reads the digits of every script', () => {
  let count = 0
  for (let code = 0; code <= 0x1ffff; code++) {
    const character = String.fromCodePoint(code)
    if (!/\p{Nd}/u.test(character)) continue
    count++
    expect(typedSecret(character)).toMatch(/^[0-9]$/)
  }
  expect(count % 10).toBe(0)
  expect(count).toBeGreaterThan(600)
})
