import { and, eq, exists } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { userIdOf } from '#/auth/caller'
import { grantRoles, permission, permissionList } from '#/auth/roles'
import { type Bucket, type File, files, garbage } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { type FormSink, readForm } from '#/http/multipart'
import { characters, gatherArrays, optional, withDefault } from '#/http/params'
import { parseContentRange } from '#/http/range'
import { check, LARGEST_BODY_BYTES, readBody } from '#/http/route'
import { customId, idFor, isId } from '#/ids'
import { bucketById, fileById, grantCreate } from '#/services/storage/access'
import { intent, keep } from '#/services/storage/at-rest'
import { beginUpload, finishUpload, storeSlice, type Upload } from '#/services/storage/chunks'
import { eraseBlob } from '#/services/storage/erase'
import { parseFolder } from '#/services/storage/folder'
import { partsWithin } from '#/services/storage/parts'
import { CHUNK_BYTES, type Slice, slicer } from '#/services/storage/slicer'
import { blobWriter } from '#/services/storage/writer'

type Ctx = Context<AppEnv>
type Range = { start: number; end: number; total: number }
/** Says how an upload ended: the row to answer with, and whether this request made the file. */
export type Outcome = { file: File; status: 200 | 201; created: boolean }

const NAME_MAX_CHARACTERS = 2048

/** The form fields of an upload beside the file (storage contract 6.1). */
export const uploadFields = z.object({
  fileId: customId,
  permissions: optional(permissionList(['read', 'update', 'delete'], ['update', 'delete'])),
  folder: withDefault(z.string().transform(parseFolder), ''),
})
type Fields = z.output<typeof uploadFields>

/** Takes an upload, whole or one chunk of it, with at most 5 MiB in memory (storage contract 6). */
export async function receiveUpload(c: Ctx, bucketId: string): Promise<Outcome> {
  if (!/^multipart\/form-data\b/i.test(c.req.header('content-type') ?? ''))
    return refuseBody(c, bucketId)
  const header = c.req.header('content-range')
  return header === undefined ? receiveWhole(c, bucketId) : receiveChunk(c, bucketId, header)
}

/** Answers a body that is no form: its fields are checked as ever, but there is no file in it. */
async function refuseBody(c: Ctx, bucketId: string): Promise<never> {
  const small = Number(c.req.header('content-length') ?? 0) <= LARGEST_BODY_BYTES
  check(uploadFields, gatherArrays(small ? await readBody(c) : {}))
  const [bucket] = await bucketById(c.var.db, bucketId)
  grantCreate(c.var.caller, bucket)
  throw new ApiError('storage_file_empty')
}

const parseFields = (given: ReadonlyMap<string, string[]>): Fields => {
  const plain = Object.fromEntries(
    [...given].map(([name, values]) => [name, name.includes('[') ? values : values[0]]),
  )
  return check(uploadFields, gatherArrays(plain))
}

/** The caller's own permissions when none are asked for (storage contract 3.5). */
function permissionsFor(c: Ctx, asked: string[] | undefined) {
  const own = userIdOf(c.var.caller)
  if (!asked || asked.length === 0) {
    return own
      ? (['read', 'update', 'delete'] as const).map((action) => permission(action, `user:${own}`))
      : []
  }
  grantRoles(c.var.caller, asked)
  return asked
}

/** Checks what the file part and its headers say, in the order of storage contract 6.3. */
function grantFile(c: Ctx, bucket: Bucket, name: string | undefined, sizeBytes: number) {
  const limit = c.var.settings.STORAGE_MAX_FILE_BYTES
  if (bucket.maximumFileSize > limit) {
    throw new ApiError(
      'general_server_error',
      "The bucket's maximum file size is above the server's limit.",
    )
  }
  if (name === undefined) throw new ApiError('storage_file_empty')
  const dot = name.lastIndexOf('.')
  const extension = dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
  const allowed = bucket.allowedFileExtensions
  if (allowed.length > 0 && !allowed.includes(extension)) {
    throw new ApiError(
      'storage_file_type_unsupported',
      'The bucket does not allow files with this extension.',
    )
  }
  if (sizeBytes > bucket.maximumFileSize) throw new ApiError('storage_invalid_file_size')
  if (name === '') throw new ApiError('storage_invalid_file')
  if (characters(name) > NAME_MAX_CHARACTERS) {
    throw new ApiError(
      'general_argument_invalid',
      `Invalid \`file\` param: its name has over ${NAME_MAX_CHARACTERS} characters.`,
    )
  }
}

