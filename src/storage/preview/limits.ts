import { ApiError } from '#/errors'
import type { Size } from '#/storage/preview/geometry'

/**
 * Largest side, in pixels, of a source, of one of its frames and of every picture on the way to a preview
 * (Images limits). Differs: upstream takes 50,000.
 */
export const MAX_SIDE = 12_000
/** Most pixels of a source (Images limits). Differs: upstream takes 512,000,000. */
export const MAX_SOURCE_PIXELS = 100_000_000
/** Most pixels of a preview that is larger than its source. */
export const MAX_ENLARGED_PIXELS = 24_000_000
/** Most frames of an animation that stays one (docs/contract/storage.md §9.2). */
export const MAX_FRAMES = 128
/** Most pixels of a still picture in our hands, so that with an encoder's copy they fit into 128 MB. */
export const MAX_OWN_PIXELS = 3_200_000
/** Most pixels of a still picture that passes through our hands strip by strip: bounds the time it takes. */
export const MAX_STRIP_PIXELS = 15_000_000
/** Most pixels of an AVIF, whose encoder takes many times what others do. */
export const MAX_AVIF_PIXELS = 2_000_000
/** Most bytes that the Images binding takes. */
export const MAX_BINDING_BYTES = 20_000_000
/** Most pixels of one frame of an animation, of which several stages are in memory at once. */
export const MAX_FRAME_PIXELS = 1_500_000
/** Most pixels of all frames together, read or written: bounds the time that an animation takes. */
export const MAX_ANIMATED_PIXELS = 64_000_000
/** Most scans of a JPEG: each of them passes over all pixels. Encoders make some ten. */
export const MAX_SCANS = 100
/** Most pixels that all scans of a JPEG pass over. */
export const MAX_SCANNED_PIXELS = 1_500_000_000
/** Most bytes of a finished preview: it is in memory before it is stored. */
export const MAX_RESULT_BYTES = 48_000_000

export const areaOf = ({ width, height }: Size) => width * height

export const unreadable = (cause?: unknown) =>
  new ApiError('storage_file_type_unsupported', 'The file cannot be read as an image.', { cause })

export const tooLarge = (detail?: string) =>
  new ApiError('storage_image_resolution_exceeded', detail)

/**
 * Checks the size of a source, or of a picture within it.
 * @throws `storage_image_resolution_exceeded`
 */
export function boundSource(size: Size) {
  if (Math.max(size.width, size.height) > MAX_SIDE || areaOf(size) > MAX_SOURCE_PIXELS) {
    throw tooLarge()
  }
}
