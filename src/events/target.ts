import { kindOfHost } from '#/lib/public-host'
import { parseUrl } from '#/lib/url'

/**
 * Checks whether a webhook may have an address: http or https, to a name of the public internet. Addresses by
 * number are no such names.
 *
 * Differs: an address with user name and password in it is refused, since `fetch` takes none; a webhook has
 * fields for them.
 *
 * @param isLocal true for a development server: it may also tell receivers on its own machine
 */
export function isTarget(address: string, isLocal: boolean): boolean {
  const url = parseUrl(address)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return false
  const kind = kindOfHost(url.hostname)
  return kind === 'name' || (isLocal && kind === 'loopback')
}
