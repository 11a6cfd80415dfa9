import { OAuthProvider } from 'appwrite'
import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import { PROVIDERS as SETTABLE } from '#/identity/providers/catalog/fields'
import { PROVIDERS } from '#/identity/providers/catalog/providers'
import api from '#test/contract/api.json'
import { SAMPLES, type Sample, VARIABLE_SAMPLES } from '#test/fixtures/oauth2-providers'
import { after, epochSeconds, MINUTE } from '#test/support/clock'
import {
  type Asked,
  comeBack,
  identitiesOf,
  type Network,
  network,
  oauth2World,
  sessionOf,
  setUp,
  setVariable,
  start,
} from '#test/support/oauth2'
import type { Json, World } from '#test/support/world'

afterEach(() => vi.restoreAllMocks())

const CLIENT = 'the-client'
const SECRET = 'the secret/+'
const ALL = { ...SAMPLES, ...VARIABLE_SAMPLES }

test('knows every provider that SDKs and contract name', () => {
  const named = (api as Json).paths['/account/sessions/oauth2/{provider}'].get.parameters.find(
    ({ name }: Json) => name === 'provider',
  ).schema
  const names = new Set<string>([
    ...Object.values(OAuthProvider),
    ...named.enum,
    ...named['x-sdk-only-enum'],
  ])
  expect([...PROVIDERS.keys()].sort()).toEqual([...names].sort())
  expect(Object.keys(ALL).sort()).toEqual([...names].sort())
  expect(Object.keys(SAMPLES).sort()).toEqual(SETTABLE.map(({ id }) => id).sort())
})

const applePair = await generateKeyPair('ES256', { extractable: true })
const P8 = await exportPKCS8(applePair.privateKey)

/** Sets a provider up as its owner has to. */
async function prepare(w: World, key: string, { settings = {} }: Sample) {
  const known = SETTABLE.find(({ id }) => id === key)
  if (!known) {
    const value = JSON.stringify({ clientId: CLIENT, clientSecret: SECRET })
    return setVariable(w, `OAUTH2_${key.toUpperCase()}`, value)
  }
  const secret: Record<string, string> =
    known.secretField === undefined
      ? { keyId: 'KEY1', teamId: 'TEAM1', p8File: P8 }
      : { [known.secretField]: SECRET }
  return setUp(w, key, { [known.idField]: CLIENT, ...secret, ...settings })
}

const segment = (value: object) =>
  btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const jwt = (claims: object) => `${segment({ alg: 'RS256', kid: '1' })}.${segment(claims)}.c2ln`

/** Answers as the provider does; an ID token repeats the nonce of the request. */
function answersOf(
  { token, profile, profileMethod, parts = {}, tokens, document }: Sample,
  nonce: string,
) {
  const seconds = epochSeconds()
  const idToken = profile
    ? {}
    : {
        id_token: jwt({
          aud: CLIENT,
          iat: seconds,
          exp: seconds + 600,
          ...(nonce ? { nonce } : {}),
          ...(document as object | undefined),
        }),
      }
  const plain = { access_token: 'plain-token', token_type: 'Bearer', expires_in: 3600, ...idToken }
  const answers: Network = { [`POST ${token}`]: () => ({ body: tokens ?? plain }) }
  if (profile) {
    const { origin, pathname } = new URL(profile)
    answers[`${profileMethod ?? 'GET'} ${origin}${pathname}`] = () => ({ body: document })
  }
  for (const [url, body] of Object.entries(parts)) answers[`GET ${url}`] = () => ({ body })
  return answers
}

