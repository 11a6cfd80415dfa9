import type { Context } from 'hono'
import { parse, serialize } from 'hono/utils/cookie'
import { z } from 'zod'
import { sameSite } from '#/contact/domains'
import type { AppEnv } from '#/env'
import { cookieHost, isSecure, requestUrl } from '#/http/public-url'

/** What a session's holder shows: whose it is, and the secret whose hash is stored (auth contract 5.1). */
export type SessionToken = { id: string; secret: string }

const tokenSchema = z.object({ id: z.string().default(''), secret: z.string().default('') })

/** Prints a session token as clients keep it: base64 of its JSON. */
export const encodeSession = ({ id, secret }: SessionToken) => btoa(JSON.stringify({ id, secret }))

/** Reads a session token; what is not one counts as nothing. */
function decodeSession(encoded: string | undefined): SessionToken | undefined {
  if (!encoded) return
  try {
    const { data } = tokenSchema.safeParse(JSON.parse(atob(encoded)))
    return data && (data.id || data.secret) ? data : undefined
  } catch {
    return // not base64 or not JSON: nothing was supplied
  }
}

const cookieName = (projectId: string) => `a_session_${projectId}`.toLowerCase()

/** Gives the cookies of a request by lower-case name. */
const cookiesOf = (header: string | null) =>
  new Map(Object.entries(parse(header ?? '')).map(([name, value]) => [name.toLowerCase(), value]))

function fallbackCookie(header: string | null, projectId: string): string | undefined {
  if (!header) return
  try {
    const { data } = z.record(z.string(), z.string()).safeParse(JSON.parse(header))
    return data?.[`a_session_${projectId}`]
  } catch {
    return // not JSON: nothing was supplied
  }
}

/**
 * Finds the session token of a request: cookie, its twin for old browsers, header, fallback header. The first
 * that holds anything counts, even if it is stale (auth contract 5.2).
 * @returns the token, and whether nothing but the fallback header was left to look at
 */
export function sessionToken(headers: Headers, projectId: string) {
  const cookies = cookiesOf(headers.get('cookie'))
  const name = cookieName(projectId)
  const token =
    decodeSession(cookies.get(name)) ??
    decodeSession(cookies.get(`${name}_legacy`)) ??
    decodeSession(headers.get('x-appwrite-session') ?? undefined)
  if (token) return { token, isFallback: false }
  const fallback = fallbackCookie(headers.get('x-fallback-cookies'), projectId)
  return { token: decodeSession(fallback), isFallback: true }
}

const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/

/**
 * Returns the `Domain` of session cookies; undefined on loopback, on addresses (auth contract 5.3) and on any host
 * but the public one.
 */
export function cookieDomain(c: Context<AppEnv>): string | undefined {
  const host = cookieHost(c)
  const isName = host !== undefined && host !== 'localhost' && !IP_LITERAL.test(host)
  return isName ? `.${host}` : undefined
}

const hostOf = (url: string | undefined) =>
  url && URL.canParse(url) ? new URL(url).hostname : undefined

/** Tells whether browsers will send our cookies back from where the request comes (auth contract 5.3). */
function cookiesReturn(c: Context<AppEnv>): boolean {
  const from = hostOf(c.req.header('origin')) ?? hostOf(c.req.header('referer'))
  return from !== undefined && sameSite(requestUrl(c).hostname, from)
}

function writeCookies(c: Context<AppEnv>, value: string, expires: Date) {
  const name = cookieName(c.var.settings.PROJECT_ID)
  const domain = cookieDomain(c)
  const attributes = {
    path: '/',
    httpOnly: true,
    secure: isSecure(c),
    ...(domain ? { domain } : {}),
  }
  for (const cookie of [
    serialize(`${name}_legacy`, value, attributes),
    serialize(name, value, { ...attributes, sameSite: 'None' }),
  ]) {
    // Added here: the library compares an expiry with the machine's clock.
    c.header('Set-Cookie', `${cookie}; Expires=${expires.toUTCString()}`, { append: true })
  }
}

/** Hands a new session to the client: two cookies, and the fallback header where they would not come back. */
export function setSessionCookies(c: Context<AppEnv>, token: SessionToken, expires: Date) {
  const encoded = encodeSession(token)
  writeCookies(c, encoded, expires)
  if (cookiesReturn(c)) return
  c.header(
    'X-Fallback-Cookies',
    JSON.stringify({ [`a_session_${c.var.settings.PROJECT_ID}`]: encoded }),
  )
}

const HOUR_MS = 3_600_000

/** Takes the session cookies back from the client. */
export function clearSessionCookies(c: Context<AppEnv>) {
  writeCookies(c, '', new Date(c.var.now.getTime() - HOUR_MS))
  if (!cookiesReturn(c)) c.header('X-Fallback-Cookies', '[]')
}
