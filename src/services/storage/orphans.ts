import { sql } from 'drizzle-orm'
import { type Database, rawStatement } from '#/db'
import { counters, files } from '#/db/schema'
import { blobKey, blobTime, timePrefix } from '#/services/storage/blobs'

/** A request that writes a blob has long ended after this. */
const LONGEST_REQUEST_MS = 24 * 3600 * 1000
const BLOBS_PER_ROUND = 500
/** Names the counter that tells up to when blobs were looked at, in epoch milliseconds. */
const LOOKED_AT = 'blobs:looked-at'

/**
 * Deletes, in one round, blobs that no row has taken over: what a crash left between a blob and its row. IDs of
 * blobs sort by time, so that each is looked at once, a day after it was made.
 * @returns how many were looked at; 0 when the rest is too young
 */
export async function sweepOrphans(bucket: R2Bucket, db: Database, now: Date): Promise<number> {
  const until = now.getTime() - LONGEST_REQUEST_MS
  const [place] = await rawStatement<{ count: number }>(
    db,
    sql`select count from ${counters} where name = ${LOOKED_AT}`,
  )
  const { objects } = await bucket.list({
    prefix: blobKey(''),
    startAfter: blobKey(timePrefix(place?.count ?? 0)),
    limit: BLOBS_PER_ROUND,
  })
  const old = objects.map(({ key }) => key).filter((key) => blobTime(key) < until)
  const last = old.at(-1)
  if (last === undefined) return 0
  const owned = await rawStatement<{ key: string }>(
    db,
    sql`select value as key from json_each(${JSON.stringify(old)}) where exists (
      select 1 from ${files} where ${files.blobId} = substr(value, ${blobKey('').length + 1}))`,
  )
  const kept = new Set(owned.map(({ key }) => key))
  const orphans = old.filter((key) => !kept.has(key))
  if (orphans.length > 0) await bucket.delete(orphans)
  // The next round starts behind this one's last millisecond.
  await db.run(
    sql`insert into ${counters} (name, count) values (${LOOKED_AT}, ${blobTime(last) + 1})
      on conflict (name) do update set count = excluded.count`,
  )
  return old.length
}
