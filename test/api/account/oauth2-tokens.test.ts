import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { identities, oauthProviders, oneTimeSecrets, sessions, users } from '#/db/schema'
import { isCustomName } from '#/identity/providers/catalog/custom'
import { sealTokens } from '#/identity/providers/protocol/tokens'
import { accountWorld, messageTo } from '#test/support/account'
import { after, HOUR, MINUTE, wire, YEAR } from '#test/support/clock'
import {
  identitiesOf,
  network,
  oauth2World,
  sessionOf,
  setUp,
  setUpOidc,
  signInAt,
  somebody,
} from '#test/support/oauth2'
import { type Answer, NOW, type World } from '#test/support/world'

let now = NOW
let w: World
beforeAll(async () => {
  w = await oauth2World({}, () => now)
})
beforeEach(async () => {
  now = NOW
  await setUpOidc(w)
})
afterEach(() => vi.restoreAllMocks())

const later = (ms: number) => new Date(NOW.getTime() + ms)
const HOUR_MS = 3600_000

/** Signs in for a token. @returns what the app gets in its address */
async function tokenFor(person = somebody(), headers: Record<string, string> = {}) {
  const answer = await signInAt(w, person, { kind: 'tokens', headers })
  const { userId = '', secret = '', ...rest } = Object.fromEntries(answer.location.searchParams)
  return { userId, secret, rest, answer }
}
const exchange = (
  given: { userId: string; secret: string },
  headers: Record<string, string> = {},
  path = '/account/sessions/token',
) =>
  w.send(
    path.endsWith('token') ? 'post' : 'put',
    path,
    { userId: given.userId, secret: given.secret },
    headers,
  )
const refused = ({ status, body }: Answer) => [status, body.type]
const INVALID = [401, 'user_invalid_token']
const sessionsOf = (userId: string) =>
  w.db.select().from(sessions).where(eq(sessions.userId, userId))

describe('a sign-in for a token', () => {
  test('gives a short secret in the address and no cookies', async () => {
    const { userId, secret, rest, answer } = await tokenFor()
    expect(answer.location.href.startsWith('http://localhost/ok?userId=')).toBe(true)
    expect(rest).toEqual({})
    expect(secret.length).toBeLessThanOrEqual(256)
    const [, payload = ''] = secret.split('.')
    expect(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))).toEqual({
      secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      provider: 'oidc',
      exp: Math.floor(NOW.getTime() / 1000) + 60,
    })
    expect(answer.headers.getSetCookie().filter((line) => line.startsWith('a_session'))).toEqual([])
    expect(await sessionsOf(userId)).toEqual([])
    const [stored] = await w.db
      .select()
      .from(oneTimeSecrets)
      .where(eq(oneTimeSecrets.userId, userId))
    expect(stored).toMatchObject({ purpose: 'oauth2', expiresAt: later(60_000), usedAt: null })
    expect(JSON.stringify(stored)).not.toContain(secret)
  })
  test('fits into 256 characters also for the longest name', async () => {
    const longest = 'a'.repeat(20)
    expect([isCustomName(longest), isCustomName(`${longest}a`)]).toEqual([true, false])
    const claims = { secret: 'f'.repeat(64), provider: longest, exp: 9_999_999_999 }
    expect((await signJwt(claims, w.env.SECRET ?? '')).length).toBeLessThanOrEqual(256)
  })
  test('ends the session that would stand in the way of the exchange', async () => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const given = await tokenFor(somebody(), headers)
    expect(given.userId).not.toBe(user.id)
    expect(await sessionsOf(user.id)).toEqual([])
    expect((await exchange(given, headers)).status).toBe(201)
  })
})

