import type { Context } from 'hono'
import { type Bucket, type File, garbage } from '#/db/schema'
import { ApiError } from '#/errors'
import { readBody } from '#/http/body'
import type { AppEnv } from '#/http/context'
import { type FormSink, readForm } from '#/http/multipart'
import { gatherArrays } from '#/http/params'
import { parseContentRange } from '#/http/range'
import { idFor, isId } from '#/ids'
import { check } from '#/pipeline/route'
import { bucketById, fileById, grantCreate, mayRead } from '#/services/storage/access'
import {
  draft,
  type Fields,
  grantFile,
  parseFields,
  permissionsFor,
  refuseFileParameter,
  starterOf,
  uploadFields,
} from '#/services/storage/upload-rules'
import { atRest, keep } from '#/storage/at-rest'
import { newBlobId } from '#/storage/blob-keys'
import { eraseBlob } from '#/storage/erase'
import { seenStatements, uploadedParts } from '#/storage/upload/parts'
import { receiveFile, receiveSlice, type Upload } from '#/storage/upload/receive'
import { CHUNK_BYTES, type Slice, slicer } from '#/storage/upload/slicer'
import type { Outcome } from '#/storage/upload/steps'
import { uploadStore } from '#/storage/upload/store'
import { type BlobWriter, blobWriter } from '#/storage/upload/writer'

type Ctx = Context<AppEnv>
type NewRow = Parameters<typeof uploadStore>[0]['draft']

/** A form whose last part has not come after this counts as abandoned. */
const ABANDONED_MS = 24 * 3600 * 1000

/** Takes an upload, whole or one chunk of it, with at most 5 MiB in memory (docs/contract/storage.md §6). */
export async function receiveUpload(c: Ctx, bucketId: string): Promise<Outcome> {
  if (!/^multipart\/form-data\b/i.test(c.req.header('content-type') ?? ''))
    return refuseBody(c, bucketId)
  const header = c.req.header('content-range')
  return header === undefined ? receiveWhole(c, bucketId) : receiveChunk(c, bucketId, header)
}

/** Answers a body that is no form: its fields are checked as ever, but there is no file in it. */
async function refuseBody(c: Ctx, bucketId: string): Promise<never> {
  check(uploadFields, gatherArrays(await readBody(c)))
  const [bucket] = await bucketById(c.var.db, bucketId)
  grantCreate(c.var.caller, bucket)
  throw new ApiError('storage_file_empty')
}

const storeOf = (c: Ctx, bucket: Bucket, id: string, row: NewRow) =>
  uploadStore({
    db: c.var.db,
    blobs: c.env.BLOBS,
    now: c.var.now,
    bucket,
    id,
    draft: row,
    factsOf: (file) => atRest(c, bucket, file),
  })

/**
 * Takes one chunk of a file. Differs: its bytes are cut on the 5 MiB grid, whatever the client's chunk size,
 * and must be as many as Content-Range says; upstream looks at the start alone, and loses what it expects less.
 */
async function receiveChunk(c: Ctx, bucketId: string, header: string): Promise<Outcome> {
  const range = attempt(() => parseContentRange(header))
  const start = range.value?.start ?? 0
  const expected = range.value ? range.value.end + 1 - start : 0
  let name: string | undefined
  let early = new Map<string, string[]>()
  let upload: Upload | undefined
  const receive = async (slice: Slice, fields: Fields) => {
    upload ??= await openUpload(c, { bucketId, range, name }, fields)
    return receiveSlice(upload, slice)
  }
  // Bytes that must leave memory before the form's end: fields that follow the file come too late.
  const slices = slicer(start, expected, async (slice) => {
    await receive(slice, parseFields(early))
  })
  const sink: FormSink = {
    skip: refuseFileParameter,
    open(filename, fields) {
      name = filename
      early = fields
    },
    async write(bytes) {
      if (!range.value) return
      if (slices.length() + bytes.length > expected) throw wrongLength()
      await slices.write(bytes)
    },
  }
  try {
    const fields = parseFields((await readForm(c.req.raw, sink)).fields)
    if (slices.length() !== expected) {
      upload ??= await openUpload(c, { bucketId, range, name }, fields)
      throw wrongLength()
    }
    return await receive(slices.rest(), fields)
  } finally {
    slices.release()
  }
}

const wrongLength = () =>
  new ApiError(
    'storage_invalid_content_range',
    'The file part is not as long as Content-Range says.',
  )

type ChunkHead = {
  bucketId: string
  range: Attempt<{ start: number; end: number; total: number }>
  name: string | undefined
}

