import { eq } from 'drizzle-orm'
import { type MockInstance, vi } from 'vitest'
import { seal } from '#/auth/seal'
import { identities, oauthProviders, variables } from '#/db/schema'
import { PROVIDERS as SETTABLE } from '#/identity/providers/catalog/fields'
import { sealProvider } from '#/identity/providers/catalog/provider-settings'
import { type Answer, type Json, NOW, PROJECT, type World, world } from '#test/support/world'

/** Returns a Worker without limits. */
export const oauth2World = (
  overrides: Parameters<typeof world>[0] = {},
  clock: Parameters<typeof world>[1] = () => NOW,
) => world({ RATE_LIMITS: 'off', ...overrides }, clock)

/** Sets a provider up as its owner does; by the names of its fields on the wire. */
export async function setUp(
  w: World,
  id: string,
  values: Record<string, string | number | string[]>,
  enabled = true,
) {
  const provider = SETTABLE.find((one) => one.id === id)
  if (!provider) throw new Error(`There is no provider ${id}.`)
  const row = await sealProvider({ provider, enabled, values }, w.env.SECRET ?? '')
  await w.db.delete(oauthProviders).where(eq(oauthProviders.id, id))
  await w.db.insert(oauthProviders).values(row)
}

/** Stores a variable of the project. */
export async function setVariable(w: World, key: string, value: string) {
  const id = crypto.randomUUID()
  await w.db.delete(variables).where(eq(variables.key, key))
  await w.db.insert(variables).values({
    id,
    key,
    value: await seal(value, w.env.SECRET ?? '', `variable:${id}`),
    secret: true,
    createdAt: NOW,
    updatedAt: NOW,
  })
}

/** An OpenID provider by three addresses. */
export const setUpOidc = (w: World, more: Record<string, string | number | string[]> = {}) =>
  setUp(w, 'oidc', {
    clientId: 'client',
    clientSecret: 'client secret',
    authorizationURL: 'https://id.example.com/authorize',
    tokenURL: 'https://id.example.com/token',
    userInfoURL: 'https://id.example.com/me',
    ...more,
  })

export type Asked = { method: string; url: URL; headers: Headers; body: string }
type Reply = { status?: number; body: unknown } | Error
export type Network = Record<string, (asked: Asked) => Reply | Promise<Reply>>

/**
 * Puts answers in place of the network, by method and address without query. Whatever else is asked fails.
 * @returns what was asked, in order
 */
export function network(answers: Network): Asked[] {
  const log: Asked[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input as string, init as RequestInit)
    const url = new URL(request.url)
    const asked = {
      method: request.method,
      url,
      headers: request.headers,
      body: await request.text(),
    }
    log.push(asked)
    const answer = answers[`${request.method} ${url.origin}${url.pathname}`]
    if (!answer) throw new Error(`Nobody answers ${request.method} ${url}.`)
    const reply = await answer(asked)
    if (reply instanceof Error) throw reply
    const { status = 200, body } = reply
    return typeof body === 'string'
      ? new Response(body, { status })
      : Response.json(body, { status })
  })
  return log
}

/** The call that stands in place of the network. */
export const networkSpy = () => globalThis.fetch as unknown as MockInstance

export type Somebody = {
  sub?: string
  email?: string
  email_verified?: boolean
  name?: string
}

/** Lets {@link setUpOidc}'s provider answer for one person. */
export const oidcFor = (person: Somebody, tokens: Record<string, unknown> = {}) =>
  network({
    'POST https://id.example.com/token': () => ({
      body: {
        access_token: 'access',
        refresh_token: 'refresh',
        token_type: 'Bearer',
        expires_in: 3600,
        ...tokens,
      },
    }),
    'GET https://id.example.com/me': () => ({ body: person }),
  })

let people = 0
/** Makes somebody whom no other test knows. */
export const somebody = (more: Somebody = {}): Required<Somebody> => {
  people++
  const tag = `${people}-${crypto.randomUUID()}`
  return {
    sub: `sub-${tag}`,
    email: `somebody-${tag}@example.com`,
    email_verified: true,
    name: 'Some Body',
    ...more,
  }
}

type Started = {
  answer: Awaited<ReturnType<typeof browse>>
  location: URL
  state: string
  cookie: string
}

