import { ApiError } from '#/errors'
import { log } from '#/lib/log'
import type { Crop } from '#/storage/preview/geometry'
import type { Candidate } from '#/storage/preview/mend/jpeg'
import { joinBytes } from './bytes.ts'
import { MAX_RESULT_BYTES, tooLarge, unreadable } from './limits.ts'
import type { Turn } from './orientation.ts'
import type { Format } from './plan.ts'
import type { Picture } from './source.ts'

export type Rendered = { body: Uint8Array<ArrayBuffer>; contentType: string }

/** One call of the binding: a turn, then a resize of the turned picture with its cut, and a format. */
export type Transform = {
  crop?: Crop | undefined
  turn?: Turn | undefined
  format: Format
  quality?: number | undefined
}

/** The bytes for a call: a source, which may be at fault for its failure, or what we made ourselves. */
export type Input = Pick<Picture, 'stream'> & Partial<Pick<Picture, 'watch' | 'mended'>>

/**
 * Lets the Images binding make a picture.
 * @throws `storage_file_type_unsupported` and `storage_image_resolution_exceeded` for what the source is
 * @throws `general_server_error` for what the service did
 */
export async function transform(
  images: ImagesBinding,
  input: Input,
  change: Transform,
): Promise<Rendered> {
  const result = await begin(images, input, change)
  try {
    return { body: await readResult(result.response()), contentType: result.contentType() }
  } catch (cause) {
    throw judged(cause, input.watch)
  }
}

/**
 * Lets the Images binding make a picture, to be read as it comes.
 * @throws as {@link transform}
 */
export async function begin(
  images: ImagesBinding,
  input: Input,
  change: Transform,
): Promise<ImageTransformationResult> {
  try {
    return await call(images, input.stream(), change)
  } catch (cause) {
    const mended = mayBeCut(cause) ? (input.mended?.() ?? []) : []
    const result = await beginMended(images, mended, change)
    if (!result) throw judged(cause, input.watch)
    return result
  }
}

/**
 * Lets the binding make a picture of what completes it, one after the other.
 * @returns undefined when it takes none of them: then the source decides who is at fault
 * @throws `general_server_error` when it fails for another reason
 */
async function beginMended(images: ImagesBinding, mended: Candidate[], change: Transform) {
  for (const make of mended) {
    try {
      return await call(images, streamOf(make()), change)
    } catch (cause) {
      if (!mayBeCut(cause)) throw judged(cause, undefined)
    }
  }
  return
}

function call(
  images: ImagesBinding,
  stream: ReadableStream<Uint8Array>,
  { crop, turn, format, quality }: Transform,
): Promise<ImageTransformationResult> {
  const given = images.input(stream)
  // In calls of their own: within one, which comes first is the platform's choice.
  const turned = turn ? given.transform({ rotate: turn }) : given
  const changed = crop
    ? turned.transform({
        width: crop.width,
        height: crop.height,
        fit: 'cover',
        gravity: crop.side,
      })
    : turned
  return changed.output({
    format: `image/${format}`,
    anim: false,
    ...(format === 'jpeg' ? { background: '#ffffff' } : {}),
    ...(quality === undefined ? {} : { quality }),
  })
}

/** Checks whether a failed call may be due to a source that ends early. */
const mayBeCut = (cause: unknown) => {
  const code = codeOf(cause)
  return code === UNDECIDED || VERDICTS[code] === unreadable
}

/** Returns pieces as a stream, without a copy. */
const streamOf = (pieces: readonly Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(piece)
      controller.close()
    },
  })

/** Reads a result as far as memory allows. */
async function readResult(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > MAX_RESULT_BYTES)
      throw tooLarge('The preview has too many bytes. Ask for a smaller one.')
    parts.push(part)
  }
  return joinBytes(parts)
}

/** What the binding's code for a picture it does not take says (Images, troubleshooting). */
const VERDICTS: Record<number, (cause: unknown) => ApiError> = {
  9412: unreadable, // no image
  9413: () => tooLarge(), // more than 100 megapixels
  9520: unreadable, // no supported format
}
/** The binding could not do it: the picture may be malformed, or the service broken. */
const UNDECIDED = 9523

const codeOf = (cause: unknown) =>
  cause instanceof Error && 'code' in cause ? Number(cause.code) : 0

/**
 * Decides who is at fault for a failed call. A refusal is kept for as long as the file is: it has to follow
 * from the source alone. Quotas, time-outs, lost connections and whatever has no code are the service's.
 */
function judged(cause: unknown, watch: Picture['watch'] | undefined): ApiError {
  if (cause instanceof ApiError) return cause
  const fault = watch?.fault()
  if (fault) return fault
  const code = codeOf(cause)
  const verdict = watch ? VERDICTS[code] : undefined
  if (verdict) return verdict(cause)
  if (code === UNDECIDED && watch?.isBroken()) return unreadable(cause)
  return serviceFailed(cause)
}

/** Answers a failure that another try may not see; it is logged. */
export function serviceFailed(cause: unknown): ApiError {
  log.warn('A preview could not be rendered', cause)
  return new ApiError(
    'general_server_error',
    'The preview could not be rendered. Try again later.',
    {
      cause,
      headers: { 'Retry-After': '5' },
    },
  )
}
