import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { keys } from '#/db/schema'
import { hashSecret } from '#/lib/secrets'
import { NOW, PROJECT, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const IN_PROJECT = { 'X-Appwrite-Project': PROJECT }
const ROOT_IN_PROJECT = { ...IN_PROJECT, ...ROOT }
const MEBIBYTE = 1024 * 1024

/** Sends exactly these headers, unlike `world().send`. */
async function ask(
  w: World,
  method: string,
  path: string,
  headers: Headers_ = {},
  body?: BodyInit,
) {
  const url = path.startsWith('http') ? path : `http://localhost${path}`
  const init = { method, headers, ...(body === undefined ? {} : { body }) }
  const { response, trips, settle } = await w.raw(new Request(url, init))
  const text = await response.text()
  await settle()
  const json = response.headers.get('content-type')?.includes('json') && text !== ''
  const parsed = json ? JSON.parse(text) : {}
  return { status: response.status, headers: response.headers, text, trips, body: parsed }
}
const typeOf = async (answer: ReturnType<typeof ask>) => {
  const { status, body } = await answer
  return [status, body.type]
}
const at = (moment = NOW) => world({}, () => moment)

/** Returns what somebody who is signed in may send, without the project. */
async function signedIn(w: World) {
  const { id } = await w.user()
  const { headers } = await w.session(id)
  const session = headers['X-Appwrite-Session'] ?? ''
  const { body } = await w.send('post', '/account/jwts', {}, headers)
  return {
    user: { 'X-Appwrite-Session': session },
    cookie: { Cookie: `a_session_${PROJECT}=${session}` },
    jwt: { 'X-Appwrite-JWT': body.jwt as string },
    devKey: { 'X-Appwrite-Dev-Key': 'x' },
    guest: {},
  }
}

/** Stores a key whose secret may be anything. @returns its headers, project included */
async function storedKey(w: World, secret: string, fields: Partial<typeof keys.$inferInsert> = {}) {
  const id = crypto.randomUUID()
  const times = { createdAt: NOW, updatedAt: NOW, accessedAt: NOW }
  const secretHash = await hashSecret(secret)
  await w.db
    .insert(keys)
    .values({ id, name: 'Test', secretHash, scopes: ['buckets.read'], ...times, ...fields })
  return { id, headers: { ...IN_PROJECT, 'X-Appwrite-Key': secret } }
}
const newSecret = () => `standard_${crypto.randomUUID()}`

afterEach(() => {
  vi.restoreAllMocks()
})

/** docs/contract/auth.md §4.1; the last three are this server's own, for conditional requests. */
const ALLOWED_HEADERS = `Accept, Origin, Cookie, Set-Cookie, Content-Type, Content-Range, X-Appwrite-Project,
  X-Appwrite-Key, X-Appwrite-Dev-Key, X-Appwrite-Locale, X-Appwrite-Mode, X-Appwrite-JWT,
  X-Appwrite-Organization, X-Appwrite-Response-Format, X-Appwrite-Timeout, X-Appwrite-ID,
  X-Appwrite-Timestamp, X-Appwrite-Session, X-Appwrite-Platform, X-Appwrite-Impersonate-User-Id,
  X-Appwrite-Impersonate-User-Email, X-Appwrite-Impersonate-User-Phone, X-SDK-Version, X-SDK-Name,
  X-SDK-Language, X-SDK-Platform, X-SDK-GraphQL, X-SDK-Profile, Range, Cache-Control, Expires, Pragma,
  X-Fallback-Cookies, X-Requested-With, X-Forwarded-For, X-Forwarded-User-Agent,
  If-None-Match, If-Modified-Since, If-Range`
const names = (list: string | undefined) => list?.split(',').map((name) => name.trim())
const COMMON = {
  server: 'Appwrite',
  'x-content-type-options': 'nosniff',
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-expose-headers': 'X-Appwrite-Session, X-Fallback-Cookies',
  'access-control-allow-credentials': 'true',
  'access-control-max-age': '86400',
  vary: 'Origin',
}
/** What comes with them once it was looked who calls; nobody has a session here (docs/contract/auth.md §3.2). */
const IDENTIFIED = { ...COMMON, 'x-debug-fallback': 'true' }
const UNCACHED = {
  'cache-control': 'no-cache, no-store, must-revalidate',
  expires: '0',
  pragma: 'no-cache',
  'content-type': 'application/json; charset=UTF-8',
}
/** Returns the headers but for the list of allowed ones, which comes apart. */
function headersOf({ headers }: { headers: Headers }) {
  const all = Object.fromEntries(headers)
  const { 'access-control-allow-headers': allowed, 'x-request-id': _, ...others } = all
  return { allowed: names(allowed)?.sort(), others }
}

describe('OPTIONS', () => {
  test.each([
    ['/v1/storage/buckets', {}],
    ['/v1/storage/buckets', { Origin: 'https://Evil.example', 'X-Appwrite-Project': 'nope' }],
    ['/v1/nowhere?project=nope', { Origin: 'http://localhost:3000', 'X-Appwrite-Key': 'bad' }],
    ['//nowhere//', {}],
  ])('%s with %j answers 204 before anything else runs', async (path, headers: Headers_) => {
    const w = await world({ SECRET: '' }, () => expect.unreachable('the clock was read'))
    const answer = await ask(w, 'OPTIONS', path, headers)
    const origin = headers.Origin?.toLowerCase()
    expect([answer.status, answer.text, answer.trips]).toEqual([204, '', 0])
    expect(headersOf(answer)).toEqual({
      allowed: names(ALLOWED_HEADERS)?.sort(),
      others: { ...COMMON, ...(origin ? { 'access-control-allow-origin': origin } : {}) },
    })
  })
})

describe('routing', () => {
  test.each(['/v1/storage/buckets', '/v1/storage/buckets/nothing', '/v1/nowhere'])(
    'HEAD %s is GET without a body',
    async (path) => {
      const w = await at()
      const get = await ask(w, 'GET', path, ROOT_IN_PROJECT)
      const head = await ask(w, 'HEAD', path, ROOT_IN_PROJECT)
      expect(get.text).not.toBe('')
      expect([head.status, head.text, headersOf(head)]).toEqual([get.status, '', headersOf(get)])
    },
  )
  test.each(['//v1/storage/buckets', '/v1//storage///buckets', '/v1/storage/buckets//'])(
    'ignores the empty segments of %s',
    async (path) => {
      const w = await at()
      const { status, body } = await ask(w, 'GET', `${path}?search=none`, ROOT_IN_PROJECT)
      expect([status, body]).toEqual([200, { total: 0, buckets: [] }])
    },
  )
  test('finds a parameter after an empty segment', async () => {
    const w = await at()
    const { id } = await w.bucket()
    const { body } = await ask(w, 'GET', `/v1/storage/buckets//${id}/`, ROOT_IN_PROJECT)
    expect(body.$id).toBe(id)
  })
  test.each([
    ...['GET /v1/nowhere', 'GET /v1', 'GET /nowhere', 'GET /V1/storage/buckets'],
    ...['PATCH /v1/storage/buckets', 'POST /v1/storage/buckets/x/y/z'],
  ])('%s is not there', async (route) => {
    const [method = '', path = ''] = route.split(' ')
    const answer = await ask(await at(), method, path, ROOT_IN_PROJECT)
    const message = 'There is no route with this method and path.'
    const body = { message, code: 404, type: 'general_route_not_found', version: '1.9.6' }
    expect([answer.status, answer.text]).toEqual([404, JSON.stringify(body)])
    const expected = path.startsWith('/v1') ? IDENTIFIED : COMMON
    expect(headersOf(answer).others).toEqual({ ...expected, ...UNCACHED })
  })
})

describe('the project', () => {
  const IS = {
    own: [404, 'storage_file_not_found'],
    console: [404, 'storage_bucket_not_found'],
    unknown: [404, 'project_not_found'],
  } as const
  const header = (name: string) => ({ 'X-Appwrite-Project': name })
  const other = { 'X-Appwrite-Project': 'nope' }
  /** Asks as a guest for a file that is not in a bucket open to all. */
  async function outcome(method: string, query: string, headers: Headers_, body?: string) {
    const w = await at()
    const { id } = await w.bucket({ permissions: ['read("any")', 'update("any")'] })
    return typeOf(ask(w, method, `/v1/storage/buckets/${id}/files/none${query}`, headers, body))
  }
  test.each([
    ['', {}, 'console'],
    ['', header(''), 'console'],
    ['', header('console'), 'console'],
    ['', IN_PROJECT, 'own'],
    ['', header('EDGEWRITE'), 'unknown'],
    ['', other, 'unknown'],
    [`?project=${PROJECT}`, {}, 'own'],
    [`?project=${PROJECT}`, other, 'own'],
    ['?project=nope', IN_PROJECT, 'unknown'],
    ['?project=console', IN_PROJECT, 'console'],
    ['?project=', IN_PROJECT, 'own'],
  ] as const)('of a read with %j and %j is %s', async (query, headers, expected) => {
    expect(await outcome('GET', query, headers)).toEqual(IS[expected])
  })
  // Differs: upstream looks into the body before the header.
  test.each([
    ['', {}, {}, 'console'],
    ['', {}, IN_PROJECT, 'own'],
    [`?project=${PROJECT}`, {}, {}, 'own'],
    [`?project=${PROJECT}`, {}, other, 'unknown'],
    ['?project=nope', {}, IN_PROJECT, 'own'],
    ['', { project: PROJECT }, {}, 'own'],
    ['', { project: 'nope' }, {}, 'unknown'],
    ['?project=nope', { project: PROJECT }, {}, 'own'],
    [`?project=${PROJECT}`, { project: ['nope'] }, {}, 'own'],
    [`?project=${PROJECT}`, { project: '' }, {}, 'own'],
    ['', { project: 'nope' }, IN_PROJECT, 'own'],
  ] as const)('of a write with %j, body %j and %j is %s', async (query, fields, more, expected) => {
    const body = JSON.stringify({ name: 'x', ...fields })
    const headers = { 'Content-Type': 'application/json', 'Content-Length': `${body.length}` }
    expect(await outcome('PUT', query, { ...headers, ...more }, body)).toEqual(IS[expected])
  })
  test('may be named by a form', async () => {
    const body = `name=x&project=${PROJECT}`
    const type = 'application/x-www-form-urlencoded'
    const headers = { 'Content-Type': type, 'Content-Length': `${body.length}` }
    expect(await outcome('PUT', '', headers, body)).toEqual(IS.own)
  })
})

describe('an API key', () => {
  const list = (w: World, headers: Headers_) => ask(w, 'GET', '/v1/storage/buckets', headers)
  const GUEST_REFUSED = 'User (role: guests) missing scopes (["buckets.read"])'

  test('of the deployment costs no round trip', async () => {
    const w = await at()
    expect((await ask(w, 'GET', '/v1/nowhere', ROOT_IN_PROJECT)).trips).toBe(0)
    expect(await list(w, ROOT_IN_PROJECT)).toMatchObject({ status: 200, trips: 1 })
  })
  test.each(['standard_opens', 'legacy'])('%s opens what it may', async (secret) => {
    const w = await at()
    const { headers } = await storedKey(w, secret)
    expect((await ask(w, 'GET', '/v1/nowhere', headers)).trips).toBe(1)
    expect(await list(w, headers)).toMatchObject({ status: 200, trips: 2 })
  })
  test.each(['standard_', 'standard_unknown', 'x', ROOT['X-Appwrite-Key'].slice(0, -1)])(
    'that nobody stored, %s, is refused',
    async (key) => {
      const answer = typeOf(list(await at(), { ...IN_PROJECT, 'X-Appwrite-Key': key }))
      expect(await answer).toEqual([401, 'user_unauthorized'])
    },
  )
  test.each([
    [-1, [401, 'project_key_expired']],
    [0, [200, undefined]],
    [1, [200, undefined]],
  ])('that expires in %i ms gives %j', async (ms, expected) => {
    const w = await at()
    const expiresAt = new Date(NOW.getTime() + ms)
    const { headers } = await storedKey(w, newSecret(), { expiresAt })
    expect(await typeOf(list(w, headers))).toEqual(expected)
  })
  const unnamed = [
    ['no project', '', {}],
    ['the project in the query only', `?project=${PROJECT}`, {}],
    ['an empty header', '', { 'X-Appwrite-Project': '' }],
  ] as const
  const exp = NOW.getTime() / 1000
  const claims = { projectId: PROJECT, scopes: ['buckets.read', 'files.write'], exp: exp + 1 }
  const ephemeral = async (w: World, more = {}) => ({
    'X-Appwrite-Key': `ephemeral_${await signJwt({ ...claims, ...more }, w.env.SECRET ?? '')}`,
  })

  test.each(unnamed)('with %s is its own project’s', async (_, query, headers: Headers_) => {
    const w = await at()
    const stored = await w.key('buckets.read')
    for (const key of [ROOT, stored, await ephemeral(w)]) {
      const answer = ask(w, 'GET', `/v1/storage/buckets${query}`, { ...key, ...headers })
      expect(await typeOf(answer)).toEqual([200, undefined])
    }
    const short = ask(w, 'GET', `/v1/users${query}`, { ...stored, ...headers })
    expect(await typeOf(short)).toEqual([401, 'general_unauthorized_scope'])
  })
  test.each(unnamed)(
    'with %s is refused unless it is valid',
    async (_, query, headers: Headers_) => {
      const w = await at()
      const expiresAt = new Date(NOW.getTime() - 1)
      const { 'X-Appwrite-Key': expired = '' } = (await storedKey(w, newSecret(), { expiresAt }))
        .headers
      const { user, cookie } = await signedIn(w)
      const wrong = [
        ...['standard_unknown', 'x', 'account_1', 'ephemeral_1'].map((secret) => [secret, {}]),
        [(await ephemeral(w, { projectId: 'nope' }))['X-Appwrite-Key'], {}],
        [(await ephemeral(w, { exp }))['X-Appwrite-Key'], {}],
        ['standard_unknown', { ...user, ...cookie }],
      ] as [string, Headers_][]
      for (const [secret, more] of wrong) {
        const sent = { ...headers, ...more, 'X-Appwrite-Key': secret }
        const answer = ask(w, 'GET', `/v1/storage/buckets${query}`, sent)
        expect([secret, ...(await typeOf(answer))]).toEqual([secret, 403, 'project_id_missing'])
      }
      const late = { ...headers, 'X-Appwrite-Key': expired }
      const answer = ask(w, 'GET', `/v1/storage/buckets${query}`, late)
      expect(await typeOf(answer)).toEqual([401, 'project_key_expired'])
    },
  )
  test('without the header uploads, as the PHP SDK does', async () => {
    const w = await at()
    const { id } = await w.bucket()
    for (const key of [ROOT, await w.key('files.write'), await ephemeral(w)]) {
      const form = new FormData()
      form.set('fileId', crypto.randomUUID())
      form.set('file', new File(['text'], 'a.txt'))
      const answer = await ask(w, 'POST', `/v1/storage/buckets/${id}/files`, key, form)
      expect([answer.status, answer.body.bucketId]).toEqual([201, id])
    }
  })
  test.each([
    ['another project in the header', '', { 'X-Appwrite-Project': 'nope' }],
    ['the reserved one in the header', '', { 'X-Appwrite-Project': 'console' }],
    ['another project in the header only', `?project=${PROJECT}`, { 'X-Appwrite-Project': 'nope' }],
    ['another project in the query', '?project=nope', {}],
    ['the reserved one in the query', '?project=console', {}],
  ])('with %s is refused', async (_, query, headers: Headers_) => {
    const w = await at()
    for (const key of [ROOT, await w.key('buckets.read'), await ephemeral(w)]) {
      const answer = ask(w, 'GET', `/v1/storage/buckets${query}`, { ...key, ...headers })
      expect(await typeOf(answer)).toEqual([403, 'project_id_missing'])
    }
  })
  test('with a body that names another project is refused', async () => {
    const headers = { ...ROOT, 'Content-Type': 'application/json', 'Content-Length': '18' }
    const answer = ask(await at(), 'POST', '/v1/storage/buckets', headers, '{"project":"nope"}')
    expect(await typeOf(answer)).toEqual([403, 'project_id_missing'])
  })
  test.each([
    ['a session', 'cookie'],
    ['a session in a header', 'user'],
    ['a JWT', 'jwt'],
    ['a development key', 'devKey'],
    ['nothing', 'guest'],
  ] as const)('is the only thing that does without: %s is nobody’s', async (_, kind) => {
    const w = await at()
    const answer = ask(w, 'GET', '/v1/account', (await signedIn(w))[kind])
    expect(await typeOf(answer)).toEqual([401, 'general_unauthorized_scope'])
  })
  test('without the scope is told which one', async () => {
    const w = await at()
    const { headers } = await storedKey(w, newSecret(), { scopes: ['buckets.write'] })
    const { status, body } = await list(w, headers)
    const caller = `app.${PROJECT}@service.localhost (role: applications)`
    expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
    expect(body.message).toBe(`${caller} missing scopes (["buckets.read"])`)
  })
  test.each([
    ['none', {}],
    ['an empty one', { 'X-Appwrite-Key': '' }],
    ['one of an unknown kind', { 'X-Appwrite-Key': 'account_1' }],
    ['an ephemeral one that is no JWT', { 'X-Appwrite-Key': 'ephemeral_1' }],
  ])('that is %s leaves a guest', async (_, headers: Headers_) => {
    const { status, body } = await list(await at(), { ...IN_PROJECT, ...headers })
    expect([status, body.message]).toEqual([401, GUEST_REFUSED])
  })
  test.each([
    ['ephemeral_', { projectId: PROJECT, exp: exp + 1 }, 200],
    ['dynamic_', { projectId: PROJECT, exp: exp + 1 }, 200],
    ['ephemeral_', { projectId: PROJECT, exp }, 401],
    ['ephemeral_', { projectId: 'nope', exp: exp + 1 }, 401],
    ['ephemeral_', { projectId: PROJECT }, 401],
    ['ephemeral_', { projectId: PROJECT, exp: exp + 1, scopes: ['files.read'] }, 401],
    ['standard_', { projectId: PROJECT, exp: exp + 1 }, 401],
  ])('%s with %j gives %i', async (prefix, claims, expected) => {
    const w = await at()
    const jwt = await signJwt({ scopes: ['buckets.read'], ...claims }, w.env.SECRET ?? '')
    const forged = await signJwt({ scopes: ['buckets.read'], ...claims }, 'another secret')
    const key = (text: string) => ({ ...IN_PROJECT, 'X-Appwrite-Key': prefix + text })
    expect((await list(w, key(jwt))).status).toBe(expected)
    expect((await list(w, key(forged))).status).toBe(401)
  })
  test('records its use once a day', async () => {
    let moment = NOW
    const w = await world({}, () => moment)
    const { id, headers } = await storedKey(w, newSecret(), { accessedAt: null })
    const day = 24 * 3600 * 1000
    const seen = []
    for (const ms of [0, day, day + 1]) {
      moment = new Date(NOW.getTime() + ms)
      await list(w, headers)
      const [row] = await w.db.select().from(keys).where(eq(keys.id, id))
      seen.push(row?.accessedAt)
    }
    expect(seen).toEqual([NOW, NOW, moment])
  })
})

describe('of two failures, the answer tells', () => {
  const evil = { Origin: 'https://evil.example' }
  const nope = { 'X-Appwrite-Project': 'nope' }
  const unknownKey = { ...IN_PROJECT, 'X-Appwrite-Key': 'standard_x' }
  test.each([
    ['the key before the project', '/v1/nowhere?project=nope', ROOT, 'project_id_missing'],
    ['the key before the route', '/v1/nowhere', unknownKey, 'user_unauthorized'],
    [
      'the origin before the project',
      '/v1/nowhere',
      { ...nope, ...evil },
      'general_unknown_origin',
    ],
    ['the origin before the scope', '/v1/storage/buckets', evil, 'general_unknown_origin'],
    ['the origin before the route', '/v1/nowhere', evil, 'general_unknown_origin'],
    ['the project before the scope', '/v1/storage/buckets', nope, 'project_not_found'],
    ['the project before the route', '/v1/nowhere', nope, 'project_not_found'],
    ['the scope before the ID', '/v1/storage/buckets/!', IN_PROJECT, 'general_unauthorized_scope'],
    ['the ID before absence', '/v1/storage/buckets/!', ROOT_IN_PROJECT, 'general_argument_invalid'],
    ['the scope before the console', '/v1/storage/buckets', {}, 'general_unauthorized_scope'],
  ])('%s', async (_, path, headers: Headers_, type) => {
    expect((await ask(await at(), 'GET', path, headers)).body.type).toBe(type)
  })
  test('the expiry of a key before its scope', async () => {
    const w = await at()
    const { headers } = await storedKey(w, newSecret(), { scopes: [], expiresAt: new Date(1) })
    const answer = ask(w, 'GET', '/v1/storage/buckets', headers)
    expect(await typeOf(answer)).toEqual([401, 'project_key_expired'])
  })
  test('admin mode on the console before the origin', async () => {
    const headers = { 'X-Appwrite-Project': 'console', 'X-Appwrite-Mode': 'admin', ...evil }
    const answer = ask(await at(), 'GET', '/v1/nowhere', headers)
    expect(await typeOf(answer)).toEqual([400, 'general_bad_request'])
  })
})

describe('an origin', () => {
  const PLATFORMS = ' App.Example.com,*.x.dev ,127.0.0.5'
  const visit = async (Origin: string, platforms = PLATFORMS, headers: Headers_ = IN_PROJECT) =>
    ask(await world({ PLATFORMS: platforms }), 'GET', '/v1/nowhere', { ...headers, Origin })
  const allowed = [
    ...['http://localhost', 'https://LocalHost:3000', 'http://127.0.0.1:80', 'http://[::1]:5173'],
    ...['https://app.example.com', 'http://APP.example.com:8080', 'https://a.b.x.dev'],
    ...['chrome-extension://app.example.com', 'tauri://localhost', 'exp://anything'],
    ...[`appwrite-callback-${PROJECT}://`, 'http://127.0.0.5'],
  ]
  test.each(allowed)('%s is allowed and echoed', async (origin) => {
    const answer = await visit(origin)
    expect([answer.status, answer.body.type]).toEqual([404, 'general_route_not_found'])
    const echoed = { 'access-control-allow-origin': origin.toLowerCase() }
    expect(headersOf(answer).others).toEqual({ ...IDENTIFIED, ...UNCACHED, ...echoed })
  })
  test.each([
    ...['https://evil.example', 'https://example.com', 'https://xapp.example.com'],
    ...['https://app.example.com.evil.example', 'https://x.dev', 'https://evilx.dev'],
    ...['http://127.0.0.2', 'http://0.0.0.0', 'chrome-extension://other', 'ftp://localhost'],
    ...['file://localhost', 'appwrite-callback-other://', 'localhost', 'null'],
  ])('%s is refused by name and not echoed', async (origin) => {
    const answer = await visit(origin)
    expect([answer.status, answer.body.type]).toEqual([403, 'general_unknown_origin'])
    expect(answer.body.message).toContain(`${origin.split('//').at(-1) || origin} is not`)
    expect(headersOf(answer).others).toEqual({ ...IDENTIFIED, ...UNCACHED })
  })
  test('is any with the platform *, but null', async () => {
    expect((await visit('https://evil.example', '*')).status).toBe(404)
    expect((await visit('null', '*')).status).toBe(403)
  })
  test('does not matter with a key, and is not echoed either', async () => {
    const answer = await visit('https://evil.example', '', ROOT_IN_PROJECT)
    expect(answer.status).toBe(404)
    expect(answer.headers.has('access-control-allow-origin')).toBe(false)
    const empty = await visit('https://evil.example', '', { ...IN_PROJECT, 'X-Appwrite-Key': '' })
    expect(empty.status).toBe(403)
  })
  test.each(['nope', 'console'])('of a platform is none of project %j', async (project) => {
    const answer = visit('https://app.example.com', PLATFORMS, { 'X-Appwrite-Project': project })
    expect(await typeOf(answer)).toEqual([403, 'general_unknown_origin'])
  })
})

describe('the server', () => {
  const logged = () => vi.spyOn(console, 'error').mockImplementation(() => undefined)

  test('sends JSON with its charset, and keeps it out of every cache', async () => {
    const answer = await ask(await at(), 'GET', '/v1/storage/buckets?search=none', ROOT_IN_PROJECT)
    const { 'content-type': type } = UNCACHED
    expect(headersOf(answer).others).toEqual({
      ...{ ...IDENTIFIED, 'content-type': type, 'cache-control': 'private, no-store' },
    })
  })
  test.each([
    ['http://localhost', null],
    ['https://localhost', 'max-age=10886400'],
  ])('on %s sends Strict-Transport-Security: %s', async (host, expected) => {
    const { headers } = await ask(await at(), 'GET', `${host}/v1/nowhere`)
    expect(headers.get('strict-transport-security')).toBe(expected)
  })
  test('logs what fails unexpectedly, and tells nothing of it', async () => {
    const problem = new Error('D1_ERROR: no such table: internals')
    const log = logged()
    const w = await at()
    w.env.DB = {
      prepare: () => {
        throw problem
      },
    } as unknown as D1Database
    const answer = await ask(w, 'GET', '/v1/storage/buckets', ROOT_IN_PROJECT)
    const message = 'Something went wrong on the server.'
    const requestId = answer.headers.get('x-request-id')
    const body = { message, code: 500, type: 'general_unknown', version: '1.9.6', requestId }
    expect([answer.status, answer.text]).toEqual([500, JSON.stringify(body)])
    expect(headersOf(answer).others).toEqual({ ...IDENTIFIED, ...UNCACHED })
    expect(log.mock.calls.flat()).toEqual([problem])
  })
  test.each([
    ...['SECRET', 'SECRET=', 'SECRET=a-short-one-of-31-characters...'],
    ...['SECRET=change-me-to-at-least-32-random-characters', 'API_KEY', 'API_KEY=standard_short1'],
    ...['API_KEY=standard_change-me', 'PROJECT_ID=not an ID', 'PUBLIC_URL=not-a-url'],
    ...['STORAGE_MAX_FILE_BYTES=zero-bytes', 'RATE_LIMITS=perhaps'],
  ])('with %s names the setting, not its value', async (setting) => {
    logged()
    const w = await at()
    const [name = '', value] = setting.split('=')
    if (value === undefined) Reflect.deleteProperty(w.env, name)
    else Reflect.set(w.env, name, value)
    const answer = await ask(w, 'GET', '/v1/nowhere', ROOT_IN_PROJECT)
    expect([answer.status, answer.body.type]).toEqual([500, 'general_server_error'])
    expect(answer.body.message).toMatch(new RegExp(`^Edgewrite is not configured: ${name} `))
    if (value) expect(answer.text).not.toContain(value)
  })
  test('sends the headers of every answer even when it is not configured', async () => {
    logged()
    const answer = await ask(await world({ SECRET: '' }), 'GET', '/v1/nowhere')
    expect(headersOf(answer).others).toEqual({ ...COMMON, ...UNCACHED })
  })
})

describe('a body', () => {
  /** Updates a bucket that is not there, as a key. */
  async function put(sent: BodyInit, headers: Headers_ = {}) {
    const all = { ...ROOT_IN_PROJECT, 'Content-Type': 'application/json', ...headers }
    const { status, body } = await ask(await at(), 'PUT', '/v1/storage/buckets/none', all, sent)
    return [status, body.type, body.message]
  }
  const FITS = [404, 'storage_bucket_not_found', 'There is no bucket with this ID.']
  test.each(['', '[]', ' [ ] ', '{}', '\ufeff{}'])('of %j holds no parameters', async (body) => {
    const message = 'Param "name" is not optional.'
    expect(await put(body)).toEqual([400, 'general_argument_invalid', message])
  })
  test('may be a form', async () => {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect(await put('name=x', type)).toEqual(FITS)
  })
  /** Makes a JSON body of so many bytes. */
  const bodyOf = (size: number) => `{"name":"x","y":"${'z'.repeat(size - 19)}"}`
  const TOO_LARGE = [400, 'general_argument_invalid', 'The body has more than 1048576 bytes.']
  test.each([
    [MEBIBYTE, FITS],
    [MEBIBYTE + 1, TOO_LARGE],
  ])('of %i bytes gives %j, declared or not', async (size, expected) => {
    const declared = { 'Content-Length': `${size}` }
    expect(await put(bodyOf(size), declared)).toEqual(expected)
    expect(await put(new Blob([bodyOf(size)]).stream())).toEqual(expected)
  })
})
