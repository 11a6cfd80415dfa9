import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { signJwt, verifyJwt } from '#/auth/jwt'
import { keys } from '#/db/schema'
import { hashSecret } from '#/lib/secrets'
import { ASSIGNABLE_SCOPES } from '#/services/project/scopes'
import api from '#test/contract/api-project.json'
import { after, HOUR, TIME, wire } from '#test/support/clock'
import { outcome, projectWorld } from '#test/support/project'
import { type Json, NOW, PROJECT, ROOT, type World } from '#test/support/world'

const PATH = '/project/keys'
const KEY = { keyId: 'ci', name: 'CI', scopes: ['users.read', 'keys.write'] }
const SECRET = /^standard_[0-9a-f]{256}$/
type Sent = Record<string, string>

const create = (w: World, fields: Json = {}, headers: Sent = ROOT) =>
  w.send('post', PATH, { ...KEY, ...fields }, headers)
const put = (w: World, id: string, body: Json, headers: Sent = ROOT) =>
  w.send('put', `${PATH}/${id}`, body, headers)
const mint = (w: World, scopes: string[], duration: unknown, headers: Sent = ROOT) =>
  w.send('post', `${PATH}/ephemeral`, { scopes, duration }, headers)
const rowOf = async (w: World, id: string) =>
  (await w.db.select().from(keys).where(eq(keys.id, id)))[0]
const as = (secret: string): Sent => ({ 'X-Appwrite-Key': secret })

test('shows a secret once, and stores its hash alone', async () => {
  const w = await projectWorld()
  const { status, body } = await create(w, { expire: '2027-01-01 00:00' })
  expect(status).toBe(201)
  const shown = {
    $id: 'ci',
    $createdAt: TIME,
    $updatedAt: TIME,
    name: 'CI',
    expire: '2027-01-01T00:00:00.000+00:00',
    scopes: ['users.read', 'keys.write'],
    accessedAt: '',
    sdks: [],
  }
  expect(body).toEqual({ ...shown, secret: expect.stringMatching(SECRET) })
  const { secret } = body
  expect((await rowOf(w, 'ci'))?.secretHash).toBe(await hashSecret(secret))
  expect(
    JSON.stringify((await w.env.DB.prepare('select * from keys').all()).results),
  ).not.toContain(secret.slice(9, 40))
  expect((await w.send('get', `${PATH}/ci`)).body).toEqual({ ...shown, secret: '' })
  expect((await w.send('get', PATH)).body).toEqual({ total: 1, keys: [{ ...shown, secret: '' }] })
  expect((await put(w, 'ci', { name: 'CI', scopes: [] })).body.secret).toBe('')
  expect((await create(w, { keyId: 'other' })).body.secret).not.toBe(secret)
})

test('takes every scope that SDKs know, in the order given, and no other', async () => {
  const w = await projectWorld()
  const { items } = (api as Json).paths['/project/keys'].post.requestBody.content[
    'application/json'
  ].schema.properties.scopes
  const known: string[] = [...items.enum, ...items['x-sdk-only-enum']]
  expect([...ASSIGNABLE_SCOPES].sort()).toEqual([...known].sort())
  const scopes = [...known, 'users.read']
  expect((await create(w, { scopes })).body.scopes).toEqual(scopes)
  for (const scope of ['account', 'public', 'Users.read', 'global', '']) {
    expect((await create(w, { keyId: 'x', scopes: [scope] })).status).toBe(400)
  }
  expect((await create(w, { keyId: 'x', scopes: Array(201).fill('users.read') })).status).toBe(400)
  expect((await create(w, { keyId: 'y', scopes: Array(200).fill('users.read') })).status).toBe(201)
})

test('refuses an ID in use', async () => {
  const w = await projectWorld()
  await create(w)
  expect(outcome(await create(w, { name: 'Other' }))).toEqual([409, 'key_already_exists'])
  expect((await rowOf(w, 'ci'))?.name).toBe('CI')
  expect((await create(w, { keyId: 'unique()' })).body.$id).toMatch(/^[0-9a-f]{20}$/)
})

test.each([
  [{ name: '' }],
  [{ name: 'x'.repeat(129) }],
  [{ name: undefined }],
  [{ scopes: undefined }],
  [{ scopes: null }],
  [{ keyId: '_x' }],
  [{ expire: 'soon' }],
  [{ expire: 1 }],
])('refuses a key with %j', async (fields) => {
  const w = await projectWorld()
  expect(outcome(await create(w, fields))).toEqual([400, 'general_argument_invalid'])
})

