import type { Context } from 'hono'
import { cookieDomain, encodeSession, setSessionCookies } from '#/auth/session-cookies'
import { type ApiError, ERRORS, type ErrorType } from '#/errors'
import type { AppEnv } from '#/http/context'
import { publicUrl, requestUrl } from '#/http/public-url'
import type { Outcome } from '#/identity/providers/entries'
import { wrapSecret } from '#/identity/providers/exchange'
import { OWN_PAGES } from '#/identity/providers/own-pages'
import type { Flow } from '#/identity/providers/state'
import { withQuery } from '#/identity/secrets/links'

type Ctx = Context<AppEnv>

/**
 * Returns an address as a header can carry it in development: wrangler's proxy puts its own scheme, http, before
 * every address of the host that was asked for, also behind a tunnel that ends TLS. A path is left alone.
 */
function withoutHost(c: Ctx, location: string) {
  const url = URL.canParse(location) ? new URL(location) : undefined
  const isDevelopment = c.var.settings.IDENTITY_ENCODING === 'on'
  if (!url || !isDevelopment || url.host !== requestUrl(c).host) return location
  return url.pathname + url.search + url.hash
}

/**
 * Sends a browser on, by an answer that nothing keeps (docs/contract/account.md §11.1).
 * @param location a URL as printed by its parser, or a path of this server
 */
export function redirect(c: Ctx, location: string) {
  c.header('Cache-Control', 'no-store, no-cache, must-revalidate, max-age=0')
  c.header('Pragma', 'no-cache')
  return c.redirect(withoutHost(c, location), 301)
}

const ownPage = (c: Ctx, end: keyof typeof OWN_PAGES) => publicUrl(c, OWN_PAGES[end])

/** Returns where a browser goes in the end, and whether that is a page of this server. */
function endOf(c: Ctx, address: string, end: keyof typeof OWN_PAGES) {
  const own = ownPage(c, end)
  if (address === '') return { url: own.href, isOwn: true }
  // A bare scheme needs a path to have a query.
  const url = /^[a-z][a-z0-9+.-]*:\/\/$/i.test(address) ? `${address}/` : address
  const { host, pathname, href } = new URL(url)
  return { url: href, isOwn: host === own.host && pathname === own.pathname }
}

/** Codes that clients are told in addresses where the status of an answer would be another one. */
const CODES: { readonly [T in ErrorType]?: number } = {
  user_oauth2_provider_error: 424,
  user_oauth2_provider_failure: 424,
}

/** Ends a sign-in that has failed: the app is told why (docs/contract/account.md §11.3). */
export function fail(c: Ctx, { failure }: Flow, { type, message }: ApiError) {
  const { url, isOwn } = endOf(c, failure, 'failure')
  const error = JSON.stringify({ message, type, code: CODES[type] ?? ERRORS[type][0] })
  const project = isOwn ? { project: c.var.settings.PROJECT_ID } : {}
  return redirect(c, withQuery(url, { error, ...project }))
}

/** Ends a sign-in: with cookies, or with a secret in the address (docs/contract/account.md §11.3, steps 11 and 12). */
export async function succeed(c: Ctx, { provider, success }: Flow, outcome: Outcome) {
  const { url, isOwn } = endOf(c, success, 'success')
  const { PROJECT_ID } = c.var.settings
  if (outcome.kind === 'token') {
    const { user, secret } = outcome
    const project = isOwn ? { project: PROJECT_ID } : {}
    const wrapped = await wrapSecret(c, secret, provider)
    return redirect(c, withQuery(url, { userId: user.id, secret: wrapped, ...project }))
  }
  const { token } = outcome.draft
  setSessionCookies(c, token, outcome.session.expiresAt)
  if (!isOwn) return redirect(c, url)
  return redirect(
    c,
    withQuery(url, {
      project: PROJECT_ID,
      domain: cookieDomain(c) ?? '',
      key: `a_session_${PROJECT_ID}`,
      secret: encodeSession(token),
    }),
  )
}
