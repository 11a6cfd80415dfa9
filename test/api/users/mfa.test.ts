import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { oneTimeRow, redeemOne } from '#/auth/one-time'
import { settingsOf } from '#/config/env'
import { authenticators, oneTimeSecrets, users } from '#/db/schema'
import { sealChallengeCode } from '#/identity/factors/stored-challenges'
import { after, HOUR, TIME, wire } from '#test/support/clock'
import { storedUser } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await world({ MAIL_OUTBOX: 'on' }, () => NOW)
  await w.db.delete(users)
  await w.env.DB.prepare('delete from settings').run()
  await w.user({ id: 'ann' })
  await w.user({ id: 'bob' })
})
const at = (path: string, user = 'ann') => `/users/${user}/mfa/${path}`
const typeOf = async (answer: ReturnType<World['send']>) => {
  const { status, body } = await answer
  return [status, body?.type]
}
/** Stands for a request of now, for what needs nothing else of it. */
const context = () => ({ var: { db: w.db, now: NOW, settings: settingsOf(w.env) } }) as never
const authenticator = (userId: string, verified: boolean) =>
  w.db.insert(authenticators).values({
    ...{ id: `totp-${userId}`, userId, type: 'totp', secret: '', verified, lastStep: 0 },
    ...{ createdAt: NOW, updatedAt: NOW },
  })

describe('factors', () => {
  const factors = async () => (await w.send('get', at('factors'))).body
  const NONE = { totp: false, phone: false, email: false, recoveryCode: false, custom: false }

  test('are none without anything to show', async () => {
    await authenticator('ann', false)
    await authenticator('bob', true)
    await w.db.update(users).set({ email: null, emailVerification: true, phoneVerification: true })
    expect(await factors()).toEqual(NONE)
    await w.db.update(users).set({ emailVerification: false }).where(eq(users.id, 'ann'))
    await w.send('patch', '/users/ann/email', { email: 'ann@example.com' })
    expect(await factors()).toEqual(NONE)
  })
  test('are those that the user has proved, as far as the owner allows them', async () => {
    await authenticator('ann', true)
    const proved = { emailVerification: true, phoneVerification: true }
    const addresses = { email: 'ann@example.com', phone: '+4915112345678' }
    await w.db
      .update(users)
      .set({ ...proved, ...addresses })
      .where(eq(users.id, 'ann'))
    await w.send('patch', at('recovery-codes'))
    const all = { ...NONE, totp: true, phone: true, email: true, recoveryCode: true }
    expect(await factors()).toEqual(all)
    await w.set('factorCustom', true)
    expect(await factors()).toEqual({ ...all, custom: true })
    for (const name of ['factorTotp', 'factorEmail', 'factorPhone']) await w.set(name, false)
    expect(await factors()).toEqual({ ...NONE, recoveryCode: true, custom: true })
    await w.db.update(oneTimeSecrets).set({ usedAt: NOW })
    expect(await factors()).toEqual({ ...NONE, custom: true })
  })
  test('need a user', async () => {
    expect(await typeOf(w.send('get', at('factors', 'nobody')))).toEqual([404, 'user_not_found'])
  })
})

test('the switch alone asks nobody for a second factor; with a proved one it asks all', async () => {
  const { headers } = await w.session('ann')
  await w.db.update(users).set({ impersonator: true })
  const use = () => typeOf(w.send('get', '/users/ann', undefined, headers))
  const { body } = await w.send('patch', '/users/ann/mfa', { mfa: true })
  expect(body.mfa).toBe(true)
  expect(await use()).toEqual([200, undefined])
  await authenticator('ann', true)
  expect(await use()).toEqual([401, 'user_more_factors_required'])
  await w.send('delete', at('authenticators/totp'))
  expect(await use()).toEqual([200, undefined])
  expect((await storedUser(w, 'ann')).mfa).toBe(true)
})

