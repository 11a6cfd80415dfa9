import { z } from 'zod'
import { ApiError } from '#/errors'
import { OPENID_PROVIDERS } from '#/identity/providers/catalog/openid-providers'
import type { Provider, ProviderSpec } from '#/identity/providers/catalog/provider'
import { PROVIDERS } from '#/identity/providers/catalog/providers'

/** How sessions say that nobody else has vouched for their user: no provider may be called so. */
const RESERVED = ['email', 'anonymous', 'magic-url', 'phone', 'token', 'server']

/** Names of providers for tests of the original, which are not here. */
export const UNSUPPORTED: readonly string[] = ['mock', 'mock-unverified']

const NAME = /^[a-z][a-z0-9-]{0,19}$/

/** Checks whether the owner may call a provider so; a longer name would not fit into a token. */
export const isCustomName = (name: string) =>
  NAME.test(name) && !RESERVED.includes(name) && !UNSUPPORTED.includes(name)

/** Returns the key of the project variable in which the owner sets up a provider. */
export const variableOf = (name: string) => `OAUTH2_${name.toUpperCase().replaceAll('-', '_')}`

const place = z.string().max(200)

const credentials = { clientId: z.string().min(1), clientSecret: z.string() }

/** Accepts a provider that is known here, so that only its credentials are missing. */
const knownSchema = z.object(credentials).catchall(z.string())

/** Accepts any other provider: OpenID Connect by its well-known address, or OAuth2 by three addresses. */
const customSchema = z
  .strictObject({
    ...credentials,
    wellKnownURL: z.string().optional(),
    authorizationURL: z.string().optional(),
    tokenURL: z.string().optional(),
    userInfoURL: z.string().optional(),
    scopes: z.array(z.string()).optional(),
    scopeSeparator: z.enum([' ', ',']).default(' '),
    clientAuth: z.enum(['body', 'basic']).default('body'),
    pkce: z.boolean().default(true),
    idPath: place.default('sub | id'),
    emailPath: place.default('email'),
    namePath: place.default('name'),
    verifiedPath: place.default('email_verified'), // '': no address is ever verified
  })
  .refine(
    ({ wellKnownURL, authorizationURL, tokenURL, userInfoURL }) =>
      wellKnownURL || (authorizationURL && tokenURL && userInfoURL),
    'wellKnownURL, or authorizationURL, tokenURL and userInfoURL, must be set',
  )

/** Reads JSON against a schema. @throws `project_provider_disabled` naming what is wrong, never a value */
function parse<T extends z.ZodType>(schema: T, name: string, json: string): z.output<T> {
  const refuse = (problem: string) =>
    new ApiError('project_provider_disabled', `The variable ${variableOf(name)} ${problem}.`)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw refuse('is not JSON')
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  throw refuse(`is not a provider: ${problems.join('; ').trim()}`)
}

/** What every provider of the owner's making starts from. */
const BASE: ProviderSpec = {
  authorize: '{authorizationEndpoint}',
  token: '{tokenEndpoint}',
  profile: '{userInfoEndpoint}',
  scopes: [],
  read: { id: 'sub' },
}

/**
 * Reads a provider from a project variable, so that an owner can have several of any name, and sign-in with
 * them works without a new deployment.
 * @throws `project_provider_disabled` naming what is wrong with the variable
 */
export function readCustom(key: string, json: string): Provider {
  const known = PROVIDERS.get(key)
  if (known) {
    const { clientId, clientSecret, ...extras } = parse(knownSchema, key, json)
    return {
      key,
      spec: known,
      clientId,
      clientSecret,
      extras,
      prompt: [],
      maxAgeSeconds: undefined,
    }
  }
  const given = parse(customSchema, key, json)
  const isOpenId = given.wellKnownURL !== undefined
  const spec: ProviderSpec = {
    ...BASE,
    scopes: given.scopes ?? (isOpenId ? (OPENID_PROVIDERS.oidc?.scopes ?? []) : []),
    scopeSeparator: given.scopeSeparator,
    pkce: given.pkce,
    ...(given.clientAuth === 'basic' ? { clientAuth: 'basic-encoded' } : {}),
    read: {
      id: given.idPath,
      email: given.emailPath,
      name: given.namePath,
      ...(given.verifiedPath ? { verified: given.verifiedPath } : {}),
    },
  }
  return {
    key,
    spec,
    clientId: given.clientId,
    clientSecret: given.clientSecret,
    extras: {
      wellKnownEndpoint: given.wellKnownURL ?? '',
      authorizationEndpoint: given.authorizationURL ?? '',
      tokenEndpoint: given.tokenURL ?? '',
      userInfoEndpoint: given.userInfoURL ?? '',
    },
    prompt: [],
    maxAgeSeconds: undefined,
  }
}
