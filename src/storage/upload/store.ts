import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '#/db'
import { type Bucket, buckets, type File, fileParts, files, garbage } from '#/db/schema'
import { hex } from '#/lib/secrets'
import { blobKey, newBlobId, piecePrefix } from '#/storage/blob-keys'
import { fillsCell, type StoredPart } from '#/storage/upload/machine'
import {
  deleteAttempt,
  dropParts,
  recordChunk,
  seenStatements,
  settleStatements,
  uploadedParts,
} from '#/storage/upload/parts'
import { CHUNK_BYTES, type Slice } from '#/storage/upload/slicer'
import type { Assembled, Sent, UploadStore } from '#/storage/upload/steps'

/** What a row says about the bytes that are stored for it. */
export type Facts = Pick<
  File,
  'blobId' | 'signature' | 'mimeType' | 'charset' | 'sizeActual' | 'compression' | 'encryption'
>

type Source = {
  db: Database
  blobs: R2Bucket
  now: Date
  bucket: Bucket
  id: string
  /** The row of a new attempt. */
  draft: () => Omit<File, 'sequence' | 'blobId' | 'uploadId'>
  /** Reads an assembled blob back: what it is, and the form it is kept in. */
  factsOf: (file: File) => Promise<Facts>
}

/** R2's own numbers of two errors, which end its messages: `(10024)`. */
const NO_SUCH_UPLOAD = 10024
const INVALID_PART = 10025

const r2Code = (cause: unknown) =>
  Number(/\((\d{5})\)/.exec(cause instanceof Error ? cause.message : '')?.[1] ?? 0)

const pieceKey = (
  file: File,
  { start, end, digest }: Pick<StoredPart, 'start' | 'end' | 'digest'>,
) => `${piecePrefix(file.blobId)}${start}-${end}${digest === null ? '' : `-${digest}`}`

