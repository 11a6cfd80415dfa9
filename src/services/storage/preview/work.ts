import { areaOf, MAX_AVIF_PIXELS, MAX_OWN_PIXELS, MAX_STRIP_PIXELS, tooLarge } from './limits.ts'
import { mirroredCrop, quarterTurn, type Turn, turnedCrop, turnFurther } from './orientation.ts'
import {
  type Crop,
  type Format,
  LOSSLESS,
  type PreviewParams,
  type PreviewPlan,
  planPreview,
} from './plan.ts'
import type { Probe } from './probe.ts'

/**
 * How a preview is made: every frame by us, all of it by the Images binding, or a first step by the binding and
 * the rest by us, on the whole picture or strip by strip.
 */
export type Way = 'frames' | 'binding' | 'whole' | 'strips'

/**
 * A plan with what comes before its effects: a quarter turn, which is left to the binding where it decodes, and
 * the crop of the turned picture, before it is mirrored.
 */
export type Work = { plan: PreviewPlan; turn: Turn | undefined; crop: Crop | undefined; way: Way }

/**
 * Divides the work. The binding does what it can, so that little passes through our hands: quarter turns come
 * first, since all other effects look the same from every side, and what changes nothing is left out.
 * @throws `storage_image_resolution_exceeded` when our part would take more than an isolate has
 */
export function divide(params: PreviewParams, source: Probe, format: Format): Work {
  const { upright } = source
  const mirrored = (crop: Crop | undefined) =>
    crop && upright?.mirrored ? mirroredCrop(crop) : crop
  const asked = planPreview(params, source, format)
  if (asked.animated) {
    return { plan: asked, turn: upright?.turn, crop: mirrored(asked.crop), way: 'frames' }
  }
  const quarter = quarterTurn(params.rotation)
  const rotation = quarter ? 0 : params.rotation
  const plan = planPreview({ ...withoutIdle(params, source, format), rotation }, source, format)
  const crop = plan.crop && quarter ? turnedCrop(plan.crop, quarter) : plan.crop
  const turn = turnFurther(upright, quarter ?? 0)
  return { plan, turn, crop: mirrored(crop), way: wayOf(plan, source) }
}

/** Leaves out what does not show: a background behind an opaque picture, and opacity in a JPEG of one. */
function withoutIdle(params: PreviewParams, source: Probe, format: Format): PreviewParams {
  if (source.mayBeClear) return params
  if (params.opacity === 1) return { ...params, background: undefined }
  const isIdle = format === 'jpeg' && params.background === undefined
  return isIdle ? { ...params, opacity: 1 } : params
}

/** Returns the most pixels that an encoder of ours takes: its memory grows with them, at its own rate. */
export function mostEncoded({ format, quality }: PreviewPlan): number {
  if (format === 'avif') return MAX_AVIF_PIXELS
  return format === 'webp' && quality === LOSSLESS ? 1_500_000 : MAX_OWN_PIXELS
}

/** Checks whether only the format or quality asks for our encoder, on a picture too large for it. */
const isBeyondUs = (plan: PreviewPlan) =>
  plan.effects.length === 0 && plan.format !== 'gif' && areaOf(plan.size) > mostEncoded(plan)

function wayOf(plan: PreviewPlan, source: Probe): Way {
  if (plan.format === 'avif' && areaOf(plan.size) > MAX_AVIF_PIXELS) {
    throw tooLarge(`An AVIF preview has at most ${MAX_AVIF_PIXELS} pixels. Ask for a smaller one.`)
  }
  if (plan.direct || isBeyondUs(plan)) return 'binding'
  const most = Math.max(areaOf(plan.size), areaOf(plan.crop ?? source))
  if (most <= MAX_OWN_PIXELS) return 'whole'
  const movesPixels = plan.effects.some(({ kind }) => kind === 'rotate')
  const limit = movesPixels ? MAX_OWN_PIXELS : MAX_STRIP_PIXELS
  if (most > limit) {
    throw tooLarge(
      `A preview with these effects has at most ${limit} pixels. Ask for a smaller one.`,
    )
  }
  return 'strips'
}
