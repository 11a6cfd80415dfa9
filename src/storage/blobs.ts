import type { File } from '#/db/schema'
import { blobKey } from '#/storage/blob-keys'
import { zstdCompressed, zstdDecompressed } from '#/storage/zstd'

export { blobKey, erasePrefix, newBlobId, piecePrefix, variantPrefix } from '#/storage/blob-keys'

/** Files up to this many bytes are compressed, when their bucket says so (docs/contract/storage.md §4.5). */
export const COMPRESSION_MAX_BYTES = 20_000_000

export type Compression = 'none' | 'gzip' | 'zstd'

/** Wraps a stream in the compression at rest. */
export function compressed(bytes: ReadableStream<Uint8Array>, compression: Compression) {
  switch (compression) {
    case 'none':
      return bytes
    case 'gzip':
      return bytes.pipeThrough(new CompressionStream('gzip'))
    case 'zstd':
      return zstdCompressed(bytes)
  }
}

function decompressed(bytes: ReadableStream<Uint8Array>, compression: string) {
  if (compression === 'gzip') return bytes.pipeThrough(new DecompressionStream('gzip'))
  if (compression === 'zstd') return zstdDecompressed(bytes)
  return bytes
}

export type Range = { offset: number; length: number }

/**
 * Opens a file's original bytes as a stream of known length.
 * @param range defaults to the whole file
 * @returns undefined when there is no complete blob
 */
export async function openBlob(
  bucket: R2Bucket,
  file: Pick<File, 'blobId' | 'compression' | 'sizeOriginal'>,
  range: Range = { offset: 0, length: file.sizeOriginal },
): Promise<ReadableStream<Uint8Array> | undefined> {
  if (file.compression === 'none') {
    const partial = range.length < file.sizeOriginal
    const blob = await bucket.get(blobKey(file.blobId), partial ? { range } : {})
    return blob?.body
  }
  const blob = await bucket.get(blobKey(file.blobId))
  if (!blob) return
  const fixed = new FixedLengthStream(range.length)
  const bytes = decompressed(blob.body, file.compression).pipeThrough(cut(range))
  bytes.pipeTo(fixed.writable).catch(() => undefined) // a reader that left; the reading side sees any other fault
  return fixed.readable
}

/** Lets only the bytes of a range through. */
function cut({ offset, length }: Range) {
  let position = 0
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      const kept = bytes.subarray(
        Math.max(0, offset - position),
        Math.max(0, Math.min(bytes.length, offset + length - position)),
      )
      position += bytes.length
      if (kept.length > 0) controller.enqueue(kept)
      if (position >= offset + length) controller.terminate() // what follows is not read
    },
  })
}
