import { beforeEach, describe, expect, test } from 'vitest'
import { webhooks } from '#/db/schema'
import { openSecrets } from '#/events/secrets'
import { after, TIME, wire } from '#test/support/clock'
import { hookWorld, rowOf } from '#test/support/webhooks'
import { GUEST_HEADERS, type Json, NOW, world } from '#test/support/world'

const LATER = after(1)
const GOOD = {
  webhookId: 'hook',
  url: 'https://hooks.example.com/in?a=1',
  name: 'Orders',
  events: ['users.*.create', 'buckets.photos.files.*'],
}
const invalid = { status: 400, body: { type: 'general_argument_invalid' } }

let clock = NOW
const production = () => world({}, () => clock)
let w: Awaited<ReturnType<typeof production>>
beforeEach(async () => {
  clock = NOW
  w = await production()
  await w.db.delete(webhooks)
})

const create = (fields: Json = {}) => w.send('post', '/webhooks', { ...GOOD, ...fields })
const update = (fields: Json = {}) =>
  w.send('put', '/webhooks/hook', {
    ...{ name: GOOD.name, url: GOOD.url, events: GOOD.events },
    ...fields,
  })
const secretsOf = async (id = 'hook') => openSecrets(await rowOf(w, id), w.env.SECRET ?? '')

describe('create', () => {
  test('gives defaults, and a new key of 128 hex characters that is shown this once', async () => {
    const { status, body, trips } = await create()
    expect([status, trips]).toEqual([201, 1])
    expect(body).toEqual({
      $id: 'hook',
      $createdAt: TIME,
      $updatedAt: TIME,
      name: 'Orders',
      url: GOOD.url,
      events: GOOD.events,
      tls: false,
      authUsername: '',
      authPassword: '',
      secret: expect.stringMatching(/^[0-9a-f]{128}$/),
      enabled: true,
      logs: '',
      attempts: 0,
    })
    expect(await secretsOf()).toEqual({ secret: body.secret, authPassword: '' })
    const read = await w.send('get', '/webhooks/hook')
    expect([read.status, read.body, read.trips]).toEqual([200, { ...body, secret: '' }, 1])
  })
  test('takes all fields, and keeps key and password sealed', async () => {
    const { status, body } = await create({
      ...{ webhookId: 'unique()', enabled: false, tls: true, events: [] },
      ...{ authUsername: 'ann', authPassword: 'pa:ss', secret: 'chosen-by-owner' },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ enabled: false, tls: true, events: [], authUsername: 'ann' })
    expect([body.secret, body.authPassword]).toEqual(['chosen-by-owner', ''])
    expect(body.$id).toMatch(/^[0-9a-f]{20}$/)
    const row = await rowOf(w, body.$id)
    expect(JSON.stringify(row)).not.toMatch(/pa:ss|chosen-by-owner/)
    expect(await secretsOf(body.$id)).toEqual({ secret: 'chosen-by-owner', authPassword: 'pa:ss' })
  })
  test('takes null for whatever may be left out', async () => {
    const none = { enabled: null, tls: null, authUsername: null, authPassword: null, secret: null }
    const { status, body } = await create(none)
    expect([status, body.enabled, body.tls, body.authUsername]).toEqual([201, true, false, ''])
    expect(body.secret).toHaveLength(128)
  })
  test('takes what is as long as it may be', async () => {
    const url = `https://example.com/${'a'.repeat(235)}`
    const events = Array.from({ length: 100 }, (_, index) => `users.u${index}`)
    const longest = { name: 'é'.repeat(128), authUsername: 'u'.repeat(256), url, events }
    const { status, body } = await create({ ...longest, secret: 's'.repeat(256) })
    expect([status, body.url.length, body.events]).toEqual([201, 255, events])
  })
  test('refuses an ID in use', async () => {
    await create()
    expect(await create({ name: 'Other' })).toMatchObject({
      status: 409,
      body: { type: 'webhook_already_exists' },
    })
    expect((await rowOf(w, 'hook')).name).toBe('Orders')
  })
})

