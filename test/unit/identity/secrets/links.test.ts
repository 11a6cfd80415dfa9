import { expect, test } from 'vitest'
import { secretLink, withQuery } from '#/identity/secrets/links'

test.each([
  ['https://a.example/', 'https://a.example/?userId=u'],
  ['https://a.example', 'https://a.example/?userId=u'],
  ['https://a.example:8443/x', 'https://a.example:8443/x?userId=u'],
  ['https://a.example/x?', 'https://a.example/x?userId=u'],
  ['https://a.example/x?b=1&b=2', 'https://a.example/x?b=1&b=2&userId=u'],
  ['https://a.example/x?b=%20+%2F&flag', 'https://a.example/x?b=%20+%2F&flag&userId=u'],
  ['https://a.example/x?toString=1', 'https://a.example/x?toString=1&userId=u'],
  ['https://a.example/x?userId=old&b=1', 'https://a.example/x?b=1&userId=u'],
  ['https://a.example/x?user%49d=old', 'https://a.example/x?userId=u'],
  ['https://a.example/x?b=1#part?c=2', 'https://a.example/x?b=1&userId=u#part?c=2'],
  ['https://a.example/#/route', 'https://a.example/?userId=u#/route'],
  ['myapp://open/here?b=1', 'myapp://open/here?b=1&userId=u'],
  ['appwrite-callback-x://', 'appwrite-callback-x://?userId=u'],
  ['https://name:word@a.example/x', 'https://name:word@a.example/x?userId=u'],
])('%s becomes %s', (address, expected) => {
  expect(withQuery(address, { userId: 'u' })).toBe(expected)
})

test('escapes what it adds', () => {
  const link = secretLink(
    'https://a.example/',
    { userId: 'a&b', expiresAt: new Date('2026-11-24T12:00:00.000Z') },
    's#1',
    { project: 'p q' },
  )
  expect(link).toBe(
    'https://a.example/?userId=a%26b&secret=s%231&expire=2026-11-24T12%3A00%3A00.000%2B00%3A00&project=p+q',
  )
})
