import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { oauthProviders } from '#/db/schema'
import { PROVIDERS } from '#/identity/providers/catalog/fields'
import { signInSettings } from '#/identity/providers/catalog/provider-settings'
import api from '#test/contract/api-project.json'
import { before } from '#test/support/account'
import { TIME } from '#test/support/clock'
import { outcome, projectWorld, updatedAt } from '#test/support/project'
import { type Json, type World, world } from '#test/support/world'

const PATH = '/project/oauth2'
const NEVER = ['yammer', 'mock', 'mock-unverified']

const patch = (w: World, id: string, body: Json) => w.send('patch', `${PATH}/${id}`, body)
const get = async (w: World, id: string) => (await w.send('get', `${PATH}/${id}`)).body
const rowOf = async (w: World, id: string) =>
  (await w.db.select().from(oauthProviders).where(eq(oauthProviders.id, id)))[0]

/** Returns fields that will do for any provider. */
const credentials = (id: string): Json => {
  const { idField = '', needs = [] } = PROVIDERS.find((one) => one.id === id) ?? {}
  const [fields = []] = needs
  const value = (field: string) => (/URL$/.test(field) ? 'https://id.example/x' : `${field}-value`)
  return Object.fromEntries([idField, ...fields].map((field) => [field, value(field)]))
}

afterEach(() => {
  vi.restoreAllMocks()
})

/** Lets the two providers that are asked answer so. */
const answering = (status: number, body: Json) =>
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(body, { status }))
const knowsClient = () => answering(200, { error: 'bad_verification_code' })

test('lists all providers of the contract, none set up', async () => {
  const w = await projectWorld()
  const known: string[] = (api as Json).paths['/project/oauth2/{providerId}'].get.parameters[0]
    .schema.enum
  const { body } = await w.send('get', PATH)
  expect(body.total).toBe(44)
  expect(body.providers.map(({ $id }: Json) => $id)).toEqual(
    known.filter((id) => !NEVER.includes(id)),
  )
  expect(body.providers[0]).toEqual({
    ...{ $id: 'amazon', enabled: false, clientId: '', clientSecret: '' },
  })
  expect(body.providers.find(({ $id }: Json) => $id === 'oidc')).toEqual({
    ...{ $id: 'oidc', enabled: false, clientId: '', clientSecret: '', wellKnownURL: '' },
    ...{ authorizationURL: '', tokenURL: '', userInfoURL: '', prompt: [], maxAge: null },
  })
  const query = encodeURIComponent(JSON.stringify({ method: 'limit', values: [1] }))
  expect((await w.send('get', `${PATH}?queries[0]=${query}&total=0`)).body).toEqual({
    total: 0,
    providers: [body.providers[0]],
  })
})

