import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, inject, test } from 'vitest'
import { mockNumbers, oneTimeSecrets, users } from '#/db/schema'
import {
  accountWorld,
  address,
  before,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  messageTo,
  phoneNumber,
  redeemedBy,
  sentTo,
  userNow,
} from '#test/support/account'
import { TIME } from '#test/support/clock'
import { NOW, type World } from '#test/support/world'

const PLATFORMS = { PLATFORMS: 'app.example.com' }
const URL_ = 'https://app.example.com/verify'

let w: World
beforeEach(async () => {
  w = await accountWorld(PLATFORMS)
})

const secretsOf = (userId: string) =>
  w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, userId))

const codeTo = async (to: string) => codeIn(await messageTo(w, to))
/** The three ways: what is verified, by what is sent. */
const WAYS = [
  {
    path: '/account/verifications/email',
    alias: '/account/verification',
    column: 'email',
    flag: 'emailVerification',
    make: address,
    ttl: 3600,
    body: { url: URL_ },
    read: async (to: string) => redeemedBy(linkIn(await messageTo(w, to))).secret,
  },
  {
    path: '/account/verifications/email/otp',
    alias: undefined,
    column: 'email',
    flag: 'emailVerification',
    make: address,
    ttl: 900,
    body: {},
    read: codeTo,
  },
  {
    path: '/account/verifications/phone',
    alias: '/account/verification/phone',
    column: 'phone',
    flag: 'phoneVerification',
    make: phoneNumber,
    ttl: 3600,
    body: {},
    read: codeTo,
  },
] as const

describe.each(WAYS)('$path', ({ path, alias, column, flag, make, ttl, body: given, read }) => {
  const disabled = column === 'email' ? 'general_smtp_disabled' : 'general_phone_disabled'
  const ask = (headers: Headers_, at = path as string) => w.send('post', at, given, headers)
  const confirm = (userId: string, secret: string, at = w, headers = GUEST) =>
    at.send('put', path, { userId, secret }, headers)
  const somebody = async () => {
    const to = make()
    const { user, headers } = await w.signedIn({ [column]: to })
    return { user, headers, to }
  }

  test('sends what a guest can confirm the address with', async () => {
    const { user, headers, to } = await somebody()
    const asked = await ask(headers)
    expect(asked.status).toBe(201)
    const [row] = await secretsOf(user.id)
    expect(asked.body).toEqual({
      $id: row?.id,
      $createdAt: TIME,
      userId: user.id,
      secret: '',
      expire: new Date(NOW.getTime() + ttl * 1000).toISOString().replace('Z', '+00:00'),
      phrase: '',
    })
    const secret = await read(to)
    expect(JSON.stringify(row)).not.toContain(secret)
    const { status, body, headers: sent } = await confirm(user.id, secret)
    expect([status, body]).toEqual([200, asked.body])
    expect(sent.getSetCookie()).toEqual([])
    expect(await userNow(w, user.id)).toMatchObject({
      emailVerification: false,
      phoneVerification: false,
      [flag]: true,
    })
  })
  test('works once, and ends in time', async () => {
    const { user, headers, to } = await somebody()
    await ask(headers)
    const secret = await read(to)
    const late = await accountWorld(PLATFORMS, () => new Date(NOW.getTime() + ttl * 1000))
    expect((await confirm(user.id, secret, late)).body.type).toBe('user_invalid_token')
    expect((await confirm(user.id, secret)).status).toBe(200)
    await w.db
      .update(users)
      .set({ [flag]: false })
      .where(eq(users.id, user.id))
    const again = await confirm(user.id, secret)
    expect([again.status, again.body.type]).toEqual([401, 'user_invalid_token'])
    expect((await userNow(w, user.id))[flag]).toBe(false)
  })
  test('tells unknown users from wrong secrets, as the contract has it', async () => {
    const { user } = await somebody()
    const nobody = await confirm('nobody', 'x')
    expect([nobody.status, nobody.body.type]).toEqual([404, 'user_not_found'])
    const wrong = await confirm(user.id, '000000')
    expect([wrong.status, wrong.body.type]).toEqual([401, 'user_invalid_token'])
  })
  test('does not verify an address that came after it was sent, not even at the last moment', async () => {
    const { user, headers, to } = await somebody()
    await ask(headers)
    const secret = await read(to)
    before(w, 3, () =>
      w.db
        .update(users)
        .set({ [column]: make() })
        .where(eq(users.id, user.id))
        .run(),
    )
    for (let count = 0; count < 2; count++) {
      const { status, body } = await confirm(user.id, secret)
      expect([status, body.type]).toEqual([401, 'user_invalid_token'])
    }
    expect((await userNow(w, user.id))[flag]).toBe(false)
  })
  test('needs a carrier first, then an address, then one that is not verified', async () => {
    const type = async (headers: Headers_) => (await ask(headers)).body.type
    const bare = await w.signedIn()
    const done = await w.signedIn({ [column]: make(), [flag]: true })
    expect(await type(bare.headers)).toBe(`user_${column}_not_found`)
    expect(await type(done.headers)).toBe(`user_${column}_already_verified`)
    w = await accountWorld({ ...PLATFORMS, MAIL_OUTBOX: 'off' })
    expect(await type(bare.headers)).toBe(disabled)
    expect(await secretsOf(done.user.id)).toEqual([])
  })
  test('that the carrier does not take is reported, and is not left behind', async () => {
    w = await accountWorld({
      ...PLATFORMS,
      MAIL_OUTBOX: 'off',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'a@example.com',
      SMS_URL: `${inject('carriers').http}/broken/x`,
      SMS_FROM: 'Test',
    })
    const { user, headers } = await somebody()
    const { status, body } = await ask(headers)
    expect([status, body.type]).toEqual([503, disabled])
    expect(await secretsOf(user.id)).toEqual([])
  })
  test('is for somebody signed in alone', async () => {
    const { status, body } = await ask(GUEST)
    expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
  })
  test('redeems no recovery and signs nobody in, unless by phone', async () => {
    const { user, headers, to } = await somebody()
    await ask(headers)
    const secret = await read(to)
    const others = WAYS.map((one) => one.path).filter((one) => one !== path)
    for (const other of [...others, '/account/recovery', '/account/recovery/otp']) {
      const sent = { userId: user.id, secret, password: 'a new password' }
      expect((await w.send('put', other, sent, GUEST)).body.type).toBe('user_invalid_token')
    }
    const session = await w.send(
      'post',
      '/account/sessions/token',
      { userId: user.id, secret },
      GUEST,
    )
    expect(session.status).toBe(column === 'phone' ? 201 : 401)
  })
  test('is served at its older path, too', async () => {
    const { user, headers, to } = await somebody()
    const { status } = await ask(headers, alias ?? path)
    const secret = await read(to)
    const confirmed = await w.send('put', alias ?? path, { userId: user.id, secret }, GUEST)
    expect([status, confirmed.status]).toEqual([201, 200])
  })
})

