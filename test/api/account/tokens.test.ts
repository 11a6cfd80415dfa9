import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { identities, mockNumbers, oneTimeSecrets, sessions, targets, users } from '#/db/schema'
import {
  accountWorld,
  address,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  messageTo,
  phoneNumber,
  redeemedBy,
  sentTo,
  sessionHeader,
  userNow,
} from '#test/support/account'
import { TIME } from '#test/support/clock'
import { carriers, requestsTo } from '#test/support/mail'
import { NOW, ROOT, type World, world } from '#test/support/world'

const NO_CARRIER = { MAIL_OUTBOX: 'off' }
const URL_ = 'https://app.example.com:8443/in?next=%2Fhome&flag#top'

let w: World
beforeEach(async () => {
  w = await accountWorld({ PLATFORMS: 'app.example.com' })
})

const ask = (kind: string, fields: object, headers: Headers_ = GUEST) =>
  w.send('post', `/account/tokens/${kind}`, { userId: 'unique()', ...fields }, headers)
const exchange = (given: object, headers: Headers_ = GUEST, at = w) =>
  at.send('post', '/account/sessions/token', given, headers)
const secretsOf = (userId: string) =>
  w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, userId))
const byEmail = (email: string) => w.db.select().from(users).where(eq(users.email, email))

/** The three ways to ask, with an address that each takes, and how what is sent is read. */
const WAYS = [
  { kind: 'email', column: 'email', make: address, ttl: 900, type: 'email' },
  { kind: 'magic-url', column: 'email', make: address, ttl: 3600, type: undefined },
  { kind: 'phone', column: 'phone', make: phoneNumber, ttl: 900, type: 'sms' },
] as const

async function secretSentTo(to: string) {
  const message = await messageTo(w, to)
  return message.kind === 'mail' && !/\b\d{6}\b/.test(message.text)
    ? redeemedBy(linkIn(message)).secret
    : codeIn(message)
}

