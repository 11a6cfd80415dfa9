import { blocksOf } from '#/http/blocks'
import type { Pixels } from '#/storage/preview/codecs/pixels'
import { blank } from '#/storage/preview/codecs/pixels'
import {
  expand,
  lineBytesOf,
  type PngHeader,
  readHeader,
  stepOf,
  unfilter,
} from '#/storage/preview/codecs/png'
import type { Size } from '#/storage/preview/geometry'

const SIGNATURE_BYTES = 8
/** A chunk's length, name and sum. */
const FRAME_BYTES = 12
/** The largest chunk before the pixels that is of use: a palette. */
const MAX_CHUNK = 4096

/** Reads bytes in the numbers asked for. */
function byteReader(body: ReadableStream<Uint8Array>) {
  const blocks = blocksOf(body)
  let held: Uint8Array = new Uint8Array(0)

  /** Returns some bytes, at least one and at most so many. @throws at the end */
  async function some(max: number): Promise<Uint8Array> {
    if (held.length === 0) held = (await blocks.next()) ?? held
    if (held.length === 0) throw new Error('A PNG ends too early.')
    const taken = held.subarray(0, max)
    held = held.subarray(taken.length)
    return taken
  }
  async function exactly(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; ) {
      const part = await some(count - at)
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
  return { some, exactly, cancel: blocks.cancel }
}

type Reader = ReturnType<typeof byteReader>

/** A PNG whose header was read. */
export type PngRows = { size: Size; rows: AsyncGenerator<Pixels> }

/**
 * Opens a PNG that is not interlaced, to decode some rows at a time.
 * @throws when the bytes are no such PNG; its rows throw when they end too early
 */
export async function openPng(body: ReadableStream<Uint8Array>): Promise<PngRows> {
  const reader = byteReader(body)
  await reader.exactly(SIGNATURE_BYTES)
  const chunks = new Map<string, Uint8Array>()
  for (;;) {
    const frame = await reader.exactly(FRAME_BYTES - 4)
    const length = new DataView(frame.buffer).getUint32(0)
    const name = String.fromCharCode(...frame.subarray(4))
    if (name === 'IDAT') {
      const header = readHeader(chunks)
      const { width, height } = header
      return { size: { width, height }, rows: readRows(reader, header, length) }
    }
    if (length <= MAX_CHUNK) chunks.set(name, await reader.exactly(length))
    else for (let left = length; left > 0; ) left -= (await reader.some(left)).length
    await reader.exactly(4)
  }
}

async function* readRows(
  reader: Reader,
  header: PngHeader,
  firstLength: number,
): AsyncGenerator<Pixels> {
  const compressed = new TransformStream<Uint8Array, Uint8Array>()
  const fed = feed(reader, compressed.writable.getWriter(), firstLength)
  try {
    const raw = compressed.readable.pipeThrough(new DecompressionStream('deflate'))
    yield* decodeLines(raw as ReadableStream<Uint8Array>, header)
  } finally {
    await reader.cancel().catch(() => undefined)
    await fed
  }
}

/** Passes on what the chunks of pixels hold. */
async function feed(
  reader: Reader,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  firstLength: number,
) {
  try {
    for (let left = firstLength; ; ) {
      while (left > 0) {
        const part = await reader.some(left)
        left -= part.length
        await writer.write(part)
      }
      const frame = await reader.exactly(FRAME_BYTES)
      left = new DataView(frame.buffer).getUint32(4)
      if (String.fromCharCode(...frame.subarray(8)) !== 'IDAT') break
    }
    await writer.close()
  } catch (error) {
    await writer.abort(error).catch(() => undefined)
  }
}

/** Decodes whole lines as they come. */
async function* decodeLines(
  raw: ReadableStream<Uint8Array>,
  header: PngHeader,
): AsyncGenerator<Pixels> {
  const { width, height } = header
  const lineBytes = lineBytesOf(header)
  const step = stepOf(header)
  const blocks = blocksOf(raw)
  let above: Uint8Array = new Uint8Array(lineBytes)
  let held: Uint8Array = new Uint8Array(0)
  for (let row = 0; row < height; ) {
    const block = await blocks.next()
    if (!block) throw new Error('A PNG ends too early.')
    held = joined(held, block)
    const count = Math.min(height - row, Math.floor(held.length / (lineBytes + 1)))
    const rows = blank({ width, height: count })
    for (let index = 0; index < count; index++) {
      const start = index * (lineBytes + 1) + 1
      const line = held.subarray(start, start + lineBytes)
      unfilter(held[start - 1] ?? 0, line, above, step)
      expand(line, rows.data.subarray(index * width * 4, (index + 1) * width * 4), header)
      above = line
    }
    held = held.subarray(count * (lineBytes + 1))
    row += count
    if (count > 0) yield rows
  }
  await blocks.cancel().catch(() => undefined)
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
