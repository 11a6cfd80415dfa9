import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { verifyJwt } from '#/auth/jwt'
import { redeemOne } from '#/auth/one-time'
import { settingsOf } from '#/config/env'
import { oneTimeSecrets, sessions, users } from '#/db/schema'
import { hashSecret } from '#/lib/secrets'
import { after, MINUTE, TIME, wire, YEAR } from '#test/support/clock'
import { storeTarget, targetsNow } from '#test/support/users'
import { type Json, NOW, ROOT, type World, world } from '#test/support/world'

const NOW_SECONDS = NOW.getTime() / 1000
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

let w: World
beforeEach(async () => {
  w = await world({}, () => NOW)
  await w.db.delete(users)
  await w.env.DB.prepare('delete from settings').run()
  await w.user({ id: 'ann' })
  await w.user({ id: 'bob' })
})
const typeOf = async (answer: ReturnType<World['send']>) => {
  const { status, body } = await answer
  return [status, body?.type]
}

describe('a new session', () => {
  const create = (headers: Record<string, string> = {}, id = 'ann') =>
    w.send('post', `/users/${id}/sessions`, undefined, { ...ROOT, ...headers })

  test('shows its token once, and whom the server acted for', async () => {
    const { status, headers, body } = await create({
      'CF-Connecting-IP': '203.0.113.9',
      'User-Agent': 'node',
      'X-Forwarded-User-Agent': CHROME,
    })
    expect(status).toBe(201)
    expect(body).toEqual({
      $id: expect.stringMatching(/^[0-9a-f]{20}$/),
      $createdAt: TIME,
      $updatedAt: TIME,
      userId: 'ann',
      expire: wire(after(YEAR)),
      provider: 'server',
      ...{ providerUid: '', providerAccessToken: '', providerAccessTokenExpiry: '' },
      ...{ providerRefreshToken: '', ip: '203.0.113.9', osCode: 'WIN', osName: 'Windows' },
      ...{ osVersion: '10', clientType: 'browser', clientCode: 'CH', clientName: 'Chrome' },
      ...{ clientVersion: '142.0', clientEngine: 'Blink', clientEngineVersion: '142.0.0.0' },
      ...{ deviceName: 'desktop', deviceBrand: '', deviceModel: '' },
      ...{ countryCode: '--', countryName: 'Unknown', current: false, factors: ['server'] },
      secret: expect.any(String),
      mfaUpdatedAt: '',
    })
    expect([headers.get('set-cookie'), headers.get('x-fallback-cookies')]).toEqual([null, null])
    const token = JSON.parse(atob(body.secret))
    expect(Object.entries(token)).toEqual([
      ['id', 'ann'],
      ['secret', expect.stringMatching(/^[0-9a-f]{256}$/)],
    ])
    const [row] = await w.db.select().from(sessions).where(eq(sessions.id, body.$id))
    expect(row?.secretHash).toBe(await hashSecret(token.secret))
    expect(JSON.stringify(row)).not.toContain(token.secret)
  })
  test('opens what its user may do', async () => {
    const { body } = await create()
    const bucket = await w.bucket({ permissions: ['create("user:ann")'] })
    const headers = { 'X-Appwrite-Session': body.secret }
    expect((await w.upload(bucket.id, 'x', { headers })).status).toBe(201)
  })
  test('lasts as long as the owner says, and counts for no limit', async () => {
    await w.set('sessionDurationSeconds', 60)
    await w.set('sessionLimit', 1)
    for (let count = 0; count < 3; count++) {
      expect((await create()).body.expire).toBe(wire(after(MINUTE)))
    }
    expect((await w.send('get', '/users/ann/sessions')).body.total).toBe(3)
  })
  test('is there for a blocked user, too, and for nobody who is not', async () => {
    await w.db.update(users).set({ status: false })
    expect((await create()).status).toBe(201)
    expect(await typeOf(create({}, 'nobody'))).toEqual([404, 'user_not_found'])
    expect(await typeOf(create({}, 'unique()'))).toEqual([404, 'user_not_found'])
    expect(await typeOf(create({}, '-'))).toEqual([400, 'general_argument_invalid'])
  })
})

