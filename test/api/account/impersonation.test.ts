import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { logs, sessions, type User, users } from '#/db/schema'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const DAY_MS = 24 * 3600 * 1000

let w: World
beforeEach(async () => {
  w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => NOW)
})
const address = () => `${crypto.randomUUID()}@example.com`
const phoneNumber = () => `+49151${Math.floor(10 ** 7 + Math.random() * 9 * 10 ** 7)}`
/** Stores an impersonator who is signed in, and somebody to be impersonated. */
async function pair(fields: Partial<User> = {}, impersonator: Partial<User> = {}) {
  const me = await w.signedIn({ impersonator: true, email: address(), ...impersonator })
  const other = await w.user({ name: 'Other', email: address(), phone: phoneNumber(), ...fields })
  const as = { 'X-Appwrite-Impersonate-User-Id': other.id }
  return {
    me: me.user,
    session: me.session,
    headers: me.headers,
    other,
    both: { ...me.headers, ...as },
  }
}
const whoAmI = (headers: Headers_, query = '') =>
  w.send('get', `/account${query}`, undefined, headers)
const stored = async (id: string) => {
  const [row] = await w.db.select().from(users).where(eq(users.id, id))
  return row
}

describe('GET /account of an impersonator', () => {
  test('is the own one without a word of whom, and says that it may', async () => {
    const { me, headers } = await pair()
    const { body } = await whoAmI(headers)
    expect(body).toMatchObject({ $id: me.id, impersonator: true, impersonatorUserId: null })
  })
  test.each<[string, (other: User) => [headers: Headers_, query?: string]]>([
    ['ID', ({ id }) => [{ 'X-Appwrite-Impersonate-User-Id': id }]],
    [
      'e-mail',
      ({ email }) => [{ 'X-Appwrite-Impersonate-User-Email': (email ?? '').toUpperCase() }],
    ],
    ['phone', ({ phone }) => [{ 'X-Appwrite-Impersonate-User-Phone': phone ?? '' }]],
    ['ID in the query', ({ id }) => [{}, `?impersonateUserId=${id}`]],
    ['e-mail in the query', ({ email }) => [{}, `?impersonateEmail=${email}`]],
    [
      'phone in the query',
      ({ phone }) => [{}, `?impersonatePhone=${encodeURIComponent(phone ?? '')}`],
    ],
    ['ID in a query of lower case', ({ id }) => [{}, `?impersonateuserid=${id}`]],
  ])('is that of whoever is named by %s, in one round trip', async (_, name) => {
    const { me, headers, other } = await pair({ accessedAt: new Date(NOW.getTime() - 2 * DAY_MS) })
    const [named, query] = name(other)
    const { status, body, trips } = await whoAmI({ ...headers, ...named }, query)
    expect([status, trips]).toEqual([200, 1])
    expect(body).toMatchObject({
      ...{ $id: other.id, name: 'Other', email: other.email },
      ...{ impersonator: false, impersonatorUserId: me.id },
    })
    expect(await stored(other.id)).toEqual(other)
  })
  test('prefers the ID to the e-mail, and that to the phone', async () => {
    const { headers, other } = await pair()
    const third = await w.user({ email: address(), phone: phoneNumber() })
    const named = {
      'X-Appwrite-Impersonate-User-Id': other.id,
      'X-Appwrite-Impersonate-User-Email': third.email ?? '',
    }
    expect((await whoAmI({ ...headers, ...named })).body.$id).toBe(other.id)
    const { 'X-Appwrite-Impersonate-User-Email': byEmail } = named
    const less = {
      'X-Appwrite-Impersonate-User-Email': byEmail,
      'X-Appwrite-Impersonate-User-Phone': other.phone ?? '',
    }
    expect((await whoAmI({ ...headers, ...less })).body.$id).toBe(third.id)
  })
  test('is the own one when the first that is named is nobody', async () => {
    const { me, headers, other } = await pair()
    const named = {
      'X-Appwrite-Impersonate-User-Id': 'nobody',
      'X-Appwrite-Impersonate-User-Email': other.email ?? '',
    }
    const { body } = await whoAmI({ ...headers, ...named })
    expect(body).toMatchObject({ $id: me.id, impersonatorUserId: null })
  })
  test('works under a JWT', async () => {
    const { me, headers, other, both } = await pair()
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const as = { 'X-Appwrite-Impersonate-User-Id': both['X-Appwrite-Impersonate-User-Id'] ?? '' }
    const seen = await whoAmI({ 'X-Appwrite-JWT': body.jwt, ...as })
    expect(seen.body).toMatchObject({ $id: other.id, impersonatorUserId: me.id })
  })
  test('hides the two fields from older clients', async () => {
    const { both } = await pair()
    const { body } = await whoAmI({ ...both, 'X-Appwrite-Response-Format': '1.8.0' })
    expect(body).not.toHaveProperty('impersonatorUserId')
    expect(body).not.toHaveProperty('impersonator')
  })
})