describe('the deployment’s own key alone makes keys', () => {
  test('whatever scopes another has, and whatever its ID is', async () => {
    const w = await projectWorld()
    const { body: all } = await create(w, { keyId: 'all', scopes: ASSIGNABLE_SCOPES })
    const { body: root } = await create(w, { keyId: 'root', scopes: ASSIGNABLE_SCOPES })
    const { body: ephemeral } = await mint(w, ['keys.write'], 60)
    for (const { secret } of [all, root, ephemeral]) {
      const answer = await create(w, { keyId: 'new', scopes: [] }, as(secret))
      expect(outcome(answer)).toEqual([403, 'key_creation_denied'])
    }
    expect(await rowOf(w, 'new')).toBeUndefined()
  })
  test('parameters are checked first, IDs after', async () => {
    const w = await projectWorld()
    await create(w)
    const key = await w.key('keys.write')
    expect(outcome(await create(w, { name: '' }, key))).toEqual([400, 'general_argument_invalid'])
    expect(outcome(await create(w, {}, key))).toEqual([403, 'key_creation_denied'])
  })
})

describe('an ordinary key widens nothing', () => {
  test('neither itself nor another key', async () => {
    const w = await projectWorld()
    const { body } = await create(w, { scopes: ['keys.write', 'users.read'] })
    await create(w, { keyId: 'other', scopes: ['files.read'] })
    for (const id of ['ci', 'other', 'none']) {
      for (const scopes of [['users.write'], ['users.read', 'keys.read'], ['files.read']]) {
        const answer = await put(w, id, { name: 'x', scopes }, as(body.secret))
        expect(outcome(answer)).toEqual([403, 'key_creation_denied'])
      }
    }
    expect((await rowOf(w, 'ci'))?.scopes).toEqual(['keys.write', 'users.read'])
    expect((await rowOf(w, 'other'))?.scopes).toEqual(['files.read'])
  })
  test('but may narrow itself, and delete itself', async () => {
    const w = await projectWorld()
    const { body } = await create(w)
    const own = as(body.secret)
    expect((await put(w, 'ci', { name: 'x', scopes: ['keys.write'] }, own)).status).toBe(200)
    expect((await w.send('get', '/users', undefined, own)).status).toBe(401)
    expect((await w.send('delete', `${PATH}/ci`, undefined, own)).status).toBe(204)
    expect(outcome(await w.send('delete', `${PATH}/ci`, undefined, own))).toEqual([
      401,
      'user_unauthorized',
    ])
  })
  test('nor makes an ephemeral key that can do more, except for what every key can', async () => {
    const w = await projectWorld()
    const key = await w.key('keys.write', 'users.read')
    expect(outcome(await mint(w, ['users.write'], 60, key))).toEqual([403, 'key_creation_denied'])
    expect((await mint(w, ['users.read', 'health.read'], 60, key)).status).toBe(201)
    const all = await w.key(...ASSIGNABLE_SCOPES)
    expect((await mint(w, [...ASSIGNABLE_SCOPES], 60, all)).status).toBe(201)
  })
  test('nor lives longer through its own doing', async () => {
    const w = await projectWorld()
    const expire = new Date(NOW.getTime() + 60_000).toISOString()
    const { body } = await create(w, { scopes: ['keys.write'], expire })
    const own = as(body.secret)
    const scopes = ['keys.write']
    const later = new Date(NOW.getTime() + 60_001).toISOString()
    for (const asked of [undefined, null, later]) {
      const answer = await put(w, 'ci', { name: 'x', scopes, expire: asked }, own)
      expect(outcome(answer)).toEqual([403, 'key_creation_denied'])
    }
    expect(outcome(await mint(w, scopes, 61, own))).toEqual([403, 'key_creation_denied'])
    const { body: brief } = await mint(w, scopes, 60, own)
    expect(outcome(await mint(w, scopes, 61, as(brief.secret)))).toEqual([
      403,
      'key_creation_denied',
    ])
    expect((await mint(w, scopes, 60, as(brief.secret))).status).toBe(201)
    expect((await put(w, 'ci', { name: 'x', scopes, expire }, own)).status).toBe(200)
    expect((await put(w, 'ci', { name: 'x', scopes })).body.expire).toBe('')
  })
})

