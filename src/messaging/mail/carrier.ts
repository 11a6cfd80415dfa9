import { ApiError } from '#/errors'
import { log } from '#/lib/log'

export { isLoopback } from '#/lib/public-host'

/** How long a carrier may take, from the first connection to its word that it has the message. */
export const CARRIER_TIMEOUT_MS = 10_000

/** A carrier's word that it will never take a message for this address: the address is at fault, not the service. */
export class AddressRefused extends Error {}

/** A carrier's word that it will not take a message before some time has gone by. */
export class CarrierBusy extends Error {
  /** @param retrySeconds after which it is to be asked again */
  constructor(
    readonly retrySeconds: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** When a client may try again whose message met a carrier that failed and did not name a time. */
const RETRY_SECONDS = 60
/** The longest that a client is asked to wait, whatever a carrier says. */
const MAX_RETRY_SECONDS = 3600

const KINDS = {
  mail: { failed: 'general_smtp_disabled', refused: 'general_invalid_email', to: 'address' },
  'text message': {
    failed: 'general_phone_disabled',
    refused: 'general_invalid_phone',
    to: 'number',
  },
} as const

/**
 * Logs why a carrier failed and reports to the client that it did; what went wrong, with its hosts and addresses,
 * stays in the log. Differs: the contract has no type for a carrier that fails, so the one for a carrier that is not
 * there serves, with a text of its own. It is a 503, which clients may try again once `Retry-After` has gone by. An
 * address that is refused for good is a 400.
 * @throws `general_smtp_disabled`, `general_phone_disabled`, or for a refused address `general_invalid_email`,
 * `general_invalid_phone`
 */
export function carrierFailed(what: keyof typeof KINDS, cause: unknown): never {
  const { failed, refused, to } = KINDS[what]
  log.error(`The carrier did not take the ${what}:`, cause)
  if (cause instanceof AddressRefused) {
    const text = `The carrier takes no ${what} for this ${to}. Nothing was sent; check the ${to}.`
    throw new ApiError(refused, text, { cause })
  }
  const seconds = cause instanceof CarrierBusy ? cause.retrySeconds : RETRY_SECONDS
  throw new ApiError(
    failed,
    `The ${what} could not be handed to its carrier. Nothing was sent; try again later.`,
    { cause, headers: { 'Retry-After': `${Math.min(seconds, MAX_RETRY_SECONDS)}` } },
  )
}

/** Checks whether a message was refused for good. */
export const isRefused = (error: unknown): boolean =>
  error instanceof ApiError && error.cause instanceof AddressRefused