describe('sessions', () => {
  test('are listed oldest first, expired ones too, none as the present one', async () => {
    const { headers } = await w.session('ann', { id: 'one', expiresAt: new Date('2020-01-01') })
    await w.session('bob', { id: 'other' })
    await w.session('ann', { id: 'two' })
    const { status, body, trips } = await w.send('get', '/users/ann/sessions', undefined, {
      ...ROOT,
      ...headers,
    })
    expect([status, trips, body.total]).toEqual([200, 2, 2])
    expect(body.sessions.map(({ $id, current, secret }: Json) => [$id, current, secret])).toEqual([
      ['one', false, ''],
      ['two', false, ''],
    ])
    expect((await w.send('get', '/users/ann/sessions?total=false')).body).toMatchObject({
      total: 0,
      sessions: { length: 2 },
    })
  })
  test('end one by one, by their user alone', async () => {
    const { headers } = await w.session('ann', { id: 'one' })
    await w.session('bob', { id: 'other' })
    const end = (user: string, id: string) => w.send('delete', `/users/${user}/sessions/${id}`)
    await w.send('patch', '/users/ann/impersonator', { impersonator: true })
    const use = async () => (await w.send('get', '/users/ann', undefined, headers)).status
    expect(await use()).toBe(200)
    expect(await typeOf(end('ann', 'other'))).toEqual([404, 'user_session_not_found'])
    expect(await typeOf(end('ann', 'none'))).toEqual([404, 'user_session_not_found'])
    expect(await typeOf(end('nobody', 'one'))).toEqual([404, 'user_not_found'])
    const { status, trips } = await end('ann', 'one')
    expect([status, trips, await use()]).toEqual([204, 1, 401])
    expect(await typeOf(end('ann', 'one'))).toEqual([404, 'user_session_not_found'])
  })
  test('end all at once, and again', async () => {
    await w.session('ann')
    await w.session('ann')
    await w.session('bob')
    for (let count = 0; count < 2; count++) {
      expect((await w.send('delete', '/users/ann/sessions')).status).toBe(204)
    }
    const left = await w.db.select().from(sessions)
    expect(left.map(({ userId }) => userId)).toEqual(['bob'])
    expect(await typeOf(w.send('delete', '/users/nobody/sessions'))).toEqual([
      404,
      'user_not_found',
    ])
  })
  test('take the push targets that they made with them', async () => {
    await w.session('ann', { id: 'one' })
    await storeTarget(w, 'ann', 'device', { id: 't', sessionId: 'one', providerType: 'push' })
    await storeTarget(w, 'ann', 'ann@example.com', { id: 'kept' })
    await w.send('delete', '/users/ann/sessions/one')
    expect((await targetsNow(w, 'ann')).map(({ id }) => id)).toEqual(['kept'])
  })
  test.each([
    ['post', '/users/ann/sessions'],
    ['delete', '/users/ann/sessions'],
    ['delete', '/users/ann/sessions/mine'],
  ])('are not written with the scope that guests and users hold: %s %s', async (method, path) => {
    const { headers } = await w.session('ann', { id: 'mine' })
    for (const caller of [{}, headers]) {
      const { status, body } = await w.send(method, path, undefined, caller)
      expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
    }
    for (const scope of ['sessions.write', 'users.write']) {
      const { status } = await w.send(method, path, undefined, await w.key(scope))
      expect(status).toBeOneOf([201, 204, 404])
    }
    expect((await w.send(method, path, undefined, await w.key('sessions.read'))).status).toBe(401)
  })
})

describe('a token', () => {
  const create = (body?: unknown, id = 'ann') => w.send('post', `/users/${id}/tokens`, body)
  const redeem = (secret: string, now: Date, userId = 'ann') =>
    redeemOne({ var: { db: w.db, now, settings: settingsOf(w.env) } } as never, {
      ...{ userId, purposes: ['generic'] as const, secret },
    })

  test('has six hex characters that open it once, in a quarter of an hour', async () => {
    const { status, body } = await create()
    expect(status).toBe(201)
    expect(body).toEqual({
      $id: expect.stringMatching(/^[0-9a-f]{20}$/),
      $createdAt: TIME,
      userId: 'ann',
      secret: expect.stringMatching(/^[0-9a-f]{6}$/),
      expire: wire(after(15 * MINUTE)),
      phrase: '',
    })
    const [row] = await w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.id, body.$id))
    expect(row).toMatchObject({ purpose: 'generic', sealed: null, usedAt: null })
    expect(JSON.stringify(row)).not.toContain(body.secret)
    expect(await redeem(body.secret, NOW, 'bob')).toBeUndefined()
    expect(await redeem(body.secret, new Date(NOW.getTime() + 900_000))).toBeUndefined()
    expect(await redeem(body.secret, NOW)).toMatchObject({ id: body.$id })
    expect(await redeem(body.secret, NOW)).toBeUndefined()
  })
  test.each([
    [{ length: 4, expire: 60 }, 4, wire(after(MINUTE))],
    [{ length: '128', expire: '31536000' }, 128, wire(after(YEAR))],
    [{ length: 7 }, 7, wire(after(15 * MINUTE))],
  ])('is as long, and for as long, as asked for: %j', async (given, length, expire) => {
    const { body } = await create(given)
    expect([body.secret.length, body.expire]).toEqual([length, expire])
    expect(body.secret).toMatch(/^[0-9a-f]+$/)
  })
  test.each([
    { length: 3 },
    { length: 129 },
    { length: 6.5 },
    { length: 'x' },
    { expire: 59 },
    { expire: 31_536_001 },
  ])('is refused: %j', async (given) => {
    expect(await typeOf(create(given))).toEqual([400, 'general_argument_invalid'])
  })
  test('leaves others as they are, and needs a user', async () => {
    const [first, second] = [(await create()).body, (await create()).body]
    for (const { secret } of [first, second]) expect(await redeem(secret, NOW)).toBeDefined()
    expect(await typeOf(create({}, 'nobody'))).toEqual([404, 'user_not_found'])
  })
})

