import { Buffer } from 'node:buffer'
import type { Size } from '#/storage/preview/geometry'
import { areaOf, boundSource, MAX_SOURCE_PIXELS, tooLarge } from '#/storage/preview/limits'

/** A box of the ISO base media file format (ISO/IEC 14496-12 §4.2), without its header. */
type Box = { type: string; data: Uint8Array }

/** More boxes at one level than a picture of 128 × 128 tiles needs. */
const MAX_BOXES = 70_000

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
const textOf = (bytes: Uint8Array, at: number) =>
  Buffer.from(bytes.subarray(at, at + 4)).toString('latin1')

/** Walks boxes one after the other; stops at one that cannot be. */
function* boxes(bytes: Uint8Array, from = 0): Generator<Box> {
  const view = viewOf(bytes)
  let count = 0
  for (let at = from; at + 8 <= bytes.length && count < MAX_BOXES; count++) {
    const short = view.getUint32(at)
    const long = short === 1 && at + 16 <= bytes.length
    const header = long ? 16 : 8
    const size = short === 0 ? bytes.length - at : long ? Number(view.getBigUint64(at + 8)) : short
    if (size < header) return
    yield { type: textOf(bytes, at + 4), data: bytes.subarray(at + header, at + size) }
    at += size
  }
}

const find = (bytes: Uint8Array | undefined, type: string, from = 0) => {
  for (const box of bytes ? boxes(bytes, from) : []) if (box.type === type) return box.data
  return
}

/** Reads numbers of different widths one after the other; zeros beyond the end. */
function reader(bytes: Uint8Array, from: number) {
  let at = from
  return {
    get ended() {
      return at >= bytes.length
    },
    next(width: 1 | 2 | 4): number {
      let value = 0
      for (let index = 0; index < width; index++) value = value * 256 + (bytes[at++] ?? 0)
      return value
    },
  }
}

/** Reads which properties each item has, as places in the list of properties (ISO/IEC 23008-12 §9.3.1). */
function associations(ipma: Uint8Array): Map<number, number[]> {
  const wideIds = (ipma[0] ?? 0) > 0
  const wideIndices = ((ipma[3] ?? 0) & 1) === 1
  const read = reader(ipma, 4)
  const items = new Map<number, number[]>()
  const count = read.next(4)
  for (let index = 0; index < count && !read.ended; index++) {
    const id = read.next(wideIds ? 4 : 2)
    const own: number[] = []
    for (let left = read.next(1); left > 0 && !read.ended; left--) {
      own.push(wideIndices ? read.next(2) & 0x7fff : read.next(1) & 0x7f)
    }
    items.set(id, own)
  }
  return items
}

/** Reads which items a derived one is made of, as often as it names them (ISO/IEC 14496-12 §8.11.12). */
function* derivations(iref: Uint8Array): Generator<{ from: number; to: number[] }> {
  const width = iref[0] ? 4 : 2
  for (const { type, data } of boxes(iref, 4)) {
    if (type !== 'dimg') continue
    const read = reader(data, 0)
    const from = read.next(width)
    const count = read.next(2)
    const to: number[] = []
    while (to.length < count && !read.ended) to.push(read.next(width))
    yield { from, to }
  }
}

/** What a HEIC says of its main picture; the size is the stored one. */
export type HeifHeader = Size & {
  /** The part of it that is shown (`clap`), before turns. */
  aperture: Size | undefined
  /** Quarter turns counter-clockwise (`irot`). */
  turns: number
}

/**
 * Reads what a HEIC says of its main picture, and bounds what decoding it takes: all tiles, as often as they
 * are named, and all other pictures.
 * @returns undefined where the bytes are none, or end too early
 * @throws `storage_image_resolution_exceeded`
 */
export function readHeifHeader(bytes: Uint8Array): HeifHeader | undefined {
  const meta = find(bytes, 'meta')
  const pitm = find(meta, 'pitm', 4)
  const iprp = find(meta, 'iprp', 4)
  const ipma = find(iprp, 'ipma')
  const properties = [...boxes(find(iprp, 'ipco') ?? new Uint8Array(0))]
  if (!meta || !pitm || !ipma) return
  const items = associations(ipma)
  const of = (id: number, type: string) =>
    items
      .get(id)
      ?.map((index) => properties[index - 1])
      .find((property) => property?.type === type)?.data
  const sizeOf = (id: number): Size | undefined => {
    const ispe = of(id, 'ispe')
    if (!ispe || ispe.length < 12) return
    const [width, height] = [viewOf(ispe).getUint32(4), viewOf(ispe).getUint32(8)]
    return { width, height }
  }
  boundItems([...items.keys()], sizeOf, find(meta, 'iref', 4))
  const id = reader(pitm, 4).next(pitm[0] ? 4 : 2)
  const size = sizeOf(id)
  if (!size) return
  const turns = (of(id, 'irot')?.[0] ?? 0) & 3
  return { ...size, aperture: apertureOf(of(id, 'clap'), size), turns }
}

/** Reads how much of a picture is shown, a fraction for each side (ISO/IEC 14496-12 §12.1.4). */
function apertureOf(clap: Uint8Array | undefined, { width, height }: Size): Size | undefined {
  if (!clap || clap.length < 32) return
  const view = viewOf(clap)
  const side = (at: number) => Math.round(view.getUint32(at) / view.getUint32(at + 4))
  const [across, down] = [side(0), side(8)]
  const isWithin = across >= 1 && down >= 1 && across <= width && down <= height
  return isWithin ? { width: across, height: down } : undefined
}

/** Most pixels of all pictures and tiles of a HEIC: a photograph, its thumbnail, depth and gain maps. */
const MAX_ITEM_PIXELS = 3 * MAX_SOURCE_PIXELS

function boundItems(
  ids: readonly number[],
  sizeOf: (id: number) => Size | undefined,
  iref: Uint8Array | undefined,
) {
  const areas = new Map<number, number>()
  let pixels = 0
  const count = (area: number) => {
    pixels += area
    if (pixels > MAX_ITEM_PIXELS) throw tooLarge()
  }
  for (const id of ids) {
    const size = sizeOf(id)
    if (!size) continue
    boundSource(size)
    areas.set(id, areaOf(size))
    count(areaOf(size))
  }
  const derived = new Set<number>()
  const parts = new Set<number>()
  for (const { from, to } of iref ? derivations(iref) : []) {
    derived.add(from)
    for (const id of to) {
      parts.add(id)
      count(areas.get(id) ?? 0)
    }
  }
  // A picture made of pictures that are made of pictures multiplies at every level.
  for (const id of parts) if (derived.has(id)) throw tooLarge()
}
