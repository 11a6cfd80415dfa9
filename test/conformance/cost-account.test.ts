import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { users } from '#/db/schema'
import {
  accountWorld,
  address,
  codeIn,
  GUEST,
  type Headers_,
  messageTo,
  PASSWORD,
  phoneNumber,
  withPassword,
} from '#test/support/account'
import { type Answer, NOW, type World } from '#test/support/world'

type Me = { id: string; email: string; headers: Headers_; session: string }
type Run = (w: World, me: Me) => Promise<Answer & { trips: number }>

const mine =
  (method: string, path: string, body?: object): Run =>
  (w, { headers, session }) =>
    w.send(method, `/account${path.replace(':id', session)}`, body, headers)
const guest =
  (method: string, path: string, body: (me: Me) => object): Run =>
  (w, me) =>
    w.send(method, `/account${path}`, body(me), GUEST)
const redirect = { url: 'http://localhost/' }

/** Sends a request with a code that was mailed for it. */
const withCode =
  (method: string, path: string, issue: Run, more: object = {}): Run =>
  async (w, me) => {
    await w.send('delete', '/outbox', undefined, {})
    await issue(w, me)
    const secret = codeIn(await messageTo(w, me.email))
    return w.send(method, `/account${path}`, { userId: me.id, secret, ...more }, GUEST)
  }

/**
 * Requests, and how many trips each may take before the answer: the caller's, one to read, one to write. The
 * entry in the log, which the answer does not wait for, and the outbox in the mail carrier's place come on
 * top.
 */
const REQUESTS: [name: string, most: number, beside: number, run: Run][] = [
  [
    'create',
    3,
    1,
    guest('post', '', () => ({ userId: 'unique()', email: address(), password: PASSWORD })),
  ],
  ['get', 1, 0, mine('get', '')],
  ['getPrefs', 1, 0, mine('get', '/prefs')],
  ['updatePrefs', 2, 0, mine('patch', '/prefs', { prefs: { a: 1 } })],
  ['updateName', 2, 1, mine('patch', '/name', { name: 'Ada' })],
  ['updatePhone', 3, 1, mine('patch', '/phone', { phone: phoneNumber(), password: PASSWORD })],
  [
    'updateEmail',
    3,
    1,
    (w, me) => {
      me.email = address()
      return w.send('patch', '/account/email', { email: me.email, password: PASSWORD }, me.headers)
    },
  ],
  [
    'updatePassword',
    2,
    1,
    mine('patch', '/password', { password: PASSWORD, oldPassword: PASSWORD }),
  ],
  ['listSessions', 2, 0, mine('get', '/sessions')],
  ['getSession, current', 1, 0, mine('get', '/sessions/current')],
  [
    'getSession',
    2,
    0,
    async (w, { id, headers }) => {
      const { row } = await w.session(id)
      return w.send('get', `/account/sessions/${row.id}`, undefined, headers)
    },
  ],
  ['updateSession', 2, 1, mine('patch', '/sessions/current', {})],
  [
    'createEmailPasswordSession',
    3,
    1,
    guest('post', '/sessions/email', ({ email }) => ({ email, password: PASSWORD })),
  ],
  ['createAnonymousSession', 2, 1, guest('post', '/sessions/anonymous', () => ({}))],
  [
    'createMagicURLToken',
    3,
    2,
    guest('post', '/tokens/magic-url', () => ({
      userId: 'unique()',
      email: address(),
      ...redirect,
    })),
  ],
  [
    'createEmailToken, known',
    3,
    2,
    guest('post', '/tokens/email', ({ email }) => ({ userId: 'unique()', email })),
  ],
  [
    'createEmailToken, unknown',
    3,
    2,
    guest('post', '/tokens/email', () => ({ userId: 'unique()', email: address() })),
  ],
  [
    'createPhoneToken',
    3,
    2,
    guest('post', '/tokens/phone', () => ({ userId: 'unique()', phone: phoneNumber() })),
  ],
  [
    'createSession',
    3,
    1,
    withCode(
      'post',
      '/sessions/token',
      guest('post', '/tokens/email', ({ email }) => ({ userId: 'unique()', email })),
    ),
  ],
  ['createRecovery', 3, 2, guest('post', '/recovery', ({ email }) => ({ email, ...redirect }))],
  ['createRecoveryOTP', 3, 2, guest('post', '/recovery/otp', ({ email }) => ({ email }))],
  [
    'updateRecoveryOTP',
    3,
    1,
    withCode(
      'put',
      '/recovery/otp',
      guest('post', '/recovery/otp', ({ email }) => ({ email })),
      { password: PASSWORD },
    ),
  ],
  [
    'createPhoneVerification',
    3,
    2,
    async (w, { id }) => {
      // The one that a session set before the address was proven went with the proof.
      await w.db.update(users).set({ phone: phoneNumber() }).where(eq(users.id, id))
      const { headers } = await w.session(id)
      return w.send('post', '/account/verifications/phone', {}, headers)
    },
  ],
  [
    'createEmailVerification',
    3,
    2,
    async (w) => {
      const { headers } = await w.signedIn({ email: address() })
      return w.send('post', '/account/verifications/email', redirect, headers)
    },
  ],
  [
    'updateEmailVerificationOTP',
    3,
    1,
    async (w) => {
      const email = address()
      const { user, headers } = await w.signedIn({ email })
      await w.send('post', '/account/verifications/email/otp', {}, headers)
      const given = { userId: user.id, secret: codeIn(await messageTo(w, email)) }
      return w.send('put', '/account/verifications/email/otp', given, GUEST)
    },
  ],
  [
    'deleteSession',
    2,
    1,
    async (w, { id }) => {
      const { headers } = await w.session(id)
      return w.send('delete', '/account/sessions/current', undefined, headers)
    },
  ],
  [
    'deleteSessions',
    2,
    1,
    async (w, { id }) => {
      const { headers } = await w.session(id)
      return w.send('delete', '/account/sessions', undefined, headers)
    },
  ],
  [
    'delete',
    2,
    0,
    async (w, { id }) => {
      const { headers } = await w.session(id)
      return w.send('delete', '/account', undefined, headers)
    },
  ],
]

