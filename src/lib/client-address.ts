import ipaddr from 'ipaddr.js'

/** How proxies write an address: RFC 7239's `for=`, quotes, brackets with a port after them. */
const FORWARDED = /^(?:for=)?"?(?:\[([^\]]*)\](?::\d*)?|([^"]*))"?$/i
/** IPv4 with a port. */
const WITH_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):\d*$/
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** Addresses of IPv6 that stand for one of IPv4, which is in their last 32 bits. */
const EMBEDDING = ['ipv4Mapped', 'rfc6052', 'rfc6145']

function unembedded(address: ipaddr.IPv6): string {
  if (!EMBEDDING.includes(address.range())) return address.toRFC5952String()
  return address.toByteArray().slice(-4).join('.')
}

/**
 * Parses a client's address as proxies write it: `203.0.113.6:4000`, `[2001:db8::1]:4000`, `fe80::1%eth0`,
 * `::ffff:203.0.113.6`.
 * @returns the address alone, in one spelling (RFC 5952); undefined for `unknown` and what is none
 */
export function parseClientAddress(text: string): string | undefined {
  const [, bracketed, plain = ''] = FORWARDED.exec(text.trim().split(';')[0] ?? '') ?? []
  const host = (bracketed ?? WITH_PORT.exec(plain)?.[1] ?? plain).replace(/%.*$/, '')
  if (ipaddr.IPv6.isValid(host)) return unembedded(ipaddr.IPv6.parse(host))
  return IPV4.test(host) && ipaddr.IPv4.isValid(host)
    ? ipaddr.IPv4.parse(host).toString()
    : undefined
}

const NETWORK_BYTES = 8

/** Returns what an address is counted by: one person holds a whole /64 of IPv6. */
export function networkOf(address: string): string {
  const parsed = parseClientAddress(address)
  if (parsed === undefined || !ipaddr.IPv6.isValid(parsed)) return parsed ?? address
  const bytes = ipaddr.IPv6.parse(parsed).toByteArray().slice(0, NETWORK_BYTES)
  const groups = [0, 2, 4, 6].map((at) =>
    ((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)).toString(16),
  )
  return `${groups.join(':')}::/64`
}
