import type { File, FilePart } from '#/db/schema'
import { CHUNK_BYTES } from '#/storage/upload/slicer'

/**
 * Who began an upload: a user by sequence, which no later user of the same ID gets; any API key; or a
 * guest.
 */
export type Starter = `user:${number | string}` | 'key' | 'guest'

/** A range of a file, `start` inclusive and `end` exclusive in bytes, within one cell of the grid. */
export type Range = { cell: number; start: number; end: number }

/**
 * A range that came, with the SHA-256 of its bytes. One that was put together from stored pieces is
 * `joined`, and carries when the oldest of them came.
 */
export type Chunk = Range & { digest: string; joined?: { received: number } }

export type StoredPart = Pick<
  FilePart,
  'start' | 'end' | 'etag' | 'version' | 'digest' | 'received'
>

/** What a file ID is to one caller. An attempt that only waits to be assembled is `complete`. */
export type State = 'absent' | 'receiving' | 'complete' | 'foreign' | 'finished'

/** What moves it: requests, in the light of what is stored, and what happens beside them. */
export type Event =
  | 'whole'
  | 'otherTotal'
  | 'otherFirst'
  | 'newChunk'
  | 'equalChunk'
  | 'otherChunk'
  | 'deleted'
  | 'swept'

export type Step =
  | 'create'
  | 'begin'
  | 'supersede'
  | 'store'
  | 'touch'
  | 'drop'
  | 'finish'
  | 'answer'
  | 'refuse'
  | 'forget'
  | 'ignore'

/** The state machine: what is done where an event meets a state. `docs/uploads.md` shows it. */
export const TABLE = {
  absent: {
    whole: 'create',
    otherTotal: 'begin',
    otherFirst: 'begin',
    newChunk: 'begin',
    equalChunk: 'begin',
    otherChunk: 'begin',
    deleted: 'ignore',
    swept: 'ignore',
  },
  receiving: {
    whole: 'create',
    otherTotal: 'supersede',
    otherFirst: 'supersede',
    newChunk: 'store',
    equalChunk: 'touch',
    otherChunk: 'drop',
    deleted: 'forget',
    swept: 'forget',
  },
  complete: {
    whole: 'create',
    otherTotal: 'supersede',
    otherFirst: 'supersede',
    newChunk: 'store',
    equalChunk: 'finish',
    otherChunk: 'drop',
    deleted: 'forget',
    swept: 'forget',
  },
  foreign: {
    whole: 'refuse',
    otherTotal: 'refuse',
    otherFirst: 'refuse',
    newChunk: 'refuse',
    equalChunk: 'refuse',
    otherChunk: 'refuse',
    deleted: 'forget',
    swept: 'forget',
  },
  finished: {
    whole: 'refuse',
    otherTotal: 'answer',
    otherFirst: 'answer',
    newChunk: 'answer',
    equalChunk: 'answer',
    otherChunk: 'answer',
    deleted: 'forget',
    swept: 'ignore',
  },
} as const satisfies Record<State, Record<Event, Step>>

/** What each step does to D1 and to R2, and what the request is answered. D1 statements are one batch. */
export const STEPS: Record<Step, { d1: string; r2: string; answer: string }> = {
  create: {
    d1: 'deletes the superseded row, whose trigger puts its blob into `garbage`; inserts the finished row',
    r2: 'the blob was written before',
    answer: '201',
  },
  begin: {
    d1: 'inserts the row with its starter; records the range',
    r2: 'creates a multipart upload under a new blob ID; sends the range',
    answer: '201',
  },
  supersede: {
    d1: 'deletes the row of the old attempt, whose trigger puts its blob and R2 upload into `garbage`; then as `begin`',
    r2: 'as `begin`',
    answer: '201',
  },
  store: {
    d1: 'records the range, if nobody else has since it was read; moves `chunksUploaded`',
    r2: 'sends the range, as a part or as a piece',
    answer: '201',
  },
  touch: {
    d1: 'notes that the range came again',
    r2: '',
    answer: '201',
  },
  drop: {
    d1: 'deletes the range and all that has not come since the first chunk; then as `store`',
    r2: 'as `store`',
    answer: '201',
  },
  finish: {
    d1: 'fills in the row, if the attempt is still open; deletes its parts',
    r2: 'completes the multipart upload; reads it back',
    answer: '201 where this request finished it, otherwise 200',
  },
  answer: { d1: '', r2: '', answer: '200 for who may read the file, otherwise 409' },
  refuse: { d1: '', r2: '', answer: '409' },
  forget: {
    d1: 'deletes the row, whose trigger puts its blob and R2 upload into `garbage`',
    r2: 'the sweep aborts the upload and deletes the objects',
    answer: '404 to requests that are on their way',
  },
  ignore: { d1: '', r2: '', answer: '' },
}

/**
 * Checks whether a caller may go on with an unfinished upload: a user with the own one, a key with those of
 * users and keys, a guest with those of guests. One from before starters were kept is left to keys.
 * Differs: upstream lets anybody go on who may create files in the bucket.
 */
export function mayContinue(starter: string | null, caller: Starter): boolean {
  return caller === 'key' ? starter !== 'guest' : starter === caller
}

/** Returns what a file ID is to a caller. @param isComplete whether every part of it is on record */
export function stateOf(file: File | undefined, caller: Starter, isComplete: boolean): State {
  if (!file) return 'absent'
  if (file.uploadId === null) return 'finished'
  if (!mayContinue(file.starter, caller)) return 'foreign'
  return isComplete ? 'complete' : 'receiving'
}

/**
 * Classifies a chunk by what is stored of its cell. The first chunk cut otherwise counts as another one:
 * what was stored of it cannot be compared. A later range without a digest is taken as a new one.
 * Differs: upstream looks at the ID alone, and mixes files.
 */
export function eventOf(
  file: Pick<File, 'sizeOriginal'>,
  parts: readonly StoredPart[],
  chunk: Chunk,
  total: number,
): Event {
  if (file.sizeOriginal !== total) return 'otherTotal'
  const stored = storedAs(parts, chunk)
  const hasFirst = parts.some(({ start }) => start === 0)
  if (chunk.start === 0 && !chunk.joined && hasFirst && stored?.digest !== chunk.digest) {
    return 'otherFirst'
  }
  if (!stored || stored.digest === null) return 'newChunk'
  return stored.digest === chunk.digest ? 'equalChunk' : 'otherChunk'
}

/** Finds what is stored of exactly this range. */
export const storedAs = (parts: readonly StoredPart[], { start, end }: Omit<Range, 'cell'>) =>
  parts.find((part) => part.start === start && part.end === end)

/** Checks whether a range is a whole part of the finished object. */
export const fillsCell = ({ cell, start, end }: Range, totalBytes: number) =>
  start === cell * CHUNK_BYTES && end === Math.min(totalBytes, (cell + 1) * CHUNK_BYTES)