describe('updates', () => {
  test('replace all three: without expire a key is good for ever', async () => {
    const w = await projectWorld()
    await create(w, { expire: '2020-01-01' })
    const { status, body } = await put(w, 'ci', { name: 'Two', scopes: [] })
    expect([status, body.name, body.scopes, body.expire]).toEqual([200, 'Two', [], ''])
  })
  test('move $updatedAt only when something changes', async () => {
    let now = NOW
    const w = await projectWorld({}, () => now)
    await create(w)
    now = new Date(NOW.getTime() + 1000)
    const { name, scopes } = KEY
    expect((await put(w, 'ci', { name, scopes })).body.$updatedAt).toBe(TIME)
    expect((await put(w, 'ci', { name: 'Two', scopes })).body.$updatedAt).toBe(wire(after(1)))
  })
  test('act with the next request', async () => {
    const w = await projectWorld()
    const { body } = await create(w)
    const list = () => w.send('get', '/users', undefined, as(body.secret))
    expect((await list()).status).toBe(200)
    await put(w, 'ci', { name: 'CI', scopes: ['files.read'] })
    expect(outcome(await list())).toEqual([401, 'general_unauthorized_scope'])
    await put(w, 'ci', { name: 'CI', scopes: ['users.read'], expire: '2020-01-01' })
    expect(outcome(await list())).toEqual([401, 'project_key_expired'])
    await put(w, 'ci', { name: 'CI', scopes: ['users.read'] })
    expect((await list()).status).toBe(200)
    await w.send('delete', `${PATH}/ci`)
    expect(outcome(await list())).toEqual([401, 'user_unauthorized'])
  })
})

test.each([
  ['get', undefined],
  ['put', { name: 'x', scopes: [] }],
  ['delete', undefined],
])('%s of a key that is not there is 404', async (method, body) => {
  const w = await projectWorld()
  expect(outcome(await w.send(method, `${PATH}/ephemeral`, body))).toEqual([404, 'key_not_found'])
})

describe('lists', () => {
  test('have 5,000 keys a page and all of them without a limit', async () => {
    const w = await projectWorld()
    const rows = Array.from({ length: 40 }, (_, index) => ({
      ...{ id: `k${index}`, name: `Key ${index}`, scopes: [], createdAt: NOW, updatedAt: NOW },
      secretHash: `hash${index}` as Awaited<ReturnType<typeof hashSecret>>,
    }))
    for (let at = 0; at < rows.length; at += 10) {
      await w.db.insert(keys).values(rows.slice(at, at + 10))
    }
    const { body } = await w.send('get', PATH)
    expect([body.total, body.keys.length, body.keys[39].$id]).toEqual([40, 40, 'k39'])
    expect((await w.send('get', `${PATH}?total=false`)).body.total).toBe(0)
  })
  test('filter, sort and page by every attribute', async () => {
    const w = await projectWorld()
    await create(w, { keyId: 'a', name: 'Beta', expire: '2030-01-01', scopes: ['users.read'] })
    await create(w, { keyId: 'b', name: 'Alpha', scopes: ['files.read', 'users.read'] })
    await w.db.update(keys).set({ accessedAt: NOW }).where(eq(keys.id, 'b'))
    const ids = async (...queries: Json[]) => {
      const fields = queries.map(
        (query, index) => `queries[${index}]=${encodeURIComponent(JSON.stringify(query))}`,
      )
      const answer = await w.send('get', `${PATH}?${fields.join('&')}`)
      return answer.body.keys?.map(({ $id }: Json) => $id) ?? outcome(answer)
    }
    const by = (method: string, attribute: string, ...values: Json[]) => ({
      ...{ method, attribute, values },
    })
    expect(await ids(by('equal', 'name', 'Beta'))).toEqual(['a'])
    expect(await ids(by('greaterThan', 'expire', '2029-01-01'))).toEqual(['a'])
    expect(await ids(by('isNull', 'expire'))).toEqual(['b'])
    expect(await ids(by('isNotNull', 'accessedAt'))).toEqual(['b'])
    expect(await ids(by('contains', 'scopes', 'files.read'))).toEqual(['b'])
    expect(await ids(by('orderAsc', 'name'))).toEqual(['b', 'a'])
    expect(await ids(by('cursorAfter', '', 'a'))).toEqual(['b'])
    expect(await ids(by('limit', '', 1), by('offset', '', 1))).toEqual(['b'])
    expect(await ids(by('equal', 'secret', 'x'))).toEqual([400, 'general_argument_invalid'])
    expect(await ids(by('equal', 'secretHash', 'x'))).toEqual([400, 'general_argument_invalid'])
    expect(await ids(by('orderAsc', 'expire'), by('cursorAfter', '', 'b'))).toEqual(['a'])
  })
})