describe('the exchange of a token', () => {
  test('makes a session with the provider’s tokens, once', async () => {
    const person = somebody()
    const given = await tokenFor(person)
    const answer = await exchange(given)
    expect([answer.status, answer.body]).toMatchObject([
      201,
      {
        userId: given.userId,
        provider: 'oidc',
        providerUid: person.sub,
        providerAccessToken: 'access',
        providerRefreshToken: 'refresh',
        providerAccessTokenExpiry: wire(after(HOUR)),
        factors: ['email', 'oauth2'],
        current: true,
        secret: '',
      },
    ])
    const current = await w.send('get', '/account/sessions/current', undefined, sessionOf(answer))
    expect(current.body).toMatchObject({ providerAccessToken: 'access', provider: 'oidc' })
    expect(refused(await exchange(given))).toEqual(INVALID)
    expect(await sessionsOf(given.userId)).toHaveLength(1)
  })
  test('is won by one of many', async () => {
    const given = await tokenFor()
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(given)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(401)])
    expect(await sessionsOf(given.userId)).toHaveLength(1)
  })
  test.each(['/account/sessions/magic-url', '/account/sessions/phone'])(
    'goes by %s as well',
    async (path) => {
      expect((await exchange(await tokenFor(), {}, path)).status).toBe(201)
    },
  )
  test('is over after a minute', async () => {
    const [one, other] = [await tokenFor(), await tokenFor()]
    now = later(59_000)
    expect((await exchange(one)).status).toBe(201)
    now = later(60_000)
    expect(refused(await exchange(other))).toEqual(INVALID)
  })
  test('needs the wrapped secret of its own user', async () => {
    const given = await tokenFor()
    const [, payload = ''] = given.secret.split('.')
    const { secret } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    const sign = (claims: object, key = w.env.SECRET ?? '') => signJwt({ ...claims }, key)
    const exp = Math.floor(NOW.getTime() / 1000) + 60
    const other = await w.user()
    for (const attempt of [
      { ...given, secret },
      { ...given, userId: other.id },
      { ...given, userId: 'nobody' },
      { ...given, secret: await sign({ secret, exp }) }, // names no provider
      { ...given, secret: await sign({ secret, provider: 'github', exp }) },
      { ...given, secret: await sign({ secret, provider: 'oidc', exp }, 'x'.repeat(40)) },
      { ...given, secret: await sign({ userId: given.userId, sessionId: '', exp }) },
      { ...given, secret: `${given.secret.slice(0, -2)}xx` },
    ]) {
      expect(refused(await exchange(attempt))).toEqual(INVALID)
    }
    expect((await exchange(given)).status).toBe(201)
  })
  test('needs the account to be linked still', async () => {
    const given = await tokenFor()
    await w.db.delete(identities).where(eq(identities.userId, given.userId))
    expect(refused(await exchange(given))).toEqual(INVALID)
  })
  test('opens no other door', async () => {
    const { secret, userId } = await tokenFor()
    for (const headers of [
      { 'X-Appwrite-JWT': secret },
      { 'X-Appwrite-Key': `ephemeral_${secret}` },
    ]) {
      expect((await w.send('get', '/account', undefined, headers)).status).toBe(401)
    }
    const verified = await w.send('put', '/account/verifications/email', { userId, secret }, {})
    expect(refused(verified)).toEqual(INVALID)
  })
  test('is refused once the user was blocked, and stays so', async () => {
    const given = await tokenFor()
    for (const status of [false, true]) {
      await w.db.update(users).set({ status }).where(eq(users.id, given.userId))
      expect((await exchange(given)).status).toBe(401)
    }
  })
  test('mails an alert where the owner wants one, which cookies of a browser do not', async () => {
    const mailed = await accountWorld({}, () => now)
    await w.set('sessionAlerts', true)
    const person = somebody()
    await signInAt(mailed, person)
    await signInAt(mailed, person)
    await expect(messageTo(mailed, person.email)).rejects.toThrow('0 messages')
    const given = await tokenFor(person)
    const answer = await mailed.send(
      'post',
      '/account/sessions/token',
      { userId: given.userId, secret: given.secret },
      {},
    )
    await w.set('sessionAlerts', false)
    expect(answer.status).toBe(201)
    expect((await messageTo(mailed, person.email)).kind).toBe('mail')
  })
})

