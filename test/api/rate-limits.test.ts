import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'
import { ROOT_KEY } from '#/auth/caller'
import { ROUTES } from '#/routes'
import { type Answer, NOW, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const LIMIT = 60
const WINDOW = new Date(Math.floor(NOW.getTime() / 60_000) * 60_000)
const START = WINDOW.getTime() / 1000
const MID_WINDOW = new Date(WINDOW.getTime() + 37_500)
const FILE = '/v1/storage/buckets/:bucketId/files/:fileId'

const at = (moment = MID_WINDOW, settings: Parameters<typeof world>[0] = {}) =>
  world(settings, () => moment)
/** Returns an address that no other test uses, as the edge names it. */
let addresses = 0
const guest = () => ({ 'CF-Connecting-IP': `192.0.2.${++addresses}` })
const remove = (w: World, headers: Headers_, file = 'none') =>
  w.send('delete', `/storage/buckets/none/files/${file}`, undefined, headers)
const limitsOf = ({ headers }: Answer) =>
  ['Limit', 'Remaining', 'Reset'].map((name) => headers.get(`X-RateLimit-${name}`))
const remaining = (answer: Answer) => Number(answer.headers.get('X-RateLimit-Remaining'))
/** Sends all that a window takes. */
async function exhaust(w: World, headers: Headers_) {
  for (let count = 0; count < LIMIT; count++) await remove(w, headers)
}
const counterOf = (headers: { 'CF-Connecting-IP': string }, method = 'DELETE', path = FILE) =>
  `ip:${headers['CF-Connecting-IP']},method:${method},url:localhost${path},userId:`
/** Reads what is held of a key's window. */
const windowOf = (key: string) =>
  runInDurableObject(env.RATE_COUNTERS.getByName(key), (_, { storage }) => storage.kv.get('window'))

describe('a guest', () => {
  test('is told what is left, and refused after the last', async () => {
    const w = await at()
    const headers = guest()
    for (let count = 1; count <= LIMIT; count++) {
      const answer = await remove(w, headers)
      expect([answer.status, answer.body.type]).toEqual([404, 'storage_bucket_not_found'])
      expect(limitsOf(answer)).toEqual(['60', `${LIMIT - count}`, `${START + 60}`])
    }
    const refused = await remove(w, headers)
    expect([refused.status, refused.body]).toEqual([
      429,
      {
        message: 'Too many requests. Wait a while and try again.',
        code: 429,
        type: 'general_rate_limit_exceeded',
        version: '1.9.6',
      },
    ])
    expect(limitsOf(refused)).toEqual(['60', '0', `${START + 60}`])
    expect(refused.headers.get('retry-after')).toBe('23') // whole seconds to the end of the window
    expect(refused.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate')
  })
  test('changes nothing when refused', async () => {
    const w = await at()
    const headers = guest()
    const { id } = await w.bucket({ permissions: ['delete("any")'] })
    await w.upload(id, 'hello', { fileId: 'kept' })
    await exhaust(w, headers)
    const path = `/storage/buckets/${id}/files/kept`
    expect((await w.send('delete', path, undefined, headers)).status).toBe(429)
    expect((await w.send('get', path)).status).toBe(200)
    expect((await w.send('delete', path, undefined, guest())).status).toBe(204)
  })
  test('may go on when the next window opens', async () => {
    let moment = MID_WINDOW
    const w = await world({}, () => moment)
    const headers = guest()
    await exhaust(w, headers)
    moment = new Date(WINDOW.getTime() + 59_999)
    expect((await remove(w, headers)).status).toBe(429)
    moment = new Date(WINDOW.getTime() + 60_000)
    const answer = await remove(w, headers)
    expect([answer.status, ...limitsOf(answer)]).toEqual([404, '60', '59', `${START + 120}`])
  })
  test('passes exactly 60 times when all come at once', async () => {
    const w = await at()
    const headers = guest()
    const answers = await Promise.all(Array.from({ length: 70 }, () => remove(w, headers)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 404)).toHaveLength(LIMIT)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    expect(new Set(answers.map(remaining)).size).toBe(LIMIT)
  })
  test('is counted before parameters are looked at', async () => {
    const w = await at()
    const headers = guest()
    const bad = await remove(w, headers, '!')
    expect([bad.status, bad.body.type, remaining(bad)]).toEqual([
      ...[400, 'general_argument_invalid', 59],
    ])
    await exhaust(w, headers)
    expect((await remove(w, headers, '!')).status).toBe(429)
  })
  test.each([
    ['lacks the scope', 'post', '/tokens/buckets/none/files/none', 401],
    ['asks what has no limit', 'get', '/storage/buckets/none/files/none', 404],
    ['asks what is not there', 'delete', '/nowhere', 404],
  ])('is not counted when it %s', async (_, method, path, status) => {
    const w = await at()
    const headers = guest()
    const body = method === 'post' ? {} : undefined
    const answer = await w.send(method, path, body, headers)
    expect([answer.status, ...limitsOf(answer)]).toEqual([status, null, null, null])
    expect(await windowOf(counterOf(headers, method.toUpperCase(), `/v1${path}`))).toBeUndefined()
  })
})

describe('a counter', () => {
  test('is one for the window, named by the template of the route', async () => {
    const w = await at()
    const headers = guest()
    await remove(w, headers, 'one')
    await remove(w, headers, 'two')
    expect(await windowOf(counterOf(headers))).toEqual({ start: START, count: 2 })
  })
  test('is apart for each method and address, and shared by all hosts', async () => {
    const w = await at()
    const headers = guest()
    const elsewhere = new Request('http://other.example/v1/storage/buckets/none/files/none', {
      method: 'DELETE',
      headers: { ...headers, 'X-Appwrite-Project': 'edgewrite' },
    })
    expect(remaining(await remove(w, headers))).toBe(59)
    expect(remaining(await remove(w, guest()))).toBe(59)
    const { response } = await w.raw(elsewhere)
    expect(response.headers.get('X-RateLimit-Remaining')).toBe('58')
    const post = await w.send('post', '/storage/buckets/none/files', undefined, headers)
    expect(remaining(post)).toBe(59)
    expect(remaining(await remove(w, headers))).toBe(57)
  })
  test('is shared by all spellings of a path', async () => {
    const w = await at()
    const headers = guest()
    await remove(w, headers)
    const path = '/v1//storage/buckets/none/files/none/'
    expect(remaining(await w.send('delete', path, undefined, headers))).toBe(58)
  })
  test('is apart for each chunk of an upload', async () => {
    const w = await at()
    const headers = guest()
    const left = []
    for (const range of ['0-4/14', '0-4/14', '5-9/14', '10-14/14', undefined]) {
      const more = range ? { 'Content-Range': `bytes ${range}` } : {}
      const path = '/storage/buckets/none/files'
      left.push(remaining(await w.send('post', path, undefined, { ...headers, ...more })))
    }
    expect(left).toEqual([59, 58, 59, 59, 59])
  })
})

describe('the address', () => {
  /** Returns what is left after each of several requests. */
  async function left(header: string | undefined, requests: readonly Headers_[]) {
    const w = await at(MID_WINDOW, header ? { CLIENT_IP_HEADER: header } : {})
    const counts = []
    for (const headers of requests) counts.push(remaining(await remove(w, headers)))
    return counts
  }
  test('is the one that the edge names, by default', async () => {
    const [one, two] = [guest(), guest()]
    expect(await left(undefined, [one, two, one])).toEqual([59, 59, 58])
  })
  test('is not taken from X-Forwarded-For, by default', async () => {
    const one = guest()
    const forwarded = ['198.51.100.1', '198.51.100.2', '198.51.100.3, 198.51.100.1']
    const requests = forwarded.map((address) => ({ ...one, 'X-Forwarded-For': address }))
    expect(await left(undefined, requests)).toEqual([59, 58, 57])
  })
  test.each(['X-Real-IP', 'x-forwarded-for'])('is taken from %s if set so', async (name) => {
    const one = guest()
    const addresses = [`203.0.113.1-${name}`, `203.0.113.2-${name}`, `203.0.113.1-${name}`]
    const requests = addresses.map((address) => ({ ...one, [name]: address }))
    expect(await left(name, requests)).toEqual([59, 59, 58])
  })
  test('is the leftmost of several', async () => {
    const name = 'X-Forwarded-For'
    const lists = ['203.0.113.9, 10.0.0.1', '203.0.113.9,10.0.0.2', '10.0.0.2, 203.0.113.9']
    const requests = lists.map((list) => ({ [name]: list }))
    expect(await left(name, requests)).toEqual([59, 58, 59])
  })
})

describe('no limit', () => {
  test('holds for a key, nor is it counted', async () => {
    const w = await at()
    const headers = guest()
    await exhaust(w, headers)
    const before = await windowOf(counterOf(headers))
    const stored = await w.key('files.write')
    for (const key of [ROOT, stored]) {
      const answer = await remove(w, { ...headers, ...key })
      expect([answer.status, ...limitsOf(answer)]).toEqual([404, '60', '59', `${START + 60}`])
    }
    expect(await windowOf(counterOf(headers))).toEqual(before)
    expect((await remove(w, headers)).status).toBe(429)
  })
  test('holds with RATE_LIMITS=off, nor is it counted', async () => {
    const headers = guest()
    await exhaust(await at(), headers)
    const w = await at(MID_WINDOW, { RATE_LIMITS: 'off' })
    const before = await windowOf(counterOf(headers))
    const answer = await remove(w, headers)
    expect([answer.status, ...limitsOf(answer)]).toEqual([404, '60', '59', `${START + 60}`])
    expect(await windowOf(counterOf(headers))).toEqual(before)
  })
  test('holds while the counters cannot be reached', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const headers = guest()
    await exhaust(await at(), headers)
    const hit = () => Promise.reject(new Error('unreachable'))
    const w = await at(MID_WINDOW, { RATE_COUNTERS: { getByName: () => ({ hit }) } as never })
    const answer = await remove(w, headers)
    expect([answer.status, answer.body.type]).toEqual([404, 'storage_bucket_not_found'])
    expect(limitsOf(answer)).toEqual(['60', '59', `${START + 60}`])
    expect(log).toHaveBeenCalledExactlyOnceWith('The rate limiter failed open', expect.any(Error))
    log.mockRestore()
    expect((await remove(await at(), headers)).status).toBe(429)
  })
})

describe('the burst guard', () => {
  const guarded = (limit: (options: { key: string }) => Promise<{ success: boolean }>) =>
    at(MID_WINDOW, { BURST_GUARD: { limit } as never })

  test('refuses a flood before it is counted, and no key', async () => {
    const w = await guarded(async () => ({ success: false }))
    const headers = guest()
    const answer = await remove(w, headers)
    expect([answer.status, answer.body.type, answer.headers.get('Retry-After')]).toEqual([
      ...[429, 'general_rate_limit_exceeded', '10'],
    ])
    expect(await windowOf(counterOf(headers))).toBeUndefined()
    expect((await remove(w, { ...headers, ...ROOT })).status).toBe(404)
    expect((await w.send('get', '/storage/buckets/none/files/a', undefined, headers)).status).toBe(
      404,
    )
  })
  test('counts by the network of the address', async () => {
    const keys: string[] = []
    const w = await guarded(async ({ key }) => ({ success: keys.push(key) > 0 }))
    await remove(w, { 'CF-Connecting-IP': '2001:db8:1:2:3:4:5:6' })
    await remove(w, {})
    expect(keys).toEqual(['2001:db8:1:2::/64'])
  })
  test('lets requests through while it fails', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const w = await guarded(() => Promise.reject(new Error('unreachable')))
    expect((await remove(w, guest())).status).toBe(404)
    expect(log).toHaveBeenCalledExactlyOnceWith('The burst guard failed open', expect.any(Error))
    log.mockRestore()
  })
})

