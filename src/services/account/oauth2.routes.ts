import type { Context } from 'hono'
import { z } from 'zod'
import { saysMfa } from '#/auth/amr'
import { gather } from '#/db/gather'
import { ApiError, type ErrorType } from '#/errors'
import { recordAction } from '#/events/audit'
import { readBody } from '#/http/body'
import { isRedirectTarget, ownClients, platformRows, projectClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { checkRedirect } from '#/http/origin'
import { described, optional, text } from '#/http/params'
import { publicUrl } from '#/http/public-url'
import { url } from '#/http/url-param'
import { isCustomName, UNSUPPORTED } from '#/identity/providers/catalog/custom'
import { PROVIDERS } from '#/identity/providers/catalog/providers'
import { addProvider, type SetUp } from '#/identity/providers/catalog/settings'
import { siteOf } from '#/identity/providers/catalog/site'
import { fail, redirect, succeed } from '#/identity/providers/ends'
import { linkerOf, linkingSession } from '#/identity/providers/linker'
import { arrive } from '#/identity/providers/linking'
import { askWho, authorizeUrl, redeemCode } from '#/identity/providers/protocol/authorization-code'
import { type Flow, type Opened, openFlow, startFlow } from '#/identity/providers/state'
import { tellSession } from '#/identity/sessions/sessions'
import { route } from '#/pipeline/route'

type Ctx = Context<AppEnv>

const limit = { limit: 50, windowSeconds: 3600, keys: ['ip:{ip}'] }

const provider = z
  .string()
  .refine(
    (name) => PROVIDERS.has(name) || isCustomName(name) || UNSUPPORTED.includes(name),
    'must be a sign-in provider',
  )
  .meta({ wire: { type: 'string' }, description: 'Key of the sign-in provider, e.g. `github`.' })

/** Returns the address that is registered with a provider. */
const callbackOf = (c: Ctx, key: string) =>
  publicUrl(c, `/v1/account/sessions/oauth2/callback/${key}/${c.var.settings.PROJECT_ID}`).href

/** Loads a provider together with the project's clients, in one round trip. */
async function load(c: Ctx, key: string): Promise<() => Promise<SetUp>> {
  const batch = gather(c.var.db)
  const platforms = c.var.clients ? undefined : batch.add(platformRows(c.var.db))
  const setUp = addProvider(c, batch, key)
  await batch.run()
  if (platforms) c.set('clients', projectClients(c, platforms()))
  return setUp
}

type Wanted = {
  provider: string
  success?: string | undefined
  failure?: string | undefined
  scopes?: readonly string[] | undefined
}

/** Sends a browser to a provider. */
async function start(c: Ctx, wanted: Wanted, asToken: boolean) {
  const { success, failure, scopes = [] } = wanted
  const setUp = await load(c, wanted.provider)
  if (success !== undefined) await checkRedirect(c, 'success', success)
  if (failure !== undefined) await checkRedirect(c, 'failure', failure)
  const { provider, isEnabled } = await setUp()
  if (!isEnabled) throw new ApiError('project_provider_disabled')
  const site = await siteOf(c, provider)
  const flow: Flow = {
    provider: provider.key,
    success: success ?? '',
    failure: failure ?? '',
    asToken,
    session: asToken ? '' : linkingSession(c),
  }
  const started = await startFlow(c, flow, {
    // A server with a key asks for a browser that has not been here.
    isBound: !(asToken && c.var.caller.kind === 'key'),
    crossSite: provider.spec.ask?.response_mode === 'form_post',
  })
  const redirectUri = callbackOf(c, provider.key)
  return redirect(c, authorizeUrl(site, { ...started, redirectUri, scopes }))
}

// Differs: upstream refuses a browser whose session lacks a second factor. Its cookie keeps nobody else out; it links
// nothing.
const startSpec = {
  method: 'get',
  scopes: ['sessions.write'],
  mfa: 'exempt',
  limit,
  input: {
    param: z.object({ provider }),
    query: z.object({
      success: described(
        optional(url),
        'URL to come back to, on one of the platforms of the project; a page of this server by default.',
      ),
      failure: described(
        optional(url),
        'URL to come back to with an `error`, on one of the platforms of the project.',
      ),
      scopes: described(
        optional(z.array(text(4096)).max(100)),
        'Scopes to ask the provider for, beside those that signing in takes.',
      ),
    }),
  },
  status: 301,
  errors: [
    'project_provider_disabled',
    'project_provider_unsupported',
    'user_oauth2_provider_failure',
  ],
} as const

export const createOAuth2Session = route(
  {
    ...startSpec,
    name: 'account.createOAuth2Session',
    summary: 'Sign in at a provider with a session',
    description:
      'Sends the browser to a sign-in provider, from which it comes back to `success` ' +
      'with a session. Whoever is signed in links the account at the provider ' +
      'instead.',
    path: '/v1/account/sessions/oauth2/:provider',
  },
  (c, wanted) => start(c, wanted, false),
)

export const createOAuth2Token = route(
  {
    ...startSpec,
    name: 'account.createOAuth2Token',
    summary: 'Sign in at a provider with a secret',
    description:
      'Sends the browser to a sign-in provider, from which it comes back to `success` ' +
      'with `userId` and `secret` in the query, for `account.createSession`.',
    path: '/v1/account/tokens/oauth2/:provider',
  },
  (c, wanted) => start(c, wanted, true),
)

const LONGEST = 2048
const upTo = (most: number) => z.string().max(most).optional()
const answerShape = {
  code: described(upTo(LONGEST), 'Code that the provider gave.'),
  state: described(optional(text(LONGEST)), 'State that the provider was sent.'),
  error: described(upTo(LONGEST), "The provider's reason for a refusal."),
  error_description: described(upTo(LONGEST), 'The same, for people.'),
}

/** Takes what a provider sends and hands it to the route that reads it, which knows the browser's cookies. */
function forward(
  c: Ctx,
  { provider, projectId }: { provider: string; projectId: string },
  sent: Record<string, unknown>,
) {
  const texts = Object.entries({ ...sent, project: projectId }).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  const query = new URLSearchParams(texts)
  const next = `/v1/account/sessions/oauth2/${provider}/redirect?${query}`
  // Without a public address the browser knows best where it is.
  return redirect(c, c.var.settings.PUBLIC_URL ? publicUrl(c, next).href : next)
}

const callbackSpec = {
  path: '/v1/account/sessions/oauth2/callback/:provider/:projectId',
  scopes: ['public'],
  pipeline: 'none',
  status: 301,
  errors: [],
} as const
const callbackParam = z.object({ provider, projectId: described(text(1024), 'ID of the project.') })

export const oauth2Callback = route(
  {
    ...callbackSpec,
    name: 'account.oauth2Callback',
    summary: "Take a provider's answer",
    description:
      'Hands the answer of a sign-in provider on to `account.oauth2Redirect`. ' +
      'Providers send the browser here; clients do not call it.',
    method: 'get',
    input: { param: callbackParam, query: z.object(answerShape) },
  },
  async (c, named) => forward(c, named, c.req.query()),
)

export const oauth2CallbackPost = route(
  {
    ...callbackSpec,
    name: 'account.oauth2CallbackPost',
    summary: "Take a provider's answer from a form",
    description:
      'Hands the answer of a sign-in provider that sends a form on to ' +
      '`account.oauth2Redirect`. Clients do not call it.',
    method: 'post',
    input: { param: callbackParam, body: z.object(answerShape) },
  },
  async (c, named) => forward(c, named, await readBody(c)),
)

/** Errors that the browser is shown here: there is no app that could be told. */
const SHOWN: readonly ErrorType[] = ['general_argument_invalid', 'project_provider_unsupported']

/**
 * Refuses an address that is no client's any more, so that no secret is sent to a stranger.
 * @throws `project_invalid_success_url`, `project_invalid_failure_url`
 */
function checkEnds(c: Ctx, { success, failure }: Flow) {
  const clients = c.var.clients ?? ownClients(c)
  if (success && !isRedirectTarget(success, clients))
    throw new ApiError('project_invalid_success_url')
  if (failure && !isRedirectTarget(failure, clients))
    throw new ApiError('project_invalid_failure_url')
}

const LONGEST_SHOWN = 200

function refusal(error: string, description: string) {
  const said = [error, description].filter(Boolean).join(': ').slice(0, LONGEST_SHOWN)
  return new ApiError(
    'user_oauth2_provider_error',
    said ? `The sign-in provider answered: ${said}` : undefined,
  )
}

const appleUser = z.object({
  name: z.object({ firstName: z.string().default(''), lastName: z.string().default('') }),
})

/** Reads the name that Apple sends along, once and to the browser: nothing rests on it but the name. */
function sentName(c: Ctx): string {
  try {
    const { name } = appleUser.parse(JSON.parse(c.req.query('user') ?? ''))
    return [name.firstName, name.lastName].filter(Boolean).join(' ')
  } catch {
    return '' // nothing was sent, or something else
  }
}

type Answered = { code: string; error: string; description: string }

/** Goes from a provider's answer to a user who is signed in. */
async function finish(
  c: Ctx,
  flow: Opened,
  setUp: () => Promise<SetUp>,
  { code, error, description }: Answered,
) {
  const { verifier, nonce } = await flow.claim()
  const { provider, isEnabled } = await setUp()
  if (!isEnabled) throw new ApiError('project_provider_disabled')
  if (error || !code) throw refusal(error, description)
  const site = await siteOf(c, provider)
  const tokens = await redeemCode(site, {
    code,
    issuer: c.req.query('iss') ?? '',
    redirectUri: callbackOf(c, provider.key),
    verifier,
    nonce,
  })
  const profile = await askWho(site, tokens)
  return arrive(
    c,
    {
      provider: provider.key,
      self: await linkerOf(c, flow),
      isMfa: site.endpoints.issuer !== undefined && saysMfa(tokens.claims?.amr),
      profile: { ...profile, name: profile.name || sentName(c) },
      tokens,
    },
    flow.asToken,
  )
}

export const oauth2Redirect = route(
  {
    name: 'account.oauth2Redirect',
    summary: 'Finish a sign-in at a provider',
    description:
      'Redeems the answer of a sign-in provider, finds or creates the user, and sends ' +
      'the browser back to the app. Clients do not call it.',
    method: 'get',
    path: '/v1/account/sessions/oauth2/:provider/redirect',
    scopes: ['public'],
    mfa: 'exempt',
    limit,
    event: ['users.[userId].sessions.[sessionId].create', 'users.[userId].create'],
    input: { param: z.object({ provider }), query: z.object(answerShape) },
    status: 301,
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'project_invalid_failure_url',
      'project_invalid_success_url',
      'project_provider_disabled',
      'project_provider_unsupported',
      'user_already_exists',
      'user_blocked',
      'user_count_exceeded',
      'user_email_disposable',
      'user_email_free',
      'user_email_not_canonical',
      'user_email_not_corporate',
      'user_missing_id',
      'user_oauth2_provider_error',
      'user_oauth2_provider_failure',
      'user_unauthorized',
    ],
  },
  async (c, { provider: key, code = '', state = '', error = '', error_description = '' }) => {
    if (UNSUPPORTED.includes(key)) throw new ApiError('project_provider_unsupported')
    const answered = { code, error, description: error_description }
    const setUp = await load(c, key)
    const flow = await openFlow(c, key, state)
    // Differs: upstream goes on without a state, and answers one that it cannot read with 500.
    if (!flow) throw error ? refusal(error, error_description) : unknownFlow()
    checkEnds(c, flow)
    try {
      const outcome = await finish(c, flow, setUp, answered)
      recordAction(c, 'session.create')
      if (outcome.kind === 'session') tellSession(c, outcome.session)
      return await succeed(c, flow, outcome)
    } catch (cause) {
      if (!(cause instanceof ApiError) || SHOWN.includes(cause.type)) throw cause
      return fail(c, flow, cause)
    }
  },
)

const unknownFlow = () =>
  new ApiError('general_bad_request', 'The sign-in was not started here. Start it again.')