describe.each(WAYS)('a token by $kind', ({ kind, column, make, ttl, type }) => {
  test('makes a user of an unknown address, who signs in with what was sent', async () => {
    const to = make()
    const { status, body } = await ask(kind, { userId: `new-${kind}`, [column]: to })
    expect(status).toBe(201)
    const userId = `new-${kind}`
    const [row] = await secretsOf(userId)
    expect(body).toEqual({
      $id: row?.id,
      $createdAt: TIME,
      userId,
      secret: '',
      expire: new Date(NOW.getTime() + ttl * 1000).toISOString().replace('Z', '+00:00'),
      phrase: '',
    })
    expect(await userNow(w, userId)).toMatchObject({
      [column]: to,
      password: null,
      passwordUpdate: null,
      emailVerification: false,
      phoneVerification: false,
      accessedAt: NOW,
    })
    const reachable = await w.db.select().from(targets).where(eq(targets.userId, userId))
    expect(reachable.map(({ providerType, identifier }) => [providerType, identifier])).toEqual(
      type ? [[type, to]] : [],
    )
    const secret = await secretSentTo(to)
    expect(JSON.stringify(row)).not.toContain(secret)
    const session = await exchange({ userId, secret })
    expect(session.status).toBe(201)
    const account = await w.send('get', '/account', undefined, sessionHeader(session))
    expect(account.body).toMatchObject({ $id: userId, [column]: to })
  })
  test('is for the user of a known address, whatever ID is asked for', async () => {
    const to = make()
    const user = await w.user({ [column]: to })
    const { status, body } = await ask(kind, { userId: 'somebody-else', [column]: to })
    expect([status, body.userId]).toEqual([201, user.id])
    const { status: entered } = await exchange({ userId: user.id, secret: await secretSentTo(to) })
    expect(entered).toBe(201)
    expect(await w.db.select().from(users).where(eq(users.id, 'somebody-else'))).toEqual([])
  })
  test('costs the same for a known and an unknown address', async () => {
    const known = make()
    await w.user({ [column]: known })
    const first = await ask(kind, { [column]: known })
    const second = await ask(kind, { [column]: make() })
    expect([first.status, second.status]).toEqual([201, 201])
    expect(Object.keys(first.body)).toEqual(Object.keys(second.body))
    // The caller, the look, the secret, the message, the log.
    expect([first.trips, second.trips]).toEqual([5, 5])
  })
  test('is refused where the ID for a new user is somebody’s', async () => {
    const taken = await w.user({ [column]: make() })
    const to = make()
    const { status, body } = await ask(kind, { userId: taken.id, [column]: to })
    expect([status, body.type]).toEqual([409, 'user_already_exists'])
    expect(await secretsOf(taken.id)).toEqual([])
    expect(await sentTo(w, to)).toEqual([])
  })
  test('is refused beyond the owner’s limit of users, but not to a known one', async () => {
    const known = make()
    await w.user({ [column]: known })
    await w.set('userLimit', 1)
    const stranger = await ask(kind, { [column]: make() })
    const friend = await ask(kind, { [column]: known })
    await w.set('userLimit', 0)
    expect([stranger.status, stranger.body.type]).toEqual([400, 'user_count_exceeded'])
    expect(friend.status).toBe(201)
  })
  test('is not sent without a carrier, and makes no user', async () => {
    w = await accountWorld({ ...NO_CARRIER })
    const to = make()
    const { status, body } = await ask(kind, { [column]: to, url: 'http://localhost' })
    const expected = kind === 'phone' ? 'general_phone_disabled' : 'general_smtp_disabled'
    expect([status, body.type]).toEqual([503, expected])
    expect(await w.db.select().from(users).where(eq(users[column], to))).toEqual([])
  })
  test('that the carrier does not take is reported, and is not left behind', async () => {
    w = await accountWorld({
      ...NO_CARRIER,
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'a@example.com',
      SMS_URL: `${carriers.http}/broken/x`,
      SMS_FROM: 'Test',
    })
    const to = make()
    const { status, body } = await ask(kind, { [column]: to })
    const expected = kind === 'phone' ? 'general_phone_disabled' : 'general_smtp_disabled'
    expect([status, body.type]).toEqual([503, expected])
    expect(await w.db.select().from(users).where(eq(users[column], to))).toEqual([])
  })
  test('works once', async () => {
    const to = make()
    const { body } = await ask(kind, { [column]: to })
    const given = { userId: body.userId, secret: await secretSentTo(to) }
    expect((await exchange(given)).status).toBe(201)
    const again = await exchange(given)
    expect([again.status, again.body.type]).toEqual([401, 'user_invalid_token'])
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, body.userId))).toHaveLength(
      1,
    )
  })
  test('ends in time', async () => {
    const to = make()
    const { body } = await ask(kind, { [column]: to })
    const given = { userId: body.userId, secret: await secretSentTo(to) }
    const at = (ms: number) => accountWorld({}, () => new Date(NOW.getTime() + ms))
    const late = await exchange(given, GUEST, await at(ttl * 1000))
    expect([late.status, late.body.type]).toEqual([401, 'user_invalid_token'])
    expect((await exchange(given, GUEST, await at(ttl * 1000 - 1))).status).toBe(201)
  })
  test('is of no use once the user has another address', async () => {
    const to = make()
    const user = await w.user({ [column]: to })
    await ask(kind, { [column]: to })
    const given = { userId: user.id, secret: await secretSentTo(to) }
    await w.db
      .update(users)
      .set({ [column]: make() })
      .where(eq(users.id, user.id))
    const { status, body } = await exchange(given)
    expect([status, body.type]).toEqual([401, 'user_invalid_token'])
    expect(await userNow(w, user.id)).toMatchObject({
      emailVerification: false,
      phoneVerification: false,
    })
  })
  test('is none of the others’, nor another user’s', async () => {
    const to = make()
    const { body } = await ask(kind, { [column]: to })
    const secret = await secretSentTo(to)
    const other = await w.user({ [column]: make() })
    const wrong = [
      await exchange({ userId: other.id, secret }),
      await exchange({ userId: 'nobody', secret }),
      await exchange({ userId: 'unique()', secret }),
      await exchange({ userId: body.userId, secret: `${secret}0` }),
    ]
    for (const { status, body } of wrong) {
      expect([status, body.type]).toEqual([401, 'user_invalid_token'])
    }
    const given = { userId: body.userId, secret, password: 'a new password' }
    for (const path of ['recovery', 'recovery/otp', 'verifications/email']) {
      expect((await w.send('put', `/account/${path}`, given, GUEST)).body.type).toBe(
        'user_invalid_token',
      )
    }
    expect((await exchange({ userId: body.userId, secret })).status).toBe(201)
  })
  test('lets a blocked user in, who is then refused everything', async () => {
    const to = make()
    const user = await w.user({ [column]: to, status: false })
    await ask(kind, { [column]: to })
    const session = await exchange({ userId: user.id, secret: await secretSentTo(to) })
    expect(session.status).toBe(201)
    const account = await w.send('get', '/account', undefined, sessionHeader(session))
    expect([account.status, account.body.type]).toEqual([403, 'user_blocked'])
  })
  test('is refused while switched off, but one that is out still works', async () => {
    const to = make()
    const method = { email: 'email-otp', 'magic-url': 'magic-url', phone: 'phone' }[kind]
    const { body } = await ask(kind, { [column]: to })
    await w.set(`method:${method}`, false)
    const off = await ask(kind, { [column]: to })
    const session = await exchange({ userId: body.userId, secret: await secretSentTo(to) })
    await w.set(`method:${method}`, true)
    expect([off.status, off.body.type]).toEqual([501, 'user_auth_method_unsupported'])
    expect(session.status).toBe(201)
  })
  test('is not there on the reserved project', async () => {
    const { status, body } = await ask(kind, { [column]: make() }, { 'X-Appwrite-Project': '' })
    expect([status, body.type]).toEqual([404, 'project_not_found'])
  })
})

