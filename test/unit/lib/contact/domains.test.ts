import { describe, expect, test } from 'vitest'
import { hasKnownSuffix, registrableDomain, sameSite } from '#/lib/contact/domains'

const LABEL = 'a'.repeat(63)

describe('registrableDomain', () => {
  test.each([
    ['example.com', 'example.com'],
    ['www.example.com', 'example.com'],
    ['A.B.Example.COM', 'example.com'],
    ['www.shop.co.uk', 'shop.co.uk'],
    ['a.b.example.com.au', 'example.com.au'],
    ['api.example.workers.dev', 'example.workers.dev'],
    ['me.github.io', 'me.github.io'],
    ['www.example.internal', 'example.internal'],
    ['www.xn--bcher-kva.de', 'xn--bcher-kva.de'],
  ])('of %s is %s', (hostname, domain) => {
    expect(registrableDomain(hostname)).toBe(domain)
  })

  test.each([
    ...['', '.', '..', 'localhost', 'com', 'co.uk', 'workers.dev', 'github.io', '127.0.0.1', '::1'],
    ...['[::1]', '[2001:db8::1]', '0.0.0.0', '.example.com.', 'exa mple.com', 'a..com'],
    ...['http://example.com', 'example.com:443', 'example.com/path', 'user@example.com'],
    ...['example.com.', '-a.com', 'a-.com', 'bücher.example', 'example.com\n'],
    ...[`${LABEL}a.com`, `${`${LABEL}.`.repeat(4)}com`, 'a.'.repeat(500_000), 'a'.repeat(1e6)],
  ])('of %s is nothing', (hostname) => {
    expect(registrableDomain(hostname)).toBe('')
  })
})

describe('sameSite', () => {
  test.each([
    ['example.com', 'example.com'],
    ['api.example.com', 'www.example.com'],
    ['API.example.com', 'example.COM'],
    ['a.shop.co.uk', 'b.shop.co.uk'],
    ['a.me.workers.dev', 'b.me.workers.dev'],
  ])('%s and %s are one site', (one, other) => {
    expect(sameSite(one, other)).toBe(true)
    expect(sameSite(other, one)).toBe(true)
  })

  test.each([
    ['example.com', 'example.org'],
    ['example.com', 'notexample.com'],
    ['example.com', 'example.com.evil.org'],
    ['one.co.uk', 'two.co.uk'],
    ['co.uk', 'co.uk'],
    ['one.workers.dev', 'two.workers.dev'],
    ['one.pages.dev', 'two.pages.dev'],
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['', ''],
    ['example.com', ''],
  ])('%s and %s are not one site', (one, other) => {
    expect(sameSite(one, other)).toBe(false)
    expect(sameSite(other, one)).toBe(false)
  })
})

describe('hasKnownSuffix', () => {
  test.each(['example.com', 'www.shop.co.uk', 'me.workers.dev', 'Example.COM'])(
    '%s has',
    (name) => {
      expect(hasKnownSuffix(name)).toBe(true)
    },
  )
  test.each([
    ...['', 'localhost', 'com', 'co.uk', 'example.internal', 'example.test', '127.0.0.1', '[::1]'],
    'a.'.repeat(500_000),
  ])('%s has not', (name) => {
    expect(hasKnownSuffix(name)).toBe(false)
  })
})
