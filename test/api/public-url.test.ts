import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { outbox } from '#/db/schema/mail'
import { linkIn, PASSWORD, withPassword } from '#test/support/account'
import { errorIn, oidcFor, setUpOidc, somebody } from '#test/support/oauth2'
import { type Json, PROJECT, ROOT, type World, world } from '#test/support/world'

type Sent = Record<string, string>
const JSON_TYPE = { 'Content-Type': 'application/json', 'X-Appwrite-Project': PROJECT }
const OPEN = { MAIL_OUTBOX: 'on', RATE_LIMITS: 'off', PLATFORMS: 'app.example.com' } as const

afterEach(() => vi.restoreAllMocks())

/** Sends what a proxy passes on: the request of a client, at the address inside. */
const through = (w: World, inside: string, added: Sent = {}) =>
  async function visit(path: string, init: RequestInit = {}) {
    const headers = new Headers(init.headers)
    for (const [name, value] of Object.entries(added)) headers.set(name, value)
    const { response, settle } = await w.raw(new Request(`${inside}${path}`, { ...init, headers }))
    const text = await response.text()
    await settle()
    const isJson = response.headers.get('content-type')?.includes('json')
    const body: Json = isJson ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, body }
  }
type Visit = ReturnType<typeof through>

const cookiesOf = ({ headers }: { headers: Headers }) => headers.getSetCookie()
const pairsOf = (answer: { headers: Headers }) =>
  cookiesOf(answer)
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ')
const locationOf = ({ headers }: { headers: Headers }) =>
  new URL(headers.get('location') ?? '', 'relative://')

const signIn = (visit: Visit, email: string, headers: Sent = {}) =>
  visit('/v1/account/sessions/email', {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ email, password: PASSWORD }),
  })

/** Starts a sign-in by a provider. */
const start = (visit: Visit, kind: string, query: Sent = {}) =>
  visit(`/v1/account/${kind}/oauth2/oidc?${new URLSearchParams({ project: PROJECT, ...query })}`)

/** Comes back from the provider, through the proxy, which strips `base` from the paths of the public address. */
async function comeBack(visit: Visit, begun: { headers: Headers }, base: string, code = 'c') {
  const asked = locationOf(begun)
  const callback = new URL(asked.searchParams.get('redirect_uri') ?? '')
  callback.search = `${new URLSearchParams({ code, state: asked.searchParams.get('state') ?? '' })}`
  const inner = ({ href }: URL) => {
    expect(href.startsWith(`${base}/`), href).toBe(true)
    return href.slice(base.length)
  }
  const next = locationOf(await visit(inner(callback)))
  return visit(inner(next), { headers: { Cookie: pairsOf(begun) } })
}