/** Checks how the client has proved itself at the token endpoint. */
async function checkClient(asked: Asked, { auth, pkce }: Sample, key: string) {
  const body = new URLSearchParams(asked.body)
  expect(body.get('grant_type')).toBe('authorization_code')
  expect(body.get('code')).toBe('a code')
  expect(body.get('redirect_uri')).toBe(
    `http://localhost/v1/account/sessions/oauth2/callback/${key}/edgewrite`,
  )
  expect(body.has('code_verifier')).toBe(pkce ?? false)
  expect(asked.headers.get('accept')).toBe('application/json')
  expect(asked.headers.get('user-agent')).toBe('Edgewrite')
  const secret = body.get('client_secret')
  if (auth === 'basic') {
    expect(asked.headers.get('authorization')).toBe(`Basic ${btoa(`${CLIENT}:${SECRET}`)}`)
    expect(secret).toBeNull()
    return
  }
  expect(asked.headers.get('authorization')).toBeNull()
  expect(body.get(key === 'tiktok' ? 'client_key' : 'client_id')).toBe(CLIENT)
  if (auth !== 'apple') return expect(secret).toBe(SECRET)
  const { payload, protectedHeader } = await jwtVerify(secret ?? '', applePair.publicKey, {
    issuer: 'TEAM1',
    subject: CLIENT,
    audience: 'https://appleid.apple.com',
    currentDate: after(MINUTE),
  })
  expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'KEY1' })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)
}

test.each(Object.entries(ALL))('%s: is asked as it wants, and read', async (key, sample) => {
  const w = await oauth2World()
  await w.env.DB.prepare('delete from users').run()
  await prepare(w, key, sample)

  const query = { success: 'http://localhost/ok', 'scopes[0]': 'extra' }
  const begun = await start(w, { provider: key, query })
  expect(begun.answer.status).toBe(301)
  const { searchParams } = begun.location
  const base = new URL(sample.authorize)
  expect(begun.location.origin + begun.location.pathname).toBe(base.origin + base.pathname)
  const separator = sample.scope?.includes(',') || ['box', 'tiktok'].includes(key) ? ',' : ' '
  const nonce = searchParams.get('nonce') ?? ''
  expect(Object.fromEntries(searchParams)).toEqual({
    ...Object.fromEntries(base.searchParams),
    [key === 'tiktok' ? 'client_key' : 'client_id']: CLIENT,
    redirect_uri: `http://localhost/v1/account/sessions/oauth2/callback/${key}/edgewrite`,
    response_type: 'code',
    scope: [sample.scope, 'extra'].filter(Boolean).join(separator),
    state: expect.stringMatching(/^[\w-]{50,2048}$/),
    ...(sample.pkce
      ? { code_challenge: expect.stringMatching(/^[\w-]{43}$/), code_challenge_method: 'S256' }
      : {}),
    ...(key === 'apple' ? { nonce: expect.stringMatching(/^[\w-]{43}$/) } : {}),
    ...sample.ask,
  })

  const log = network(answersOf(sample, nonce))
  const answer = await comeBack(w, begun, { provider: key, answer: { code: 'a code' } })
  expect([answer.status, answer.headers.get('location')]).toEqual([301, 'http://localhost/ok'])
  const [token, ...documents] = log
  expect(token?.url.href).toBe(sample.token)
  if (token) await checkClient(token, sample, key)
  const access = sample.access ?? 'plain-token'
  expect(documents.map(({ url }) => url.href)).toEqual([
    ...(sample.profile ? [sample.profile] : []),
    ...Object.keys(sample.parts ?? {}),
  ])
  for (const { headers } of documents) {
    expect(headers.get('authorization')).toBe(`${sample.scheme ?? 'Bearer'} ${access}`)
    expect(headers.get('user-agent')).toBe('Edgewrite')
    for (const [name, value] of Object.entries(sample.headers ?? {})) {
      expect(headers.get(name)).toBe(value)
    }
  }

  const [uid, email, isVerified, name] = sample.expected
  const session = sessionOf(answer)
  const account = await w.send('get', '/account', undefined, session)
  expect(account.body).toMatchObject({ email, emailVerification: isVerified, name })
  const current = await w.send('get', '/account/sessions/current', undefined, session)
  expect(current.body).toMatchObject({
    provider: key,
    providerUid: uid,
    providerAccessToken: access,
    factors: ['email', 'oauth2'],
  })
  expect(await identitiesOf(w, account.body.$id)).toMatchObject([
    { provider: key, providerUid: uid, providerEmail: email },
  ])
})
