import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { encodeSession } from '#/auth/session-cookies'
import { memberships, platforms, sessions, users } from '#/db/schema'
import { unboundJwt } from '#test/support/jwt'
import { NOW, PROJECT, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>

/** Returns a bucket with one file that the permissions cover, and the request for it. */
async function shared(w: World, ...permissions: string[]) {
  const { id } = await w.bucket({ fileSecurity: true })
  await w.upload(id, 'hello', { fileId: 'a', fields: { permissions } })
  return (headers: Headers_) => w.send('get', `/storage/buckets/${id}/files/a`, undefined, headers)
}
const at = (moment = NOW) => world({}, () => moment)
const jwtFor = (w: World, claims: Record<string, unknown>) =>
  signJwt({ exp: NOW.getTime() / 1000 + 60, ...claims }, w.env.SECRET ?? '')
/** The value that clients keep, out of the header that sends it. */
const encoded = (headers: Headers_) => headers['X-Appwrite-Session'] ?? ''

describe('a session', () => {
  test.each([
    ['cookie', (value: string) => ({ Cookie: `x=1; a_session_${PROJECT}=${value}` })],
    [
      'percent-encoded cookie',
      (value: string) => ({
        Cookie: `a_session_${PROJECT}=${encodeURIComponent(value)}`,
      }),
    ],
    ['cookie in capitals', (value: string) => ({ Cookie: `A_SESSION_${PROJECT}=${value}` })],
    ['legacy cookie', (value: string) => ({ Cookie: `a_session_${PROJECT}_legacy=${value}` })],
    ['header', (value: string) => ({ 'X-Appwrite-Session': value })],
    [
      'fallback',
      (value: string) => ({
        'X-Fallback-Cookies': JSON.stringify({ [`a_session_${PROJECT}`]: value }),
      }),
    ],
  ])('by %s signs its user in, in one round trip for the caller', async (by, headers) => {
    const w = await at()
    const { user, headers: own } = await w.signedIn()
    const ask = await shared(w, `read("user:${user.id}")`)
    const answer = await ask(headers(encoded(own)))
    expect([answer.status, answer.trips]).toEqual([200, 2])
    expect(answer.headers.get('x-debug-fallback')).toBe(`${by === 'fallback'}`)
  })
  test.each([
    [
      'of another user',
      async (w: World, headers: Headers_) => {
        const { secret } = JSON.parse(atob(encoded(headers)))
        const { id } = await w.user()
        return { 'X-Appwrite-Session': encodeSession({ id, secret }) }
      },
    ],
    [
      'with a wrong secret',
      async (_: World, headers: Headers_) => {
        const { id } = JSON.parse(atob(encoded(headers)))
        return { 'X-Appwrite-Session': encodeSession({ id, secret: 'wrong' }) }
      },
    ],
    ['that is no base64', async () => ({ 'X-Appwrite-Session': '!' })],
    ['that is no JSON', async () => ({ 'X-Appwrite-Session': btoa('nothing') })],
    [
      'in admin mode',
      async (_: World, headers: Headers_) => ({
        ...headers,
        'X-Appwrite-Mode': 'admin',
      }),
    ],
  ])('%s is nobody', async (_, change) => {
    const w = await at()
    const { user, headers } = await w.signedIn()
    const ask = await shared(w, `read("user:${user.id}")`)
    expect((await ask(await change(w, headers))).status).toBe(404)
  })
  test.each([
    ['holds nothing', 'nonsense'],
    ['is stale', encodeSession({ id: 'gone', secret: 'gone' })],
  ])('is found behind a cookie that %s', async (_, value) => {
    const w = await at()
    const { user, headers } = await w.signedIn()
    const ask = await shared(w, `read("user:${user.id}")`)
    const other = { Cookie: `a_session_${PROJECT}=${value}` }
    const answer = await ask({ ...headers, ...other })
    expect([answer.status, answer.trips]).toEqual([200, 2])
  })
  test('ends when it expires', async () => {
    const w = await at()
    const user = await w.user()
    const ask = await shared(w, `read("user:${user.id}")`)
    const ends = async (expiresAt: Date) =>
      (await ask((await w.session(user.id, { expiresAt })).headers)).status
    expect(await ends(NOW)).toBe(200)
    expect(await ends(new Date(NOW.getTime() - 1))).toBe(404)
  })
  test('ends with the next request once it is deleted', async () => {
    const w = await at()
    const { user, headers, session } = await w.signedIn()
    const ask = await shared(w, `read("user:${user.id}")`)
    expect((await ask(headers)).status).toBe(200)
    await w.db.delete(sessions).where(eq(sessions.id, session.id))
    expect((await ask(headers)).status).toBe(404)
  })
  test('of a blocked user is a guest, who is told so where a user is needed', async () => {
    const w = await at()
    const { user, headers } = await w.signedIn({ status: false })
    const [open, own] = [
      await shared(w, 'read("guests")'),
      await shared(w, `read("user:${user.id}")`),
    ]
    expect((await open(headers)).status).toBe(200)
    expect((await own(headers)).status).toBe(404)
    expect((await own({ ...headers, ...ROOT })).status).toBe(200)
    for (const path of ['/account', '/teams']) {
      const { status, body } = await w.send('get', path, undefined, headers)
      expect([status, body.type]).toEqual([403, 'user_blocked'])
    }
  })
  test('stamps its user as seen, once a day', async () => {
    const w = await at()
    const day = 24 * 3600 * 1000
    const seen = async (accessedAt: Date | null) => {
      const { user, headers } = await w.signedIn({ accessedAt })
      const ask = await shared(w, 'read("any")')
      await ask(headers)
      const [row] = await w.db.select().from(users).where(eq(users.id, user.id))
      expect(row?.updatedAt).toEqual(user.updatedAt)
      return row?.accessedAt
    }
    expect(await seen(null)).toEqual(NOW)
    expect(await seen(new Date(NOW.getTime() - day - 1))).toEqual(NOW)
    expect(await seen(new Date(NOW.getTime() - day))).toEqual(new Date(NOW.getTime() - day))
  })
  test('shows its user as seen already in the first answer', async () => {
    const w = await at()
    const { headers } = await w.signedIn({ accessedAt: null })
    const { body } = await w.send('get', '/account', undefined, headers)
    expect(body.accessedAt).toBe(NOW.toISOString().replace('Z', '+00:00'))
  })
})

describe('a JWT', () => {
  test('signs its user in while its session lasts', async () => {
    const w = await at()
    const { user, session } = await w.signedIn()
    const ask = await shared(w, `read("user:${user.id}")`)
    const jwt = await jwtFor(w, { userId: user.id, sessionId: session.id })
    const answer = await ask({ 'X-Appwrite-JWT': jwt })
    expect([answer.status, answer.trips]).toEqual([200, 2])
    await w.db.delete(sessions).where(eq(sessions.id, session.id))
    expect((await ask({ 'X-Appwrite-JWT': jwt })).status).toBe(404)
  })
  test('without a session needs none', async () => {
    const w = await at()
    const user = await w.user()
    const ask = await shared(w, `read("user:${user.id}")`)
    expect((await ask(await unboundJwt(w, user.id))).status).toBe(200)
  })
  test('without a session does not open a later user of the same ID', async () => {
    const w = await at()
    const { id } = await w.user()
    const jwt = await unboundJwt(w, id)
    await w.send('delete', `/users/${id}`)
    await w.user({ id })
    const ask = await shared(w, `read("user:${id}")`)
    expect((await ask(jwt)).status).toBe(404)
    expect((await ask(await unboundJwt(w, id))).status).toBe(200)
  })
  test('without a session is none that somebody else signed, were it with the secret', async () => {
    const w = await at()
    const user = await w.user()
    const ask = await shared(w, `read("user:${user.id}")`)
    const jwt = await jwtFor(w, { userId: user.id, sessionId: '' })
    expect((await ask({ 'X-Appwrite-JWT': jwt })).status).toBe(404)
  })
  test('of a user who is gone is nobody', async () => {
    const w = await at()
    const ask = await shared(w, 'read("guests")')
    const jwt = await jwtFor(w, { userId: 'gone', sessionId: '' })
    expect((await ask({ 'X-Appwrite-JWT': jwt })).status).toBe(200)
  })
  test.each([
    ['is expired', (w: World) => jwtFor(w, { userId: 'u', exp: NOW.getTime() / 1000 })],
    ['is signed elsewhere', () => signJwt({ userId: 'u' }, 'another secret')],
    ['is not one', async () => 'a.b'],
    ['names nobody', (w: World) => jwtFor(w, {})],
  ])('that %s is refused', async (_, make) => {
    const w = await at()
    const ask = await shared(w, 'read("any")')
    const { status, body } = await ask({ 'X-Appwrite-JWT': await make(w) })
    expect([status, body.type]).toEqual([401, 'user_jwt_invalid'])
  })
  test('beside a session that holds is refused, beside a stale one it counts', async () => {
    const w = await at()
    const { user, headers } = await w.signedIn()
    const ask = await shared(w, `read("user:${user.id}")`)
    const jwt = await unboundJwt(w, user.id)
    const { status, body } = await ask({ ...headers, ...jwt })
    expect([status, body.type]).toEqual([403, 'user_jwt_and_cookie_set'])
    await w.db.delete(sessions).where(eq(sessions.userId, user.id))
    expect((await ask({ ...headers, ...jwt })).status).toBe(200)
  })
})

describe('roles', () => {
  test.each([
    ['any', {}, true],
    ['users', {}, true],
    ['guests', {}, false],
    ['users/unverified', {}, true],
    ['users/verified', {}, false],
    ['users/verified', { emailVerification: true }, true],
    ['users/verified', { phoneVerification: true }, true],
    ['users/unverified', { phoneVerification: true }, false],
    ['label:vip', { labels: ['vip'] }, true],
    ['label:vip', { labels: ['VIP'] }, false],
  ])('%s is held by a user with %j: %s', async (role, fields, held) => {
    const w = await at()
    const { headers } = await w.signedIn(fields)
    const ask = await shared(w, `read("${role}")`)
    expect((await ask(headers)).status).toBe(held ? 200 : 404)
  })
  test('of a team are held while the membership is confirmed', async () => {
    const w = await at()
    const { user, headers } = await w.signedIn()
    const team = await w.team()
    const { id } = await w.member(team.id, user.id, { roles: ['editor'], confirm: false })
    const asks = await Promise.all(
      [`team:${team.id}`, `team:${team.id}/editor`, `member:${id}`].map((role) =>
        shared(w, `read("${role}")`),
      ),
    )
    const statuses = async () => Promise.all(asks.map(async (ask) => (await ask(headers)).status))
    expect(await statuses()).toEqual([404, 404, 404])
    await w.db.update(memberships).set({ confirm: true }).where(eq(memberships.id, id))
    expect(await statuses()).toEqual([200, 200, 200])
    await w.db.update(memberships).set({ roles: [] }).where(eq(memberships.id, id))
    expect(await statuses()).toEqual([200, 404, 200])
    await w.db.delete(memberships).where(eq(memberships.id, id))
    expect(await statuses()).toEqual([404, 404, 404])
  })
})

describe('an impersonator', () => {
  test.each(['id', 'email', 'phone'] as const)('acts as whom it names by %s', async (by) => {
    const w = await at()
    const { headers } = await w.signedIn({ impersonator: true })
    const email = `${crypto.randomUUID()}@example.com`
    const phone = `+49${Math.floor(Math.random() * 1e10)}`
    const other = await w.user({ email, phone, accessedAt: null })
    const ask = await shared(w, `read("user:${other.id}")`)
    const named = { id: other.id, email: email.toUpperCase(), phone }[by]
    const header = `X-Appwrite-Impersonate-User-${by === 'id' ? 'Id' : by === 'email' ? 'Email' : 'Phone'}`
    const answer = await ask({ ...headers, [header]: named })
    expect([answer.status, answer.trips]).toEqual([200, 2])
    const [row] = await w.db.select().from(users).where(eq(users.id, other.id))
    expect(row?.accessedAt).toBeNull()
  })
  test.each([
    ['without the right', { impersonator: false }, (id: string) => id, 404],
    ['of nobody', { impersonator: true }, () => 'nobody', 404],
  ])('%s stays who it is', async (_, fields, name, status) => {
    const w = await at()
    const { headers } = await w.signedIn(fields)
    const other = await w.user()
    const ask = await shared(w, `read("user:${other.id}")`)
    expect(
      (await ask({ ...headers, 'X-Appwrite-Impersonate-User-Id': name(other.id) })).status,
    ).toBe(status)
  })
  test('of a blocked user is refused', async () => {
    const w = await at()
    const { headers } = await w.signedIn({ impersonator: true })
    const other = await w.user({ status: false })
    const ask = await shared(w, 'read("any")')
    const { body } = await ask({ ...headers, 'X-Appwrite-Impersonate-User-Id': other.id })
    expect(body.type).toBe('user_blocked')
  })
})

describe('a second factor', () => {
  const BY_MAIL = { email: 'ada@example.com', emailVerification: true }
  const BY_PHONE = { phone: '+4915112345678', phoneVerification: true }
  test.each([
    [{ ...BY_MAIL, mfa: true }, ['password'], 401],
    [{ ...BY_PHONE, mfa: true }, ['password'], 401],
    [{ ...BY_MAIL, mfa: true }, ['email', 'oauth2'], 401],
    [{ ...BY_MAIL, mfa: true }, ['email', 'oauth2', 'mfa'], 200],
    [{ ...BY_MAIL, mfa: true }, ['oauth2', 'email'], 200],
    // Nothing can be shown that the session has not shown: nobody is locked out.
    [{ ...BY_MAIL, mfa: true }, ['email'], 200],
    [{ mfa: true, emailVerification: true }, ['password'], 200],
    [{ mfa: true, phoneVerification: true }, ['password'], 200],
    [{ mfa: true }, ['password'], 200],
    [{ ...BY_MAIL, mfa: false }, ['password'], 200],
    [{ ...BY_MAIL, mfa: true }, ['password', 'totp'], 200],
  ])('with %j, a session with %j is answered %i', async (fields, factors, status) => {
    const w = await world({ MAIL_OUTBOX: 'on' }, () => NOW)
    await w.db.delete(users)
    const user = await w.user(fields)
    const { headers } = await w.session(user.id, { factors })
    const answer = await (await shared(w, 'read("any")'))(headers)
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.body.type).toBe('user_more_factors_required')
  })
})

