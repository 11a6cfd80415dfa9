import type { File } from '#/db/schema'
import type { StoredPart } from '#/storage/upload/machine'
import type { Progress } from '#/storage/upload/parts'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import type { Assembled, Lost, UploadStore } from '#/storage/upload/steps'

/** Returns a source of numbers from 0 to below 1 that a seed decides (mulberry32). */
export function seeded(seed: number) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Ends a request as a crash of its isolate does. */
export class Killed extends Error {}

/** Lets one step of one request run at a time, in an order that the seed decides. */
export function scheduler(random: () => number, killRate: number) {
  const waiting: { go: () => void; kill: (error: Error) => void }[] = []
  let running = 0
  let kills = 0

  /** Runs a step whole, at some later time; the request may die before it or after it. */
  async function step<T>(run: () => T): Promise<T> {
    await new Promise<void>((go, kill) => waiting.push({ go, kill }))
    const result = run()
    if (random() < killRate) {
      kills++
      throw new Killed('after a step')
    }
    return result
  }
  /** Starts a request. */
  function start<T>(request: () => Promise<T>): Promise<T> {
    running++
    return request().finally(() => {
      running--
    })
  }
  /** Runs everything that was started to its end. */
  async function drain() {
    while (running > 0) {
      // Each request is at a step, or on its way there.
      while (waiting.length < running && running > 0) await new Promise(setImmediate)
      const [next] = waiting.splice(Math.floor(random() * waiting.length), 1)
      if (next && random() < killRate) {
        kills++
        next.kill(new Killed('before a step'))
      } else next?.go()
      await new Promise(setImmediate)
    }
  }
  return { step, start, drain, kills: () => kills }
}
export type Scheduler = ReturnType<typeof scheduler>

type Part = StoredPart & { cell: number }
type Row = File & { parts: Part[] }
type Multipart = {
  blobId: string
  open: boolean
  parts: Map<number, { etag: string; content: string }>
}

/** Records a range, or notes that it came again. @returns whether it did */
function putPart(
  row: Row,
  { cell, start, end, digest }: Parameters<UploadStore['record']>[1],
  { touch, etag, seen }: Pick<Parameters<UploadStore['record']>[2], 'touch' | 'etag' | 'seen'>,
): boolean {
  const stored = row.parts.find((part) => part.start === start && part.end === end)
  const received = row.received + 1
  row.received = received
  if (start === 0) row.firstReceived = received
  if (touch ? stored?.digest !== digest : (stored?.version ?? seen) !== seen) return false
  if (!stored) row.parts.push({ cell, start, end, etag, digest, version: 1, received })
  else if (touch) stored.received = received
  else Object.assign(stored, { received, etag, digest, version: stored.version + 1 })
  return true
}

/** D1 and R2 in memory, for one file ID. */
export class Simulated {
  row: Row | undefined
  readonly garbage = new Map<string, string | null>()
  readonly uploads = new Map<string, Multipart>()
  readonly objects = new Map<string, string[]>()
  readonly finished: number[] = []
  private count = 0

  private next = () => ++this.count

  /** Deletes the row, whose trigger makes its blob garbage. */
  remove() {
    if (this.row) this.garbage.set(this.row.blobId, this.row.uploadId)
    this.row = undefined
  }

  /** Does what the sweep does to what is garbage. */
  sweep() {
    for (const [blobId, uploadId] of this.garbage) {
      const upload = this.uploads.get(uploadId ?? '')
      if (upload) upload.open = false
      this.objects.delete(blobId)
    }
    this.garbage.clear()
  }

  private open = (file: File) =>
    this.row?.blobId === file.blobId && this.row.uploadId !== null ? this.row : undefined

  private all = (row: Row, missing: number) => {
    const parts = row.parts.filter(({ etag }) => etag !== null).sort((a, b) => a.start - b.start)
    return parts.length >= row.chunksTotal - missing
      ? parts.map(({ cell, etag }) => ({ partNumber: cell + 1, etag: etag ?? '' }))
      : []
  }

  private explain(file: File): Assembled {
    if (this.objects.has(file.blobId)) return { kind: 'sealed' }
    const lost: Lost = { kind: 'lost', cause: new Error('The upload is gone.') }
    return this.uploads.get(file.uploadId ?? '')?.open
      ? { kind: 'mismatched', cause: new Error('No such part.') }
      : lost
  }

