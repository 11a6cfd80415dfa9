import { and, eq, gte, isNull, not, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { identities, memberships, oneTimeSecrets, sessions, users } from '#/db/schema'
import type { AppEnv } from '#/http/context'

/** How old a user may be who goes because a message to the new address could not be delivered. */
const MAX_AGE_SECONDS = 900

type Owned = typeof sessions | typeof identities | typeof memberships | typeof oneTimeSecrets

/** Matches users of whom a table has no row. */
const without = (table: Owned): SQL =>
  sql`not exists (select 1 from ${table} where ${table.userId} = ${users.id})`

/**
 * Builds the statement that deletes a user who was just made so that a message could be sent to an address, and of
 * whom there is nothing else: no proof, password, session, membership or open secret.
 * @returns a statement whose rows are the user, if deleted
 */
export const dropBareUser = ({ var: { db, now } }: Context<AppEnv>, userId: string) =>
  db
    .delete(users)
    .where(
      and(
        eq(users.id, userId),
        gte(users.createdAt, new Date(now.getTime() - MAX_AGE_SECONDS * 1000)),
        eq(users.updatedAt, users.createdAt),
        sql`coalesce(${users.emailOrigin}, ${users.phoneOrigin}) = 'claim'`,
        not(users.emailVerification),
        not(users.phoneVerification),
        isNull(users.passwordUpdate),
        without(sessions),
        without(identities),
        without(memberships),
        without(oneTimeSecrets),
      ),
    )
    .returning({ id: users.id })
