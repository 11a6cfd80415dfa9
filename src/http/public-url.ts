import type { Context } from 'hono'
import type { Settings } from '#/config/env'
import type { AppEnv } from '#/http/context'
import { parseUrl } from '#/lib/url'

type Ctx = Context<AppEnv>

/** Settings are not read yet where a request fails before them. */
const settingsIn = (c: Ctx): Partial<Settings> => c.get('settings') ?? {}

const firstOf = (list: string | undefined) => list?.split(',')[0]?.trim()

/**
 * Returns the URL of a request as its client sent it. What proxies say of scheme and host counts only where the
 * operator trusts them.
 */
export function requestUrl(c: Ctx): URL {
  const url = new URL(c.req.url)
  if (settingsIn(c).TRUST_FORWARDED !== 'on') return url
  const scheme = firstOf(c.req.header('x-forwarded-proto'))?.toLowerCase()
  const host = firstOf(c.req.header('x-forwarded-host')) ?? url.host
  const isKnown = scheme === 'https' || scheme === 'http'
  const seen = parseUrl(`${isKnown ? scheme : url.protocol.slice(0, -1)}://${host}/`)
  return seen ? new URL(url.pathname + url.search, seen.origin) : url
}

/**
 * Returns a URL of this server as clients reach it: the one place that decides scheme, host and path. `PUBLIC_URL`
 * does where it is set, else the request.
 * @param path begins with `/`, and with `/v1` for the API
 */
export function publicUrl(c: Ctx, path: string): URL {
  const { PUBLIC_URL } = settingsIn(c)
  if (PUBLIC_URL === undefined) return new URL(path, requestUrl(c).origin)
  const base = PUBLIC_URL.replace(/\/+$/, '').replace(/\/v1$/, '')
  return new URL(base + path)
}

/** Returns the host under which clients know this server. */
export const publicHost = (c: Ctx): string => publicUrl(c, '/').hostname

/** Checks whether clients reach this server over TLS, so that cookies can be `Secure`. */
export const isSecure = (c: Ctx): boolean => publicUrl(c, '/').protocol === 'https:'

/**
 * Returns the host that cookies of an answer may be of; undefined where they are of whatever host the browser sees
 * alone. That is any host but the public one: another domain of the same deployment, or the inside of a proxy.
 */
export function cookieHost(c: Ctx): string | undefined {
  const host = requestUrl(c).hostname
  return settingsIn(c).PUBLIC_URL === undefined || host === publicHost(c) ? host : undefined
}
