import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { platforms } from '#/db/schema'
import {
  browse,
  comeBack,
  errorIn,
  network,
  oauth2World,
  oidcFor,
  sessionOf,
  setUp,
  setUpOidc,
  signInAt,
  somebody,
  start,
} from '#test/support/oauth2'
import { NOW, PROJECT, type World } from '#test/support/world'

const NO_STORE = 'no-store, no-cache, must-revalidate, max-age=0'
const JSON_ALONE = { Accept: 'application/json' }
const CALLBACK = `/v1/account/sessions/oauth2/callback/oidc/${PROJECT}`
let w: World
beforeAll(async () => {
  w = await oauth2World({ MAIL_OUTBOX: 'on' })
  await setUpOidc(w)
})
afterEach(() => vi.restoreAllMocks())

const platform = (identifier: string, type: 'web' | 'android' = 'web') =>
  w.db.insert(platforms).values({
    id: crypto.randomUUID(),
    type,
    name: 'App',
    identifier,
    createdAt: NOW,
    updatedAt: NOW,
  })

describe('starting', () => {
  test('sends the browser to the provider, by an answer that nothing keeps', async () => {
    const { answer, location } = await start(w)
    expect([answer.status, answer.trips]).toEqual([301, 2])
    expect(answer.headers.get('cache-control')).toBe(NO_STORE)
    expect(answer.headers.get('pragma')).toBe('no-cache')
    expect(location.host).toBe('id.example.com')
  })
  test('comes back to the address under which the server was called', async () => {
    const { location } = await start(w, { origin: 'https://api.example.org:8443' })
    expect(location.searchParams.get('redirect_uri')).toBe(
      `https://api.example.org:8443${CALLBACK}`,
    )
  })
  test('adds the scopes that are asked for, each once', async () => {
    const query = { 'scopes[0]': 'email', 'scopes[1]': 'read:all', 'scopes[2]': 'read:all' }
    const { location } = await start(w, { query })
    expect(location.searchParams.get('scope')).toBe('openid profile email read:all')
  })
  test('carries prompt and greatest age as the owner has set them', async () => {
    await setUpOidc(w, { prompt: ['login', 'consent'], maxAge: 0 })
    const { location } = await start(w)
    await setUpOidc(w)
    expect(location.searchParams.get('prompt')).toBe('login consent')
    expect(location.searchParams.get('max_age')).toBe('0')
  })
  test.each([
    ['success', 'https://evil.example.com/'],
    ['failure', 'https://evil.example.com/'],
    ['success', 'evil://callback'],
    ['success', 'javascript:alert(1)'],
    ['failure', ''],
    ['success', '/relative'],
  ])('refuses %s=%s: it is no client of the project', async (name, url) => {
    const { answer } = await start(w, { query: { [name]: url }, headers: JSON_ALONE })
    expect([answer.status, answer.body.type]).toEqual([400, 'general_argument_invalid'])
    expect(answer.body.message).toContain(name)
  })
  test.each([
    ['a provider that nobody has', 'nosuch', 400, 'general_argument_invalid'],
    ['a name that no provider can have', 'No_Such', 400, 'general_argument_invalid'],
    ['a way to sign in that is no provider', 'email', 400, 'general_argument_invalid'],
    ['a provider that is not set up', 'github', 412, 'project_provider_disabled'],
    ['a provider of the original’s tests', 'mock', 400, 'project_provider_unsupported'],
  ])('refuses %s', async (_, provider, status, type) => {
    for (const kind of ['sessions', 'tokens'] as const) {
      const { answer } = await start(w, { provider, kind, headers: JSON_ALONE })
      expect([answer.status, answer.body.type]).toEqual([status, type])
    }
  })
  test('refuses a provider that is switched off or has lost its secret', async () => {
    for (const [values, enabled] of [
      [{ clientId: 'c', clientSecret: 's' }, false],
      [{ clientId: 'c', clientSecret: '' }, true],
      [{ clientId: '', clientSecret: 's' }, true],
    ] as const) {
      await setUp(w, 'discord', values, enabled)
      const { answer } = await start(w, { provider: 'discord', headers: JSON_ALONE })
      expect([answer.status, answer.body.type]).toEqual([412, 'project_provider_disabled'])
    }
  })
  test('counts against the limit of the address, with redirects', async () => {
    const limited = await oauth2World({ RATE_LIMITS: 'on' })
    const headers = { 'CF-Connecting-IP': '203.0.113.77', ...JSON_ALONE }
    const ask = (path: string) => browse(limited, `${path}?project=${PROJECT}`, headers)
    for (let count = 0; count < 25; count++) {
      expect((await ask('/v1/account/sessions/oauth2/oidc')).status).toBe(301)
      expect((await ask('/v1/account/sessions/oauth2/oidc/redirect')).status).toBe(400)
    }
    const answer = await ask('/v1/account/tokens/oauth2/oidc')
    expect([answer.status, answer.body.type]).toEqual([429, 'general_rate_limit_exceeded'])
    // The callback itself is outside of everything.
    expect((await ask(CALLBACK)).status).toBe(301)
  })
})

