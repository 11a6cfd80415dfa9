import { getDomain, parse } from 'tldts'

// Hosts under one private suffix, such as workers.dev, belong to different people.
const OPTIONS = { allowPrivateDomains: true, extractHostname: false } as const

/** Labels of letters, digits, hyphens and underscores, 253 characters in all (RFC 1035 §2.3.4). */
const HOSTNAME =
  /^(?!.{254})[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i

/**
 * Returns the part of a hostname that its owner registered, in lower case: `shop.co.uk` of
 * `www.shop.co.uk`. A suffix that is not on the public suffix list counts as one label
 * (publicsuffix.org, algorithm).
 * @returns '' for an IP address, a public suffix itself, a single label and what is no hostname
 */
export const registrableDomain = (hostname: string): string =>
  (HOSTNAME.test(hostname) && getDomain(hostname.toLowerCase(), OPTIONS)) || ''

/** Checks whether two hostnames belong to one owner, so that a browser sends cookies from one to the other. */
export function sameSite(one: string, other: string): boolean {
  const [domain, its] = [one, other].map((host) => registrableDomain(host.replace(/\.$/, '')))
  return domain !== undefined && domain !== '' && domain === its
}

/** Checks whether a hostname ends in a suffix of the public suffix list, and is more than that suffix. */
export function hasKnownSuffix(hostname: string): boolean {
  if (!HOSTNAME.test(hostname)) return false
  const { domain, isIcann, isPrivate } = parse(hostname.toLowerCase(), OPTIONS)
  return Boolean(domain && (isIcann || isPrivate))
}