const WRONG: [what: string, fields: Json][] = [
  ['an ID with a space', { webhookId: 'a b' }],
  ['no name', { name: undefined }],
  ['an empty name', { name: '' }],
  ['a name of 129 characters', { name: 'a'.repeat(129) }],
  ['no events', { events: undefined }],
  ['events that are no list', { events: 'users.*' }],
  ['101 events', { events: Array(101).fill('users.*') }],
  ['an event that is not there', { events: ['users.*', 'users.*.update.foo'] }],
  ['every event', { events: ['*'] }],
  ['no address', { url: undefined }],
  ['an empty address', { url: '' }],
  ['an address of 256 characters', { url: `https://example.com/${'a'.repeat(236)}` }],
  ['another scheme', { url: 'ftp://example.com' }],
  ['no scheme', { url: 'example.com' }],
  ['localhost', { url: 'http://localhost:3000' }],
  ['loopback', { url: 'http://127.0.0.1/' }],
  ['loopback of IPv6', { url: 'http://[::1]/' }],
  ['loopback as a number', { url: 'http://2130706433/' }],
  ['a private address', { url: 'http://10.0.0.1/' }],
  ['the metadata of a cloud', { url: 'http://169.254.169.254/latest/meta-data' }],
  ['a public address', { url: 'https://1.1.1.1/' }],
  ['a name without a dot', { url: 'http://intranet/' }],
  ['a made-up suffix', { url: 'http://printer.local/' }],
  ['user and password in the address', { url: 'https://a:b@example.com/' }],
  ['a word for enabled', { enabled: 'true' }],
  ['a number for tls', { tls: 1 }],
  ['an empty user name', { authUsername: '' }],
  ['an empty password', { authPassword: '' }],
  ['a user name of 257 characters', { authUsername: 'a'.repeat(257) }],
]

describe('what is wrong is refused, and nothing stored', () => {
  test.each(WRONG)('%s', async (_, fields) => {
    expect(await create(fields)).toMatchObject(invalid)
    expect(await w.db.select().from(webhooks)).toEqual([])
  })
  test.each(['1234567', '', 'a'.repeat(257)])('the key %j', async (secret) => {
    expect(await create({ secret })).toMatchObject(invalid)
    await create()
    expect(await w.send('patch', '/webhooks/hook/secret', { secret })).toMatchObject(invalid)
  })
  test.each(WRONG.filter(([, fields]) => !('webhookId' in fields)))(
    '%s in an update',
    async (_, fields) => {
      await create()
      const before = await rowOf(w, 'hook')
      expect(await update(fields)).toMatchObject(invalid)
      expect(await rowOf(w, 'hook')).toEqual(before)
    },
  )
})

test('a development server takes receivers on its own machine, and nothing else internal', async () => {
  const local = await hookWorld()
  const status = async (url: string) =>
    (await local.send('post', '/webhooks', { ...GOOD, webhookId: 'unique()', url })).status
  expect(await status('http://localhost:3000/in')).toBe(201)
  expect(await status('http://127.0.0.1:9/')).toBe(201)
  expect(await status('http://192.168.0.1/')).toBe(400)
  expect(await status('http://printer.local/')).toBe(400)
})

describe('update', () => {
  test('replaces: what is left out goes to its default; the key stays, and is not shown', async () => {
    const fields = { enabled: false, tls: true, authUsername: 'ann', authPassword: 'pass' }
    const { body: made } = await create(fields)
    clock = LATER
    const { status, body, trips } = await update({ name: 'New', events: ['teams.*'] })
    expect([status, trips]).toEqual([200, 1])
    expect(body).toEqual({
      ...{ ...made, name: 'New', events: ['teams.*'], $updatedAt: wire(after(1)) },
      ...{ enabled: true, tls: false, authUsername: '', secret: '' },
    })
    expect(await secretsOf()).toEqual({ secret: made.secret, authPassword: '' })
  })
  test.each([
    ['enabled starts anew', true, { attempts: 0, logs: 'last' }],
    ['disabled keeps its failures', false, { attempts: 10, logs: 'last' }],
  ])('one that ends %s', async (_, enabled, expected) => {
    await create()
    await w.db.update(webhooks).set({ attempts: 10, enabled: false, logs: 'last' })
    const { body } = await update({ enabled })
    expect(body).toMatchObject({ ...expected, enabled })
  })
  test('leaves the moment of change alone where nothing changes', async () => {
    await create()
    clock = LATER
    expect((await update()).body.$updatedAt).toBe(TIME)
  })
})

