import { expect, test } from 'vitest'
import { withoutLinks } from '#/messaging/mail/templates/substitute'

test.each([
  'evil.example',
  'http://evil.example',
  'me@evil.example',
  'नमस्ते.com',
  'cafe\u0301.com',
  'i❤.ws',
  'evil。example',
])('breaks up %s', (name) => {
  const broken = withoutLinks(name)
  expect(broken).not.toBe(name)
  expect(broken).not.toMatch(/[^\s\u200b][.。@][^\s\u200b]/u)
  expect(broken.replaceAll('\u200b', '')).toBe(name)
})

test.each(['Ada Lovelace', 'Dr. Who', 'Who?', '12:30', 'J. R. R.'])('leaves %s', (name) => {
  expect(withoutLinks(name)).toBe(name)
})
