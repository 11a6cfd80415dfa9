import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { memberships, oneTimeSecrets, users } from '#/db/schema'
import { accountWorld, codeIn, GUEST, PASSWORD, phoneNumber, userNow } from '#test/support/account'
import { carriers, freshAddress, mailTo } from '#test/support/mail'
import { founded, inviteTo, membershipsOf } from '#test/support/teams'
import { type Answer, type Json, NOW, type World } from '#test/support/world'

const URL_ = 'http://localhost/next'

/** A Worker whose mails go to a server that refuses some, and whose text messages are answered in one way. */
const delivering = (sms = 'refuse') =>
  accountWorld({
    MAIL_OUTBOX: 'off',
    SMTP_URL: `smtp://127.0.0.1:${carriers.ports.plain}`,
    MAIL_FROM: 'Edgewrite <no-reply@example.com>',
    SMS_URL: `${carriers.http}/${sms}/x`,
    SMS_FROM: 'Edge',
  })

const MAIL = [400, 'general_invalid_email', null]
const SMS = [400, 'general_invalid_phone', null]
const outcome = ({ status, body, headers }: Answer) => [
  status,
  body.type,
  headers.get('retry-after'),
]
const secretsOf = (w: World, userId: string) =>
  w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, userId))
const holders = (w: World, column: 'email' | 'phone', address: string) =>
  w.db.select().from(users).where(eq(users[column], address))

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

/** Routes for guests that make a user and then send. */
const GUESTS: [path: string, column: 'email' | 'phone', refusal: Json][] = [
  ['magic-url', 'email', MAIL],
  ['email', 'email', MAIL],
  ['phone', 'phone', SMS],
]
const addressFor = (column: 'email' | 'phone', name = 'refused') =>
  column === 'email' ? freshAddress(name) : phoneNumber()

describe.each(GUESTS)('a %s token whose carrier refuses the address', (path, column, refusal) => {
  const ask = (w: World, address: string, userId: string) =>
    w.send('post', `/account/tokens/${path}`, { userId, [column]: address }, GUEST)

  test('says so, makes no user, and leaves the ID for the right address', async () => {
    const w = await delivering()
    const [address, userId] = [addressFor(column), crypto.randomUUID()]
    expect(outcome(await ask(w, address, userId))).toEqual(refusal)
    expect(await holders(w, column, address)).toEqual([])
    expect(await secretsOf(w, userId)).toEqual([])
    const signUp = { userId, email: freshAddress(), password: PASSWORD }
    expect((await w.send('post', '/account', signUp, GUEST)).status).toBe(201)
  })
  test('holds for tries at once', async () => {
    const w = await delivering()
    const address = addressFor(column)
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(w, address, 'unique()')))
    for (const answer of answers) expect(outcome(answer)).toEqual(refusal)
    expect(await holders(w, column, address)).toEqual([])
  })
  test('leaves a user alone who was there before', async () => {
    const w = await delivering()
    const address = addressFor(column)
    const origin = column === 'email' ? { emailOrigin: 'claim' } : { phoneOrigin: 'claim' }
    const fields = { [column]: address, ...origin } as Json
    const old = await w.user({ ...fields, createdAt: new Date(NOW.getTime() - 3600_000) })
    expect(outcome(await ask(w, address, 'unique()'))).toEqual(refusal)
    expect((await userNow(w, old.id))[column]).toBe(address)
  })
  test.each<[string, (w: World, id: string) => Promise<unknown>]>([
    ['has a session', (w, id) => w.session(id)],
    [
      'was made by the owner',
      (w, id) => setRow(w, id, { emailOrigin: 'owner', phoneOrigin: null }),
    ],
    ['has a password', (w, id) => setRow(w, id, { passwordUpdate: NOW })],
    ['has a proven address', (w, id) => setRow(w, id, { emailVerification: true })],
    ['is in a team', async (w, id) => w.member((await w.team()).id, id)],
    ['was labelled', (w, id) => setRow(w, id, { updatedAt: new Date(NOW.getTime() + 1) })],
  ])('leaves a new user alone who %s', async (_, change) => {
    const w = await delivering()
    const address = addressFor(column)
    const origin = column === 'email' ? { emailOrigin: 'claim' } : { phoneOrigin: 'claim' }
    const user = await w.user({ [column]: address, ...origin } as Json)
    await change(w, user.id)
    expect(outcome(await ask(w, address, 'unique()'))).toEqual(refusal)
    expect((await userNow(w, user.id)).id).toBe(user.id)
  })
})
const setRow = (w: World, id: string, values: Partial<typeof users.$inferInsert>) =>
  w.db.update(users).set(values).where(eq(users.id, id))

