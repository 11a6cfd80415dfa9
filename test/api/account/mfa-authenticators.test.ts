import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { unseal } from '#/auth/seal'
import { authenticators, sessions, type User } from '#/db/schema'
import { answer, challenge, codeAt, enrol, issue } from '#test/support/mfa'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const STEP_MS = 30_000

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off', PROJECT_NAME: 'Edge & Co' }, () => moment)
})
const at = (type = 'totp') => `/account/mfa/authenticators/${type}`
const verify = (headers: Headers_, otp: unknown, type = 'totp') =>
  w.send('put', at(type), { otp }, headers)
const stored = async (userId: string) =>
  w.db.select().from(authenticators).where(eq(authenticators.userId, userId))
const factorsIn = async (id: string) => {
  const [row] = await w.db.select().from(sessions).where(eq(sessions.id, id))
  return row?.factors
}

describe('a new authenticator', () => {
  test('comes with its secret once; what is stored is sealed for its user', async () => {
    const { user, headers } = await w.signedIn({ email: 'new@example.com' })
    const { status, body, trips } = await w.send('post', at(), {}, headers)
    expect([status, trips]).toEqual([200, 3])
    expect(body).toEqual({
      secret: expect.stringMatching(/^[A-Z2-7]{103}$/),
      uri: `otpauth://totp/Edge%20%26%20Co%3Anew%40example.com?issuer=Edge%20%26%20Co&secret=${body.secret}`,
    })
    const [row] = await stored(user.id)
    expect(row).toMatchObject({ type: 'totp', verified: false, lastStep: 0 })
    expect(JSON.stringify(row)).not.toContain(body.secret)
    const SECRET = w.env.SECRET ?? ''
    expect(await unseal(row?.secret ?? '', SECRET, `totp:${user.id}`)).toBe(body.secret)
    expect(await unseal(row?.secret ?? '', SECRET, 'totp:another')).toBeUndefined()
  })
  test.each<[Partial<User>, string | undefined]>([
    [{ name: 'Ada' }, 'Ada'],
    [{ name: '', phone: '+4915112345678' }, '+4915112345678'],
    [{ name: '' }, undefined],
  ])('of a user with %j is labelled %s', async (fields, label) => {
    const { user, headers } = await w.signedIn(fields)
    const { body } = await w.send('post', at(), {}, headers)
    const named = encodeURIComponent(`Edge & Co:${label ?? user.id}`)
    expect(body.uri).toMatch(`otpauth://totp/${named}?`)
  })
  test('replaces one that is not verified, whose codes are no good any more', async () => {
    const { user, headers } = await w.signedIn()
    const first = await issue(w, headers)
    const second = await issue(w, headers)
    expect(second).not.toBe(first)
    expect(await stored(user.id)).toHaveLength(1)
    const old = await verify(headers, codeAt(first, NOW))
    expect([old.status, old.body.type]).toEqual([401, 'user_invalid_token'])
    expect((await verify(headers, codeAt(second, NOW))).status).toBe(200)
  })
  test('does not replace one that is verified', async () => {
    const { user, headers } = await w.signedIn()
    await enrol(w, headers, NOW)
    const [before] = await stored(user.id)
    const { status, body } = await w.send('post', at(), {}, headers)
    expect([status, body.type]).toEqual([409, 'user_authenticator_already_verified'])
    expect(await stored(user.id)).toEqual([before])
  })
  test.each(['TOTP', 'Totp'])('may be spelled %s', async (type) => {
    const { headers } = await w.signedIn()
    const { status, body } = await w.send('post', at(type), {}, headers)
    expect(status).toBe(200)
    expect((await verify(headers, codeAt(body.secret, NOW), type)).status).toBe(200)
  })
  test.each(['hotp', 'email', 'totp%20'])('of type %s there is none', async (type) => {
    const { headers } = await w.signedIn()
    for (const method of ['post', 'put'] as const) {
      const { status, body } = await w.send(method, at(type), { otp: '000000' }, headers)
      expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
      expect(body.message).toContain('`type`')
    }
  })
  test('may be made under a JWT', async () => {
    const { headers } = await w.signedIn()
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const answered = await w.send('post', at(), {}, { 'X-Appwrite-JWT': body.jwt })
    expect(answered.status).toBe(200)
  })
})

