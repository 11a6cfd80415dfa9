import { Buffer } from 'node:buffer'
import { joinBytes } from '#/storage/preview/bytes'
import type { Size } from '#/storage/preview/geometry'
import { areaOf, boundSource } from '#/storage/preview/limits'

/** What the blocks of a GIF say before any of them is decoded. */
export type GifFrames = {
  canvas: Size
  /** Frames that the file has to their end, or 1 when it has a part of the first one alone. */
  count: number
  /** Pixels that all frames have together. */
  pixels: number
  /** The canvas, widened by frames that lie beyond it. */
  extent: Size
  /** How often it plays; 0 for ever. */
  loops: number
  /** Where the first frame begins in the file. */
  firstAt: number
  /** Where the last frame that is whole ends in the file. */
  end: number
  /** Where the first frame ends in the file. */
  firstEnd: number
  /** Whether the file has the first frame to its end. */
  firstWhole: boolean
}

const IMAGE = 0x2c
const EXTENSION = 0x21
const TRAILER = 0x3b

export const uint16 = (bytes: Uint8Array, at: number) =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
/** Returns how many bytes a colour table has, by the flags that announce it. */
export const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)

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
  const found: GifFrames = {
    ...{ canvas, extent, count: 0, pixels: 0, loops: 1 },
    ...{ firstAt: 0, firstEnd: 0, end: 0, firstWhole: false },
  }
  let at = 13 + tableBytes(bytes[10] ?? 0)
  while (at < bytes.length) {
    if (bytes[at] === EXTENSION) {
      found.loops = loopsOf(bytes, at) ?? found.loops
      at = afterSubBlocks(bytes, at + 2)
      continue
    }
    if (bytes[at] !== IMAGE) break
    at = addFrame(found, bytes, at)
  }
  return found
}

/** Counts a frame, if it is whole or the first one. @returns where it ends */
function addFrame(found: GifFrames, bytes: Uint8Array, at: number): number {
  const { extent } = found
  const size = { width: uint16(bytes, at + 5), height: uint16(bytes, at + 7) }
  boundSource(size)
  extent.width = Math.max(extent.width, uint16(bytes, at + 1) + size.width)
  extent.height = Math.max(extent.height, uint16(bytes, at + 3) + size.height)
  found.pixels += areaOf(size)
  const end = afterSubBlocks(bytes, at + 11 + tableBytes(bytes[at + 9] ?? 0))
  const isWhole = end <= bytes.length
  if (found.count === 0) Object.assign(found, { firstAt: at, firstEnd: end, firstWhole: isWhole })
  if (isWhole) found.end = end
  if (isWhole || found.count === 0) found.count++
  return end
}

const endedAt = (bytes: Uint8Array, end: number) =>
  joinBytes([bytes.subarray(0, end), Uint8Array.of(TRAILER)])

/** Cuts a GIF off after its first frame, so that no decoder comes to see the others. */
export function firstGifFrame(bytes: Uint8Array, { firstEnd }: GifFrames): Uint8Array {
  return endedAt(bytes, firstEnd)
}

/** Cuts a GIF off after the last frame that is whole. */
export const wholeGifFrames = (bytes: Uint8Array, { end }: GifFrames) => endedAt(bytes, end)
