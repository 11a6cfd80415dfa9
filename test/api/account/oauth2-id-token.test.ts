import { eq } from 'drizzle-orm'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { sessions } from '#/db/schema'
import { after, HOUR, wire } from '#test/support/clock'
import {
  identitiesOf,
  identity,
  network,
  oauth2World,
  sessionOf,
  setUp,
  setVariable,
  somebody,
} from '#test/support/oauth2'
import { type Json, NOW, type World } from '#test/support/world'

const pair = await generateKeyPair('RS256', { extractable: true })
const stranger = await generateKeyPair('RS256', { extractable: true })
const keySet = {
  keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }],
}
const KEYS = {
  'GET https://appleid.apple.com/auth/keys': () => ({ body: keySet }),
  'GET https://www.googleapis.com/oauth2/v3/certs': () => ({ body: keySet }),
}
const ISSUERS = { apple: 'https://appleid.apple.com', google: 'https://accounts.google.com' }
const AUDIENCES = { apple: 'com.example.app', google: 'web-client' }
const NONCE = 'a nonce of the app'
const NONCE_HASH = Array.from(
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(NONCE))),
  (byte) => byte.toString(16).padStart(2, '0'),
).join('')

let w: World
beforeAll(async () => {
  w = await oauth2World()
  await setVariable(w, 'OAUTH2_APPLE_NATIVE_CLIENT_IDS', 'com.example.app, com.example.other')
  await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' })
})
beforeEach(() => {
  network(KEYS)
})
afterEach(() => vi.restoreAllMocks())

type How = {
  provider?: 'apple' | 'google'
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  key?: CryptoKey
  body?: Record<string, unknown>
  headers?: Record<string, string>
}

/** Makes an ID token as a provider does. */
async function idToken({ provider = 'google', claims = {}, header = {}, key }: How) {
  const seconds = Math.floor(NOW.getTime() / 1000)
  const all: Record<string, unknown> = {
    iss: ISSUERS[provider],
    aud: AUDIENCES[provider],
    iat: seconds,
    jti: crypto.randomUUID(),
    exp: seconds + 300,
    ...(provider === 'apple' ? { nonce: NONCE_HASH } : {}),
    ...claims,
  }
  return new SignJWT(JSON.parse(JSON.stringify(all)))
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
    .sign(key ?? pair.privateKey)
}

async function signIn(how: How) {
  const { provider = 'google', body = {}, headers = {} } = how
  return w.send(
    'post',
    '/account/sessions/id-token',
    {
      provider,
      idToken: await idToken(how),
      ...(provider === 'apple' ? { nonce: NONCE } : {}),
      ...body,
    },
    headers,
  )
}
const INVALID = [401, 'user_invalid_token']
const refusal = ({ status, body }: { status: number; body: Json }) => [status, body.type]

describe('an ID token that is good', () => {
  test.each(['apple', 'google'] as const)(
    'of %s signs somebody up, and in again',
    async (provider) => {
      const person = somebody()
      const { name, ...claims } = person
      const first = await signIn({
        provider,
        claims,
        body: { name, accessToken: 'access', accessTokenExpiry: 3600 },
      })
      expect([first.status, first.body]).toMatchObject([
        201,
        {
          provider,
          providerUid: person.sub,
          providerAccessToken: 'access',
          providerAccessTokenExpiry: wire(after(HOUR)),
          providerRefreshToken: '',
          factors: ['email', 'oauth2'],
          current: true,
          secret: '',
        },
      ])
      const account = await w.send('get', '/account', undefined, sessionOf(first))
      expect(account.body).toMatchObject({
        email: person.email,
        emailVerification: true,
        name: person.name,
      })
      const again = await signIn({ provider, claims })
      expect(again.body.userId).toBe(first.body.userId)
      expect(await identitiesOf(w, first.body.userId)).toHaveLength(1)
    },
  )
  test.each([
    [['pwd'], false],
    [['pwd', 'mfa'], true],
    [['otp'], true],
    [['hwk'], true],
    [['swk'], true],
    [['MFA'], false],
    ['mfa', false],
    [{ 0: 'mfa' }, false],
    [undefined, false],
  ])('whose `amr` is %j counts as more than one factor: %s', async (amr, isMore) => {
    const { body } = await signIn({ claims: { ...somebody(), amr } })
    expect(body.factors).toEqual(['email', 'oauth2', ...(isMore ? ['mfa'] : [])])
  })
  test('leads to the user with its address when the provider vouches for it', async () => {
    const person = somebody()
    const user = await w.user({ email: person.email })
    expect((await signIn({ claims: { ...person, email_verified: 'true' } })).body.userId).toBe(
      user.id,
    )
  })
  test('never does otherwise', async () => {
    const person = somebody({ email_verified: false })
    const user = await w.user({ email: person.email })
    expect(refusal(await signIn({ claims: person }))).toEqual([400, 'general_bad_request'])
    expect(await identitiesOf(w, user.id)).toEqual([])
  })
  test('links to whoever is signed in, in a new session', async () => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const { body } = await signIn({ claims: somebody(), headers })
    expect(body.userId).toBe(user.id)
    const left = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
    expect(left.map(({ id }) => id)).toEqual([body.$id])
  })
  test('links to nobody where the owner has switched it off', async () => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    await w.set('linkIdentities', false)
    const person = somebody()
    const { status, body } = await signIn({ claims: { ...person }, headers })
    await w.set('linkIdentities', true)
    expect([status, body.userId === user.id]).toEqual([201, false])
    expect(await identitiesOf(w, user.id)).toEqual([])
  })
  test('takes nothing away that a browser’s sign-in has brought', async () => {
    const person = somebody()
    const user = await w.user({ email: person.email })
    const kept = { provider: 'google', providerUid: person.sub, providerRefreshToken: 'sealed' }
    await identity(w, user.id, kept)
    await signIn({ claims: person })
    expect(await identitiesOf(w, user.id)).toMatchObject([kept])
  })
  test('shows the secret to servers', async () => {
    const headers = await w.key('sessions.write')
    expect((await signIn({ claims: somebody(), headers })).body.secret).toMatch(/^eyJ/)
  })
  test('names the issuer with or without its scheme', async () => {
    expect((await signIn({ claims: { ...somebody(), iss: 'accounts.google.com' } })).status).toBe(
      201,
    )
  })
  test.each([
    ['com.example.app', 201],
    ['com.example.other', 201],
    ['com.example.third', 401],
    ['com.example.app, com.example.other', 401],
  ])('is for one of the clients that the owner lists: %s', async (aud, status) => {
    expect((await signIn({ provider: 'apple', claims: { ...somebody(), aud } })).status).toBe(
      status,
    )
  })
})

