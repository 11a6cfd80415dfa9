import * as oauth from 'oauth4webapi'
import type { Provider } from '#/identity/providers/catalog/provider'
import type { Document } from '#/identity/providers/protocol/answers'
import {
  parseClaims,
  parseDocument,
  readTokenAnswer,
  tokenFields,
} from '#/identity/providers/protocol/answers'
import { ask, providerFailed } from '#/identity/providers/protocol/ask'
import { claimsBeside } from '#/identity/providers/protocol/claims'
import { clientAuthOf } from '#/identity/providers/protocol/client-auth'
import type { Endpoints } from '#/identity/providers/protocol/endpoints'
import {
  completeProfile,
  type Profile,
  printId,
  readProfile,
} from '#/identity/providers/protocol/profile'
import { parseJson } from '#/lib/json'

/** A provider, and where it is asked. */
export type Site = { provider: Provider; endpoints: Endpoints; now: Date }

/** What a provider has given for somebody; '' is not given. */
export type Tokens = { access: string; accessExpiry: Date | null; refresh: string }

/** Tokens, and what came with them. */
export type Granted = Tokens & { claims: Document | undefined; fields: Record<string, string> }

/** Returns the page of a provider to which a browser is sent to sign in. */
export function authorizeUrl(
  { provider, endpoints }: Site,
  request: {
    redirectUri: string
    state: string
    challenge: string
    nonce: string
    scopes: readonly string[]
  },
): string {
  const { spec, clientId, prompt, maxAgeSeconds } = provider
  const scopes = [...new Set([...spec.scopes, ...request.scopes])]
  const url = new URL(endpoints.authorize)
  const query: Record<string, string | undefined> = {
    [spec.clientIdName ?? 'client_id']: clientId,
    redirect_uri: request.redirectUri,
    response_type: 'code',
    scope: scopes.join(spec.scopeSeparator ?? ' ') || undefined,
    state: request.state,
    code_challenge: spec.pkce ? request.challenge : undefined,
    code_challenge_method: spec.pkce ? 'S256' : undefined,
    nonce: endpoints.nonce ? request.nonce : undefined,
    prompt: prompt.join(' ') || spec.prompt,
    max_age: maxAgeSeconds?.toString(),
    ...spec.ask,
  }
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  return url.href
}

/** Answers of token endpoints as the library reads them, with the text behind them. */
function speaking(isIdTokenChecked: boolean) {
  const heard = { text: '' }
  const options = {
    [oauth.allowInsecureRequests]: true, // addresses are checked before: plain ones are on loopback
    [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<'POST', unknown>) => {
      const answer = await ask(url, {
        method: 'POST',
        headers: init.headers,
        body: `${init.body}`,
      })
      heard.text = answer.text
      const { status, body } = readTokenAnswer(answer.status, answer.text)
      const { id_token: _, ...rest } = body
      return Response.json(isIdTokenChecked ? body : rest, { status })
    },
  }
  return { heard, options }
}

const serverOf = ({
  issuer,
  token,
  algorithms,
  namesIssuer,
}: Endpoints): oauth.AuthorizationServer => ({
  issuer: issuer ?? new URL(token).origin,
  token_endpoint: token,
  authorization_response_iss_parameter_supported: namesIssuer,
  ...(algorithms ? { id_token_signing_alg_values_supported: algorithms } : {}),
})

/** Moves the library's clock, which is the machine's, to the request's. */
const clientOf = ({ provider, now }: Site): oauth.Client => ({
  client_id: provider.clientId,
  [oauth.clockSkew]: Math.floor(now.getTime() / 1000) - Math.floor(Date.now() / 1000),
})

const tokensOf = (answer: oauth.TokenEndpointResponse, now: Date): Tokens => ({
  access: answer.access_token,
  accessExpiry:
    answer.expires_in === undefined ? null : new Date(now.getTime() + answer.expires_in * 1000),
  refresh: answer.refresh_token ?? '',
})

/** Names what a provider has refused, without what it sent along. */
const reasonOf = (error: unknown) => (error instanceof oauth.ResponseBodyError ? error.error : '')

/**
 * Turns a code into tokens. An ID token is checked where the provider's issuer is known; it comes from the
 * provider itself over TLS, so its signature adds nothing (OpenID Connect Core §3.1.3.7).
 * @throws `user_oauth2_provider_failure`
 */
