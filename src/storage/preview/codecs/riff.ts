/** A chunk of a RIFF container: a name of four letters, and what it holds. */
export type Chunk = { name: string; data: Uint8Array }

/**
 * Walks the chunks of a RIFF container (WebP container specification, RIFF file format), up to one that the file
 * does not have to its end.
 */
export function* riffChunks(bytes: Uint8Array, from: number): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = from; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true)
    if (at + 8 + size > bytes.length) return
    const name = String.fromCharCode(...bytes.subarray(at, at + 4))
    yield { name, data: bytes.subarray(at + 8, at + 8 + size) }
    at += 8 + size + (size & 1)
  }
}

/** Reads 24 bits, little-endian. */
export const uint24 = (bytes: Uint8Array, at: number) =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)

/** Counts the frames of a WebP by its chunks alone; 1 for a still picture. */
export function countWebpFrames(bytes: Uint8Array): number {
  let count = 0
  for (const { name } of riffChunks(bytes, 12)) if (name === 'ANMF') count++
  return Math.max(1, count)
}

/** Writes 24 bits, little-endian. */
export function putUint24(bytes: Uint8Array, at: number, value: number) {
  bytes[at] = value
  bytes[at + 1] = value >> 8
  bytes[at + 2] = value >> 16
}

const padded = (size: number) => size + (size & 1)

/** Writes chunks one after the other. */
export function putChunks(bytes: Uint8Array, from: number, chunks: readonly Chunk[]) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = from
  for (const { name, data } of chunks) {
    bytes.set(new TextEncoder().encode(name), at)
    view.setUint32(at + 4, data.length, true)
    bytes.set(data, at + 8)
    at += 8 + padded(data.length)
  }
}

/** Returns the bytes that chunks take with their headers. */
export const lengthOf = (chunks: readonly Chunk[]) =>
  chunks.reduce((length, { data }) => length + 8 + padded(data.length), 0)

/** Puts chunks into a WebP container. */
export function webpOf(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + lengthOf(chunks))
  bytes.set(new TextEncoder().encode('RIFF'), 0)
  new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true)
  bytes.set(new TextEncoder().encode('WEBP'), 8)
  putChunks(bytes, 12, chunks)
  return bytes
}