describe('verifying an authenticator', () => {
  test('proves it, adds it to the session, and answers with the account', async () => {
    const { user, session, headers } = await w.signedIn()
    const secret = await issue(w, headers)
    const { status, body, trips } = await verify(headers, codeAt(secret, NOW))
    expect([status, trips]).toEqual([200, 4])
    expect(body).toMatchObject({ $id: user.id, mfa: false, targets: [] })
    expect(await stored(user.id)).toMatchObject([
      { verified: true, lastStep: Math.floor(NOW.getTime() / STEP_MS), updatedAt: NOW },
    ])
    expect(await factorsIn(session.id)).toEqual(['password', 'totp'])
  })
  test.each([
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ])('by the code of %i steps away answers %i', async (steps, expected) => {
    const { user, session, headers } = await w.signedIn()
    const secret = await issue(w, headers)
    const { status, body } = await verify(headers, codeAt(secret, NOW, steps))
    expect([status, body.type]).toEqual([
      expected,
      expected === 200 ? undefined : 'user_invalid_token',
    ])
    const [row] = await stored(user.id)
    expect(row?.verified).toBe(expected === 200)
    expect(await factorsIn(session.id)).toEqual(
      expected === 200 ? ['password', 'totp'] : ['password'],
    )
  })
  test('takes no code of another user', async () => {
    const [one, other] = [await w.signedIn(), await w.signedIn()]
    await issue(w, one.headers)
    const secret = await issue(w, other.headers)
    const { body } = await verify(one.headers, codeAt(secret, NOW))
    expect(body.type).toBe('user_invalid_token')
  })
  test('needs one, and only once', async () => {
    const { headers } = await w.signedIn()
    const none = await verify(headers, '000000')
    expect([none.status, none.body.type]).toEqual([404, 'user_authenticator_not_found'])
    const secret = await enrol(w, headers, NOW)
    moment = new Date(NOW.getTime() + STEP_MS)
    const again = await verify(headers, codeAt(secret, moment))
    expect([again.status, again.body.type]).toEqual([409, 'user_authenticator_already_verified'])
  })
  test.each([[undefined], [''], ['1'.repeat(257)], [123456]])('takes text, not %j', async (otp) => {
    const { headers } = await w.signedIn()
    const { status, body } = await verify(headers, otp)
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
  test('needs a session: a JWT has none', async () => {
    const { headers } = await w.signedIn()
    const secret = await issue(w, headers)
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const jwt = { 'X-Appwrite-JWT': body.jwt }
    const refused = await verify(jwt, codeAt(secret, NOW))
    expect([refused.status, refused.body.type]).toEqual([404, 'user_session_not_found'])
  })
  test('spends the code: it opens no challenge, the next one does', async () => {
    const { headers } = await w.signedIn()
    const secret = await enrol(w, headers, NOW)
    const id = await challenge(w, headers, 'totp')
    const used = await answer(w, headers, id, codeAt(secret, NOW))
    expect([used.status, used.body.type]).toEqual([401, 'user_invalid_token'])
    const older = await answer(w, headers, id, codeAt(secret, NOW, -1))
    expect(older.body.type).toBe('user_invalid_token')
    moment = new Date(NOW.getTime() + STEP_MS)
    expect((await answer(w, headers, id, codeAt(secret, moment))).status).toBe(200)
  })
})

describe('removing an authenticator', () => {
  const fresh = async (fields: Partial<User> = {}, shownAt: Date | null = NOW) => {
    const user = await w.user(fields)
    const opened = await w.session(user.id, {
      factors: ['password', 'totp'],
      mfaUpdatedAt: shownAt,
    })
    return { user, ...opened }
  }
  test('forgets it and leaves the switch and the factors as they are', async () => {
    const { user, row: session, headers } = await fresh({ mfa: true })
    await enrol(w, headers, NOW)
    const { status, bytes, trips } = await w.send('delete', at(), undefined, headers)
    expect([status, bytes.length, trips]).toEqual([204, 0, 3])
    expect(await stored(user.id)).toEqual([])
    expect(await factorsIn(session.id)).toEqual(['password', 'totp'])
    const { body } = await w.send('get', '/account/mfa/factors', undefined, headers)
    expect(body.totp).toBe(false)
    const [switched] = await w.db.query.users.findMany({ where: (t, { eq }) => eq(t.id, user.id) })
    expect(switched?.mfa).toBe(true)
  })
  test('removes one that is not verified as well, and needs no code', async () => {
    const { user, headers } = await fresh()
    await issue(w, headers)
    expect((await w.send('delete', at('TOTP'), { otp: 'x' }, headers)).status).toBe(204)
    expect(await stored(user.id)).toEqual([])
  })
  test('needs one', async () => {
    const { headers } = await fresh()
    const { status, body } = await w.send('delete', at(), undefined, headers)
    expect([status, body.type]).toEqual([404, 'user_authenticator_not_found'])
  })
  test.each([
    [null, 401],
    [-1, 404],
    [1800_000, 404],
    [1800_001, 401],
  ])('asked %s ms after a challenge answers %i', async (age, expected) => {
    const { headers } = await fresh({}, age === null ? null : new Date(NOW.getTime() - age))
    const { status, body } = await w.send('delete', at(), undefined, headers)
    expect(status).toBe(expected)
    if (expected === 401) expect(body.type).toBe('user_challenge_required')
  })
  test('needs a session with a challenge: a JWT has none', async () => {
    const { headers } = await fresh()
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const refused = await w.send('delete', at(), undefined, { 'X-Appwrite-JWT': body.jwt })
    expect([refused.status, refused.body.type]).toEqual([401, 'user_challenge_required'])
  })
  test('leaves those of others', async () => {
    const one = await fresh()
    const other = await w.signedIn()
    await enrol(w, one.headers, NOW)
    await enrol(w, other.headers, NOW)
    await w.send('delete', at(), undefined, one.headers)
    expect(await stored(other.user.id)).toHaveLength(1)
  })
})

test('an authenticator goes with its user', async () => {
  const { user, headers } = await w.signedIn()
  await enrol(w, headers, NOW)
  await w.env.DB.prepare('delete from users where id = ?').bind(user.id).run()
  expect(await stored(user.id)).toEqual([])
})
