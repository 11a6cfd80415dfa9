import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { rawStatement } from '#/db'
import { type Bucket, type File, fileParts, files, garbage } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { atRest } from '#/services/storage/at-rest'
import { blobKey, newBlobId, piecePrefix } from '#/services/storage/blobs'
import {
  completeParts,
  fillsCell,
  type Progress,
  recordSlice,
  type StoredPart,
  uploadedParts,
} from '#/services/storage/parts'
import { CHUNK_BYTES, type Slice } from '#/services/storage/slicer'

type Ctx = Context<AppEnv>

/**
 * Holds an upload that takes chunks: its row, whether that is stored yet, what this request saw of it, and
 * all its other parts where one alone is missing.
 */
export type Upload = {
  file: File
  fresh: boolean
  seen: readonly StoredPart[]
  others?: readonly R2UploadedPart[]
}

/** How often a request gives way to others that send the same part before it gives up. */
const ATTEMPTS = 8

/** Matches no version, so that a part on record is not written again. */
const UNCHANGED = -1

const busy = () =>
  new ApiError(
    'general_rate_limit_exceeded',
    'Other requests are sending the same part of this file.',
    {
      headers: { 'Retry-After': '5' },
    },
  )

/** Starts an R2 multipart upload for a new row. */
export async function beginUpload(
  c: Ctx,
  draft: Omit<File, 'sequence' | 'blobId' | 'uploadId'>,
): Promise<Upload> {
  const blobId = newBlobId(c.var.now)
  const { uploadId } = await c.env.BLOBS.createMultipartUpload(blobKey(blobId))
  return { file: { ...draft, sequence: 0, blobId, uploadId }, fresh: true, seen: [] }
}

/**
 * Stores one slice of an upload and tells how the upload stands. A slice that is there already is left
 * alone. When two requests send one part at once, the later to record sends it again, so that the ETag on
 * record is always that of the bytes in R2.
 * @throws `storage_file_not_found` when the file was deleted meanwhile
 * @throws `general_rate_limit_exceeded` when others keep sending the same part
 */
export async function storeSlice(c: Ctx, upload: Upload, slice: Slice): Promise<Progress> {
  let seen = upload.seen.find(({ start, end }) => start === slice.start && end === slice.end)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { file, fresh } = upload
    const known = seen !== undefined && (seen.etag !== null || !fillsCell(slice, file.sizeOriginal))
    const progress = await recordSlice(c.var.db, file, slice, {
      etag: known ? null : await sendSlice(c, file, slice),
      seen: known ? UNCHANGED : (seen?.version ?? 0),
      fresh,
      now: c.var.now,
    })
    if (progress.recorded || known) return settleCell(c, upload, slice, progress)
    await joinOther(c, upload, progress.file)
    if (!upload.file.uploadId) return progress
    seen = await reread(c, upload.file, slice)
  }
  throw busy()
}

/** Goes on with the row that another request stored under this ID. */
async function joinOther(c: Ctx, upload: Upload, current: File | undefined) {
  if (!current) {
    throw new ApiError(upload.fresh ? 'storage_bucket_not_found' : 'storage_file_not_found')
  }
  if (current.blobId !== upload.file.blobId) await abandon(c, upload.file)
  upload.file = current
  upload.fresh = false
}

/** Puts a slice into R2: as a part if it fills its cell, else as a piece. @returns the part's ETag */
async function sendSlice({ env }: Ctx, file: File, slice: Slice): Promise<string | null> {
  if (!fillsCell(slice, file.sizeOriginal)) {
    await env.BLOBS.put(`${piecePrefix(file.blobId)}${slice.start}-${slice.end}`, slice.bytes)
    return null
  }
  const upload = env.BLOBS.resumeMultipartUpload(blobKey(file.blobId), file.uploadId ?? '')
  try {
    return (await upload.uploadPart(slice.cell + 1, slice.bytes)).etag
  } catch (cause) {
    // Completed by a request that died before it could say so: the bytes are all there.
    if (await isAssembled(env.BLOBS, file)) return 'assembled'
    throw cause
  }
}

const isAssembled = async (bucket: R2Bucket, file: File) =>
  (await bucket.head(blobKey(file.blobId)))?.size === file.sizeOriginal

async function abandon(c: Ctx, file: File) {
  await c.env.BLOBS.resumeMultipartUpload(blobKey(file.blobId), file.uploadId ?? '').abort()
}

async function reread(
  { var: { db } }: Ctx,
  file: File,
  slice: Slice,
): Promise<StoredPart | undefined> {
  const [row] = await db
    .select()
    .from(fileParts)
    .where(
      and(
        eq(fileParts.fileSequence, file.sequence),
        eq(fileParts.start, slice.start),
        eq(fileParts.end, slice.end),
      ),
    )
  // Its ETag may be that of bytes which this request has since replaced: send them again.
  return row && { ...row, etag: null }
}

/** Makes a part of the pieces in a cell, once they cover it. */
async function settleCell(
  c: Ctx,
  upload: Upload,
  slice: Slice,
  progress: Progress,
): Promise<Progress> {
  const { file } = progress
  if (!file?.uploadId || progress.parts.length > 0 || fillsCell(slice, file.sizeOriginal))
    return progress
  const start = slice.cell * CHUNK_BYTES
  const end = Math.min(file.sizeOriginal, start + CHUNK_BYTES)
  const reach = progress.pieces.reduce(
    (to, piece) => (piece.start <= to ? Math.max(to, piece.end) : to),
    start,
  )
  if (reach < end) return progress
  const bytes = new Uint8Array(end - start)
  for (const piece of progress.pieces) {
    const stored = await c.env.BLOBS.get(`${piecePrefix(file.blobId)}${piece.start}-${piece.end}`)
    if (!stored) throw new Error(`A stored range of file ${file.id} is gone.`)
    bytes.set(new Uint8Array(await stored.arrayBuffer()), piece.start - start)
  }
  const whole = { file, fresh: false, seen: await wholePart(c, file, start, end) }
  upload.file = file
  return storeSlice(c, whole, { cell: slice.cell, start, end, bytes })
}

