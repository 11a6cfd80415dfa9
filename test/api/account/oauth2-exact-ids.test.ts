import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { identities } from '#/db/schema'
import {
  comeBack,
  errorIn,
  network,
  oauth2World,
  setUp,
  setVariable,
  start,
} from '#test/support/oauth2'
import { NOW, type World } from '#test/support/world'

const ENDS = { success: 'http://localhost/ok', failure: 'http://localhost/no' }
const SECONDS = Math.floor(NOW.getTime() / 1000)
const encoder = new TextEncoder()
const base64url = (text: string) =>
  btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const jwtOf = (payload: string) => `${base64url('{"alg":"RS256"}')}.${base64url(payload)}.c2ln`

const pair = await generateKeyPair('RS256', { extractable: true })

let w: World
beforeAll(async () => {
  w = await oauth2World()
  const addresses = {
    clientId: 'client',
    clientSecret: 'secret',
    authorizationURL: 'https://id.example.com/authorize',
    tokenURL: 'https://id.example.com/token',
    userInfoURL: 'https://id.example.com/me',
  }
  const add = (name: string, more: object = {}) =>
    setVariable(w, `OAUTH2_${name}`, JSON.stringify({ ...addresses, ...more }))
  await add('PLAIN')
  await add('NESTED', { idPath: 'data.0.user.user_id' })
  await add('ANSWER', { idPath: '$.user_id' })
  await add('CLAIM', { idPath: '$.tokenClaims.sub' })
  await setUp(w, 'github', { clientId: 'client', clientSecret: 'secret' })
})
afterEach(() => vi.restoreAllMocks())

type Place = { provider: string; token: (id: string) => string; me: (id: string) => string }
const ACCESS = '"access_token":"access","token_type":"bearer"'
const PLACES: Record<string, Place> = {
  'sub of the profile': {
    provider: 'plain',
    token: () => `{${ACCESS}}`,
    me: (id) => `{"sub":${id},"email":"EMAIL","email_verified":true}`,
  },
  'id of the profile': {
    provider: 'plain',
    token: () => `{${ACCESS}}`,
    me: (id) => `{"id":${id},"email":"EMAIL","email_verified":true}`,
  },
  'a place deep in the profile': {
    provider: 'nested',
    token: () => `{${ACCESS}}`,
    me: (id) => `{"data":[{"user":{"user_id":${id}}}],"email":"EMAIL","email_verified":true}`,
  },
  'the token answer': {
    provider: 'answer',
    token: (id) => `{${ACCESS},"user_id":${id}}`,
    me: () => '{"email":"EMAIL","email_verified":true}',
  },
  'the access token': {
    provider: 'claim',
    token: (id) => `{"access_token":"${jwtOf(`{"sub":${id}}`)}","token_type":"bearer"}`,
    me: () => '{"email":"EMAIL","email_verified":true}',
  },
}

let people = 0
/** Signs somebody in whose ID stands in the provider's answers just so. @returns the user, or the error */
async function arrive({ provider, token, me }: Place, id: string) {
  const email = `person-${people++}@example.com`
  const begun = await start(w, { provider, query: ENDS })
  const profile = { status: 200, body: me(id).replace('EMAIL', email) }
  network({
    'POST https://id.example.com/token': () => ({ status: 200, body: token(id) }),
    'GET https://id.example.com/me': () => profile,
  })
  const answer = await comeBack(w, begun, { provider })
  vi.restoreAllMocks()
  const location = new URL(answer.headers.get('location') ?? 'about:blank')
  const rows = await w.db.select().from(identities)
  const found = rows.find(
    ({ provider: name, providerUid }) => name === provider && id.includes(providerUid),
  )
  return {
    pathname: location.pathname,
    error: errorIn(location)?.type,
    uid: found?.providerUid,
    rows,
  }
}

describe.each(Object.entries(PLACES))('an ID in %s', (_, place) => {
  test('that is a large number is read digit by digit: neighbours are two people', async () => {
    await w.db.delete(identities)
    const ids = ['12345678901234567891', '12345678901234567892', '9007199254740993', '17']
    for (const id of ids) {
      const { pathname, uid } = await arrive(place, id)
      expect([pathname, uid]).toEqual(['/ok', id])
    }
    const rows = await w.db.select().from(identities)
    expect(rows.map(({ providerUid }) => providerUid).sort()).toEqual(ids.toSorted())
    expect(new Set(rows.map(({ userId }) => userId)).size).toBe(ids.length)
    expect((await arrive(place, ids[0] ?? '')).rows).toHaveLength(ids.length)
  })
  test.each([
    '1.0',
    '1e3',
    '12345678901234567891.5',
    '1E400',
    'true',
    '"a\\u0000"',
    '"\\ud800"',
    '{}',
  ])('that is %s belongs to nobody', async (id) => {
    await w.db.delete(identities)
    const { pathname, error, rows } = await arrive(place, id)
    expect([pathname, error, rows]).toEqual(['/no', 'user_missing_id', []])
  })
})

test('bytes of a profile that are not UTF-8 make no two people one', async () => {
  const begun = await start(w, { provider: 'plain', query: ENDS })
  const me = encoder.encode('{"sub":"?","email":"x@example.com","email_verified":true}')
  me[8] = 0xff
  network({})
  vi.mocked(fetch).mockImplementation(async (url) =>
    `${url}`.endsWith('/me') ? new Response(me) : new Response(`{${ACCESS}}`),
  )
  const answer = await comeBack(w, begun, { provider: 'plain' })
  const location = new URL(answer.headers.get('location') ?? 'about:blank')
  expect([location.pathname, errorIn(location).type]).toEqual(['/no', 'user_missing_id'])
})

test('a provider that is known here is read alike', async () => {
  await w.db.delete(identities)
  for (const id of ['12345678901234567891', '12345678901234567892']) {
    const begun = await start(w, { provider: 'github', query: ENDS })
    network({
      'POST https://github.com/login/oauth/access_token': () => ({ body: `{${ACCESS}}` }),
      'GET https://api.github.com/user': () => ({ body: `{"id":${id},"name":"G"}` }),
      'GET https://api.github.com/user/emails': () => ({
        body: [{ email: `g${id}@example.com`, primary: true, verified: true }],
      }),
    })
    await comeBack(w, begun, { provider: 'github' })
    vi.restoreAllMocks()
  }
  const rows = await w.db.select().from(identities)
  expect(rows.map(({ providerUid }) => providerUid)).toEqual([
    '12345678901234567891',
    '12345678901234567892',
  ])
})

describe('an ID token', () => {
  test.each(['12345678901234567891', '12345678901234567892'])(
    'that a client holds may have the number %s',
    async (sub) => {
      const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }]
      await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' })
      network({ 'GET https://www.googleapis.com/oauth2/v3/certs': () => ({ body: { keys } }) })
      const payload = `{"iss":"https://accounts.google.com","aud":"web-client","sub":${sub},
        "iat":${SECONDS},"exp":${SECONDS + 300},"email":"t${sub}@example.com","email_verified":true}`
      const idToken = await new CompactSign(encoder.encode(payload))
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .sign(pair.privateKey)
      const body = { provider: 'google', idToken }
      const answer = await w.send('post', '/account/sessions/id-token', body, {})
      expect([answer.status, answer.body.providerUid]).toEqual([201, sub])
    },
  )
})