describe("the owner's switches", () => {
  test.each([
    ['service:storage', 'general_service_disabled'],
    ['protocol:rest', 'general_api_disabled'],
  ])('%s off stops all but keys', async (name, type) => {
    const w = await at()
    const ask = await shared(w, 'read("any")')
    const { headers } = await w.signedIn()
    await w.set(name, false)
    for (const caller of [{}, headers]) {
      const { status, body } = await ask(caller)
      expect([status, body.type]).toEqual([403, type])
    }
    const junk = await ask({ 'X-Appwrite-Key': 'unknown_prefix' })
    expect([junk.status, junk.body.type]).toEqual([403, type])
    expect((await ask(ROOT)).status).toBe(200)
    expect((await ask(await w.key('files.read'))).status).toBe(200)
    await w.set(name, true)
    expect((await ask({})).status).toBe(200)
  })
  test('a platform opens its host, and nothing else', async () => {
    const w = await at()
    const ask = await shared(w, 'read("any")')
    const from = async (Origin: string) => {
      const { status, headers } = await ask({ Origin })
      return [status, headers.get('access-control-allow-origin')]
    }
    expect(await from('https://shop.example')).toEqual([403, null])
    await w.db.insert(platforms).values([
      {
        id: 'a',
        type: 'web',
        name: 'Shop',
        identifier: 'Shop.example',
        createdAt: NOW,
        updatedAt: NOW,
      },
      {
        id: 'b',
        type: 'android',
        name: 'App',
        identifier: 'com.example',
        createdAt: NOW,
        updatedAt: NOW,
      },
    ])
    expect(await from('https://shop.example')).toEqual([200, 'https://shop.example'])
    expect(await from('https://other.example')).toEqual([403, null])
    expect(await from('appwrite-android://com.other')).toEqual([
      200,
      'appwrite-android://com.other',
    ])
    expect(await from('appwrite-ios://com.example')).toEqual([403, null])
    await w.db.delete(platforms)
  })
})