describe('ephemeral keys', () => {
  test('are JWTs of which nothing is stored', async () => {
    const w = await projectWorld()
    const { status, body } = await mint(w, ['users.read', 'users.read'], '3600')
    expect(status).toBe(201)
    expect(body).toEqual({
      $id: expect.stringMatching(/^[0-9a-f]{20}$/),
      $createdAt: TIME,
      $updatedAt: TIME,
      name: '',
      expire: wire(after(HOUR)),
      scopes: ['users.read', 'users.read'],
      secret: expect.stringMatching(/^ephemeral_[\w-]+\.[\w-]+\.[\w-]+$/),
      accessedAt: '',
      sdks: [],
    })
    const jwt = body.secret.slice('ephemeral_'.length)
    expect(await verifyJwt(jwt, w.env.SECRET ?? '', NOW)).toEqual({
      projectId: PROJECT,
      scopes: ['users.read', 'users.read'],
      exp: NOW.getTime() / 1000 + 3600,
    })
    expect(JSON.parse(atob(jwt.split('.')[0]))).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect((await w.send('get', PATH)).body.total).toBe(0)
  })
  test('open what their scopes say, and nothing once they have ended', async () => {
    let now = NOW
    const w = await projectWorld({}, () => now)
    const { body } = await mint(w, ['users.read'], 60)
    const list = (path: string) => w.send('get', path, undefined, as(body.secret))
    expect((await list('/users')).status).toBe(200)
    expect(outcome(await list('/teams'))).toEqual([401, 'general_unauthorized_scope'])
    now = new Date(NOW.getTime() + 60_000)
    expect(outcome(await list('/users'))).toEqual([401, 'general_unauthorized_scope'])
  })
  test('of another project or signed by somebody else are nobody', async () => {
    const w = await projectWorld()
    const claims = { projectId: PROJECT, scopes: ['users.read'], exp: NOW.getTime() / 1000 + 60 }
    const secret = w.env.SECRET ?? ''
    for (const jwt of [
      await signJwt({ ...claims, projectId: 'other' }, secret),
      await signJwt(claims, `${secret}x`),
    ]) {
      const answer = await w.send('get', '/users', undefined, as(`ephemeral_${jwt}`))
      expect(outcome(answer)).toEqual([401, 'general_unauthorized_scope'])
    }
  })
  test.each([0, 3601, 1.5, '60.0', null, undefined, true])(
    'refuse a duration of %s',
    async (duration) => {
      const w = await projectWorld()
      expect(outcome(await mint(w, [], duration))).toEqual([400, 'general_argument_invalid'])
    },
  )
})

describe('use is recorded', () => {
  const use = (w: World, secret: string, sdk?: string) =>
    w.send('get', '/users', undefined, { ...as(secret), ...(sdk ? { 'X-SDK-Name': sdk } : {}) })

  test('once a day', async () => {
    let now = NOW
    const w = await projectWorld({}, () => now)
    const { secret } = (await create(w)).body
    await use(w, secret)
    expect((await w.send('get', `${PATH}/ci`)).body.accessedAt).toBe(TIME)
    now = new Date(NOW.getTime() + 86_400_000)
    await use(w, secret)
    expect((await rowOf(w, 'ci'))?.accessedAt).toEqual(NOW)
    now = new Date(NOW.getTime() + 86_400_001)
    await use(w, secret)
    expect((await rowOf(w, 'ci'))?.accessedAt).toEqual(now)
  })
  test('with each SDK once, of those that are known', async () => {
    const w = await projectWorld()
    const { secret } = (await create(w)).body
    for (const sdk of ['Node.js', 'Python', 'Node.js', '<script>', 'x'.repeat(500)]) {
      await use(w, secret, sdk)
    }
    await Promise.all([use(w, secret, 'Ruby'), use(w, secret, 'Ruby')])
    expect((await rowOf(w, 'ci'))?.sdks).toEqual(['Node.js', 'Python', 'Ruby'])
  })
  test('without writing again for the same SDK', async () => {
    const w = await projectWorld()
    const { secret } = (await create(w)).body
    await use(w, secret, 'Node.js')
    const again = await use(w, secret, 'Node.js')
    expect(w.trips()).toBe(again.trips)
  })
})
