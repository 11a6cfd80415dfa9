import { ApiError } from '#/errors'
import { type Animation, readGif, readWebp, webpWriter } from '#/storage/preview/codecs/animation'
import { encoderFor, type Frame, gifWriter } from '#/storage/preview/codecs/codecs'
import { applyEffect, applyEffects, cutOut } from '#/storage/preview/codecs/pixels'
import { decodePng, encodePng } from '#/storage/preview/codecs/png'
import { scale } from '#/storage/preview/codecs/resample'
import { readPngSize } from '#/storage/preview/headers/png'
import { bound } from './bounds.ts'
import { type Rendered, serviceFailed, transform } from './images.ts'
import { areaOf, MAX_OWN_PIXELS, unreadable } from './limits.ts'
import type { Format, OutputFormat, PreviewParams } from './plan.ts'
import type { Probe } from './probe.ts'
import { renderStrips } from './render-strips.ts'
import { openPicture, type Picture } from './source.ts'
import { divide, mostEncoded, type Work } from './work.ts'

const FORMATS: Record<Exclude<OutputFormat, 'heic'>, Format> = {
  jpg: 'jpeg',
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  avif: 'avif',
  gif: 'gif',
}

/**
 * Renders a preview. The Images binding decodes, turns upright, resizes and encodes; what it cannot do the
 * same everywhere is done on pixels by us.
 * @param body the source, at most 20,000,000 bytes; read to its end or cancelled
 * @throws `storage_file_type_unsupported` when the source cannot be read or the output not be made
 * @throws `storage_image_resolution_exceeded` when there are too many pixels on the way
 * @throws `general_server_error` when the Images binding fails for a reason of its own
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
  const work = await planned(picture, params, FORMATS[output])
  switch (work.way) {
    case 'frames':
      return renderFrames(await picture.bytes(), picture.header, work)
    case 'binding':
      return transform(images, picture, { ...work, ...work.plan, crop: work.crop })
    case 'strips':
      return renderStrips(images, picture, work)
    case 'whole':
      return renderWhole(images, picture, work)
  }
}

async function planned(picture: Picture, params: PreviewParams, format: Format): Promise<Work> {
  try {
    const work = divide(params, picture.header, format)
    bound(work.plan, picture.header)
    return work
  } catch (error) {
    await picture.cancel()
    throw error
  }
}

/**
 * Lets the platform resize, and does the rest on pixels. From the first pixel decoded to the last one
 * encoded nothing is waited for, so that an isolate holds one picture at a time, however many are asked of it.
 */
async function renderWhole(
  images: ImagesBinding,
  picture: Picture,
  { plan, turn, crop }: Work,
): Promise<Rendered> {
  const { format, quality } = plan
  const resized = await transform(images, picture, { crop, turn, format: 'png' })
  const own = areaOf(plan.size) <= mostEncoded(plan)
  const encode = own ? await encoderFor(format, quality) : encodePng
  const bytes = encode(applyEffects(decoded(resized), plan.effects))
  if (own) return { body: bytes, contentType: `image/${format}` }
  return transform(images, { stream: () => new Blob([bytes]).stream() }, { format, quality })
}

function decoded({ body, contentType }: Rendered) {
  try {
    const size = readPngSize(body)
    if (!size || areaOf(size) > MAX_OWN_PIXELS) throw new Error('More than was asked for.')
    return decodePng(body)
  } catch (cause) {
    throw serviceFailed(new Error(`The Images binding returned a ${contentType}.`, { cause }))
  }
}

/**
 * Renders every frame by ourselves: decode, turn, scale, cut, effects, encode, one after the other. Differs: upstream
 * gives GIF whatever was asked for once it crops, and puts effects on one frame alone.
 */
async function renderFrames(
  bytes: Uint8Array,
  source: Probe,
  { plan, turn, crop }: Work,
): Promise<Rendered> {
  const animation = readFrames(bytes, source)
  const writer =
    plan.format === 'gif'
      ? gifWriter(animation.loops)
      : await webpWriter(plan.size, animation.loops, plan.quality)
  for await (const { pixels, delayMs } of animation.frames) {
    const turned = turn ? applyEffect(pixels, { kind: 'rotate', degrees: turn }) : pixels
    const resized = crop ? cutOut(scale(turned, crop.scaled), crop) : turned
    writer.add({ pixels: applyEffects(resized, plan.effects), delayMs })
  }
  return { body: writer.finish(), contentType: `image/${plan.format}` }
}

/** Opens an animation; what its decoder does not take is the source's fault. */
function readFrames(bytes: Uint8Array, source: Probe): Animation {
  try {
    const animation = source.gif
      ? readGif(bytes, source.gif)
      : readWebp(bytes, source.canvas ?? source)
    return { ...animation, frames: judgedFrames(animation.frames) }
  } catch (error) {
    throw judgedDecoding(error)
  }
}

async function* judgedFrames(frames: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  try {
    yield* frames
  } catch (error) {
    throw judgedDecoding(error)
  }
}

/**
 * Decides who is at fault for frames that cannot be read. Decoders refuse bytes with a plain error; memory that
 * is not there and codecs that crash have classes of their own, and say nothing about the bytes.
 */
const judgedDecoding = (error: unknown) =>
  error instanceof Error && error.constructor === Error ? unreadable(error) : error
