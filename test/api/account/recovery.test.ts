import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { logs, oneTimeSecrets, sessions, users } from '#/db/schema'
import { verifyPassword } from '#/identity/passwords'
import {
  accountWorld,
  address,
  before,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  messageTo,
  PASSWORD,
  redeemedBy,
  sentTo,
  signIn,
  userNow,
  withPassword,
} from '#test/support/account'
import { TIME } from '#test/support/clock'
import { carriers, mailTo } from '#test/support/mail'
import { NOW, ROOT, type World } from '#test/support/world'

const NEXT = 'another horse battery'
const URL_ = 'https://app.example.com/reset?a=1#form'

let w: World
beforeEach(async () => {
  w = await accountWorld({ PLATFORMS: 'app.example.com' })
})

const secretsOf = (userId: string) =>
  w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, userId))

/** The two ways: by a link, and by a code. */
const WAYS = [
  {
    way: 'link',
    path: '/account/recovery',
    ttl: 3600,
    body: { url: URL_ },
    pattern: /^[0-9a-f]{256}$/,
    read: async (to: string) => redeemedBy(linkIn(await messageTo(w, to))).secret,
  },
  {
    way: 'code',
    path: '/account/recovery/otp',
    ttl: 900,
    body: {},
    pattern: /^\d{6}$/,
    read: async (to: string) => codeIn(await messageTo(w, to)),
  },
] as const

