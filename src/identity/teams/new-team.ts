import { type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { memberships, type Team, teams } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { OWNER, teamById } from '#/identity/teams/access'
import { uniqueId } from '#/ids'
import { projectOf } from '#/project/settings'
import { releaseNow, unreleased } from '#/storage/release'

type Ctx = Context<AppEnv>

/** What a new team is to be. */
export type NewTeam = {
  id: string
  name: string
  /** Who founds it, with which roles; nobody for a key. */
  founder?: { userId: string; roles: readonly string[] }
}

/** Holds while the last statement of the batch stored a row; those of triggers do not count (SQLite, `changes()`). */
const JUST_STORED = sql`changes() = 1`

/**
 * Selects whether a user has made as many teams as the project allows one user to have at a time.
 * Differs: upstream has no such limit.
 */
async function hasAll(c: Ctx, founder: NewTeam['founder']): Promise<SQL> {
  const { teamLimit } = (await projectOf(c)).policies
  if (!founder || teamLimit === 0) return sql`0`
  const made = sql`select 1 from ${teams} where ${teams.createdBy} = ${founder.userId} limit ${teamLimit}`
  return sql`(select count(*) from (${made})) >= ${teamLimit}`
}

/** Runs one attempt. @returns the team, and what stands in the way of it */
async function tryStore(c: Ctx, { id, name, founder }: NewTeam) {
  const { db, now } = c.var
  const times = { createdAt: now, updatedAt: now }
  const batch = gather(db)
  const isFull = await hasAll(c, founder)
  const left = batch.add(unreleased(db, `team:${id}`))
  const row = { id, name, total: 0, prefs: {}, createdBy: founder?.userId ?? null, ...times }
  const isFree = sql`not exists ${unreleased(db, `team:${id}`)}`
  const stored = batch.add(
    insertIf(db, teams, row, sql`${isFree} and not ${isFull}`).onConflictDoNothing(),
  )
  if (founder) {
    const { userId, roles } = founder
    const member = {
      id: uniqueId(now),
      teamId: id,
      userId,
      roles: roles.includes(OWNER) ? [...roles] : [...roles, OWNER],
      invited: now,
      joined: now,
      confirm: true,
      ...times,
    }
    batch.add(insertIf(db, memberships, member, JUST_STORED))
  }
  const rows = batch.add(teamById(db, id))
  const full = batch.add(
    db.select({ is: sql<number>`${isFull}`.as('is_full') }).from(sql`(select 1)`),
  )
  await batch.run()
  const team = stored().length > 0 ? rows()[0] : undefined
  return {
    ...{ team, isFull: full()[0]?.is === 1, isTaken: rows().length > 0 },
    isBlocked: left().length > 0,
  }
}

/**
 * Stores a team with its founder's membership, in one transaction. What files and buckets still grant to a
 * former team of the same ID is taken back first: nobody gets it, not for a moment.
 * @throws `team_already_exists`, `general_resource_blocked` when the user has made as many teams as allowed
 */
export async function storeTeam(c: Ctx, given: NewTeam): Promise<Team> {
  let tried = await tryStore(c, given)
  if (!tried.team && tried.isBlocked) {
    await releaseNow(c.var.db, `team:${given.id}`)
    tried = await tryStore(c, given)
  }
  if (tried.team) return tried.team
  if (tried.isTaken || !tried.isFull) throw new ApiError('team_already_exists')
  throw new ApiError('general_resource_blocked', 'You have made as many teams as a user may have.')
}
