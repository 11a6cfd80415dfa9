import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { saysMfa } from '#/auth/amr'
import { ApiError } from '#/errors'
import { CLAIMS } from '#/identity/providers/catalog/openid-providers'
import { parseClaims } from '#/identity/providers/protocol/answers'
import { ask, providerFailed } from '#/identity/providers/protocol/ask'
import { type Profile, readProfile } from '#/identity/providers/protocol/profile'
import { hashSecret } from '#/lib/secrets'

/** Where ID tokens that clients hold come from. */
type Issuer = { names: string[]; keys: string; needsNonce: boolean }

const ISSUERS = {
  apple: {
    names: ['https://appleid.apple.com'],
    keys: 'https://appleid.apple.com/auth/keys',
    needsNonce: true,
  },
  google: {
    names: ['https://accounts.google.com', 'accounts.google.com'],
    keys: 'https://www.googleapis.com/oauth2/v3/certs',
    needsNonce: false,
  },
} as const satisfies Record<string, { names: readonly string[] } & Omit<Issuer, 'names'>>

export type IdTokenProvider = keyof typeof ISSUERS
export const ID_TOKEN_PROVIDERS = ['apple', 'google'] as const satisfies readonly IdTokenProvider[]

/** Reads a provider's keys; they are kept for as long as the library finds good, and read anew for a new one. */
const keysOf = (url: string) =>
  createRemoteJWKSet(new URL(url), {
    [customFetch]: async (address) => {
      const { status, text } = await ask(address)
      return new Response(text, { status })
    },
  })

const KEYS = { apple: keysOf(ISSUERS.apple.keys), google: keysOf(ISSUERS.google.keys) }

/** Errors of the library that say that keys could not be read, not that a token is bad. */
const UNREACHABLE = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']

const codeOf = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error ? `${error.code}` : undefined

/**
 * Verifies an ID token that a client got from its provider by itself (OpenID Connect Core §3.1.3.7): issuer,
 * signature, time, that it was made for one of the project's own clients, and the nonce.
 * @param nonce as the client made it; tokens carry it or its SHA-256, hex, which is what Apple is given
 * @throws `user_invalid_token`, `user_oauth2_provider_failure` when the keys cannot be read
 */
export async function verifyIdToken(
  provider: IdTokenProvider,
  given: { idToken: string; nonce: string; audiences: readonly string[]; now: Date },
): Promise<Profile & { isMfa: boolean; expiresAt: Date }> {
  const { names, needsNonce } = ISSUERS[provider]
  const { payload } = await jwtVerify(given.idToken, KEYS[provider], {
    issuer: [...names],
    audience: [...given.audiences],
    algorithms: ['RS256', 'ES256'],
    requiredClaims: ['sub', 'exp', 'iat'],
    currentDate: given.now,
  }).catch((error: unknown) => {
    const code = codeOf(error)
    if (code === undefined || UNREACHABLE.includes(code)) return providerFailed(provider, error)
    throw new ApiError('user_invalid_token', undefined, { cause: error })
  })
  const expected = [given.nonce, await hashSecret(given.nonce)]
  const isBound = payload.nonce === undefined && !needsNonce
  const matches = given.nonce !== '' && expected.some((nonce) => nonce === payload.nonce)
  if (!isBound && !matches) throw new ApiError('user_invalid_token')
  return {
    ...readProfile(parseClaims(given.idToken), CLAIMS), // the library rounds numbers
    isMfa: saysMfa(payload.amr),
    expiresAt: new Date((payload.exp ?? 0) * 1000),
  }
}