describe('the callback', () => {
  test('hands over all that the provider sends, and asks nothing of anybody', async () => {
    const answer = await browse(w, `${CALLBACK}?code=c&state=s&iss=https%3A%2F%2Fid&scope=a%20b`, {
      Origin: 'https://id.example.com',
      'X-Appwrite-Mode': 'admin',
    })
    expect([answer.status, answer.trips]).toEqual([301, 0])
    expect(answer.headers.get('location')).toBe(
      `/v1/account/sessions/oauth2/oidc/redirect?code=c&state=s&iss=https%3A%2F%2Fid&scope=a+b&project=${PROJECT}`,
    )
    expect(answer.headers.get('cache-control')).toBe(NO_STORE)
  })
  test('takes a form that is posted from another site', async () => {
    const answer = await browse(
      w,
      `/v1/account/sessions/oauth2/callback/apple/${PROJECT}`,
      { Origin: 'https://appleid.apple.com' },
      { code: 'c', state: 's', user: '{"name":{"firstName":"Ada"}}' },
    )
    expect([answer.status, answer.trips]).toEqual([301, 0])
    const next = new URL(answer.headers.get('location') ?? '', 'http://localhost')
    expect(next.pathname).toBe('/v1/account/sessions/oauth2/apple/redirect')
    expect(Object.fromEntries(next.searchParams)).toEqual({
      code: 'c',
      state: 's',
      user: '{"name":{"firstName":"Ada"}}',
      project: PROJECT,
    })
  })
  test('names its own project, whatever is sent', async () => {
    const answer = await browse(w, `${CALLBACK}?code=c&project=another`)
    const next = new URL(answer.headers.get('location') ?? '', 'http://localhost')
    expect(next.searchParams.getAll('project').at(-1)).toBe(PROJECT)
    expect(next.searchParams.getAll('project')).toHaveLength(1)
  })
  test('refuses what is too long, and names of nobody', async () => {
    const long = await browse(w, `${CALLBACK}?code=${'c'.repeat(2049)}`, JSON_ALONE)
    expect([long.status, long.body.type]).toEqual([400, 'general_argument_invalid'])
    const strange = CALLBACK.replace('oidc', '..%2F..')
    expect((await browse(w, strange, JSON_ALONE)).body.type).toBe('general_argument_invalid')
  })
  test('of another project ends where that is not found', async () => {
    const answer = await browse(w, CALLBACK.replace(PROJECT, 'another'), JSON_ALONE)
    const next = await browse(w, answer.headers.get('location') ?? '', JSON_ALONE)
    expect([next.status, next.body.type]).toEqual([404, 'project_not_found'])
  })
})

