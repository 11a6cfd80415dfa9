import type { File } from '#/db/schema'
import { ApiError } from '#/errors'
import { hex } from '#/lib/secrets'
import {
  type Chunk,
  eventOf,
  fillsCell,
  mayContinue,
  type Starter,
  type Step,
  type StoredPart,
  stateOf,
  storedAs,
  TABLE,
} from '#/storage/upload/machine'
import type { Progress } from '#/storage/upload/parts'
import { CHUNK_BYTES, type Slice } from '#/storage/upload/slicer'
import type { Assembled, Outcome, Seen, UploadStore } from '#/storage/upload/steps'

/** One request's part in an upload; it changes as the request goes on. */
export type Upload = {
  store: UploadStore
  caller: Starter
  mayRead: (file: File) => boolean
  total: number
  seen: Seen
  /** The attempt that this request belongs to, by its row's sequence. */
  attempt?: number
  /** The attempt that this request began in has been replaced by another. */
  isSuperseded?: boolean
  /** This request has sent a part that another one recorded: the ETag on record may be void. */
  mustResend?: boolean
  /** Why R2 did not take or assemble what it was given. */
  failure?: Exclude<Assembled, { kind: 'sealed' }> | undefined
}

/** How often a request gives way to others before it gives up. */
const MAX_TRIES = 8

const taken = () => new ApiError('storage_file_already_exists')

const busy = () =>
  new ApiError(
    'general_rate_limit_exceeded',
    'Other requests are sending the same part of this file.',
    { headers: { 'Retry-After': '5' } },
  )

/**
 * Takes a whole file, whose bytes are stored already.
 * @throws `storage_file_already_exists`, `storage_bucket_not_found`
 */
export async function receiveFile(
  { store, caller, seen }: Pick<Upload, 'store' | 'caller'> & { seen: Pick<Seen, 'file'> },
  row: Omit<File, 'sequence'>,
): Promise<Outcome> {
  let file = seen.file
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (TABLE[stateOf(file, caller, false)].whole === 'refuse') throw taken()
    const { created, current, bucketIsThere } = await store.create(row, file?.blobId)
    if (created) return { file: created, status: 201, created: true }
    if (!bucketIsThere) throw new ApiError('storage_bucket_not_found')
    file = current
  }
  throw busy()
}

/**
 * Takes one range of a file (`docs/uploads.md`).
 * @throws `storage_file_already_exists` for an ID that is not the caller's, and once the attempt that the
 * request began in is superseded
 * @throws `storage_file_not_found` when the file was deleted meanwhile
 * @throws `general_rate_limit_exceeded` when others keep sending the same part
 */
export async function receiveSlice(upload: Upload, slice: Slice): Promise<Outcome> {
  return takeChunk(upload, { ...slice, digest: await digestOf(slice.bytes) })
}

const digestOf = async (bytes: Uint8Array<ArrayBuffer>) =>
  hex(await crypto.subtle.digest('SHA-256', bytes))

async function takeChunk(upload: Upload, chunk: Chunk & Slice): Promise<Outcome> {
  upload.mustResend = false
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    upload.failure = undefined
    const outcome = await takeStep(upload, chunk, stepOf(upload, chunk))
    if (outcome) return outcome
    if (isMismatched(upload)) await upload.store.pause(tries)
    await lookAgain(upload, chunk)
  }
  if (!isMismatched(upload) || !upload.seen.file) throw busy()
  // Only a crash between sending a part twice and recording it leads here: sending the file again heals it.
  await upload.store.forget(upload.seen.file)
  throw new ApiError(
    'general_server_error',
    'The stored parts do not match. Send the file again.',
    { cause: upload.failure?.cause },
  )
}

const isMismatched = ({ failure }: Upload) => failure?.kind === 'mismatched'

