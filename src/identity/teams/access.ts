import { eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Context } from 'hono'
import { type Caller, userIdOf } from '#/auth/caller'
import { allows, permission } from '#/auth/roles'
import type { Database } from '#/db'
import { memberships, type Team, teams } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { memberColumn, membershipColumns, type WithMember } from '#/identity/teams/members'

type Ctx = Context<AppEnv>

/** The one role with a meaning of its own (docs/contract/teams.md §6). */
export const OWNER = 'owner'

export const teamById = (db: Database, id: string) =>
  db.select().from(teams).where(eq(teams.id, id))

/** Selects the sequence of a team, for use inside another statement. */
export const teamSequence = (db: Database, id: string) =>
  db.select({ sequence: teams.sequence }).from(teams).where(eq(teams.id, id))

/** Checks whether the caller may read what a team's members may: a key, or a confirmed member. */
const isMember = (caller: Caller, teamId: string) =>
  allows(caller, 'read', [permission('read', `team:${teamId}`)])

/** Checks whether the caller may change a team: a key, or an owner. */
export const isOwner = (caller: Caller, teamId: string) =>
  allows(caller, 'update', [permission('update', `team:${teamId}/${OWNER}`)])

/** @throws `team_not_found` also for a team that the caller is not in: its existence stays hidden */
export function grantTeam(caller: Caller, team: Team | undefined): Team {
  if (!team || !isMember(caller, team.id)) throw new ApiError('team_not_found')
  return team
}

/** @throws `user_unauthorized` for all but owners and keys */
export function grantOwner(caller: Caller, teamId: string) {
  if (!isOwner(caller, teamId)) throw new ApiError('user_unauthorized')
}

/** A membership, its user, and whether it is that of the team's founder. */
export type Found = WithMember & { isFounders: boolean }

const own = alias(teams, 'own_team')

/** The founder's membership was stored with the team: no other one has the same moment. */
const FOUNDERS = sql`(${memberships.confirm} and ${memberships.createdAt} =
  (select ${own.createdAt} from ${teams} own_team where ${own.id} = ${memberships.teamId}))`
export const foundersColumn = sql<boolean>`${FOUNDERS}`.mapWith(Boolean).as('is_founders')

/** Builds the statement that loads a membership, with its user and what decides on it. */
export const membershipById = (db: Database, id: string, member = memberColumn) =>
  db
    .select({ ...membershipColumns, member, isFounders: foundersColumn })
    .from(memberships)
    .where(eq(memberships.id, id))

/**
 * Anybody may read a membership, but for the founder's: that is for the founder and the team
 * (docs/contract/teams.md §2).
 */
export const isReadable = (caller: Caller, { isFounders, userId, teamId }: Found) =>
  !isFounders || isMember(caller, teamId) || userIdOf(caller) === userId

/**
 * Decides a look at a membership (docs/contract/teams.md §4.2).
 * @param teamId of the team in which it is looked for
 * @throws `team_not_found`, `membership_not_found`, `team_membership_mismatch`
 */
export function grantMembership(
  caller: Caller,
  team: Team | undefined,
  membership: Found | undefined,
): { team: Team; membership: Found } {
  const readable = grantTeam(caller, team)
  if (!membership || !isReadable(caller, membership)) throw new ApiError('membership_not_found')
  if (membership.teamId !== readable.id) throw new ApiError('team_membership_mismatch')
  return { team: readable, membership }
}

/**
 * Decides a change of roles (docs/contract/teams.md §4.4).
 * @throws as {@link grantMembership}, then `user_not_found`, `user_unauthorized`
 */
export function grantRoleChange(caller: Caller, team: Team | undefined, found: Found | undefined) {
  const granted = grantMembership(caller, team, found)
  const { member } = granted.membership
  if (!member) throw new ApiError('user_not_found')
  grantOwner(caller, granted.team.id)
  return { ...granted, member }
}

/**
 * Decides a leave or removal: for the member, owners and keys (docs/contract/teams.md §4.6).
 * @throws `team_invite_not_found`, `user_not_found`, `team_not_found`, `team_membership_mismatch`,
 * `user_unauthorized`
 */
export function grantRemoval(
  caller: Caller,
  team: Team | undefined,
  membership: Found | undefined,
) {
  if (!membership || !isReadable(caller, membership)) throw new ApiError('team_invite_not_found')
  const { member } = membership
  if (!member) throw new ApiError('user_not_found')
  const readable = grantTeam(caller, team)
  if (membership.teamId !== readable.id) throw new ApiError('team_membership_mismatch')
  if (userIdOf(caller) !== membership.userId) grantOwner(caller, readable.id)
  return { team: readable, membership, member }
}

/** Loads a team that the caller may read, in one round trip. @throws `team_not_found` */
export async function openTeam({ var: { db, caller } }: Ctx, teamId: string): Promise<Team> {
  const [team] = await teamById(db, teamId)
  return grantTeam(caller, team)
}

/** Loads a team that the caller may change. @throws `team_not_found`, `user_unauthorized` */
export async function openOwnTeam(c: Ctx, teamId: string): Promise<Team> {
  const team = await openTeam(c, teamId)
  grantOwner(c.var.caller, team.id)
  return team
}

/** Names a membership in a path. */
export type MembershipIds = { teamId: string; membershipId: string }

/**
 * Loads a membership that the caller may read, in one round trip. Throws as {@link grantMembership}.
 * @param member what to read of its user
 */
export async function openMembership(
  { var: { db, caller } }: Ctx,
  { teamId, membershipId }: MembershipIds,
  member: typeof memberColumn,
) {
  const [[team], [membership]] = await db.batch([
    teamById(db, teamId),
    membershipById(db, membershipId, member),
  ])
  return grantMembership(caller, team, membership)
}
