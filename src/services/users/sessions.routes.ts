import { and, desc, eq, gte } from 'drizzle-orm'
import { z } from 'zod'
import { oneTimeRow } from '#/auth/one-time'
import { encodeSession } from '#/auth/session-cookies'
import { signUserJwt, unboundRow } from '#/auth/unbound-jwt'
import { oneTimeSecrets, sessions } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { described, listParams, looseInteger, withDefault } from '#/http/params'
import { userModel } from '#/identity/models'
import { inUser } from '#/identity/params'
import { jwtModel, sessionListModel, sessionModel, tokenModel } from '#/identity/sessions/models'
import {
  draftSession,
  insertSession,
  openSession,
  sessionsOf,
  targetsOf,
  tellSession,
} from '#/identity/sessions/sessions'
import { userById, userExists } from '#/identity/users/open'
import { customId, uid, uidOf } from '#/ids'
import { randomHex } from '#/lib/secrets'
import { route } from '#/pipeline/route'

const PATH = '/v1/users/:userId/sessions'

/** Guests and users hold a scope of the second name, for their own sessions; this is not for them. */
const writing = { scopes: ['users.write', 'sessions.write'], keyOnly: true } as const

export const createSession = route(
  {
    ...writing,
    name: 'users.createSession',
    summary: 'Create a session for a user',
    description:
      'Creates a session without asking for a credential, also for blocked users. API ' +
      'keys only. The answer alone shows its secret.',
    method: 'post',
    path: PATH,
    event: 'users.[userId].sessions.[sessionId].create',
    audit: 'session.create',
    input: { param: z.object({ userId: customId.describe('ID of the user.') }) },
    status: 201,
    model: sessionModel,
    errors: ['user_not_found'],
  },
  async (c, { userId }) => {
    const draft = await draftSession(c, {
      ...{ userId, provider: 'server', factors: ['server'] },
      origin: 'owner',
    })
    const [session] = await insertSession(c, draft)
    if (!session) throw new ApiError('user_not_found')
    return { ...session, secret: encodeSession(draft.token) }
  },
)

export const listSessions = route(
  {
    name: 'users.listSessions',
    summary: "List a user's sessions",
    description:
      'Lists the stored sessions of a user, oldest first. API keys and impersonators only.',
    method: 'get',
    path: PATH,
    scopes: ['users.read', 'sessions.read'],
    input: { param: inUser, query: z.object({ total: listParams.total }) },
    status: 200,
    model: sessionListModel,
    errors: ['user_not_found'],
  },
  async (c, { userId, total }) => {
    const { db } = c.var
    const [[user], stored] = await db.batch([userExists(db, userId), sessionsOf(c, userId)])
    if (!user) throw new ApiError('user_not_found')
    const opened = await Promise.all(stored.map((session) => openSession(c, session)))
    const rows = opened.map((session) => ({ ...session, current: false }))
    return { total: total ? rows.length : 0, rows }
  },
)

export const deleteSessions = route(
  {
    ...writing,
    name: 'users.deleteSessions',
    summary: "End all of a user's sessions",
    description:
      'Ends every session of a user, and drops the push targets that belong to them. ' +
      'API keys only.',
    method: 'delete',
    path: PATH,
    event: 'users.[userId].sessions.delete',
    audit: 'session.delete',
    input: { param: inUser },
    status: 204,
    errors: ['user_not_found'],
  },
  async (c, { userId }) => {
    const { db } = c.var
    const [[user], targets] = await db.batch([
      userById(db, userId),
      targetsOf(c, userId),
      db.delete(sessions).where(eq(sessions.userId, userId)),
    ])
    if (!user) throw new ApiError('user_not_found')
    tell(c, { payload: (view) => userModel.wire({ user, targets }, view) })
    return undefined
  },
)

