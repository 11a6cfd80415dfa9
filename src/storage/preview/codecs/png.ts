import { Buffer } from 'node:buffer'
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import type { Size } from '#/storage/preview/geometry'
import type { Pixels } from './pixels.ts'

/*
 * PNG by the runtime's own deflate (PNG specification, third edition): a WebAssembly codec would keep the
 * memory of its largest picture for as long as the isolate lives.
 */

export const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** Samples of a pixel, by colour type: grey, colour, palette, grey with alpha, colour with alpha (§11.2.1). */
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const PALETTE = 3

/** The runtime counts whole buffers against a limit, so that it needs room beyond the last byte. */
const INFLATE_SLACK = 64 * 1024

/** What a PNG says before its pixels. */
export type PngHeader = {
  width: number
  height: number
  /** Bits of a sample. */
  depth: number
  colorType: number
  channels: number
  palette: Uint8Array
  /** Alpha of the palette's colours. */
  paletteAlpha: Uint8Array
}

/**
 * Decodes a PNG that is not interlaced. One colour that counts as clear, an old form of transparency, is
 * taken as opaque.
 * @throws when the bytes are none, or end too early
 */
export function decodePng(bytes: Uint8Array): Pixels {
  const { header, compressed } = readChunks(bytes)
  const { width, height } = header
  const lineBytes = lineBytesOf(header)
  const rawBytes = (lineBytes + 1) * height
  const raw = inflateSync(compressed, { maxOutputLength: rawBytes + INFLATE_SLACK })
  if (raw.length < rawBytes) throw new Error('A PNG ends too early.')
  const data = new Uint8ClampedArray(width * height * 4)
  const step = stepOf(header)
  let above: Uint8Array = new Uint8Array(lineBytes)
  for (let y = 0; y < height; y++) {
    const start = y * (lineBytes + 1) + 1
    const line = raw.subarray(start, start + lineBytes)
    unfilter(raw[start - 1] ?? 0, line, above, step)
    expand(line, data.subarray(y * width * 4, (y + 1) * width * 4), header)
    above = line
  }
  return { width, height, data }
}

/** Returns the bytes of a line, without the one that names its filter. */
export const lineBytesOf = ({ width, channels, depth }: PngHeader) =>
  Math.ceil((width * channels * depth) / 8)

/** Returns how far apart bytes of neighbouring pixels are. */
export const stepOf = ({ channels, depth }: PngHeader) => Math.ceil((channels * depth) / 8)

function readChunks(bytes: Uint8Array): { header: PngHeader; compressed: Uint8Array } {
  if (Buffer.compare(bytes.subarray(0, 8), SIGNATURE) !== 0) throw new Error('It is no PNG.')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const parts: Uint8Array[] = []
  const chunks = new Map<string, Uint8Array>()
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at)
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const content = bytes.subarray(at + 8, at + 8 + length)
    if (name === 'IDAT') parts.push(content)
    else chunks.set(name, content)
    at += 12 + length
  }
  return { header: readHeader(chunks), compressed: Buffer.concat(parts) }
}

/**
 * Reads the header and what explains its colours.
 * @param maybeInterlaced takes a PNG whose lines come in several passes
 * @throws when a PNG is of another kind
 */
export function readHeader(
  chunks: ReadonlyMap<string, Uint8Array>,
  maybeInterlaced = false,
): PngHeader {
  const start = Buffer.from(chunks.get('IHDR') ?? [])
  const [depth = 0, colorType = 0, , , interlaced] = start.subarray(8)
  const channels = CHANNELS[colorType]
  if (channels === undefined || (interlaced !== 0 && !maybeInterlaced))
    throw new Error('A PNG is of an unknown kind.')
  const [width, height] = [start.readUInt32BE(0), start.readUInt32BE(4)]
  const palette = chunks.get('PLTE') ?? new Uint8Array(0)
  const paletteAlpha = chunks.get('tRNS') ?? new Uint8Array(0)
  return { width, height, depth, colorType, channels, palette, paletteAlpha }
}

/** Turns a line's differences into bytes, in place (§9.2). */
export function unfilter(kind: number, line: Uint8Array, above: Uint8Array, step: number) {
  for (let at = 0; kind !== 0 && at < line.length; at++) {
    line[at] = (line[at] ?? 0) + predict(kind, line, above, at, step)
  }
}

