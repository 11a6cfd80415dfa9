import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { sessions, users } from '#/db/schema'
import {
  accountWorld,
  address,
  GUEST,
  messageTo,
  PASSWORD,
  sentTo,
  sessionHeader,
  signIn,
  withPassword,
} from '#test/support/account'
import { outcome } from '#test/support/project'
import { type Json, NOW, type World } from '#test/support/world'

/** Returns a Worker whose project has these policies, set through the API. */
async function ruled(policies: Record<string, Json>) {
  const w = await accountWorld()
  await w.env.DB.batch([
    w.env.DB.prepare('delete from settings'),
    w.env.DB.prepare('delete from users'),
  ])
  for (const [id, body] of Object.entries(policies)) await rule(w, id, body)
  return w
}
async function rule(w: World, id: string, body: Json) {
  const { status } = await w.send('patch', `/project/policies/${id}`, body)
  if (status !== 200) throw new Error(`${id}: ${status}`)
}
const on = { enabled: true }

const signUp = (w: World, fields: Json = {}) =>
  w.send(
    'post',
    '/account',
    { userId: 'unique()', email: address(), password: PASSWORD, name: 'Ann', ...fields },
    GUEST,
  )
const sessionsOf = (w: World, userId: string) =>
  w.db.select().from(sessions).where(eq(sessions.userId, userId))

describe('passwords', () => {
  test('of the dictionary are refused once it is on, by sign-up and by servers', async () => {
    const w = await ruled({})
    expect((await signUp(w, { password: 'password123' })).status).toBe(201)
    await rule(w, 'password-dictionary', on)
    expect(outcome(await signUp(w, { password: 'password123' }))).toEqual([
      400,
      'general_argument_invalid',
    ])
    const server = await w.send('post', '/users', { userId: 'unique()', password: 'password123' })
    expect(outcome(server)).toEqual([400, 'general_argument_invalid'])
    await rule(w, 'password-dictionary', { enabled: false })
    expect((await signUp(w, { password: 'password123' })).status).toBe(201)
  })
  test.each([
    [{ min: 12 }, 'Aa1!Aa1!', 'Aa1!Aa1!Aa1!'],
    [{ uppercase: true }, 'lower-case', 'Upper-case'],
    [{ lowercase: true }, 'UPPER-CASE', 'UPPEr-CASE'],
    [{ number: true }, 'no-number', 'n0-number'],
    [{ symbols: true }, 'n0symbols', 'n0-symbols'],
  ])('must be as strong as %j says', async (strength, weak, strong) => {
    const w = await ruled({ 'password-strength': strength })
    expect(outcome(await signUp(w, { password: weak }))).toEqual([400, 'general_argument_invalid'])
    expect((await signUp(w, { password: strong })).status).toBe(201)
  })
  test('with personal data are refused once that is on', async () => {
    const w = await ruled({})
    const fields = { name: 'Rumpelstilzchen', password: 'xx-rumpelstilzchen' }
    expect((await signUp(w, fields)).status).toBe(201)
    await rule(w, 'password-personal-data', on)
    expect(outcome(await signUp(w, fields))).toEqual([400, 'password_personal_data'])
  })
  test('used before are refused while history is kept', async () => {
    const w = await ruled({ 'password-history': { total: 2 } })
    const user = await w.user({ email: address() })
    const set = (password: string) => w.send('patch', `/users/${user.id}/password`, { password })
    expect((await set('first password')).status).toBe(200)
    expect((await set('second password')).status).toBe(200)
    expect(outcome(await set('first password'))).toEqual([400, 'password_recently_used'])
    expect((await set('third password')).status).toBe(200)
    await rule(w, 'password-history', { total: null })
    expect((await set('third password')).status).toBe(200)
  })
})

