import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { verifyJwt } from '#/auth/jwt'
import { logs } from '#/db/schema'
import { unboundJwt } from '#test/support/jwt'
import { NOW, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const SECONDS = NOW.getTime() / 1000

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off' }, () => moment)
})
const mint = (headers: Headers_, body: unknown = {}) =>
  w.send('post', '/account/jwts', body, headers)
const by = async (headers: Headers_) => ({ 'X-Appwrite-JWT': (await mint(headers)).body.jwt })
const whoAmI = (headers: Headers_) => w.send('get', '/account', undefined, headers)
const after = (seconds: number) => {
  moment = new Date(NOW.getTime() + seconds * 1000)
}

describe('a JWT', () => {
  test('is for its user and session, and costs the caller alone', async () => {
    const { user, session, headers } = await w.signedIn()
    const { status, body, trips } = await mint(headers)
    expect([status, trips, Object.keys(body)]).toEqual([201, 1, ['jwt']])
    const claims = await verifyJwt(body.jwt, w.env.SECRET ?? '', NOW)
    expect(claims).toEqual({ userId: user.id, sessionId: session.id, exp: SECONDS + 900 })
    expect(JSON.parse(atob(body.jwt.split('.')[0]))).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(await w.db.select().from(logs).where(eq(logs.userId, user.id))).toEqual([])
  })
  test('signs in whoever made it, in one round trip', async () => {
    const { user, headers } = await w.signedIn()
    const answer = await whoAmI(await by(headers))
    expect(answer).toMatchObject({ status: 200, trips: 1, body: { $id: user.id } })
  })
  test.each([
    [undefined, 900],
    [null, 900],
    [1, 1],
    ['60', 60],
    [3600, 3600],
  ])('of duration %j lasts %i s', async (duration, seconds) => {
    const { headers } = await w.signedIn()
    const { body } = await mint(headers, duration === undefined ? {} : { duration })
    const jwt = { 'X-Appwrite-JWT': body.jwt }
    after(seconds - 0.001)
    expect((await whoAmI(jwt)).status).toBe(200)
    after(seconds)
    const late = await whoAmI(jwt)
    expect([late.status, late.body.type]).toEqual([401, 'user_jwt_invalid'])
  })
  test.each([0, '0', -1, 3601, 1.5, 'x', '', true])('lasts no %j seconds', async (duration) => {
    const { headers } = await w.signedIn()
    const { status, body } = await mint(headers, { duration })
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
    expect(body.message).toContain('`duration`')
  })
  test('may be asked for by the old path, without a body', async () => {
    const { headers } = await w.signedIn()
    const { status, body } = await w.send('post', '/account/jwt', undefined, headers)
    expect(status).toBe(201)
    expect((await whoAmI({ 'X-Appwrite-JWT': body.jwt })).status).toBe(200)
  })
  test('cannot make another one', async () => {
    const { user, headers } = await w.signedIn()
    for (const jwt of [await by(headers), await unboundJwt(w, user.id)]) {
      const { status, body } = await mint(jwt)
      expect([status, body.type]).toEqual([403, 'user_jwt_creation_denied'])
    }
  })
  test.each<[string, (headers: Headers_) => Promise<unknown>]>([
    ['left', (headers) => w.send('delete', '/account/sessions/current', undefined, headers)],
    [
      'ended with all others',
      (headers) => w.send('delete', '/account/sessions', undefined, headers),
    ],
  ])('is nobody’s once its session is %s', async (_, end) => {
    const { user, headers } = await w.signedIn()
    const jwt = await by(headers)
    await w.session(user.id)
    await end(headers)
    const { status, body } = await whoAmI(jwt)
    expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
  })
  test('beside a session is refused', async () => {
    const { headers } = await w.signedIn()
    const { status, body } = await whoAmI({ ...headers, ...(await by(headers)) })
    expect([status, body.type]).toEqual([403, 'user_jwt_and_cookie_set'])
  })
  test('is refused once a character of it is changed', async () => {
    const { headers } = await w.signedIn()
    const { 'X-Appwrite-JWT': jwt } = await by(headers)
    const forged = jwt.replace(
      /\.(.)/,
      (_: string, first: string) => `.${first === 'e' ? 'f' : 'e'}`,
    )
    expect((await whoAmI({ 'X-Appwrite-JWT': forged })).body.type).toBe('user_jwt_invalid')
  })
  test('has no current session', async () => {
    const { session, headers } = await w.signedIn()
    const jwt = await by(headers)
    const current = await w.send('get', '/account/sessions/current', undefined, jwt)
    expect([current.status, current.body.type]).toEqual([404, 'user_session_not_found'])
    const { body } = await w.send('get', '/account/sessions', undefined, jwt)
    expect(body.sessions).toMatchObject([{ $id: session.id, current: false }])
    const mfa = await w.send('patch', '/account/mfa', { mfa: true }, jwt)
    expect([mfa.status, mfa.body.type]).toEqual([404, 'user_session_not_found'])
  })
  test('is not to be had while the owner has switched the method off', async () => {
    const { headers } = await w.signedIn()
    await w.set('method:jwt', false)
    const { status, body } = await mint(headers)
    expect([status, body.type]).toEqual([501, 'user_auth_method_unsupported'])
    await w.set('method:jwt', true)
  })
  test('is not for guests and keys', async () => {
    for (const caller of [{}, ROOT]) {
      const { status, body } = await mint(caller)
      expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
    }
  })
  test('can be made 120 times a minute', async () => {
    const { headers } = await w.signedIn()
    const strict = await world({}, () => moment)
    const again = () => strict.send('post', '/account/jwts', {}, headers)
    const first = await again()
    expect(first.headers.get('x-ratelimit-limit')).toBe('120')
    expect(first.headers.get('x-ratelimit-reset')).toBe(`${Math.floor(SECONDS / 60) * 60 + 60}`)
    const answers = await Promise.all(Array.from({ length: 120 }, again))
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1)
    after(60)
    expect((await again()).status).toBe(201)
  })
})