describe('a sign-in that works', () => {
  test('costs four round trips beside the caller’s, and sets both cookies', async () => {
    const { status, headers, trips, location } = await signInAt(w, somebody())
    expect([status, trips, location.href]).toEqual([301, 6, 'http://localhost/ok']) // one for the log
    expect(headers.get('cache-control')).toBe(NO_STORE)
    const cookies = headers.getSetCookie().filter((line) => line.startsWith('a_session'))
    expect(cookies).toEqual([
      expect.stringMatching(/^a_session_edgewrite_legacy=.*; HttpOnly; Expires=[^;]+$/),
      expect.stringMatching(/^a_session_edgewrite=.*; HttpOnly; SameSite=None; Expires=[^;]+$/),
    ])
    expect(JSON.parse(headers.get('x-fallback-cookies') ?? '')).toEqual({
      a_session_edgewrite: sessionOf({ headers })['X-Appwrite-Session'],
    })
  })
  test('keeps the query of the app’s address, to the letter', async () => {
    const query = { success: 'http://localhost/ok?next=%2Fa%20b&x=1#top' }
    const { headers } = await signInAt(w, somebody(), { query })
    expect(headers.get('location')).toBe(query.success)
  })
  test('ends in an app by its scheme, also by a bare one', async () => {
    for (const [success, expected] of [
      ['appwrite-callback-edgewrite://', 'appwrite-callback-edgewrite:///?userId='],
      ['appwrite-callback-edgewrite://auth?a=1', 'appwrite-callback-edgewrite://auth?a=1&userId='],
    ] as const) {
      const { headers } = await signInAt(w, somebody(), { kind: 'tokens', query: { success } })
      expect(headers.get('location')?.startsWith(expected)).toBe(true)
    }
  })
  test('without an address ends on the server’s own page, with all that a native app needs', async () => {
    const { location, headers } = await signInAt(w, somebody(), { query: {} })
    expect(location.origin + location.pathname).toBe('http://localhost/console/auth/oauth2/success')
    expect(Object.fromEntries(location.searchParams)).toEqual({
      project: PROJECT,
      domain: '',
      key: 'a_session_edgewrite',
      secret: sessionOf({ headers })['X-Appwrite-Session'],
    })
  })
  test('names the cookie’s domain where it has one', async () => {
    const origin = 'https://api.example.org'
    const begun = await start(w, { origin })
    oidcFor(somebody())
    const answer = await comeBack(w, begun, { origin })
    const location = new URL(answer.headers.get('location') ?? '')
    expect([location.origin, location.searchParams.get('domain')]).toEqual([
      origin,
      '.api.example.org',
    ])
  })
  test('takes a name that Apple’s form brings', async () => {
    const begun = await start(w, { query: { success: 'http://localhost/ok' } })
    oidcFor(somebody({ name: '' }))
    const user = '{"name":{"firstName":"Ada","lastName":"Lovelace"}}'
    const answer = await comeBack(w, begun, { answer: { code: 'c', user } })
    const { body } = await w.send('get', '/account', undefined, sessionOf(answer))
    expect(body.name).toBe('Ada Lovelace')
  })
  test('does not stumble over another form', async () => {
    for (const user of ['{', '[]', '{"name":5}']) {
      const begun = await start(w, { query: { success: 'http://localhost/ok' } })
      oidcFor(somebody({ name: '' }))
      const answer = await comeBack(w, begun, { answer: { code: 'c', user } })
      expect(answer.headers.get('location')).toBe('http://localhost/ok')
      vi.restoreAllMocks()
    }
  })
})

