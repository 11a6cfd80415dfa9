import type { Context } from 'hono'
import type { AppEnv } from '#/http/context'
import { chooseLocale, DEFAULT_LOCALE, isLocale } from '#/lib/locale'

/**
 * Returns the languages that a request asks for, as `#/locale` reads them: what the app has set, by header or
 * parameter, else what the browser or device prefers. Differs: upstream takes exact codes, and none of a browser.
 */
export function requestLocale(c: Context<AppEnv>): string {
  const set = c.req.header('x-appwrite-locale') ?? c.req.query('locale')
  if (set !== undefined && chooseLocale(set, isLocale)) return set
  return c.req.header('accept-language') ?? DEFAULT_LOCALE
}