export const deleteSession = route(
  {
    ...writing,
    name: 'users.deleteSession',
    summary: 'End a session of a user',
    description:
      'Ends one session of a user, and drops the push targets that belong to it. API ' +
      'keys only.',
    method: 'delete',
    path: `${PATH}/:sessionId`,
    event: 'users.[userId].sessions.[sessionId].delete',
    audit: 'session.delete',
    input: { param: inUser.extend({ sessionId: uidOf('session') }) },
    status: 204,
    errors: ['user_not_found', 'user_session_not_found'],
  },
  async (c, { userId, sessionId }) => {
    const { db } = c.var
    const [[user], [gone]] = await db.batch([
      userExists(db, userId),
      db
        .delete(sessions)
        .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
        .returning(),
    ])
    if (!user) throw new ApiError('user_not_found')
    if (!gone) throw new ApiError('user_session_not_found')
    tellSession(c, gone)
    return undefined
  },
)

export const createToken = route(
  {
    name: 'users.createToken',
    summary: 'Create a sign-in token for a user',
    description:
      'Creates a secret that signs the user in once. API keys only. The answer alone ' +
      'shows it, and several can be open at a time.',
    method: 'post',
    path: '/v1/users/:userId/tokens',
    scopes: ['users.write'],
    event: 'users.[userId].tokens.[tokenId].create',
    audit: 'tokens.create',
    input: {
      param: inUser,
      body: z.object({
        length: described(
          withDefault(looseInteger(4, 128), 6),
          'Length of the secret in hex characters.',
        ),
        expire: described(
          withDefault(looseInteger(60, 31_536_000), 900),
          'How long the secret is good for, in seconds.',
        ),
      }),
    },
    status: 201,
    model: tokenModel,
    errors: ['user_not_found'],
  },
  async (c, { userId, length, expire }) => {
    const secret = randomHex(length)
    const row = await oneTimeRow(c, { userId, purpose: 'generic', secret, ttlSeconds: expire })
    const [token] = await c.var.db.insert(oneTimeSecrets).values(row).returning()
    if (!token) throw new ApiError('user_not_found')
    return { ...token, secret }
  },
)

const NEWEST = 'recent'

export const createJWT = route(
  {
    name: 'users.createJWT',
    summary: 'Create a JWT for a user',
    description:
      'Signs a JWT with which to act as the user. API keys only. It ends with the ' +
      'session that it is bound to, or with the user who has none.',
    method: 'post',
    path: '/v1/users/:userId/jwts',
    scopes: ['users.write'],
    input: {
      param: inUser,
      body: z.object({
        sessionId: described(
          withDefault(uid, NEWEST),
          'ID of the session that the JWT is bound to; `recent` means the newest.',
        ),
        duration: described(
          withDefault(looseInteger(0, 3600), 900),
          'How long the JWT is good for, in seconds; 0 is refused.',
        ),
      }),
    },
    status: 201,
    model: jwtModel,
    errors: ['user_not_found', 'user_session_not_found'],
  },
  async (c, { userId, sessionId, duration }) => {
    const { db, now } = c.var
    // Differs: upstream fails with 500.
    if (duration === 0) {
      throw new ApiError(
        'general_argument_invalid',
        'Invalid `duration` param: a JWT that lasts 0 seconds is of no use',
      )
    }
    const [[user], [session]] = await db.batch([
      userExists(db, userId),
      db
        .select({ id: sessions.id })
        .from(sessions)
        .where(
          and(
            eq(sessions.userId, userId),
            gte(sessions.expiresAt, now),
            sessionId === NEWEST ? undefined : eq(sessions.id, sessionId),
          ),
        )
        .orderBy(desc(sessions.sequence))
        .limit(1),
    ])
    if (!user) throw new ApiError('user_not_found')
    // Differs: upstream gives a JWT that is bound to no session, which outlives the one named.
    if (!session && sessionId !== NEWEST) throw new ApiError('user_session_not_found')
    const jwt = await signUserJwt(c, userId, session?.id ?? '', duration)
    if (!session) await db.insert(oneTimeSecrets).values(await unboundRow(c, userId, jwt, duration))
    return jwt
  },
)
