import { and, eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { oneTimeSecrets, users } from '#/db/schema'
import { answer, challenge, recoveryCodes } from '#test/support/mfa'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const PATH = '/account/mfa/recovery-codes'

let w: World
beforeEach(async () => {
  w = await world({ RATE_LIMITS: 'off' }, () => NOW)
})
/** Signs in somebody who has just shown a second factor. */
const fresh = async (shownAt: Date | null = NOW) => {
  const user = await w.user()
  return { user, ...(await w.session(user.id, { mfaUpdatedAt: shownAt })) }
}
const spend = async (headers: Headers_, code: string) =>
  answer(w, headers, await challenge(w, headers, 'recoveryCode'), code)
const storedCodes = (userId: string) =>
  w.db
    .select()
    .from(oneTimeSecrets)
    .where(and(eq(oneTimeSecrets.userId, userId), eq(oneTimeSecrets.purpose, 'recovery-code')))

describe('recovery codes', () => {
  test('are six of ten hex characters, and none of them is stored as it is', async () => {
    const { user, headers } = await w.signedIn()
    const { status, body, trips } = await w.send('post', PATH, {}, headers)
    expect([status, trips]).toEqual([201, 3])
    expect(Object.keys(body)).toEqual(['recoveryCodes'])
    expect(new Set(body.recoveryCodes).size).toBe(6)
    const rows = await storedCodes(user.id)
    const [owner] = await w.db.select().from(users).where(eq(users.id, user.id))
    for (const code of body.recoveryCodes) {
      expect(code).toMatch(/^[\da-f]{10}$/)
      expect(JSON.stringify([rows, owner])).not.toContain(code)
    }
    expect(rows).toHaveLength(6)
  })
  test('are made once', async () => {
    const { headers } = await w.signedIn()
    await recoveryCodes(w, headers)
    const { status, body } = await w.send('post', PATH, {}, headers)
    expect([status, body.type]).toEqual([409, 'user_recovery_codes_already_exists'])
  })
  test('are shown again, without those that were used', async () => {
    const { headers } = await fresh()
    const codes = await recoveryCodes(w, headers)
    const shown = await w.send('get', PATH, undefined, headers)
    expect([shown.status, shown.trips]).toEqual([200, 2])
    expect(shown.body).toEqual({ recoveryCodes: codes })
    await spend(headers, codes[2] ?? '')
    const left = await w.send('get', PATH, undefined, headers)
    expect(left.body).toEqual({ recoveryCodes: codes.filter((_, index) => index !== 2) })
  })
  test('can be replaced; the former ones are no good any more', async () => {
    const { headers } = await fresh()
    const [old = ''] = await recoveryCodes(w, headers)
    const { status, body, trips } = await w.send('patch', PATH, {}, headers)
    expect([status, trips]).toEqual([200, 3])
    expect(body.recoveryCodes).toHaveLength(6)
    expect((await spend(headers, old)).body.type).toBe('user_invalid_token')
    expect((await spend(headers, body.recoveryCodes[0])).status).toBe(200)
  })
  test('can be made anew once all are used', async () => {
    const { headers } = await fresh()
    const codes = await recoveryCodes(w, headers)
    for (const code of codes) expect((await spend(headers, code)).status).toBe(200)
    const factors = await w.send('get', '/account/mfa/factors', undefined, headers)
    expect(factors.body.recoveryCode).toBe(false)
    for (const method of ['get', 'patch'] as const) {
      const { status, body } = await w.send(
        method,
        PATH,
        method === 'get' ? undefined : {},
        headers,
      )
      expect([status, body.type]).toEqual([404, 'user_recovery_codes_not_found'])
    }
    expect(await recoveryCodes(w, headers)).toHaveLength(6)
    expect((await spend(headers, codes[0] ?? '')).status).toBe(401)
  })
  test.each(['get', 'patch'] as const)('to %s need to be there', async (method) => {
    const { headers } = await fresh()
    const { status, body } = await w.send(method, PATH, method === 'get' ? undefined : {}, headers)
    expect([status, body.type]).toEqual([404, 'user_recovery_codes_not_found'])
  })
  test.each([
    ['get', null],
    ['patch', null],
    ['get', 1800_001],
    ['patch', 1800_001],
  ] as const)('to %s need a fresh challenge, not one %s ms old', async (method, age) => {
    const { headers } = await fresh(age === null ? null : new Date(NOW.getTime() - age))
    await recoveryCodes(w, headers)
    const { status, body } = await w.send(method, PATH, method === 'get' ? undefined : {}, headers)
    expect([status, body.type]).toEqual([401, 'user_challenge_required'])
  })
  test.each(['get', 'patch'] as const)('to %s need a session: a JWT has none', async (method) => {
    const { headers } = await fresh()
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const jwt = { 'X-Appwrite-JWT': body.jwt }
    const refused = await w.send(method, PATH, method === 'get' ? undefined : {}, jwt)
    expect([refused.status, refused.body.type]).toEqual([401, 'user_challenge_required'])
  })
  test('of one user open nothing of another', async () => {
    const [one, other] = [await w.signedIn(), await w.signedIn()]
    const [code = ''] = await recoveryCodes(w, one.headers)
    await recoveryCodes(w, other.headers)
    expect((await spend(other.headers, code)).body.type).toBe('user_invalid_token')
    expect((await spend(one.headers, code)).status).toBe(200)
  })
  test('made 50 times at once are made once', async () => {
    const { user, headers } = await w.signedIn()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => w.send('post', PATH, {}, headers)),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
    expect(await storedCodes(user.id)).toHaveLength(6)
  })
})
