import { count, eq, type SQL } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Batch } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { type Session, sessions, type User } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { requestLocale } from '#/http/request-locale'
import type { SessionRow } from '#/identity/sessions/models'
import { draftSession, type SignIn, startSession, trimSessions } from '#/identity/sessions/sessions'
import { countryName } from '#/lib/clients/geo'
import { parseUserAgent } from '#/lib/clients/user-agent'
import { log } from '#/lib/log'
import { mailConfigured, mailMoment, sendTemplate } from '#/messaging/mail/send'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

/**
 * Adds to a batch what signs a user in: the session, stored only under a condition, and the end of the
 * user's oldest ones beyond the owner's limit.
 * @returns hands the stored session to the client once the batch has run; undefined when none was stored
 */
export async function addSignIn(
  c: Ctx,
  batch: Batch,
  signIn: SignIn,
  when: SQL,
): Promise<(user: User) => SessionRow | undefined> {
  const { db } = c.var
  const { policies } = await projectOf(c)
  const draft = await draftSession(c, signIn)
  const stored = batch.add<Session[]>(insertIf(db, sessions, draft.row, when))
  batch.add(trimSessions(c, signIn.userId, policies.sessionLimit, signIn.factors))
  const open = policies.sessionAlerts
    ? batch.add(
        db.select({ count: count() }).from(sessions).where(eq(sessions.userId, signIn.userId)),
      )
    : undefined
  return (user) => {
    const [session] = stored()
    if (!session) return
    c.set('actor', user)
    if ((open?.()[0]?.count ?? 0) > 1) alertOf(c, user, session)
    return startSession(c, session, draft)
  }
}

/** Checks whether whoever signed in has just read the user's mail: a mail about it would say nothing new. */
const wasByMail = ({ provider, factors }: Session) =>
  ['magic-url', 'token'].includes(provider) && factors.includes('email')

/** Mails a user, after the answer, that somebody has signed in (docs/contract/account.md §13). */
function alertOf(c: Ctx, user: User, session: Session) {
  if (!user.email || wasByMail(session) || !mailConfigured(c)) return
  const locale = requestLocale(c)
  const { clientName, osName } = parseUserAgent(session.userAgent)
  const sent = sendTemplate(c, {
    template: 'sessionAlert',
    to: user.email,
    toName: user.name,
    variables: {
      device: [clientName, osName].filter(Boolean).join(', ') || 'UNKNOWN',
      ipAddress: session.ip,
      country: countryName(session.countryCode, locale),
      ...mailMoment(session.createdAt, locale),
    },
  })
  c.executionCtx.waitUntil(sent.catch((cause) => log.error('A session alert was not sent:', cause)))
}