describe('sessions', () => {
  test('last as long as the policy says when they begin', async () => {
    const w = await ruled({ 'session-duration': { duration: 60 } })
    const { email } = await withPassword(w)
    const expiry = async () => Date.parse((await signIn(w, email)).body.expire) - NOW.getTime()
    expect(await expiry()).toBe(60_000)
    await rule(w, 'session-duration', { duration: 3600 })
    expect(await expiry()).toBe(3_600_000)
  })
  test('are as many as the policy says: the oldest go at the next sign-in', async () => {
    const w = await ruled({})
    const { id, email } = await withPassword(w)
    for (let count = 0; count < 4; count++) await signIn(w, email)
    const before = (await sessionsOf(w, id)).map((session) => session.id)
    expect(before).toHaveLength(4)
    await rule(w, 'session-limit', { total: 2 })
    expect(await sessionsOf(w, id)).toHaveLength(4)
    const { body } = await signIn(w, email)
    const after = (await sessionsOf(w, id)).map((session) => session.id)
    expect(after).toEqual([before[3], body.$id])
  })
  test.each([
    [true, 1],
    [false, 2],
  ])('end with a new password where invalidation is %s', async (enabled, left) => {
    const w = await ruled({ 'session-invalidation': { enabled } })
    const { id, email } = await withPassword(w)
    const own = sessionHeader(await signIn(w, email))
    await signIn(w, email)
    const { status } = await w.send(
      'patch',
      '/account/password',
      { password: 'another password', oldPassword: PASSWORD },
      own,
    )
    expect(status).toBe(200)
    expect(await sessionsOf(w, id)).toHaveLength(left)
  })
  test('are told of by mail where alerts are on', async () => {
    const w = await ruled({})
    const { email } = await withPassword(w)
    await signIn(w, email)
    await signIn(w, email)
    expect(await sentTo(w, email)).toEqual([])
    await rule(w, 'session-alert', on)
    await signIn(w, email)
    expect((await messageTo(w, email)).subject).toContain('sign-in')
  })
})

test('sign-ups end at the user limit, which servers do not have', async () => {
  const w = await ruled({ 'user-limit': { total: 1 } })
  expect((await signUp(w)).status).toBe(201)
  expect(outcome(await signUp(w))).toEqual([400, 'user_count_exceeded'])
  expect((await w.send('post', '/users', { userId: 'unique()' })).status).toBe(201)
  await rule(w, 'user-limit', { total: null })
  expect((await signUp(w)).status).toBe(201)
})

test.each([
  ['userId', 'userId'],
  ['userName', 'userName'],
  ['userEmail', 'userEmail'],
  ['userPhone', 'userPhone'],
  ['userMFA', 'mfa'],
  ['userAccessedAt', 'userAccessedAt'],
])('members see %s of each other only where it is on', async (policy, field) => {
  const w = await ruled({})
  const { user, headers } = await w.signedIn({ email: address() })
  const other = await w.user({
    ...{ name: 'Bob', email: address(), phone: '+4915112345678', mfa: true, accessedAt: NOW },
    ...{ emailVerification: true },
  })
  const team = await w.team()
  await w.member(team.id, user.id, { roles: ['owner'] })
  const { id } = await w.member(team.id, other.id)
  const shown = async () =>
    (await w.send('get', `/teams/${team.id}/memberships/${id}`, undefined, headers)).body[field]
  expect(['', false]).toContain(await shown())
  await rule(w, 'membership-privacy', { [policy]: true })
  expect(['', false, undefined]).not.toContain(await shown())
  await rule(w, 'membership-privacy', { [policy]: false })
  expect(['', false]).toContain(await shown())
})

test.each(['email', 'phone', 'totp'])(
  'the factor %s goes and comes with its policy',
  async (factor) => {
    const w = await ruled({ 'mfa-factors': { [factor]: false } })
    const { headers } = await w.signedIn({
      ...{ email: address(), emailVerification: true },
      ...{ phone: '+4915112345679', phoneVerification: true },
    })
    const challenge = () => w.send('post', '/account/mfa/challenges', { factor }, headers)
    const factors = async () =>
      (await w.send('get', '/account/mfa/factors', undefined, headers)).body[factor]
    expect(await factors()).toBe(false)
    expect((await challenge()).status).toBe(501)
    await rule(w, 'mfa-factors', { [factor]: true })
    expect(await factors()).toBe(factor !== 'totp')
    expect((await challenge()).status).not.toBe(501)
  },
)

describe('classes of e-mail addresses', () => {
  test.each([
    ['deny-disposable-email', 'x@mailinator.com', 'x@example.com', 'user_email_disposable'],
    ['deny-aliased-email', 'x+y@gmail.com', 'xy@gmail.com', 'user_email_not_canonical'],
    ['deny-free-email', 'x@gmail.com', 'x@example.com', 'user_email_free'],
    ['deny-corporate-email', 'x@gmail.com', 'x@example.com', 'user_email_not_corporate'],
  ])('%s refuses %s, not %s, also from keys', async (id, refused, accepted, type) => {
    const w = await ruled({ [id]: on })
    expect(outcome(await signUp(w, { email: refused }))).toEqual([400, type])
    const server = (email: string) => w.send('post', '/users', { userId: 'unique()', email })
    expect(outcome(await server(refused))).toEqual([400, type])
    expect((await signUp(w, { email: accepted })).status).toBe(201)
    await rule(w, id, { enabled: false })
    expect((await server(refused)).status).toBe(201)
    expect((await w.db.select().from(users)).map(({ email }) => email)).toEqual([accepted, refused])
  })
})
