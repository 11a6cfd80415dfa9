import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hashOneTime } from '#/auth/one-time'
import { oneTimeSecrets, sessions, type User, users } from '#/db/schema'
import { keptMessages } from '#/messaging/mail/outbox-store'
import { before } from '#test/support/account'
import { after, HOUR, TIME, wire } from '#test/support/clock'
import { answer, challenge, codeAt, enrol, recoveryCodes, sentTo } from '#test/support/mfa'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const HOUR_MS = 3600_000
const STEP_MS = 30_000
const address = () => `${crypto.randomUUID()}@example.com`
const phoneNumber = () => `+49151${Math.floor(10 ** 7 + Math.random() * 9 * 10 ** 7)}`

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => moment)
})
afterEach(() => {
  vi.restoreAllMocks()
})
const open = (headers: Headers_, factor: unknown, world_ = w) =>
  world_.send('post', '/account/mfa/challenges', { factor }, headers)
const sessionOf = async (id: string) => {
  const [row] = await w.db.select().from(sessions).where(eq(sessions.id, id))
  return row
}
const stored = async (id: string) => {
  const [row] = await w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.id, id))
  return row
}
const messagesTo = async (to: string) =>
  (await keptMessages(w.db)).filter((message) => message.to === to)
/** Signs in somebody who has proved an address of each kind. */
const proved = async (fields: Partial<User> = {}) => {
  const [email, phone] = [address(), phoneNumber()]
  const verified = { emailVerification: true, phoneVerification: true }
  return { email, phone, ...(await w.signedIn({ email, phone, ...verified, ...fields })) }
}

describe('opening a challenge', () => {
  test('answers with what it is, not with its code', async () => {
    const { user, headers } = await proved()
    const { status, body } = await open(headers, 'email')
    expect(status).toBe(201)
    expect(body).toEqual({
      $id: expect.stringMatching(/^[\da-f]{20}$/),
      $createdAt: TIME,
      userId: user.id,
      expire: wire(after(HOUR)),
    })
  })
  test.each(['totp', 'recoverycode'])(
    'for %s sends nothing and asks for nothing',
    async (factor) => {
      const { email, phone, headers } = await proved()
      const { status, body, trips } = await open(headers, factor)
      expect([status, trips]).toEqual([201, 3])
      expect([...(await messagesTo(email)), ...(await messagesTo(phone))]).toEqual([])
      const row = await stored(body.$id)
      expect(row).toMatchObject({ purpose: 'challenge', sealed: null, usedAt: null })
      expect(row?.expiresAt).toEqual(new Date(NOW.getTime() + HOUR_MS))
    },
  )
  test('for email mails a code, of which a hash is stored', async () => {
    const { user, email, headers } = await proved({ name: 'Ada <b>' })
    const id = await challenge(w, headers, 'email')
    const [mail, ...more] = await messagesTo(email)
    expect(more).toEqual([])
    const code = await sentTo(w, email)
    expect(mail?.html).toContain(code)
    expect(mail?.html).not.toContain('<b>')
    const row = await stored(id)
    expect(row).toMatchObject({ ref: 'email', sealed: null })
    expect(row?.secretHash).toBe(await hashOneTime(code, user.id, w.env.SECRET ?? ''))
  })
  test('for phone sends a message that is the code', async () => {
    const { phone, headers } = await proved()
    await challenge(w, headers, 'phone')
    const [message] = await messagesTo(phone)
    expect(message).toMatchObject({ kind: 'sms', text: expect.stringMatching(/^\d{6}$/) })
  })
  test.each(['EMAIL', 'Phone', 'TOTP', 'recoveryCode', 'RECOVERYCODE'])(
    'takes %s in any case',
    async (factor) => {
      const { headers } = await proved()
      expect((await open(headers, factor)).status).toBe(201)
    },
  )
  test.each(['', 'sms', 'password', undefined, 1, ['email']])(
    'takes no factor %j',
    async (factor) => {
      const { headers } = await proved()
      const { status, body } = await open(headers, factor)
      expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
    },
  )
  test('works under a JWT', async () => {
    const { headers } = await proved()
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    expect((await open({ 'X-Appwrite-JWT': body.jwt }, 'totp')).status).toBe(201)
  })
  test('is to be had by the old path as well', async () => {
    const { email, headers } = await proved()
    const made = await w.send('post', '/account/mfa/challenge', { factor: 'email' }, headers)
    expect(made.status).toBe(201)
    const given = { challengeId: made.body.$id, otp: await sentTo(w, email) }
    expect((await w.send('put', '/account/mfa/challenge', given, headers)).status).toBe(200)
  })
  test.each<[string, Partial<User>, string]>([
    ['email', { email: null }, 'user_email_not_found'],
    ['email', { emailVerification: false }, 'user_email_not_verified'],
    ['phone', { phone: null }, 'user_phone_not_found'],
    ['phone', { phoneVerification: false }, 'user_phone_not_verified'],
  ])('for %s with %j answers %s and stores nothing', async (factor, fields, type) => {
    const { user, headers } = await proved(fields)
    const { status, body } = await open(headers, factor)
    expect([status, body.type]).toEqual([400, type])
    const rows = w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, user.id))
    expect(await rows).toEqual([])
  })
  test.each([
    ['email', 'general_smtp_disabled'],
    ['phone', 'general_phone_disabled'],
  ])('for %s without a carrier answers %s before it looks for an address', async (factor, type) => {
    const silent = await world({ RATE_LIMITS: 'off' }, () => moment)
    const { headers } = await w.signedIn()
    const { status, body } = await open(headers, factor, silent)
    expect([status, body.type]).toEqual([503, type])
  })
  test('whose carrier fails says so, and another one can be opened', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const SMS = { SMS_URL: 'http://127.0.0.1:9/', SMS_FROM: 'Edge' }
    const broken = await world({ RATE_LIMITS: 'off', ...SMS }, () => moment)
    const { phone, headers } = await proved()
    const { status, body } = await open(headers, 'phone', broken)
    expect([status, body.type]).toEqual([503, 'general_phone_disabled'])
    const id = await challenge(w, headers, 'phone')
    expect((await answer(w, headers, id, await sentTo(w, phone))).status).toBe(200)
  })
})

