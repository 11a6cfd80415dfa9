import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '#/db'
import { buckets, fileOwners, files, garbage } from '#/db/schema'

/** Names the role of one user or team, whose grants end with it. */
export type OwnRole = `user:${string}` | `team:${string}`

/** How many files one statement changes. */
const FILES_PER_ROUND = 500

/** Gives permissions without those for a role, in any of its dimensions. */
const without = (
  permissions: typeof files.permissions | typeof buckets.permissions,
  role: string,
) =>
  sql<string[]>`(select json_group_array(value) from json_each(${permissions})
    where instr(value, ${`("${role}")`}) = 0 and instr(value, ${`("${role}/`}) = 0)`

/**
 * Takes back, in one round, what files and buckets grant to a user or team that is gone, so that a new one
 * of the same ID does not inherit it. Safe to repeat.
 * @returns whether nothing is left to take back
 */
export async function releaseRole(db: Database, role: OwnRole): Promise<boolean> {
  const some = db
    .select({ sequence: fileOwners.fileSequence })
    .from(fileOwners)
    .where(eq(fileOwners.role, role))
    .limit(FILES_PER_ROUND)
  const [changed] = await db.batch([
    db
      .update(files)
      .set({ permissions: without(files.permissions, role) })
      .where(sql`${files.sequence} in ${some}`)
      .returning({ one: files.sequence }),
    db
      .update(buckets)
      .set({ permissions: without(buckets.permissions, role) })
      .where(
        sql`exists (select 1 from json_each(${buckets.permissions})
          where instr(value, ${`("${role}")`}) > 0 or instr(value, ${`("${role}/`}) > 0)`,
      ),
  ])
  return changed.length < FILES_PER_ROUND
}

/** Gives the statement that finds grants to a former holder of the role that are not taken back yet. */
export const unreleased = (db: Database, role: OwnRole) =>
  db
    .select({ ref: garbage.ref })
    .from(garbage)
    .where(and(eq(garbage.kind, 'role'), eq(garbage.ref, role)))

/** Takes all grants to a former holder of the role back at once: somebody new is about to get it. */
export async function releaseNow(db: Database, role: OwnRole) {
  while (!(await releaseRole(db, role)));
  await db.delete(garbage).where(and(eq(garbage.kind, 'role'), eq(garbage.ref, role)))
}