describe.each(WAYS)('recovery by $way', ({ path, ttl, body: more, pattern, read }) => {
  const ask = (email: string, headers: Headers_ = GUEST) =>
    w.send('post', path, { email, ...more }, headers)
  const confirm = (given: object, at = w, headers: Headers_ = GUEST) =>
    at.send('put', path, { password: NEXT, ...given }, headers)

  test('sets the password, proves the address, and ends every session', async () => {
    const user = await withPassword(w, { passwordUpdate: new Date('2020-01-01') })
    await w.session(user.id)
    const asked = await ask(user.email.toUpperCase())
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
    const secret = await read(user.email)
    expect(secret).toMatch(pattern)
    expect(JSON.stringify(row)).not.toContain(secret)
    const { status, body, headers } = await confirm({ userId: user.id, secret })
    expect([status, body]).toEqual([200, { ...asked.body, secret: '' }])
    expect(headers.getSetCookie()).toEqual([])
    const now = await userNow(w, user.id)
    expect(now).toMatchObject({ emailVerification: true, passwordUpdate: NOW, hash: 'argon2' })
    expect(await verifyPassword(NEXT, now)).toBe(true)
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, user.id))).toEqual([])
    expect((await signIn(w, user.email, PASSWORD)).status).toBe(401)
    expect((await signIn(w, user.email, NEXT)).status).toBe(201)
    const noted = await w.db.select().from(logs).where(eq(logs.userId, user.id))
    expect(noted.map(({ event }) => event)).toEqual([
      'recovery.create',
      'recovery.update',
      'session.create',
    ])
  })
  test('leaves the sessions where the owner wants that', async () => {
    const user = await withPassword(w)
    await w.session(user.id)
    await ask(user.email)
    await w.set('invalidateSessions', false)
    const { status } = await confirm({ userId: user.id, secret: await read(user.email) })
    await w.set('invalidateSessions', true)
    expect(status).toBe(200)
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, user.id))).toHaveLength(1)
  })
  test('shows keys the secret, and what is stored of it once it is used', async () => {
    const user = await withPassword(w)
    const asked = await ask(user.email, ROOT)
    const secret = await read(user.email)
    expect(asked.body.secret).toBe(secret)
    const { body } = await confirm({ userId: user.id, secret }, w, ROOT)
    expect(body.secret).toMatch(/^[0-9a-f]{64}$/)
    expect(body.secret).toBe((await secretsOf(user.id))[0]?.secretHash)
  })
  test('works for somebody signed in, too', async () => {
    const user = await withPassword(w)
    const { headers } = await w.session(user.id)
    expect((await ask(user.email, headers)).status).toBe(201)
    const given = { userId: user.id, secret: await read(user.email) }
    expect((await confirm(given, w, headers)).status).toBe(200)
  })
  test('tells unknown addresses and blocked users, and sends nothing', async () => {
    const unknown = await ask(address())
    expect([unknown.status, unknown.body.type]).toEqual([404, 'user_not_found'])
    const blocked = await withPassword(w, { status: false })
    const refused = await ask(blocked.email)
    expect([refused.status, refused.body.type]).toEqual([403, 'user_blocked'])
    expect(await sentTo(w, blocked.email)).toEqual([])
    expect(await secretsOf(blocked.id)).toEqual([])
  })
  test('needs a mail carrier, before anything else', async () => {
    w = await accountWorld({ PLATFORMS: 'app.example.com', MAIL_OUTBOX: 'off' })
    const { status, body } = await ask(address())
    expect([status, body.type]).toEqual([503, 'general_smtp_disabled'])
  })
  test('that the carrier does not take is reported, and is not left behind', async () => {
    w = await accountWorld({
      PLATFORMS: 'app.example.com',
      MAIL_OUTBOX: 'off',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'a@example.com',
    })
    const user = await withPassword(w)
    const { status, body } = await ask(user.email)
    expect([status, body.type]).toEqual([503, 'general_smtp_disabled'])
    expect(await secretsOf(user.id)).toEqual([])
  })
  test('works once, and ends in time', async () => {
    const user = await withPassword(w)
    await ask(user.email)
    const given = { userId: user.id, secret: await read(user.email) }
    const late = await accountWorld({}, () => new Date(NOW.getTime() + ttl * 1000))
    expect((await confirm(given, late)).body.type).toBe('user_invalid_token')
    expect((await confirm(given)).status).toBe(200)
    const again = await confirm({ ...given, password: 'a third password' })
    expect([again.status, again.body.type]).toEqual([401, 'user_invalid_token'])
    expect(await verifyPassword(NEXT, await userNow(w, user.id))).toBe(true)
  })
  test('tells unknown users from wrong secrets, as the contract has it', async () => {
    const user = await withPassword(w)
    const nobody = await confirm({ userId: 'nobody', secret: 'x' })
    expect([nobody.status, nobody.body.type]).toEqual([404, 'user_not_found'])
    const wrong = await confirm({ userId: user.id, secret: 'x' })
    expect([wrong.status, wrong.body.type]).toEqual([401, 'user_invalid_token'])
  })
  test('with a password that is refused leaves the secret as it is', async () => {
    await w.set('passwordHistory', 1)
    const user = await withPassword(w)
    await w.db
      .update(users)
      .set({ passwordHistory: [user.password ?? ''] })
      .where(eq(users.id, user.id))
    await ask(user.email)
    const given = { userId: user.id, secret: await read(user.email) }
    await w.set('passwordNumber', true)
    const weak = await confirm({ ...given, password: 'no digits at all' })
    await w.set('passwordNumber', false)
    const used = await confirm({ ...given, password: PASSWORD })
    const right = await confirm(given)
    await w.set('passwordHistory', 0)
    expect([weak.status, weak.body.type]).toEqual([400, 'general_argument_invalid'])
    expect([used.status, used.body.type]).toEqual([400, 'password_recently_used'])
    expect(right.status).toBe(200)
    const now = await userNow(w, user.id)
    expect(now.passwordHistory).toEqual([now.password])
  })
  test('may have a personal password, whatever the owner wants of others', async () => {
    const user = await withPassword(w, { name: 'Grace Hopper' })
    await ask(user.email)
    await w.set('personalDataCheck', true)
    const secret = await read(user.email)
    const { status } = await confirm({ userId: user.id, secret, password: 'i am grace hopper' })
    await w.set('personalDataCheck', false)
    expect(status).toBe(200)
  })
  test('is of no use once the user has another address, not even at the last moment', async () => {
    const move = (id: string) =>
      w.db.update(users).set({ email: address() }).where(eq(users.id, id)).run()
    const user = await withPassword(w)
    await ask(user.email)
    const given = { userId: user.id, secret: await read(user.email) }
    before(w, 3, () => move(user.id))
    const late = await confirm(given)
    expect([late.status, late.body.type]).toEqual([401, 'user_invalid_token'])
    const again = await confirm(given)
    expect([again.status, again.body.type]).toEqual([401, 'user_invalid_token'])
    expect(await userNow(w, user.id)).toMatchObject({
      password: user.password,
      emailVerification: false,
    })
  })
  test('redeems nothing else, and nothing else redeems it', async () => {
    const user = await withPassword(w)
    await ask(user.email)
    const secret = await read(user.email)
    const others = WAYS.map((one) => one.path).filter((one) => one !== path)
    for (const other of others) {
      const given = { userId: user.id, secret, password: NEXT }
      expect((await w.send('put', other, given, GUEST)).body.type).toBe('user_invalid_token')
    }
    for (const [method, other] of [
      ['put', '/account/verifications/email'],
      ['put', '/account/verifications/email/otp'],
      ['put', '/account/verifications/phone'],
      ['post', '/account/sessions/token'],
    ] as const) {
      const { body } = await w.send(method, other, { userId: user.id, secret }, GUEST)
      expect(body.type).toBe('user_invalid_token')
    }
    expect((await confirm({ userId: user.id, secret })).status).toBe(200)
  })
  test('is not there on the reserved project', async () => {
    const console_ = { 'X-Appwrite-Project': 'console' }
    const asked = await ask(address(), console_)
    const confirmed = await confirm({ userId: 'x', secret: 'y' }, w, console_)
    for (const { status, body } of [asked, confirmed]) {
      expect([status, body.type]).toEqual([404, 'project_not_found'])
    }
  })
  test('asks and sets within the caller’s, one read and one write, beside mail and log', async () => {
    const user = await withPassword(w)
    const asked = await ask(user.email)
    expect([asked.status, asked.trips]).toEqual([201, 5])
    const set = await confirm({ userId: user.id, secret: await read(user.email) })
    expect([set.status, set.trips]).toEqual([200, 4])
  })
})

