/** Grid of uploads in bytes: what SDKs send as a chunk, and the smallest part that R2 takes. */
export const CHUNK_BYTES = 5 * 1024 * 1024

/**
 * Keeps full-size buffers for the next request: an isolate that takes chunk after chunk would fill with
 * old ones faster than they are collected.
 */
const spare: Uint8Array<ArrayBuffer>[] = []
const MOST_SPARE = 4

/** Holds consecutive bytes of a file within one cell of the grid; `end` is exclusive. */
export type Slice = { cell: number; start: number; end: number; bytes: Uint8Array<ArrayBuffer> }

/**
 * Cuts a stream into slices that end on the grid, holding one of them at a time. A full slice is handed
 * to `flush` only when more bytes follow; the last one stays until {@link Slicer.rest} takes it.
 * @param start offset of the first byte in the file
 * @param expectedBytes how many may come, to size the buffer by; more is fine
 */
export function slicer(
  start: number,
  expectedBytes: number,
  flush: (slice: Slice) => Promise<void>,
) {
  let position = start
  let sliceStart = start
  let buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  const slice = (): Slice => ({
    cell: Math.floor(sliceStart / CHUNK_BYTES),
    start: sliceStart,
    end: position,
    bytes: buffer.subarray(0, position - sliceStart),
  })
  /** Releases the buffer; its bytes must not be read any more. */
  const keep = () => {
    if (buffer.length === CHUNK_BYTES && spare.length < MOST_SPARE) spare.push(buffer)
    buffer = new Uint8Array(0)
  }
  const reserve = (bytes: number) => {
    if (bytes <= buffer.length) return
    const room = CHUNK_BYTES - (sliceStart % CHUNK_BYTES)
    const wanted = Math.max(bytes, buffer.length * 2, expectedBytes - (sliceStart - start))
    const size = Math.min(room, wanted)
    const grown =
      (size > CHUNK_BYTES / 4 ? spare.pop() : undefined) ??
      new Uint8Array(size > CHUNK_BYTES / 4 ? CHUNK_BYTES : size)
    grown.set(buffer.subarray(0, position - sliceStart))
    keep()
    buffer = grown
  }

  return {
    async write(bytes: Uint8Array) {
      let rest = bytes
      while (rest.length > 0) {
        const room = CHUNK_BYTES - (position % CHUNK_BYTES)
        if (position > sliceStart && room === CHUNK_BYTES) {
          await flush(slice())
          sliceStart = position
        }
        const taken = rest.subarray(0, room)
        reserve(position - sliceStart + taken.length)
        buffer.set(taken, position - sliceStart)
        position += taken.length
        rest = rest.subarray(taken.length)
      }
    },
    /** Returns the slice that was not flushed; empty when nothing came. */
    rest: slice,
    /** Ends the use of every slice given out. */
    release: keep,
    /** Counts the bytes written so far. */
    length: () => position - start,
  }
}
export type Slicer = ReturnType<typeof slicer>
