import type { File } from '#/db/schema'
import type { Chunk, Range, StoredPart } from '#/storage/upload/machine'
import type { Progress, Recording } from '#/storage/upload/parts'
import type { Slice } from '#/storage/upload/slicer'

/** How an upload ended: the row to answer with, and whether this request made the file. */
export type Outcome = { file: File; status: 200 | 201; created: boolean }

/** What a request knows of an upload: its row, stored ranges, and all parts once at most one is missing. */
export type Seen = {
  file: File | undefined
  parts: readonly StoredPart[]
  all: readonly R2UploadedPart[]
}

/** What became of a range that was sent to R2. A lost upload was aborted, a sealed one completed. */
export type Sent = { kind: 'stored'; etag: string | null } | { kind: 'sealed' } | Lost
export type Lost = { kind: 'lost'; cause: unknown }
/** Parts that R2 does not know are mismatched: another request is sending one of them again. */
export type Assembled = { kind: 'sealed' } | { kind: 'mismatched'; cause: unknown } | Lost

/** The file ID in D1 and R2. Each method is one step that happens whole or not at all. */
export interface UploadStore {
  /** Reads the row and what is stored of a range's cell. */
  see(range: Range): Promise<Seen>
  /** Opens an R2 upload for a new attempt, whose row is not stored yet. */
  begin(): Promise<File>
  /** Takes back what {@link begin} opened. */
  abandon(file: File, chunk: Chunk): Promise<void>
  send(file: File, chunk: Chunk & Slice): Promise<Sent>
  record(file: File, chunk: Chunk, how: Omit<Recording, 'now'>): Promise<Progress>
  /** Deletes ranges, and whatever has not come since the first chunk. */
  drop(
    file: File,
    ranges: readonly StoredPart[],
    at: { cell: number; wholeCell: boolean },
  ): Promise<void>
  /** Puts pieces together that cover a cell; `stale` are those that a later one contradicts. */
  join(
    file: File,
    cell: number,
    pieces: readonly StoredPart[],
  ): Promise<{ slice: Slice; stale: StoredPart[] }>
  assemble(file: File, parts: readonly R2UploadedPart[]): Promise<Assembled>
  /** Checks whether a sealed blob has these bytes. */
  holds(file: File, chunk: Chunk): Promise<boolean>
  /** Fills in the row of a sealed upload; `finished` if this call did. */
  settle(file: File): Promise<{ file: File | undefined; finished: boolean }>
  /** Abandons the parts of an upload that R2 does not confirm. */
  forget(file: File): Promise<void>
  /** Waits for requests that are sending a part again. */
  pause(tries: number): Promise<void>
  /** Stores the finished row of a whole file, in place of an open attempt. */
  create(
    row: Omit<File, 'sequence'>,
    superseded: string | undefined,
  ): Promise<{ created: File | undefined; current: File | undefined; bucketIsThere: boolean }>
}