describe('a code is void with the address that it went to', () => {
  test.each(['email', 'phone'] as const)('by %s, once that has changed', async (factor) => {
    const { user, headers, ...to } = await proved()
    const id = await challenge(w, headers, factor)
    const code = await sentTo(w, to[factor])
    const next = factor === 'email' ? { email: address() } : { number: phoneNumber() }
    expect((await w.send('patch', `/users/${user.id}/${factor}`, next)).status).toBe(200)
    expect((await answer(w, headers, id, code)).body.type).toBe('user_invalid_token')
    expect(await stored(id)).toBeUndefined()
  })
  test('also with one that changes as it is made', async () => {
    const { user, email, headers } = await proved()
    before(w, 2, () =>
      w.db.update(users).set({ email: address() }).where(eq(users.id, user.id)).run(),
    )
    expect((await open(headers, 'email')).status).toBe(401)
    expect(await messagesTo(email)).toEqual([])
    expect(
      await w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, user.id)),
    ).toEqual([])
  })
})

describe("the owner's policy", () => {
  test.each([
    ['email', 'factorEmail', true],
    ['phone', 'factorPhone', true],
    ['totp', 'factorTotp', true],
    ['custom', 'factorCustom', false],
  ])('for %s is %s, and holds for opening and answering', async (factor, policy, standard) => {
    const { headers } = await proved()
    await w.set(policy, true)
    const id = await challenge(w, headers, factor)
    await w.set(policy, false)
    const opened = await open(headers, factor)
    const answered = await answer(w, headers, id, '000000')
    for (const { status, body } of [opened, answered]) {
      expect([status, body.type]).toEqual([501, 'user_auth_method_unsupported'])
    }
    await w.set(policy, standard)
  })
  test('comes before the carrier', async () => {
    const silent = await world({ RATE_LIMITS: 'off' }, () => moment)
    const { headers } = await w.signedIn()
    await w.set('factorEmail', false)
    expect((await open(headers, 'email', silent)).body.type).toBe('user_auth_method_unsupported')
    await w.set('factorEmail', true)
  })
  test('allows custom factors only when the owner says so', async () => {
    const { headers } = await proved()
    expect((await open(headers, 'custom')).body.type).toBe('user_auth_method_unsupported')
  })
})

