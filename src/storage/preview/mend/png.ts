import { Buffer } from 'node:buffer'
import { createDeflate, createInflate, constants as zlib } from 'node:zlib'
import { joinBytes } from '#/storage/preview/bytes'
import {
  chunk,
  lineBytesOf,
  type PngHeader,
  readHeader,
  SIGNATURE,
} from '#/storage/preview/codecs/png'
import { chunksOf } from '#/storage/preview/headers/png'
import { pngCheck } from '#/storage/preview/headers/png-check'

/** Most bytes of the pixels of a PNG that is completed: bounds the time that packing them anew takes. */
const MAX_RAW_BYTES = 100_000_000
/** Least share of a PNG that is worth showing: decoders other than browsers show no part of one at all. */
const MIN_SHARE = 0.25
/** How the seven passes of an interlaced PNG begin and go on, across and down (PNG specification §8.2). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** Returns the bytes of all lines before they are packed, with the one that names each line's filter. */
function rawBytesOf(header: PngHeader, isInterlaced: boolean): number {
  const { width, height } = header
  if (!isInterlaced) return (lineBytesOf(header) + 1) * height
  return PASSES.reduce((sum, [left, top, across, down]) => {
    const columns = Math.ceil((width - left) / across)
    const rows = Math.ceil((height - top) / down)
    if (columns <= 0 || rows <= 0) return sum
    return sum + (lineBytesOf({ ...header, width: columns }) + 1) * rows
  }, 0)
}

/** Checks whether all chunks of a PNG are there, unharmed. */
export function isWholePng(bytes: Uint8Array): boolean {
  const check = pngCheck()
  check.take(bytes)
  return check.isWhole()
}

/**
 * Completes a PNG whose file ends early: pixels that are missing are zeros.
 * @returns undefined when most of it is missing, or too many pixels are to be packed anew
 */
export async function mendPng(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const found = [...chunksOf(bytes)].map(({ name, from, to, isWhole }) => {
    const whole = bytes.subarray(from, to)
    return { name, whole, content: bytes.subarray(from + 8, isWhole ? to - 4 : to) }
  })
  const first = found.findIndex(({ name }) => name === 'IDAT')
  const pixels = found.filter(({ name }) => name === 'IDAT').map(({ content }) => content)
  if (first < 0) return
  const isInterlaced = bytes[28] === 1
  const header = headerOf(new Map(found.map(({ name, content }) => [name, content])))
  if (!header) return
  const rawBytes = rawBytesOf(header, isInterlaced)
  if (rawBytes > MAX_RAW_BYTES) return
  const packed = await repack(pixels, rawBytes)
  return (
    packed &&
    joinBytes([
      SIGNATURE,
      ...found.slice(0, first).map(({ whole }) => whole),
      ...packed.map((part) => chunk('IDAT', part)),
      chunk('IEND', Buffer.alloc(0)),
    ])
  )
}

function headerOf(chunks: ReadonlyMap<string, Uint8Array>): PngHeader | undefined {
  try {
    return readHeader(chunks, true)
  } catch {
    return
  }
}

const PIECE_BYTES = 64 * 1024

/** Unpacks what is there, adds zeros, and packs it again. */
async function repack(parts: readonly Uint8Array[], rawBytes: number) {
  const inflate = createInflate({ finishFlush: zlib.Z_SYNC_FLUSH })
  const deflate = createDeflate({ level: 1 })
  const packed: Buffer[] = []
  deflate.on('data', (part: Buffer) => packed.push(part))
  const ended = new Promise<void>((resolve, reject) =>
    deflate.on('end', resolve).on('error', reject),
  )
  for (const part of parts) inflate.write(part)
  inflate.end()
  let left = rawBytes
  try {
    for await (const piece of inflate as AsyncIterable<Buffer>) {
      const taken = piece.subarray(0, left)
      left -= taken.length
      await written(deflate, taken)
      if (left === 0) break
    }
  } catch {
    // Where bytes cannot be unpacked the picture ends.
  }
  if (left > rawBytes * (1 - MIN_SHARE)) return
  for (; left > 0; left -= Math.min(left, PIECE_BYTES)) {
    await written(deflate, Buffer.alloc(Math.min(left, PIECE_BYTES)))
  }
  deflate.end()
  await ended
  return packed
}

const written = (stream: ReturnType<typeof createDeflate>, piece: Buffer) =>
  new Promise<void>((resolve, reject) => {
    stream.write(piece, (error) => (error ? reject(error) : resolve()))
  })