async function wholePart(c: Ctx, file: File, start: number, end: number): Promise<StoredPart[]> {
  return c.var.db
    .select()
    .from(fileParts)
    .where(
      and(
        eq(fileParts.fileSequence, file.sequence),
        eq(fileParts.start, start),
        eq(fileParts.end, end),
      ),
    )
}

/**
 * Finishes an upload with the one part that it lacks, before that part is on record: a round trip less.
 * @returns undefined when it is not that simple, so that the part has to go the long way
 */
export async function finishWithLast(
  c: Ctx,
  bucket: Bucket,
  { file, others }: Upload,
  slice: Slice,
  permissions: string[],
): Promise<{ file: File; finished: boolean } | undefined> {
  const partNumber = slice.cell + 1
  const isLast =
    others?.length === file.chunksTotal - 1 &&
    others.every((part) => part.partNumber !== partNumber) &&
    fillsCell(slice, file.sizeOriginal)
  const etag = isLast ? await sendSlice(c, file, slice) : null
  if (!others || etag === null) return
  const parts = [...others, { partNumber, etag }].sort((a, b) => a.partNumber - b.partNumber)
  const upload = c.env.BLOBS.resumeMultipartUpload(blobKey(file.blobId), file.uploadId ?? '')
  try {
    await upload.complete(parts)
  } catch {
    // Another request has sent one of the parts again, or has done all this: the long way tells which.
    return
  }
  return settle(c, bucket, file, permissions)
}

/**
 * Assembles an upload whose parts are all there, and fills in what only the whole file can tell. Safe to
 * repeat: a request that takes over from one that died ends in the same row.
 * @returns the finished row, and whether this request finished it
 */
export async function finishUpload(
  c: Ctx,
  bucket: Bucket,
  file: File,
  parts: R2UploadedPart[],
  permissions: string[],
): Promise<{ file: File; finished: boolean }> {
  await assemble(c, file, parts)
  return settle(c, bucket, file, permissions)
}

/** Fills in what only the whole file can tell, and gives up the parts. */
async function settle(
  c: Ctx,
  bucket: Bucket,
  file: File,
  permissions: string[],
): Promise<{ file: File; finished: boolean }> {
  const { db, now } = c.var
  const facts = await atRest(c, bucket, file)
  const [, [finished], , [current]] = await db.batch([
    rawStatement(
      db,
      sql`insert or ignore into ${garbage} (kind, ref, due_at) select 'pieces', ${file.blobId}, 0
      where exists (select 1 from ${fileParts} where file_sequence = ${file.sequence} and etag is null)`,
    ),
    db
      .update(files)
      .set({
        ...facts,
        permissions,
        chunksUploaded: file.chunksTotal,
        uploadId: null,
        updatedAt: now,
      })
      .where(
        and(
          eq(files.sequence, file.sequence),
          eq(files.blobId, file.blobId),
          isNotNull(files.uploadId),
        ),
      )
      .returning(),
    db.delete(fileParts).where(eq(fileParts.fileSequence, file.sequence)),
    db.select().from(files).where(eq(files.sequence, file.sequence)),
  ])
  const unused = [finished, current].some((row) => row?.blobId === facts.blobId)
    ? []
    : [facts.blobId]
  if (finished && finished.blobId !== file.blobId) unused.push(file.blobId)
  if (unused.length > 0) {
    await db
      .insert(garbage)
      .values(unused.map((ref) => ({ kind: 'blob' as const, ref, dueAt: new Date(0) })))
      .onConflictDoNothing()
  }
  const row = finished ?? current
  if (!row) throw new ApiError('storage_file_not_found')
  return { file: row, finished: finished !== undefined }
}

/** Completes the R2 upload; a part that is being sent again is waited for. */
async function assemble(c: Ctx, file: File, parts: R2UploadedPart[]) {
  const upload = c.env.BLOBS.resumeMultipartUpload(blobKey(file.blobId), file.uploadId ?? '')
  let known = parts
  for (let attempt = 0; ; attempt++) {
    try {
      await upload.complete(known)
      return
    } catch (cause) {
      if (await isAssembled(c.env.BLOBS, file)) return
      if (attempt === ATTEMPTS) throw await forgetParts(c, file, cause)
      await scheduler.wait(50 * 2 ** attempt)
      known = uploadedParts(await completeParts(c.var.db, file))
    }
  }
}

/**
 * Gives up on parts that R2 does not confirm, so that sending the file again heals the upload. Only a
 * crash between sending a part twice and recording it leads here.
 */
async function forgetParts({ var: { db } }: Ctx, file: File, cause: unknown) {
  await db.batch([
    db.delete(fileParts).where(eq(fileParts.fileSequence, file.sequence)),
    db.update(files).set({ chunksUploaded: 0 }).where(eq(files.sequence, file.sequence)),
  ])
  return new ApiError(
    'general_server_error',
    'The stored parts do not match. Send the file again.',
    { cause },
  )
}
