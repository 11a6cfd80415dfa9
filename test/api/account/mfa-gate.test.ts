import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { GUEST_SCOPES } from '#/auth/caller'
import { sessions } from '#/db/schema'
import { ROUTES } from '#/routes'
import { answer, challenge, codeAt, enrol, sentTo } from '#test/support/mfa'
import { NOW, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const STEP_MS = 30_000

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => moment)
})
/** Creates for somebody who needs a second factor, and a session that has one factor. */
async function half(factors = ['password']) {
  const email = `${crypto.randomUUID()}@example.com`
  const user = await w.user({ email, emailVerification: true, mfa: true })
  return { user, email, ...(await w.session(user.id, { factors })) }
}
const whoAmI = (headers: Headers_) => w.send('get', '/account', undefined, headers)
const LOCKED = [401, 'user_more_factors_required']

/** What the scopes of a signed-in user open (docs/contract/auth.md §9.1). */
const USER_SCOPES = [
  ...GUEST_SCOPES,
  ...['account', 'teams.read', 'teams.write', 'targets.read', 'targets.write'],
]
const forUsers = ROUTES.map(({ spec }) => spec).filter(
  ({ scopes, keyOnly, path }) =>
    !keyOnly && scopes.some((scope) => USER_SCOPES.includes(scope)) && !path.includes('/callback/'),
)

describe('a session that lacks a second factor', () => {
  test('passes four routes, and those of sign-in providers, where somebody else may sign in', () => {
    const exempt = forUsers.filter(({ mfa }) => mfa === 'exempt')
    expect(exempt.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'delete /v1/account/sessions/:sessionId',
      'get /v1/account/mfa/factors',
      'get /v1/account/sessions/oauth2/:provider',
      'get /v1/account/sessions/oauth2/:provider/redirect',
      'get /v1/account/tokens/oauth2/:provider',
      'post /v1/account/mfa/challenges',
      'put /v1/account/mfa/challenges',
    ])
  })
  test.each(
    forUsers.map((spec) => [spec.name, spec.method, spec.path, spec.mfa === 'exempt'] as const),
  )('asks %s (%s %s): let through %s', async (_, method, path, exempt) => {
    // Routes that browsers navigate to answer with pages to whoever does not ask for JSON.
    const headers = { ...(await half()).headers, Accept: 'application/json' }
    const at = path.replace(':type', 'totp').replace(/:\w+/g, 'x')
    const { status, body } = await w.send(method, at, method === 'get' ? undefined : {}, headers)
    if (exempt) expect(body.type).not.toBe('user_more_factors_required')
    else expect([status, body.type]).toEqual(LOCKED)
  })
  test('can leave', async () => {
    const { row, headers } = await half()
    const left = await w.send('delete', '/account/sessions/current', undefined, headers)
    expect(left.status).toBe(204)
    expect(await w.db.select().from(sessions).where(eq(sessions.id, row.id))).toEqual([])
  })
  test.each(['current', 'its ID'])(
    'can leave by %s though it once answered a challenge',
    async (by) => {
      const { user, email, row, headers } = await half(['email'])
      const id = await challenge(w, headers, 'email')
      expect((await answer(w, headers, id, await sentTo(w, email))).status).toBe(200)
      await enrol(w, (await w.session(user.id, { factors: ['email'] })).headers, NOW)
      const { status, body } = await whoAmI(headers)
      expect([status, body.type]).toEqual(LOCKED)
      const at = `/account/sessions/${by === 'current' ? by : row.id}`
      expect((await w.send('delete', at, undefined, headers)).status).toBe(204)
      expect(await w.db.select().from(sessions).where(eq(sessions.id, row.id))).toEqual([])
    },
  )
  test('is let through once it has shown another factor, and then everywhere', async () => {
    const { email, row, headers } = await half()
    const { status, body } = await whoAmI(headers)
    expect([status, body.type]).toEqual(LOCKED)
    const factors = await w.send('get', '/account/mfa/factors', undefined, headers)
    expect(factors.body).toMatchObject({ email: true, totp: false })
    const id = await challenge(w, headers, 'email')
    expect((await whoAmI(headers)).status).toBe(401)
    await answer(w, headers, id, await sentTo(w, email))
    expect(await whoAmI(headers)).toMatchObject({ status: 200, body: { mfa: true }, trips: 1 })
    const codes = await w.send('post', '/account/mfa/recovery-codes', {}, headers)
    expect(codes.status).toBe(201)
    // What needs a fresh challenge is open for half an hour from then on.
    const [session] = await w.db.select().from(sessions).where(eq(sessions.id, row.id))
    expect(session?.mfaUpdatedAt).toEqual(NOW)
    const show = () => w.send('get', '/account/mfa/recovery-codes', undefined, headers)
    moment = new Date(NOW.getTime() + 1800_000)
    expect((await show()).status).toBe(200)
    moment = new Date(NOW.getTime() + 1800_001)
    expect((await show()).body.type).toBe('user_challenge_required')
    expect((await whoAmI(headers)).status).toBe(200)
    const again = await challenge(w, headers, 'email')
    await answer(w, headers, again, await sentTo(w, email))
    expect((await show()).status).toBe(200)
  })
  test('that is answered wrongly stays outside', async () => {
    const { headers } = await half()
    const id = await challenge(w, headers, 'email')
    await answer(w, headers, id, 'wrong')
    expect((await whoAmI(headers)).status).toBe(401)
  })
  test('does not matter to keys, JWTs and guests', async () => {
    const { user, headers } = await half()
    expect((await w.send('get', `/users/${user.id}`, undefined, ROOT)).status).toBe(200)
    const { body } = await w.send('post', `/users/${user.id}/jwts`, {}, ROOT)
    expect((await whoAmI({ 'X-Appwrite-JWT': body.jwt })).status).toBe(200)
    expect((await whoAmI(headers)).status).toBe(401)
  })
})