describe.each([
  ['https://api.example.com/v1', 'http://api.example.com', 'https://api.example.com', true],
  ['https://api.example.com/', 'http://api.example.com:8787', 'https://api.example.com', true],
  ['https://api.example.com/v1/', 'http://127.0.0.1:8787', 'https://api.example.com', false],
  ['https://x.example.com/back/v1', 'http://x.example.com', 'https://x.example.com/back', true],
  ['https://x.example.com:8443/v1', 'http://inner.corp', 'https://x.example.com:8443', false],
  ['https://API.Example.com/v1', 'http://me.workers.dev', 'https://api.example.com', false],
])('with PUBLIC_URL %s behind a proxy that ends TLS at %s', (PUBLIC_URL, inside, base, isIts) => {
  const host = new URL(base).hostname
  const open = async () => {
    const w = await world({ ...OPEN, PUBLIC_URL })
    // What a client says of itself counts for nothing.
    const lies = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' }
    return { w, visit: through(w, inside, lies) }
  }

  test('session cookies are secure, and of the host alone where that is another one', async () => {
    const { w, visit } = await open()
    const { email } = await withPassword(w)
    const answer = await signIn(visit, email)
    expect(answer.status).toBe(201)
    const cookies = cookiesOf(answer)
    expect(cookies).toHaveLength(2)
    for (const cookie of cookies) {
      expect(cookie).toContain('; Secure')
      expect(/Domain=([^;]*)/.exec(cookie)?.[1]).toBe(isIts ? `.${host}` : undefined)
    }
    const { body } = await visit('/v1/account', {
      headers: { ...JSON_TYPE, Cookie: pairsOf(answer) },
    })
    expect(body.email).toBe(email)
    expect(answer.headers.get('strict-transport-security')).not.toBeNull()
    const ended = await visit('/v1/account/sessions/current', {
      method: 'DELETE',
      headers: { ...JSON_TYPE, Cookie: pairsOf(answer) },
    })
    expect(ended.status).toBe(204)
    for (const cookie of cookiesOf(ended)) {
      expect(cookie).toContain('; Secure')
      expect(/Domain=([^;]*)/.exec(cookie)?.[1]).toBe(isIts ? `.${host}` : undefined)
    }
  })
  test('mails link there', async () => {
    const { w, visit } = await open()
    await w.db.delete(outbox)
    const { status } = await visit('/v1/account/tokens/magic-url', {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ userId: 'unique()', email: 'a@example.com' }),
    })
    expect(status).toBe(201)
    const [mail] = await w.db.select().from(outbox)
    const link = linkIn({ text: mail?.text ?? '' })
    expect(link.href.startsWith(`${base}/auth/magic-url?`)).toBe(true)
    expect(mail?.text).not.toContain('evil.example')
  })
  test('a provider comes back there, and the own pages are there', async () => {
    const { w, visit } = await open()
    await setUpOidc(w)
    const begun = await start(visit, 'sessions')
    const callback = `${base}/v1/account/sessions/oauth2/callback/oidc/${PROJECT}`
    expect(locationOf(begun).searchParams.get('redirect_uri')).toBe(callback)
    expect(cookiesOf(begun)).toEqual([expect.stringMatching(/^__Host-oauth2_.*; Secure/)])
    expect(cookiesOf(begun).join()).not.toContain('Domain')
    const asked = oidcFor(somebody())
    const answer = await comeBack(visit, begun, base)
    expect(new URLSearchParams(asked[0]?.body).get('redirect_uri')).toBe(callback)
    const end = locationOf(answer)
    expect(`${end.origin}${end.pathname}`).toBe(`${base}/console/auth/oauth2/success`)
    expect(end.searchParams.get('domain')).toBe(isIts ? `.${host}` : '')
    expect(cookiesOf(answer).filter((one) => !one.includes('; Secure'))).toEqual([])
  })
  test('a sign-in for a token ends there, and one that fails', async () => {
    const { w, visit } = await open()
    await setUpOidc(w)
    const begun = await start(visit, 'tokens')
    oidcFor(somebody())
    const end = locationOf(await comeBack(visit, begun, base))
    expect(`${end.origin}${end.pathname}`).toBe(`${base}/console/auth/oauth2/success`)
    expect(end.searchParams.get('secret')).not.toBeNull()
    const again = await start(visit, 'sessions')
    const failed = locationOf(await comeBack(visit, again, base, ''))
    expect(`${failed.origin}${failed.pathname}`).toBe(`${base}/console/auth/oauth2/failure`)
    expect(errorIn(failed).type).toBe('user_oauth2_provider_error')
  })
  test('links may lead to its pages, and not to those of the Host header', async () => {
    const { w, visit } = await open()
    const { email } = await withPassword(w)
    const ask = (url: string) =>
      visit('/v1/account/recovery', {
        method: 'POST',
        headers: JSON_TYPE,
        body: JSON.stringify({ email, url }),
      })
    expect((await ask(`${base}/reset`)).status).toBe(201)
    const inner = new URL(inside)
    const isAllowed = isIts || inner.hostname === '127.0.0.1' // loopback always is
    expect((await ask(`${inside}/reset`)).status).toBe(isAllowed ? 201 : 400)
    expect((await ask('https://evil.example/reset')).status).toBe(400)
  })
  test('pages of the host that is called may call it', async () => {
    const { visit } = await open()
    const ask = (origin: string) =>
      visit('/v1/ping-nothing', { headers: { ...JSON_TYPE, Origin: origin } })
    expect((await ask(new URL(base).origin)).status).toBe(404)
    expect((await ask(inside)).status).toBe(404)
    expect((await ask('https://evil.example')).status).toBe(403)
  })
  test('refusals name its host', async () => {
    const { w, visit } = await open()
    const headers = { ...JSON_TYPE, ...(await w.key('teams.read')) }
    const { body } = await visit('/v1/users', { headers })
    expect(body.message).toContain(`app.${PROJECT}@service.${host} `)
  })
})