/** Decides what this chunk does to the upload as it was seen last. */
function stepOf(upload: Upload, chunk: Chunk): Step {
  const { caller, seen, total } = upload
  const { file } = seen
  const state = stateOf(file, caller, seen.all.length === file?.chunksTotal)
  const event = file ? eventOf(file, seen.parts, chunk, total) : 'newChunk'
  if (file?.uploadId && mayContinue(file.starter, caller)) {
    if (upload.isSuperseded && event === 'newChunk') return 'refuse'
    upload.attempt ??= file.sequence
  }
  return TABLE[state][event]
}

/** Does a step. @returns nothing where another request got in between, or the step is only half of it */
async function takeStep(
  upload: Upload,
  chunk: Chunk & Slice,
  step: Step,
): Promise<Outcome | undefined> {
  const { store, seen } = upload
  const { file } = seen
  if (!file) return begin(upload, chunk, undefined)
  switch (step) {
    case 'begin':
    case 'supersede':
      return begin(upload, chunk, file.blobId)
    case 'store':
      return storeChunk(upload, file, chunk)
    case 'touch':
      return touch(upload, file, chunk)
    case 'drop': {
      const stored = storedAs(seen.parts, chunk)
      const wholeCell = !chunk.joined && fillsCell(chunk, file.sizeOriginal)
      await store.drop(file, stored ? [stored] : [], { cell: chunk.cell, wholeCell })
      return
    }
    case 'finish':
      return upload.mustResend ? storeChunk(upload, file, chunk) : finish(upload, file, seen.all)
    case 'answer':
      if (file.sequence !== upload.attempt && !upload.mayRead(file)) throw taken()
      return { file, status: 200, created: false }
    case 'create':
    case 'refuse':
    case 'forget':
    case 'ignore':
      throw taken()
  }
}

/** Reads the upload anew, and finds out whether it is still the one that the request belongs to. */
async function lookAgain(upload: Upload, chunk: Chunk) {
  const { failure, attempt } = upload
  upload.seen = await upload.store.see(chunk)
  const { file } = upload.seen
  if (!file) {
    throw new ApiError(
      attempt === undefined ? 'storage_bucket_not_found' : 'storage_file_not_found',
    )
  }
  if (attempt !== undefined && file.sequence !== attempt) {
    // A later chunk cannot be told from one of the new attempt; a first chunk can, by its bytes.
    if (chunk.start !== 0 || chunk.joined) throw taken()
    upload.isSuperseded = true
  } else if (failure?.kind === 'lost' && file.uploadId) throw failure.cause
}

async function begin(upload: Upload, chunk: Chunk & Slice, superseded: string | undefined) {
  const { store } = upload
  const file = await store.begin()
  const sent = await store.send(file, chunk)
  if (sent.kind !== 'stored') throw sent.kind === 'lost' ? sent.cause : busy()
  const how = { fresh: true, superseded, touch: false, etag: sent.etag, seen: 0, received: null }
  const progress = await store.record(file, chunk, how)
  if (!progress.recorded || !progress.file) {
    await store.abandon(file, chunk)
    return
  }
  upload.attempt = progress.file.sequence
  upload.isSuperseded = false
  return goOn(upload, chunk, progress, progress.file)
}

async function storeChunk(upload: Upload, file: File, chunk: Chunk & Slice) {
  const { store, seen } = upload
  const sent = await store.send(file, chunk)
  if (sent.kind === 'lost') {
    upload.failure = sent
    return
  }
  if (sent.kind === 'sealed') {
    // Completed by a request that died before it could say so, or that is about to say so.
    if (!(await store.holds(file, chunk))) throw taken()
    return settle(upload, file)
  }
  const last = sent.etag === null ? undefined : withLast(seen.all, file, chunk, sent.etag)
  if (last && (await store.assemble(file, last)).kind === 'sealed') return settle(upload, file)
  const progress = await store.record(file, chunk, {
    fresh: false,
    superseded: undefined,
    touch: false,
    etag: sent.etag,
    seen: storedAs(seen.parts, chunk)?.version ?? 0,
    received: chunk.joined?.received ?? null,
  })
  if (!progress.recorded || !progress.file) {
    upload.mustResend = sent.etag !== null
    return
  }
  return goOn(upload, chunk, progress, progress.file)
}

