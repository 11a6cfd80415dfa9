import type { Session } from '#/db/schema'

/** What a sign-in with a provider is stored as: two names, as upstream writes it, of one proof. */
const OAUTH = ['email', 'oauth2'] as const

/** Checks whether a session's `email` only comes with `oauth2`: no code was sent to the address. */
export const isOAuthPair = (factors: readonly string[]) =>
  OAUTH.every((name, index) => factors[index] === name)

/**
 * Returns the proofs that a session holds, by kind. Differs: upstream counts a sign-in with a provider as two
 * factors, so that it passes the gate alone.
 */
export const proofsOf = (factors: readonly string[]) =>
  isOAuthPair(factors) ? factors.slice(1) : factors

/** Checks whether a session has ever shown a second factor. */
export const hasPassed = ({ factors, mfaUpdatedAt }: Pick<Session, 'factors' | 'mfaUpdatedAt'>) =>
  mfaUpdatedAt !== null || proofsOf(factors).length > 1
