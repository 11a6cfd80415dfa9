import { expect, test } from 'vitest'
import { isTarget } from '#/events/target'
import { isReachable } from '#/lib/provider-address'
import { kindOfHost } from '#/lib/public-host'

const LOOPBACK = [
  ...['localhost', 'LOCALHOST', 'app.localhost', 'a.b.localhost', '127.0.0.1', '127.255.255.254'],
  ...[
    '127.1',
    '127.0.0.1.',
    '127.0.1',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '0177.1',
    '2130706433',
  ],
  ...[
    '１２７.0.0.1',
    '127。0。0。1',
    '127．0．0．1',
    '⑫7.0.0.1',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
  ],
  ...['[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '%6cocalhost', 'ⓛocalhost'],
]
const INTERNAL = [
  ...[
    '',
    '.',
    '..',
    'a b',
    '0',
    '0.0.0.0',
    '10.0.0.1',
    '10.1',
    '0xa000001',
    '167772161',
    '012.0.0.1',
  ],
  ...[
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.168.257',
    '169.254.169.254',
    '0xa9fea9fe',
  ],
  ...['100.64.0.1', '100.127.255.255', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1'],
  ...['203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
  ...['::', '[::]', 'fe80::1', 'fe80::1%eth0', '[fe80::1%25eth0]', 'fc00::1', 'fd12:3456::1'],
  ...['ff02::1', '2001:db8::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1'],
  ...['::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::1'],
  ...[
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2001:0:a00:1::1',
    '2001:0000:4136:e378:8000:63bf:3fff:fdd2',
  ],
  ...['fec0::1', '100::1', '2001:2::1', '2001:10::1'],
  ...['intranet', 'printer.local', 'db.internal', 'metadata.google.internal', 'metadata', 'a.corp'],
  ...['a.lan', 'a.home', 'a.private', 'a.intranet', 'router.home.arpa', 'home.arpa', 'a.onion'],
  ...['localhost.localdomain', 'x.invalid', 'x.test', 'com', 'co.uk', 'example', 'localhost.'],
  ...['example.com.', 'a..b.com', '-a.com-', 'exa\u00admple', '256.1.1.1', '1.2.3.4.5'],
  ...['example.com:80', 'user@example.com', 'example.com/x', 'example.com\\x', 'example.com\t'],
  ...['example.com\u00a0', '\ufeffexample.com', 'exam\nple.com', 'example.com?x', 'example.com#x'],
]
const ADDRESSES = [
  '8.8.8.8',
  '1.1',
  '16843009',
  '[2606:4700:4700::1111]',
  '2a00:1450:4001:81b::200e',
]
const NAMES = [
  'example.com',
  'EXAMPLE.com',
  'me.workers.dev',
  'bücher.de',
  'xn--bcher-kva.de',
  'a.example',
]

test.each([
  ...LOOPBACK.map((host) => [host, 'loopback'] as const),
  ...INTERNAL.map((host) => [host, 'internal'] as const),
  ...ADDRESSES.map((host) => [host, 'address'] as const),
  ...NAMES.map((host) => [host, 'name'] as const),
])('%j is %s', (host, kind) => expect(kindOfHost(host)).toBe(kind))

const urlOf = (host: string) =>
  `https://${host.includes(':') && !/[[.]/.test(host) ? `[${host}]` : host}/`

test.each([...LOOPBACK, ...INTERNAL, ...ADDRESSES].filter((host) => !/[/?#:\ufeff]./.test(host)))(
  'neither a webhook nor a provider is at %j',
  (host) =>
    expect([isTarget(urlOf(host), false), isReachable(urlOf(host), false)]).toEqual([false, false]),
)
test.each(NAMES)('a webhook and a provider may be at %j', (host) =>
  expect([isTarget(urlOf(host), false), isReachable(urlOf(host), false)]).toEqual([true, true]),
)
