/** Grid of uploads in bytes: what SDKs send as a chunk, and the smallest part that R2 takes. */
export const CHUNK_BYTES = 5 * 1024 * 1024

/** Holds consecutive bytes of a file within one cell of the grid; `end` is exclusive. */
export type Slice = { cell: number; start: number; end: number; bytes: Uint8Array }

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
  let buffer = new Uint8Array(0)

  const slice = (): Slice => ({
    cell: Math.floor(sliceStart / CHUNK_BYTES),
    start: sliceStart,
    end: position,
    bytes: buffer.subarray(0, position - sliceStart),
  })
  const reserve = (bytes: number) => {
    if (bytes <= buffer.length) return
    const room = CHUNK_BYTES - (sliceStart % CHUNK_BYTES)
    const wanted = Math.max(bytes, buffer.length * 2, expectedBytes - (sliceStart - start))
    const grown = new Uint8Array(Math.min(room, wanted))
    grown.set(buffer.subarray(0, position - sliceStart))
    buffer = grown
  }

  return {
    async write(bytes: Uint8Array) {
      let rest = bytes
      while (rest.length > 0) {
        const room = CHUNK_BYTES - (position % CHUNK_BYTES)
        if (position > sliceStart && room === CHUNK_BYTES) {
          await flush(slice())
          buffer = new Uint8Array(0)
          sliceStart = position
        }
        const taken = rest.subarray(0, room)
        reserve(position - sliceStart + taken.length)
        buffer.set(taken, position - sliceStart)
        position += taken.length
        rest = rest.subarray(taken.length)
      }
    },
    /** Gives the slice that was not flushed; empty when nothing came. */
    rest: slice,
    /** Counts the bytes written so far. */
    length: () => position - start,
  }
}
export type Slicer = ReturnType<typeof slicer>
