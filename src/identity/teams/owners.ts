import { and, eq, ne, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Context } from 'hono'
import { isPrivileged, type Person } from '#/auth/caller'
import { memberships, teams, users } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { type MembershipIds, membershipById, OWNER, teamById } from '#/identity/teams/access'

type Ctx = Context<AppEnv>

const mine = alias(memberships, 'mine')
const others = alias(memberships, 'others')
type One = typeof memberships | typeof mine | typeof others

/** Matches an owner's confirmed membership, in the words of the index `memberships_of_owners`. */
const isOwners = ({ confirm, roles }: One) => sql`(${confirm} and instr(${roles}, '"owner"') > 0)`

/** Matches a membership beside which its team has another owner, one who is not blocked. */
const hasOtherOwner = (one: One) =>
  sql`exists (select 1 from ${memberships} others join ${users} on ${users.id} = ${others.userId}
    where ${and(
      eq(others.teamId, one.teamId),
      ne(others.userId, one.userId),
      isOwners(others),
      eq(users.status, true),
    )})`

/** Matches a membership of a team in which nobody else is. */
const isAlone = (one: One) =>
  sql`(select ${teams.total} from ${teams} where ${teams.id} = ${one.teamId}) <= 1`

/**
 * Matches a membership whose end would leave its team without an owner.
 * @param wasShared whether there was another owner when the request came
 */
const isNeeded = (one: One, wasShared: SQL) =>
  sql`(${isOwners(one)} and not ${hasOtherOwner(one)} and (${wasShared} or not ${isAlone(one)}))`

/** Loads a membership that is about to be changed or to go, its team, and whether it is one of several owners'. */
export async function loadForChange({ var: { db } }: Ctx, { teamId, membershipId }: MembershipIds) {
  const isShared = and(isOwners(memberships), hasOtherOwner(memberships))
  const [[team], [membership], shared] = await db.batch([
    teamById(db, teamId),
    membershipById(db, membershipId),
    db
      .select({ id: memberships.id })
      .from(memberships)
      .where(and(eq(memberships.id, membershipId), isShared)),
  ])
  return { team, membership, wasShared: shared.length > 0 }
}

/**
 * Returns the condition under which a membership may cease to be an owner's: it is checked in the statement that
 * changes it, so that of owners who go at the same time one stays.
 *
 * Differs: upstream lets the last owner of a team go. Here the last one who is not blocked stays while anybody else
 * is in the team; keys decide for themselves.
 * @param wasShared as {@link loadForChange} found it
 */
export const unlessLastOwner = ({ var: { caller } }: Ctx, wasShared: boolean): SQL | undefined =>
  isPrivileged(caller) ? undefined : sql`not ${isNeeded(memberships, wasShared ? sql`1` : sql`0`)}`

/**
 * Returns the condition under which a user may close the account: as {@link unlessLastOwner}, for each team. It
 * takes a round trip for whoever owns a team.
 */
export async function unlessLastOwnerAnywhere(
  { var: { db } }: Ctx,
  { user, memberships: own }: Person,
): Promise<SQL> {
  const mayBeShared = own.some(({ roles }) => roles.includes(OWNER))
  const shared = mayBeShared
    ? await db
        .select({ teamId: memberships.teamId })
        .from(memberships)
        .where(
          and(eq(memberships.userId, user.id), isOwners(memberships), hasOtherOwner(memberships)),
        )
    : []
  const teamIds = JSON.stringify(shared.map(({ teamId }) => teamId))
  const wasShared = sql`${mine.teamId} in (select value from json_each(${teamIds}))`
  return sql`not exists (select 1 from ${memberships} mine
    where ${and(eq(mine.userId, user.id), isNeeded(mine, wasShared))})`
}

/** Returns the condition under which a user is an owner of a team at that moment. */
export const isOwnerNow = (teamId: string, userId: string): SQL =>
  sql`exists (select 1 from ${memberships} mine
    where ${and(eq(mine.teamId, teamId), eq(mine.userId, userId), isOwners(mine))})`

/** Returns the condition under which a team has an owner at that moment. */
export const hasOwner = (teamId: string): SQL =>
  sql`exists (select 1 from ${memberships} mine where ${and(eq(mine.teamId, teamId), isOwners(mine))})`
