import { describe, expect, test } from 'vitest'
import { newTotpSecret, stepOf, totpUri } from '#/identity/factors/totp'

/** RFC 6238 appendix B, in Base32; its codes have eight digits, of which the last six are ours. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const VECTORS = [
  [59, 0x1, '94287082'],
  [1111111109, 0x23523ec, '07081804'],
  [1111111111, 0x23523ed, '14050471'],
  [1234567890, 0x273ef07, '89005924'],
  [2000000000, 0x3f940aa, '69279037'],
  [20000000000, 0x27bc86aa, '65353130'],
] as const
const at = (seconds: number) => new Date(seconds * 1000)

describe('a code', () => {
  test.each(VECTORS)('at %i s is of step %i (RFC 6238 appendix B)', (seconds, step, eight) => {
    const code = eight.slice(2)
    expect(stepOf(SECRET, code, at(seconds))).toBe(step)
    expect(stepOf(SECRET.toLowerCase(), code, at(seconds))).toBe(step)
  })
  test.each([
    [-31, undefined],
    [-30, 2],
    [-1, 2],
    [0, 2],
    [29, 2],
    [30, 2],
    [59, 2],
    [60, undefined],
  ])('is good %i s from the start of its step: step %s', (offset, expected) => {
    // Step 2 begins after 60 s; the code is RFC 4226's appendix D, count 2.
    expect(stepOf(SECRET, '359152', at(60 + offset))).toBe(expected)
  })
  test.each(['', '28708', '2870821', '28708x', ' 287082', '287083', '000000', '２８７０８２'])(
    'that is %j is wrong',
    (code) => {
      expect(stepOf(SECRET, code, at(59))).toBeUndefined()
    },
  )
})

test('a secret is 64 random bytes in Base32, without padding', () => {
  const secrets = Array.from({ length: 50 }, newTotpSecret)
  for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{103}$/)
  expect(new Set(secrets).size).toBe(secrets.length)
})

test('the URI escapes what names hold', () => {
  expect(totpUri('Edge & Co: one?', 'a+b@example.com', 'ABC')).toBe(
    'otpauth://totp/Edge%20%26%20Co%20one%3F%3Aa%2Bb%40example.com?issuer=Edge%20%26%20Co%20one%3F&secret=ABC',
  )
  const uri = new URL(totpUri('Münze', '100% "sure"', 'ABC'))
  expect(decodeURIComponent(uri.pathname)).toMatch(/\/Münze:100% "sure"$/)
  expect(Object.fromEntries(uri.searchParams)).toEqual({ issuer: 'Münze', secret: 'ABC' })
})

test.each([
  ['Acme: Shop', 'Ada: Countess', 'Acme Shop', 'Ada Countess'],
  ['Acme', 'https://ada.example', 'Acme', 'https //ada.example'],
  ['a:b:c', ':x:', 'a b c', 'x'],
  [' : ', 'Ada', '', 'Ada'],
])(
  'the URI of %j and %j has one colon at most, which parts the names',
  (issuer, label, by, who) => {
    const uri = new URL(totpUri(issuer, label, 'ABC'))
    const [, path = ''] = /totp\/([^?]*)/.exec(uri.href) ?? []
    expect(decodeURIComponent(path)).toBe([by, who].filter(Boolean).join(':'))
    expect(uri.searchParams.get('issuer') ?? '').toBe(by)
    expect(uri.searchParams.get('secret')).toBe('ABC')
  },
)