describe('answering a challenge', () => {
  test('adds the factor, stamps the session, and answers with it', async () => {
    const { user, session, email, headers } = await proved()
    const id = await challenge(w, headers, 'email')
    moment = new Date(NOW.getTime() + 1000)
    const { status, body, trips } = await answer(w, headers, id, await sentTo(w, email))
    expect([status, trips]).toEqual([200, 4])
    expect(body).toMatchObject({
      ...{ $id: session.id, userId: user.id, provider: 'email', current: false, secret: '' },
      factors: ['password', 'email'],
      mfaUpdatedAt: wire(after(1)),
      countryName: '',
    })
    const passed = await sessionOf(session.id)
    expect(passed).toEqual({
      ...session,
      factors: ['password', 'email'],
      mfaUpdatedAt: moment,
      updatedAt: moment,
    })
    expect((await stored(id))?.usedAt).toEqual(moment)
  })
  test('leaves other sessions as they are', async () => {
    const { user, email, headers } = await proved()
    const { row: other } = await w.session(user.id)
    await answer(w, headers, await challenge(w, headers, 'email'), await sentTo(w, email))
    expect(await sessionOf(other.id)).toEqual(other)
  })
  test('takes a text message', async () => {
    const { session, phone, headers } = await proved()
    const id = await challenge(w, headers, 'phone')
    expect((await answer(w, headers, id, await sentTo(w, phone))).status).toBe(200)
    expect((await sessionOf(session.id))?.factors).toEqual(['password', 'phone'])
  })
  test('takes a recovery code once, whatever the challenge', async () => {
    const { session, headers } = await proved()
    const [first = '', second = ''] = await recoveryCodes(w, headers)
    const id = await challenge(w, headers, 'recoveryCode')
    expect((await answer(w, headers, id, first)).status).toBe(200)
    expect((await sessionOf(session.id))?.factors).toEqual(['password', 'recoveryCode'])
    const next = await challenge(w, headers, 'recoverycode')
    expect((await answer(w, headers, next, first)).body.type).toBe('user_invalid_token')
    expect((await stored(next))?.usedAt).toBeNull()
    expect((await answer(w, headers, next, second)).status).toBe(200)
    const left = await w.send('get', '/account/mfa/recovery-codes', undefined, headers)
    expect(left.body.recoveryCodes).toHaveLength(4)
  })
  test('takes a code that the owner’s server fetched', async () => {
    await w.set('factorCustom', true)
    const { user, session, headers } = await proved()
    const id = await challenge(w, headers, 'custom')
    const fetched = await w.send('get', `/users/${user.id}/mfa/challenges/${id}`)
    expect(fetched).toMatchObject({ status: 200, body: { code: expect.stringMatching(/^\d{6}$/) } })
    expect((await answer(w, headers, id, fetched.body.code)).status).toBe(200)
    expect((await sessionOf(session.id))?.factors).toEqual(['password', 'custom'])
    await w.set('factorCustom', false)
  })
  test('with a factor that the session has leaves their number as it is', async () => {
    const { user, email } = await proved({ mfa: true })
    const { row, headers } = await w.session(user.id, { provider: 'token', factors: ['email'] })
    const id = await challenge(w, headers, 'email')
    const { body } = await answer(w, headers, id, await sentTo(w, email))
    expect(body.factors).toEqual(['email'])
    expect((await sessionOf(row.id))?.mfaUpdatedAt).toEqual(NOW)
    const refused = await w.send('get', '/account', undefined, headers)
    expect(refused.body.type).toBe('user_more_factors_required')
  })
  test('wrongly does not use it up', async () => {
    const { email, headers } = await proved()
    const id = await challenge(w, headers, 'email')
    const code = await sentTo(w, email)
    for (const wrong of [code.split('').reverse().join('x'), `${code}0`, 'x', '0'.repeat(256)]) {
      const { status, body } = await answer(w, headers, id, wrong)
      expect([status, body.type]).toEqual([401, 'user_invalid_token'])
    }
    expect((await answer(w, headers, id, code)).status).toBe(200)
    expect((await answer(w, headers, id, code)).body.type).toBe('user_invalid_token')
  })
  test.each([
    [HOUR_MS - 1, 200],
    [HOUR_MS, 401],
  ])('%i ms after it was opened answers %i', async (age, expected) => {
    const { email, headers } = await proved()
    const id = await challenge(w, headers, 'email')
    moment = new Date(NOW.getTime() + age)
    expect((await answer(w, headers, id, await sentTo(w, email))).status).toBe(expected)
  })
  test.each<[string, (headers: Headers_) => Promise<string>]>([
    ['that was never opened', async () => 'nothing'],
    ['of another user', async () => challenge(w, (await proved()).headers, 'totp')],
    [
      'that is another secret',
      async (headers) => {
        await recoveryCodes(w, headers)
        const [row] = await w.db
          .select()
          .from(oneTimeSecrets)
          .where(and(eq(oneTimeSecrets.purpose, 'recovery-code')))
        return row?.id ?? ''
      },
    ],
  ])('of one %s is refused', async (_, find) => {
    const { headers } = await proved()
    const secret = await enrol(w, headers, NOW)
    const id = await find(headers)
    moment = new Date(NOW.getTime() + STEP_MS)
    const { status, body } = await answer(w, headers, id, codeAt(secret, moment))
    expect([status, body.type]).toEqual([401, 'user_invalid_token'])
  })
  test("takes no code of another of the user's challenges", async () => {
    const { email, phone, headers } = await proved()
    const byMail = await challenge(w, headers, 'email')
    const byPhone = await challenge(w, headers, 'phone')
    const [mailed, texted] = [await sentTo(w, email), await sentTo(w, phone)]
    if (mailed !== texted) {
      expect((await answer(w, headers, byPhone, mailed)).status).toBe(401)
      expect((await answer(w, headers, byMail, texted)).status).toBe(401)
    }
    expect((await answer(w, headers, byPhone, texted)).status).toBe(200)
    expect((await answer(w, headers, byMail, mailed)).status).toBe(200)
  })
  test('for totp needs a verified authenticator', async () => {
    const { headers } = await proved()
    const id = await challenge(w, headers, 'totp')
    expect((await answer(w, headers, id, '000000')).status).toBe(401)
    const { body } = await w.send('post', '/account/mfa/authenticators/totp', {}, headers)
    expect((await answer(w, headers, id, codeAt(body.secret, NOW))).status).toBe(401)
    const otp = codeAt(body.secret, NOW)
    await w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)
    expect((await answer(w, headers, id, codeAt(body.secret, NOW, 1))).status).toBe(200)
  })
  test.each([
    [{ otp: '1' }, 'challengeId'],
    [{ challengeId: 'x' }, 'otp'],
    [{ challengeId: 'x', otp: '' }, 'otp'],
    [{ challengeId: 'x', otp: 123456 }, 'otp'],
    [{ challengeId: 'x'.repeat(257), otp: '1' }, 'challengeId'],
  ])('with %j is refused', async (body, name) => {
    const { headers } = await proved()
    const refused = await w.send('put', '/account/mfa/challenges', body, headers)
    expect([refused.status, refused.body.type]).toEqual([400, 'general_argument_invalid'])
    expect(refused.body.message).toContain(name)
  })
  test('needs a session: a JWT has none', async () => {
    const { email, headers } = await proved()
    const id = await challenge(w, headers, 'email')
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const jwt = { 'X-Appwrite-JWT': body.jwt }
    const refused = await answer(w, jwt, id, await sentTo(w, email))
    expect([refused.status, refused.body.type]).toEqual([404, 'user_session_not_found'])
    expect((await stored(id))?.usedAt).toBeNull()
  })
})

