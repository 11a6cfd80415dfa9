import { eq } from 'drizzle-orm'
import { beforeEach, expect, test } from 'vitest'
import { authenticators, oneTimeSecrets, sessions, users } from '#/db/schema'
import { before } from '#test/support/account'
import { answer, challenge, codeAt, enrol, issue, recoveryCodes, sentTo } from '#test/support/mfa'
import { type Answer, NOW, type World, world } from '#test/support/world'

const AT_ONCE = 50
const STEP_MS = 30_000

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => moment)
})
const atOnce = <T>(make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, index) => make(index)))
/** Expects one success, and that every other request was told that its secret is used up. */
function expectOne(answers: readonly Answer[]) {
  const won = answers.filter(({ status }) => status === 200)
  const lost = answers.filter(
    ({ status, body }) => status === 401 && body.type === 'user_invalid_token',
  )
  expect([won.length, lost.length]).toEqual([1, AT_ONCE - 1])
}
/** Returns a user as many sessions as there are requests at once. */
const manySessions = async (userId: string) => atOnce(() => w.session(userId))
const challenged = async (userId: string) => {
  const rows = await w.db.select().from(sessions).where(eq(sessions.userId, userId))
  return rows.filter(({ mfaUpdatedAt }) => mfaUpdatedAt !== null)
}
const usedOf = async (userId: string, purpose: string) => {
  const rows = await w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, userId))
  return rows.filter((row) => row.purpose === purpose && row.usedAt !== null)
}
const mailed = () =>
  w.signedIn({ email: `${crypto.randomUUID()}@example.com`, emailVerification: true })

test('one challenge, answered by 50 requests at once, opens for one', async () => {
  const { user, headers } = await mailed()
  const id = await challenge(w, headers, 'email')
  const code = await sentTo(w, user.email ?? '')
  expectOne(await atOnce(() => answer(w, headers, id, code)))
  expect(await usedOf(user.id, 'challenge')).toHaveLength(1)
})

test('one challenge, answered from 50 sessions at once, opens for one of them', async () => {
  const { user, headers } = await mailed()
  const id = await challenge(w, headers, 'email')
  const code = await sentTo(w, user.email ?? '')
  const opened = await manySessions(user.id)
  expectOne(await Promise.all(opened.map((one) => answer(w, one.headers, id, code))))
  expect(await challenged(user.id)).toHaveLength(1)
})

test('one recovery code, for one challenge, opens for one of 50', async () => {
  const { user, headers } = await w.signedIn()
  const [code = ''] = await recoveryCodes(w, headers)
  const id = await challenge(w, headers, 'recoveryCode')
  expectOne(await atOnce(() => answer(w, headers, id, code)))
  expect(await usedOf(user.id, 'recovery-code')).toHaveLength(1)
})

test('one recovery code, for 50 challenges of 50 sessions, opens one and uses up no other', async () => {
  const { user, headers } = await w.signedIn()
  const [code = ''] = await recoveryCodes(w, headers)
  const opened = await manySessions(user.id)
  const ids = await Promise.all(opened.map((one) => challenge(w, one.headers, 'recoveryCode')))
  expectOne(
    await Promise.all(opened.map((one, index) => answer(w, one.headers, ids[index] ?? '', code))),
  )
  expect(await usedOf(user.id, 'recovery-code')).toHaveLength(1)
  expect(await usedOf(user.id, 'challenge')).toHaveLength(1)
  expect(await challenged(user.id)).toHaveLength(1)
})

