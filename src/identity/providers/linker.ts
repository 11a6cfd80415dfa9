import type { Context } from 'hono'
import type { Session, User } from '#/db/schema'
import { ownClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { isOrigin } from '#/http/origin'
import { lacksFactor } from '#/identity/factors/factors'
import type { Flow } from '#/identity/providers/state'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

const ANONYMOUS = 'anonymous'

/**
 * Checks whether a browser was sent here by a client of the project. Whoever tells nothing of where it comes from
 * was not sent by a page of another site.
 */
function isFromClient(c: Ctx): boolean {
  const from = c.req.header('origin') ?? c.req.header('referer')
  if (from === undefined || from === 'null') return c.req.header('sec-fetch-site') !== 'cross-site'
  return isOrigin(c, from, c.var.clients ?? ownClients(c))
}

/** Returns the session of the browser; undefined for one that lacks a second factor, which may link nothing. */
function ownSession(c: Ctx): Session | undefined {
  const { self } = c.var
  return self?.session && !lacksFactor(c, self.person, self.session) ? self.session : undefined
}

/** Returns the ID of the session that a flow begins with, if it may link; else ''. */
export const linkingSession = (c: Ctx): string =>
  (isFromClient(c) ? ownSession(c)?.id : undefined) ?? ''

/** Checks whether a guest is signed in: somebody with nothing by which to sign in again. */
function isGuest({ var: { self } }: Ctx): boolean {
  if (self?.session?.provider !== ANONYMOUS) return false
  const { email, phone, password } = self.person.user
  return email === null && phone === null && password === null
}

/**
 * Returns whose session links an account at a provider that nobody has. A flow that ends with a token signs in
 * whoever the provider names; one that ends with a session links if that very session began it. A guest's account
 * becomes that of whoever signs in.
 * Differs: upstream links to whatever session the browser has when it comes back.
 */
export async function linkerOf(
  c: Ctx,
  { asToken, session }: Pick<Flow, 'asToken' | 'session'>,
): Promise<User | undefined> {
  const own = ownSession(c)
  if (asToken || !own) return
  if (isGuest(c)) return c.var.self?.person.user
  const { policies } = await projectOf(c)
  return policies.linkIdentities && own.id === session ? c.var.self?.person.user : undefined
}