test('a link leads to no stranger', async () => {
  const { user, headers } = await w.signedIn({ email: address() })
  const url = 'https://evil.example.net'
  const { status, body } = await w.send('post', '/account/verifications/email', { url }, headers)
  expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  expect(await sentTo(w, user.email ?? '')).toEqual([])
})

test('a code has a phrase where one is wanted', async () => {
  const { user, headers } = await w.signedIn({ email: address() })
  const given = { phrase: true }
  const { body } = await w.send('post', '/account/verifications/email/otp', given, headers)
  expect(body.phrase).toMatch(/^[A-Z][a-z]+ [a-z]+$/)
  const message = await messageTo(w, user.email ?? '')
  expect(message.subject).toBe('Your verification code for Edgewrite')
  expect(message.text).toContain(body.phrase)
})

test('a mock number has its fixed code, and gets no message', async () => {
  const number = phoneNumber()
  const row = { number, otp: '246802', createdAt: NOW, updatedAt: NOW }
  await w.db.insert(mockNumbers).values(row)
  const { user, headers } = await w.signedIn({ phone: number })
  expect((await w.send('post', '/account/verifications/phone', {}, headers)).status).toBe(201)
  expect(await sentTo(w, number)).toEqual([])
  const given = { userId: user.id, secret: '246802' }
  expect((await w.send('put', '/account/verifications/phone', given, GUEST)).status).toBe(200)
})

test('a code that signs in by phone verifies it, too', async () => {
  const phone = phoneNumber()
  const user = await w.user({ phone })
  await w.send('post', '/account/tokens/phone', { userId: 'unique()', phone }, GUEST)
  const given = { userId: user.id, secret: await codeTo(phone) }
  expect((await w.send('put', '/account/verifications/phone', given, GUEST)).status).toBe(200)
})
