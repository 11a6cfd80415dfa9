import { Buffer } from 'node:buffer'
import { webpEncoder } from '#/storage/preview/codecs/codecs'
import { decodePng, encodePng } from '#/storage/preview/codecs/png'
import { riffChunks, webpOf } from '#/storage/preview/codecs/riff'
import { picture } from '#test/fixtures/pictures'
import { chunked } from './bombs.ts'

export const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8] as const
export type Orientation = (typeof ORIENTATIONS)[number]

/** Builds EXIF of one entry. @param order of its bytes */
export function exif(orientation: number, order: 'little' | 'big' = 'little') {
  const little = order === 'little'
  const view = new DataView(new ArrayBuffer(26))
  view.setUint16(0, little ? 0x4949 : 0x4d4d)
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, 1, little)
  view.setUint16(10, 0x0112, little)
  view.setUint16(12, 3, little)
  view.setUint32(14, 1, little)
  view.setUint16(18, orientation, little)
  return new Uint8Array(view.buffer)
}

/** Returns where a pixel of the upright picture is stored, as the EXIF standard's table of sides says. */
function storedAt(orientation: Orientation, x: number, y: number, width: number, height: number) {
  const [right, bottom] = [width - 1 - x, height - 1 - y]
  const places: Record<Orientation, [x: number, y: number]> = {
    1: [x, y],
    2: [right, y],
    3: [right, bottom],
    4: [x, bottom],
    5: [y, x],
    6: [y, right],
    7: [bottom, right],
    8: [bottom, x],
  }
  return places[orientation]
}

/** Returns the pixels of the four quadrants, 400 × 200, as they are stored under an orientation. */
export function storedPixels(orientation: Orientation) {
  const { width, height, data } = decodePng(picture('png'))
  const sides = orientation >= 5 ? { width: height, height: width } : { width, height }
  const stored = { ...sides, data: new Uint8ClampedArray(data.length) }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = storedAt(orientation, x, y, width, height)
      const from = (y * width + x) * 4
      stored.data.set(data.subarray(from, from + 4), (row * sides.width + column) * 4)
    }
  }
  return stored
}

/** Builds a PNG of the four quadrants. @param place of its EXIF, before or behind the pixels */
export function orientedPng(orientation: Orientation, place: 'before' | 'behind' = 'before') {
  const png = encodePng(storedPixels(orientation))
  const at = place === 'before' ? 33 : png.length - 12
  const chunk = chunked('eXIf', exif(orientation))
  return new Uint8Array(Buffer.concat([png.subarray(0, at), chunk, png.subarray(at)]))
}

/** Builds an extended header. @param flags what there is */
function header(width: number, height: number, flags: number) {
  const data = new Uint8Array(10)
  data[0] = flags
  new DataView(data.buffer).setUint32(4, width - 1, true)
  data.set([(height - 1) & 255, (height - 1) >> 8, 0], 7)
  return { name: 'VP8X', data }
}

const HAS_EXIF = 0x08

/** Builds a lossless WebP of the four quadrants. @param prefix of its EXIF, as some writers put it there */
export async function orientedWebp(orientation: Orientation, prefix = '') {
  const pixels = storedPixels(orientation)
  const still = (await webpEncoder(100))(pixels)
  return webpOf([
    header(pixels.width, pixels.height, HAS_EXIF),
    ...[...riffChunks(still, 12)].filter(({ name }) => name === 'VP8L'),
    { name: 'EXIF', data: Buffer.concat([Buffer.from(prefix), exif(orientation)]) },
  ])
}

/** Adds EXIF to an animated WebP. */
export const animatedWebpWithExif = (bytes: Uint8Array, orientation: Orientation) =>
  webpOf([
    ...[...riffChunks(bytes, 12)].map((chunk) => {
      if (chunk.name !== 'VP8X') return chunk
      const data = chunk.data.slice()
      data[0] = (data[0] ?? 0) | HAS_EXIF
      return { ...chunk, data }
    }),
    { name: 'EXIF', data: exif(orientation) },
  ])