/** Guesses a byte from the one before it, the one above it, or all around (§9.2). */
function predict(kind: number, line: Uint8Array, above: Uint8Array, at: number, step: number) {
  const left = at < step ? 0 : (line[at - step] ?? 0)
  const up = above[at] ?? 0
  if (kind === 1) return left
  if (kind === 2) return up
  if (kind === 3) return (left + up) >> 1
  const corner = at < step ? 0 : (above[at - step] ?? 0)
  const toLeft = Math.abs(up - corner)
  const toUp = Math.abs(left - corner)
  const toCorner = Math.abs(left + up - 2 * corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** Writes a line as RGBA of 8 bits. */
export function expand(line: Uint8Array, out: Uint8ClampedArray, header: PngHeader) {
  const { depth, colorType, channels, width } = header
  if (depth === 8 && channels === 4) return out.set(line)
  if (colorType === PALETTE) return look(line, out, header)
  const next = channels < 3 ? 0 : 1
  for (let x = 0; x < width; x++) {
    const [at, from] = [x * 4, x * channels]
    out[at] = level(line, from, depth)
    out[at + 1] = level(line, from + next, depth)
    out[at + 2] = level(line, from + 2 * next, depth)
    out[at + 3] = channels % 2 === 0 ? level(line, from + channels - 1, depth) : 255
  }
}

/** Looks a line's colours up. */
function look(line: Uint8Array, out: Uint8ClampedArray, header: PngHeader) {
  for (let x = 0; x < header.width; x++) {
    const entry = sample(line, x, header.depth)
    out.set(header.palette.subarray(entry * 3, entry * 3 + 3), x * 4)
    out[x * 4 + 3] = header.paletteAlpha[entry] ?? 255
  }
}

/** Reads one sample of a line, of 1 to 16 bits. */
function sample(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index] ?? 0
  if (depth === 16) return ((line[index * 2] ?? 0) << 8) | (line[index * 2 + 1] ?? 0)
  const bit = index * depth
  return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
}

const level = (line: Uint8Array, index: number, depth: number) =>
  depth === 8 ? (line[index] ?? 0) : (sample(line, index, depth) * 255) / (2 ** depth - 1)

/** Encodes a PNG of 8 bits, without alpha where all is opaque. */
export function encodePng(pixels: Pixels): Uint8Array<ArrayBuffer> {
  const channels = isOpaque(pixels.data) ? 3 : 4
  // Level 1 is a fifth of the default's time for a tenth more bytes.
  const compressed = deflateSync(filtered(pixels, channels).bytes, { level: 1 })
  const chunks = [
    headerChunk(pixels, channels),
    chunk('IDAT', compressed),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return new Uint8Array(Buffer.concat([SIGNATURE, ...chunks]))
}

/** Builds the header of a PNG of 8 bits. @param channels 3, or 4 with alpha */
export function headerChunk({ width, height }: Size, channels: 3 | 4): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8)
  return chunk('IHDR', header)
}

function isOpaque(data: Uint8ClampedArray): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false
  return true
}

const PAETH = 4

/**
 * Turns lines into differences from what is around each byte, which suits pictures best (§12.7).
 * @param before the line above the first one; zeros at the top
 * @returns the differences, and the last line as it was
 */
export function filtered(
  { width, height, data }: Pixels,
  channels: number,
  before: Uint8Array = new Uint8Array(width * channels),
): { bytes: Uint8Array; last: Uint8Array } {
  const lineBytes = width * channels
  const bytes = new Uint8Array((lineBytes + 1) * height)
  let above = before
  let line = new Uint8Array(lineBytes)
  let spare = new Uint8Array(lineBytes)
  for (let y = 0; y < height; y++) {
    const start = y * (lineBytes + 1)
    bytes[start] = PAETH
    pack(data.subarray(y * width * 4, (y + 1) * width * 4), line, channels)
    for (let at = 0; at < lineBytes; at++) {
      bytes[start + 1 + at] = (line[at] ?? 0) - predict(PAETH, line, above, at, channels)
    }
    above = line
    ;[line, spare] = [spare, line]
  }
  return { bytes, last: above }
}

function pack(rgba: Uint8ClampedArray, line: Uint8Array, channels: number) {
  if (channels === 4) return line.set(rgba)
  for (let from = 0, at = 0; from < rgba.length; from += 4, at += 3) {
    line[at] = rgba[from] ?? 0
    line[at + 1] = rgba[from + 1] ?? 0
    line[at + 2] = rgba[from + 2] ?? 0
  }
}

/** Frames a chunk: length, name and sum (§5.3). */
export function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), content])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(content.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