  /** Returns the store of one request. */
  store(
    { step }: Pick<Scheduler, 'step'>,
    draft: () => Omit<File, 'sequence' | 'blobId' | 'uploadId'>,
  ): UploadStore {
    return {
      see: ({ cell }) =>
        step(() => ({
          file: this.row && { ...this.row },
          parts:
            this.row?.parts.filter((part) => part.cell === cell).map((part) => ({ ...part })) ?? [],
          all: this.row ? this.all(this.row, 1) : [],
        })),
      begin: () =>
        step(() => {
          const blobId = `blob${this.next()}`
          const uploadId = `upload${this.next()}`
          this.uploads.set(uploadId, { blobId, open: true, parts: new Map() })
          return { ...draft(), sequence: 0, blobId, uploadId }
        }),
      abandon: (file) =>
        step(() => {
          const upload = this.uploads.get(file.uploadId ?? '')
          if (upload) upload.open = false
        }),
      send: (file, chunk) =>
        step(() => {
          const upload = this.uploads.get(file.uploadId ?? '')
          if (!upload?.open) {
            const state = this.explain(file)
            if (state.kind === 'mismatched') throw new Error('R2 fails.')
            return state
          }
          const etag = `etag${this.next()}` // every one differs, and the last one alone is good
          upload.parts.set(chunk.cell + 1, { etag, content: new TextDecoder().decode(chunk.bytes) })
          return { kind: 'stored', etag }
        }),
      record: (file, chunk, how) => step(() => this.record(file, chunk, how)),
      drop: (file, ranges, { cell }) =>
        step(() => {
          const row = this.open(file)
          if (!row) return
          const isListed = (part: Part) =>
            ranges.some(({ start, digest }) => start === part.start && digest === part.digest)
          if (!row.parts.some(isListed)) return
          row.parts = row.parts.filter(
            (part) =>
              !(
                isListed(part) ||
                row.firstReceived === 0 ||
                part.received < row.firstReceived ||
                part.cell === cell
              ),
          )
        }),
      join: () => Promise.reject(new Error('No pieces here.')),
      assemble: (file, parts) =>
        step(() => {
          const upload = this.uploads.get(file.uploadId ?? '')
          const sent = parts.map(({ partNumber, etag }) => {
            const part = upload?.parts.get(partNumber)
            return part?.etag === etag ? part.content : undefined
          })
          if (!upload?.open || sent.includes(undefined)) return this.explain(file)
          upload.open = false
          this.objects.set(
            file.blobId,
            sent.map((content) => content ?? ''),
          )
          return { kind: 'sealed' }
        }),
      holds: (file, chunk) =>
        step(
          () =>
            this.digests.get(this.objects.get(file.blobId)?.[chunk.cell] ?? '') === chunk.digest,
        ),
      settle: (file) =>
        step(() => {
          const row = this.open(file)
          if (row) {
            Object.assign(row, {
              uploadId: null,
              starter: null,
              chunksUploaded: row.chunksTotal,
              parts: [],
            })
            this.finished.push(row.sequence)
          }
          const current = this.row?.sequence === file.sequence ? this.row : undefined
          return { file: current && { ...current }, finished: row !== undefined }
        }),
      forget: (file) =>
        step(() => {
          if (this.row?.sequence === file.sequence) this.row.parts = []
        }),
      pause: () => step(() => undefined),
      create: (row, superseded) =>
        step(() => {
          if (superseded !== undefined && this.row?.blobId === superseded && this.row.uploadId)
            this.remove()
          const created = this.row ? undefined : { ...row, sequence: this.next(), parts: [] }
          if (created) {
            this.row = created
            this.finished.push(created.sequence)
          }
          return { created, current: this.row && { ...this.row }, bucketIsThere: true }
        }),
    }
  }

  readonly digests = new Map<string, string>()

  private record(
    file: File,
    chunk: Parameters<UploadStore['record']>[1],
    { fresh, superseded, touch, etag, seen }: Parameters<UploadStore['record']>[2],
  ): Progress {
    if (superseded !== undefined && this.row?.blobId === superseded && this.row.uploadId)
      this.remove()
    if (fresh && !this.row) this.row = { ...file, sequence: this.next(), parts: [] }
    const row = this.open(file)
    const recorded = row !== undefined && putPart(row, chunk, { touch, etag, seen })
    const mine = this.row?.parts ?? []
    return {
      recorded,
      file: this.row && { ...this.row },
      stored: mine.filter((part) => part.etag !== null).length,
      parts: row ? this.all(row, 0) : [],
      cell: mine.filter((part) => part.cell === chunk.cell).map((part) => ({ ...part })),
    }
  }
}

/** Returns the range of a chunk in a file of so many whole chunks. */
export const rangeOf = (index: number) => ({
  cell: index,
  start: index * CHUNK_BYTES,
  end: (index + 1) * CHUNK_BYTES,
})