describe('a session by token', () => {
  test.each([
    ['email', 'email', 'token', ['email'], 'emailVerification'],
    ['magic-url', 'email', 'magic-url', ['email'], 'emailVerification'],
    ['phone', 'phone', 'phone', ['phone'], 'phoneVerification'],
  ] as const)(
    'of %s says so, and proves the address',
    async (kind, column, provider, factors, proved) => {
      const to = column === 'email' ? address() : phoneNumber()
      const { body } = await ask(kind, { [column]: to })
      const session = await exchange({ userId: body.userId, secret: await secretSentTo(to) })
      expect(session.body).toMatchObject({ provider, providerUid: '', factors, current: true })
      const user = await userNow(w, body.userId)
      expect([user.emailVerification, user.phoneVerification]).toEqual([
        proved === 'emailVerification',
        proved === 'phoneVerification',
      ])
    },
  )
  test('that a server made is of its own kind, and proves nothing', async () => {
    const user = await w.user({ email: address() })
    const { body } = await w.send('post', `/users/${user.id}/tokens`, { length: 4 })
    const session = await exchange({ userId: user.id, secret: body.secret })
    expect(session.body).toMatchObject({ provider: 'token', factors: ['token'] })
    expect((await userNow(w, user.id)).emailVerification).toBe(false)
  })
  test.each([
    ['put', '/account/sessions/magic-url'],
    ['put', '/account/sessions/phone'],
    ['post', '/account/sessions/token'],
  ])('is made alike by %s %s', async (method, path) => {
    for (const kind of ['email', 'magic-url'] as const) {
      const to = address()
      const { body } = await ask(kind, { email: to })
      const given = { userId: body.userId, secret: await secretSentTo(to) }
      expect((await w.send(method, path, given, GUEST)).status).toBe(201)
    }
  })
  test('is refused to somebody signed in', async () => {
    const { headers } = await w.signedIn()
    const { body } = await exchange({ userId: 'x', secret: 'y' }, headers)
    expect(body.type).toBe('user_session_already_exists')
  })
  test('takes three round trips before the answer, and one for the log', async () => {
    const to = address()
    const { body } = await ask('email', { email: to })
    const { status, trips } = await exchange({
      userId: body.userId,
      secret: await secretSentTo(to),
    })
    expect([status, trips]).toEqual([201, 4])
  })
  test('ends the oldest sessions beyond the limit', async () => {
    const user = await w.user({ email: address() })
    const old = [await w.session(user.id), await w.session(user.id)]
    await ask('email', { email: user.email })
    await w.set('sessionLimit', 2)
    const secret = await secretSentTo(user.email ?? '')
    const { body } = await exchange({ userId: user.id, secret })
    await w.set('sessionLimit', 10)
    const left = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
    expect(left.map(({ id }) => id)).toEqual([old[1]?.row.id, body.$id])
  })
  test('several tokens are good at once, each for itself', async () => {
    const to = address()
    await ask('email', { email: to })
    const { body } = await ask('email', { email: to })
    const codes = (await sentTo(w, to)).map(codeIn)
    expect(codes).toHaveLength(2)
    for (const secret of codes) {
      expect((await exchange({ userId: body.userId, secret })).status).toBe(201)
    }
  })
})

