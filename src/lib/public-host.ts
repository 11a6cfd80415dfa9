import ipaddr from 'ipaddr.js'
import { hasKnownSuffix } from '#/lib/contact/domains'
import { canonicalHost } from '#/lib/url'

/**
 * Where a host is. `name`: a name of the public internet; `address`: an address of it; `loopback`: this very
 * machine; `internal`: private, reserved or unknown, or nothing that a host can be.
 */
export type HostKind = 'name' | 'address' | 'loopback' | 'internal'

/** Names of home networks, under a suffix that is known (RFC 8375), and of Tor (RFC 7686). */
const SPECIAL_USE = /(?:^|\.)(?:home\.arpa|onion)$/

/** Names in documentation and tests, which resolve nowhere (RFC 2606). */
const EXAMPLE = /.\.example$/

const LOOPBACK_NAME = /^(?:.+\.)?localhost$/

/** Holds every public address of IPv6 (RFC 4291 §2.4); what is not assigned yet is outside. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

function kindOfAddress(text: string): HostKind {
  const address = ipaddr.parse(text)
  const range = address.range()
  if (range === 'loopback') return 'loopback'
  // Addresses of IPv6 that stand for one of IPv4 (mapped, translated, tunnelled) have ranges of their own.
  const isPublic = range === 'unicast' && (isIPv4(address) || address.match(GLOBAL_UNICAST))
  return isPublic ? 'address' : 'internal'
}

const isIPv4 = (address: ipaddr.IPv4 | ipaddr.IPv6): address is ipaddr.IPv4 =>
  address.kind() === 'ipv4'

/**
 * Decides where a host is, in whatever spelling: the one rule for whatever this server connects to or sends
 * secrets to. Names are public under a suffix of the public suffix list alone.
 *
 * What a name resolves to is not asked: nothing internal can be reached from Cloudflare's network, and with
 * `global_fetch_strictly_public` the deployment's own zone is reached through its front door alone.
 */
export function kindOfHost(host: string): HostKind {
  const name = canonicalHost(host)
  if (name === undefined) return 'internal'
  const address = name.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValid(address)) return kindOfAddress(address)
  if (LOOPBACK_NAME.test(name)) return 'loopback'
  const isPublic = hasKnownSuffix(name) || EXAMPLE.test(name)
  return isPublic && !SPECIAL_USE.test(name) ? 'name' : 'internal'
}

/** Checks whether a host is this very machine, to which nobody can listen in. */
export const isLoopback = (host: string) => kindOfHost(host) === 'loopback'
