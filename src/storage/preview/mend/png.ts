import { Buffer } from 'node:buffer'
import { createDeflate, createInflate, constants as zlib } from 'node:zlib'
import { joinBytes } from '#/storage/preview/bytes'
import { chunk, lineBytesOf, type PngHeader, readHeader } from '#/storage/preview/codecs/png'
import { chunksOf } from '#/storage/preview/headers/png'
import { pngCheck } from '#/storage/preview/headers/png-check'
import { MAX_BINDING_BYTES } from '#/storage/preview/limits'

/** Most bytes of the pixels of a PNG that is completed: bounds the time that packing them anew takes. */
const MAX_RAW_BYTES = 100_000_000
/** Least share of a PNG that is worth showing: decoders other than browsers show no part of one at all. */
const MIN_SHARE = 0.25
/** Bytes of a chunk beside its content. */
const CHUNK_BYTES = 12
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
 * @returns undefined when most of it is missing, too many pixels are to be packed anew, or they take too many bytes
 * @throws `storage_file_type_unsupported` when there are too many chunks
 */
export async function mendPng(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const header = headerOf(bytes)
  if (!header) return
  const rawBytes = rawBytesOf(header, bytes[INTERLACE_AT] === 1)
  if (rawBytes > MAX_RAW_BYTES) return
  const pixels = pixelsOf(bytes)
  if (!pixels) return
  const before = bytes.subarray(0, pixels.firstAt)
  const chunks = await repack(pixels.packed, rawBytes, MAX_BINDING_BYTES - before.length)
  return chunks && joinBytes([before, ...chunks, chunk('IEND', Buffer.alloc(0))])
}

/** Where the content of the header is, which is the first chunk. */
const [HEADER_AT, HEADER_END, INTERLACE_AT] = [16, 29, 28]

/** Reads the header from where its bounds were read. */
function headerOf(bytes: Uint8Array): PngHeader | undefined {
  try {
    return readHeader(new Map([['IHDR', bytes.subarray(HEADER_AT, HEADER_END)]]), true)
  } catch {
    return
  }
}

/** Copies the packed pixels. @returns with them where their first chunk begins */
function pixelsOf(bytes: Uint8Array): { firstAt: number; packed: Uint8Array } | undefined {
  let found: { firstAt: number; packed: Uint8Array } | undefined
  let length = 0
  for (const { name, from, to, isWhole } of chunksOf(bytes)) {
    if (name !== 'IDAT') continue
    found ??= { firstAt: from, packed: new Uint8Array(bytes.length - from) }
    const end = isWhole ? to - 4 : to
    if (end <= from + 8) continue
    found.packed.set(bytes.subarray(from + 8, end), length)
    length += end - from - 8
  }
  return found && { ...found, packed: found.packed.subarray(0, length) }
}

const PIECE_BYTES = 64 * 1024

/**
 * Unpacks what is there, adds zeros, and packs it again.
 * @param maxBytes of the result
 * @returns chunks; undefined when too little is there, or the result is too large
 */
async function repack(pixels: Uint8Array, rawBytes: number, maxBytes: number) {
  const packer = chunkPacker(maxBytes)
  try {
    const left = await unpack(pixels, rawBytes, packer)
    if (left > rawBytes * (1 - MIN_SHARE)) return
    const zeros = Buffer.alloc(PIECE_BYTES)
    for (let rest = left; rest > 0 && !packer.isFull(); rest -= PIECE_BYTES) {
      await packer.write(zeros.subarray(0, rest))
    }
    return await packer.finish()
  } finally {
    packer.close()
  }
}

type Packer = ReturnType<typeof chunkPacker>

/** Passes unpacked bytes on, as far as they can be unpacked. @returns how many are missing */
async function unpack(pixels: Uint8Array, rawBytes: number, packer: Packer): Promise<number> {
  const inflate = createInflate({ finishFlush: zlib.Z_SYNC_FLUSH })
  inflate.end(pixels)
  let left = rawBytes
  try {
    for await (const piece of inflate as AsyncIterable<Buffer>) {
      const taken = piece.subarray(0, left)
      left -= taken.length
      await packer.write(taken)
      if (left === 0 || packer.isFull()) break
    }
  } catch {
    // Where bytes cannot be unpacked the picture ends.
  }
  return left
}

/** Packs bytes into chunks of pixels, up to a limit. */
function chunkPacker(maxBytes: number) {
  const deflate = createDeflate({ level: 1 })
  const chunks: Buffer[] = []
  let length = 0
  deflate.on('data', (part: Buffer) => {
    length += part.length + CHUNK_BYTES
    if (length <= maxBytes) chunks.push(chunk('IDAT', part))
  })
  const ended = new Promise<void>((resolve, reject) =>
    deflate.on('end', resolve).on('error', reject),
  )
  return {
    write: (piece: Buffer) =>
      new Promise<void>((resolve, reject) => {
        deflate.write(piece, (error) => (error ? reject(error) : resolve()))
      }),
    isFull: () => length > maxBytes,
    /** Returns all chunks; undefined when they are too large. */
    async finish(): Promise<Buffer[] | undefined> {
      if (length > maxBytes) return
      deflate.end()
      await ended
      return length > maxBytes ? undefined : chunks
    },
    close: () => deflate.destroy(),
  }
}
