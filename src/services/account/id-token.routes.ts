import type { Context } from 'hono'
import { z } from 'zod'
import { spend } from '#/auth/spent'
import { gather } from '#/db/gather'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { described, optional } from '#/http/params'
import { providerRows, signInSettings } from '#/identity/providers/catalog/provider-settings'
import { openVariable, variableRows } from '#/identity/providers/catalog/settings'
import { linkerOf, linkingSession } from '#/identity/providers/linker'
import { arrive } from '#/identity/providers/linking'
import {
  ID_TOKEN_PROVIDERS,
  type IdTokenProvider,
  verifyIdToken,
} from '#/identity/providers/protocol/id-token'
import { sessionModel } from '#/identity/sessions/models'
import { startSession } from '#/identity/sessions/sessions'
import { route } from '#/pipeline/route'

type Ctx = Context<AppEnv>

/** Returns the key of the project variable that lists client IDs of native apps. */
const variableOf = (provider: IdTokenProvider) =>
  `OAUTH2_${provider.toUpperCase()}_NATIVE_CLIENT_IDS`

/**
 * Reads for whom ID tokens may be made: the client of the provider's settings while it is enabled, and those
 * that a project variable lists, `OAUTH2_APPLE_NATIVE_CLIENT_IDS` or `OAUTH2_GOOGLE_NATIVE_CLIENT_IDS`, with
 * commas between them.
 * @throws `project_provider_disabled` when there are none
 */
async function audiencesOf(c: Ctx, provider: IdTokenProvider): Promise<string[]> {
  const batch = gather(c.var.db)
  const rows = batch.add(providerRows(c.var.db, provider))
  const listed = batch.add(variableRows(c, variableOf(provider)))
  await batch.run()
  const [row] = rows()
  const [variable] = listed()
  const settings = row && (await signInSettings(row, c.var.settings.SECRET))
  const native = variable ? await openVariable(c, variable) : ''
  const audiences = [settings?.clientId ?? '', ...native.split(',')]
    .map((id) => id.trim())
    .filter(Boolean)
  if (audiences.length === 0) throw new ApiError('project_provider_disabled')
  return audiences
}

const TEN_YEARS_SECONDS = 10 * 365 * 24 * 3600
const LONGEST_TOKEN = 16_384
const text = z
  .string()
  .max(LONGEST_TOKEN)
  .meta({ wire: { type: 'string' } })

export const createIdTokenSession = route(
  {
    name: 'account.createIdTokenSession',
    summary: 'Sign in with an ID token',
    description:
      'Opens a session for an ID token that a native app got from Apple or Google, or ' +
      'links the account of whoever is signed in. Unlike with Appwrite, a token works ' +
      'once.',
    method: 'post',
    path: '/v1/account/sessions/id-token',
    scopes: ['sessions.write'],
    limit: { limit: 50, windowSeconds: 3600, keys: ['ip:{ip}'] },
    event: ['users.[userId].sessions.[sessionId].create', 'users.[userId].create'],
    audit: 'session.create',
    input: {
      body: z.object({
        provider: described(z.enum(ID_TOKEN_PROVIDERS), 'Provider that signed the token.'),
        idToken: z
          .string()
          .min(1)
          .max(LONGEST_TOKEN)
          .meta({ wire: { type: 'string', minLength: 1 }, description: 'The ID token.' }),
        nonce: described(optional(text), 'Nonce that the app asked for the token with.'),
        accessToken: described(
          optional(text),
          "The provider's access token, kept with the session.",
        ),
        accessTokenExpiry: described(
          optional(
            z
              .int()
              .min(0)
              .max(TEN_YEARS_SECONDS)
              .meta({ wire: { type: 'integer' } }),
          ),
          'Seconds until the access token expires.',
        ),
        name: described(optional(text), 'Name of the user, where the token holds none.'),
      }),
    },
    status: 201,
    model: sessionModel,
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'project_provider_disabled',
      'user_already_exists',
      'user_blocked',
      'user_count_exceeded',
      'user_email_disposable',
      'user_email_free',
      'user_email_not_canonical',
      'user_email_not_corporate',
      'user_invalid_token',
      'user_oauth2_provider_failure',
      'user_unauthorized',
    ],
  },
  async (c, { provider, idToken, nonce = '', accessToken = '', accessTokenExpiry, name = '' }) => {
    const { now } = c.var
    const audiences = await audiencesOf(c, provider)
    const { isMfa, expiresAt, ...profile } = await verifyIdToken(provider, {
      idToken,
      nonce,
      audiences,
      now,
    })
    const tokens = {
      access: accessToken,
      accessExpiry:
        accessTokenExpiry === undefined ? null : new Date(now.getTime() + accessTokenExpiry * 1000),
      refresh: '',
    }
    const arrival = {
      provider,
      self: await linkerOf(c, { asToken: false, session: linkingSession(c) }),
      profile: { ...profile, name: profile.name || name },
      tokens,
      isMfa,
    }
    // Differs: upstream takes the same ID token until it expires.
    const restore = await spend(c, 'id-token', idToken, expiresAt)
    if (!restore) throw new ApiError('user_invalid_token')
    const outcome = await arrive(c, arrival, false).catch(async (cause: unknown) => {
      await restore()
      throw cause
    })
    if (outcome.kind !== 'session') throw new Error('A sign-in ended without a session.')
    const session = startSession(c, outcome.session, outcome.draft)
    return { ...session, providerAccessToken: accessToken, providerRefreshToken: '' }
  },
)
