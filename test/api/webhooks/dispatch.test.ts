import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { users, webhooks } from '#/db/schema'
import { GUEST } from '#test/support/account'
import { toldOf } from '#test/support/events/ask'
import { carriers } from '#test/support/mail'
import {
  fresh,
  handOver,
  heldQueue,
  hookWorld,
  makeHook,
  receiver,
  requestsTo,
} from '#test/support/webhooks'
import { type Json, PROJECT, type World } from '#test/support/world'

afterEach(() => vi.restoreAllMocks())
const silent = () => vi.spyOn(console, 'error').mockImplementation(() => {})

const makeUser = (w: World, headers?: Record<string, string>) =>
  w.send('post', '/users', { userId: 'unique()', name: 'Ann' }, headers)
const names = (w: Awaited<ReturnType<typeof hookWorld>>) => toldOf(w.take()).map(([name]) => name)

describe('what it costs to have no webhook', () => {
  /** Counts round trips before the answer, and in all. */
  async function cost(w: World, headers?: Record<string, string>) {
    const { status, trips } = await makeUser(w, headers)
    expect(status).toBe(201)
    return [trips, w.trips()]
  }
  test('nothing for stored keys and users: the project’s settings say so', async () => {
    const w = await hookWorld()
    const headers = await w.key('users.write')
    await cost(w, headers) // the first use of a key is noted
    expect(await cost(w, headers)).toEqual([3, 3])
    await makeHook(w, { enabled: false })
    expect(await cost(w, headers)).toEqual([3, 3])
    expect(w.calls).toEqual([])
  })
  test('one look after the answer for the deployment’s own key, which reads no settings', async () => {
    const w = await hookWorld()
    const [before, inAll] = await cost(w)
    // createUser reads the project's settings itself; a bucket needs none.
    expect([before, inAll]).toEqual([3, 3])
    const { trips } = await w.send('post', '/storage/buckets', { bucketId: fresh(), name: 'x' })
    expect([trips, w.trips()]).toEqual([1, 2])
    expect(w.calls).toEqual([])
  })
  test('one look after the answer where one is enabled, whether it waits for the event or not', async () => {
    const w = await hookWorld()
    const headers = await w.key('users.write')
    await makeHook(w, { events: ['teams.*'] })
    await cost(w, headers)
    expect(await cost(w, headers)).toEqual([3, 4])
    expect(w.calls).toEqual([])
  })
})

describe('the answer does not depend on delivery', () => {
  test('it comes while the queue has not taken anything', async () => {
    let take = () => {}
    const taken = new Promise<void>((resolve) => {
      take = resolve
    })
    const w = await hookWorld({ EVENTS: { sendBatch: () => taken } as unknown as Queue<never> })
    await makeHook(w)
    const request = new Request('http://localhost/v1/users', {
      method: 'POST',
      headers: {
        ...{ 'X-Appwrite-Project': PROJECT, 'X-Appwrite-Key': env.API_KEY },
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ userId: 'unique()' }),
    })
    const { response, settle } = await w.raw(request)
    expect(response.status).toBe(201)
    take()
    await settle()
  })
  test('it is the same when the queue fails, and the log says what was not told', async () => {
    const log = silent()
    const sendBatch = () => Promise.reject(new Error('queue is down'))
    const w = await hookWorld({ EVENTS: { sendBatch } as unknown as Queue<never> })
    await makeHook(w)
    expect((await makeUser(w)).status).toBe(201)
    expect(log).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('users.[userId].create'),
      expect.objectContaining({ message: 'queue is down' }),
    )
  })
})