/** Starts a sign-in, as a browser does. */
export async function start(
  w: World,
  {
    provider = 'oidc',
    kind = 'sessions' as 'sessions' | 'tokens',
    query = {} as Record<string, string>,
    headers = {} as Record<string, string>,
    origin = 'http://localhost',
  } = {},
): Promise<Started> {
  const asked = new URLSearchParams({ project: PROJECT, ...query })
  const answer = await browse(
    w,
    `${origin}/v1/account/${kind}/oauth2/${provider}?${asked}`,
    headers,
  )
  const location = new URL(answer.headers.get('location') ?? 'about:blank')
  const [cookie = ''] = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
  return { answer, location, state: location.searchParams.get('state') ?? '', cookie }
}

/** Sends a request as a browser that navigates: no headers of an SDK. */
export async function browse(
  w: World,
  address: string,
  headers: Record<string, string> = {},
  form?: Record<string, string>,
): Promise<Answer & { trips: number; text: string }> {
  const { response, trips, settle } = await w.raw(
    new Request(new URL(address, 'http://localhost'), {
      headers,
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    }),
  )
  const bytes = new Uint8Array(await response.arrayBuffer())
  await settle()
  const text = new TextDecoder().decode(bytes)
  const isJson = response.headers.get('content-type')?.includes('json')
  const body: Json = isJson ? JSON.parse(text) : undefined
  return { status: response.status, headers: response.headers, body, bytes, trips, text }
}

/** Comes back from a provider. */
export async function comeBack(
  w: World,
  { state, cookie = '' }: { state: string; cookie?: string },
  {
    provider = 'oidc',
    answer = { code: 'code' } as Record<string, string>,
    headers = {} as Record<string, string>,
    origin = 'http://localhost',
  } = {},
) {
  const query = new URLSearchParams({ ...answer, ...(state ? { state } : {}) })
  const callback = await browse(
    w,
    `${origin}/v1/account/sessions/oauth2/callback/${provider}/${PROJECT}?${query}`,
  )
  const next = new URL(callback.headers.get('location') ?? '', origin)
  return browse(w, next.href, { ...headers, ...(cookie ? { Cookie: cookie } : {}) })
}

/** Signs in from beginning to end. */
export async function signInAt(
  w: World,
  person: Somebody,
  {
    kind = 'sessions' as 'sessions' | 'tokens',
    headers = {} as Record<string, string>,
    query = { success: 'http://localhost/ok', failure: 'http://localhost/no' } as Record<
      string,
      string
    >,
    tokens = {} as Record<string, unknown>,
  } = {},
) {
  const begun = await start(w, { kind, query, headers })
  oidcFor(person, tokens)
  const answer = await comeBack(w, begun, { headers })
  vi.restoreAllMocks()
  const location = new URL(answer.headers.get('location') ?? 'about:blank')
  return { ...answer, location, error: errorIn(location) }
}

/** Reads the error that an app is told. */
export const errorIn = (location: URL): Json =>
  JSON.parse(location.searchParams.get('error') ?? 'null')

/** Returns the header that opens a session, from its cookie. */
export function sessionOf({ headers }: Pick<Answer, 'headers'>): Record<string, string> {
  const line = headers.getSetCookie().find((one) => one.startsWith(`a_session_${PROJECT}=`))
  const value = /=([^;]*)/.exec(line ?? '')?.[1]
  if (!value) throw new Error('No session was made.')
  return { 'X-Appwrite-Session': decodeURIComponent(value) }
}

/** Returns the identities of a user. */
export const identitiesOf = (w: World, userId: string) =>
  w.db.select().from(identities).where(eq(identities.userId, userId))

/** Stores an identity of a user. @returns its row */
export async function identity(
  w: World,
  userId: string,
  fields: Partial<typeof identities.$inferInsert> = {},
) {
  const [row] = await w.db
    .insert(identities)
    .values({
      id: crypto.randomUUID(),
      userId,
      provider: 'oidc',
      providerUid: crypto.randomUUID(),
      providerEmail: '',
      providerAccessToken: '',
      providerRefreshToken: '',
      createdAt: NOW,
      updatedAt: NOW,
      ...fields,
    })
    .returning()
  if (!row) throw new Error('No identity was stored.')
  return row
}
