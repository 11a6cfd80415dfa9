import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { sessions, type User, users } from '#/db/schema'
import { enrol, recoveryCodes } from '#test/support/mfa'
import { NOW, type World, world } from '#test/support/world'

const address = () => `${crypto.randomUUID()}@example.com`
const phoneNumber = () => `+49151${Math.floor(10 ** 7 + Math.random() * 9 * 10 ** 7)}`

let w: World
beforeEach(async () => {
  w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => NOW)
})
const factorsIn = async (id: string) => {
  const [row] = await w.db.select().from(sessions).where(eq(sessions.id, id))
  return row?.factors
}
const stored = async (id: string) => {
  const [row] = await w.db.select().from(users).where(eq(users.id, id))
  return row
}

describe('switching the second factor', () => {
  test('answers with the account and costs the caller, one write and the log entry', async () => {
    const { user, headers } = await w.signedIn({ email: address(), createdAt: new Date(1) })
    const answer = await w.send('patch', '/account/mfa', { mfa: true }, headers)
    expect([answer.status, answer.trips]).toEqual([200, 4]) // the notice as well
    expect(answer.body).toMatchObject({ $id: user.id, email: user.email, mfa: true, targets: [] })
    expect(answer.body.impersonatorUserId).toBeNull()
    expect((await stored(user.id))?.mfa).toBe(true)
    await w.send('patch', '/account/mfa', { mfa: false }, headers)
    expect((await stored(user.id))?.mfa).toBe(false)
  })
  test('to what it is changes nothing', async () => {
    const { user, session, headers } = await w.signedIn({ updatedAt: new Date(1) })
    await w.send('patch', '/account/mfa', { mfa: false }, headers)
    expect((await stored(user.id))?.updatedAt).toEqual(new Date(1))
    await w.send('patch', '/account/mfa', { mfa: true }, headers)
    expect((await stored(user.id))?.updatedAt).toEqual(NOW)
    const [row] = await w.db.select().from(sessions).where(eq(sessions.id, session.id))
    expect(row).toEqual(session)
  })
  test.each<[Partial<User>, boolean, string[]]>([
    [{}, false, ['password']],
    [{ email: 'x' }, false, ['password']],
    [{ email: 'x', emailVerification: true }, false, ['password', 'email']],
    [{ phone: 'x', phoneVerification: true }, false, ['password', 'phone']],
    [{ phone: 'x' }, true, ['password', 'totp']],
    [
      { email: 'x', emailVerification: true, phone: 'x', phoneVerification: true },
      true,
      ['password', 'totp', 'email', 'phone'],
    ],
  ])('on with %j and totp %s leaves the session with %j', async (fields, totp, factors) => {
    const { session, headers } = await w.signedIn({
      ...fields,
      ...(fields.email ? { email: address() } : {}),
      ...(fields.phone ? { phone: phoneNumber() } : {}),
    })
    if (totp) await enrol(w, headers, NOW)
    await w.db
      .update(sessions)
      .set({ factors: ['password'] })
      .where(eq(sessions.id, session.id))
    await w.send('patch', '/account/mfa', { mfa: true }, headers)
    expect(await factorsIn(session.id)).toEqual(factors)
    // The session that switches it on is never locked out by it, and none gains a factor twice.
    expect((await w.send('patch', '/account/mfa', { mfa: true }, headers)).status).toBe(200)
    expect(await factorsIn(session.id)).toEqual(factors)
  })
  test('off leaves the factors, on changes no other session', async () => {
    const { user, session, headers } = await w.signedIn({
      email: address(),
      emailVerification: true,
    })
    const { row: other } = await w.session(user.id)
    await w.send('patch', '/account/mfa', { mfa: true }, headers)
    await w.send('patch', '/account/mfa', { mfa: false }, headers)
    expect(await factorsIn(session.id)).toEqual(['password', 'email'])
    expect(await factorsIn(other.id)).toEqual(['password'])
  })
  test('50 times at once adds each factor once', async () => {
    const { session, headers } = await w.signedIn({ email: address(), emailVerification: true })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => w.send('patch', '/account/mfa', { mfa: true }, headers)),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(await factorsIn(session.id)).toEqual(['password', 'email'])
  })
  test.each([[{}], [{ mfa: 'true' }], [{ mfa: 1 }], [{ mfa: 'false' }], [{ mfa: null }]])(
    'takes a boolean alone, not %j',
    async (body) => {
      const { headers } = await w.signedIn()
      const answer = await w.send('patch', '/account/mfa', body, headers)
      expect([answer.status, answer.body.type]).toEqual([400, 'general_argument_invalid'])
    },
  )
})

describe('the factors that can be used', () => {
  const NONE = { totp: false, phone: false, email: false, recoveryCode: false, custom: false }
  const ask = async (headers: Record<string, string>) => {
    const { status, body, trips } = await w.send('get', '/account/mfa/factors', undefined, headers)
    expect(status).toBe(200)
    return { body, trips }
  }
  test('are none at first, which costs the caller alone', async () => {
    const { headers } = await w.signedIn({ email: address(), phone: phoneNumber() })
    expect(await ask(headers)).toEqual({ body: NONE, trips: 1 })
  })
  test('are what the user has and has proved, as far as the owner allows', async () => {
    const { headers } = await w.signedIn({
      email: address(),
      emailVerification: true,
      phone: phoneNumber(),
      phoneVerification: true,
    })
    await enrol(w, headers, NOW)
    await recoveryCodes(w, headers)
    const all = { totp: true, phone: true, email: true, recoveryCode: true, custom: false }
    expect(await ask(headers)).toEqual({ body: all, trips: 2 })
    for (const [policy, factor] of [
      ['factorTotp', 'totp'],
      ['factorPhone', 'phone'],
      ['factorEmail', 'email'],
    ] as const) {
      await w.set(policy, false)
      expect((await ask(headers)).body).toEqual({ ...all, [factor]: false })
      await w.set(policy, true)
    }
    await w.set('factorCustom', true)
    expect((await ask(headers)).body).toEqual({ ...all, custom: true })
    await w.set('factorCustom', false)
  })
  test('need proof: flags without an address count for nothing', async () => {
    const { headers } = await w.signedIn({ emailVerification: true, phoneVerification: true })
    expect((await ask(headers)).body).toEqual(NONE)
  })
  test('need a verified authenticator', async () => {
    const { headers } = await w.signedIn()
    await w.send('post', '/account/mfa/authenticators/totp', {}, headers)
    expect((await ask(headers)).body).toEqual(NONE)
  })
})
