import { and, eq, gte, not } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Self } from '#/auth/caller'
import { clearSessionCookies, extendSessionCookies } from '#/auth/session-cookies'
import { sessions } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import { lacksFactor } from '#/identity/factors/factors'
import { renewSession } from '#/identity/providers/renew'
import { sessionListModel, sessionModel } from '#/identity/sessions/models'
import { HAS_PASSED, openSession, sessionsOf, tellSession } from '#/identity/sessions/sessions'
import { selfOf } from '#/identity/users/self'
import { uid } from '#/ids'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'

const oneSession = z.object({
  sessionId: uid.describe('ID of the session, or `current` for the one that asks.'),
})

/** Returns the ID that is meant; under a JWT there is no current session, so `current` names none. */
const sessionIdOf = ({ session }: Self, asked: string) =>
  asked === 'current' ? (session?.id ?? asked) : asked

/** Matches one of the user's own sessions. */
const own = (self: Self, asked: string) =>
  and(eq(sessions.id, sessionIdOf(self, asked)), eq(sessions.userId, self.person.user.id))

export const listSessions = route(
  {
    name: 'account.listSessions',
    summary: 'List sessions',
    description:
      'Lists the stored sessions of the user, oldest first; `current` marks the one ' +
      'that asks.',
    method: 'get',
    path: '/v1/account/sessions',
    scopes: ['account'],
    input: {},
    status: 200,
    model: sessionListModel,
    errors: [],
  },
  async (c) => {
    const rows = await sessionsOf(c, selfOf(c).person.user.id)
    return {
      total: rows.length,
      rows: await Promise.all(rows.map((session) => openSession(c, session))),
    }
  },
)

export const getSession = route(
  {
    name: 'account.getSession',
    summary: 'Get a session',
    description: 'Returns one session of the user.',
    method: 'get',
    path: '/v1/account/sessions/:sessionId',
    scopes: ['account'],
    input: { param: oneSession },
    status: 200,
    model: sessionModel,
    errors: ['user_session_not_found'],
  },
  async (c, { sessionId }) => {
    const self = selfOf(c)
    const isCurrent = self.session?.id === sessionIdOf(self, sessionId)
    const [session] = isCurrent
      ? [self.session]
      : await c.var.db.select().from(sessions).where(own(self, sessionId))
    if (!session) throw new ApiError('user_session_not_found')
    return openSession(c, session)
  },
)

export const updateSession = route(
  {
    name: 'account.updateSession',
    summary: 'Extend a session',
    description:
      "Sets the end of a session anew, counted from now by the project's policy. A " +
      "session that came from a sign-in provider also renews the provider's tokens.",
    method: 'patch',
    path: '/v1/account/sessions/:sessionId',
    scopes: ['account'],
    limit: { limit: 10, windowSeconds: 3600, keys: ['url:{url},ip:{ip}'] },
    event: 'users.[userId].sessions.[sessionId].update',
    audit: 'session.update',
    input: { param: oneSession },
    status: 200,
    model: sessionModel,
    errors: [
      'project_provider_unsupported',
      'user_oauth2_provider_failure',
      'user_session_not_found',
    ],
  },
  async (c, { sessionId }) => {
    const { db, now } = c.var
    const self = selfOf(c)
    const { policies } = await projectOf(c)
    const expiresAt = new Date(now.getTime() + policies.sessionDurationSeconds * 1000)
    const [extended] = await db
      .update(sessions)
      .set(touched(sessions, { expiresAt }, now))
      .where(and(own(self, sessionId), eq(sessions.providerRefreshToken, '')))
      .returning()
    const [renewable] = extended ? [] : await db.select().from(sessions).where(own(self, sessionId))
    const session = renewable ? await renewSession(c, renewable, expiresAt) : extended
    if (!session) throw new ApiError('user_session_not_found')
    tell(c, { ids: { sessionId: session.id } }) // the path may say `current`
    await extendSessionCookies(c, session)
    return { ...(await openSession(c, session)), current: false, countryName: '' }
  },
)

const closing = { limit: 100, windowSeconds: 3600, keys: ['url:{url},ip:{ip}'] }

/**
 * Signs out whoever's session no longer counts: there is nothing left to end. Differs: upstream refuses it, and
 * the cookies stay.
 * @throws `general_unauthorized_scope` for a session that goes on: nobody proves that it is theirs
 */
async function signOutLost(c: Context<AppEnv>, sessionId: string) {
  const { db, now } = c.var
  const goesOn = and(eq(sessions.id, sessionId), gte(sessions.expiresAt, now))
  const isOther = sessionId !== 'current'
  if (isOther && (await db.select({ id: sessions.id }).from(sessions).where(goesOn))[0]) {
    throw new ApiError('general_unauthorized_scope', 'The session of this request has ended.')
  }
  clearSessionCookies(c)
  return undefined
}

export const deleteSession = route(
  {
    name: 'account.deleteSession',
    summary: 'End a session',
    description:
      'Ends one session of the user. Unlike with Appwrite, a session that lacks a ' +
      'second factor cannot end one that has shown it.',
    method: 'delete',
    path: '/v1/account/sessions/:sessionId',
    scopes: ['account'],
    mfa: 'exempt',
    signOut: 'current',
    limit: closing,
    event: 'users.[userId].sessions.[sessionId].delete',
    audit: 'session.delete',
    input: { param: oneSession },
    status: 204,
    errors: ['user_session_not_found'],
  },
  async (c, { sessionId }) => {
    if (!c.var.self) return signOutLost(c, sessionId)
    const self = selfOf(c)
    const { db } = c.var
    // Differs: upstream lets a session that lacks a second factor end those that have shown theirs. Its own ends always.
    const isHalf =
      self.session !== undefined &&
      self.session.id !== sessionIdOf(self, sessionId) &&
      lacksFactor(c, self.person, self.session)
    const which = own(self, sessionId)
    const [gone] = await db
      .delete(sessions)
      .where(isHalf ? and(which, not(HAS_PASSED)) : which)
      .returning()
    if (!gone && isHalf && (await db.select({ id: sessions.id }).from(sessions).where(which))[0]) {
      throw new ApiError('user_more_factors_required')
    }
    if (!gone) throw new ApiError('user_session_not_found')
    tellSession(c, gone)
    if (gone.id === self.session?.id) clearSessionCookies(c)
    return undefined
  },
)

export const deleteSessions = route(
  {
    name: 'account.deleteSessions',
    summary: 'End all sessions',
    description:
      'Ends every session of the user, the current one too, and clears the session cookies.',
    method: 'delete',
    path: '/v1/account/sessions',
    scopes: ['account'],
    signOut: 'all',
    limit: closing,
    event: 'users.[userId].sessions.[sessionId].delete',
    audit: 'session.delete',
    input: {},
    status: 204,
    errors: [],
  },
  async (c) => {
    const { person, session } = selfOf(c)
    await c.var.db.delete(sessions).where(eq(sessions.userId, person.user.id))
    if (session) {
      tellSession(c, session) // of all sessions that went (docs/contract/project.md §14.4)
      clearSessionCookies(c)
    }
    return undefined
  },
)