describe('codes', () => {
  const guess = (at: World, userId: string, from: number) =>
    at.send(
      'post',
      '/account/sessions/token',
      { userId, secret: '000000' },
      { 'CF-Connecting-IP': `198.51.100.${from}` },
    )
  test('cannot be guessed from many addresses, nor is anybody shut out who has the right one', async () => {
    w = await world({ MAIL_OUTBOX: 'on' }, () => NOW)
    const to = address()
    const user = await w.user({ email: to })
    for (let count = 0; count < 19; count++) {
      expect((await guess(w, user.id, count)).body.type).toBe('user_invalid_token')
    }
    await w.send(
      'post',
      '/account/tokens/email',
      { userId: 'x', email: to },
      {
        'CF-Connecting-IP': '198.51.100.250',
      },
    )
    const given = { userId: user.id, secret: await secretSentTo(to) }
    const right = await exchange(given, { 'CF-Connecting-IP': '198.51.100.251' })
    expect(right.status).toBe(201)
    for (let count = 0; count < 20; count++) {
      expect((await guess(w, user.id, 50 + count)).body.type).toBe('user_invalid_token')
    }
    expect((await guess(w, user.id, 99)).body.type).toBe('general_rate_limit_exceeded')
    const other = await w.user()
    expect((await guess(w, other.id, 99)).body.type).toBe('user_invalid_token')
  })
})

describe('what the client is told', () => {
  test('keys see the secrets; a phone code comes packed with its user', async () => {
    const [email, phone] = [address(), phoneNumber()]
    const otp = await ask('email', { email }, ROOT)
    expect(otp.body.secret).toBe(await secretSentTo(email))
    const link = await ask('magic-url', { email: address() }, ROOT)
    expect(link.body.secret).toMatch(/^[0-9a-f]{64}$/)
    const sms = await ask('phone', { phone }, ROOT)
    expect(JSON.parse(atob(sms.body.secret))).toEqual({
      id: sms.body.userId,
      secret: await secretSentTo(phone),
    })
  })
  test.each(['email', 'magic-url'])(
    'a phrase is in the answer and in the mail by %s',
    async (kind) => {
      const to = address()
      const { body } = await ask(kind, { email: to, phrase: true })
      expect(body.phrase).toMatch(/^[A-Z][a-z]+ [a-z]+$/)
      expect((await messageTo(w, to)).text).toContain(body.phrase)
    },
  )
  test('a code is all that a text message says', async () => {
    const phone = phoneNumber()
    await ask('phone', { phone })
    expect((await messageTo(w, phone)).text).toMatch(/^\d{6}$/)
  })
  test('the mail is in the language asked for', async () => {
    const to = address()
    await ask('email', { email: to }, { 'X-Appwrite-Locale': 'de' })
    expect((await messageTo(w, to)).html).toContain('lang="de"')
  })
})

describe('a clash with a sign-in at a provider', () => {
  test.each([
    ['magic-url', 409, 'user_email_already_exists'],
    ['email', 400, 'general_bad_request'],
  ])('is told by %s as %i %s', async (kind, status, type) => {
    const to = address()
    await w.db.insert(identities).values({
      id: crypto.randomUUID().slice(0, 20),
      userId: (await w.user()).id,
      provider: 'github',
      providerUid: crypto.randomUUID(),
      providerEmail: to,
      providerAccessToken: '',
      providerRefreshToken: '',
      createdAt: NOW,
      updatedAt: NOW,
    })
    const answer = await ask(kind, { email: to })
    expect([answer.status, answer.body.type]).toEqual([status, type])
    expect(await byEmail(to)).toEqual([])
  })
  test.each(['magic-url', 'email'])(
    'and the owner’s e-mail policies hold for new users of %s',
    async (kind) => {
      await w.set('denyFreeEmails', true)
      const { status, body } = await ask(kind, { email: 'somebody.new@gmail.com' })
      await w.set('denyFreeEmails', false)
      expect([status, body.type]).toEqual([400, 'user_email_free'])
    },
  )
})

