import { and, eq, exists, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Person } from '#/auth/caller'
import { sessions } from '#/db/schema'
import { touched } from '#/db/touch'
import type { AppEnv } from '#/http/context'

/** The session's factors, without the `email` that only comes with `oauth2`: see `isOAuthPair`. */
const PROOFS = sql`case when ${sessions.factors} like '["email","oauth2"%'
  then json_remove(${sessions.factors}, '$[0]') else ${sessions.factors} end`

/** Returns a session's factors with more after them, each once; a code sent to the address counts as new. */
function factorsWith(more: readonly string[]) {
  const held = more.includes('email') ? PROOFS : sessions.factors
  return sql`(select json_group_array(value) from (
    select 0 as part, key, value from json_each(${held})
    union all select 1 as part, key, value from json_each(${JSON.stringify(more)})
      where value not in (select value from json_each(${held}))
    order by part, key))`
}

/**
 * Builds the statement that adds factors to a session, where it lacks them; parallel ones are not lost.
 * @param challenged whether they were just shown, which opens what needs a fresh challenge
 * (docs/contract/auth.md §11.4)
 * @param when what must be true
 * @returns a statement whose first row is the session; no row when it is gone
 */
export const addFactors = (
  { var: { db, now } }: Context<AppEnv>,
  sessionId: string,
  factors: readonly string[],
  { challenged = false, when }: { challenged?: boolean; when?: SQL | undefined } = {},
) =>
  db
    .update(sessions)
    .set(
      touched(
        sessions,
        { factors: factorsWith(factors), mfaUpdatedAt: challenged ? now : undefined },
        now,
      ),
    )
    .where(and(eq(sessions.id, sessionId), when))
    .returning()

/** Holds while a session is there: what is shown in one that ended meanwhile is not used up. */
export const isSessionOpen = ({ var: { db } }: Context<AppEnv>, sessionId: string) =>
  exists(db.select({ id: sessions.id }).from(sessions).where(eq(sessions.id, sessionId)))

/**
 * Returns the second factors that somebody has and has proved, whatever the owner allows (docs/contract/account.md §8).
 */
export const provedFactors = ({ user, hasTotp }: Person): string[] => [
  ...(hasTotp ? ['totp'] : []),
  ...(user.email && user.emailVerification ? ['email'] : []),
  ...(user.phone && user.phoneVerification ? ['phone'] : []),
]