describe('who is told', () => {
  test.each([
    ['users.*', true],
    ['users.ann', true],
    ['users.*.update', true],
    ['users.ann.update.name', true],
    ['users.bob', false],
    ['users.*.update.email', false],
    ['users.*.create', false],
    ['teams.*', false],
  ])('of a new name of ann: whoever waits for %s: %s', async (pattern, isTold) => {
    const w = await hookWorld()
    await w.db.delete(users).where(eq(users.id, 'ann'))
    await w.user({ id: 'ann' })
    await makeHook(w, { events: ['buckets.*', pattern] })
    await w.send('patch', '/users/ann/name', { name: 'Ann' })
    expect(names(w)).toEqual(isTold ? ['users.ann.update.name'] : [])
  })
  test('everybody who waits, once each, whatever number of patterns matches', async () => {
    const w = await hookWorld()
    const { $id: first } = await makeHook(w, { events: ['users.*', 'users.*.create'] })
    await makeHook(w, { events: [] })
    await makeHook(w, { enabled: false })
    const { $id: last } = await makeHook(w)
    await makeUser(w)
    const rows = await w.db.select().from(webhooks)
    const told = w
      .take()
      .map(({ webhook }) => rows.find(({ sequence }) => sequence === webhook)?.id)
    expect(told).toEqual([first, last])
  })
  test('nobody of a request that fails', async () => {
    const w = await hookWorld()
    await makeHook(w)
    expect((await w.send('patch', '/users/nobody/name', { name: 'x' })).status).toBe(404)
    expect((await w.send('post', '/users', { userId: '!' })).status).toBe(400)
    expect((await w.send('post', '/teams', { teamId: 't', name: 'x' }, GUEST)).status).toBe(401)
    expect(w.calls).toEqual([])
  })
  describe('of a new user whose message cannot be sent', () => {
    const failing = () =>
      hookWorld({
        ...{ MAIL_OUTBOX: 'off', MAIL_FROM: 'a@example.com', RATE_LIMITS: 'off' },
        SMTP_URL: `smtp://127.0.0.1:${carriers.ports.closing}`,
      })
    const byEmail = (w: World, email: string) =>
      w.db.select().from(users).where(eq(users.email, email))

    test('is told where the user stays', async () => {
      silent()
      const w = await failing()
      await makeHook(w, { url: 'https://hooks.example.com/' })
      const { headers } = await w.signedIn()
      await w.send('post', '/teams', { teamId: 'crew', name: 'Crew' }, headers)
      w.take()
      const email = `${fresh()}@example.com`
      const given = { email, roles: [], url: 'http://localhost/join' }
      const { status } = await w.send('post', '/teams/crew/memberships', given, headers)
      expect(status).toBe(503)
      const [user] = await byEmail(w, email)
      expect(toldOf(w.take())).toEqual([
        [`users.${user?.id}.create`, expect.objectContaining({ email, targets: [] })],
      ])
    })
    test('is not told where the user is taken back', async () => {
      silent()
      const w = await failing()
      await makeHook(w, { url: 'https://hooks.example.com/' })
      const email = `${fresh()}@example.com`
      const given = { userId: 'unique()', email }
      const { status } = await w.send('post', '/account/tokens/email', given, GUEST)
      expect([status, toldOf(w.take()), await byEmail(w, email)]).toEqual([503, [], []])
    })
  })
})

describe('who did it', () => {
  const by = async (w: Awaited<ReturnType<typeof hookWorld>>) =>
    w.take().map(({ userId }) => userId)
  const create = (w: World, headers?: Record<string, string>) =>
    w.send('post', '/teams', { teamId: 'unique()', name: 'x' }, headers)

  test('a user, or nobody for a key', async () => {
    const w = await hookWorld()
    await makeHook(w)
    const { user, headers } = await w.signedIn()
    await create(w, headers)
    expect(await by(w)).toEqual([user.id])
    await create(w)
    expect(await by(w)).toEqual([''])
    await create(w, { ...headers, 'X-Appwrite-Key': env.API_KEY })
    expect(await by(w)).toEqual([''])
  })
  test('whoever is impersonated', async () => {
    const w = await hookWorld()
    await makeHook(w)
    const { headers } = await w.signedIn({ impersonator: true })
    const { id } = await w.user()
    await create(w, { ...headers, 'X-Appwrite-Impersonate-User-Id': id })
    expect(await by(w)).toEqual([id])
  })
  test('whoever signs up, in and is to recover a password', async () => {
    const w = await hookWorld({ RATE_LIMITS: 'off' })
    await makeHook(w)
    const email = `${fresh()}@example.com`
    const given = { userId: 'unique()', email, password: 'correct horse' }
    const { body } = await w.send('post', '/account', given, GUEST)
    await w.send('post', '/account/sessions/email', { email, password: given.password }, GUEST)
    await w.send('post', '/account/recovery', { email, url: 'http://localhost/' }, GUEST)
    expect(await by(w)).toEqual([body.$id, body.$id, body.$id])
  })
})