/** Returns the steps of uploads to one file ID, on D1 and R2. */
export function uploadStore({ db, blobs, now, bucket, id, draft, factsOf }: Source): UploadStore {
  const resume = (file: File) =>
    blobs.resumeMultipartUpload(blobKey(file.blobId), file.uploadId ?? '')
  const isSealed = async (file: File) =>
    (await blobs.head(blobKey(file.blobId)))?.size === file.sizeOriginal

  /** Finds out what a failed call to R2 says about the upload. @throws what is R2's own failure */
  async function explain(file: File, cause: unknown): Promise<Assembled> {
    if (await isSealed(file)) return { kind: 'sealed' }
    const code = r2Code(cause)
    if (code === NO_SUCH_UPLOAD) return { kind: 'lost', cause }
    if (code === INVALID_PART) return { kind: 'mismatched', cause }
    throw cause
  }

  return {
    async see(range) {
      const named = { bucketSequence: bucket.sequence, id }
      const [[file], parts, all] = await db.batch(seenStatements(db, named, range))
      return { file, parts, all: uploadedParts(all) }
    },
    async begin() {
      const blobId = newBlobId(now)
      const { uploadId } = await blobs.createMultipartUpload(blobKey(blobId))
      return { ...draft(), sequence: 0, blobId, uploadId }
    },
    async abandon(file, chunk) {
      // What this leaves behind is swept: R2 drops open uploads after 7 days.
      await resume(file)
        .abort()
        .catch(() => undefined)
      if (!fillsCell(chunk, file.sizeOriginal)) {
        await blobs.delete(pieceKey(file, chunk)).catch(() => undefined)
      }
    },
    async send(file, chunk): Promise<Sent> {
      if (!fillsCell(chunk, file.sizeOriginal)) {
        await blobs.put(pieceKey(file, chunk), chunk.bytes)
        return { kind: 'stored', etag: null }
      }
      try {
        const { etag } = await resume(file).uploadPart(chunk.cell + 1, chunk.bytes)
        return { kind: 'stored', etag }
      } catch (cause) {
        const state = await explain(file, cause)
        if (state.kind === 'mismatched') throw cause
        return state
      }
    },
    record: (file, chunk, how) => recordChunk(db, file, chunk, { ...how, now }),
    drop: (file, ranges, at) => dropParts(db, file, ranges, { ...at, now }),
    async join(file, cell, pieces) {
      const start = cell * CHUNK_BYTES
      const end = Math.min(file.sizeOriginal, start + CHUNK_BYTES)
      const slice = { cell, start, end, bytes: new Uint8Array(end - start) }
      const stale: StoredPart[] = []
      const kept: StoredPart[] = []
      for (const piece of [...pieces].sort((a, b) => b.received - a.received)) {
        const stored = await blobs.get(pieceKey(file, piece))
        if (!stored) throw new Error(`A stored range of file ${file.id} is gone.`)
        const bytes = new Uint8Array(await stored.arrayBuffer())
        if (contradicts(slice, kept, piece, bytes)) stale.push(piece)
        else {
          kept.push(piece)
          slice.bytes.set(bytes, piece.start - start)
        }
      }
      return { slice, stale }
    },
    async assemble(file, parts) {
      try {
        await resume(file).complete([...parts])
        return { kind: 'sealed' }
      } catch (cause) {
        return explain(file, cause)
      }
    },
    async holds(file, { start, end, digest }) {
      const range = { offset: start, length: end - start }
      const stored = await blobs.get(blobKey(file.blobId), { range })
      if (!stored) return false
      return hex(await crypto.subtle.digest('SHA-256', await stored.arrayBuffer())) === digest
    },
    settle: (file) => settle(db, file, now, factsOf),
    async forget(file) {
      await db.batch([
        db.delete(fileParts).where(eq(fileParts.fileSequence, file.sequence)),
        db.update(files).set({ chunksUploaded: 0 }).where(eq(files.sequence, file.sequence)),
      ])
    },
    pause: (tries) => scheduler.wait(50 * 2 ** tries),
    async create(row, superseded) {
      const [, [created], [current], [there]] = await db.batch([
        superseded === undefined
          ? db.select({ none: sql`1` }).from(files).limit(0)
          : deleteAttempt(db, superseded),
        db.insert(files).values(row).onConflictDoNothing().returning(),
        db
          .select()
          .from(files)
          .where(and(eq(files.bucketSequence, bucket.sequence), eq(files.id, row.id))),
        db
          .select({ sequence: buckets.sequence })
          .from(buckets)
          .where(eq(buckets.sequence, bucket.sequence)),
        // The record of a blob that came in parts: the row stands for it now.
        db
          .delete(garbage)
          .where(
            and(
              eq(garbage.kind, 'blob'),
              eq(garbage.ref, row.blobId),
              sql`exists (select 1 from ${files} where ${files.blobId} = ${row.blobId})`,
            ),
          ),
      ])
      return { created, current, bucketIsThere: there !== undefined }
    },
  }
}

/** Checks whether a piece has other bytes than the later ones that overlap it. */
const contradicts = (
  slice: Slice,
  later: readonly StoredPart[],
  piece: StoredPart,
  bytes: Uint8Array,
) =>
  later.some((other) => {
    const from = Math.max(other.start, piece.start)
    const to = Math.min(other.end, piece.end)
    for (let at = from; at < to; at++) {
      if (slice.bytes[at - slice.start] !== bytes[at - piece.start]) return true
    }
    return false
  })

async function settle(db: Database, file: File, now: Date, factsOf: Source['factsOf']) {
  const facts = await factsOf(file)
  const [, [finished], , [current]] = await db.batch(settleStatements(db, file, facts, now))
  if (![finished, current].some((row) => row?.blobId === facts.blobId)) {
    // Another request has settled the upload, in a form that it made itself.
    await db
      .insert(garbage)
      .values({ kind: 'blob', ref: facts.blobId, dueAt: new Date(0) })
      .onConflictDoNothing()
  }
  return { file: finished ?? current, finished: finished !== undefined }
}
