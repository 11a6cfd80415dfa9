import type { ProviderSettings } from '#/identity/providers/catalog/provider-settings'
import { asBase } from '#/lib/provider-address'
import { parseUrl } from '#/lib/url'

/**
 * Where a sign-in provider is and how it wants to be asked. URLs are templates: `{name}` stands for a
 * setting of the provider, for `clientId` or `clientSecret`, or for a field of the token answer; at the start
 * of a URL it is the whole beginning.
 */
export type ProviderSpec = {
  authorize: string
  token: string
  /** Where tokens are renewed, if not at `token`. */
  refresh?: string
  /** Where the profile is; without it the ID token is the profile. */
  profile?: string
  /** Asked for on every sign-in; what a client wants is added. */
  scopes: readonly string[]
  scopeSeparator?: ',' | ' '
  /** How the client proves itself at `token`; by default `client_secret` is in the body. */
  clientAuth?: 'basic' | 'basic-encoded' | 'apple'
  /** What `client_id` is called. */
  clientIdName?: string
  /** Whether the provider knows PKCE (RFC 7636). */
  pkce?: boolean
  /** What settings are where the owner has set none. */
  defaults?: Readonly<Record<string, string>>
  /** Added to the query of `authorize`. */
  ask?: Readonly<Record<string, string>>
  /** `prompt` where the owner has set none. */
  prompt?: string
  profileMethod?: 'post'
  /** What `Authorization` begins with, if not with `Bearer`. */
  scheme?: string
  headers?: Readonly<Record<string, string>>
  /** Further documents of the profile, which stand in it under these names. */
  parts?: Readonly<Record<string, string>>
  /** Who signs ID tokens; one that is known is checked. */
  issuer?: string
  /** Whether ID tokens carry the nonce of the request. */
  nonce?: boolean
  /** Template of who signs ID tokens where none is asked for; one that is another's is left alone. */
  usualIssuer?: string
  read: ProfileSpec
}

/**
 * Where a profile has what. A place is a path of names and indexes, `emails.0.value`; `a + b` joins
 * texts with a space, `a | b` is the first that is there. `$` holds what came with the tokens.
 */
export type ProfileSpec = {
  id: string
  email?: string
  /** Addresses of which one is taken: the main one if it is verified, else any verified one. */
  emails?: { list: string; address: string; main?: string; verified?: string }
  name?: string
  /** Places that all have to be true; without any nothing is ever verified. */
  verified?: string
  /** A place that has to hold something. */
  verifiedBy?: string
  /** Counts only a verified address. */
  verifiedOnly?: boolean
}

/** A sign-in provider that can be asked. */
export type Provider = ProviderSettings & { key: string; spec: ProviderSpec }

/**
 * Fills a URL template.
 * @param answer fields of the token answer, which it may name beyond its start
 * @returns undefined where something that it names is not set
 */
export function fillUrl(
  { clientId, clientSecret, extras, spec }: Provider,
  template: string,
  answer: Readonly<Record<string, string>> = {},
): string | undefined {
  const set = { ...spec.defaults, ...extras, clientId, clientSecret }
  const [bases, texts] = [set, { ...answer, ...set }].map(
    (values) => new Map(Object.entries(values).filter(([, value]) => value !== '')),
  )
  let isComplete = true
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string, offset: number) => {
    const value = (offset === 0 ? bases : texts)?.get(name)
    isComplete &&= value !== undefined
    return offset === 0 ? asBase(value ?? '') : encodeURIComponent(value ?? '')
  })
  return isComplete ? parseUrl(filled)?.href : undefined
}
