import { describe, expect, test, vi } from 'vitest'
import { settingsOf } from '#/config/env'
import { isPattern } from '#/events/patterns'
import { outcome, projectWorld } from '#test/support/project'
import type { Json, World } from '#test/support/world'

const INVALID = [400, 'general_argument_invalid']
const web = (w: World, hostname: string) =>
  w.send('post', '/project/platforms/web', { platformId: 'unique()', name: 'x', hostname })

describe('a web platform', () => {
  test.each([
    ...['a.*.example', '*.*', '**', '**.example', 'exa mple.com', 'a.example?x', 'a@b.example'],
    ...['a.example#x', '256.256.256.256', 'a\\b', '%zz', '*.', '<a>', 'a.example,b.example', 'a^b'],
  ])('%j, which no origin can match, is refused, on create and on update', async (hostname) => {
    const w = await projectWorld()
    expect(outcome(await web(w, hostname))).toEqual(INVALID)
    const { body } = await web(w, 'a.example')
    const put = await w.send('put', `/project/platforms/web/${body.$id}`, { name: 'x', hostname })
    expect(outcome(put)).toEqual(INVALID)
  })
  test.each([
    ['*', 'https://anything.example'],
    ['*.a.example', 'https://x.a.example'],
    ['*a.example', 'https://xa.example'],
    [' A.Example. ', 'https://a.example'],
    ['10.0.0.1', 'http://10.0.0.1:3000'],
    ['my_app.example', 'https://my_app.example'],
    ['xn--bcher-kva.example', 'https://xn--bcher-kva.example'],
  ])('%s takes effect for %s', async (hostname, origin) => {
    const w = await projectWorld()
    const { status } = await web(w, hostname)
    const { headers } = await w.send('get', '/ping', undefined, { Origin: origin })
    expect([status, headers.get('access-control-allow-origin')]).toEqual([201, origin])
  })
})

describe('a webhook', () => {
  const make = (w: World, fields: Json) =>
    w.send('post', '/webhooks', {
      ...{ webhookId: 'unique()', name: 'x', url: 'https://hooks.example.com/', events: [] },
      ...fields,
    })
  test.each([
    ...['users.a b.create', 'users._a.create', `users.${'x'.repeat(37)}.create`, 'users.**.create'],
    ...['teams.*.memberships.a/b.create', 'buckets.*.files.!.create', 'users.[userId].create'],
    ...['users. *.create', 'users.*.create ', 'users.ü.update', 'users.*.sessions.-.create'],
  ])('that waits for %j, an ID that nothing can have, is refused', async (event) => {
    expect(isPattern(event)).toBe(false)
    const w = await projectWorld()
    expect(outcome(await make(w, { events: ['users.*.create', event] }))).toEqual(INVALID)
  })
  test('whose user name has a colon, which Basic authentication ends it at, is refused', async () => {
    const w = await projectWorld()
    expect(outcome(await make(w, { authUsername: 'a:b', authPassword: 'c' }))).toEqual(INVALID)
    expect(outcome(await make(w, { authUsername: 'ab', authPassword: 'b:c' }))).toEqual([201])
  })
})

describe('a mail server', () => {
  test.each([-1, 65_536, 2 ** 31 - 1])('has no port %i', async (port) => {
    const w = await projectWorld()
    const refusal = [400, 'project_smtp_config_invalid']
    expect(outcome(await w.send('patch', '/project/smtp', { port }))).toEqual(refusal)
    expect(outcome(await w.send('patch', '/project/smtp', { port: 0 }))).toEqual([200])
  })
  test.each(['*.example.com', 'a b.example.com', '256.1.1.1', 'a.example.com?'])(
    'has no host %j',
    async (host) => {
      const w = await projectWorld()
      expect(outcome(await w.send('patch', '/project/smtp', { host }))).toEqual(INVALID)
    },
  )
})

describe('a sign-in provider', () => {
  const set = (w: World, id: string, fields: Json) =>
    w.send('patch', `/project/oauth2/${id}`, fields)
  test.each([
    ...['authorizationURL', 'tokenURL', 'userInfoURL', 'wellKnownURL'].map((field) => [
      'oidc',
      field,
    ]),
    ...['auth0', 'authentik', 'fusionauth', 'gitlab', 'keycloak'].map((id) => [id, 'endpoint']),
  ])('%s, whose %s no sign-in could go to, is refused', async (id = '', field = '') => {
    const w = await projectWorld()
    for (const address of [
      ...[
        'http://id.example.com',
        'https://10.0.0.1/x',
        'https://intranet/x',
        'https://a:b@x.example.com/',
      ],
      ...[
        'https://192.168.0.1',
        'https://id.internal',
        'ftp://id.example.com',
        'https://x y.example.com',
      ],
    ]) {
      expect([address, ...outcome(await set(w, id, { [field]: address }))]).toEqual([
        ...[address, ...INVALID],
      ])
    }
    expect(outcome(await set(w, id, { [field]: 'https://id.example.com/x' }))).toEqual([200])
    expect(outcome(await set(w, id, { [field]: '' }))).toEqual([200])
  })
  test('is understood with a scheme, a slash at the end or neither', async () => {
    const w = await projectWorld()
    for (const endpoint of ['x.auth0.com', 'https://x.auth0.com', 'https://x.auth0.com/']) {
      expect(outcome(await set(w, 'auth0', { endpoint }))).toEqual([200])
    }
    for (const domain of ['*.okta.com', 'okta.internal', 'localhost.corp', '10.0.0.1']) {
      expect(outcome(await set(w, 'okta', { domain }))).toEqual(INVALID)
    }
  })
})

describe('a setting of the deployment', () => {
  const env = { API_KEY: 'a'.repeat(16), SECRET: 's'.repeat(32) }
  const warningsOf = (more: Record<string, string>) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    settingsOf({ ...env, ...more } as never)
    const said = warn.mock.calls.map(([line]) => JSON.parse(`${line}`).message)
    warn.mockRestore()
    return said
  }
  test('that cannot take effect is warned of', () => {
    const PLATFORMS = 'a.example, b.*.example, *.c.example, myapp://, https://, d e.example'
    expect(warningsOf({ PLATFORMS, PLATFORM: 'x' })).toEqual([
      'PLATFORM is no setting and does nothing. PLATFORMS is.',
      'PLATFORMS has b.*.example, which no origin can match.',
      'PLATFORMS has https://, which no origin can match.',
      'PLATFORMS has d e.example, which no origin can match.',
    ])
    expect(warningsOf({ PROJECT_ID: 'console' })).toEqual([expect.stringMatching(/reserved/)])
    expect(warningsOf({ PLATFORMS: '*, *.a.example, app://-, capacitor://localhost' })).toEqual([])
  })
  test.each(['CF Connecting IP', 'a:b', 'ü', 'x\r\ny'])('%j is no header', (CLIENT_IP_HEADER) => {
    expect(() => settingsOf({ ...env, CLIENT_IP_HEADER } as never)).toThrow(/CLIENT_IP_HEADER/)
  })
})
