import { describe, expect, test } from 'vitest'
import { isCustomName, readCustom, variableOf } from '#/identity/providers/catalog/custom'
import { fillUrl, type Provider } from '#/identity/providers/catalog/provider'
import { PROVIDERS } from '#/identity/providers/catalog/providers'
import { isReachable } from '#/lib/provider-address'

const provider = (extras: Record<string, string>, defaults = {}): Provider => ({
  key: 'test',
  spec: { authorize: '', token: '', scopes: [], read: { id: 'id' }, defaults },
  clientId: 'client/1',
  clientSecret: 's&t',
  extras,
  prompt: [],
  maxAgeSeconds: undefined,
})

describe('a URL template', () => {
  test.each([
    ['https://a.example.com/x', {}, 'https://a.example.com/x'],
    ['{domain}/x', { domain: 'a.example.com' }, 'https://a.example.com/x'],
    ['{domain}/x', { domain: 'https://a.example.com/base//' }, 'https://a.example.com/base/x'],
    ['{domain}/x', { domain: 'http://localhost:8080' }, 'http://localhost:8080/x'],
    [
      '{domain}/r/{realm}/x',
      { domain: 'a.b', realm: '../evil?#' },
      'https://a.b/r/..%2Fevil%3F%23/x',
    ],
    ['https://a.b/?k={clientId}&s={clientSecret}', {}, 'https://a.b/?k=client%2F1&s=s%26t'],
    ['{endpoint}', { endpoint: 'https://a.b/token?x=1' }, 'https://a.b/token?x=1'],
    ['{domain}/x', {}, undefined],
    ['{domain}/x', { domain: '' }, undefined],
    ['https://a.b/{missing}', {}, undefined],
    ['{domain}', { domain: 'not a host' }, undefined],
  ])('%s with %o is %s', (template, extras, expected) => {
    expect(fillUrl(provider(extras as Record<string, string>), template)).toBe(expected)
  })
  test('falls back to what is common', () => {
    const common = { tenant: 'common' }
    expect(fillUrl(provider({}, common), 'https://a.b/{tenant}')).toBe('https://a.b/common')
    expect(fillUrl(provider({ tenant: 'x' }, common), 'https://a.b/{tenant}')).toBe('https://a.b/x')
  })
  test('lets a token answer name what is after the start, and nothing that the owner has set', () => {
    const answer = { account: 'a/b', domain: 'evil.example.com', clientId: 'evil' }
    expect(fillUrl(provider({}), 'https://a.b/{account}', answer)).toBe('https://a.b/a%2Fb')
    expect(fillUrl(provider({}), '{domain}/x', answer)).toBeUndefined()
    expect(fillUrl(provider({}), 'https://a.b/{clientId}', answer)).toBe('https://a.b/client%2F1')
  })
})

describe('an address', () => {
  test.each([
    ['https://id.example.com/token', true, true],
    ['https://id.example.com:8443/token', true, true],
    ['https://xn--bcher-kva.example/', true, true],
    ['http://id.example.com/token', false, false],
    ['ftp://id.example.com/token', false, false],
    ['https://user@id.example.com/', false, false],
    ['https://:secret@id.example.com/', false, false],
    ['https://localhost/', false, true],
    ['http://localhost:9/', false, true],
    ['http://127.0.0.1/', false, true],
    ['http://[::1]:9/', false, true],
    ['ftp://localhost/', false, false],
    ['http://user:password@localhost/', false, false],
    ['http://127.0.0.2/', false, false],
    ['https://0x7f.0.0.1/', false, true], // is 127.0.0.1
    ['https://8.8.8.8/', false, false],
    ['https://[2001:db8::1]/', false, false],
    ['https://sub.localhost/', false, false],
    ['https://a.internal/', false, false],
    ['https://a.INTERNAL./', false, false],
    ['https://a.home.arpa/', false, false],
    ['https://router.lan/', false, false],
    ['https://single/', false, false],
    ['https://internal.example.com/', true, true],
    ['/token', false, false],
    ['', false, false],
  ])('%s is reachable: %o, in development: %o', (address, isPublic, isOpen) => {
    expect([isReachable(address, false), isReachable(address, true)]).toEqual([isPublic, isOpen])
  })
})

describe('the table of providers', () => {
  test.each([...PROVIDERS])('%s has addresses that may be asked', (_, spec) => {
    const templates = [
      spec.authorize,
      spec.token,
      spec.refresh,
      spec.profile,
      ...Object.values(spec.parts ?? {}),
    ]
    for (const template of templates.filter((one) => one !== undefined)) {
      const filled = template.replace(/^\{\w+\}/, 'https://x.example.com').replace(/\{\w+\}/g, 'x')
      expect(isReachable(filled, false), filled).toBe(true)
    }
    expect(spec.read.id).not.toBe('')
  })
})

describe('the owner’s own providers', () => {
  test.each([
    ['acme', true],
    ['our-git-2', true],
    ['a', true],
    ['', false],
    ['2fast', false],
    ['Acme', false],
    ['our_git', false],
    ['a/b', false],
    ['email', false],
    ['token', false],
    ['mock', false],
    ['mock-unverified', false],
  ])('may be called %s: %o', (name, may) => {
    expect(isCustomName(name)).toBe(may)
  })
  test('have their settings under a variable’s name', () => {
    expect(variableOf('our-git-2')).toBe('OAUTH2_OUR_GIT_2')
  })
  test('know what is known, and take its further settings', () => {
    const { spec, extras } = readCustom(
      'keycloak',
      '{"clientId":"c","clientSecret":"s","keycloakDomain":"kc.example.com"}',
    )
    expect([spec, extras]).toEqual([
      PROVIDERS.get('keycloak'),
      { keycloakDomain: 'kc.example.com' },
    ])
  })
})
