import { expect, test } from 'vitest'
import { isSendable, parseAddress } from '#/lib/contact/address'
import { isLoopback } from '#/messaging/mail/carrier'

test.each([
  'a@b.example',
  'a.b+c=d@sub.example.com',
  "o'hara@x.example",
  'mailer@localhost',
  'é@ü.example',
  'a@[192.0.2.1]',
  'a@[ipv6:2001:db8::1]',
])('%s is an address', (text) => {
  expect(isSendable(text)).toBe(true)
})

test.each([
  ...['', 'a', '@b.example', 'a@', 'a@b@c', 'a b@c.example', 'a@b.example ', ' a@b.example'],
  ...['a@b.example,c@d.example', 'a@b.example;c@d.example', '<a@b.example>', 'A <a@b.example>'],
  ...['a@b.example\r\nRCPT TO:<c@d.example>', 'a@b.example\nBcc: x@y.z', 'a\0@b.example'],
  ...[
    '"a b"@c.example',
    'a(comment)@b.example',
    'a@[b.example]',
    'group:a@b.example;',
    'a\\@b.example',
  ],
])('%j is more or less than an address', (text) => {
  expect(isSendable(text)).toBe(false)
})

test.each([
  ['a@b.example', { email: 'a@b.example', name: '' }],
  [' a@b.example ', { email: 'a@b.example', name: '' }],
  ['<a@b.example>', { email: 'a@b.example', name: '' }],
  ['Acme Inc. <a@b.example>', { email: 'a@b.example', name: 'Acme Inc.' }],
  ['"Acme, Inc." <a@b.example>', { email: 'a@b.example', name: 'Acme, Inc.' }],
  ['Acme', undefined],
  ['Acme <>', undefined],
  ['Acme <a@b.example> x', undefined],
  ['A <a@b.example>, B <b@b.example>', undefined],
])('MAIL_FROM %j reads %j', (text, address) => {
  expect(parseAddress(text)).toEqual(address)
})

test.each([
  ...(
    ['localhost', 'LOCALHOST', 'x.localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'] as const
  ).map((host) => [host, true] as const),
  ...(
    [
      '127.0.0.1.example.com',
      'localhost.example.com',
      '128.0.0.1',
      '10.0.0.1',
      '',
      'a.b.localhost.x',
      '::2',
    ] as const
  ).map((host) => [host, false] as const),
])('%j is this machine: %s', (host, answer) => {
  expect(isLoopback(host)).toBe(answer)
})