describe.each(PROVIDERS.map((provider) => [provider.id, provider] as const))(
  '%s',
  (id, provider) => {
    const { idField, secretField, extras, needs } = provider
    test('is switched on by its credentials, and never shows its secrets', async () => {
      const w = await projectWorld()
      knowsClient()
      const given = credentials(id)
      const { status, body } = await patch(w, id, given)
      expect(status).toBe(200)
      const hidden = [secretField, 'p8File']
      const shown = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [name, hidden.includes(name) ? '' : value]),
      )
      expect(body).toMatchObject({ $id: id, enabled: true, ...shown })
      expect(Object.keys(body)).toEqual([
        ...['$id', 'enabled', idField, ...(secretField ? [secretField] : [])],
        ...Object.keys(extras),
      ])
      expect(await get(w, id)).toEqual(body)
      const stored = JSON.stringify(
        (await w.env.DB.prepare('select * from oauth_providers').all()).results,
      )
      for (const name of hidden) if (name && given[name]) expect(stored).not.toContain(given[name])
    })
    test('is not enabled without any one of what it needs', async () => {
      const w = await projectWorld()
      knowsClient()
      const given = credentials(id)
      for (const name of needs[0] ?? []) {
        const answer = await patch(w, id, { ...given, [name]: '', enabled: true })
        expect(outcome(answer), name).toEqual([400, 'general_argument_invalid'])
      }
      expect(await rowOf(w, id)).toBeUndefined()
    })
    test('tells a sign-in what it needs to know', async () => {
      const w = await projectWorld()
      knowsClient()
      const given = credentials(id)
      await patch(w, id, given)
      const row = await rowOf(w, id)
      if (!row) throw new Error('Nothing was stored.')
      const settings = await signInSettings(row, w.env.SECRET ?? '')
      const needed = Object.keys(extras).filter((name) => given[name] !== undefined)
      expect(settings).toMatchObject({
        clientId: given[idField],
        clientSecret: given[secretField ?? ''] ?? '',
        maxAgeSeconds: undefined,
      })
      expect(Object.values(settings?.extras ?? {})).toEqual(needed.map((name) => given[name]))
      await patch(w, id, { enabled: false })
      const off = await rowOf(w, id)
      expect(off && (await signInSettings(off, w.env.SECRET ?? ''))).toBeUndefined()
    })
    test('refuses what its fields cannot hold', async () => {
      const w = await projectWorld()
      const refused = [
        ...[{ [idField]: 'x'.repeat(257) }, { [idField]: 1 }, { enabled: 'true' }, { enabled: 0 }],
        ...(secretField ? [{ [secretField]: 'x'.repeat(513) }] : []),
      ]
      for (const body of refused) {
        expect(outcome(await patch(w, id, body))).toEqual([400, 'general_argument_invalid'])
      }
      expect(await rowOf(w, id)).toBeUndefined()
    })
  },
)

describe('a change', () => {
  const GITLAB = { applicationId: 'app', secret: 'shh' }

  test('keeps what is absent or null, and clears with an empty text', async () => {
    const w = await projectWorld()
    await patch(w, 'gitlab', { ...GITLAB, endpoint: 'https://git.example' })
    const kept = await patch(w, 'gitlab', { applicationId: null, secret: null, enabled: null })
    expect(kept.body).toMatchObject({ enabled: true, applicationId: 'app' })
    const cleared = await patch(w, 'gitlab', { endpoint: '' })
    expect(cleared.body).toEqual({
      ...{ $id: 'gitlab', enabled: true, applicationId: 'app', secret: '', endpoint: '' },
    })
  })
  test('with enabled false stores and checks nothing', async () => {
    const w = await projectWorld()
    expect((await patch(w, 'gitlab', { ...GITLAB, enabled: false })).body.enabled).toBe(false)
    expect((await patch(w, 'gitlab', { enabled: true })).body.enabled).toBe(true)
    expect((await patch(w, 'gitlab', { enabled: false })).body).toMatchObject({
      ...{ enabled: false, applicationId: 'app' },
    })
  })
  test('of half the credentials stores them and leaves the provider off', async () => {
    const w = await projectWorld()
    const half = await patch(w, 'gitlab', { applicationId: 'app' })
    expect([half.status, half.body.enabled]).toEqual([200, false])
    expect((await patch(w, 'gitlab', { secret: 'shh' })).body.enabled).toBe(true)
  })
  test('that takes away what is needed switches the provider off', async () => {
    const w = await projectWorld()
    await patch(w, 'gitlab', GITLAB)
    expect((await patch(w, 'gitlab', { secret: '' })).body.enabled).toBe(false)
  })
  test('of nothing writes nothing', async () => {
    const w = await projectWorld()
    const fresh = await updatedAt(w)
    await patch(w, 'gitlab', {})
    expect(await rowOf(w, 'gitlab')).toBeUndefined()
    expect(await updatedAt(w)).toBe(fresh)
    await patch(w, 'gitlab', GITLAB)
    expect(await updatedAt(w)).toBe(TIME)
    const row = await rowOf(w, 'gitlab')
    await patch(w, 'gitlab', GITLAB)
    expect(await rowOf(w, 'gitlab')).toEqual(row)
  })
  test('that comes between reading and storing another is kept', async () => {
    const w = await projectWorld()
    await patch(w, 'gitlab', GITLAB)
    const other = await world()
    // The first round trip of the deployment's own key reads the provider, the second stores it.
    before(w, 2, () => patch(other, 'gitlab', { endpoint: 'https://git.example' }))
    const { body } = await patch(w, 'gitlab', { applicationId: 'two' })
    expect(body).toMatchObject({ applicationId: 'two', endpoint: 'https://git.example' })
    expect(await get(w, 'gitlab')).toEqual(body)
  })
})