describe('the link', () => {
  const ask = (email: string, url: string) =>
    w.send('post', '/account/recovery', { email, url }, GUEST)
  test('keeps what the address has, and says whose it is and how long it works', async () => {
    const user = await withPassword(w)
    const { body } = await ask(user.email, URL_)
    const link = linkIn(await messageTo(w, user.email))
    expect([link.origin, link.pathname, link.hash]).toEqual([
      'https://app.example.com',
      '/reset',
      '#form',
    ])
    expect(Object.fromEntries(link.searchParams)).toEqual({
      a: '1',
      userId: user.id,
      secret: expect.any(String),
      expire: body.expire,
    })
  })
  test.each(['https://evil.example.net/', 'https://app.example.com.evil.net', 'myapp://x', ''])(
    'does not lead to %s',
    async (url) => {
      const user = await withPassword(w)
      const { status, body } = await ask(user.email, url)
      expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
      expect(body.message).toContain('`url`')
      expect(await sentTo(w, user.email)).toEqual([])
    },
  )
})

test('the code has a phrase where one is wanted, in the mail and in the answer', async () => {
  const user = await withPassword(w)
  const given = { email: user.email, phrase: true }
  const { body } = await w.send('post', '/account/recovery/otp', given, GUEST)
  expect(body.phrase).toMatch(/^[A-Z][a-z]+ [a-z]+$/)
  const message = await messageTo(w, user.email)
  expect(message.subject).toBe('Your code for a new password on Edgewrite')
  expect(message.text).toContain(body.phrase)
})

test('of two links the first that is used voids the other', async () => {
  const user = await withPassword(w)
  for (let count = 0; count < 2; count++) {
    await w.send('post', '/account/recovery', { email: user.email, url: URL_ }, GUEST)
  }
  const links = (await sentTo(w, user.email)).map(linkIn)
  const answers = []
  for (const [index, link] of links.entries()) {
    const given = { ...redeemedBy(link), password: `password number ${index}` }
    answers.push((await w.send('put', '/account/recovery', given, GUEST)).status)
  }
  expect(answers).toEqual([200, 401])
  expect(await verifyPassword('password number 0', await userNow(w, user.id))).toBe(true)
})

test('the link reaches a mail server, and leads from there to a new password', async () => {
  w = await accountWorld({
    PLATFORMS: 'app.example.com',
    MAIL_OUTBOX: 'off',
    SMTP_URL: `smtp://127.0.0.1:${carriers.ports.plain}`,
    MAIL_FROM: 'Edgewrite <no-reply@example.com>',
  })
  const user = await withPassword(w, { name: 'Ada' })
  const asked = await w.send('post', '/account/recovery', { email: user.email, url: URL_ }, GUEST)
  expect(asked.status).toBe(201)
  const { mail } = await mailTo(user.email)
  expect(mail.to).toEqual([{ address: user.email, name: 'Ada' }])
  const given = { ...redeemedBy(linkIn({ text: mail.text ?? '' })), password: NEXT }
  expect((await w.send('put', '/account/recovery', given, GUEST)).status).toBe(200)
  expect((await signIn(w, user.email, NEXT)).status).toBe(201)
})
