import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { seal } from '#/auth/seal'
import { sessions } from '#/db/schema'
import {
  browse,
  comeBack,
  errorIn,
  network,
  oauth2World,
  oidcFor,
  setUp,
  setUpOidc,
  setVariable,
  somebody,
  start,
} from '#test/support/oauth2'
import { NOW, PROJECT, type World } from '#test/support/world'

const ENDS = { success: 'http://localhost/ok', failure: 'http://localhost/no' }
let now = NOW
let w: World
beforeAll(async () => {
  w = await oauth2World({}, () => now)
  await setUpOidc(w)
})
afterEach(() => {
  now = NOW
  vi.restoreAllMocks()
})

const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const begin = (more: Parameters<typeof start>[1] = {}) => start(w, { query: ENDS, ...more })
const countSessions = async () => (await w.db.select({ id: sessions.id }).from(sessions)).length
/** Reads what the app is told. */
const told = (answer: { headers: Headers }) =>
  errorIn(new URL(answer.headers.get('location') ?? 'about:blank'))
const started = (error: string) => ({
  message: expect.stringContaining(error),
  type: 'general_bad_request',
  code: 400,
})

describe('the cookie of a sign-in', () => {
  test('is out of reach for scripts and other sites, and ends in half an hour', async () => {
    const { answer } = await begin()
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^oauth2_[\w-]{16}=[\w-]{43}; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
    ])
  })
  test('over TLS belongs to this host alone', async () => {
    const { answer } = await begin({ origin: 'https://api.example.org', query: {} })
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-oauth2_[\w-]{16}=[\w-]{43}; Max-Age=1800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
  })
  test('comes along where a provider posts from its own site', async () => {
    await setUp(w, 'apple', { serviceId: 'c', keyId: 'k', teamId: 't', p8File: 'p' })
    const { answer } = await begin({
      provider: 'apple',
      origin: 'https://api.example.org',
      query: {},
    })
    expect(answer.headers.getSetCookie()[0]).toMatch(/; Secure; SameSite=None$/)
  })
})

describe('a sign-in ends', () => {
  test('in the browser that began it, and its state tells nothing', async () => {
    const begun = await begin()
    expect(atob(begun.state.replaceAll('-', '+').replaceAll('_', '/'))).not.toContain('localhost')
    oidcFor(somebody())
    const answer = await comeBack(w, begun)
    expect(answer.headers.get('location')).toBe(ENDS.success)
    const spent = answer.headers.getSetCookie().find((line) => line.startsWith('oauth2_'))
    expect(spent).toMatch(/^oauth2_[\w-]{16}=; Max-Age=0; Path=\/; HttpOnly$/)
  })
  test('side by side with others in the same browser', async () => {
    const [one, other] = [await begin(), await begin()]
    const cookie = `${one.cookie}; ${other.cookie}`
    for (const begun of [other, one]) {
      oidcFor(somebody())
      const answer = await comeBack(w, { ...begun, cookie })
      expect(answer.headers.get('location')).toBe(ENDS.success)
      vi.restoreAllMocks()
    }
  })
  test('within half an hour', async () => {
    const begun = await begin()
    now = later(1800)
    oidcFor(somebody())
    expect((await comeBack(w, begun)).headers.get('location')).toBe(ENDS.success)
  })
})

describe('a sign-in does not end', () => {
  test('later', async () => {
    const begun = await begin()
    now = later(1801)
    const log = oidcFor(somebody())
    expect(told(await comeBack(w, begun))).toEqual(started('took too long'))
    expect(log).toEqual([])
  })
  test('in another browser, which may have a sign-in of its own', async () => {
    const count = await countSessions()
    const [begun, own] = [await begin(), await begin()]
    const log = oidcFor(somebody())
    for (const cookie of ['', own.cookie, `oauth2_${'a'.repeat(16)}=x`]) {
      expect(told(await comeBack(w, { state: begun.state, cookie }))).toEqual(
        started('not started in this browser'),
      )
    }
    // A cookie of the right name, but with another secret.
    const [name] = begun.cookie.split('=')
    const forged = `${name}=${own.cookie.split('=')[1]}`
    expect(told(await comeBack(w, { state: begun.state, cookie: forged }))).toEqual(
      started('not started in this browser'),
    )
    expect(log).toEqual([])
    expect(await countSessions()).toBe(count)
  })
  test('twice', async () => {
    const begun = await begin()
    oidcFor(somebody())
    const first = await comeBack(w, begun)
    const left = first.headers
      .getSetCookie()
      .filter((line) => line.startsWith('oauth2_'))
      .map((line) => line.split(';')[0] ?? '')
    expect(told(await comeBack(w, { state: begun.state, cookie: left.join('; ') }))).toEqual(
      started('not started in this browser'),
    )
  })
  test('at another provider than it began with', async () => {
    await setVariable(
      w,
      'OAUTH2_EVIL',
      JSON.stringify({
        clientId: 'c',
        clientSecret: 's',
        authorizationURL: 'https://evil.example.com/a',
        tokenURL: 'https://evil.example.com/t',
        userInfoURL: 'https://evil.example.com/u',
      }),
    )
    const begun = await begin()
    const log = network({})
    const answer = await comeBack(w, begun, { provider: 'evil' })
    expect([answer.status, answer.headers.get('location'), log]).toEqual([400, null, []])
    expect(answer.text).toContain('general_bad_request')
  })
  test.each([
    ['none', async () => ''],
    ['text', async () => 'hello'],
    [
      'the original’s, which nobody has signed',
      async () => JSON.stringify({ success: 'http://localhost/ok', failure: '', token: false }),
    ],
    [
      'one of another server',
      async () => urlSafe(await seal(FLOW, 'another secret of 32 characters!', 'oauth2:state')),
    ],
    [
      'something else that is sealed',
      async () => urlSafe(await seal(FLOW, w.env.SECRET ?? '', 'session:access:1')),
    ],
    [
      'one with a bit turned',
      async () => {
        const { state } = await begin()
        return state.slice(0, -2) + (state.at(-2) === 'A' ? 'B' : 'A') + state.at(-1)
      },
    ],
    ['base64url of no length', async () => 'AAAAA'],
  ])('with a state that is %s', async (_, make) => {
    const state = await make()
    const { cookie } = await begin()
    const log = oidcFor(somebody())
    const answer = await comeBack(w, { state, cookie })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8')
    expect(answer.text).toContain('general_bad_request')
    expect(log).toEqual([])
  })
})

