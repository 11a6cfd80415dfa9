import { ApiError } from '#/errors'
import { log } from '#/lib/log'
import type { Crop } from '#/storage/preview/geometry'
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
  { crop, turn, format, quality }: Transform,
): Promise<ImageTransformationResult> {
  try {
    const given = images.input(input.stream())
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
    return await changed.output({
      format: `image/${format}`,
      anim: false,
      ...(format === 'jpeg' ? { background: '#ffffff' } : {}),
      ...(quality === undefined ? {} : { quality }),
    })
  } catch (cause) {
    const [best, ...others] = mayBeCut(cause) ? (input.mended?.() ?? []) : []
    if (!best) throw judged(cause, input.watch)
    // What is completed is at fault for nothing: a failure says nothing about the source.
    const mended = { ...streamOf(best), mended: () => others }
    return begin(images, mended, { crop, turn, format, quality })
  }
}

/** Checks whether a failed call may be due to a source that ends early. */
const mayBeCut = (cause: unknown) => {
  const code = codeOf(cause)
  return code === UNDECIDED || VERDICTS[code] === unreadable
}

/** Returns bytes as what a call takes. */
export const streamOf = (bytes: Uint8Array): Input => ({
  stream: () => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
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
