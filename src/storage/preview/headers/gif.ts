import { Buffer } from 'node:buffer'
import type { Size } from '#/storage/preview/geometry'
import { areaOf, boundSource } from '#/storage/preview/limits'

/** What the blocks of a GIF say before any of them is decoded. */
export type GifFrames = {
  canvas: Size
  count: number
  /** Pixels that all frames have together. */
  pixels: number
  /** The canvas, widened by frames that lie beyond it. */
  extent: Size
  /** How often it plays; 0 for ever. */
  loops: number
  /** Where the first frame ends in the file. */
  firstEnd: number
  /** Whether the file has the first frame to its end. */
  firstWhole: boolean
}

const IMAGE = 0x2c
const EXTENSION = 0x21
const TRAILER = 0x3b

const uint16 = (bytes: Uint8Array, at: number) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)

/** Returns where sub-blocks end, or the file. */
function afterSubBlocks(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== 0) at += (bytes[at] ?? 0) + 1
  return at + 1
}

const APPLICATION = 0xff
const LOOPING = ['NETSCAPE2.0', 'ANIMEXTS1.0']
const LOOP_COUNT = 1

/** Reads how often a GIF plays from the extension of browsers, which counts repetitions; 0 for ever. */
function loopsOf(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + 1] !== APPLICATION) return
  const name = Buffer.from(bytes.subarray(at + 3, at + 14)).toString('latin1')
  const [length = 0, kind = 0] = bytes.subarray(at + 14, at + 16)
  if (!LOOPING.includes(name) || length < 3 || kind !== LOOP_COUNT) return
  const repetitions = uint16(bytes, at + 16)
  return repetitions === 0 ? 0 : repetitions + 1
}

/**
 * Walks the blocks of a GIF, up to where the file stops (GIF89a specification §20).
 * @throws `storage_image_resolution_exceeded` for a frame too large to be decoded
 */
export function readGifFrames(bytes: Uint8Array): GifFrames {
  const canvas = { width: uint16(bytes, 6), height: uint16(bytes, 8) }
  const extent = { ...canvas }
  let [count, pixels, firstEnd, loops] = [0, 0, 0, 1]
  let at = 13 + tableBytes(bytes[10] ?? 0)
  while (at < bytes.length) {
    if (bytes[at] === EXTENSION) {
      loops = loopsOf(bytes, at) ?? loops
      at = afterSubBlocks(bytes, at + 2)
      continue
    }
    if (bytes[at] !== IMAGE) break
    const size = { width: uint16(bytes, at + 5), height: uint16(bytes, at + 7) }
    boundSource(size)
    extent.width = Math.max(extent.width, uint16(bytes, at + 1) + size.width)
    extent.height = Math.max(extent.height, uint16(bytes, at + 3) + size.height)
    count++
    pixels += areaOf(size)
    at = afterSubBlocks(bytes, at + 11 + tableBytes(bytes[at + 9] ?? 0))
    firstEnd ||= at
  }
  const firstWhole = count > 0 && firstEnd <= bytes.length
  return { canvas, count, pixels, extent, loops, firstEnd, firstWhole }
}

/** Cuts a GIF off after its first frame, so that no decoder comes to see the others. */
export function firstGifFrame(bytes: Uint8Array, { count, firstEnd }: GifFrames): Uint8Array {
  if (count < 2 || firstEnd >= bytes.length) return bytes
  const still = bytes.slice(0, firstEnd + 1)
  still[firstEnd] = TRAILER
  return still
}
