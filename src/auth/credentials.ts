import type { Context } from 'hono'
import { type ShownSession, shownSessions } from '#/auth/shown-sessions'
import type { AppEnv } from '#/http/context'

/** What a request shows of who sends it. */
export type Credentials = {
  key: string | undefined
  jwt: string | undefined
  sessions: readonly ShownSession[]
  /** Whom a caller with the right to impersonate wants to act as; at least one is not ''. */
  impersonate: { id: string; email: string; phone: string } | undefined
}

/** Reads a header, else a query parameter in camel or lower case (docs/contract/auth.md §3.1). */
function either(c: Context<AppEnv>, header: string, query: string): string {
  return c.req.header(header) || c.req.query(query) || c.req.query(query.toLowerCase()) || ''
}

/** Checks whether a console session is asked for; there is no console here, so it is nobody's. */
export const isAdminMode = (c: Context<AppEnv>) => either(c, 'x-appwrite-mode', 'mode') === 'admin'

/** Collects the credentials of a request; whether they are good is for `authenticate` to say. */
export function credentialsOf(c: Context<AppEnv>): Credentials {
  const key = c.req.header('x-appwrite-key') || undefined
  if (isAdminMode(c)) return { key, jwt: undefined, sessions: [], impersonate: undefined }
  const id = either(c, 'x-appwrite-impersonate-user-id', 'impersonateUserId')
  const email = either(c, 'x-appwrite-impersonate-user-email', 'impersonateEmail')
  const phone = either(c, 'x-appwrite-impersonate-user-phone', 'impersonatePhone')
  const { sessions, isFallback } = shownSessions(c.req.raw.headers, c.var.settings.PROJECT_ID)
  c.header('X-Debug-Fallback', `${isFallback}`) // docs/contract/auth.md §3.2
  return {
    key,
    jwt: c.req.header('x-appwrite-jwt') || undefined,
    sessions,
    impersonate: id || email || phone ? { id, email, phone } : undefined,
  }
}