describe('a JWT', () => {
  const create = (body?: unknown, id = 'ann') => w.send('post', `/users/${id}/jwts`, body)
  const claimsOf = async (jwt: string) => verifyJwt(jwt, w.env.SECRET ?? '', NOW)

  test('is for the newest session, for a quarter of an hour', async () => {
    await w.session('ann', { id: 'old' })
    await w.session('ann', { id: 'new' })
    await w.session('ann', { id: 'ended', expiresAt: new Date('2020-01-01') })
    await w.session('bob', { id: 'other' })
    const { status, body, trips } = await create()
    expect([status, trips, Object.keys(body)]).toEqual([201, 1, ['jwt']])
    const claims = await claimsOf(body.jwt)
    expect(Object.entries(claims ?? {})).toEqual([
      ['userId', 'ann'],
      ['sessionId', 'new'],
      ['exp', NOW_SECONDS + 900],
    ])
    expect((await create({ sessionId: 'recent' })).body).toEqual(body)
  })
  test('is for the session named', async () => {
    await w.session('ann', { id: 'old' })
    await w.session('ann', { id: 'new' })
    const { body } = await create({ sessionId: 'old', duration: '3600' })
    expect(await claimsOf(body.jwt)).toEqual({
      ...{ userId: 'ann', sessionId: 'old', exp: NOW_SECONDS + 3600 },
    })
  })
  test.each([
    ['of somebody else', 'other'],
    ['that never was', 'none'],
    ['that has expired', 'ended'],
    ['that was ended', 'gone'],
  ])('is not made for a session %s', async (_, sessionId) => {
    await w.session('ann', { id: 'old' })
    await w.session('ann', { id: 'ended', expiresAt: new Date(NOW.getTime() - 1) })
    await w.session('ann', { id: 'gone' })
    await w.send('delete', '/users/ann/sessions/gone')
    await w.session('bob', { id: 'other' })
    const before = await w.db.select().from(oneTimeSecrets)
    expect(await typeOf(create({ sessionId }))).toEqual([404, 'user_session_not_found'])
    expect(await w.db.select().from(oneTimeSecrets)).toEqual(before)
  })
  test('is whom it says until its time or its session is over', async () => {
    await w.db.update(users).set({ impersonator: true })
    await w.session('ann', { id: 'mine' })
    const { jwt } = (await create({ duration: 1 })).body
    const read = async (now: Date) => {
      const later = await world({}, () => now)
      return typeOf(later.send('get', '/users/ann', undefined, { 'X-Appwrite-JWT': jwt }))
    }
    expect(await read(NOW)).toEqual([200, undefined])
    expect(await read(new Date(NOW.getTime() + 1000))).toEqual([401, 'user_jwt_invalid'])
    await w.send('delete', '/users/ann/sessions/mine')
    expect(await read(NOW)).toEqual([401, 'general_unauthorized_scope'])
  })
  test.each([
    { duration: 0 },
    { duration: -1 },
    { duration: 3601 },
    { sessionId: '' },
    { sessionId: '-' },
  ])('is refused: %j', async (given) => {
    expect(await typeOf(create(given))).toEqual([400, 'general_argument_invalid'])
  })
  test('needs a user, not a session', async () => {
    const { status, body } = await create()
    expect([status, (await claimsOf(body.jwt))?.sessionId]).toEqual([201, ''])
    expect(await typeOf(create({}, 'nobody'))).toEqual([404, 'user_not_found'])
  })
})