describe('an authenticator', () => {
  const remove = (type = 'totp', user = 'ann') =>
    w.send('delete', at(`authenticators/${type}`, user))
  test.each([true, false])('goes, verified (%s) or not, and once', async (verified) => {
    await authenticator('ann', verified)
    await authenticator('bob', true)
    await w.send('patch', at('recovery-codes'))
    const { status, trips } = await remove('TOTP')
    expect([status, trips]).toEqual([204, 1])
    const left = await w.db.select().from(authenticators)
    expect(left.map(({ userId }) => userId)).toEqual(['bob'])
    expect(await typeOf(remove())).toEqual([404, 'user_authenticator_not_found'])
    expect((await w.send('get', at('recovery-codes'))).status).toBe(200)
  })
  test('is of a known type and of a user', async () => {
    expect(await typeOf(remove('sms'))).toEqual([400, 'general_argument_invalid'])
    expect(await typeOf(remove('totp', 'nobody'))).toEqual([404, 'user_not_found'])
  })
})

describe('recovery codes', () => {
  const send = (method: string, user = 'ann') => w.send(method, at('recovery-codes', user))
  const redeem = (secret: string, userId = 'ann') =>
    redeemOne(context(), { userId, purposes: ['recovery-code'], secret })

  test('are six of ten hex characters, shown again, and stored so that nobody can read them', async () => {
    const { status, body, trips } = await send('patch')
    expect([status, trips]).toEqual([200, 1])
    expect(Object.keys(body)).toEqual(['recoveryCodes'])
    expect(new Set(body.recoveryCodes).size).toBe(6)
    for (const code of body.recoveryCodes) expect(code).toMatch(/^[0-9a-f]{10}$/)
    expect((await send('get')).body).toEqual(body)
    const stored = JSON.stringify([
      await storedUser(w, 'ann'),
      await w.db.select().from(oneTimeSecrets),
    ])
    for (const code of body.recoveryCodes) expect(stored).not.toContain(code)
  })
  test('are made once, and made anew on demand alone', async () => {
    expect(await typeOf(send('put'))).toEqual([404, 'user_recovery_codes_not_found'])
    expect(await typeOf(send('get'))).toEqual([404, 'user_recovery_codes_not_found'])
    const { body: first } = await send('patch')
    expect(await typeOf(send('patch'))).toEqual([409, 'user_recovery_codes_already_exists'])
    expect((await send('get')).body).toEqual(first)
    const { status, body: second, trips } = await send('put')
    expect([status, trips]).toEqual([200, 1])
    expect((await send('get')).body).toEqual(second)
    expect(await redeem(first.recoveryCodes[0])).toBeUndefined()
    expect(await redeem(second.recoveryCodes[0])).toBeDefined()
  })
  test('open once, their user’s alone; used ones are shown no more, and new ones come after the last', async () => {
    const codes: string[] = (await send('patch')).body.recoveryCodes
    const [first = '', ...others] = codes
    expect(await redeem(first, 'bob')).toBeUndefined()
    expect(await redeem(first)).toBeDefined()
    expect(await redeem(first)).toBeUndefined()
    expect((await send('get')).body.recoveryCodes).toEqual(others)
    for (const code of others) expect(await redeem(code)).toBeDefined()
    expect(await typeOf(send('get'))).toEqual([404, 'user_recovery_codes_not_found'])
    expect(await typeOf(send('put'))).toEqual([404, 'user_recovery_codes_not_found'])
    expect((await send('patch')).body.recoveryCodes).toHaveLength(6)
  })
  test('are one set, however many ask for it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => send('patch')))
    const made = answers.filter(({ status }) => status === 200)
    expect(made).toHaveLength(1)
    expect((await send('get')).body).toEqual(made[0]?.body)
    expect(await w.db.select().from(oneTimeSecrets)).toHaveLength(6)
    const renewed = await Promise.all(Array.from({ length: 4 }, () => send('put')))
    const { body } = await send('get')
    expect(renewed.map((answer) => answer.body)).toContainEqual(body)
    expect(await w.db.select().from(oneTimeSecrets)).toHaveLength(6)
    for (const code of body.recoveryCodes) expect(await redeem(code)).toBeDefined()
  })
  test('do not open another user’s list', async () => {
    await send('patch')
    const { recoveryCodes } = await storedUser(w, 'ann')
    await w.db.update(users).set({ recoveryCodes }).where(eq(users.id, 'bob'))
    expect(await typeOf(send('get', 'bob'))).toEqual([404, 'user_recovery_codes_not_found'])
  })
  test.each(['get', 'patch', 'put'])('need a user: %s', async (method) => {
    expect(await typeOf(send(method, 'nobody'))).toEqual([404, 'user_not_found'])
    expect(await w.db.select().from(oneTimeSecrets)).toEqual([])
  })
})

