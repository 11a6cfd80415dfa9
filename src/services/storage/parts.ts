import { and, asc, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import { type Database, rawStatement } from '#/db'
import { type File, type FilePart, fileParts, files } from '#/db/schema'
import { bucketSequence } from '#/services/storage/access'
import { CHUNK_BYTES, type Slice } from '#/services/storage/slicer'

/** Tells whether a slice is a whole part of the finished object. */
export const fillsCell = (
  slice: { cell: number; start: number; end: number },
  totalBytes: number,
) =>
  slice.start === slice.cell * CHUNK_BYTES &&
  slice.end === Math.min(totalBytes, (slice.cell + 1) * CHUNK_BYTES)

const hasId = (db: Database, bucketId: string, id: string) =>
  and(eq(files.bucketSequence, bucketSequence(db, bucketId)), eq(files.id, id))

/** Selects what is stored of the cells from byte `start` to byte `end`. */
export const partsWithin = (
  db: Database,
  bucketId: string,
  id: string,
  start: number,
  end: number,
) =>
  db
    .select({
      start: fileParts.start,
      end: fileParts.end,
      etag: fileParts.etag,
      version: fileParts.version,
    })
    .from(fileParts)
    .innerJoin(files, eq(files.sequence, fileParts.fileSequence))
    .where(
      and(
        hasId(db, bucketId, id),
        sql`${fileParts.start} >= ${start} and ${fileParts.start} < ${end}`,
      ),
    )
export type StoredPart = Pick<FilePart, 'start' | 'end' | 'etag' | 'version'>

const isOpen = (file: Pick<File, 'blobId'>) =>
  and(eq(files.blobId, file.blobId), isNotNull(files.uploadId))

/**
 * Records a slice of an unfinished upload. A slice that another request recorded since `seen` was read
 * stays as that request left it.
 * @param seen version of the row when the slice was sent to R2; 0 for none
 */
const putPart = (db: Database, file: File, slice: Slice, etag: string | null, seen: number) =>
  rawStatement<{ version: number }>(
    db,
    sql`
    insert into ${fileParts} (file_sequence, start, end, cell, etag, version)
    select ${files.sequence}, ${slice.start}, ${slice.end}, ${slice.cell}, ${etag}, 1
    from ${files} where ${isOpen(file)}
    on conflict (file_sequence, start, end) do update
    set etag = excluded.etag, version = version + 1 where version = ${seen}
    returning version`,
  )

/**
 * Moves `chunksUploaded` over the chunks that follow it without a gap, up to one less than all. Differs:
 * upstream counts all that have come, so that a client which resumes there leaves a gap behind.
 */
const advance = (db: Database, file: File, now: Date) =>
  db
    .update(files)
    .set({
      updatedAt: now,
      chunksUploaded: sql`min(${files.chunksTotal} - 1, coalesce((
        select p.cell + 1 from ${fileParts} p
        where p.file_sequence = ${files.sequence} and p.etag is not null
          and p.start >= (max(${files.chunksUploaded}, 1) - 1) * ${CHUNK_BYTES}
          and exists (select 1 from ${fileParts} f where f.file_sequence = ${files.sequence}
            and f.start = 0 and f.etag is not null)
          and not exists (select 1 from ${fileParts} n where n.file_sequence = ${files.sequence}
            and n.start = p.end and n.etag is not null)
        order by p.start limit 1), 0))`,
    })
    .where(isOpen(file))

const countParts = (db: Database, file: File) =>
  db
    .select({ parts: sql<number>`count(*)` })
    .from(fileParts)
    .innerJoin(files, eq(files.sequence, fileParts.fileSequence))
    .where(and(isOpen(file), isNotNull(fileParts.etag)))

/** Selects an upload's parts in order, or nothing while not exactly so many are missing. */
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
          and c.etag is not null) = ${files.chunksTotal} - ${missing}`,
      ),
    )
    .orderBy(asc(fileParts.start))

/** Selects every part in order, or nothing while any is missing. */
export const completeParts = (db: Database, file: File) => partsOf(db, isOpen(file), 0)

/** Selects every part but one in order, or nothing while more are missing. */
export const partsButOne = (db: Database, bucketId: string, id: string) =>
  partsOf(db, hasId(db, bucketId, id), 1)

/** Selects the ranges that wait in one cell. */
const piecesOf = (db: Database, file: File, cell: number) =>
  db
    .select({ start: fileParts.start, end: fileParts.end })
    .from(fileParts)
    .innerJoin(files, eq(files.sequence, fileParts.fileSequence))
    .where(and(isOpen(file), eq(fileParts.cell, cell), sql`${fileParts.etag} is null`))
    .orderBy(asc(fileParts.start))

/** Tells how an upload stands after a slice was recorded. */
export type Progress = {
  /** False when another request got in between; nothing was changed then. */
  recorded: boolean
  /** The row under this ID now; undefined when it was deleted, or never made. */
  file: File | undefined
  /** Distinct chunks stored. */
  stored: number
  /** All parts, once none is missing. */
  parts: R2UploadedPart[]
  /** Ranges that wait in the slice's cell. */
  pieces: { start: number; end: number }[]
}

/** Records a slice, with the upload's row when it is new, in one round trip. */
export async function recordSlice(
  db: Database,
  file: File,
  slice: Slice,
  { etag, seen, fresh, now }: { etag: string | null; seen: number; fresh: boolean; now: Date },
): Promise<Progress> {
  const { sequence: _, ...row } = file
  const [, recorded, , [current], [counted], parts, pieces] = await db.batch([
    fresh
      ? db.insert(files).values(row).onConflictDoNothing()
      : db.select({ none: sql`1` }).from(files).limit(0),
    putPart(db, file, slice, etag, seen),
    advance(db, file, now),
    db
      .select()
      .from(files)
      .where(and(eq(files.bucketSequence, file.bucketSequence), eq(files.id, file.id))),
    countParts(db, file),
    completeParts(db, file),
    piecesOf(db, file, slice.cell),
  ])
  return {
    recorded: recorded.length > 0,
    file: current,
    stored: counted?.parts ?? 0,
    parts: uploadedParts(parts),
    pieces,
  }
}

/** Drops the null that the column's type allows and the query excludes. */
export const uploadedParts = (rows: readonly { partNumber: number; etag: string | null }[]) =>
  rows.flatMap(({ partNumber, etag }) => (etag === null ? [] : [{ partNumber, etag }]))
