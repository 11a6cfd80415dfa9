import { imageSize } from 'image-size'
import { ApiError } from '#/errors'
import { jpegQuality } from './jpeg-quality.ts'
import type { Source } from './plan.ts'
import { countWebpFrames } from './riff.ts'

/**
 * What a header says. Differs: the size is that of the upright picture, mirrored ones included, where upstream
 * turns the finished preview.
 */
export type Probe = Source & { format: 'jpeg' | 'png' | 'gif' | 'webp' | 'heic' }

/**
 * Largest picture that the platform takes: 12,000 pixels a side and 100 megapixels (Images limits). Differs:
 * upstream takes 50,000 and 512.
 */
const MAX_SIDE = 12_000
const MAX_PIXELS = 100_000_000
/** More frames than this are not rendered (storage contract 9.2). */
const MAX_FRAMES = 128

const FORMATS: Record<string, Probe['format']> = {
  jpg: 'jpeg',
  png: 'png',
  gif: 'gif',
  webp: 'webp',
  heic: 'heic',
  heif: 'heic',
}

/**
 * Reads format, size, orientation and frame count from a picture's header, without decoding it.
 * @throws `storage_file_type_unsupported` for bytes that are no such picture, or too many frames
 * @throws `storage_image_resolution_exceeded`
 */
export function probe(bytes: Uint8Array): Probe {
  const { width, height, orientation = 1, type = '' } = measure(bytes)
  const format = FORMATS[type]
  if (!format || !(width > 0) || !(height > 0)) throw unreadable()
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw new ApiError('storage_image_resolution_exceeded')
  }
  const frames =
    format === 'gif' ? countGifFrames(bytes) : format === 'webp' ? countWebpFrames(bytes) : 1
  if (frames > MAX_FRAMES) {
    throw new ApiError(
      'storage_file_type_unsupported',
      `The animation has more than ${MAX_FRAMES} frames.`,
    )
  }
  const sideways = orientation >= 5 && orientation <= 8
  return {
    format,
    frames,
    mayBeClear: format !== 'jpeg' && format !== 'heic',
    quality: format === 'jpeg' ? jpegQuality(bytes) : undefined,
    width: sideways ? height : width,
    height: sideways ? width : height,
  }
}

export const unreadable = (cause?: unknown) =>
  new ApiError('storage_file_type_unsupported', 'The file cannot be read as an image.', { cause })

function measure(bytes: Uint8Array) {
  try {
    return imageSize(bytes)
  } catch (cause) {
    throw unreadable(cause)
  }
}

/** Counts image blocks (GIF89a specification §20); stops where the file does. */
function countGifFrames(bytes: Uint8Array): number {
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  let at = 13 + tableBytes(bytes[10] ?? 0)
  let count = 0
  while (at < bytes.length) {
    const kind = bytes[at]
    if (kind === 0x2c) {
      count++
      at += 10 + tableBytes(bytes[at + 9] ?? 0) + 1
    } else if (kind === 0x21) at += 2
    else break
    while (at < bytes.length && bytes[at] !== 0) at += (bytes[at] ?? 0) + 1
    at++
  }
  return Math.max(1, count)
}
