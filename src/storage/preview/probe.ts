import { Buffer } from 'node:buffer'
import { jpegQuality } from '#/storage/preview/codecs/jpeg-quality'
import type { Size } from '#/storage/preview/geometry'
import { type GifFrames, readGifFrames } from '#/storage/preview/headers/gif'
import { readHeifHeader } from '#/storage/preview/headers/heif'
import { readJpegHeader } from '#/storage/preview/headers/jpeg'
import { pngMayBeClear, pngOrientation, readPngSize } from '#/storage/preview/headers/png'
import { readWebpFrames } from '#/storage/preview/headers/webp'
import { boundSource, unreadable } from './limits.ts'
import { isSideways, uprightBy } from './orientation.ts'
import type { Source } from './plan.ts'

/**
 * What a header says. Differs: the size is that of the upright picture, mirrored ones included, where upstream
 * turns the finished preview.
 */
export type Probe = Source & {
  format: 'jpeg' | 'png' | 'gif' | 'webp' | 'heic'
  /** Pixels that are decoded for all frames of an animation: they may be larger or smaller than it. */
  framePixels?: number
  /** Where the frames of a GIF are. */
  gif?: GifFrames
  /** Size of the frames of a WebP as they are stored. */
  canvas?: Size
  /** Set for a JPEG of inks whose colours are left to decoders. */
  needsInks?: true
}

/**
 * Reads format, size, orientation and frames from a picture's headers, without decoding it. Decoders go by
 * the same fields: what is bounded here is bounded there.
 * @param bytes the whole of a GIF, WebP or PNG; of others as much as their header takes
 * @throws `storage_file_type_unsupported` for bytes that are no such picture
 * @throws `storage_image_resolution_exceeded` for a picture, or one inside it, that is too large to decode
 */
export function probe(bytes: Uint8Array): Probe {
  const found = readHeader(bytes)
  if (!found || !(found.width > 0) || !(found.height > 0)) throw unreadable()
  boundSource(found)
  return found
}

function readHeader(bytes: Uint8Array): Probe | undefined {
  const text = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (text.startsWith('\xff\xd8')) return readJpeg(bytes)
  if (text.startsWith('\x89PNG')) return readPng(bytes)
  if (/^GIF8[79]a/.test(text)) return readGif(bytes)
  if (/^RIFF....WEBP/s.test(text)) return readWebp(bytes)
  return text.slice(4, 8) === 'ftyp' ? readHeic(bytes) : undefined
}

function still(format: Probe['format'], size: Size | undefined): Probe | undefined {
  if (!size) return
  const { width, height } = size
  return { format, frames: 1, mayBeClear: format !== 'heic' && format !== 'jpeg', width, height }
}

const turned = ({ width, height }: Size): Size => ({ width: height, height: width })

/** Every decoder of JPEG turns a picture upright as its EXIF says. */
function readJpeg(bytes: Uint8Array): Probe | undefined {
  const header = readJpegHeader(bytes)
  const found = header && still('jpeg', isSideways(header.orientation) ? turned(header) : header)
  if (!found) return
  return { ...found, quality: jpegQuality(bytes), ...(header.needsInks && { needsInks: true }) }
}

/** Every decoder of HEIC cuts and turns a picture as its properties say; its EXIF does not count. */
function readHeic(bytes: Uint8Array): Probe | undefined {
  const header = readHeifHeader(bytes)
  const shown = header?.aperture ?? header
  return still('heic', header && shown && header.turns % 2 === 1 ? turned(shown) : shown)
}

/** Adds an orientation that decoders treat differently: it is withheld from them and left to us. */
function oriented(found: Probe, orientation = 1): Probe {
  const upright = uprightBy(orientation)
  return {
    ...found,
    ...(isSideways(orientation) ? turned(found) : {}),
    ...(upright && { upright }),
  }
}

function readPng(bytes: Uint8Array): Probe | undefined {
  const found = still('png', readPngSize(bytes))
  if (!found) return
  return oriented({ ...found, mayBeClear: pngMayBeClear(bytes) }, pngOrientation(bytes))
}

function readGif(bytes: Uint8Array): Probe | undefined {
  const gif = readGifFrames(bytes)
  const found = gif.count > 0 ? still('gif', gif.canvas) : undefined
  return found && { ...found, frames: gif.count, framePixels: gif.pixels, gif }
}

function readWebp(bytes: Uint8Array): Probe | undefined {
  const webp = readWebpFrames(bytes)
  const found = webp && still('webp', webp.canvas)
  if (!found) return
  const { canvas, count: frames, pixels: framePixels, orientation } = webp
  return oriented({ ...found, frames, framePixels, canvas }, orientation)
}
