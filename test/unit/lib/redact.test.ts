import { expect, test } from 'vitest'
import { redact, redactText } from '#/lib/redact'

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiJ1In0.c2lnbmF0dXJl'
const HEX = 'a1'.repeat(32)

test.each([
  [`The key standard_${HEX} is unknown`, 'The key standard_[redacted] is unknown'],
  ['ephemeral_eyJ0.eyJ1.x', 'ephemeral_[redacted]'],
  [`jwt ${JWT}!`, 'jwt [redacted]!'],
  [`Authorization: Bearer ${HEX}`, 'Authorization: Bearer [redacted]'],
  ['https://user:hunter2@example.com/x', 'https://[redacted]@example.com/x'],
  ['smtps://user:p%40ss@example.com:465', 'smtps://[redacted]@example.com:465'],
  ['GET /v1/x?userId=u&secret=abcdef123&x=1', 'GET /v1/x?userId=u&secret=[redacted]&x=1'],
  ['{"access_token":"short-token"}', '{"access_token":"[redacted]"}'],
  ['password: correcthorse', 'password: [redacted]'],
  [`a session of ${HEX} ended`, 'a session of [redacted] ended'],
  ['Your code is 123456.', 'Your code is [redacted].'],
  ['PIN:123456', 'PIN:[redacted]'],
  ['550 I do not take "Your code is 482913"', '550 I do not take "Your code is [redacted]"'],
  [
    `Unexpected token 'a', "access_token=gho_x"... is not valid JSON`,
    `Unexpected token 'a', [redacted] is not valid JSON`,
  ],
])('%s', (text, expected) => expect(redactText(text)).toBe(expected))

test.each([
  'The answer has more than 262144 bytes.',
  'The webhook 6a0f1c2d3e4f5a6b7c8d was not told',
  '7d1f1a3e-3f6a-4d44-8a53-0d1d60e4bd0c is gone',
  'D1_ERROR: no such table: internals',
  'at connect (index.js:123456:12)',
  'after 12:30:123456 and 1.123456',
  'The webhook 6b060413a482913bc121 was not told',
  'PUBLIC_URL must be an http or https address without query',
])('leaves %s', (text) => expect(redactText(text)).toBe(text))

test('leaves an error that tells nothing as it is, and takes secrets out of any other', () => {
  const plain = new TypeError('x is no function', { cause: new Error('because') })
  expect(redact(plain)).toBe(plain)
  const telling = new TypeError(`no ${JWT}`, { cause: new Error(`of ${HEX}`) })
  const clean = redact(telling) as Error
  expect([clean.name, clean.message, (clean.cause as Error).message]).toEqual([
    ...['TypeError', 'no [redacted]', 'of [redacted]'],
  ])
  expect(clean.stack).toContain('TypeError: no [redacted]\n    at ')
  expect(clean.stack).not.toContain(JWT)
})

test('takes the values out of a failed query', () => {
  const failed = Object.assign(new Error('Failed query: insert ?\nparams: plain-token,Ada'), {
    query: 'insert ?',
    params: ['plain-token', 'Ada'],
  })
  const clean = redact(failed) as Error
  expect(clean.message).toBe('Failed query: insert ?')
  expect(JSON.stringify(clean, Object.getOwnPropertyNames(clean))).not.toMatch(/plain-token|Ada/)
})