describe('oidc', () => {
  const CLIENT = { clientId: 'app', clientSecret: 'shh' }
  const PLACES = {
    authorizationURL: 'https://id.example/auth',
    tokenURL: 'https://id.example/token',
    userInfoURL: 'https://id.example/me',
  }
  test('needs where it tells its addresses, or all three of them', async () => {
    const w = await projectWorld()
    for (const name of Object.keys(PLACES)) {
      const answer = await patch(w, 'oidc', { ...CLIENT, ...PLACES, [name]: '', enabled: true })
      expect(outcome(answer)).toEqual([400, 'general_argument_invalid'])
    }
    expect((await patch(w, 'oidc', { ...CLIENT, ...PLACES })).body).toMatchObject({
      ...{ enabled: true, ...PLACES },
    })
    const told = { wellKnownURL: 'https://id.example/.well-known/openid-configuration' }
    const { body } = await patch(w, 'oidc', { ...told, authorizationURL: '', prompt: ['login'] })
    expect(body).toMatchObject({ enabled: true, ...told, prompt: ['login'] })
  })
  test('takes a prompt and a greatest age', async () => {
    const w = await projectWorld()
    const url = { wellKnownURL: 'http://localhost:1/x' }
    await patch(w, 'oidc', { ...CLIENT, ...url, prompt: ['login', 'consent'], maxAge: '60' })
    expect(await get(w, 'oidc')).toMatchObject({ prompt: ['login', 'consent'], maxAge: 60 })
    await patch(w, 'oidc', { maxAge: null, prompt: [] })
    expect(await get(w, 'oidc')).toMatchObject({ prompt: [], maxAge: 60 })
    await patch(w, 'oidc', { prompt: ['none'], maxAge: 0 })
    const row = await rowOf(w, 'oidc')
    expect(row && (await signInSettings(row, w.env.SECRET ?? ''))).toEqual({
      clientId: 'app',
      clientSecret: 'shh',
      extras: { wellKnownEndpoint: 'http://localhost:1/x' },
      prompt: ['none'],
      maxAgeSeconds: 0,
    })
  })
  test.each([
    ['oidc', { wellKnownURL: 'id.example' }],
    ['oidc', { tokenURL: 'javascript:alert(1)' }],
    ['oidc', { prompt: ['none', 'login'] }],
    ['oidc', { prompt: ['other'] }],
    ['oidc', { prompt: 'login' }],
    ['oidc', { maxAge: -1 }],
    ['oidc', { maxAge: '1.5' }],
    ['google', { prompt: [] }],
    ['google', { prompt: ['none', 'consent'] }],
    ['google', { prompt: ['login'] }],
    ['gitlab', { endpoint: 'git.example' }],
    ['okta', { domain: 'https://x.okta.com' }],
    ['okta', { domain: 'x.okta.com/path' }],
    ['apple', { p8File: 'x'.repeat(4097) }],
    ['auth0', { endpoint: 'x'.repeat(257) }],
  ])('%s refuses %j', async (id, body) => {
    const w = await projectWorld()
    expect(outcome(await patch(w, id, body))).toEqual([400, 'general_argument_invalid'])
  })
  test('google asks for consent unless told otherwise', async () => {
    const w = await projectWorld()
    expect((await get(w, 'google')).prompt).toEqual(['consent'])
    expect((await patch(w, 'google', { prompt: ['none'] })).body.prompt).toEqual(['none'])
  })
})