/** Takes a file that comes in one request. */
async function receiveWhole(c: Ctx, bucketId: string): Promise<Outcome> {
  const { db, caller } = c.var
  const blobId = crypto.randomUUID()
  const open = once(async () => {
    const [[bucket]] = await db.batch([bucketById(db, bucketId), intent(c, blobId)])
    return grantCreate(caller, bucket)
  })
  let name: string | undefined
  const expected = Number(c.req.header('content-length') ?? 0)
  const writer = blobWriter(c.env.BLOBS, blobId, expected, async (uploadId) => {
    await intent(c, blobId, uploadId)
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
    await writer.abort().catch(() => undefined) // the intent on record has it swept later
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
  const [[file], , [stillThere]] = await db.batch([
    db.insert(files).values(row).onConflictDoNothing().returning(),
    // Given up only once the row stands: a refused insert leaves the blob to the sweeper.
    db
      .delete(garbage)
      .where(
        and(eq(garbage.kind, 'blob'), eq(garbage.ref, facts.blobId), existsBlob(db, facts.blobId)),
      ),
    bucketById(db, bucket.id),
  ])
  if (facts.blobId !== blobId)
    c.executionCtx.waitUntil(eraseBlob(c.env.BLOBS, db, { blobId, uploadId: null }))
  if (file) return { file, status: 201, created: true }
  if (stillThere?.sequence !== bucket.sequence) throw new ApiError('storage_bucket_not_found')
  return joinUpload(c, bucket, fields, held)
}

const existsBlob = (db: Ctx['var']['db'], blobId: string) =>
  exists(db.select({ one: files.sequence }).from(files).where(eq(files.blobId, blobId)))

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

/** Gives the row of a new upload, before its bytes are known. */
const draft = (
  c: Ctx,
  bucket: Bucket,
  fields: Fields & { permissions: string[]; name: string },
  sizeOriginal: number,
) => ({
  bucketSequence: bucket.sequence,
  bucketId: bucket.id,
  id: idFor(fields.fileId, c.var.now),
  permissions: fields.permissions,
  name: fields.name,
  uploadName: fields.name,
  folder: fields.folder,
  signature: '',
  mimeType: '',
  sizeOriginal,
  sizeActual: 0,
  chunksTotal: Math.max(1, Math.ceil(sizeOriginal / CHUNK_BYTES)),
  chunksUploaded: 0,
  encryption: false,
  compression: '',
  createdAt: c.var.now,
  updatedAt: c.var.now,
})

/** Takes one chunk of a file. Its bytes are cut on the 5 MiB grid, whatever the client's chunk size. */
async function receiveChunk(c: Ctx, bucketId: string, header: string): Promise<Outcome> {
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
  const [[found], [file], seen] = await db.batch([
    bucketById(db, bucketId),
    fileById(db, bucketId, id),
    partsWithin(db, bucketId, id, cellStart, end + 1),
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
  return { bucket, upload: { file, fresh: false, seen } }
}

/** Stores the last slices of a request and answers with the upload's state; the last chunk finishes it. */
async function progressOf(
  c: Ctx,
  bucket: Bucket,
  upload: Upload,
  slices: Slice[],
  permissions: string[],
): Promise<Outcome> {
  let outcome: Outcome = { file: upload.file, status: 200, created: false }
  for (const slice of slices) {
    const { file, stored, parts } = await storeSlice(c, upload, slice)
    if (!file) throw new ApiError('storage_file_not_found')
    if (parts.length > 0) {
      const done = await finishUpload(c, bucket, file, parts, permissions)
      return { file: done.file, status: done.finished ? 201 : 200, created: done.finished }
    }
    const chunksUploaded = Math.min(stored, file.chunksTotal - 1)
    outcome = file.uploadId
      ? { file: { ...file, chunksUploaded }, status: 201, created: false }
      : { file, status: 200, created: false }
  }
  return outcome
}

/** Runs a function at most once and gives every caller the same result. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= run()
    return result
  }
}

function attempt<T>(run: () => T): Attempt<T> {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}
