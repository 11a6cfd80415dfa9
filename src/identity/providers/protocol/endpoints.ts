import { z } from 'zod'
import { ApiError } from '#/errors'
import { fillUrl, type Provider, type ProviderSpec } from '#/identity/providers/catalog/provider'
import { ask, providerFailed } from '#/identity/providers/protocol/ask'
import { isReachable } from '#/lib/provider-address'

/** Where a provider is asked, all of it checked. */
export type Endpoints = {
  authorize: string
  token: string
  refresh: string
  /** With what came with the tokens, which its address may name; undefined where there is none. */
  profile: (fields: Readonly<Record<string, string>>) => string | undefined
  /** Who signs ID tokens; they are checked only where it is known. */
  issuer: string | undefined
  /** Who signs ID tokens that are read only if they hold; `{tenantid}` stands for any tenant. */
  usualIssuer: string | undefined
  algorithms: string[] | undefined
  /** Whether ID tokens carry the nonce of the request. */
  nonce: boolean
  /** Whether every answer names the issuer (RFC 9207 §2.4). */
  namesIssuer: boolean
  clientAuth: ProviderSpec['clientAuth']
}

/** What an OpenID provider says of itself (OpenID Connect Discovery §3). */
const metadataSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  userinfo_endpoint: z.string().optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().default(false),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})
type Metadata = z.output<typeof metadataSchema>

const KEPT_MS = 10 * 60_000
const MOST_KEPT = 50
const kept = new Map<string, { until: number; metadata: Metadata }>()

/** Reads what a provider says of itself; for ten minutes it is believed to say the same. */
async function discover(key: string, url: string, now: Date): Promise<Metadata> {
  const known = kept.get(url)
  if (known && known.until > now.getTime()) return known.metadata
  try {
    const { status, text } = await ask(url)
    if (status !== 200) throw new Error(`${url} answered ${status}.`)
    const metadata = metadataSchema.parse(JSON.parse(text))
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(url, { until: now.getTime() + KEPT_MS, metadata })
    return metadata
  } catch (cause) {
    return providerFailed(key, cause)
  }
}

const notUsable = (detail: string) =>
  new ApiError('project_provider_disabled', `This sign-in provider is not set up: ${detail}`)

/**
 * Finds out where a provider is asked, and that it may be.
 * @param isDevelopment whether loopback may be asked
 * @throws `project_provider_disabled` when an address is missing or is not public,
 * `user_oauth2_provider_failure` when it does not tell its addresses
 */
export async function endpointsOf(
  provider: Provider,
  now: Date,
  isDevelopment: boolean,
): Promise<Endpoints> {
  const { key, spec, extras } = provider
  const checked = (address: string | undefined, what: string): string => {
    if (address === undefined) throw notUsable(`${what} is missing.`)
    if (!isReachable(address, isDevelopment)) {
      throw notUsable(`${what} is not an https address on the public internet.`)
    }
    return new URL(address).href
  }
  const wellKnown = extras.wellKnownEndpoint
  const told = wellKnown
    ? await discover(key, checked(wellKnown, 'its well-known address'), now)
    : undefined
  const token = checked(fillUrl(provider, spec.token) ?? told?.token_endpoint, 'its token address')
  const profile: Endpoints['profile'] = (fields) => {
    const address =
      (spec.profile && fillUrl(provider, spec.profile, fields)) ?? told?.userinfo_endpoint
    return address === undefined ? undefined : checked(address, 'its profile address')
  }
  profile({}) // refused before anybody signs in there
  // An issuer with a placeholder stands for many, such as every tenant of Microsoft.
  const issuer = told?.issuer.includes('{') ? undefined : (told?.issuer ?? spec.issuer)
  return {
    authorize: checked(
      fillUrl(provider, spec.authorize) ?? told?.authorization_endpoint,
      'its authorization address',
    ),
    token,
    refresh: spec.refresh ?? token,
    profile,
    issuer,
    usualIssuer: told?.issuer ?? (spec.usualIssuer && fillUrl(provider, spec.usualIssuer)),
    algorithms: told?.id_token_signing_alg_values_supported,
    nonce: issuer !== undefined && (told !== undefined || spec.nonce === true),
    namesIssuer:
      issuer !== undefined && told?.authorization_response_iss_parameter_supported === true,
    clientAuth: spec.clientAuth ?? authOf(told),
  }
}

/** Prefers what works everywhere; Basic only where a provider takes nothing else. */
function authOf(told: Metadata | undefined): ProviderSpec['clientAuth'] {
  const methods = told?.token_endpoint_auth_methods_supported ?? ['client_secret_post']
  return methods.includes('client_secret_post') || !methods.includes('client_secret_basic')
    ? undefined
    : 'basic-encoded'
}
