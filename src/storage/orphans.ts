import { sql } from 'drizzle-orm'
import { type Database, rawStatement } from '#/db'
import { counters, files } from '#/db/schema'
import { blobKey, blobTime, erasePrefix, piecePrefix, timePrefix } from '#/storage/blob-keys'

const DAY_MS = 24 * 3600 * 1000
const BLOBS_PER_ROUND = 500

/** Objects that are named after blobs, and are looked at once when no request can need them any more. */
type Kind = {
  /** Names the counter that tells up to when objects were looked at, in epoch milliseconds. */
  counter: string
  keyOf: (blobId: string) => string
  /** Age at which they are looked at. */
  ageMs: number
  isOwned: (blobId: unknown) => ReturnType<typeof sql>
}

const BLOBS: Kind = {
  counter: 'blobs:looked-at',
  keyOf: blobKey,
  ageMs: DAY_MS, // a request that writes a blob has long ended
  isOwned: (blobId) => sql`exists (select 1 from ${files} where ${files.blobId} = ${blobId})`,
}
const PIECES: Kind = {
  counter: 'pieces:looked-at',
  keyOf: piecePrefix,
  ageMs: 7 * DAY_MS, // an upload that needs them has been finished or given up
  isOwned: (blobId) =>
    sql`exists (select 1 from ${files} where ${files.blobId} = ${blobId}
      and ${files.uploadId} is not null)`,
}

/**
 * Deletes, in one round, what no row has taken over: blobs that a crash left between a blob and its row, and
 * pieces of uploads that ended while a request was still on its way. IDs of blobs sort by time, so that each
 * is looked at once.
 * @returns how many were looked at; 0 when the rest is too young
 */
export async function sweepOrphans(bucket: R2Bucket, db: Database, now: Date): Promise<number> {
  return (await sweepKind(bucket, db, now, BLOBS)) + (await sweepKind(bucket, db, now, PIECES))
}

async function sweepKind(bucket: R2Bucket, db: Database, now: Date, kind: Kind): Promise<number> {
  const until = now.getTime() - kind.ageMs
  const prefix = kind.keyOf('').replace(/\/+$/, '/')
  const [place] = await rawStatement<{ count: number }>(
    db,
    sql`select count from ${counters} where name = ${kind.counter}`,
  )
  const { objects } = await bucket.list({
    prefix,
    startAfter: `${prefix}${timePrefix(place?.count ?? 0)}`,
    limit: BLOBS_PER_ROUND,
  })
  const ids = objects.map(({ key }) => key.slice(prefix.length).split('/', 1)[0] ?? '')
  const old = [...new Set(ids)].filter((id) => blobTime(id) < until)
  const last = old.at(-1)
  if (last === undefined) return 0
  const orphans = await rawStatement<{ id: string }>(
    db,
    sql`select value as id from json_each(${JSON.stringify(old)})
      where not ${kind.isOwned(sql.raw('value'))}`,
  )
  if (kind === BLOBS) await deleteAll(bucket, orphans)
  else for (const { id } of orphans) await erasePrefix(bucket, kind.keyOf(id))
  // The next round starts behind this one's last millisecond.
  await db.run(
    sql`insert into ${counters} (name, count) values (${kind.counter}, ${blobTime(last) + 1})
      on conflict (name) do update set count = excluded.count`,
  )
  return old.length
}

async function deleteAll(bucket: R2Bucket, blobs: readonly { id: string }[]) {
  if (blobs.length > 0) await bucket.delete(blobs.map(({ id }) => blobKey(id)))
}