describe.each([
  ['github', 'https://github.com/login/oauth/access_token'],
  ['huggingface', 'https://huggingface.co/oauth/token'],
])('%s is asked whether it knows the client', (id, url) => {
  const CLIENT = { clientId: 'app', clientSecret: 'shh' }
  test('with a code that nobody has', async () => {
    const w = await projectWorld()
    const asked = knowsClient()
    await patch(w, id, { ...CLIENT, enabled: true })
    expect(asked).toHaveBeenCalledTimes(1)
    const [at, request] = asked.mock.calls[0] ?? []
    const sent = new URLSearchParams(`${request?.body}`)
    expect([at, request?.method, sent.get('code')]).toEqual([url, 'POST', 'none'])
    const basic = new Headers(request?.headers).get('authorization') ?? ''
    expect([sent.get('client_secret'), atob(basic.slice(6))]).toEqual(
      id === 'github' ? ['shh', ''] : [null, 'app:shh'],
    )
  })
  test.each([
    ['an unknown client', 404, { error: 'Not Found' }],
    ['a wrong secret', 200, { error: 'incorrect_client_credentials' }],
    ['an invalid client', 401, { error: 'invalid_client' }],
    ['something else than an answer', 200, ['x']],
  ])('and is not enabled for %s', async (_, status, body) => {
    const w = await projectWorld()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    answering(status, body)
    expect(outcome(await patch(w, id, { ...CLIENT, enabled: true }))).toEqual([
      400,
      'general_argument_invalid',
    ])
    expect(await rowOf(w, id)).toBeUndefined()
    const kept = await patch(w, id, CLIENT)
    expect([kept.status, kept.body.enabled, kept.body.clientId]).toEqual([200, false, 'app'])
  })
  test('and stays as it is when it cannot be asked', async () => {
    const w = await projectWorld()
    knowsClient()
    await patch(w, id, CLIENT)
    vi.spyOn(console, 'error').mockImplementation(() => {})
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('unreachable'))
    expect((await patch(w, id, { clientSecret: 'new' })).body.enabled).toBe(true)
    expect((await patch(w, id, { enabled: true })).status).toBe(400)
    expect((await patch(w, id, { enabled: false })).body.enabled).toBe(false)
  })
})

test('the other providers are asked nothing', async () => {
  const w = await projectWorld()
  const asked = knowsClient()
  await patch(w, 'slack', { ...credentials('slack'), enabled: true })
  expect(asked).not.toHaveBeenCalled()
})

test.each(NEVER)('%s cannot be set up', async (id) => {
  const w = await projectWorld()
  expect(outcome(await w.send('get', `${PATH}/${id}`))).toEqual([
    400,
    'project_provider_unsupported',
  ])
  expect(outcome(await patch(w, id, {}))).toEqual([404, 'general_route_not_found'])
})

test.each(['unknown', 'GitHub', 'paypalsandbox'])('there is no provider %s', async (id) => {
  const w = await projectWorld()
  expect(outcome(await w.send('get', `${PATH}/${id}`))).toEqual([400, 'general_argument_invalid'])
  expect(outcome(await patch(w, id, {}))).toEqual([404, 'general_route_not_found'])
})

test('what was sealed under another secret is lost, until it is set up anew', async () => {
  const w = await projectWorld()
  await patch(w, 'slack', credentials('slack'))
  const row = await rowOf(w, 'slack')
  if (!row) throw new Error('Nothing was stored.')
  const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
  const SECRET = 'another secret of the deployment, long enough'
  expect(await signInSettings(row, SECRET)).toBeUndefined()
  const other = await world({ SECRET })
  const lost = { $id: 'slack', enabled: false, clientId: 'clientId-value', clientSecret: '' }
  expect(await get(other, 'slack')).toEqual(lost)
  expect(reported).toHaveBeenCalled()
  expect(outcome(await patch(other, 'slack', { enabled: true }))[0]).toBe(400)
  expect((await patch(other, 'slack', { clientSecret: 'new' })).body.enabled).toBe(true)
  const anew = await rowOf(w, 'slack')
  expect(anew && (await signInSettings(anew, SECRET))?.clientSecret).toBe('new')
})