describe('without PUBLIC_URL', () => {
  const FORWARDED = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'api.example.com' }
  const attributes = async (settings: Sent, inside: string, headers: Sent) => {
    const w = await world({ ...OPEN, ...settings })
    await setUpOidc(w)
    const visit = through(w, inside, headers)
    const { email } = await withPassword(w)
    const [cookie = ''] = cookiesOf(await signIn(visit, email))
    const begun = await start(visit, 'sessions')
    return [
      cookie.includes('; Secure'),
      /Domain=([^;]*)/.exec(cookie)?.[1],
      new URL(locationOf(begun).searchParams.get('redirect_uri') ?? '').origin,
    ]
  }
  test('the request decides', async () => {
    expect(await attributes({}, 'http://a.example.com', {})).toEqual([
      ...[false, '.a.example.com', 'http://a.example.com'],
    ])
    expect(await attributes({}, 'https://a.example.com', {})).toEqual([
      ...[true, '.a.example.com', 'https://a.example.com'],
    ])
  })
  test('forwarded headers count only where the operator trusts them', async () => {
    expect(await attributes({}, 'http://a.example.com', FORWARDED)).toEqual([
      ...[false, '.a.example.com', 'http://a.example.com'],
    ])
    const trusting = { TRUST_FORWARDED: 'on' }
    expect(await attributes(trusting, 'http://inner:8787', FORWARDED)).toEqual([
      ...[true, '.api.example.com', 'https://api.example.com'],
    ])
    const lists = { 'X-Forwarded-Proto': 'HTTPS, http', 'X-Forwarded-Host': 'b.example.com, c' }
    expect(await attributes(trusting, 'http://inner', lists)).toEqual([
      ...[true, '.b.example.com', 'https://b.example.com'],
    ])
  })
  test.each([
    [{ 'X-Forwarded-Proto': 'javascript' }],
    [{ 'X-Forwarded-Host': 'evil.example\\@x' }],
    [{ 'X-Forwarded-Host': '' }],
  ])('what is no scheme or host changes nothing: %j', async (headers) => {
    expect(await attributes({ TRUST_FORWARDED: 'on' }, 'http://a.example.com', headers)).toEqual([
      ...[false, '.a.example.com', 'http://a.example.com'],
    ])
  })
  test('and with it they count for nothing even if they are trusted, but for where cookies go', async () => {
    const settings = { TRUST_FORWARDED: 'on', PUBLIC_URL: 'https://api.example.com/v1' }
    expect(await attributes(settings, 'http://inner', FORWARDED)).toEqual([
      ...[true, '.api.example.com', 'https://api.example.com'],
    ])
    const evil = { ...FORWARDED, 'X-Forwarded-Host': 'evil.example' }
    expect(await attributes(settings, 'http://inner', evil)).toEqual([
      ...[true, undefined, 'https://api.example.com'],
    ])
  })
})

test('the outbox opens to no Host header where PUBLIC_URL is set', async () => {
  const open = await world({ ...OPEN })
  expect((await through(open, 'http://localhost')('/outbox.json')).status).toBe(200)
  const w = await world({ ...OPEN, PUBLIC_URL: 'https://api.example.com/v1' })
  expect((await through(w, 'http://localhost')('/outbox.json')).status).toBe(401)
})

test.each([
  ...['ftp://a.example/v1', 'https://user:password@a.example/v1', 'https://a.example/v1?x=1'],
  ...['https://a.example/v1#x', 'https:\\\\a.example', 'a.example', 'https://'],
])('PUBLIC_URL %s is refused', async (PUBLIC_URL) => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const w = await world({ PUBLIC_URL })
  const { status, body } = await w.send('get', '/users', undefined, ROOT)
  expect([status, body.message]).toEqual([500, expect.stringMatching(/PUBLIC_URL must be/)])
})

