import { afterEach, expect, test, vi } from 'vitest'
import { platforms, type users } from '#/db/schema'
import api from '#test/contract/api.json'
import {
  comeBack,
  errorIn,
  network,
  oauth2World,
  oidcFor,
  type Somebody,
  setUp,
  setUpOidc,
  somebody,
  start,
} from '#test/support/oauth2'
import { type Json, NOW, type World } from '#test/support/world'

afterEach(() => vi.restoreAllMocks())

const OPERATIONS = /^account\.(createOAuth2|oauth2)/

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'account.oauth2Redirect general_server_error':
    'upstream fails on a state that it cannot read; here that is a general_bad_request',
  'account.oauth2Redirect user_unauthorized': 'nobody needs an address',
}

type Answer = { status: number; headers: Headers; body: Json }
type Provoke = (w: World) => Promise<Answer>

/** Signs in with whatever the provider tells of somebody. */
const signIn =
  (person: Somebody = somebody(), prepare?: (w: World) => Promise<unknown>): Provoke =>
  async (w) => {
    const begun = await start(w, { query: { failure: 'http://localhost/no' } })
    await prepare?.(w)
    oidcFor(person)
    return comeBack(w, begun)
  }

const policy = (name: string, email: string) =>
  signIn(somebody({ email }), (w) => w.set(name, true))
const holder = (person: Required<Somebody>, fields: Partial<typeof users.$inferInsert> = {}) =>
  signIn(person, (w) => w.user({ email: person.email, ...fields }))

/** Takes an address away from the project's clients while somebody is at the provider. */
const stranded =
  (name: 'success' | 'failure'): Provoke =>
  async (w) => {
    await w.db.insert(platforms).values({
      id: crypto.randomUUID(),
      type: 'web',
      name: 'App',
      identifier: 'gone.example.com',
      createdAt: NOW,
      updatedAt: NOW,
    })
    const begun = await start(w, { query: { [name]: 'https://gone.example.com/' } })
    await w.db.delete(platforms)
    return comeBack(w, begun, { headers: { Accept: 'application/json' } })
  }

const failing: Provoke = async (w) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const begun = await start(w)
  network({})
  return comeBack(w, begun)
}

const starting =
  (kind: 'sessions' | 'tokens', provider: string): Provoke =>
  async (w) =>
    (await start(w, { kind, provider, headers: { Accept: 'application/json' } })).answer

/** Asks for a provider that does not tell its addresses. */
const undiscovered =
  (kind: 'sessions' | 'tokens'): Provoke =>
  async (w) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await setUp(w, 'oidc', {
      clientId: 'c',
      clientSecret: 's',
      wellKnownURL: `https://${crypto.randomUUID()}.example.com/`,
    })
    network({})
    return starting(kind, 'oidc')(w)
  }

const startErrors = (kind: 'sessions' | 'tokens'): Record<string, Provoke> => ({
  project_provider_disabled: starting(kind, 'github'),
  project_provider_unsupported: starting(kind, 'mock'),
  user_oauth2_provider_failure: undiscovered(kind),
})

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'account.createOAuth2Session': startErrors('sessions'),
  'account.createOAuth2Token': startErrors('tokens'),
  'account.oauth2Redirect': {
    general_bad_request: holder(somebody({ email_verified: false })),
    general_invalid_email: signIn(somebody({ email: 'no address' })),
    project_invalid_failure_url: stranded('failure'),
    project_invalid_success_url: stranded('success'),
    project_provider_disabled: signIn(somebody(), (w) =>
      w.env.DB.prepare('update oauth_providers set enabled = 0').run(),
    ),
    project_provider_unsupported: (w) =>
      w.send('get', '/account/sessions/oauth2/mock/redirect', undefined, {
        Accept: 'application/json',
      }),
    user_already_exists: async (w) => {
      const person = somebody()
      await w.user({ email: person.email })
      const { headers } = await w.signedIn()
      const begun = await start(w, { headers })
      oidcFor(person)
      return comeBack(w, begun, { headers })
    },
    user_blocked: holder(somebody(), { status: false }),
    user_count_exceeded: signIn(somebody(), async (w) => {
      await w.user()
      await w.set('userLimit', 1)
    }),
    user_email_disposable: policy('denyDisposableEmails', 'x@mailinator.com'),
    user_email_free: policy('denyFreeEmails', 'x@gmail.com'),
    user_email_not_canonical: policy('denyAliasedEmails', 'x+y@gmail.com'),
    user_email_not_corporate: policy('onlyCorporateEmails', 'x@gmail.com'),
    user_missing_id: signIn({ email: 'x@example.com', email_verified: true }),
    user_oauth2_provider_error: async (w) =>
      comeBack(w, await start(w), { answer: { error: 'access_denied' } }),
    user_oauth2_provider_failure: failing,
  },
}

const listed = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter(({ operationId }) => OPERATIONS.test(operationId))
  .flatMap(({ operationId, 'x-errors': types = [] }) =>
    types.map((type: string) => [operationId, type] as const),
  )

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  const uncovered = listed.filter(
    ([name, type]) => !CANNOT_ARISE[`${name} ${type}`] && !PROVOKED[name]?.[type],
  )
  expect([listed.length > 20, uncovered]).toEqual([true, []])
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const w = await oauth2World()
  for (const table of ['settings', 'users', 'oauth_providers']) {
    await w.env.DB.prepare(`delete from ${table}`).run()
  }
  await setUpOidc(w)
  const { status, headers, body } = await provoke(w)
  const location = headers.get('location')
  const told = location ? errorIn(new URL(location)) : body
  expect(told).toMatchObject({ message: expect.stringMatching(/\w/), type })
  expect(location ? status : told.code).toBe(location ? 301 : status)
})