describe('a sign-in that fails', () => {
  const ENDS = { success: 'http://localhost/ok', failure: 'http://localhost/no?a=1' }
  const failing = async (answer: Record<string, string>, query: Record<string, string> = ENDS) => {
    const begun = await start(w, { query })
    const back = await comeBack(w, begun, { answer })
    return { ...back, location: new URL(back.headers.get('location') ?? '') }
  }
  test('at the provider tells the app what it has said', async () => {
    const { status, location, headers } = await failing({
      error: 'access_denied',
      error_description: 'No, <b>thanks</b>',
    })
    expect([status, location.searchParams.get('a')]).toEqual([301, '1'])
    expect(headers.get('cache-control')).toBe(NO_STORE)
    expect(location.searchParams.has('project')).toBe(false)
    expect(errorIn(location)).toEqual({
      message: 'The sign-in provider answered: access_denied: No, <b>thanks</b>',
      type: 'user_oauth2_provider_error',
      code: 424,
    })
  })
  test('without a code is the provider’s error as well', async () => {
    expect(errorIn((await failing({})).location).type).toBe('user_oauth2_provider_error')
  })
  test('without an address of the app’s ends on the server’s own page', async () => {
    const { location } = await failing({ error: 'x' }, {})
    expect(location.origin + location.pathname).toBe('http://localhost/console/auth/oauth2/failure')
    expect(location.searchParams.get('project')).toBe(PROJECT)
    expect(errorIn(location).type).toBe('user_oauth2_provider_error')
  })
  test('when the provider was switched off meanwhile says so', async () => {
    await setUp(w, 'discord', { clientId: 'c', clientSecret: 's' })
    const begun = await start(w, { provider: 'discord', query: ENDS })
    await setUp(w, 'discord', { clientId: 'c', clientSecret: 's' }, false)
    const back = await comeBack(w, begun, { provider: 'discord' })
    expect(errorIn(new URL(back.headers.get('location') ?? ''))).toMatchObject({
      type: 'project_provider_disabled',
      code: 412,
    })
  })
  test.each([
    ['refuses the code', { status: 400, body: { error: 'invalid_grant' } }, 'invalid_grant'],
    ['says so with 200', { body: { error: 'bad_verification_code' } }, 'bad_verification_code'],
    ['sends a page', { status: 502, body: '<html>' }, 'http_502'],
    ['sends nothing', { body: '' }, 'http_200'],
    ['redirects', { status: 302, body: '' }, 'http_302'],
    ['is not there', new Error('connect ECONNREFUSED'), 'could not be asked'],
    ['never ends', { body: 'x'.repeat(300 * 1024) }, 'could not be asked'],
  ])('when the token endpoint %s', async (_, reply, reason) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const begun = await start(w, { query: ENDS })
    network({ 'POST https://id.example.com/token': () => reply })
    const back = await comeBack(w, begun)
    expect(errorIn(new URL(back.headers.get('location') ?? ''))).toEqual({
      message: expect.stringContaining(reason),
      type: 'user_oauth2_provider_failure',
      code: 424,
    })
    expect(log.mock.calls.flat().join(' ')).toContain('oidc')
    expect(log.mock.calls.flat().join(' ')).not.toContain('client secret')
  })
  test.each([
    ['refuses', { status: 401, body: { error: 'invalid_token' } }],
    ['sends no JSON', { body: 'sub=1' }],
    ['is not there', new Error('no route to host')],
  ])('when the profile %s', async (_, reply) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const begun = await start(w, { query: ENDS })
    network({
      'POST https://id.example.com/token': () => ({ body: { access_token: 'a' } }),
      'GET https://id.example.com/me': () => reply,
    })
    const back = await comeBack(w, begun)
    expect(errorIn(new URL(back.headers.get('location') ?? '')).type).toBe(
      'user_oauth2_provider_failure',
    )
  })
  test.each([
    ['success', 'project_invalid_success_url'],
    ['failure', 'project_invalid_failure_url'],
  ])('when the %s address is no client’s any more, shows it here', async (name, type) => {
    const hostname = `${name}.example.net`
    await platform(hostname)
    const begun = await start(w, { query: { ...ENDS, [name]: `https://${hostname}/` } })
    expect(begun.answer.status).toBe(301)
    await w.db.delete(platforms).where(eq(platforms.identifier, hostname))
    const log = oidcFor(somebody())
    const back = await comeBack(w, begun)
    expect([back.status, back.headers.get('location'), log]).toEqual([400, null, []])
    expect(back.text).toContain(type)
  })
  test('and was never begun here shows what the provider says', async () => {
    const answer = await comeBack(w, { state: '' }, { answer: { error: 'server_error' } })
    expect([answer.status, answer.headers.get('location')]).toEqual([500, null])
    expect(answer.text).toContain('user_oauth2_provider_error')
    expect(answer.text).toContain('server_error')
  })
})

