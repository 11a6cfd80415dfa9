import type { Context } from 'hono'
import type { Bucket, File } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { type FormSink, readForm } from '#/http/multipart'
import { parseContentRange } from '#/http/range'
import { idFor, isId } from '#/ids'
import { bucketById, fileById, grantCreate } from '#/services/storage/access'
import {
  beginUpload,
  finishUpload,
  finishWithLast,
  storeSlice,
  type Upload,
} from '#/services/storage/chunks'
import { partsButOne, partsWithin, uploadedParts } from '#/services/storage/parts'
import { CHUNK_BYTES, type Slice, slicer } from '#/services/storage/slicer'
import {
  draft,
  type Fields,
  grantFile,
  type Outcome,
  parseFields,
  permissionsFor,
} from '#/services/storage/upload-rules'

type Ctx = Context<AppEnv>
type Range = { start: number; end: number; total: number }

/**
 * Takes one chunk of a file. Differs: its bytes are cut on the 5 MiB grid, whatever the client's chunk size,
 * and must be as many as Content-Range says; upstream looks at the start alone, and loses what it expects less.
 */
export async function receiveChunk(c: Ctx, bucketId: string, header: string): Promise<Outcome> {
  const range = attempt(() => parseContentRange(header))
  const start = range.value?.start ?? 0
  const chunk = {
    bucketId,
    range,
    name: undefined as string | undefined,
    fields: new Map<string, string[]>(),
  }
  let opened: Opened | undefined
  const flush = async (slice: Slice) => {
    // Bytes that must leave memory before the form's end: fields that follow the file come too late.
    opened ??= await openChunk(c, chunk, parseFields(chunk.fields))
    if (opened.upload.file.uploadId) await storeSlice(c, opened.upload, slice)
  }
  const expected = range.value ? range.value.end + 1 - start : 0
  const slices = slicer(start, expected, flush)
  const sink: FormSink = {
    open(filename, fields) {
      chunk.name = filename
      chunk.fields = fields
    },
    async write(bytes) {
      if (!range.value) return
      if (slices.length() + bytes.length > expected) throw wrongLength()
      await slices.write(bytes)
    },
  }
  try {
    const form = await readForm(c.req.raw, sink)
    const fields = parseFields(form.fields)
    const { bucket, upload } = opened ?? (await openChunk(c, chunk, fields))
    if (!upload.file.uploadId) return { file: upload.file, status: 200, created: false }
    if (slices.length() !== expected) throw wrongLength()
    return await progressOf(
      c,
      bucket,
      upload,
      [slices.rest()],
      permissionsFor(c, fields.permissions),
    )
  } finally {
    slices.release()
  }
}

const wrongLength = () =>
  new ApiError(
    'storage_invalid_content_range',
    'The file part is not as long as Content-Range says.',
  )

type Attempt<T> = { value: T; error?: undefined } | { value?: undefined; error: unknown }
type Opened = { bucket: Bucket; upload: Upload }
type Chunk = { bucketId: string; range: Attempt<Range>; name: string | undefined }

/** Checks a chunk and finds the upload it belongs to, in one round trip, or starts one. */
async function openChunk(
  c: Ctx,
  { bucketId, range, name }: Chunk,
  fields: Fields,
): Promise<Opened> {
  const { db, caller } = c.var
  const id = c.req.header('x-appwrite-id') ?? idFor(fields.fileId, c.var.now)
  const { start, end, total } = range.value ?? { start: 0, end: 0, total: 0 }
  const cellStart = start - (start % CHUNK_BYTES)
  const [[found], [file], seen, others] = await db.batch([
    bucketById(db, bucketId),
    fileById(db, bucketId, id),
    partsWithin(db, bucketId, id, cellStart, end + 1),
    partsButOne(db, bucketId, id),
  ])
  const bucket = grantCreate(caller, found)
  const permissions = permissionsFor(c, fields.permissions)
  if (name === undefined) throw new ApiError('storage_file_empty')
  if (range.error) throw range.error
  if (!isId(id)) throw new ApiError('storage_invalid_appwrite_id')
  grantFile(c, bucket, name, total)
  if (!file) {
    const row = draft(c, bucket, { ...fields, fileId: id, permissions, name }, total)
    return { bucket, upload: await beginUpload(c, row) }
  }
  if (file.uploadId && file.sizeOriginal !== total) {
    throw new ApiError(
      'storage_invalid_content_range',
      'Other chunks of this file gave another total size.',
    )
  }
  return { bucket, upload: { file, fresh: false, seen, others: uploadedParts(others) } }
}

/** Stores the last slices of a request and answers with the upload's state; the last chunk finishes it. */
export async function progressOf(
  c: Ctx,
  bucket: Bucket,
  upload: Upload,
  slices: Slice[],
  permissions: string[],
): Promise<Outcome> {
  let outcome: Outcome = { file: upload.file, status: 200, created: false }
  for (const slice of slices) {
    const last = await finishWithLast(c, bucket, upload, slice, permissions)
    if (last) return finished(last)
    const { file, stored, parts } = await storeSlice(c, upload, slice)
    if (!file) throw new ApiError('storage_file_not_found')
    if (parts.length > 0) return finished(await finishUpload(c, bucket, file, parts, permissions))
    const chunksUploaded = Math.min(stored, file.chunksTotal - 1)
    outcome = file.uploadId
      ? { file: { ...file, chunksUploaded }, status: 201, created: false }
      : { file, status: 200, created: false }
  }
  return outcome
}

const finished = (done: { file: File; finished: boolean }): Outcome => ({
  file: done.file,
  status: done.finished ? 201 : 200,
  created: done.finished,
})

function attempt<T>(run: () => T): Attempt<T> {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}