describe('extending a session', () => {
  const renewal = (reply: { status?: number; body: unknown } | Error) =>
    network({ 'POST https://id.example.com/token': () => reply })
  const extend = (headers: Record<string, string>) =>
    w.send('patch', '/account/sessions/current', {}, headers)

  test('renews the provider’s tokens, also those of the identity', async () => {
    const person = somebody()
    const signedIn = await signInAt(w, person)
    const headers = sessionOf(signedIn)
    now = later(HOUR_MS)
    const log = renewal({ body: { access_token: 'a2', refresh_token: 'r2', expires_in: 60 } })
    const answer = await extend(headers)
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        providerAccessToken: 'a2',
        providerRefreshToken: 'r2',
        providerAccessTokenExpiry: wire(after(HOUR + MINUTE)),
        expire: wire(after(YEAR + HOUR)),
        current: false,
        countryName: '',
      },
    ])
    expect(log.map(({ url }) => url.href)).toEqual(['https://id.example.com/token'])
    expect(Object.fromEntries(new URLSearchParams(log[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh',
      client_id: 'client',
      client_secret: 'client secret',
    })
    const mine = await w.send('get', '/account/identities', undefined, headers)
    expect(mine.body.identities).toMatchObject([
      { providerAccessToken: 'a2', providerRefreshToken: 'r2' },
    ])
  })
  test('keeps the refresh token that the provider does not renew', async () => {
    const headers = sessionOf(await signInAt(w, somebody()))
    renewal({ body: { access_token: 'a2' } })
    expect((await extend(headers)).body).toMatchObject({
      providerAccessToken: 'a2',
      providerRefreshToken: 'refresh',
      providerAccessTokenExpiry: '',
    })
  })
  test('asks nobody where there is no refresh token', async () => {
    const headers = sessionOf(
      await signInAt(w, somebody(), { tokens: { refresh_token: undefined } }),
    )
    const log = renewal(new Error('unexpected'))
    expect((await extend(headers)).status).toBe(200)
    expect(log).toEqual([])
  })
  test('works while the provider is switched off: running sessions stay', async () => {
    const headers = sessionOf(await signInAt(w, somebody()))
    await w.db.update(oauthProviders).set({ enabled: false }).where(eq(oauthProviders.id, 'oidc'))
    renewal({ body: { access_token: 'a2' } })
    expect((await extend(headers)).status).toBe(200)
  })
  test.each([
    ['is gone', async () => w.db.delete(oauthProviders).where(eq(oauthProviders.id, 'oidc'))],
    ['has lost an address', () => setUpOidc(w, { tokenURL: '' })],
  ])('is refused when the provider %s', async (_, change) => {
    const person = somebody()
    const headers = sessionOf(await signInAt(w, person))
    await change()
    expect(refused(await extend(headers))).toEqual([400, 'project_provider_unsupported'])
  })
  test('is refused, and extends nothing, when the provider refuses', async () => {
    const headers = sessionOf(await signInAt(w, somebody()))
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { body: before } = await w.send('get', '/account/sessions/current', undefined, headers)
    now = later(HOUR_MS)
    renewal({ status: 400, body: { error: 'invalid_grant' } })
    const answer = await extend(headers)
    expect(refused(answer)).toEqual([500, 'user_oauth2_provider_failure'])
    expect(answer.body.message).toContain('invalid_grant')
    const { body } = await w.send('get', '/account/sessions/current', undefined, headers)
    expect(body).toEqual(before)
  })
  test('that another request renews meanwhile happens once', async () => {
    const headers = sessionOf(await signInAt(w, somebody()))
    const log = network({
      'POST https://id.example.com/token': async () => {
        const { body } = await w.send('get', '/account/sessions/current', undefined, headers)
        await w.db
          .update(sessions)
          .set({ providerRefreshToken: 'renewed by another' })
          .where(eq(sessions.id, body.$id))
        return { body: { access_token: 'a2', refresh_token: 'r2' } }
      },
    })
    expect(refused(await extend(headers))).toEqual([404, 'user_session_not_found'])
    expect(log).toHaveLength(1)
  })
  test('asks where a provider wants to be asked for it', async () => {
    await setUp(w, 'figma', { clientId: 'c', clientSecret: 's' })
    const user = await w.user()
    const id = crypto.randomUUID().slice(0, 20)
    const sealed = await sealTokens(
      { var: { settings: { SECRET: w.env.SECRET } } } as never,
      'session',
      id,
      { access: 'a', refresh: 'r' },
    )
    const { headers } = await w.session(user.id, {
      id,
      provider: 'figma',
      providerUid: 'u',
      ...sealed,
    })
    const log = network({
      'POST https://api.figma.com/v1/oauth/refresh': () => ({ body: { access_token: 'a2' } }),
    })
    expect((await extend(headers)).body).toMatchObject({ providerAccessToken: 'a2' })
    expect(log[0]?.headers.get('authorization')).toBe(`Basic ${btoa('c:s')}`)
    expect(await identitiesOf(w, user.id)).toEqual([])
  })
})
