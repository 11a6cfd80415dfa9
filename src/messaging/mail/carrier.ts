import { ApiError } from '#/errors'
import { log } from '#/lib/log'

export { isLoopback } from '#/lib/public-host'

/** How long a carrier may take, from the first connection to its word that it has the message. */
export const CARRIER_TIMEOUT_MS = 10_000

/**
 * Logs why a carrier failed and tells the client that it did; what went wrong, with its hosts and
 * addresses, stays in the log. Differs: the contract has no type for a carrier that fails, so the one for
 * a carrier that is not there serves, with a text of its own. It is a 503, which clients may try again.
 * @throws `general_smtp_disabled`, `general_phone_disabled`
 */
export function carrierFailed(
  type: 'general_smtp_disabled' | 'general_phone_disabled',
  cause: unknown,
): never {
  const what = type === 'general_smtp_disabled' ? 'mail' : 'text message'
  log.error(`The carrier did not take the ${what}:`, cause)
  throw new ApiError(
    type,
    `The ${what} could not be handed to its carrier. Nothing was sent; try again later.`,
    { cause },
  )
}
