import { findDevice } from './devices.ts'
import { findProgram } from './programs.ts'
import { findSystem } from './systems.ts'

/** Longer user agents are cut: nobody sends one, save to make the server work. */
const MAX_LENGTH = 2048

/** Stands for a user agent that was not sent. */
export const NO_USER_AGENT = 'UNKNOWN'

/** Returns what sessions and logs show of a client; what is not known is ''. */
export type ClientInfo = ReturnType<typeof parseUserAgent>

/**
 * Returns system, program and device by a `User-Agent` header (docs/contract/users.md §19, docs/contract/account.md §2).
 * Bots are read like any other client.
 * @param userAgent of any length; no more than the first 2,048 characters count
 */
export function parseUserAgent(userAgent: string) {
  const text = userAgent.slice(0, MAX_LENGTH)
  return { ...findSystem(text), ...findProgram(text), ...findDevice(text) }
}