describe('a sign-in with a provider', () => {
  test('is one factor: a code to the address is another', async () => {
    const { email, row, headers } = await half(['email', 'oauth2'])
    const { status, body } = await whoAmI(headers)
    expect([status, body.type]).toEqual(LOCKED)
    const id = await challenge(w, headers, 'email')
    expect((await answer(w, headers, id, await sentTo(w, email))).body.factors).toEqual([
      ...['oauth2', 'email'],
    ])
    expect((await whoAmI(headers)).status).toBe(200)
    const [session] = await w.db.select().from(sessions).where(eq(sessions.id, row.id))
    expect(session?.mfaUpdatedAt).toEqual(NOW)
  })
  test('and an authenticator keeps both names of the sign-in', async () => {
    const { user, headers } = await half(['email', 'oauth2'])
    const { headers: other } = await w.session(user.id, { factors: ['password', 'email'] })
    const secret = await enrol(w, other, NOW)
    moment = new Date(NOW.getTime() + STEP_MS)
    const id = await challenge(w, headers, 'totp')
    const { body } = await answer(w, headers, id, codeAt(secret, moment))
    expect(body.factors).toEqual(['email', 'oauth2', 'totp'])
    expect((await whoAmI(headers)).status).toBe(200)
  })
  test('in which the provider asked for more counts as two', async () => {
    const { headers } = await half(['email', 'oauth2', 'mfa'])
    expect((await whoAmI(headers)).status).toBe(200)
  })
})

describe('a session that lacks a second factor ends', () => {
  test('no session that has shown one', async () => {
    const { user, headers } = await half()
    const { row: passed } = await w.session(user.id, { factors: ['password', 'email'] })
    const { row: fresh } = await w.session(user.id, { factors: ['email'], mfaUpdatedAt: NOW })
    for (const { id } of [passed, fresh]) {
      const { status, body } = await w.send('delete', `/account/sessions/${id}`, undefined, headers)
      expect([status, body.type]).toEqual(LOCKED)
    }
    const left = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
    expect(left).toHaveLength(3)
  })
  test('others that lack it, and itself', async () => {
    const { user, row, headers } = await half()
    const { row: other } = await w.session(user.id)
    for (const id of [other.id, row.id]) {
      const gone = await w.send('delete', `/account/sessions/${id}`, undefined, headers)
      expect(gone.status).toBe(204)
    }
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, user.id))).toEqual([])
  })
})

test('a verified authenticator is enough for a second factor to be asked for', async () => {
  const { user, session, headers } = await w.signedIn()
  const { headers: other } = await w.session(user.id)
  await w.send('patch', '/account/mfa', { mfa: true }, headers)
  // Nothing can be shown yet: nobody is locked out.
  expect((await whoAmI(other)).status).toBe(200)
  const secret = await enrol(w, headers, NOW)
  expect((await whoAmI(headers)).status).toBe(200)
  const { status, body } = await whoAmI(other)
  expect([status, body.type]).toEqual(LOCKED)
  moment = new Date(NOW.getTime() + STEP_MS)
  const id = await challenge(w, other, 'totp')
  expect((await answer(w, other, id, codeAt(secret, moment))).status).toBe(200)
  expect((await whoAmI(other)).status).toBe(200)
  // Without the authenticator one factor is enough again.
  const { headers: third } = await w.session(user.id)
  expect((await whoAmI(third)).status).toBe(401)
  await w.db.update(sessions).set({ mfaUpdatedAt: moment }).where(eq(sessions.id, session.id))
  await w.send('delete', '/account/mfa/authenticators/totp', undefined, headers)
  expect((await whoAmI(third)).status).toBe(200)
})
