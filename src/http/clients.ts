import type { Context } from 'hono'
import type { Database } from '#/db'
import { type Platform, platforms } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { publicHost } from '#/http/public-url'
import { listed, SHELL_SCHEMES, WEB_SCHEMES } from '#/lib/platform-entries'
import { canonicalHost, parseUrl } from '#/lib/url'

declare module '#/http/context' {
  interface Variables {
    /** Who may call from a browser; loaded where a request has an origin or a redirect target. */
    clients: Clients | undefined
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
/** Where apps under development run: any name of loopback, and the host of Android's emulator as its guest sees it. */
const DEVELOPMENT = ['*.localhost', '10.0.2.2']

/** Schemes of apps that are opened in Expo's own app, at a developer's address. */
const EXPO_SCHEMES = ['exp', 'exps']

/** Schemes that a registered app may call from and be redirected to (docs/contract/auth.md §4.2). */
const APP_SCHEMES: Record<Platform['type'], readonly string[]> = {
  web: [],
  apple: ['appwrite-ios', 'appwrite-macos', 'appwrite-watchos', 'appwrite-tvos'],
  android: ['appwrite-android'],
  windows: ['appwrite-windows'],
  linux: ['appwrite-linux'],
}

/** Who may call from a browser or app, and be redirected to; `*.example.com` stands for every subdomain. */
export type Clients = {
  hosts: readonly string[]
  /** Those of the hosts that the owner has registered. */
  registered: readonly string[]
  /** Schemes that are open with any host. */
  schemes: readonly string[]
}

const isDevelopment = (c: Context<AppEnv>) => c.get('settings')?.MAIL_OUTBOX === 'on'

/** Returns the clients of any project: this server's own pages and development on loopback. */
export const ownClients = (c: Context<AppEnv>): Clients => ({
  hosts: [...LOOPBACK, ...(isDevelopment(c) ? DEVELOPMENT : []), publicHost(c)].map(spelled),
  registered: [],
  schemes: isDevelopment(c) ? EXPO_SCHEMES : [],
})

/**
 * Returns a host in the spelling that origins have: lower case, punycode, without the dot of the root. A `*` at its
 * start stays.
 */
export function spelled(host: string): string {
  const text = host.trim().toLowerCase()
  const star = text.startsWith('*.') ? '*.' : ''
  const rest = text.slice(star.length)
  return star + (canonicalHost(rest) ?? rest).replace(/\.$/, '')
}

/** Returns the clients of the project: those of its settings and its registered platforms. */
export function projectClients(c: Context<AppEnv>, platforms: readonly Platform[]): Clients {
  const { PLATFORMS, PROJECT_ID } = c.var.settings
  const own = ownClients(c)
  const set = listed(PLATFORMS)
  const registered = [...set.hosts, ...platforms.map(({ identifier }) => identifier)].map(spelled)
  const apps = platforms.filter(({ type }) => type !== 'web')
  return {
    hosts: [...own.hosts, ...registered],
    registered,
    schemes: [
      ...own.schemes,
      ...set.schemes,
      `appwrite-callback-${PROJECT_ID.toLowerCase()}`,
      ...apps.flatMap(({ type }) => APP_SCHEMES[type]),
      // An app may also have its ID as its scheme (RFC 8252 §7.1).
      ...apps.map(({ identifier }) => spelled(identifier)).filter(isOwnScheme),
    ],
  }
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/

/** Checks whether an ID can be a scheme that nobody shares: one with a dot, as a domain in reverse. */
const isOwnScheme = (id: string) => SCHEME.test(id) && id.includes('.')

/** The first platforms of a project count; no project has more. */
export const MOST_PLATFORMS = 1000

/** Returns the statement that loads the platforms. */
export const platformRows = (db: Database) =>
  db.select().from(platforms).orderBy(platforms.sequence).limit(MOST_PLATFORMS)

const hostAllowed = (hostname: string, hosts: readonly string[]) =>
  hostname !== '' &&
  hosts.some(
    (entry) =>
      entry === hostname ||
      entry === '*' ||
      (entry.startsWith('*') && hostname.endsWith(entry.slice(1))),
  )

/**
 * Checks whether an origin or redirect target belongs to a client of the project (docs/contract/auth.md §4.3, §4.4).
 */
export function isClient(url: string, { hosts, registered, schemes }: Clients): boolean {
  const { protocol, hostname } = parseUrl(url) ?? {}
  if (protocol === undefined || hostname === undefined) return false
  const scheme = protocol.slice(0, -1)
  const host = spelled(hostname)
  if (WEB_SCHEMES.includes(scheme)) return hostAllowed(host, hosts)
  if (SHELL_SCHEMES.includes(scheme) && hostAllowed(host, registered)) return true
  return schemes.includes(scheme)
}

/**
 * Checks whether a browser may be sent to an address with what signs somebody in. A client's files are no such
 * address: any program may have put them there.
 */
export const isRedirectTarget = (url: string, clients: Clients): boolean =>
  !/^file:/i.test(url) && isClient(url, clients)
