import { ApiError } from '#/errors'
import type { Size } from '#/storage/preview/geometry'
import { gifStrips } from '#/storage/preview/strips/gif'
import { jpegStrips } from '#/storage/preview/strips/jpeg'
import { openPng, type PngRows } from '#/storage/preview/strips/png-read'
import { pngStrips } from '#/storage/preview/strips/png-write'
import { applyToStrips, evenStrips, type StripWriter } from '#/storage/preview/strips/strips'
import { begin, type Rendered, serviceFailed, transform } from './images.ts'
import { areaOf, MAX_BINDING_BYTES, MAX_RESULT_BYTES, MAX_STRIP_PIXELS } from './limits.ts'
import { type PreviewPlan, sizeAfter } from './plan.ts'
import type { Picture } from './source.ts'
import { isOpaque, type Work } from './work.ts'

/** Quality of a JPEG that becomes another format: its losses do not show in the result. */
const INTERMEDIATE_QUALITY = 96

/**
 * Renders a picture that does not fit into memory: the Images binding resizes and turns it, its rows pass
 * through effects and an encoder as they come, and a format that we do not encode in strips is left to the
 * binding again.
 */
export async function renderStrips(
  images: ImagesBinding,
  picture: Picture,
  { plan, turn, crop }: Work,
): Promise<Rendered> {
  const resized = await begin(images, picture, { crop, turn, format: 'png' })
  const { format, quality } = plan
  const opaque = isOpaque(plan.effects, picture.header.mayBeClear)
  const [bytes, made] = await encodeStrips(resized.response(), plan, opaque)
  if (made === format) return { body: bytes, contentType: `image/${format}` }
  return transform(images, { stream: () => new Blob([bytes]).stream() }, { format, quality })
}

async function encodeStrips(
  response: Response,
  plan: PreviewPlan,
  opaque: boolean,
): Promise<[bytes: Uint8Array<ArrayBuffer>, format: PreviewPlan['format']]> {
  try {
    const png = await openResult(response)
    const size = plan.effects.reduce(sizeAfter, png.size)
    const [writer, format] = writerFor(plan, size, opaque)
    const strips = evenStrips(png.rows, png.size)
    for await (const strip of applyToStrips(strips, plan.effects, png.size)) {
      await writer.add(strip)
    }
    return [await writer.finish(), format]
  } catch (error) {
    throw error instanceof ApiError ? error : serviceFailed(error)
  }
}

/** Opens what the binding made, which is not trusted to be what was asked for. */
async function openResult({ body }: Response): Promise<PngRows> {
  if (!body) throw new Error('The Images binding returned nothing.')
  const png = await openPng(body)
  if (areaOf(png.size) <= MAX_STRIP_PIXELS) return png
  await body.cancel().catch(() => undefined)
  throw new Error('The Images binding returned more than was asked for.')
}

function writerFor(
  { format, quality = INTERMEDIATE_QUALITY }: PreviewPlan,
  size: Size,
  opaque: boolean,
): [writer: StripWriter, format: PreviewPlan['format']] {
  switch (format) {
    case 'jpeg':
      return [jpegStrips(size, quality), 'jpeg']
    case 'png':
      return [pngStrips(size, opaque, MAX_RESULT_BYTES), 'png']
    case 'gif':
      return [gifStrips(size), 'gif']
    case 'webp':
    case 'avif':
      return opaque
        ? [jpegStrips(size, INTERMEDIATE_QUALITY), 'jpeg']
        : [pngStrips(size, opaque, MAX_BINDING_BYTES), 'png']
  }
}