/** Returns all parts in order where this one alone was missing: it need not be recorded first. */
function withLast(
  all: readonly R2UploadedPart[],
  file: File,
  { cell }: Chunk,
  etag: string,
): R2UploadedPart[] | undefined {
  const partNumber = cell + 1
  if (all.length !== file.chunksTotal - 1 || all.some((part) => part.partNumber === partNumber))
    return
  return [...all, { partNumber, etag }].sort((a, b) => a.partNumber - b.partNumber)
}

async function touch(upload: Upload, file: File, chunk: Chunk & Slice) {
  if (upload.mustResend) return storeChunk(upload, file, chunk)
  const progress = await upload.store.record(file, chunk, {
    fresh: false,
    superseded: undefined,
    touch: true,
    etag: null,
    seen: 0,
    received: null,
  })
  if (!progress.recorded || !progress.file) return
  return goOn(upload, chunk, progress, progress.file)
}

/** Looks what a recorded range leads to: a cell that is covered, a file that is complete, or more to come. */
async function goOn(upload: Upload, chunk: Chunk, progress: Progress, file: File) {
  const { stored, parts, cell } = progress
  const seenElsewhere = upload.seen.file?.blobId === file.blobId ? upload.seen.parts : []
  upload.seen = { file, parts: seenElsewhere, all: parts }
  if (!fillsCell(chunk, file.sizeOriginal)) {
    const pieces = cell.filter((part) => part.etag === null)
    if (covers(pieces, chunk.cell, file.sizeOriginal)) return joinCell(upload, chunk, cell, file)
  }
  if (parts.length > 0) return finish(upload, file, parts)
  const chunksUploaded = Math.min(stored, file.chunksTotal - 1)
  return { file: { ...file, chunksUploaded }, status: 201 as const, created: false }
}

/** Checks whether pieces in ascending order leave no gap in their cell. */
function covers(pieces: readonly StoredPart[], cell: number, totalBytes: number): boolean {
  const end = Math.min(totalBytes, (cell + 1) * CHUNK_BYTES)
  const reach = pieces.reduce(
    (to, piece) => (piece.start <= to ? Math.max(to, piece.end) : to),
    cell * CHUNK_BYTES,
  )
  return reach >= end
}

/** Makes a part of the pieces that cover a cell. Where they contradict each other, the later ones stay. */
async function joinCell(
  upload: Upload,
  { cell }: Chunk,
  stored: readonly StoredPart[],
  file: File,
): Promise<Outcome | undefined> {
  const pieces = stored.filter((part) => part.etag === null)
  const { slice, stale } = await upload.store.join(file, cell, pieces)
  if (stale.length > 0) {
    await upload.store.drop(file, stale, { cell, wholeCell: false })
    return
  }
  upload.seen = { ...upload.seen, parts: stored }
  const received = Math.min(...pieces.map((piece) => piece.received))
  return takeChunk(upload, { ...slice, digest: await digestOf(slice.bytes), joined: { received } })
}

/** Assembles an upload whose parts are all there. */
async function finish(upload: Upload, file: File, parts: readonly R2UploadedPart[]) {
  const assembled = await upload.store.assemble(file, parts)
  if (assembled.kind === 'sealed') return settle(upload, file)
  upload.failure = assembled
  return
}

/** Fills in the row of an assembled upload. Safe to repeat: whoever takes over ends in the same row. */
async function settle(upload: Upload, sealed: File): Promise<Outcome | undefined> {
  const { file, finished } = await upload.store.settle(sealed)
  return file && { file, status: finished ? 201 : 200, created: finished }
}