test('what is told is in the format that the caller asks for', async () => {
  const w = await hookWorld()
  await makeHook(w)
  await makeUser(w, { 'X-Appwrite-Key': env.API_KEY, 'X-Appwrite-Response-Format': '1.4.0' })
  const [[, payload] = ['', {} as Json]] = toldOf(w.take())
  expect(payload).not.toHaveProperty('targets')
  expect(payload).toHaveProperty('name', 'Ann')
})

describe('limits of the queue', () => {
  /** Changes a user whose payload has so many bytes more. */
  async function change(w: World, bytes: number) {
    const { id } = await w.user({ prefs: { long: 'é'.repeat(bytes / 2) } })
    const { body } = await w.send('patch', `/users/${id}/name`, { name: 'New' })
    return body
  }
  const sizeOf = (message: unknown) => new TextEncoder().encode(JSON.stringify(message)).length

  test('a body of up to about 120,000 bytes travels in its message', async () => {
    const w = await hookWorld()
    await makeHook(w)
    await change(w, 116_000)
    const [message] = w.take()
    expect(message?.body).toHaveProperty('text')
    expect(sizeOf(message)).toBeGreaterThan(116_000)
    expect(sizeOf(message)).toBeLessThan(128_000 - 1_000)
  })
  test('a longer one waits in the bucket, once for all webhooks, and arrives whole', async () => {
    const w = await hookWorld()
    const tokens = [fresh(), fresh()]
    for (const token of tokens) await makeHook(w, { url: `${receiver}/${token}/200` })
    const body = await change(w, 300_000)
    const messages = w.take()
    expect(messages).toHaveLength(2)
    expect(messages[0]?.body).toEqual({ key: expect.stringMatching(/^events\//) })
    expect(messages[1]?.body).toEqual(messages[0]?.body)
    expect(sizeOf(messages[0])).toBeLessThan(1_000)
    expect(await handOver(messages)).toEqual(['acked', 'acked'])
    for (const token of tokens) {
      const [request] = await requestsTo(token)
      expect(JSON.parse(request?.body ?? '')).toMatchObject({ $id: body.$id, prefs: body.prefs })
    }
  })
  test.each([
    [250, 0],
    [12, 60_000],
  ])('%i webhooks and %i bytes go in calls that it takes', async (count, bytes) => {
    const held = heldQueue()
    const w = await hookWorld({ EVENTS: held.EVENTS })
    const { $id } = await makeHook(w)
    await w.env.DB.prepare(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i + 1 < ?1)
       insert into webhooks (id, name, url, events, tls, auth_username, auth_password, secret, enabled, logs,
         attempts, created_at, updated_at)
       select 'h' || i, name, url, events, tls, auth_username, auth_password, secret, enabled, logs, attempts,
         created_at, updated_at from n, webhooks where webhooks.id = ?2`,
    )
      .bind(count, $id)
      .run()
    await change(w, bytes)
    expect(held.calls.length).toBeGreaterThan(1)
    for (const call of held.calls) {
      expect(call.length).toBeLessThanOrEqual(100)
      expect(call.reduce((sum, message) => sum + sizeOf(message) + 100, 0)).toBeLessThan(256_000)
    }
    expect(new Set(held.take().map(({ webhook }) => webhook)).size).toBe(count)
  })
})