describe('the rate limit', () => {
  const limited = () => world({ MAIL_OUTBOX: 'on' }, () => moment)
  test('lets a user open ten challenges an hour', async () => {
    const { headers } = await proved()
    const strict = await limited()
    const statuses = []
    for (let count = 0; count < 11; count++) {
      statuses.push((await open(headers, 'totp', strict)).status)
    }
    expect(statuses).toEqual([...Array(10).fill(201), 429])
    const other = await proved()
    expect((await open(other.headers, 'totp', strict)).status).toBe(201)
  })
  test('lets a challenge be answered ten times an hour, by whatever path', async () => {
    const { email, headers } = await proved()
    const strict = await limited()
    const id = await challenge(w, headers, 'email')
    const code = await sentTo(w, email)
    for (let count = 0; count < 10; count++) {
      const path = `/account/mfa/challenge${count % 2 ? 's' : ''}`
      const given = { challengeId: id, otp: 'wrong' }
      expect((await strict.send('put', path, given, headers)).status).toBe(401)
    }
    const { status, body, headers: answered } = await answer(strict, headers, id, code)
    expect([status, body.type]).toEqual([429, 'general_rate_limit_exceeded'])
    expect(Number(answered.get('retry-after'))).toBeGreaterThan(0)
    expect((await stored(id))?.usedAt).toBeNull()
  })
})
