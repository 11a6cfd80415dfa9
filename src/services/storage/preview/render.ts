import { ApiError } from '#/errors'
import { type Animation, readGif, readWebp, webpWriter } from './animation.ts'
import { encoderFor, gifWriter } from './codecs.ts'
import { applyEffect, cutOut } from './pixels.ts'
import {
  type Crop,
  type Format,
  LOSSLESS,
  type OutputFormat,
  type PreviewParams,
  type PreviewPlan,
  planPreview,
  type Size,
} from './plan.ts'
import { decodePng, encodePng } from './png.ts'
import { type Probe, unreadable } from './probe.ts'
import { scale } from './resample.ts'
import { openPicture } from './source.ts'

/** Most pixels of a still picture in our hands, so that with an encoder's copy they fit into 128 MB. */
const MAX_OWN_PIXELS = 3_200_000
/** Most pixels of one frame of an animation, of which several stages are in memory at once. */
const MAX_FRAME_PIXELS = 1_500_000
/** Pixels of all frames together, read and written: bounds the time that an animation takes. */
const MAX_ANIMATED_PIXELS = 64_000_000

const FORMATS: Record<Exclude<OutputFormat, 'heic'>, Format> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  avif: 'avif',
  gif: 'gif',
}

export type Rendered = { body: Uint8Array<ArrayBuffer>; contentType: string }

/**
 * Renders a preview. The Images binding decodes, turns upright, resizes and encodes; what it cannot do the
 * same everywhere is done on pixels by us (platform §5).
 * @param body the source, at most 20,000,000 bytes; read to its end or cancelled
 * @throws `storage_file_type_unsupported` when the source cannot be read or the output not be made
 * @throws `storage_image_resolution_exceeded` when there are too many pixels on the way
 */
export async function renderPreview(
  images: ImagesBinding,
  body: ReadableStream<Uint8Array>,
  params: PreviewParams,
  output: OutputFormat,
): Promise<Rendered> {
  if (output === 'heic') {
    await body.cancel()
    throw new ApiError(
      'storage_file_type_unsupported',
      'HEIC previews cannot be made: ask for another output.',
    )
  }
  const picture = await openPicture(body)
  const plan = planPreview(params, picture.header, FORMATS[output])
  try {
    bound(plan, picture.header)
  } catch (error) {
    await picture.cancel()
    throw error
  }
  if (plan.animated) return renderFrames(await picture.bytes(), picture.header, plan)
  if (plan.direct || isBeyondUs(plan)) return transform(images, picture.stream(), plan)
  return renderPixels(images, picture.stream(), plan)
}

const areaOf = ({ width, height }: Size) => width * height

/** Gives the most pixels that an encoder of ours takes: its memory grows with them, at its own rate. */
function mostEncoded({ format, quality }: PreviewPlan): number {
  if (format === 'avif') return 2_000_000
  return format === 'webp' && quality === LOSSLESS ? 1_500_000 : MAX_OWN_PIXELS
}

/** Tells whether only the format or quality asks for our encoder, on a picture too large for it. */
const isBeyondUs = (plan: PreviewPlan) =>
  plan.effects.length === 0 && plan.format !== 'gif' && areaOf(plan.size) > mostEncoded(plan)

function bound(plan: PreviewPlan, source: Probe) {
  if (plan.animated) return boundFrames(plan, source)
  if (plan.direct || isBeyondUs(plan)) return
  if (Math.max(areaOf(plan.size), areaOf(plan.crop ?? source)) > MAX_OWN_PIXELS) {
    throw new ApiError(
      'storage_image_resolution_exceeded',
      `A preview with these effects has at most ${MAX_OWN_PIXELS} pixels. Ask for a smaller one.`,
    )
  }
}

function boundFrames(plan: PreviewPlan, source: Probe) {
  const worst = Math.max(...[source, plan.crop?.scaled ?? source, plan.size].map(areaOf))
  if (worst > MAX_FRAME_PIXELS || worst * source.frames > MAX_ANIMATED_PIXELS) {
    throw new ApiError(
      'storage_image_resolution_exceeded',
      'The animation has too many pixels to be rendered.',
    )
  }
}

/**
 * Lets the platform resize, and does the rest on pixels. From the first pixel decoded to the last one
 * encoded nothing is waited for, so that an isolate holds one picture at a time, however many are asked of it.
 */
async function renderPixels(
  images: ImagesBinding,
  body: ReadableStream<Uint8Array>,
  plan: PreviewPlan,
): Promise<Rendered> {
  const { format, quality } = plan
  const resized = await transform(images, body, { crop: plan.crop, format: 'png' })
  const own = areaOf(plan.size) <= mostEncoded(plan)
  const encode = own ? await encoderFor(format, quality) : encodePng
  const bytes = encode(plan.effects.reduce(applyEffect, decoded(resized)))
  if (own) return { body: bytes, contentType: `image/${format}` }
  return transform(images, new Blob([bytes]).stream(), { format, quality })
}

function decoded({ body, contentType }: Rendered) {
  try {
    return decodePng(body)
  } catch (cause) {
    throw unrendered(new Error(`The Images binding gave a ${contentType}.`, { cause }))
  }
}

/** Codes of the binding that speak of the picture, not of the service. */
const isPictureError = (error: unknown) =>
  error instanceof Error && 'code' in error && Number(error.code) > 0

/** Answers a failure that another try may not see; it is logged. */
function unrendered(cause: unknown) {
  console.warn('The Images binding failed', cause)
  return new ApiError('storage_file_type_unsupported', 'The image could not be rendered.', {
    cause,
    headers: { 'Retry-After': '5' },
  })
}

async function transform(
  images: ImagesBinding,
  body: ReadableStream<Uint8Array>,
  plan: { crop?: Crop | undefined; format: Format; quality?: number | undefined },
): Promise<Rendered> {
  const { crop, format, quality } = plan
  try {
    const input = images.input(body)
    const resized = crop
      ? input.transform({
          width: crop.width,
          height: crop.height,
          fit: 'cover',
          gravity: crop.side,
        })
      : input
    const result = await resized.output({
      format: `image/${format}`,
      anim: false,
      // Black, as upstream shows what is clear in a JPEG.
      ...(format === 'jpeg' ? { background: '#000000' } : {}),
      ...(quality === undefined ? {} : { quality }),
    })
    const bytes = new Uint8Array(await result.response().arrayBuffer())
    return { body: bytes, contentType: result.contentType() }
  } catch (cause) {
    throw isPictureError(cause) ? unreadable(cause) : unrendered(cause)
  }
}

/**
 * Renders every frame by ourselves: decode, scale, cut, effects, encode, one after the other. Differs: upstream
 * gives GIF whatever was asked for once it crops, and puts effects on one frame alone.
 */
async function renderFrames(
  bytes: Uint8Array,
  source: Probe,
  plan: PreviewPlan,
): Promise<Rendered> {
  try {
    const animation: Animation = source.format === 'gif' ? readGif(bytes) : readWebp(bytes, source)
    const writer =
      plan.format === 'gif'
        ? gifWriter(animation.loops)
        : await webpWriter(plan.size, animation.loops, plan.quality)
    for await (const { pixels, delayMs } of animation.frames) {
      const resized = plan.crop ? cutOut(scale(pixels, plan.crop.scaled), plan.crop) : pixels
      writer.add({ pixels: plan.effects.reduce(applyEffect, resized), delayMs })
    }
    return { body: writer.finish(), contentType: `image/${plan.format}` }
  } catch (cause) {
    throw unreadable(cause)
  }
}
