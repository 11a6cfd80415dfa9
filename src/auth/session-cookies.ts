import type { Context } from 'hono'
import { serialize } from 'hono/utils/cookie'
import {
  carriedCookies,
  cookieNames,
  type SessionToken,
  shownSessions,
} from '#/auth/shown-sessions'
import type { Session } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { cookieHost, isSecure, requestUrl } from '#/http/public-url'
import { registrableDomain, sameSite } from '#/lib/contact/domains'
import { hashSecret } from '#/lib/secrets'

/** Prints a session token as clients keep it: base64 of its JSON. */
export const encodeSession = ({ id, secret }: SessionToken) => btoa(JSON.stringify({ id, secret }))

const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/

/**
 * Returns the `Domain` of session cookies; undefined on loopback, on addresses (docs/contract/auth.md §5.3) and on any
 * host but the public one.
 */
export function cookieDomain(c: Context<AppEnv>): string | undefined {
  const host = cookieHost(c)
  const isName = host !== undefined && host !== 'localhost' && !IP_LITERAL.test(host)
  return isName ? `.${host}` : undefined
}

const hostOf = (url: string | undefined) =>
  url && URL.canParse(url) ? new URL(url).hostname : undefined

/** Checks whether browsers will send our cookies back from where the request comes (docs/contract/auth.md §5.3). */
function cookiesReturn(c: Context<AppEnv>): boolean {
  const from = hostOf(c.req.header('origin')) ?? hostOf(c.req.header('referer'))
  return from !== undefined && sameSite(requestUrl(c).hostname, from)
}

/** Parents of a host whose cookies are cleared; browsers take few names deeper. */
const MAX_PARENTS = 5

/**
 * Returns the `Domain` of every cookie that a browser may hold under our names, but for our own: those of the host
 * alone, as undefined, and of the domains above it up to the one that its owner registered.
 */
function twinDomains(c: Context<AppEnv>): (string | undefined)[] {
  const own = cookieDomain(c)
  const host = requestUrl(c).hostname
  const site = registrableDomain(host)
  const above = site === '' ? [] : host.slice(0, -site.length).split('.').filter(Boolean)
  const domains = above.map((_, index) => `.${[...above.slice(index), site].join('.')}`)
  return [undefined, ...domains.slice(-MAX_PARENTS), ...(site === '' ? [] : [`.${site}`])].filter(
    (domain) => domain !== own,
  )
}

function writeCookies(
  c: Context<AppEnv>,
  value: string,
  expires: Date,
  domain: string | undefined,
) {
  const [name, legacy] = cookieNames(c.var.settings.PROJECT_ID)
  const attributes = {
    path: '/',
    httpOnly: true,
    secure: isSecure(c),
    ...(domain ? { domain } : {}),
  }
  for (const cookie of [
    serialize(legacy, value, attributes),
    serialize(name, value, { ...attributes, sameSite: 'None' }),
  ]) {
    // Added here: the library compares an expiry with the machine's clock.
    c.header('Set-Cookie', `${cookie}; Expires=${expires.toUTCString()}`, { append: true })
  }
}

const HOUR_MS = 3_600_000
const past = (c: Context<AppEnv>) => new Date(c.var.now.getTime() - HOUR_MS)

/** Clears cookies of our names that are not ours, such as those of an app on the parent domain. */
function clearTwins(c: Context<AppEnv>) {
  for (const domain of twinDomains(c)) writeCookies(c, '', past(c), domain)
}

/** The SDKs send what they keep for cookies with every request, also once cookies come back again. */
const needsFallback = (c: Context<AppEnv>) =>
  !cookiesReturn(c) || c.req.header('x-fallback-cookies') !== undefined

const carried = (c: Context<AppEnv>) => carriedCookies(c.req.raw.headers, c.var.settings.PROJECT_ID)

/**
 * Hands a new session to the client: two cookies, and the fallback header where they would not come back. Cookies
 * of a session before, of whatever domain, do not stay beside them.
 */
export function setSessionCookies(c: Context<AppEnv>, token: SessionToken, expires: Date) {
  const encoded = encodeSession(token)
  if (carried(c).any) clearTwins(c)
  writeCookies(c, encoded, expires, cookieDomain(c))
  if (!needsFallback(c)) return
  c.header(
    'X-Fallback-Cookies',
    JSON.stringify({ [`a_session_${c.var.settings.PROJECT_ID}`]: encoded }),
  )
}

/** Extends the cookies that carry a session to its new end; the app of a server keeps its own. */
export async function extendSessionCookies(
  c: Context<AppEnv>,
  { secretHash, expiresAt }: Pick<Session, 'secretHash' | 'expiresAt'>,
) {
  const cookies = new Headers({ cookie: c.req.header('cookie') ?? '' })
  for (const { id, secret } of shownSessions(cookies, c.var.settings.PROJECT_ID).sessions) {
    if ((await hashSecret(secret)) === secretHash) {
      setSessionCookies(c, { id, secret }, expiresAt)
      return
    }
  }
}

/** Takes the session cookies back from the client. */
export function clearSessionCookies(c: Context<AppEnv>) {
  if (carried(c).twins) clearTwins(c)
  writeCookies(c, '', past(c), cookieDomain(c))
  if (needsFallback(c)) c.header('X-Fallback-Cookies', '[]')
}

/**
 * Clears what carries a session that no longer counts, unless the answer hands out another. An answer that does
 * is for this client alone: a cache that kept it would sign others out.
 */
export function clearLostSession(c: Context<AppEnv>) {
  const [name] = cookieNames(c.var.settings.PROJECT_ID)
  const isCarried = carried(c).any || c.req.header('x-fallback-cookies') !== undefined
  if (!isCarried || c.res.headers.getSetCookie().some((line) => line.startsWith(name))) return
  clearSessionCookies(c)
  const caching = c.res.headers.get('cache-control')
  if (caching) c.header('Cache-Control', caching.replace(/\bpublic\b/, 'private'))
}
