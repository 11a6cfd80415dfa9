import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Bucket, files, garbage } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { type FormSink, readForm } from '#/http/multipart'
import { bucketById, fileById, grantCreate } from '#/services/storage/access'
import { keep } from '#/services/storage/at-rest'
import { newBlobId } from '#/services/storage/blobs'
import { eraseBlob } from '#/services/storage/erase'
import { progressOf } from '#/services/storage/receive-chunk'
import { CHUNK_BYTES, type Slice } from '#/services/storage/slicer'
import {
  draft,
  type Fields,
  grantFile,
  type Outcome,
  parseFields,
  permissionsFor,
} from '#/services/storage/upload-rules'
import { blobWriter } from '#/services/storage/writer'

type Ctx = Context<AppEnv>

/** A form whose last part has not come after this counts as abandoned. */
const ABANDONED_MS = 24 * 3600 * 1000

/** Takes a file that comes in one request (storage contract 6.3). */
export async function receiveWhole(c: Ctx, bucketId: string): Promise<Outcome> {
  const { db, caller } = c.var
  const blobId = newBlobId(c.var.now)
  const open = once(async () => {
    const [bucket] = await bucketById(db, bucketId)
    return grantCreate(caller, bucket)
  })
  let name: string | undefined
  const expected = Number(c.req.header('content-length') ?? 0)
  // An R2 upload that is cut off cannot be found again: it is on record until the row stands.
  const writer = blobWriter(c.env.BLOBS, blobId, expected, async (uploadId) => {
    const dueAt = new Date(c.var.now.getTime() + ABANDONED_MS)
    await db.insert(garbage).values({ kind: 'blob', ref: blobId, uploadId, dueAt })
  })
  const sink: FormSink = {
    open(filename) {
      name = filename
    },
    async write(bytes) {
      if (writer.length() + bytes.length > CHUNK_BYTES) {
        grantFile(c, await open(), name, writer.length() + bytes.length)
      }
      await writer.write(bytes)
    },
  }
  try {
    const form = await readForm(c.req.raw, sink)
    const fields = parseFields(form.fields)
    const bucket = await open()
    const permissions = permissionsFor(c, fields.permissions)
    grantFile(c, bucket, name, writer.length())
    return await storeWhole(c, bucket, blobId, writer, { ...fields, permissions, name: name ?? '' })
  } catch (error) {
    await writer.abort().catch(() => undefined) // what it leaves is swept later
    throw error
  } finally {
    writer.release()
  }
}

async function storeWhole(
  c: Ctx,
  bucket: Bucket,
  blobId: string,
  writer: ReturnType<typeof blobWriter>,
  fields: Fields & { permissions: string[]; name: string },
): Promise<Outcome> {
  const { db, now } = c.var
  const held = writer.held()
  const written = await writer.finish()
  const facts = await keep(c, bucket, blobId, written)
  const row = {
    ...draft(c, bucket, fields, written.sizeBytes),
    ...facts,
    uploadId: null,
    chunksTotal: 1,
    chunksUploaded: 1,
    updatedAt: now,
  }
  const [[file], [stillThere]] = await db.batch([
    db.insert(files).values(row).onConflictDoNothing().returning(),
    bucketById(db, bucket.id),
    ...(held ? [] : [db.delete(garbage).where(isRecordOf(blobId))]),
  ])
  const unused = file ? (facts.blobId === blobId ? [] : [blobId]) : [blobId, facts.blobId]
  for (const id of new Set(unused)) {
    c.executionCtx.waitUntil(eraseBlob(c.env.BLOBS, db, { blobId: id, uploadId: null }))
  }
  if (file) return { file, status: 201, created: true }
  if (stillThere?.sequence !== bucket.sequence) throw new ApiError('storage_bucket_not_found')
  return joinUpload(c, bucket, fields, held)
}

const isRecordOf = (blobId: string) => and(eq(garbage.kind, 'blob'), eq(garbage.ref, blobId))

/** A file sent whole counts as the first chunk of an unfinished upload with its ID (storage contract 6.4). */
async function joinUpload(
  c: Ctx,
  bucket: Bucket,
  fields: Fields & { permissions: string[] },
  held: Slice | undefined,
): Promise<Outcome> {
  const [file] = await fileById(c.var.db, bucket.id, fields.fileId)
  if (!file?.uploadId || !held || held.end > file.sizeOriginal) {
    throw new ApiError('storage_file_already_exists')
  }
  return progressOf(c, bucket, { file, fresh: false, seen: [] }, [held], fields.permissions)
}

/** Runs a function at most once and gives every caller the same result. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= run()
    return result
  }
}