const limited = ROUTES.map(({ spec }) => spec).flatMap(({ name, method, path, limit, scopes }) =>
  limit ? [{ name, method, path, limit, scopes }] : [],
)
test.each(limited)('$name tells its limit', async ({ method, path, limit, scopes }) => {
  const w = await at()
  const body = method === 'delete' || method === 'get' ? undefined : {}
  const isForKeys = scopes.some((scope) => ROOT_KEY.scopes.has(scope))
  const headers = isForKeys ? ROOT : { ...(await w.signedIn()).headers, ...guest() }
  const answer = await w.send(method, path.replaceAll(/:\w+/g, 'none'), body, headers)
  const { windowSeconds } = limit
  const end = START + 37 - ((START + 37) % windowSeconds) + windowSeconds
  expect(limitsOf(answer)).toEqual([`${limit.limit}`, `${limit.limit - 1}`, `${end}`])
})

test('a counter leaves nothing behind when its window is over', async () => {
  const headers = guest()
  await remove(await at(), headers)
  const counter = env.RATE_COUNTERS.getByName(counterOf(headers))
  expect(await runDurableObjectAlarm(counter)).toBe(true)
  expect(await windowOf(counterOf(headers))).toBeUndefined()
})

test.each([
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:ffff::1', true],
  ['2001:db8:1:2::1', '2001:0db8:0001:0002::9', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['::ffff:192.0.2.200', '192.0.2.200', true],
])('counts %s and %s as one network: %s', async (one, two, same) => {
  const w = await at()
  await remove(w, { 'CF-Connecting-IP': one })
  const before = remaining(await remove(w, { 'CF-Connecting-IP': one }))
  const after = remaining(await remove(w, { 'CF-Connecting-IP': two }))
  expect(after === before - 1).toBe(same)
})

describe('a limit by a parameter of the body', () => {
  const TARGET = '/v1/account/sessions/email'
  const fields = (email: string) => ({ email, password: 'wrong password' })
  const form = (email: string) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields(email))) data.set(name, value)
    return data
  }
  /** Ways to send one and the same parameters. */
  const bodies: [string, (email: string) => RequestInit][] = [
    ['JSON', (email) => json(email, 'application/json')],
    ['JSON without a type', (email) => json(email, '')],
    ['JSON said to be plain text', (email) => json(email, 'text/plain')],
    ['JSON of no stated length', (email) => ({ ...json(email), body: streamed(email) })],
    ['a form', (email) => ({ body: new URLSearchParams(fields(email)) })],
    ['a form in parts', (email) => ({ body: form(email) })],
    ['an address in other letters', (email) => json(` ${email.toUpperCase()}\u00a0`)],
  ]
  const json = (email: string, type = 'application/json'): RequestInit => ({
    headers: { 'Content-Type': type },
    body: new TextEncoder().encode(JSON.stringify(fields(email))),
  })
  const streamed = (email: string) =>
    new Blob([JSON.stringify(fields(email))]).stream() as ReadableStream<Uint8Array>

  test.each(bodies)('counts %s by the address in it', async (_, init) => {
    const w = await at()
    const email = `${crypto.randomUUID()}@example.com`
    const signIn = async (given: RequestInit) => {
      const request = new Request(`http://localhost${TARGET}`, { method: 'POST', ...given })
      request.headers.set('X-Appwrite-Project', 'edgewrite')
      const { response } = await w.raw(request)
      await response.text()
      return [response.status, response.headers.get('X-RateLimit-Remaining')]
    }
    expect(await signIn(json(email))).toEqual([401, '9'])
    expect(await signIn(init(email))).toEqual([401, '8'])
  })
  test('does not read what is too large', async () => {
    const w = await at()
    const body = { ...fields('somebody@example.com'), more: 'x'.repeat(1024 * 1024) }
    const answer = await w.send('post', '/account/sessions/email', body, guest())
    expect([answer.status, answer.body.type]).toEqual([400, 'general_argument_invalid'])
  })
})