/** Routes of somebody known that store a secret and then send it. */
const OWN: [name: string, to: 'email' | 'phone', send: Sends][] = [
  ['a recovery', 'email', (w, to) => post(w, '/account/recovery', { email: to, url: URL_ })],
  ['a recovery code', 'email', (w, to) => post(w, '/account/recovery/otp', { email: to })],
  [
    'a verification',
    'email',
    (w, _, headers) => post(w, '/account/verifications/email', { url: URL_ }, headers),
  ],
  [
    'a verification code',
    'email',
    (w, _, headers) => post(w, '/account/verifications/email/otp', {}, headers),
  ],
  [
    'a verification by phone',
    'phone',
    (w, _, headers) => post(w, '/account/verifications/phone', {}, headers),
  ],
  [
    'a challenge by mail',
    'email',
    (w, _, headers) => post(w, '/account/mfa/challenges', { factor: 'email' }, headers),
  ],
  [
    'a challenge by phone',
    'phone',
    (w, _, headers) => post(w, '/account/mfa/challenges', { factor: 'phone' }, headers),
  ],
]
type Sends = (w: World, to: string, headers: Record<string, string>) => Promise<Answer>
const post = (w: World, path: string, body: Json, headers = GUEST) =>
  w.send('post', path, body, headers)

describe.each(OWN)('%s whose carrier refuses the address', (name, to, send) => {
  test('says so, and no secret is left behind', async () => {
    const w = await delivering()
    const address = addressFor(to)
    const isChallenge = name.includes('challenge')
    const { user, headers } = await w.signedIn({
      [to]: address,
      ...(isChallenge ? { emailVerification: true, phoneVerification: true } : {}),
    })
    expect(outcome(await send(w, address, headers))).toEqual(to === 'email' ? MAIL : SMS)
    expect(await secretsOf(w, user.id)).toEqual([])
    expect((await userNow(w, user.id)).id).toBe(user.id)
  })
})

describe('an invitation whose carrier refuses the address', () => {
  test.each([
    ['email', MAIL],
    ['phone', SMS],
  ] as const)('by %s says so, and makes no user and no membership', async (column, refusal) => {
    const w = await delivering()
    const { team, owner, at } = await founded(w)
    const address = addressFor(column)
    const answer = await inviteTo(w, at, owner.headers, { [column]: address })
    expect(outcome(answer)).toEqual(refusal)
    expect(await holders(w, column, address)).toEqual([])
    expect(await membershipsOf(w, team.id)).toHaveLength(1)
  })
  test('keeps a user who was there, and a membership that was pending before', async () => {
    const w = await delivering()
    const { team, owner, at } = await founded(w)
    const email = addressFor('email')
    const { id } = await w.user({ email })
    const earlier = new Date(NOW.getTime() - 1000)
    const pending = await w.member(team.id, id, { confirm: false, createdAt: earlier })
    expect(outcome(await inviteTo(w, at, owner.headers, { email }))).toEqual(MAIL)
    expect(await w.db.select().from(memberships).where(eq(memberships.userId, id))).toHaveLength(1)
    expect(pending.confirm).toBe(false)
    expect(await secretsOf(w, id)).toEqual([])
    const fresh = await w.user({ email: addressFor('email') })
    const answer = await inviteTo(w, at, owner.headers, { userId: fresh.id })
    expect(outcome(answer)).toEqual(MAIL)
    expect((await userNow(w, fresh.id)).id).toBe(fresh.id)
    expect(await membershipsOf(w, team.id)).toHaveLength(2)
  })
})

describe('a carrier that fails for now says when to try again', () => {
  test.each([
    ['greylisted', '300'],
    ['relay', '60'], // the servers disagree: the address is not at fault
    ['unwanted', '60'],
  ])('by mail: %s', async (name, wait) => {
    const w = await delivering()
    const address = freshAddress(name)
    const body = { userId: 'unique()', email: address }
    const answer = await post(w, '/account/tokens/email', body)
    expect(outcome(answer)).toEqual([503, 'general_smtp_disabled', wait])
    expect(await holders(w, 'email', address)).toEqual([])
  })
  test('by mail, but not where the address is at fault by its extended code', async () => {
    const w = await delivering()
    const body = { userId: 'unique()', email: freshAddress('gone') }
    expect(outcome(await post(w, '/account/tokens/email', body))).toEqual(MAIL)
  })
  test.each([
    ['busy', '17'],
    ['broken', '60'],
    ['redirect', '60'],
  ])('by text message: %s', async (kind, wait) => {
    const w = await delivering(kind)
    const phone = phoneNumber()
    const answer = await post(w, '/account/tokens/phone', { userId: 'unique()', phone })
    expect(outcome(answer)).toEqual([503, 'general_phone_disabled', wait])
    expect(await holders(w, 'phone', phone)).toEqual([])
  })
  test('where nothing is configured there is no time to name', async () => {
    const w = await accountWorld({ MAIL_OUTBOX: 'off' })
    const body = { userId: 'unique()', email: freshAddress() }
    const answer = await post(w, '/account/tokens/email', body)
    expect(outcome(answer)).toEqual([503, 'general_smtp_disabled', null])
  })
})

test('an address whose domain has letters beyond ASCII gets its mail, as the DNS knows it', async () => {
  const w = await delivering()
  const local = crypto.randomUUID()
  const body = { userId: 'unique()', email: `${local}@Bücher.example` }
  const { status } = await post(w, '/account/tokens/email', body)
  expect(status).toBe(201)
  const { mail } = await mailTo(local)
  expect(mail.to?.[0]?.address).toBe(`${local}@xn--bcher-kva.example`)
  const code = codeIn({ text: mail.text ?? '' })
  const [user] = await holders(w, 'email', `${local}@xn--bcher-kva.example`)
  const given = { userId: user?.id, secret: code }
  expect((await post(w, '/account/sessions/token', given)).status).toBe(201)
})