describe('the nonce', () => {
  test.each([
    ['apple', { nonce: NONCE_HASH }, { nonce: NONCE }, 201],
    ['apple', { nonce: NONCE }, { nonce: NONCE }, 201],
    ['apple', { nonce: NONCE_HASH }, { nonce: 'another' }, 401],
    ['apple', { nonce: NONCE_HASH }, { nonce: '' }, 401],
    ['apple', { nonce: undefined }, { nonce: NONCE }, 401],
    ['apple', { nonce: '' }, { nonce: '' }, 401],
    ['google', {}, {}, 201],
    ['google', {}, { nonce: NONCE }, 201],
    ['google', { nonce: NONCE }, { nonce: NONCE }, 201],
    ['google', { nonce: NONCE }, {}, 401],
    ['google', { nonce: NONCE }, { nonce: 'another' }, 401],
  ] as const)('of %s: token %o, request %o: %i', async (provider, claims, body, status) => {
    const answer = await signIn({ provider, claims: { ...somebody(), ...claims }, body })
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.body.type).toBe('user_invalid_token')
  })
})

describe('an ID token that is not', () => {
  test.each<[string, How]>([
    ['is signed by somebody else', { key: stranger.privateKey }],
    ['is of another issuer', { claims: { iss: 'https://evil.example.com' } }],
    ['is of the other provider', { claims: { iss: ISSUERS.apple } }],
    ['is for another app', { claims: { aud: 'another-app' } }],
    ['has expired', { claims: { exp: Math.floor(NOW.getTime() / 1000) } }],
    ['never expires', { claims: { exp: undefined } }],
    ['is of tomorrow', { claims: { nbf: Math.floor(NOW.getTime() / 1000) + 86_400 } }],
    ['names nobody', { claims: { sub: undefined } }],
    ['names a key that is not there', { header: { kid: 'k2' } }],
  ])('%s signs nobody in', async (_, how) => {
    const answer = await signIn({ ...how, claims: { ...somebody(), ...how.claims } })
    expect(refusal(answer)).toEqual(INVALID)
    expect(answer.headers.getSetCookie()).toEqual([])
  })
  test.each([
    ['text', 'hello'],
    ['unsigned', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['signed with the public key', ''],
  ])('a token at all is refused: %s', async (kind, given) => {
    const forged = async () => {
      const secret = new TextEncoder().encode(JSON.stringify(keySet.keys[0]))
      const seconds = Math.floor(NOW.getTime() / 1000)
      return new SignJWT({ sub: 'x', aud: 'web-client', iss: ISSUERS.google, iat: seconds })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .setExpirationTime(seconds + 60)
        .sign(secret)
    }
    const token = kind.startsWith('signed') ? await forged() : given
    expect(refusal(await signIn({ body: { idToken: token } }))).toEqual(INVALID)
  })
  test('is the provider’s failure when its keys cannot be read', async () => {
    vi.resetModules()
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    network({ 'GET https://www.googleapis.com/oauth2/v3/certs': () => ({ status: 500, body: '' }) })
    const fresh = await import('#/identity/providers/protocol/id-token')
    const given = { idToken: await idToken({}), nonce: '', audiences: ['web-client'], now: NOW }
    await expect(fresh.verifyIdToken('google', given)).rejects.toMatchObject({
      type: 'user_oauth2_provider_failure',
    })
    expect(log).toHaveBeenCalledOnce()
  })
})

describe('signing in by ID token', () => {
  test('is off until the owner sets the provider up', async () => {
    const bare = await oauth2World()
    await bare.env.DB.prepare('delete from oauth_providers').run()
    const answer = await signIn({ claims: somebody() })
    await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' })
    expect(refusal(answer)).toEqual([412, 'project_provider_disabled'])
  })
  test('is off with the provider, unless native clients are listed', async () => {
    await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' }, false)
    const off = await signIn({ claims: somebody() })
    await setVariable(w, 'OAUTH2_GOOGLE_NATIVE_CLIENT_IDS', 'android-client')
    const android = await signIn({ claims: { ...somebody(), aud: 'android-client' } })
    const web = await signIn({ claims: somebody() })
    await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' })
    expect([refusal(off), android.status, refusal(web)]).toEqual([
      [412, 'project_provider_disabled'],
      201,
      INVALID,
    ])
  })
  test.each([
    { provider: 'github' },
    { provider: undefined },
    { idToken: '' },
    { idToken: 5 },
    { accessTokenExpiry: -1 },
    { accessTokenExpiry: 'soon' },
  ])('refuses %o', async (body) => {
    expect(refusal(await signIn({ body }))).toEqual([400, 'general_argument_invalid'])
  })
})
