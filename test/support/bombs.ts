import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'

/** Builders of pictures that claim more than they hold. */

const bytesOf = (...parts: readonly (Uint8Array | readonly number[] | string)[]) =>
  new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
      ),
    ),
  )
const u16le = (value: number) => [value & 255, value >> 8]
const u24le = (value: number) => [value & 255, (value >> 8) & 255, value >> 16]
const u32le = (value: number) => [...u16le(value & 0xffff), ...u16le(value >>> 16)]
const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]

export type Side = readonly [width: number, height: number]
type Frame = { size: Side; at?: Side }

/** Builds a GIF whose frames hold one clear code and one end code each. */
export const gif = ([width, height]: Side, frames: readonly Frame[]) =>
  bytesOf(
    'GIF89a',
    u16le(width),
    u16le(height),
    [0x80, 0, 0, 0, 0, 0, 255, 255, 255],
    ...frames.map(({ size, at = [0, 0] }) => [
      0x2c,
      ...[...at, ...size].flatMap(u16le),
      ...[0, 2, 1, 0x2c, 0],
    ]),
    [0x3b],
  )

const chunk = (name: string, data: Uint8Array) =>
  bytesOf(name, u32le(data.length), data, data.length & 1 ? [0] : [])

/** Builds a lossless bitstream that is nothing but its header. */
export const vp8l = ([width, height]: Side) =>
  chunk('VP8L', bytesOf([0x2f], u32le((((height - 1) << 14) | (width - 1)) >>> 0), [0, 0, 0]))

/** Builds a lossy bitstream that is nothing but its header. */
export const vp8 = ([width, height]: Side) =>
  chunk('VP8 ', bytesOf([0x30, 0, 0, 0x9d, 0x01, 0x2a], u16le(width), u16le(height)))

export const anmf = ([width, height]: Side, bitstream: Uint8Array) =>
  chunk(
    'ANMF',
    bytesOf([0, 0, 0, 0, 0, 0], u24le(width - 1), u24le(height - 1), [100, 0, 0, 2], bitstream),
  )

/** Builds an extended WebP with these chunks behind its header. */
export function webp([width, height]: Side, ...chunks: readonly Uint8Array[]) {
  const header = chunk('VP8X', bytesOf([2, 0, 0, 0], u24le(width - 1), u24le(height - 1)))
  const body = bytesOf('WEBP', header, ...chunks)
  return bytesOf('RIFF', u32le(body.length), body)
}
export const anim = chunk('ANIM', new Uint8Array(6))
export const empty = chunk('JUNK', new Uint8Array(0))

const box = (type: string, ...parts: readonly (Uint8Array | readonly number[] | string)[]) => {
  const content = bytesOf(...parts)
  return bytesOf(u32(content.length + 8), type, content)
}

/** Builds properties that change how a picture of a HEIC is shown. @param turns counter-clockwise */
export const irot = (turns: number) => box('irot', [turns])
export const imir = (axis: number) => box('imir', [axis])
export const clap = (...numbers: readonly number[]) => box('clap', numbers.flatMap(u32))

/**
 * Builds the head of a HEIC.
 * @param items sizes of its pictures; the first one is the main one, their IDs count from 1
 * @param grids which items each item is made of
 * @param shown properties of the main picture, in their order, and the brand
 */
export function heic(
  items: readonly Side[],
  grids: Readonly<Record<number, readonly number[]>> = {},
  { properties = [], brand = 'heic' }: { properties?: readonly Uint8Array[]; brand?: string } = {},
) {
  const ispe = items.map(([width, height]) => box('ispe', u32(0), u32(width), u32(height)))
  const own = properties.map((_, index) => 0x80 | (items.length + index + 1))
  const ipma = items.flatMap((_, index) =>
    index === 0 ? [...u16(1), 1 + own.length, 1, ...own] : [...u16(index + 1), 1, index + 1],
  )
  const iref = Object.entries(grids).map(([from, to]) =>
    box('dimg', u16(Number(from)), u16(to.length), to.flatMap(u16)),
  )
  return bytesOf(
    box('ftyp', brand, u32(0), 'mif1heic'),
    box(
      'meta',
      u32(0),
      box('pitm', u32(0), u16(1)),
      box('iref', u32(0), ...iref),
      box(
        'iprp',
        box('ipco', ...ispe, ...properties),
        box('ipma', u32(0), u32(items.length), ipma),
      ),
    ),
  )
}

/** Builds a progressive JPEG of empty scans. */
export const jpeg = ([width, height]: Side, scans: number) =>
  bytesOf(
    [0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, ...u16(height), ...u16(width), 1, 1, 0x11, 0],
    ...Array.from({ length: scans }, () => [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x55, 0xff, 0]),
    [0xff, 0xd9],
  )

type Sampled = readonly [id: number, sampling: number]

/**
 * Builds a JPEG that ends within its first scan. Its one code is of zero bits and stands for a block without
 * differences, so that data of zeros is blocks.
 * @param components of its frame and scan
 * @param codeBits length of the code, 1 to 16
 */
export function cutJpeg(
  [width, height]: Side,
  components: readonly Sampled[],
  dataBytes: number,
  { codeBits = 1, interval = 0, before = [] as readonly number[], scanned = components } = {},
) {
  const table = [...Array.from({ length: 16 }, (_, index) => Number(index + 1 === codeBits)), 0]
  const segment = (marker: number, content: readonly number[]) =>
    bytesOf([0xff, marker, ...u16(content.length + 2), ...content])
  const frame = components.flatMap(([id, sampling]) => [id, sampling, 0])
  const scan = scanned.flatMap(([id]) => [id, 0])
  return bytesOf(
    [0xff, 0xd8, ...before],
    segment(0xc0, [8, ...u16(height), ...u16(width), components.length, ...frame]),
    segment(0xc4, [0, ...table, 0x10, ...table]),
    segment(0xdd, u16(interval)),
    segment(0xda, [scanned.length, ...scan, 0, 63, 0]),
    new Uint8Array(dataBytes),
  )
}

/** Builds a GIF that ends within its only frame, whose sub-blocks have one byte each. */
export const cutGif = ([width, height]: Side, blocks: number) =>
  bytesOf(
    'GIF89a',
    [...u16le(width), ...u16le(height), 0x80, 0, 0, 0, 0, 0, 255, 255, 255],
    [0x2c, 0, 0, 0, 0, ...u16le(width), ...u16le(height), 0, 2],
    Uint8Array.from({ length: 2 * blocks }, (_, index) => (index + 1) % 2),
  )

/** Builds a chunk of a PNG. */
export function chunked(name: string, data: Uint8Array) {
  const body = bytesOf(name, data)
  return bytesOf(u32(data.length), body, u32(crc32(body)))
}

/** Inserts a chunk into a PNG behind its header; its sum is not computed. */
export const withChunk = (png: Uint8Array, name: string, data: Uint8Array) =>
  bytesOf(png.slice(0, 33), u32(data.length), name, data, u32(0), png.slice(33))
