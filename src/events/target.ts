import { hasKnownSuffix } from '#/contact/domains'

/** Names of home networks, under a suffix that is known (RFC 8375). */
const HOME = /(^|\.)home\.arpa$/

const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Tells whether a webhook may have an address: http or https, to a host whose name ends in a public suffix. IP
 * addresses of every kind and spelling, `localhost`, single labels and made-up suffixes are no such names.
 *
 * What a name resolves to is not asked: nothing internal can be reached from Cloudflare's network, and with
 * `global_fetch_strictly_public` the deployment's own zone is reached through its front door alone.
 *
 * Differs: an address with user name and password in it is refused, since `fetch` takes none; a webhook has
 * fields for them.
 *
 * @param isLocal true for a development server: it may also tell receivers on its own machine
 */
export function isTarget(address: string, isLocal: boolean): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname, username, password } = new URL(address)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  if (username || password) return false
  if (hasKnownSuffix(hostname)) return !HOME.test(hostname)
  return isLocal && LOOPBACK.test(hostname)
}
