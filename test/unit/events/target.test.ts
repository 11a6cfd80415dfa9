import { describe, expect, test } from 'vitest'
import { isTarget } from '#/events/target'

const PUBLIC = [
  ...['https://example.com', 'http://example.com/', 'https://hooks.example.co.uk:8443/a?b=1#c'],
  ...['https://EXAMPLE.com/x', 'https://me.workers.dev/x', 'https://xn--bcher-kva.example.de'],
  ...['https://bücher.de/x'],
]
const LOOPBACK = [
  ...['http://localhost', 'http://localhost:8787/a', 'http://LOCALHOST/', 'http://app.localhost/'],
  ...['http://127.0.0.1:80/', 'http://127.255.1.2/', 'http://[::1]:9/', 'http://127.1/'],
  ...['http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/'],
]
const INTERNAL = [
  // Private, link-local, shared, documentation, multicast, reserved; of both versions, mapped and tunnelled.
  ...['http://10.0.0.1/', 'http://172.16.0.1/', 'http://192.168.1.1/', 'http://169.254.169.254/'],
  ...['http://100.64.0.1/', 'http://192.0.2.1/', 'http://224.0.0.1/', 'http://240.0.0.1/'],
  ...['http://0.0.0.0/', 'http://255.255.255.255/', 'http://3232235777/', 'http://0xa000001/'],
  ...['http://[::]/', 'http://[fe80::1]/', 'http://[fc00::1]/', 'http://[fd12:3456::1]/'],
  ...['http://[::ffff:127.0.0.1]/', 'http://[::ffff:10.0.0.1]/', 'http://[64:ff9b::a00:1]/'],
  ...['http://[2002:7f00:1::]/', 'http://[2001:db8::1]/', 'http://[ff02::1]/'],
  // Public addresses are no names either.
  ...['https://1.1.1.1/', 'https://[2606:4700:4700::1111]/'],
  // Names that no public resolver knows.
  ...['http://intranet/', 'http://printer.local/', 'http://db.internal/', 'http://a.corp/'],
  ...['http://router.home.arpa/', 'http://home.arpa/', 'http://metadata.google.internal/'],
  ...['http://localhost.localdomain/', 'http://example.invalid/', 'http://x.test/', 'http://com/'],
  ...['http://localhost./', 'http://example.com./'],
]
const NO_ADDRESS = [
  ...['', 'example.com', '/path', 'ftp://example.com', 'javascript:alert(1)', 'https://'],
  ...['https://user:pass@example.com/', 'https://user@example.com/', 'file:///etc/passwd'],
  ...['ws://example.com', 'data:text/plain,x', 'http://exa mple.com/', 'http://-a.com-/'],
]

describe('in production', () => {
  test.each(PUBLIC)('%s may be told', (url) => expect(isTarget(url, false)).toBe(true))
  test.each([...LOOPBACK, ...INTERNAL, ...NO_ADDRESS])('%j may not', (url) =>
    expect(isTarget(url, false)).toBe(false),
  )
})

describe('on a development server', () => {
  test.each([...PUBLIC, ...LOOPBACK])('%s may be told', (url) =>
    expect(isTarget(url, true)).toBe(true),
  )
  test.each([...INTERNAL, ...NO_ADDRESS])('%j may not', (url) =>
    expect(isTarget(url, true)).toBe(false),
  )
})