describe('updateSecret', () => {
  test.each([
    ['makes one', {}, /^[0-9a-f]{128}$/],
    ['makes one for null', { secret: null }, /^[0-9a-f]{128}$/],
    ['takes the given one', { secret: 'new-secret' }, /^new-secret$/],
  ])('%s and shows it once', async (_, body, expected) => {
    const { body: made } = await create()
    const rotated = await w.send('patch', '/webhooks/hook/secret', body)
    expect([rotated.status, rotated.trips]).toEqual([200, 1])
    expect(rotated.body).toEqual({ ...made, secret: expect.stringMatching(expected) })
    expect(rotated.body.secret).not.toBe(made.secret)
    expect((await secretsOf())?.secret).toBe(rotated.body.secret)
    expect((await w.send('get', '/webhooks/hook')).body.secret).toBe('')
  })
  test('needs no body', async () => {
    await create()
    expect((await w.send('patch', '/webhooks/hook/secret')).body.secret).toHaveLength(128)
  })
})

test('delete takes the webhook away', async () => {
  await create()
  const { status, bytes, trips } = await w.send('delete', '/webhooks/hook')
  expect([status, bytes.length, trips]).toEqual([204, 0, 1])
  expect(await w.send('delete', '/webhooks/hook')).toMatchObject({
    status: 404,
    body: { type: 'webhook_not_found' },
  })
})

describe('list', () => {
  const query = (method: string, attribute: string, ...values: Json[]) =>
    JSON.stringify({ method, attribute, values })
  const list = async (...queries: string[]) => {
    const asked = queries.map((one, index) => `queries[${index}]=${encodeURIComponent(one)}`)
    return w.send('get', `/webhooks?${asked.join('&')}`)
  }
  const ids = ({ body }: Json) => body.webhooks.map(({ $id }: Json) => $id)

  beforeEach(async () => {
    await create({ webhookId: 'a', name: 'First', events: ['users.*'] })
    await create({ webhookId: 'b', name: 'Second', tls: true, authUsername: 'ann' })
    await create({ webhookId: 'c', name: 'Third', enabled: false, url: 'https://c.example.org' })
    await w.db.update(webhooks).set({ attempts: 3, logs: 'Status 500' })
  })

  test('shows all in the order of their making, without secrets, in one round trip', async () => {
    const answer = await list()
    expect([answer.status, answer.trips, answer.body.total]).toEqual([200, 1, 3])
    expect(ids(answer)).toEqual(['a', 'b', 'c'])
    expect(answer.body.webhooks.map((hook: Json) => hook.secret + hook.authPassword)).toEqual(
      Array(3).fill(''),
    )
  })
  test.each([
    [['b', 'c'], query('notEqual', 'name', 'First')],
    [['c'], query('equal', 'url', 'https://c.example.org')],
    [['b'], query('equal', 'authUsername', 'ann')],
    [['b'], query('equal', 'tls', true)],
    [['a'], query('contains', 'events', 'users.*')],
    [['c'], query('equal', 'enabled', false)],
    [['a', 'b', 'c'], query('equal', 'logs', 'Status 500')],
    [[], query('greaterThan', 'attempts', 3)],
    [['a', 'b', 'c'], query('greaterThan', '$createdAt', '2020-01-01')],
    [['c', 'b', 'a'], query('orderDesc', 'name')],
    [['c'], query('cursorAfter', '', 'b')],
  ])('finds %j', async (expected, one) => {
    expect(ids(await list(one))).toEqual(expected)
  })
  test.each(['secret', 'authPassword', 'createdAt'])('knows no attribute %s', async (name) => {
    expect(await list(query('equal', name, 'x'))).toMatchObject(invalid)
  })
  test('counts only when asked to', async () => {
    expect((await w.send('get', '/webhooks?total=false')).body.total).toBe(0)
  })
})

describe('access', () => {
  const REQUESTS = [
    ['get', '/webhooks', 'webhooks.read'],
    ['post', '/webhooks', 'webhooks.write'],
    ['get', '/webhooks/hook', 'webhooks.read'],
    ['put', '/webhooks/hook', 'webhooks.write'],
    ['patch', '/webhooks/hook/secret', 'webhooks.write'],
    ['delete', '/webhooks/hook', 'webhooks.write'],
  ] as const
  test.each(REQUESTS)('%s %s is for keys alone that hold %s', async (method, path, scope) => {
    await create()
    const { headers } = await w.signedIn()
    const others = ['webhooks.read', 'webhooks.write', 'project.write'].filter(
      (one) => one !== scope,
    )
    for (const stranger of [GUEST_HEADERS, headers, await w.key(...others)]) {
      expect(await w.send(method, path, undefined, stranger)).toMatchObject({
        status: 401,
        body: { type: 'general_unauthorized_scope' },
      })
    }
    const body = method === 'get' || method === 'delete' ? undefined : GOOD
    const { status } = await w.send(method, path, body, await w.key(scope))
    expect([200, 201, 204, 409]).toContain(status)
  })
})
