import { and, asc, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import { type Database, rawStatement } from '#/db'
import { buckets, type File, fileParts, files, garbage } from '#/db/schema'
import type { Chunk, StoredPart } from '#/storage/upload/machine'
import { CHUNK_BYTES } from '#/storage/upload/slicer'

/** Names a file ID: in a bucket that is known by its ID, or by its sequence. */
type Named = ({ bucketId: string } | { bucketSequence: number }) & { id: string }

const hasId = (db: Database, named: Named) =>
  and(
    eq(
      files.bucketSequence,
      'bucketId' in named
        ? db
            .select({ sequence: buckets.sequence })
            .from(buckets)
            .where(eq(buckets.id, named.bucketId))
        : named.bucketSequence,
    ),
    eq(files.id, named.id),
  )

/** Matches the row of an attempt while it is open: every attempt has a blob ID of its own. */
const isOpen = (file: Pick<File, 'blobId'>) =>
  and(eq(files.blobId, file.blobId), isNotNull(files.uploadId))

const stored = {
  start: fileParts.start,
  end: fileParts.end,
  etag: fileParts.etag,
  version: fileParts.version,
  digest: fileParts.digest,
  received: fileParts.received,
}

/** Selects what is stored of the cells that bytes from `start` to before `end` lie in. */
const partsWithin = (db: Database, upload: SQL | undefined, start: number, end: number) =>
  db
    .select(stored)
    .from(fileParts)
    .innerJoin(files, eq(files.sequence, fileParts.fileSequence))
    .where(
      and(
        upload,
        sql`${fileParts.start} >= ${Math.floor(start / CHUNK_BYTES) * CHUNK_BYTES}
          and ${fileParts.start} < ${Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES}`,
      ),
    )
    .orderBy(asc(fileParts.start))

/** Selects an upload's parts in order, or nothing while more than `missing` of them are missing. */
const partsOf = (db: Database, upload: SQL | undefined, missing: number) =>
  db
    .select({
      partNumber: sql<number>`${fileParts.cell} + 1`.as('part_number'),
      etag: fileParts.etag,
    })
    .from(fileParts)
    .innerJoin(files, eq(files.sequence, fileParts.fileSequence))
    .where(
      and(
        upload,
        isNotNull(fileParts.etag),
        sql`(select count(*) from ${fileParts} c where c.file_sequence = ${files.sequence}
          and c.etag is not null) >= ${files.chunksTotal} - ${missing}`,
      ),
    )
    .orderBy(asc(fileParts.start))

/** Selects every part in order, or nothing while any is missing. */
export const completeParts = (db: Database, file: Pick<File, 'blobId'>) =>
  partsOf(db, isOpen(file), 0)

/**
 * Selects what a request has to know of an upload: its row, what is stored from byte `start` to before byte
 * `end`, and all of its parts once at most one is missing.
 */
export const seenStatements = (
  db: Database,
  named: Named,
  { start, end }: { start: number; end: number },
) => {
  const upload = hasId(db, named)
  return [
    db.select().from(files).where(upload),
    partsWithin(db, upload, start, end),
    partsOf(db, upload, 1),
  ] as const
}

/** Drops the null that the column's type allows and the query excludes. */
export const uploadedParts = (rows: readonly { partNumber: number; etag: string | null }[]) =>
  rows.flatMap(({ partNumber, etag }) => (etag === null ? [] : [{ partNumber, etag }]))

/**
 * Records a range of an open attempt. A range that another request recorded since `seen` was read stays as
 * that request left it.
 * @param seen version of the row when the range was sent to R2; 0 for none
 * @param received when its bytes came; null: now
 */
const putPart = (
  db: Database,
  file: File,
  { start, end, cell, digest }: Chunk,
  { etag, seen, received }: { etag: string | null; seen: number; received: number | null },
) =>
  rawStatement<{ version: number }>(
    db,
    sql`
    insert into ${fileParts} (file_sequence, start, end, cell, etag, version, digest, received)
    select ${files.sequence}, ${start}, ${end}, ${cell}, ${etag}, 1, ${digest},
      coalesce(${received}, ${files.received} + 1)
    from ${files} where ${isOpen(file)}
    on conflict (file_sequence, start, end) do update
    set etag = excluded.etag, digest = excluded.digest, received = excluded.received,
      version = version + 1 where version = ${seen}
    returning version`,
  )

/** Notes that a recorded range came again with the same bytes. */
const touchPart = (db: Database, file: File, { start, end, digest }: Chunk) =>
  rawStatement<{ version: number }>(
    db,
    sql`
    update ${fileParts} set received = f.received + 1
    from (select ${files.sequence} as sequence, ${files.received} as received from ${files}
      where ${isOpen(file)}) f
    where file_sequence = f.sequence and start = ${start} and "end" = ${end} and digest = ${digest}
    returning version`,
  )

/**
 * Counts a range, and moves `chunksUploaded` over the chunks that follow it without a gap, up to one less
 * than all. Differs: upstream counts all that have come, so that a client which resumes there leaves a gap
 * behind.
 * @param start offset of the range that came; undefined for none
 * @param anew looks through all chunks, for when some were dropped
 */
const advance = (
  db: Database,
  file: File,
  now: Date,
  { start, anew = false }: { start?: number; anew?: boolean },
) =>
  db
    .update(files)
    .set({
      updatedAt: now,
      ...(start === undefined ? {} : { received: sql`${files.received} + 1` }),
      ...(start === 0 ? { firstReceived: sql`${files.received} + 1` } : {}),
      chunksUploaded: sql`min(${files.chunksTotal} - 1, coalesce((
        select p.cell + 1 from ${fileParts} p
        where p.file_sequence = ${files.sequence} and p.etag is not null
          and p.start >= (max(${anew ? 0 : files.chunksUploaded}, 1) - 1) * ${CHUNK_BYTES}
          and exists (select 1 from ${fileParts} f where f.file_sequence = ${files.sequence}
            and f.start = 0 and f.etag is not null)
          and not exists (select 1 from ${fileParts} n where n.file_sequence = ${files.sequence}
            and n.start = p.end and n.etag is not null)
        order by p.start limit 1), 0))`,
    })
    .where(isOpen(file))

/** What there is to know of an attempt after a range was recorded. */
export type Progress = {
  /** False when another request got in between; nothing was changed then. */
  recorded: boolean
  /** The row under this ID now; undefined when it was deleted, or never made. */
  file: File | undefined
  /** How many distinct chunks are stored. */
  stored: number
  /** All parts, once none is missing. */
  parts: R2UploadedPart[]
  /** What is stored in the range's cell. */
  cell: StoredPart[]
}

/** How a range is recorded. */
export type Recording = {
  /** Stores the row too; `superseded` is the attempt that it replaces. */
  fresh: boolean
  superseded: string | undefined
  /** Notes only that the range came again. */
  touch: boolean
  etag: string | null
  seen: number
  received: number | null
  now: Date
}

const nothing = (db: Database) => db.select({ none: sql`1` }).from(files).limit(0)

/** Deletes an open attempt; a trigger hands its blob and its R2 upload over to the sweeper. */
export const deleteAttempt = (db: Database, blobId: string) =>
  db.delete(files).where(isOpen({ blobId }))

/** Records a range, with the upload's row when it is new, in one round trip. */
export async function recordChunk(
  db: Database,
  file: File,
  chunk: Chunk,
  { fresh, superseded, touch, etag, seen, received, now }: Recording,
): Promise<Progress> {
  const { sequence: _, ...row } = file
  const [, , recorded, , [current], [counted], parts, cell] = await db.batch([
    superseded === undefined ? nothing(db) : deleteAttempt(db, superseded),
    fresh ? db.insert(files).values(row).onConflictDoNothing() : nothing(db),
    touch ? touchPart(db, file, chunk) : putPart(db, file, chunk, { etag, seen, received }),
    advance(db, file, now, chunk.joined ? {} : { start: chunk.start }),
    db
      .select()
      .from(files)
      .where(and(eq(files.bucketSequence, file.bucketSequence), eq(files.id, file.id))),
    db
      .select({ parts: sql<number>`count(*)` })
      .from(fileParts)
      .innerJoin(files, eq(files.sequence, fileParts.fileSequence))
      .where(and(isOpen(file), isNotNull(fileParts.etag))),
    completeParts(db, file),
    partsWithin(db, isOpen(file), chunk.start, chunk.end),
  ])
  return {
    recorded: recorded.length > 0,
    file: current,
    stored: counted?.parts ?? 0,
    parts: uploadedParts(parts),
    cell,
  }
}

/**
 * Deletes ranges whose bytes came otherwise, and whatever has not come since the attempt's first chunk.
 * Nothing is deleted once another request has replaced what this one saw.
 * @param wholeCell also deletes all else that is stored of the cell
 */
export async function dropParts(
  db: Database,
  file: File,
  ranges: readonly StoredPart[],
  { cell, wholeCell, now }: { cell: number; wholeCell: boolean; now: Date },
) {
  const list = JSON.stringify(ranges.map(({ start, end, digest }) => [start, end, digest]))
  const isListed = sql`exists (select 1 from json_each(${list}) where value ->> 0 = p.start
    and value ->> 1 = p."end" and value ->> 2 is p.digest)`
  await db.batch([
    rawStatement(
      db,
      sql`
      delete from ${fileParts} where (file_sequence, start, "end") in (
        select p.file_sequence, p.start, p."end" from ${fileParts} p, (
          select ${files.sequence} as sequence, ${files.firstReceived} as first from ${files}
          where ${isOpen(file)}) f
        where p.file_sequence = f.sequence
          and exists (select 1 from ${fileParts} p where p.file_sequence = f.sequence and ${isListed})
          and (${isListed} or f.first = 0 or p.received < f.first
            or (p.cell = ${cell} and (p.etag is not null or ${wholeCell}))))`,
    ),
    advance(db, file, now, { anew: true }),
  ])
}

/**
 * Fills in the row of an assembled upload, if it is still open, and gives up its parts.
 * @returns batchable statements; the second returns the row if this made it finished, the last one the row as
 * it is
 */
export const settleStatements = (
  db: Database,
  file: File,
  facts: Pick<File, 'blobId'> & Partial<File>,
  now: Date,
) =>
  [
    // What came more than once, or in pieces, has left objects behind; so has a blob that was compressed.
    rawStatement(
      db,
      sql`insert or ignore into ${garbage} (kind, ref, due_at)
      select 'pieces', ${file.blobId}, 0 from ${files} where ${isOpen(file)} and (
        ${files.received} >= ${files.chunksTotal} or exists (select 1 from ${fileParts} p
          where p.file_sequence = ${files.sequence} and p.etag is null))
      union all select 'blob', ${file.blobId}, 0 from ${files}
        where ${isOpen(file)} and ${facts.blobId} <> ${file.blobId}`,
    ),
    db
      .update(files)
      .set({
        ...facts,
        chunksUploaded: file.chunksTotal,
        uploadId: null,
        starter: null,
        updatedAt: now,
      })
      .where(isOpen(file))
      .returning(),
    db.delete(fileParts).where(
      sql`${fileParts.fileSequence} = ${file.sequence} and exists (select 1 from ${files}
          where ${files.sequence} = ${file.sequence} and ${files.uploadId} is null)`,
    ),
    db.select().from(files).where(eq(files.sequence, file.sequence)),
  ] as const