describe('one client is one, however it spells things', () => {
  const START = Date.parse('2026-11-24T12:00:00Z')
  let people = 0
  const remaining = (answer: { headers: Headers }) =>
    Number(answer.headers.get('x-ratelimit-remaining'))
  /** Asks for a code at several hosts, paths and addresses. @returns what was left after each */
  async function left(tries: { host?: string; path?: string; email?: string; from?: string }[]) {
    const w = await world({ MAIL_OUTBOX: 'on' }, () => new Date(START))
    const counts: number[] = []
    for (const {
      host = 'a.example.com',
      path = '/v1/account/tokens/email',
      email,
      from,
    } of tries) {
      const answer = await through(w, `https://${host}`, { 'CF-Connecting-IP': from ?? '' })(path, {
        method: 'POST',
        headers: JSON_TYPE,
        body: JSON.stringify({ userId: 'unique()', email }),
      })
      counts.push(remaining(answer))
    }
    return counts
  }
  const steps = (counts: number[]) => counts.map((count) => (counts[0] ?? 0) - count)
  const fresh = () => ({ email: `limits${++people}@example.com`, from: `198.51.100.${people}` })

  test('hosts and paths', async () => {
    const one = fresh()
    expect(
      steps(
        await left([
          one,
          { ...one, host: 'b.example.org' },
          { ...one, host: 'A.EXAMPLE.com.' },
          { ...one, path: '//v1/account//tokens/email/' },
          { ...one, path: '/v1/account/tokens/email?x=1' },
        ]),
      ),
    ).toEqual([0, 1, 2, 3, 4])
  })
  test('letter case and form of an e-mail', async () => {
    const { email } = fresh()
    const spellings = [email, email.toUpperCase(), ` ${email} `, email.replace('l', 'L')]
    expect(steps(await left(spellings.map((one) => ({ email: one, from: fresh().from }))))).toEqual(
      [0, 1, 2, 3],
    )
  })
  test.each([
    [
      [
        '203.0.113.6:4000',
        '203.0.113.6:4001',
        '203.0.113.6',
        ' 203.0.113.6 ',
        '::ffff:203.0.113.6',
      ],
    ],
    [['[2001:db8:5::1]:4000', '2001:db8:5::2', '[2001:DB8:5:0::3]', '2001:db8:5::4%eth0']],
    [
      [
        'for=203.0.113.8',
        '"203.0.113.8:80"',
        'for="203.0.113.8:99";proto=https',
        '203.0.113.8, 10.0.0.1',
      ],
    ],
    [['unknown, 203.0.113.9', '203.0.113.9', '::ffff:cb00:7109', '64:ff9b::203.0.113.9']],
    [['unknown', 'UNKNOWN', '']],
  ])('addresses as proxies write them: %j', async (spellings) => {
    const counts = await left(spellings.map((from) => ({ email: fresh().email, from })))
    expect(steps(counts)).toEqual(spellings.map((_, index) => index))
  })
  test('and the address alone stands in logs and sessions', async () => {
    const w = await world(OPEN)
    const { email } = await withPassword(w)
    for (const [sent, kept] of [
      ['203.0.113.6:4000', '203.0.113.6'],
      ['[2001:DB8:0::1]:443', '2001:db8::1'],
      ['fe80::1%eth0', 'fe80::1'],
      ['::ffff:203.0.113.7', '203.0.113.7'],
      ['unknown', ''],
      ['<script>', ''],
    ] as const) {
      const visit = through(w, 'http://localhost', { 'CF-Connecting-IP': sent })
      expect((await signIn(visit, email)).body.ip).toBe(kept)
    }
  })
  test('no counter is named by a host', async () => {
    const { email, from } = fresh()
    await left([{ email, from, host: 'other.example.com' }])
    const key = `url:localhost/v1/account/tokens/email,email:${email}`
    const window = await runInDurableObject(env.RATE_COUNTERS.getByName(key), (_, { storage }) =>
      storage.kv.get<{ count: number }>('window'),
    )
    expect(window?.count).toBe(1)
  })
})
