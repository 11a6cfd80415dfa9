import { and, eq, exists, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { oauthFactors } from '#/auth/amr'
import { oneTimeRow } from '#/auth/one-time'
import type { Batch } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { oneTimeSecrets, type Session, sessions, targets, type User } from '#/db/schema'
import { touched } from '#/db/touch'
import { announce } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import type { Arrival } from '#/identity/providers/facts'
import { issuedToken } from '#/identity/secrets/one-time'
import { tokenModel } from '#/identity/sessions/models'
import { draftSession, type SessionDraft, trimSessions } from '#/identity/sessions/sessions'
import { randomHex } from '#/lib/secrets'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

/** What somebody who has signed in gets: a session, or a secret that is good for one. */
export type Outcome =
  | { kind: 'session'; user: User; session: Session; draft: SessionDraft }
  | { kind: 'token'; user: User; secret: string }

const ONE = { one: sql`1` }

/** Who enters, by which identity. */
type Entry = Arrival & { userId: string; identityId: string }

/**
 * Adds to a batch a session in place of the current one, whose push targets it takes over.
 * @returns reads it once the batch has run; undefined when the user may not enter any more
 */
export async function addSession(c: Ctx, batch: Batch, entry: Entry, mayEnter: SQL) {
  const { db, now } = c.var
  const { policies } = await projectOf(c)
  const draft = await draftSession(c, {
    userId: entry.userId,
    provider: entry.provider,
    providerUid: entry.profile.id,
    factors: oauthFactors(entry.isMfa),
    tokens: entry.tokens,
  })
  const stored = batch.add<Session[]>(insertIf(db, sessions, draft.row, mayEnter))
  const before = c.var.self?.session
  if (before) {
    const isStored = exists(db.select(ONE).from(sessions).where(eq(sessions.id, draft.row.id)))
    // Somebody else's devices end with the session that they came with.
    const own = and(eq(targets.sessionId, before.id), eq(targets.userId, entry.userId))
    batch.add(
      db
        .update(targets)
        .set(touched(targets, { sessionId: draft.row.id }, now))
        .where(and(own, isStored)),
    )
    batch.add(db.delete(sessions).where(and(eq(sessions.id, before.id), isStored)))
  }
  batch.add(trimSessions(c, entry.userId, policies.sessionLimit, draft.row.factors))
  return (user: User): Outcome | undefined => {
    const [session] = stored()
    return session && { kind: 'session', user, session, draft }
  }
}

const SECRET_LENGTH = 64
/** Marks a token of a sign-in in which the provider asked for more than one factor. */
const MFA_NOTE = 'mfa'
/** For how long a token is good; the JWT around it says the same (docs/contract/account.md §11.3, step 11). */
export const TOKEN_SECONDS = 60

/**
 * Adds to a batch a secret that is good for a session, and the end of the current one, which would stand in
 * its way.
 * @returns reads it once the batch has run; undefined when the user may not enter any more
 */
export async function addToken(c: Ctx, batch: Batch, entry: Entry, mayEnter: SQL) {
  const { db } = c.var
  const secret = randomHex(SECRET_LENGTH)
  const row = await oneTimeRow(c, {
    userId: entry.userId,
    purpose: 'oauth2',
    secret,
    ref: entry.identityId,
    ttlSeconds: TOKEN_SECONDS,
    ...(entry.isMfa ? { sealed: MFA_NOTE } : {}),
  })
  const stored = batch.add<unknown[]>(insertIf(db, oneTimeSecrets, row, mayEnter))
  const before = c.var.self?.session
  if (before) batch.add(db.delete(sessions).where(and(eq(sessions.id, before.id), mayEnter)))
  return (user: User): Outcome | undefined => {
    if (stored().length === 0) return
    announce(c, {
      template: 'users.[userId].tokens.[tokenId].create',
      ids: { userId: user.id },
      payload: (view) => tokenModel.wire(issuedToken(row, ''), view),
    })
    return { kind: 'token', user, secret }
  }
}
