import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { epochSeconds, HOUR } from '#test/support/clock'
import {
  comeBack,
  errorIn,
  type Network,
  network,
  oauth2World,
  sessionOf,
  setUp,
  setVariable,
  somebody,
  start,
} from '#test/support/oauth2'
import { NOW, type World } from '#test/support/world'

const ENDS = { success: 'http://localhost/ok', failure: 'http://localhost/no' }
const JSON_ALONE = { Accept: 'application/json' }
let now = NOW
let w: World
beforeAll(async () => {
  w = await oauth2World({}, () => now)
})
beforeEach(() => {
  now = NOW
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

const segment = (value: object) =>
  btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

let issuers = 0
/** Makes an OpenID provider that nobody has asked yet. */
function openId(more: Record<string, unknown> = {}) {
  const issuer = `https://op-${++issuers}.example.com`
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/me`,
    ...more,
  }
  return { issuer, metadata, wellKnown: `${issuer}/.well-known/openid-configuration` }
}
type OpenId = ReturnType<typeof openId>

const use = ({ wellKnown }: OpenId) =>
  setUp(w, 'oidc', { clientId: 'client', clientSecret: 'client/secret', wellKnownURL: wellKnown })
const discovery = ({ wellKnown, metadata }: OpenId): Network => ({
  [`GET ${wellKnown}`]: () => ({ body: metadata }),
})

/** Signs in; `claims` are what the ID token says beside what it has to. */
async function signIn(
  op: OpenId,
  {
    claims = {} as Record<string, unknown>,
    header = { alg: 'RS256', kid: '1' } as Record<string, unknown>,
    idToken = true,
    profile = undefined as Record<string, unknown> | undefined,
    answer = {} as Record<string, string>,
  } = {},
) {
  const person = somebody()
  network(discovery(op))
  const begun = await start(w, { query: ENDS })
  const seconds = epochSeconds()
  const payload = {
    iss: op.issuer,
    sub: person.sub,
    aud: 'client',
    iat: seconds,
    exp: seconds + 300,
    nonce: begun.location.searchParams.get('nonce'),
    ...claims,
  }
  const jwt = `${segment(header)}.${segment(payload)}.c2ln`
  const log = network({
    ...discovery(op),
    [`POST ${op.issuer}/token`]: () => ({
      body: { access_token: 'a', token_type: 'Bearer', ...(idToken ? { id_token: jwt } : {}) },
    }),
    [`GET ${op.issuer}/me`]: () => ({ body: profile ?? person }),
  })
  const back = await comeBack(w, begun, { answer: { code: 'c', ...answer } })
  const location = new URL(back.headers.get('location') ?? 'about:blank')
  return { ...back, begun, log, location, error: errorIn(location) }
}

describe('a provider that says how somebody signed in', () => {
  const factorsOf = async (answer: Parameters<typeof sessionOf>[0]) =>
    (await w.send('get', '/account/sessions/current', undefined, sessionOf(answer))).body.factors
  test.each([
    [['pwd', 'otp'], true],
    [['pwd'], false],
    [undefined, false],
  ])('by %j in a checked ID token is believed: %s', async (amr, isMore) => {
    const op = openId()
    await use(op)
    const answer = await signIn(op, { claims: { amr } })
    expect(await factorsOf(answer)).toEqual(['email', 'oauth2', ...(isMore ? ['mfa'] : [])])
  })
  test('in the profile alone is not', async () => {
    const op = openId()
    await use(op)
    const sub = crypto.randomUUID()
    const profile = { ...somebody(), sub, amr: ['mfa'] }
    const answer = await signIn(op, { claims: { sub }, profile })
    expect(await factorsOf(answer)).toEqual(['email', 'oauth2'])
  })
})

describe('a provider that tells its addresses', () => {
  test('is asked once in ten minutes', async () => {
    const op = openId()
    await use(op)
    const { begun, log, location } = await signIn(op)
    expect(begun.location.origin + begun.location.pathname).toBe(`${op.issuer}/authorize`)
    expect(location.href).toBe(ENDS.success)
    expect(log.map(({ url }) => url.pathname)).toEqual(['/token', '/me'])
    now = new Date(NOW.getTime() + 10 * 60_000)
    const later = network(discovery(op))
    await start(w)
    expect(later.map(({ url }) => url.href)).toEqual([op.wellKnown])
  })
  test.each([
    [
      'client_secret_basic alone',
      ['client_secret_basic'],
      `Basic ${btoa('client:client%2Fsecret')}`,
    ],
    ['nothing of it', undefined, `Basic ${btoa('client:client%2Fsecret')}`],
    ['both', ['client_secret_basic', 'client_secret_post'], null],
    ['neither', ['private_key_jwt'], null],
  ])('is shown the client as it says: %s', async (_, methods, authorization) => {
    const op = openId(methods ? { token_endpoint_auth_methods_supported: methods } : {})
    await use(op)
    const { log } = await signIn(op)
    expect(log[0]?.headers.get('authorization')).toBe(authorization)
    expect(new URLSearchParams(log[0]?.body).has('client_secret')).toBe(authorization === null)
  })
  test.each([
    [
      'answers with an error',
      (op: OpenId): Network => ({ [`GET ${op.wellKnown}`]: () => ({ status: 500, body: {} }) }),
    ],
    [
      'tells no addresses',
      (op: OpenId): Network => ({ [`GET ${op.wellKnown}`]: () => ({ body: {} }) }),
    ],
    ['cannot be reached', () => ({})],
  ])('and %s is the provider’s failure', async (_, answers) => {
    const op = openId()
    await use(op)
    network(answers(op))
    const { answer } = await start(w, { headers: JSON_ALONE })
    expect([answer.status, answer.body.type]).toEqual([500, 'user_oauth2_provider_failure'])
  })
  test.each([
    ['authorization_endpoint', 'http://op.example.com/a'],
    ['token_endpoint', 'https://169.254.169.254/token'],
    ['token_endpoint', 'https://localhost/token'],
    ['userinfo_endpoint', 'https://10.0.0.1/me'],
  ])('and whose %s is not public is not used', async (name, address) => {
    const op = openId({ [name]: address })
    await use(op)
    network(discovery(op))
    const { answer } = await start(w, { headers: JSON_ALONE })
    expect([answer.status, answer.body.type]).toEqual([412, 'project_provider_disabled'])
  })
  test('leaves addresses alone that the owner has set', async () => {
    const op = openId()
    await setUp(w, 'oidc', {
      clientId: 'c',
      clientSecret: 's',
      wellKnownURL: op.wellKnown,
      authorizationURL: 'https://login.example.net/go',
    })
    network(discovery(op))
    expect((await start(w)).location.host).toBe('login.example.net')
  })
})

describe('an ID token', () => {
  test.each([
    ['is missing', { idToken: false }],
    ['repeats no nonce', { claims: { nonce: undefined } }],
    ['repeats another nonce', { claims: { nonce: 'another' } }],
    ['is of another issuer', { claims: { iss: 'https://evil.example.com' } }],
    ['is for another client', { claims: { aud: 'another' } }],
    ['is for others too, without saying for whom', { claims: { aud: ['client', 'another'] } }],
    ['has expired', { claims: { exp: epochSeconds() - HOUR } }],
    ['is of a future', { claims: { nbf: epochSeconds() + HOUR } }],
    ['names nobody', { claims: { sub: undefined } }],
    ['names somebody else than the profile', { claims: { sub: 'somebody else' } }],
    ['is signed by nothing', { header: { alg: 'none' } }],
    [
      'comes with a profile of nobody',
      { profile: { email: 'a@example.com', email_verified: true } },
    ],
  ])('that %s signs nobody in', async (_, how) => {
    const op = openId()
    await use(op)
    const { error, headers } = await signIn(op, how)
    expect(error).toMatchObject({ type: 'user_oauth2_provider_failure', code: 424 })
    expect(headers.getSetCookie().some((line) => line.startsWith('a_session'))).toBe(false)
  })
  test('of a provider with many issuers is left alone, as the profile comes over TLS', async () => {
    const op = openId({ issuer: 'https://login.example.com/{tenantid}/v2.0' })
    await use(op)
    const { location, begun } = await signIn(op, { idToken: false })
    expect([location.href, begun.location.searchParams.has('nonce')]).toEqual([ENDS.success, false])
  })
  test('is read by the algorithms that the provider names', async () => {
    const op = openId({ id_token_signing_alg_values_supported: ['ES256'] })
    await use(op)
    expect((await signIn(op, { header: { alg: 'ES256' } })).location.href).toBe(ENDS.success)
    expect((await signIn(op)).error.type).toBe('user_oauth2_provider_failure')
  })
  test('is not asked for where an answer names another issuer', async () => {
    const op = openId()
    await use(op)
    expect((await signIn(op, { answer: { iss: op.issuer } })).location.href).toBe(ENDS.success)
    const { error, log } = await signIn(op, { answer: { iss: 'https://evil.example.com' } })
    expect(error.type).toBe('user_oauth2_provider_failure')
    expect(log).toEqual([])
  })
  test('is not asked for where an answer names no issuer of a provider that always does', async () => {
    const op = openId({ authorization_response_iss_parameter_supported: true })
    await use(op)
    expect((await signIn(op, { answer: { iss: op.issuer } })).location.href).toBe(ENDS.success)
    const { error, log } = await signIn(op)
    expect([error.type, log]).toEqual(['user_oauth2_provider_failure', []])
  })
})

describe('the address in an ID token', () => {
  /** Signs in somebody of whom the ID token and the profile say this. @returns their user and identity */
  async function whoever(
    op: OpenId,
    claims: Record<string, unknown>,
    profile: Record<string, unknown> = {},
  ) {
    const sub = crypto.randomUUID()
    const more = { claims: { sub, ...claims }, profile: { sub, ...profile } }
    const answer = await signIn(op, more)
    expect(answer.location.href).toBe(ENDS.success)
    const { body } = await w.send('get', '/account', undefined, sessionOf(answer))
    const { email, emailVerification, name } = body
    const own = await w.send('get', '/account/identities', undefined, sessionOf(answer))
    expect(own.body.identities[0].providerEmail).toBe(email)
    return [email, emailVerification, name]
  }
  const [mine, other] = [() => somebody().email, () => somebody().email]
  const VERIFIED = { email_verified: true }
  const usual = async (more: Record<string, unknown> = {}) => {
    const op = openId(more)
    await use(op)
    return op
  }

  test('alone counts, and so do its verdict and the name', async () => {
    const op = await usual()
    const email = mine()
    expect(await whoever(op, { email, ...VERIFIED, name: 'Ada' })).toEqual([email, true, 'Ada'])
    const unverified = mine()
    expect(await whoever(op, { email: unverified, name: 'Ada' }, { name: 'Bob' })).toEqual([
      ...[unverified, false, 'Bob'],
    ])
  })
  test('yields to the profile’s, whose verdict it does not lend', async () => {
    const op = await usual()
    const email = mine()
    expect(await whoever(op, { email: other(), ...VERIFIED }, { email })).toEqual([
      ...[email, false, ''],
    ])
  })
  test('vouches for the same address in the profile, unless that says otherwise', async () => {
    const op = await usual()
    const [first, second, third] = [mine(), mine(), mine()]
    const upper = { email: first.toUpperCase(), ...VERIFIED }
    expect(await whoever(op, upper, { email: first })).toEqual([first, true, ''])
    const denied = { email: second, email_verified: false }
    expect(await whoever(op, { email: second, ...VERIFIED }, denied)).toEqual([second, false, ''])
    const silent = { email_verified: false }
    expect(await whoever(op, { email: third, ...VERIFIED }, silent)).toEqual([third, false, ''])
  })
  test('leads to its user only if it is vouched for', async () => {
    const op = await usual()
    const email = mine()
    const user = await w.user({ email })
    const sub = crypto.randomUUID()
    const vouched = { claims: { sub, email, ...VERIFIED }, profile: { sub } }
    const plain = { claims: { sub, email }, profile: { sub, ...VERIFIED } }
    expect((await signIn(op, plain)).error).toMatchObject({ type: 'general_bad_request' })
    const answer = await signIn(op, vouched)
    const { body } = await w.send('get', '/account', undefined, sessionOf(answer))
    expect(body).toMatchObject({ $id: user.id, emailVerification: true })
  })
  test.each(['GUEST_example.com#EXT#@tenant.onmicrosoft.com', 'a#ext#@t.onmicrosoft.com'])(
    'is none where it is what Entra calls a guest: %s',
    async (principal) => {
      const op = await usual()
      expect(await whoever(op, { email: principal, ...VERIFIED })).toEqual(['', false, ''])
      const email = mine()
      expect(await whoever(op, { email }, { email: principal })).toEqual([email, false, ''])
    },
  )
  describe('of a provider with many issuers', () => {
    const TENANTS = { issuer: 'https://login.example.com/{tenantid}/v2.0' }
    const own = { iss: 'https://login.example.com/t1/v2.0', tid: 't1' }
    test('counts where the token holds, and never vouches', async () => {
      const op = await usual(TENANTS)
      const email = mine()
      expect(await whoever(op, { ...own, email, ...VERIFIED })).toEqual([email, false, ''])
    })
    test.each([
      ['is of another tenant than it names', { tid: 't2' }],
      ['names no tenant', { tid: undefined }],
      ['is of another issuer', { iss: 'https://evil.example.com/t1/v2.0' }],
      ['is for another client', { aud: 'another' }],
      ['is for others too', { aud: ['client', 'another'] }],
      ['has expired', { exp: epochSeconds() - HOUR }],
      ['is somebody else’s', { sub: 'somebody else' }],
    ])('does not where the token %s', async (_, more) => {
      const op = await usual(TENANTS)
      expect(await whoever(op, { ...own, email: mine(), ...more })).toEqual(['', false, ''])
    })
  })
})

describe('the address in an ID token of Keycloak', () => {
  const REALM = 'https://kc.example.com/realms/staff'
  const signInThere = async (claims: Record<string, unknown>) => {
    const person = { sub: crypto.randomUUID() }
    const keys = { clientId: 'client', clientSecret: 'secret' }
    await setUp(w, 'keycloak', { ...keys, endpoint: 'https://kc.example.com', realmName: 'staff' })
    const begun = await start(w, { provider: 'keycloak', query: ENDS })
    const exp = epochSeconds() + 300
    const token = { iss: REALM, aud: 'client', exp, ...person, ...claims }
    const idToken = `${segment({ alg: 'RS256' })}.${segment(token)}.c2ln`
    network({
      [`POST ${REALM}/protocol/openid-connect/token`]: () => ({
        body: { access_token: 'a', token_type: 'Bearer', id_token: idToken },
      }),
      [`GET ${REALM}/protocol/openid-connect/userinfo`]: () => ({ body: person }),
    })
    const answer = await comeBack(w, begun, { provider: 'keycloak' })
    const { body } = await w.send('get', '/account', undefined, sessionOf(answer))
    return [body.email, body.emailVerification]
  }
  test('counts, though its profile lacks it, and only if the realm made the token', async () => {
    const { email } = somebody()
    const told = { email, email_verified: true }
    expect(await signInThere({ ...told, iss: `${REALM}/other` })).toEqual(['', false])
    expect(await signInThere({ ...told, aud: 'another' })).toEqual(['', false])
    expect(await signInThere(told)).toEqual([email, true])
  })
})

describe('addresses that owners set', () => {
  const at = (address: string) => ({
    clientId: 'c',
    clientSecret: 's',
    authorizationURL: 'https://id.example.com/a',
    tokenURL: address,
    userInfoURL: 'https://id.example.com/u',
  })
  test.each([
    'http://id.example.com/token',
    'https://localhost/token',
    'https://127.0.0.1/token',
    'https://2130706433/token',
    'https://[::1]/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://10.1.2.3/token',
    'https://169.254.169.254/latest',
    'https://db.internal/token',
    'https://printer.local./token',
    'https://intranet/token',
    'https://user:password@id.example.com/token',
  ])('are never asked outside of the public internet: %s', async (address) => {
    await setUp(w, 'oidc', at(address))
    const log = network({})
    const { answer } = await start(w, { headers: JSON_ALONE })
    expect([answer.status, answer.body.type, log]).toEqual([412, 'project_provider_disabled', []])
    expect(answer.body.message).not.toContain(address)
  })
  test('may be on loopback in development', async () => {
    const dev = await oauth2World({ MAIL_OUTBOX: 'on' })
    await setUp(w, 'oidc', at('http://127.0.0.1:9/token'))
    expect((await start(dev)).answer.status).toBe(301)
    await setUp(w, 'oidc', at('http://10.0.0.1/token'))
    expect((await start(dev)).answer.status).toBe(412)
  })
})

describe('providers of the owner’s own making', () => {
  const settings = {
    clientId: 'client',
    clientSecret: 'client:secret',
    authorizationURL: 'https://git.example.com/login/oauth/authorize',
    tokenURL: 'https://git.example.com/login/oauth/access_token',
    userInfoURL: 'https://git.example.com/api/user',
  }
  /** Signs in with the provider of a name; the token endpoint and profile are those of `settings`. */
  async function signInBy(name: string, profile: unknown) {
    const begun = await start(w, { provider: name, query: ENDS })
    const log = network({
      [`POST ${settings.tokenURL}`]: () => ({ body: 'access_token=a&scope=x' }),
      [`GET ${settings.userInfoURL}`]: () => ({ body: profile }),
    })
    const back = await comeBack(w, begun, { provider: name })
    const location = new URL(back.headers.get('location') ?? 'about:blank')
    return { ...back, begun, log, location, error: errorIn(location) }
  }

  test('work side by side, by name, with OAuth2 alone', async () => {
    await setVariable(w, 'OAUTH2_OUR_GIT', JSON.stringify(settings))
    await setVariable(
      w,
      'OAUTH2_FORGE',
      JSON.stringify({
        ...settings,
        scopes: ['read', 'mail'],
        scopeSeparator: ',',
        clientAuth: 'basic',
        pkce: false,
        idPath: 'user.login',
        emailPath: 'user.mail',
        namePath: 'user.first + user.last',
        verifiedPath: 'user.confirmed',
      }),
    )
    const plain = somebody()
    const first = await signInBy('our-git', { id: 4711, ...plain, sub: undefined })
    expect(first.location.href).toBe(ENDS.success)
    expect(first.begun.location.searchParams.has('scope')).toBe(false)
    expect(first.begun.location.searchParams.get('code_challenge_method')).toBe('S256')
    const session = await w.send('get', '/account/sessions/current', undefined, sessionOf(first))
    expect(session.body).toMatchObject({ provider: 'our-git', providerUid: '4711' })

    const other = somebody()
    const user = { login: 'ada', mail: other.email, first: 'Ada', last: 'L', confirmed: true }
    const second = await signInBy('forge', { user })
    expect(second.begun.location.searchParams.get('scope')).toBe('read,mail')
    expect(second.begun.location.searchParams.has('code_challenge')).toBe(false)
    expect(second.begun.location.searchParams.get('redirect_uri')).toBe(
      'http://localhost/v1/account/sessions/oauth2/callback/forge/edgewrite',
    )
    expect(second.log[0]?.headers.get('authorization')).toBe(
      `Basic ${btoa('client:client%3Asecret')}`,
    )
    const { body } = await w.send('get', '/account', undefined, sessionOf(second))
    expect(body).toMatchObject({ email: other.email, emailVerification: true, name: 'Ada L' })
  })
  test('vouch for addresses only where the owner says how', async () => {
    await setVariable(w, 'OAUTH2_LAX', JSON.stringify({ ...settings, verifiedPath: '' }))
    const person = somebody()
    await w.user({ email: person.email })
    expect((await signInBy('lax', person)).error.type).toBe('general_bad_request')
  })
  test('may be OpenID providers by their well-known address', async () => {
    const op = openId({ token_endpoint_auth_methods_supported: ['client_secret_post'] })
    await setVariable(
      w,
      'OAUTH2_STAFF',
      JSON.stringify({ clientId: 'c', clientSecret: 's', wellKnownURL: op.wellKnown }),
    )
    network(discovery(op))
    const { location } = await start(w, { provider: 'staff' })
    expect([location.host, location.searchParams.get('scope')]).toEqual([
      new URL(op.issuer).host,
      'openid profile email',
    ])
    expect(location.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/)
  })
  test('do not come before what the owner has set for a provider of the same name', async () => {
    await setUp(w, 'github', { clientId: 'by settings', clientSecret: 's' })
    await setVariable(w, 'OAUTH2_GITHUB', '{"clientId":"by variable","clientSecret":"s"}')
    const { location } = await start(w, { provider: 'github' })
    expect(location.searchParams.get('client_id')).toBe('by settings')
  })
  test.each([
    ['is no JSON', 'clientId=c', 'is not JSON'],
    [
      'lacks an address',
      '{"clientId":"c","clientSecret":"s","tokenURL":"https://a.example.com"}',
      'wellKnownURL',
    ],
    [
      'has a setting that does not exist',
      JSON.stringify({ ...settings, tokenUrl: 'x' }),
      'tokenUrl',
    ],
    ['lacks the client', JSON.stringify({ ...settings, clientId: '' }), 'clientId'],
  ])('whose variable %s say so, without a secret', async (_, value, hint) => {
    await setVariable(w, 'OAUTH2_BROKEN', value)
    const { answer } = await start(w, { provider: 'broken', headers: JSON_ALONE })
    expect([answer.status, answer.body.type]).toEqual([412, 'project_provider_disabled'])
    expect(answer.body.message).toContain('OAUTH2_BROKEN')
    expect(answer.body.message).toContain(hint)
    expect(answer.body.message).not.toContain('client:secret')
  })
  test('are never called like another way to sign in', async () => {
    for (const name of ['email', 'anonymous', 'magic-url', 'phone', 'token', 'server']) {
      const key = `OAUTH2_${name.toUpperCase().replace('-', '_')}`
      await setVariable(w, key, JSON.stringify(settings))
      const { answer } = await start(w, { provider: name, headers: JSON_ALONE })
      expect([answer.status, answer.body.type], name).toEqual([400, 'general_argument_invalid'])
    }
  })
})

test('what was sealed under another SECRET is not set up', async () => {
  await setVariable(w, 'OAUTH2_OLD', JSON.stringify({ clientId: 'c', clientSecret: 's' }))
  await setUp(w, 'spotify', { clientId: 'c', clientSecret: 's' })
  const other = await oauth2World({ SECRET: 'another secret, also long enough for it' })
  for (const provider of ['old', 'spotify']) {
    const { answer } = await start(other, { provider, headers: JSON_ALONE })
    expect([answer.status, answer.body.type]).toEqual([412, 'project_provider_disabled'])
  }
})
