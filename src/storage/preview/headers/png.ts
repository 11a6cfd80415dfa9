import { Buffer } from 'node:buffer'
import type { Size } from '#/storage/preview/geometry'
import { unreadable } from '#/storage/preview/limits'
import { exifOrientation } from './exif.ts'

const SIGNATURE = '\x89PNG\r\n\x1a\n'
/**
 * Chunks that a decoder is not to see: those of an animation, which its still picture does not need (APNG
 * specification), and EXIF, by which some decoders turn the picture and others do not.
 */
const WITHHELD = ['acTL', 'fcTL', 'fdAT', 'eXIf']

const text = (bytes: Uint8Array, from: number, to: number) =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1')

/** Reads the size of a PNG; undefined where the bytes are none. */
export function readPngSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 24 || text(bytes, 0, 8) !== SIGNATURE || text(bytes, 12, 16) !== 'IHDR') return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** Where a chunk is in its file, with its length, name and sum. */
export type PngChunk = { name: string; from: number; to: number; isWhole: boolean }

/** Most chunks of a PNG: 20,000,000 bytes in pieces of one kilobyte. Encoders make pieces of eight or more. */
const MAX_CHUNKS = 20_000

/**
 * Walks the chunks of a PNG; one that is cut off is the last one.
 * @throws `storage_file_type_unsupported` when there are too many
 */
export function* chunksOf(bytes: Uint8Array): Generator<PngChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let count = 0
  for (let from = SIGNATURE.length; from + 8 <= bytes.length; ) {
    if (++count > MAX_CHUNKS) throw unreadable()
    const end = from + 12 + view.getUint32(from)
    const to = Math.min(bytes.length, end)
    yield { name: text(bytes, from + 4, from + 8), from, to, isWhole: end <= bytes.length }
    from = to
  }
}

/**
 * Reads the EXIF orientation of a PNG, which may come before or after its pixels (PNG specification §11.3.4.6).
 * @returns 1 to 8; undefined where there is none
 */
export function pngOrientation(bytes: Uint8Array): number | undefined {
  for (const { name, from, to } of chunksOf(bytes)) {
    if (name === 'eXIf') return exifOrientation(bytes.subarray(from + 8, to - 4))
  }
  return
}

const ALPHA = 4

/** Checks whether a PNG has transparency, by its colour type or a chunk of its own (PNG specification §11.2.1). */
export function pngMayBeClear(bytes: Uint8Array): boolean {
  if (((bytes[25] ?? 0) & ALPHA) !== 0) return true
  for (const { name } of chunksOf(bytes)) {
    if (name === 'tRNS') return true
    if (name === 'IDAT') return false
  }
  return false
}

/**
 * Leaves out what animates a PNG, so that no decoder comes to see its other frames, and its EXIF, so that none
 * turns it.
 */
export function stillPng(bytes: Uint8Array): Uint8Array {
  let still: Uint8Array | undefined
  let [at, length] = [0, 0]
  for (const { name, from, to } of chunksOf(bytes)) {
    if (!WITHHELD.includes(name)) continue
    still ??= new Uint8Array(bytes.length)
    still.set(bytes.subarray(at, from), length)
    length += from - at
    at = to
  }
  still?.set(bytes.subarray(at), length)
  return still?.subarray(0, length + bytes.length - at) ?? bytes
}
