import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { memberships, type Team, teams } from '#/db/schema'
import type { AppEnv } from '#/env'
import { uniqueId } from '#/ids'
import { releaseNow, unreleased } from '#/services/storage/release'
import { OWNER, teamById } from '#/services/teams/access'

type Ctx = Context<AppEnv>

/** Says what a new team is to be. */
export type NewTeam = {
  id: string
  name: string
  /** Who founds it, with which roles; nobody for a key. */
  founder?: { userId: string; roles: readonly string[] }
}

/** Holds while the last statement of the batch stored a row; those of triggers do not count (SQLite, `changes()`). */
const JUST_STORED = sql`changes() = 1`

/** Runs one attempt. @returns the team, and whether grants to a former one of its ID stand in the way */
async function tryStore({ var: { db, now } }: Ctx, { id, name, founder }: NewTeam) {
  const times = { createdAt: now, updatedAt: now }
  const batch = gather(db)
  const left = batch.add(unreleased(db, `team:${id}`))
  const stored = batch.add(
    insertIf(
      db,
      teams,
      { id, name, total: 0, prefs: {}, ...times },
      sql`not exists ${unreleased(db, `team:${id}`)}`,
    ).onConflictDoNothing(),
  )
  if (founder) {
    const { userId, roles } = founder
    const row = {
      id: uniqueId(now),
      teamId: id,
      userId,
      roles: roles.includes(OWNER) ? [...roles] : [...roles, OWNER],
      invited: now,
      joined: now,
      confirm: true,
      ...times,
    }
    batch.add(insertIf(db, memberships, row, JUST_STORED))
  }
  const rows = batch.add(teamById(db, id))
  await batch.run()
  return { team: stored().length > 0 ? rows()[0] : undefined, isBlocked: left().length > 0 }
}

/**
 * Stores a team with its founder's membership, in one transaction. What files and buckets still grant to a
 * former team of the same ID is taken back first: nobody gets it, not for a moment.
 * @returns undefined when the ID is taken
 */
export async function storeTeam(c: Ctx, given: NewTeam): Promise<Team | undefined> {
  const first = await tryStore(c, given)
  if (first.team || !first.isBlocked) return first.team
  await releaseNow(c.var.db, `team:${given.id}`)
  return (await tryStore(c, given)).team
}
