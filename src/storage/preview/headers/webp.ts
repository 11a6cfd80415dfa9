import { type Chunk, riffChunks, uint24, webpOf } from '#/storage/preview/codecs/riff'
import type { Size } from '#/storage/preview/geometry'
import { areaOf, boundSource, unreadable } from '#/storage/preview/limits'
import { exifOrientation } from './exif.ts'

/** What the chunks of a WebP say before any of them is decoded. */
export type WebpFrames = {
  canvas: Size
  count: number
  /** Pixels that all frames have together. */
  pixels: number
  /** EXIF orientation, 1 to 8. */
  orientation: number | undefined
}

/** More chunks than any writer needs for an animation of ten thousand frames. */
const MAX_CHUNKS = 20_000
/** A frame has two of them: its pixels and its transparency. */
const MAX_FRAME_CHUNKS = 16

const LOSSLESS_SIGNATURE = 0x2f

/**
 * Reads the size that a frame's bitstream has (RFC 9649 §2.5 and §2.6): decoders go by it, whatever the
 * container says.
 * @returns undefined for a chunk that is no bitstream
 */
export function bitstreamSize({ name, data }: Chunk): Size | undefined {
  if (name === 'VP8L' && data.length >= 5 && data[0] === LOSSLESS_SIGNATURE) {
    const bits = new DataView(data.buffer, data.byteOffset, 5).getUint32(1, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  if (name === 'VP8 ' && data.length >= 10) {
    const view = new DataView(data.buffer, data.byteOffset, 10)
    return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff }
  }
  return
}

/**
 * Checks that all bitstreams of a picture have the size that its container gives.
 * @returns how many there are
 * @throws `storage_file_type_unsupported` otherwise
 */
function boundBitstreams(chunks: Iterable<Chunk>, size: Size, maxChunks: number): number {
  let count = 0
  let streams = 0
  for (const chunk of chunks) {
    if (++count > maxChunks) throw unreadable()
    const stream = bitstreamSize(chunk)
    if (!stream) continue
    streams++
    boundSource(stream)
    if (stream.width !== size.width || stream.height !== size.height) throw unreadable()
  }
  return streams
}

const frameSize = (data: Uint8Array): Size => ({
  width: uint24(data, 6) + 1,
  height: uint24(data, 9) + 1,
})

/**
 * Walks the chunks of a WebP (RFC 9649 §2.7).
 * @throws `storage_image_resolution_exceeded` for a frame too large to be decoded
 * @throws `storage_file_type_unsupported` when there are too many chunks, or sizes contradict each other
 */
export function readWebpFrames(bytes: Uint8Array): WebpFrames | undefined {
  const [first] = riffChunks(bytes, 12)
  if (!first) return
  const canvas =
    first.name === 'VP8X' && first.data.length >= 10
      ? { width: uint24(first.data, 4) + 1, height: uint24(first.data, 7) + 1 }
      : bitstreamSize(first)
  if (!canvas) return
  boundSource(canvas)
  const streams = boundBitstreams(riffChunks(bytes, 12), canvas, MAX_CHUNKS)
  let [count, pixels] = [0, 0]
  let orientation: number | undefined
  for (const { name, data } of riffChunks(bytes, 12)) {
    if (name === 'EXIF') orientation ??= exifOrientation(data)
    if (name !== 'ANMF') continue
    const size = frameSize(data)
    boundSource(size)
    boundBitstreams(riffChunks(data, 16), size, MAX_FRAME_CHUNKS)
    count++
    pixels += areaOf(size)
  }
  if (streams + count === 0) return
  return {
    canvas,
    count: Math.max(1, count),
    pixels: count > 0 ? pixels : areaOf(canvas),
    orientation,
  }
}

const RIFF_HEADER_BYTES = 8
/** Flag of an extended header: EXIF. */
const HAS_EXIF = 0x08

/**
 * Leaves out all frames but the first one, so that no decoder comes to see them, EXIF, by which some decoders
 * turn the picture and others do not, and what is cut off.
 */
export function firstWebpFrame(bytes: Uint8Array): Uint8Array {
  const chunks: Chunk[] = []
  const declared =
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) + RIFF_HEADER_BYTES
  let isLess = declared > bytes.length
  let frames = 0
  for (const chunk of riffChunks(bytes, 12)) {
    if (chunk.name === 'EXIF' || (chunk.name === 'ANMF' && ++frames > 1)) isLess = true
    else chunks.push(chunk)
  }
  return isLess ? webpOf(chunks.map(withoutExifFlag)) : bytes
}

function withoutExifFlag(chunk: Chunk): Chunk {
  if (chunk.name !== 'VP8X') return chunk
  const data = chunk.data.slice()
  data[0] = (data[0] ?? 0) & ~HAS_EXIF
  return { ...chunk, data }
}
