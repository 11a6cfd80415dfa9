import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { gather } from '#/db/gather'
import { identities, type Session, sessions } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { addProvider } from '#/identity/providers/catalog/settings'
import { siteOf } from '#/identity/providers/catalog/site'
import { renewTokens, type Tokens } from '#/identity/providers/protocol/authorization-code'
import { sealTokens } from '#/identity/providers/protocol/tokens'
import { openSession } from '#/identity/sessions/sessions'

type Ctx = Context<AppEnv>

/**
 * Extends a session that holds a refresh token of its provider, and renews the provider's tokens, also those
 * of the identity behind it: providers may take the old ones back.
 * @returns undefined when the session is gone, or another request has renewed it meanwhile
 * @throws `project_provider_unsupported` when the provider is not set up any more,
 * `user_oauth2_provider_failure`
 */
export async function renewSession(
  c: Ctx,
  session: Session,
  expiresAt: Date,
): Promise<Session | undefined> {
  const { db, now } = c.var
  const reading = gather(db)
  const setUp = addProvider(c, reading, session.provider)
  const linked = reading.add(
    db
      .select()
      .from(identities)
      .where(
        and(
          eq(identities.provider, session.provider),
          eq(identities.providerUid, session.providerUid),
          eq(identities.userId, session.userId),
        ),
      ),
  )
  await reading.run()
  const tokens = await renewed(c, session, setUp)
  const access = { providerAccessTokenExpiry: tokens.accessExpiry }
  const writing = gather(db)
  const [identity] = linked()
  if (identity) {
    const values = { ...(await sealTokens(c, 'identity', identity.id, tokens)), ...access }
    writing.add(
      db
        .update(identities)
        .set(touched(identities, values, now))
        .where(eq(identities.id, identity.id)),
    )
  }
  const values = { ...(await sealTokens(c, 'session', session.id, tokens)), ...access, expiresAt }
  const stored = writing.add<Session[]>(
    db
      .update(sessions)
      .set(touched(sessions, values, now))
      .where(
        and(
          eq(sessions.id, session.id),
          eq(sessions.providerRefreshToken, session.providerRefreshToken),
        ),
      )
      .returning(),
  )
  await writing.run()
  return stored()[0]
}

async function renewed(
  c: Ctx,
  session: Session,
  setUp: ReturnType<typeof addProvider>,
): Promise<Tokens> {
  const { providerRefreshToken } = await openSession(c, session)
  const site = await setUp()
    .then(({ provider }) => siteOf(c, provider))
    .catch((error: unknown) => {
      const isMissing =
        error instanceof ApiError &&
        ['general_argument_invalid', 'project_provider_disabled'].includes(error.type)
      throw isMissing ? new ApiError('project_provider_unsupported') : error
    })
  return renewTokens(site, providerRefreshToken)
}