test('D1 round trips stay within their budget', async () => {
  const w = await accountWorld()
  const user = await withPassword(w, { accessedAt: NOW })
  const { row, headers } = await w.session(user.id)
  const me = { id: user.id, email: user.email, headers, session: row.id }
  const rows: string[] = []
  for (const [name, most, beside, run] of REQUESTS) {
    const { trips, status, body } = await run(w, me)
    rows.push(`${name.padEnd(28)}${trips - beside}`)
    expect([status < 300, body?.type], name).toEqual([true, undefined])
    expect(trips - beside, name).toBeLessThanOrEqual(most)
  }
  console.info(`D1 round trips, the caller's included\n${rows.join('\n')}`)
})

async function fill(w: World, count: number) {
  await w.env.DB.prepare(
    `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ?1)
     insert into users (id, name, email, hash, hash_options, password_history, registration, status, labels,
       email_verification, phone_verification, mfa, prefs, impersonator, accessed_at, created_at, updated_at)
     select 'u' || i || '-' || cast(?1 as integer), '', 'u' || i || '-' || cast(?1 as integer) || '@example.com', 'argon2', '{}', '[]', ?2, 1, '[]',
       0, 0, 0, '{}', 0, ?2, ?2, ?2 from n`,
  )
    .bind(count, NOW.getTime())
    .run()
}

test('rows read do not grow with the number of users', { timeout: 120_000 }, async () => {
  const read: Record<string, number>[] = []
  for (const count of [1_000, 30_000]) {
    const w = await accountWorld()
    await fill(w, count)
    expect(await w.db.$count(users)).toBeGreaterThanOrEqual(count)
    const { id, email } = await withPassword(w)
    const { headers } = await w.session(id)
    const cost: Record<string, number> = {}
    const ask = async (name: string, sent: Promise<Answer>) => {
      const { status, body } = await sent
      expect([status < 300, body?.type], name).toEqual([true, undefined])
      cost[name] = w.rowsRead()
    }
    await ask('get', w.send('get', '/account', undefined, headers))
    await ask(
      'sign in',
      w.send('post', '/account/sessions/email', { email, password: PASSWORD }, GUEST),
    )
    await ask('code', w.send('post', '/account/tokens/email', { userId: 'unique()', email }, GUEST))
    const secret = codeIn(await messageTo(w, email))
    await ask('exchange', w.send('post', '/account/sessions/token', { userId: id, secret }, GUEST))
    await ask(
      'move',
      w.send('patch', '/account/email', { email: address(), password: PASSWORD }, headers),
    )
    read.push(cost)
  }
  const [small = {}, large = {}] = read
  console.info(
    `D1 rows read with 1,000 and 31,000 users\n${Object.keys(small)
      .map((name) => `${name.padEnd(18)}${small[name]} ${large[name]}`)
      .join('\n')}`,
  )
  for (const [name, rows] of Object.entries(small)) {
    expect(large[name], name).toBeLessThanOrEqual(rows + 12)
  }
})