test.each([{ impersonator: false }, { impersonator: false, labels: ['admin'] }])(
  'somebody with %j impersonates nobody and lists no users',
  async (fields) => {
    const { me, headers, both, other } = await pair({}, fields)
    expect((await whoAmI(both)).body).toMatchObject({ $id: me.id, impersonatorUserId: null })
    for (const path of ['/users', `/users/${other.id}`]) {
      const { status, body } = await w.send('get', path, undefined, headers)
      expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
    }
  },
)

test('the right ends with the next request once it is taken away', async () => {
  const { me, both, other } = await pair()
  expect((await whoAmI(both)).body.$id).toBe(other.id)
  await w.send('patch', `/users/${me.id}/impersonator`, { impersonator: false })
  expect((await whoAmI(both)).body.$id).toBe(me.id)
})

describe('an impersonator', () => {
  test('reads users, with and without acting as one, and changes none', async () => {
    const { headers, other, both } = await pair()
    for (const caller of [headers, both]) {
      const one = await w.send('get', `/users/${other.id}`, undefined, caller)
      expect([one.status, one.body.$id]).toEqual([200, other.id])
      expect((await w.send('get', '/users?total=false', undefined, caller)).status).toBe(200)
      for (const [method, path, body] of [
        ['patch', `/users/${other.id}/name`, { name: 'Changed' }],
        ['patch', `/users/${other.id}/impersonator`, { impersonator: true }],
        ['post', `/users/${other.id}/sessions`, {}],
        ['delete', `/users/${other.id}`, {}],
      ] as const) {
        const refused = await w.send(method, path, body, caller)
        expect([refused.status, refused.body.type]).toEqual([401, 'general_unauthorized_scope'])
      }
    }
    expect(await stored(other.id)).toEqual(other)
  })
  test('changes its own account by all but GET and DELETE /account', async () => {
    const { me, session, other, both } = await pair()
    await w.session(other.id)
    const own = async (method: string, path: string, body?: unknown) => {
      const answer = await w.send(method, path, body, both)
      expect([path, answer.status < 300]).toEqual([path, true])
      return answer.body
    }
    const renamed = await own('patch', '/account/name', { name: 'Renamed' })
    expect(renamed).toMatchObject({ $id: me.id, name: 'Renamed', impersonatorUserId: null })
    expect(await own('patch', '/account/prefs', { prefs: { a: 1 } })).toMatchObject({ $id: me.id })
    expect(await own('get', '/account/prefs')).toEqual({ a: 1 })
    expect(await own('get', '/account/sessions')).toMatchObject({
      total: 1,
      sessions: [{ $id: session.id, current: true }],
    })
    expect(await own('patch', '/account/mfa', { mfa: true })).toMatchObject({ $id: me.id })
    await own('post', '/account/mfa/authenticators/totp', {})
    await own('post', '/account/mfa/recovery-codes', {})
    const made = await own('post', '/account/mfa/challenges', { factor: 'totp' })
    expect(made.userId).toBe(me.id)
    const target = await own('post', '/account/targets/push', {
      ...{ targetId: 'unique()', identifier: crypto.randomUUID() },
    })
    expect(target.userId).toBe(me.id)
    expect(await own('get', '/account/identities')).toEqual({ total: 0, identities: [] })
    const { jwt } = await own('post', '/account/jwts', {})
    expect((await whoAmI({ 'X-Appwrite-JWT': jwt })).body.$id).toBe(me.id)
    // What the impersonator did stands in the impersonator's log, and the other user is untouched.
    expect((await own('get', '/account/logs')).total).toBeGreaterThan(3)
    expect(await w.db.select().from(logs).where(eq(logs.userId, other.id))).toEqual([])
    expect(await stored(other.id)).toEqual(other)
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, other.id))).toHaveLength(1)
  })
  test('erases whom it acts as by DELETE /account, and stays', async () => {
    const { me, other, both, headers } = await pair()
    expect((await w.send('delete', '/account', undefined, both)).status).toBe(204)
    expect(await stored(other.id)).toBeUndefined()
    expect((await whoAmI(headers)).body.$id).toBe(me.id)
    const [entry] = await w.db.select().from(logs).where(eq(logs.userId, me.id))
    expect(entry?.event).toBe('user.delete')
  })
  test('has the files of whom it acts as, and not its own', async () => {
    const { me, other, both, headers } = await pair()
    const { id } = await w.bucket({ fileSecurity: true, permissions: ['create("users")'] })
    const file = (fileId: string, owner: string) =>
      w.upload(id, 'x', { fileId, fields: { permissions: [`read("user:${owner}")`] } })
    await file('mine', me.id)
    await file('theirs', other.id)
    const read = async (fileId: string, caller: Headers_) =>
      (await w.send('get', `/storage/buckets/${id}/files/${fileId}`, undefined, caller)).status
    expect([await read('mine', headers), await read('theirs', headers)]).toEqual([200, 404])
    expect([await read('mine', both), await read('theirs', both)]).toEqual([404, 200])
    // It may grant to whom it acts as, not to itself.
    const upload = (owner: string) =>
      w.upload(id, 'x', { headers: both, fields: { permissions: [`read("user:${owner}")`] } })
    expect((await upload(other.id)).status).toBe(201)
    expect((await upload(me.id)).body.type).toBe('user_unauthorized')
  })
  test('has the teams of whom it acts as', async () => {
    const { other, both, headers } = await pair()
    const team = await w.team()
    await w.member(team.id, other.id)
    const see = async (caller: Headers_) =>
      (await w.send('get', `/teams/${team.id}`, undefined, caller)).status
    expect([await see(headers), await see(both)]).toEqual([404, 200])
  })
})