describe('errors of the OAuth2 routes', () => {
  const hostile = '<script>alert(1)</script>"&'
  const path = `/v1/account/sessions/oauth2/oidc/redirect?project=${PROJECT}&error=${encodeURIComponent(hostile)}`
  test('are pages that load nothing, with everything escaped', async () => {
    const { status, headers, text } = await browse(w, path, { Accept: 'text/html,*/*;q=0.8' })
    expect([status, headers.get('content-type')]).toEqual([500, 'text/html; charset=UTF-8'])
    expect(text).not.toContain('<script')
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;')
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'nonce-/,
    )
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })
  test('are JSON for whoever asks for it', async () => {
    const { status, body } = await browse(w, path, JSON_ALONE)
    expect([status, body]).toEqual([
      500,
      {
        message: expect.stringContaining(hostile),
        code: 500,
        type: 'user_oauth2_provider_error',
        version: '1.9.6',
        requestId: expect.any(String),
      },
    ])
  })
  test.each([
    [
      'before there is a project',
      '/v1/account/sessions/oauth2/oidc?project=nosuch',
      404,
      'project_not_found',
    ],
    [
      'in validation',
      `/v1/account/tokens/oauth2/nosuch?project=${PROJECT}`,
      400,
      'general_argument_invalid',
    ],
    ['in the callback', `${CALLBACK}?state=`, 400, 'general_argument_invalid'],
    ['on the reserved project', '/v1/account/sessions/oauth2/oidc', 404, 'project_not_found'],
  ])('are pages also %s', async (_, at, status, type) => {
    const answer = await browse(w, at)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'text/html; charset=UTF-8',
    ])
    expect(answer.text).toContain(type)
  })
  test('of other routes stay JSON', async () => {
    const answer = await browse(w, '/v1/account/sessions/oauth2', { Accept: 'text/html' })
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8')
  })
  test('let whoever is blocked sign in as somebody else', async () => {
    const blocked = await w.signedIn({ status: false })
    const { answer } = await start(w, { headers: { ...blocked.headers, ...JSON_ALONE } })
    expect(answer.status).toBe(301)
  })
})

describe('the server’s own pages', () => {
  const page = (end: string, query: string) => browse(w, `/console/auth/oauth2/${end}?${query}`)
  test.each(['success', 'failure'])('%s: hand their query to the project’s app', async (end) => {
    const { status, text, headers } = await page(end, `project=${PROJECT}&secret=a%22b&x=%3Cb%3E`)
    expect(status).toBe(200)
    expect(text).toContain(
      `<a href="appwrite-callback-edgewrite://?project=edgewrite&amp;secret=a%22b&amp;x=%3Cb%3E">`,
    )
    const [, nonce] =
      /script-src 'nonce-([0-9a-f]{32})'/.exec(headers.get('content-security-policy') ?? '') ?? []
    expect(text).toContain(`<script nonce="${nonce}">location.replace(`)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })
  test('lead nowhere for another project', async () => {
    const { status, text } = await page('success', 'project=evil&secret=a')
    expect(status).toBe(200)
    expect(text).not.toContain('appwrite-callback')
    expect(text).not.toContain('<script')
  })
  test('break out of nothing', async () => {
    const { text } = await page('success', `project=${PROJECT}&"><script>alert(1)</script>`)
    expect(text).not.toContain('<script>alert')
  })
})
