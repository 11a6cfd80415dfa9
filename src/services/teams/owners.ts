import { and, eq, ne, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Context } from 'hono'
import { isPrivileged } from '#/auth/caller'
import { memberships } from '#/db/schema'
import type { AppEnv } from '#/env'
import {
  type Found,
  type MembershipIds,
  membershipById,
  OWNER,
  teamById,
} from '#/services/teams/access'

type Ctx = Context<AppEnv>

const others = alias(memberships, 'others')

const holdsOwner = (roles: SQL | typeof memberships.roles) =>
  sql`exists (select 1 from json_each(${roles}) where value = ${OWNER})`

/** Matches while a team has an owner beside one membership. */
const hasOtherOwner = (teamId: SQL | string, membershipId: SQL | string) =>
  sql`exists (select 1 from ${memberships} others where ${and(
    eq(others.teamId, teamId),
    eq(others.confirm, true),
    ne(others.id, membershipId),
    holdsOwner(sql`${others.roles}`),
  )})`

/** Tells whether a membership makes its user one of several owners. */
const SHARES = sql`(${memberships.confirm} and ${holdsOwner(memberships.roles)}
  and ${hasOtherOwner(sql`${memberships.teamId}`, sql`${memberships.id}`)})`
const sharesColumn = sql<boolean>`${SHARES}`.mapWith(Boolean).as('shares_ownership')

/** Loads a membership that is about to be changed or to go, and whether its user is one of several owners. */
export async function loadForChange({ var: { db } }: Ctx, { teamId, membershipId }: MembershipIds) {
  const [[team], [membership], [owners]] = await db.batch([
    teamById(db, teamId),
    membershipById(db, membershipId),
    db.select({ shared: sharesColumn }).from(memberships).where(eq(memberships.id, membershipId)),
  ])
  return { team, membership, sharesOwnership: owners?.shared ?? false }
}

/**
 * Gives the condition under which a membership may cease to be an owner's.
 *
 * Differs: upstream lets the last owner of a team go, and so does this, when asked to. But whoever was one of
 * several owners when the request came does not become the last one to go by chance: of owners who leave at
 * the same time one is refused, and may ask again.
 */
export function unlessLastOwner(
  { var: { caller } }: Ctx,
  { id, teamId }: Found,
  sharedOwnership: boolean,
): SQL | undefined {
  return sharedOwnership && !isPrivileged(caller) ? hasOtherOwner(teamId, id) : undefined
}