describe('the gates', () => {
  const PATHS = ['/account', '/users', '/teams', '/storage/buckets/none/files']
  const typesOf = async (headers: Headers_) =>
    Promise.all(
      PATHS.map(async (path) => (await w.send('get', path, undefined, headers)).body.type),
    )
  test.each<[string, Partial<User>, Partial<User>]>([
    ['whom it acts as', { status: false }, {}],
    ['the impersonator', {}, { status: false }],
  ])('refuse everything while %s is blocked', async (_, other, impersonator) => {
    const { both } = await pair(other, impersonator)
    expect(await typesOf(both)).toEqual(PATHS.map(() => 'user_blocked'))
  })
  test.each<[string, Partial<User>, Partial<User>]>([
    ['whom it acts as', { email: 'a@x.example', mfa: true, emailVerification: true }, {}],
    ['the impersonator', {}, { email: 'b@x.example', mfa: true, emailVerification: true }],
  ])('ask for a second factor where %s needs one', async (_, other, impersonator) => {
    const { both, session } = await pair(other, impersonator)
    expect(await typesOf(both)).toEqual(PATHS.map(() => 'user_more_factors_required'))
    const factors = ['password', 'totp']
    await w.db.update(sessions).set({ factors }).where(eq(sessions.id, session.id))
    expect(await typesOf(both)).toEqual([
      ...[undefined, undefined, undefined, 'storage_bucket_not_found'],
    ])
  })
})