const FLOW = JSON.stringify({
  p: 'oidc',
  s: 'http://localhost/ok',
  f: '',
  t: false,
  e: 4_000_000_000,
  c: 'x',
  v: 'x',
})
const urlSafe = (base64: string) =>
  base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

describe('a server that asks for its user', () => {
  test('with a key gets an address that any browser may go to, for a token alone', async () => {
    const key = await w.key('sessions.write')
    const headers = { ...key, 'X-Appwrite-Project': PROJECT }
    const asked = await begin({ kind: 'tokens', headers })
    expect(asked.answer.headers.getSetCookie()).toEqual([])
    oidcFor(somebody())
    const answer = await comeBack(w, { state: asked.state })
    const location = new URL(answer.headers.get('location') ?? '')
    expect(location.searchParams.get('secret')).toMatch(/^ey/)
    expect(answer.headers.getSetCookie()).toEqual([])
    vi.restoreAllMocks()
    // A session would be the browser's own: it has to begin there.
    const session = await begin({ headers })
    expect(session.answer.headers.getSetCookie()).toHaveLength(1)
    expect(told(await comeBack(w, { state: session.state }))).toEqual(
      started('not started in this browser'),
    )
  })
  test('without one does not', async () => {
    const { user, headers } = await w.signedIn()
    expect(user.id).toBeTruthy()
    const asked = await begin({ kind: 'tokens', headers })
    expect(told(await comeBack(w, { state: asked.state }))).toEqual(
      started('not started in this browser'),
    )
  })
  test('with a key that may not is refused', async () => {
    const headers = { ...(await w.key('users.read')), 'X-Appwrite-Project': PROJECT }
    const { answer } = await begin({
      kind: 'tokens',
      headers: { ...headers, Accept: 'application/json' },
    })
    expect([answer.status, answer.body.type]).toEqual([401, 'general_unauthorized_scope'])
  })
})

test('addresses that do not fit into a state are refused', async () => {
  const { answer } = await begin({
    query: {
      success: `http://localhost/${'a'.repeat(800)}`,
      failure: `http://localhost/${'b'.repeat(800)}`,
    },
    headers: { Accept: 'application/json' },
  })
  expect([answer.status, answer.body.type]).toEqual([400, 'general_argument_invalid'])
  const fits = await begin({
    query: {
      success: `http://localhost/${'a'.repeat(600)}`,
      failure: `http://localhost/${'b'.repeat(600)}`,
    },
  })
  expect(fits.answer.status).toBe(301)
  expect(fits.state.length).toBeLessThanOrEqual(2048)
})

test('the verifier of PKCE belongs to the challenge, and the nonce to neither', async () => {
  const begun = await begin()
  const log = oidcFor(somebody())
  await comeBack(w, begun)
  const verifier = new URLSearchParams(log[0]?.body).get('code_verifier') ?? ''
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  const challenge = urlSafe(btoa(String.fromCharCode(...new Uint8Array(digest))))
  expect(begun.location.searchParams.get('code_challenge')).toBe(challenge)
  expect(begun.location.href).not.toContain(verifier)
})

test('the state lives on in the callback to the letter', async () => {
  const begun = await begin()
  const answer = await browse(
    w,
    `/v1/account/sessions/oauth2/callback/oidc/${PROJECT}?state=${begun.state}&code=a%2Fb%2Bc`,
  )
  const next = new URL(answer.headers.get('location') ?? '', 'http://localhost')
  expect(Object.fromEntries(next.searchParams)).toEqual({
    state: begun.state,
    code: 'a/b+c',
    project: PROJECT,
  })
})