/** Checks a chunk and reads the upload that it belongs to, in one round trip. */
async function openUpload(
  c: Ctx,
  { bucketId, range, name }: ChunkHead,
  fields: Fields,
): Promise<Upload> {
  const { db, caller, now } = c.var
  const id = c.req.header('x-appwrite-id') ?? idFor(fields.fileId, now)
  const { start, end, total } = range.value ?? { start: 0, end: 0, total: 0 }
  const [[found], [file], parts, all] = await db.batch([
    bucketById(db, bucketId),
    ...seenStatements(db, { bucketId, id }, { start, end: end + 1 }),
  ])
  const bucket = grantCreate(caller, found)
  const permissions = permissionsFor(c, fields.permissions)
  if (name === undefined) throw new ApiError('storage_file_empty')
  if (range.error) throw range.error
  if (!isId(id)) throw new ApiError('storage_invalid_appwrite_id')
  grantFile(c, bucket, name, total)
  return {
    store: storeOf(c, bucket, id, () =>
      draft(c, bucket, { ...fields, fileId: id, permissions, name }, total),
    ),
    caller: starterOf(c),
    mayRead: (row) => mayRead(caller, bucket, row),
    total,
    seen: { file, parts, all: uploadedParts(all) },
  }
}

/** Takes a file that comes in one request (docs/contract/storage.md §6.3). */
async function receiveWhole(c: Ctx, bucketId: string): Promise<Outcome> {
  const { db, caller } = c.var
  const blobId = newBlobId(c.var.now)
  const open = once(async () => {
    const [bucket] = await bucketById(db, bucketId)
    return { bucket: grantCreate(caller, bucket), file: undefined }
  })
  const openBoth = async (fields: Fields) => {
    const id = idFor(fields.fileId, c.var.now)
    const [[bucket], [file]] = await db.batch([
      bucketById(db, bucketId),
      fileById(db, bucketId, id),
    ])
    return { bucket: grantCreate(caller, bucket), file }
  }
  let name: string | undefined
  const expected = Number(c.req.header('content-length') ?? 0)
  // An R2 upload that is cut off cannot be found again: it is on record until the row stands.
  const writer = blobWriter(c.env.BLOBS, blobId, expected, async (uploadId) => {
    const dueAt = new Date(c.var.now.getTime() + ABANDONED_MS)
    await db.insert(garbage).values({ kind: 'blob', ref: blobId, uploadId, dueAt })
  })
  const sink: FormSink = {
    skip: refuseFileParameter,
    open(filename) {
      name = filename
    },
    async write(bytes) {
      const length = writer.length() + bytes.length
      if (length > CHUNK_BYTES) grantFile(c, (await open()).bucket, name, length)
      await writer.write(bytes)
    },
  }
  try {
    const fields = parseFields((await readForm(c.req.raw, sink)).fields)
    const isOpened = writer.length() > CHUNK_BYTES
    const { bucket, file } = await (isOpened ? open() : openBoth(fields))
    const permissions = permissionsFor(c, fields.permissions)
    grantFile(c, bucket, name, writer.length())
    const row = { ...fields, permissions, name: name ?? '' }
    return await storeWhole(c, { bucket, file }, blobId, writer, row)
  } catch (error) {
    await writer.abort().catch(() => undefined) // what it leaves is swept later
    throw error
  } finally {
    writer.release()
  }
}

async function storeWhole(
  c: Ctx,
  { bucket, file }: { bucket: Bucket; file: File | undefined },
  blobId: string,
  writer: BlobWriter,
  fields: Fields & { permissions: string[]; name: string },
): Promise<Outcome> {
  const { db, now } = c.var
  const written = await writer.finish()
  const facts = await keep(c, bucket, blobId, written)
  const row = {
    ...draft(c, bucket, fields, written.sizeBytes),
    ...facts,
    starter: null,
    uploadId: null,
    chunksTotal: 1,
    chunksUploaded: 1,
    updatedAt: now,
  }
  const store = storeOf(c, bucket, row.id, () => row)
  const eraseBut = (kept?: string) => {
    for (const id of new Set([blobId, facts.blobId])) {
      if (id !== kept) {
        c.executionCtx.waitUntil(eraseBlob(c.env.BLOBS, db, { blobId: id, uploadId: null }))
      }
    }
  }
  try {
    const outcome = await receiveFile({ store, caller: starterOf(c), seen: { file } }, row)
    eraseBut(outcome.file.blobId)
    return outcome
  } catch (error) {
    // Where D1 failed nobody knows whether the row stands: the sweeper finds out.
    if (error instanceof ApiError) eraseBut()
    throw error
  }
}

type Attempt<T> = { value: T; error?: undefined } | { value?: undefined; error: unknown }

function attempt<T>(run: () => T): Attempt<T> {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}

/** Runs a function at most once and gives every caller the same result. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= run()
    return result
  }
}
