import { ApiError } from '#/errors'
import { type Animation, readGif, readWebp, webpWriter } from './animation.ts'
import {
  decodePng,
  encodeAvif,
  encodeJpeg,
  encodePng,
  encodeWebp,
  gifWriter,
  scale,
} from './codecs.ts'
import { applyEffect, cutOut, type Pixels } from './pixels.ts'
import {
  type Format,
  type OutputFormat,
  type PreviewParams,
  type PreviewPlan,
  planPreview,
  type Size,
} from './plan.ts'
import { type Probe, probe, unreadable } from './probe.ts'

/** Bounds of what passes through our own pixel stage, in an isolate of 128 MB. */
const MAX_OWN_PIXELS = 8_000_000
const MAX_OWN_AVIF_PIXELS = 2_000_000
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
 * @param bytes the whole source, at most 20,000,000 bytes
 * @throws `storage_file_type_unsupported` when the source cannot be read or the output not be made
 * @throws `storage_image_resolution_exceeded` when there are too many pixels on the way
 */
export async function renderPreview(
  images: ImagesBinding,
  bytes: Uint8Array<ArrayBuffer>,
  params: PreviewParams,
  output: OutputFormat,
): Promise<Rendered> {
  if (output === 'heic') {
    throw new ApiError(
      'storage_file_type_unsupported',
      'HEIC previews cannot be made: ask for another output.',
    )
  }
  const source = probe(bytes)
  const plan = planPreview(params, source, FORMATS[output])
  if (plan.animated) return renderFrames(bytes, source, plan)
  if (plan.direct || beyondUs(plan)) return transform(images, bytes, plan, `image/${plan.format}`)
  bound(plan)
  const resized = await transform(images, bytes, plan, 'image/png')
  const decoded = await decodePng(resized.body).catch((cause) => {
    throw unreadable(cause)
  })
  return encode(plan.effects.reduce(applyEffect, decoded), plan)
}

/** Tells whether only the quality asks for our encoder, on a picture too large for it. */
const beyondUs = ({ effects, size, format }: PreviewPlan) =>
  effects.length === 0 &&
  format !== 'gif' &&
  size.width * size.height > (format === 'avif' ? MAX_OWN_AVIF_PIXELS : MAX_OWN_PIXELS)

function bound({ size, crop, format }: PreviewPlan) {
  const most = format === 'avif' ? MAX_OWN_AVIF_PIXELS : MAX_OWN_PIXELS
  const pixels = Math.max(size.width * size.height, (crop?.width ?? 0) * (crop?.height ?? 0))
  if (pixels > most) {
    throw new ApiError(
      'storage_image_resolution_exceeded',
      `A preview with these effects has at most ${most} pixels. Ask for a smaller one.`,
    )
  }
}

/** Codes of the binding that speak of the picture, not of the service. */
const isPictureError = (error: unknown) =>
  error instanceof Error && 'code' in error && Number(error.code) > 0

async function transform(
  images: ImagesBinding,
  bytes: Uint8Array<ArrayBuffer>,
  { crop, quality }: PreviewPlan,
  format: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/avif' | `image/${string}`,
): Promise<Rendered> {
  try {
    const input = images.input(new Blob([bytes]).stream())
    const resized = crop
      ? input.transform({
          width: crop.width,
          height: crop.height,
          fit: 'cover',
          gravity: crop.side,
        })
      : input
    const result = await resized.output({
      format: format as 'image/png',
      anim: false,
      ...(quality === undefined ? {} : { quality }),
    })
    const body = new Uint8Array(await result.response().arrayBuffer())
    return { body, contentType: result.contentType() }
  } catch (cause) {
    if (isPictureError(cause)) throw unreadable(cause)
    console.warn('The Images binding failed', cause)
    throw new ApiError('storage_file_type_unsupported', 'The image could not be rendered.', {
      cause,
      headers: { 'Retry-After': '5' },
    })
  }
}

async function encode(pixels: Pixels, { format, quality }: PreviewPlan): Promise<Rendered> {
  const contentType = `image/${format}`
  switch (format) {
    case 'jpeg':
      return { body: await encodeJpeg(pixels, quality), contentType }
    case 'webp':
      return { body: await encodeWebp(pixels, quality), contentType }
    case 'avif':
      return { body: await encodeAvif(pixels, quality), contentType }
    case 'png':
      return { body: await encodePng(pixels), contentType }
    case 'gif': {
      const writer = gifWriter(undefined)
      await writer.add({ pixels, delayMs: 0 })
      return { body: writer.finish(), contentType }
    }
  }
}

/** Renders every frame by ourselves: decode, scale, cut, effects, encode, one after the other. */
async function renderFrames(
  bytes: Uint8Array,
  source: Probe,
  plan: PreviewPlan,
): Promise<Rendered> {
  bound(plan)
  const scaled: Size = plan.crop?.scaled ?? source
  const perFrame = [source, scaled, plan.size].map(({ width, height }) => width * height)
  const worst = Math.max(...perFrame)
  if (worst > MAX_OWN_PIXELS || worst * source.frames > MAX_ANIMATED_PIXELS) {
    throw new ApiError(
      'storage_image_resolution_exceeded',
      'The animation has too many pixels to be rendered.',
    )
  }
  try {
    const animation: Animation = source.format === 'gif' ? readGif(bytes) : readWebp(bytes, source)
    const writer =
      plan.format === 'gif'
        ? gifWriter(animation.loops)
        : webpWriter(plan.size, animation.loops, plan.quality)
    for await (const { pixels, delayMs } of animation.frames) {
      const resized = plan.crop ? cutOut(await scale(pixels, scaled), plan.crop) : pixels
      await writer.add({ pixels: plan.effects.reduce(applyEffect, resized), delayMs })
    }
    return { body: writer.finish(), contentType: `image/${plan.format}` }
  } catch (cause) {
    throw unreadable(cause)
  }
}