export async function redeemCode(
  site: Site,
  given: { code: string; issuer: string; redirectUri: string; verifier: string; nonce: string },
): Promise<Granted> {
  const { provider, endpoints, now } = site
  const server = serverOf(endpoints)
  const client = clientOf(site)
  const isChecked = endpoints.issuer !== undefined
  const { heard, options } = speaking(isChecked)
  try {
    const callback = new URLSearchParams({ code: given.code })
    if (given.issuer && isChecked) callback.set('iss', given.issuer)
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      clientAuthOf(provider, endpoints.clientAuth, now),
      oauth.validateAuthResponse(server, client, callback, oauth.expectNoState),
      given.redirectUri,
      provider.spec.pkce ? given.verifier : oauth.nopkce,
      options,
    )
    const answer = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      response,
      endpoints.nonce ? { expectedNonce: given.nonce, requireIdToken: true } : {},
    )
    const fields = tokenFields(heard.text)
    // The library rounds numbers, so that what it has found good is read once more.
    const isGood = isChecked && oauth.getValidatedIdTokenClaims(answer) !== undefined
    return {
      ...tokensOf(answer, now),
      claims: isGood || !provider.spec.profile ? parseClaims(fields.id_token ?? '') : undefined,
      fields,
    }
  } catch (error) {
    return providerFailed(provider.key, error, reasonOf(error))
  }
}

/**
 * Renews tokens; a provider that gives no new refresh token keeps the old one good.
 * @throws `user_oauth2_provider_failure`
 */
export async function renewTokens(site: Site, refreshToken: string): Promise<Tokens> {
  const { provider, endpoints, now } = site
  const server = { ...serverOf(endpoints), token_endpoint: endpoints.refresh }
  const client = clientOf(site)
  try {
    const response = await oauth.refreshTokenGrantRequest(
      server,
      client,
      clientAuthOf(provider, endpoints.clientAuth, now),
      refreshToken,
      speaking(false).options,
    )
    const answer = await oauth.processRefreshTokenResponse(server, client, response)
    const tokens = tokensOf(answer, now)
    return { ...tokens, refresh: tokens.refresh || refreshToken }
  } catch (error) {
    return providerFailed(provider.key, error, reasonOf(error))
  }
}

/** Asks one document of a profile. */
async function askProfile({ provider }: Site, url: string, accessToken: string): Promise<Document> {
  const { spec } = provider
  const headers = Object.entries(spec.headers ?? {}).map(([name, value]): [string, string] => [
    name,
    value.replace('{clientId}', provider.clientId),
  ])
  const { status, text } = await ask(url, {
    method: spec.profileMethod === 'post' ? 'POST' : 'GET',
    headers: [...headers, ['Authorization', `${spec.scheme ?? 'Bearer'} ${accessToken}`]],
  })
  if (status !== 200) throw new Error(`${new URL(url).origin} answered ${status}.`)
  const parsed = parseJson(text)
  return Array.isArray(parsed) ? { list: parsed } : parseDocument(text)
}

/**
 * Asks a provider who somebody is.
 * @throws `user_oauth2_provider_failure`, also when the profile is of somebody else than the ID token
 */
export async function askWho(site: Site, granted: Granted): Promise<Profile> {
  const { provider, endpoints } = site
  const { access, claims, fields } = granted
  try {
    const main = endpoints.profile(fields)
    const document = main ? await askProfile(site, main, access) : (claims ?? {})
    if (endpoints.issuer && printId(claims?.sub) !== printId(document.sub)) {
      throw new Error('The profile is of somebody else than the ID token.')
    }
    const parts: Document = {}
    for (const [name, url] of Object.entries(provider.spec.parts ?? {})) {
      const part = await askProfile(site, url, access)
      parts[name] = part.list ?? part
    }
    const whole = { ...document, ...parts, $: { ...fields, tokenClaims: parseClaims(access) } }
    if (!main) return readProfile(whole, provider.spec.read)
    return completeProfile(whole, claimsBeside(site, granted, document), provider.spec.read)
  } catch (error) {
    return providerFailed(provider.key, error)
  }
}
