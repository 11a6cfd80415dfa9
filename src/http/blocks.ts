/**
 * How much is read at once. By itself a read gives 4 KiB, and each one costs more than hashing or copying what
 * it gives.
 */
const BLOCK_BYTES = 128 * 1024

/** Reads bytes into a view until it is full or the stream ends; the platform's types do not know `min` yet. */
type ViewReader = {
  read(view: Uint8Array, options: { min: number }): Promise<{ value?: Uint8Array; done: boolean }>
  cancel(): Promise<void>
}

function viewReader(body: ReadableStream<Uint8Array>): ViewReader {
  try {
    return body.getReader({ mode: 'byob' }) as unknown as ViewReader
  } catch {
    // A stream that a script made, in pieces of its own: it reads nothing into views.
    return body.getReader() as unknown as ViewReader
  }
}

/** A stream that is read in large pieces. */
export type Blocks = {
  /** Returns the next piece, never an empty one; undefined at the end. */
  next(): Promise<Uint8Array | undefined>
  cancel(): Promise<void>
}

/** Reads a stream in pieces of 128 KiB, where its source can give such. */
export function blocksOf(body: ReadableStream<Uint8Array>): Blocks {
  const reader = viewReader(body)
  let ended = false
  return {
    async next() {
      while (!ended) {
        const { value, done } = await reader.read(new Uint8Array(BLOCK_BYTES), { min: BLOCK_BYTES })
        ended = done
        if (value && value.length > 0) return value
      }
      return undefined
    },
    cancel: () => reader.cancel(),
  }
}