describe('a challenge', () => {
  async function store(fields: { ref?: string; ttlSeconds?: number; userId?: string } = {}) {
    const { ref = 'custom', ttlSeconds = 3600, userId = 'ann' } = fields
    const sealed = await sealChallengeCode(context(), userId, '012345')
    const given = {
      userId,
      purpose: 'challenge' as const,
      secret: '012345',
      ref,
      ttlSeconds,
      sealed,
    }
    const row = await oneTimeRow(context(), given)
    await w.db.insert(oneTimeSecrets).values(row)
    return row.id
  }
  const read = (id: string, user = 'ann') => w.send('get', at(`challenges/${id}`, user))

  test('of the owner’s own factor shows its code', async () => {
    const id = await store()
    const { status, body, trips } = await read(id)
    expect([status, trips]).toEqual([200, 1])
    expect(body).toEqual({
      $id: id,
      $createdAt: TIME,
      userId: 'ann',
      expire: wire(after(HOUR)),
      code: '012345',
    })
  })
  test('shows nothing of another factor or user, nor once it is used or over', async () => {
    const refused = [401, 'user_invalid_token']
    expect(await typeOf(read(await store({ ref: 'email' })))).toEqual(refused)
    expect(await typeOf(read(await store({ userId: 'bob' })))).toEqual(refused)
    expect(await typeOf(read(await store({ ttlSeconds: 0 })))).toEqual(refused)
    expect(await typeOf(read('none'))).toEqual(refused)
    expect(await typeOf(read('x'.repeat(256)))).toEqual(refused)
    expect(await typeOf(read('x'.repeat(257)))).toEqual([400, 'general_argument_invalid'])
    expect(await typeOf(read('none', 'nobody'))).toEqual([404, 'user_not_found'])
    const id = await store()
    await redeemOne(context(), {
      userId: 'ann',
      purposes: ['challenge'],
      secret: '012345',
      ref: 'custom',
    })
    const [used] = await w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.id, id))
    expect(used?.usedAt).toEqual(NOW)
    expect(await typeOf(read(id))).toEqual(refused)
  })
  test('is answered with the code that the owner’s server fetched', async () => {
    const limits = await world({ RATE_LIMITS: 'off' }, () => NOW)
    await limits.set('factorCustom', true)
    const { row: session, headers } = await limits.session('ann')
    const client = (method: string, body: unknown) =>
      limits.send(method, '/account/mfa/challenges', body, headers)
    const opened = await client('post', { factor: 'custom' })
    expect([opened.status, opened.body.code]).toEqual([201, undefined])
    const { code } = (await read(opened.body.$id)).body
    expect(code).toMatch(/^\d{6}$/)
    const { status, body } = await client('put', { challengeId: opened.body.$id, otp: code })
    expect([status, body.$id, body.factors]).toEqual([200, session.id, ['password', 'custom']])
    expect(await typeOf(read(opened.body.$id))).toEqual([401, 'user_invalid_token'])
  })
})