test('six recovery codes for one challenge at once use up one of them', async () => {
  const { user, headers } = await w.signedIn()
  const codes = await recoveryCodes(w, headers)
  const id = await challenge(w, headers, 'recoveryCode')
  const answers = await Promise.all(codes.map((code) => answer(w, headers, id, code)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(await usedOf(user.id, 'recovery-code')).toHaveLength(1)
})

test('one TOTP code, for 50 challenges of 50 sessions, opens one and uses up no other', async () => {
  const { user, headers } = await w.signedIn()
  const secret = await enrol(w, headers, NOW)
  moment = new Date(NOW.getTime() + STEP_MS)
  const code = codeAt(secret, moment)
  const opened = await manySessions(user.id)
  const ids = await Promise.all(opened.map((one) => challenge(w, one.headers, 'totp')))
  expectOne(
    await Promise.all(opened.map((one, index) => answer(w, one.headers, ids[index] ?? '', code))),
  )
  expect(await usedOf(user.id, 'challenge')).toHaveLength(1)
  expect(await challenged(user.id)).toHaveLength(1)
  const [row] = await w.db.select().from(authenticators).where(eq(authenticators.userId, user.id))
  expect(row?.lastStep).toBe(Math.floor(moment.getTime() / STEP_MS))
})

test('one TOTP code, for one challenge, opens for one of 50', async () => {
  const { headers } = await w.signedIn()
  const secret = await enrol(w, headers, NOW)
  const id = await challenge(w, headers, 'totp')
  const code = codeAt(secret, NOW, 1)
  expectOne(await atOnce(() => answer(w, headers, id, code)))
})

test('one TOTP code verifies an authenticator for one of 50, and adds it to that session alone', async () => {
  const { user, headers } = await w.signedIn()
  const secret = await issue(w, headers)
  const otp = codeAt(secret, NOW)
  const opened = await manySessions(user.id)
  const answers = await Promise.all(
    opened.map((one) => w.send('put', '/account/mfa/authenticators/totp', { otp }, one.headers)),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  for (const { status, body } of answers) {
    if (status === 200) continue
    // Whoever looked before the first one was done holds a used code, whoever came later is too late.
    expect(['user_invalid_token', 'user_authenticator_already_verified']).toContain(body.type)
  }
  const rows = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
  expect(rows.filter(({ factors }) => factors.includes('totp'))).toHaveLength(1)
})

test('50 authenticators at once leave one, whose secret is that of one answer', async () => {
  const { user, headers } = await w.signedIn()
  const secrets = await atOnce(() => issue(w, headers))
  const rows = await w.db.select().from(authenticators).where(eq(authenticators.userId, user.id))
  expect(rows).toHaveLength(1)
  const verified = []
  for (const secret of secrets) {
    const otp = codeAt(secret, NOW)
    const { status } = await w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)
    if (status === 200) verified.push(secret)
  }
  expect(verified).toHaveLength(1)
})

test('a code does not verify the authenticator that replaced its own meanwhile', async () => {
  const { user, headers } = await w.signedIn()
  const otp = codeAt(await issue(w, headers), NOW)
  before(w, 3, () => issue(w, headers))
  const { status, body } = await w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)
  expect([status, body.type]).toEqual([401, 'user_invalid_token'])
  const rows = await w.db.select().from(authenticators).where(eq(authenticators.userId, user.id))
  expect(rows).toMatchObject([{ verified: false, lastStep: 0 }])
})

test('a session that ended meanwhile verifies nothing', async () => {
  const { user, session, headers } = await w.signedIn()
  const otp = codeAt(await issue(w, headers), NOW)
  before(w, 3, () => w.db.delete(sessions).where(eq(sessions.id, session.id)))
  const { body } = await w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)
  expect(body.type).toBe('user_invalid_token')
  const rows = await w.db.select().from(authenticators).where(eq(authenticators.userId, user.id))
  expect(rows).toMatchObject([{ verified: false, lastStep: 0 }])
})

test.each(['email', 'recoveryCode'])(
  'a session that ended meanwhile uses up no challenge for %s',
  async (factor) => {
    const { user, session, headers } = await mailed()
    const [code = ''] = await recoveryCodes(w, headers)
    const id = await challenge(w, headers, factor)
    const otp = factor === 'email' ? await sentTo(w, user.email ?? '') : code
    before(w, 3, () => w.db.delete(sessions).where(eq(sessions.id, session.id)))
    expect((await answer(w, headers, id, otp)).body.type).toBe('user_invalid_token')
    const used = [
      ...(await usedOf(user.id, 'challenge')),
      ...(await usedOf(user.id, 'recovery-code')),
    ]
    expect(used).toEqual([])
    const { headers: next } = await w.session(user.id)
    expect((await answer(w, next, id, otp)).status).toBe(200)
  },
)

test.each([
  ['patch', '/account/mfa', { mfa: true }],
  ['post', '/account/mfa/authenticators/totp', {}],
  ['post', '/account/mfa/challenges', { factor: 'email' }],
] as const)(
  '%s %s of a user who is deleted meanwhile leaves nothing',
  async (method, path, body) => {
    const { user, headers } = await mailed()
    before(w, 2, () => w.db.delete(users).where(eq(users.id, user.id)))
    const refused = await w.send(method, path, body, headers)
    expect([refused.status, refused.body.type]).toEqual([401, 'general_unauthorized_scope'])
    expect(
      await w.db.select().from(authenticators).where(eq(authenticators.userId, user.id)),
    ).toEqual([])
    await expect(sentTo(w, user.email ?? '')).rejects.toThrow()
  },
)