describe('a magic link', () => {
  test('keeps port, query and fragment of the address it leads to', async () => {
    const to = address()
    const { body } = await ask('magic-url', { email: to, url: URL_ })
    const link = linkIn(await messageTo(w, to))
    expect(link.href).toMatch(/^https:\/\/app\.example\.com:8443\/in\?next=%2Fhome&flag&userId=/)
    expect(link.hash).toBe('#top')
    expect(Object.fromEntries(link.searchParams)).toEqual({
      next: '/home',
      flag: '',
      userId: body.userId,
      secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      expire: body.expire,
      project: 'edgewrite',
    })
  })
  test('leads to no stranger, and nothing is sent or stored then', async () => {
    for (const url of ['https://evil.example.net/', 'javascript:alert(1)', 'nothing', '']) {
      const to = address()
      const { status, body } = await ask('magic-url', { email: to, url })
      expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
      expect(await byEmail(to)).toEqual([])
    }
  })
  test('without an address leads to a page of this server', async () => {
    const to = address()
    await ask('magic-url', { email: to })
    const link = linkIn(await messageTo(w, to))
    expect(link.href).toMatch(/^http:\/\/localhost\/auth\/magic-url\?userId=/)
    const { response } = await w.raw(new Request(link))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/html/)
    const csp = response.headers.get('content-security-policy') ?? ''
    const page = await response.text()
    const [, nonce = ''] = /script-src 'nonce-([0-9a-f]{32})'/.exec(csp) ?? []
    expect(page).toContain(`<script nonce="${nonce}">`)
    expect(page).not.toContain(link.searchParams.get('secret') ?? '-')
    expect(csp).toContain("frame-ancestors 'none'")
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
  test('leads there by the public address where one is set', async () => {
    w = await accountWorld({ PUBLIC_URL: 'https://api.example.com' })
    const to = address()
    await ask('magic-url', { email: to })
    expect(linkIn(await messageTo(w, to)).origin).toBe('https://api.example.com')
  })
  test('can be asked for at the older path', async () => {
    const to = address()
    const given = { userId: 'unique()', email: to }
    const { status } = await w.send('post', '/account/sessions/magic-url', given, GUEST)
    expect([status, (await sentTo(w, to)).length]).toEqual([201, 1])
  })
})

describe('a mock number', () => {
  test('has its fixed code, and gets no message', async () => {
    const number = phoneNumber()
    const row = { number, otp: '135790', createdAt: NOW, updatedAt: NOW }
    await w.db.insert(mockNumbers).values(row)
    const { body } = await w.send(
      'post',
      '/account/sessions/phone',
      { userId: 'unique()', phone: number },
      GUEST,
    )
    expect(await sentTo(w, number)).toEqual([])
    expect((await exchange({ userId: body.userId, secret: '135790' })).status).toBe(201)
  })
  test('needs a carrier all the same', async () => {
    w = await accountWorld(NO_CARRIER)
    const number = phoneNumber()
    const row = { number, otp: '135790', createdAt: NOW, updatedAt: NOW }
    await w.db.insert(mockNumbers).values(row)
    const { body } = await ask('phone', { phone: number })
    expect(body.type).toBe('general_phone_disabled')
  })
})

test('a code reaches an SMS carrier, and signs in from there', async () => {
  const path = crypto.randomUUID()
  w = await accountWorld({
    MAIL_OUTBOX: 'off',
    SMS_URL: `${carriers.http}/${path}`,
    SMS_FROM: 'Test',
  })
  const phone = phoneNumber()
  const { body } = await ask('phone', { phone })
  const [request] = await requestsTo(path)
  const { to, message } = JSON.parse(request?.body ?? '')
  expect([to, message]).toEqual([phone, expect.stringMatching(/^\d{6}$/)])
  expect((await exchange({ userId: body.userId, secret: message })).status).toBe(201)
})
