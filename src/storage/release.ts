import { and, eq, exists, not, sql } from 'drizzle-orm'
import type { Database } from '#/db'
import { buckets, fileOwners, files, garbage } from '#/db/schema'

/** Names the role of one user or team, whose grants end with it. */
export type OwnRole = `user:${string}` | `team:${string}`

/** How many files one statement changes. */
const FILES_PER_ROUND = 500

/** Returns permissions without those for a role, in any of its dimensions. */
const without = (
  permissions: typeof files.permissions | typeof buckets.permissions,
  role: string,
) =>
  sql<string[]>`(select json_group_array(value) from json_each(${permissions})
    where instr(value, ${`("${role}")`}) = 0 and instr(value, ${`("${role}/`}) = 0)`

/**
 * Takes back, in one round, what files and buckets grant to a user or team that is gone, so that a new one
 * of the same ID does not inherit it. Safe to repeat: once all is taken back nothing more is touched, and
 * what a new holder of the role has been granted stays.
 * @returns whether nothing is left to take back
 */
export async function releaseRole(db: Database, role: OwnRole): Promise<boolean> {
  const isDue = exists(unreleased(db, role))
  const owned = () =>
    db
      .select({ sequence: fileOwners.fileSequence })
      .from(fileOwners)
      .where(eq(fileOwners.role, role))
  const [, , , left] = await db.batch([
    db
      .update(files)
      .set({ permissions: without(files.permissions, role) })
      .where(and(isDue, sql`${files.sequence} in ${owned().limit(FILES_PER_ROUND)}`)),
    db
      .update(buckets)
      .set({ permissions: without(buckets.permissions, role) })
      .where(
        and(
          isDue,
          sql`exists (select 1 from json_each(${buckets.permissions})
            where instr(value, ${`("${role}")`}) > 0 or instr(value, ${`("${role}/`}) > 0)`,
        ),
      ),
    db
      .delete(garbage)
      .where(and(eq(garbage.kind, 'role'), eq(garbage.ref, role), not(exists(owned())))),
    unreleased(db, role),
  ])
  return left.length === 0
}

/** Builds the statement that finds grants to a former holder of the role that are not taken back yet. */
export const unreleased = (db: Database, role: OwnRole) =>
  db
    .select({ ref: garbage.ref })
    .from(garbage)
    .where(and(eq(garbage.kind, 'role'), eq(garbage.ref, role)))

/** Takes all grants to a former holder of the role back at once: somebody new is about to get it. */
export async function releaseNow(db: Database, role: OwnRole) {
  while (!(await releaseRole(db, role)));
}
