import { kindOfHost } from '#/lib/public-host'
import { parseUrl } from '#/lib/url'

/** Returns an address as the start of a URL: with scheme, without a slash at the end. */
export const asBase = (address: string) =>
  (/^https?:\/\//i.test(address) ? address : `https://${address}`).replace(/\/+$/, '')

/** Where a provider may be in development, beside the public internet. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Checks whether a provider may be asked at an address: over TLS, at a name of the public internet, so that
 * whoever may set up providers cannot reach into networks. In development loopback is open too.
 */
export function isReachable(address: string, isDevelopment: boolean): boolean {
  const url = parseUrl(address)
  if (!url || url.username || url.password) return false
  if (isDevelopment && LOOPBACK.includes(url.hostname)) return /^https?:$/.test(url.protocol)
  return url.protocol === 'https:' && kindOfHost(url.hostname) === 'name'
}
