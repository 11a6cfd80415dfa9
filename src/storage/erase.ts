import { eq, inArray, lte, sql } from 'drizzle-orm'
import type { Env } from '#/config/env'
import type { Database } from '#/db'
import { type File, files, type Garbage, garbage } from '#/db/schema'
import { blobKey, erasePrefix, piecePrefix, variantPrefix } from '#/storage/blobs'
import { type OwnRole, releaseRole } from '#/storage/release'

type Stores = Pick<Env, 'BLOBS'>

/** How many rows one round takes; each costs a handful of R2 calls. */
const ROUND = 50
/** How many file rows of a deleted bucket one statement removes. */
const FILES_PER_ROUND = 500

/** Erases all that is kept of a blob that nothing owns, and forgets it. Safe to repeat. */
export async function eraseBlob(
  bucket: R2Bucket,
  db: Database,
  { blobId, uploadId }: Pick<File, 'blobId' | 'uploadId'>,
) {
  await eraseObjects(bucket, blobId, uploadId)
  await forget(db, [{ kind: 'blob', ref: blobId }])
}

async function eraseObjects(bucket: R2Bucket, blobId: string, uploadId: string | null) {
  if (uploadId) {
    // An upload that was completed or aborted before is as good as gone.
    await bucket
      .resumeMultipartUpload(blobKey(blobId), uploadId)
      .abort()
      .catch(() => undefined)
  }
  await bucket.delete(blobKey(blobId))
  await erasePrefix(bucket, piecePrefix(blobId))
  await erasePrefix(bucket, variantPrefix(blobId))
}

const forget = (db: Database, rows: readonly Pick<Garbage, 'kind' | 'ref'>[]) =>
  db
    .delete(garbage)
    .where(
      sql`(${garbage.kind}, ${garbage.ref}) in (select value ->> 0, value ->> 1 from json_each(${JSON.stringify(
        rows.map(({ kind, ref }) => [kind, ref]),
      )}))`,
    )

/**
 * Sweeps one round of what is due. A file's row goes before its blob, and a crash in between leaves the
 * rest to the next round.
 * @returns how many entries were dealt with; 0 when nothing is due
 */
export async function sweepGarbage(env: Stores, db: Database, now: Date): Promise<number> {
  const due = await db
    .select()
    .from(garbage)
    .where(lte(garbage.dueAt, now))
    .orderBy(garbage.dueAt)
    .limit(ROUND)
  const done: Garbage[] = []
  for (const row of due) {
    if (await sweepOne(env.BLOBS, db, row)) done.push(row)
  }
  await forget(db, done)
  return due.length
}

/** @returns whether the entry is finished */
async function sweepOne(bucket: R2Bucket, db: Database, row: Garbage): Promise<boolean> {
  switch (row.kind) {
    case 'blob':
      await eraseObjects(bucket, row.ref, row.uploadId)
      return true
    case 'pieces':
      await erasePrefix(bucket, piecePrefix(row.ref))
      return true
    case 'bucket':
      return emptyBucket(db, Number(row.ref))
    case 'role':
      await releaseRole(db, row.ref as OwnRole) // as triggers write it
      return false // it forgets the entry itself, so that one made meanwhile is not lost
  }
}

/** Removes some files of a deleted bucket; triggers hand their blobs over to the sweeper. */
async function emptyBucket(db: Database, bucketSequence: number) {
  const some = db
    .select({ sequence: files.sequence })
    .from(files)
    .where(eq(files.bucketSequence, bucketSequence))
    .limit(FILES_PER_ROUND)
  const gone = await db
    .delete(files)
    .where(inArray(files.sequence, some))
    .returning({ one: files.sequence })
  if (gone.length === FILES_PER_ROUND) return false
  await db.run(sql`delete from counters where name = ${`files:${bucketSequence}`}`)
  await db.run(sql`delete from preview_budgets where bucket_sequence = ${bucketSequence}`)
  return true
}
