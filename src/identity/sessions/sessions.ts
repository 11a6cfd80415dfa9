import { and, desc, eq, exists, max, ne, not, notInArray, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { clientIp } from '#/auth/rate-limit'
import { encodeSession, setSessionCookies } from '#/auth/session-cookies'
import { proofsOf } from '#/auth/session-proofs'
import { type Origin, type Session, sessions, targets, users } from '#/db/schema'
import { tell } from '#/events/announce'
import { userAgentOf } from '#/events/audit'
import type { AppEnv } from '#/http/context'
import { openTokens, sealTokens } from '#/identity/providers/protocol/tokens'
import { type SessionRow, sessionModel } from '#/identity/sessions/models'
import { originFor } from '#/identity/users/origins'
import { uniqueId } from '#/ids'
import { countryOf } from '#/lib/clients/geo'
import { hashSecret, randomHex } from '#/lib/secrets'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

const SECRET_LENGTH = 256

/** How somebody signed in (docs/contract/account.md §2). */
export type SignIn = {
  userId: string
  provider: string
  providerUid?: string
  factors: readonly string[]
  /** On whose authority; the account's state decides when left out. */
  origin?: Origin
  tokens?: { access: string; accessExpiry: Date | null; refresh: string }
}

/** Makes a session that is not stored yet, and the token that opens it. */
export async function draftSession(c: Ctx, signIn: SignIn) {
  const { now } = c.var
  const { policies } = await projectOf(c)
  const id = uniqueId(now)
  const secret = randomHex(SECRET_LENGTH)
  const { access = '', accessExpiry = null, refresh = '' } = signIn.tokens ?? {}
  const row: Omit<typeof sessions.$inferInsert, 'origin'> & { origin: Origin | SQL } = {
    id,
    userId: signIn.userId,
    secretHash: await hashSecret(secret),
    provider: signIn.provider,
    providerUid: signIn.providerUid ?? '',
    ...(await sealTokens(c, 'session', id, { access, refresh })),
    providerAccessTokenExpiry: accessExpiry,
    ip: clientIp(c),
    userAgent: userAgentOf(c),
    countryCode: countryOf(c.req.raw),
    factors: [...signIn.factors],
    origin: signIn.origin ?? originFor(signIn.userId),
    expiresAt: new Date(now.getTime() + policies.sessionDurationSeconds * 1000),
    createdAt: now,
    updatedAt: now,
  }
  return { row, token: { id: signIn.userId, secret } }
}
export type SessionDraft = Awaited<ReturnType<typeof draftSession>>

/** Builds the statement that stores a session; no row comes back when its user is gone. */
export const insertSession = (c: Ctx, { row }: SessionDraft) =>
  c.var.db.insert(sessions).values(row).returning()

/** Matches sessions that have shown a second factor, of users who ask for one: see `hasPassed`. */
export const HAS_PASSED = sql`coalesce((select ${users.mfa} from ${users} where ${users.id} = ${sessions.userId})
  and (${sessions.mfaUpdatedAt} is not null
    or json_array_length(${sessions.factors}) - (${sessions.factors} like '["email","oauth2"%') > 1), 0)`

/** Returns the statement that selects the sessions that stay: those that have shown a second factor first. */
const kept = ({ var: { db } }: Ctx, which: SQL | undefined, most: number) =>
  db
    .select({ sequence: sessions.sequence })
    .from(sessions)
    .where(which)
    .orderBy(desc(HAS_PASSED), desc(sessions.sequence))
    .limit(most)

/**
 * Builds the statement that ends a user's oldest sessions beyond the project's limit (docs/contract/auth.md §15.3),
 * after a new one. Differs: one that has shown a second factor makes room only for another that has, so that whoever
 * knows the password alone ends nobody's session; beyond the limit there is one such sign-in at most.
 * @param most how many may stay
 * @param factors of the new session
 */
export function trimSessions(c: Ctx, userId: string, most: number, factors: readonly string[]) {
  const { db } = c.var
  const own = eq(sessions.userId, userId)
  const newest = db
    .select({ sequence: max(sessions.sequence) })
    .from(sessions)
    .where(own)
  return db
    .delete(sessions)
    .where(
      and(
        own,
        notInArray(sessions.sequence, kept(c, own, most)),
        notInArray(sessions.sequence, newest),
        proofsOf(factors).length > 1 ? undefined : not(HAS_PASSED),
      ),
    )
}

/** Builds the statement that does what {@link trimSessions} left, once a session has shown a second factor. */
export function trimAfterPass(
  c: Ctx,
  { id, userId }: Pick<Session, 'id' | 'userId'>,
  most: number,
) {
  const { db, now } = c.var
  const others = and(eq(sessions.userId, userId), ne(sessions.id, id))
  const justPassed = db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, id), eq(sessions.mfaUpdatedAt, now)))
  return db
    .delete(sessions)
    .where(
      and(others, notInArray(sessions.sequence, kept(c, others, most - 1)), exists(justPassed)),
    )
}

/** Hands a stored session to the client that signed in, by cookies, and gives what to answer with. */
export function startSession(c: Ctx, session: Session, { token }: SessionDraft): SessionRow {
  setSessionCookies(c, token, session.expiresAt)
  return { ...session, secret: encodeSession(token), current: true }
}

/** Returns a session with its provider's tokens readable. */
export async function openSession(c: Ctx, session: Session): Promise<SessionRow> {
  return {
    ...session,
    ...(await openTokens(c, 'session', session)),
    current: session.id === c.var.self?.session?.id,
  }
}

/** Sets which session the event of the route is about. */
export const tellSession = (c: Ctx, session: Session) =>
  tell(c, {
    ids: { sessionId: session.id },
    payload: async (view) => sessionModel.wire(await openSession(c, session), view),
  })

/** Most sessions, or targets, of a user that an answer has (docs/contract/users.md §2.1, §9.2). */
export const MOST_LISTED = 1000

/** Builds the statement that lists a user's sessions, oldest first. */
export const sessionsOf = (c: Ctx, userId: string) =>
  c.var.db
    .select()
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .orderBy(sessions.sequence)
    .limit(MOST_LISTED)

/** Builds the statement that loads a user's targets, oldest first. */
export const targetsOf = (c: Ctx, userId: string) =>
  c.var.db
    .select()
    .from(targets)
    .where(eq(targets.userId, userId))
    .orderBy(targets.sequence)
    .limit(MOST_LISTED)
