import type { Turn } from './images.ts'
import { areaOf, MAX_AVIF_PIXELS, MAX_OWN_PIXELS, MAX_STRIP_PIXELS, tooLarge } from './limits.ts'
import {
  type Crop,
  type Format,
  LOSSLESS,
  type PreviewParams,
  type PreviewPlan,
  planPreview,
  type Side,
} from './plan.ts'
import type { Probe } from './probe.ts'

/**
 * How a preview is made: every frame by us, all of it by the Images binding, or a first step by the binding and
 * the rest by us, on the whole picture or strip by strip.
 */
export type Way = 'frames' | 'binding' | 'whole' | 'strips'

/** A plan whose quarter turn, if any, is left to the binding, together with the crop of the turned picture. */
export type Work = { plan: PreviewPlan; turn: Turn | undefined; crop: Crop | undefined; way: Way }

/**
 * Divides the work. The binding does what it can, so that little passes through our hands: quarter turns come
 * first, since all other effects look the same from every side, and what changes nothing is left out.
 * @throws `storage_image_resolution_exceeded` when our part would take more than an isolate has
 */
export function divide(params: PreviewParams, source: Probe, format: Format): Work {
  const asked = planPreview(params, source, format)
  if (asked.animated) return { plan: asked, turn: undefined, crop: asked.crop, way: 'frames' }
  const turn = quarterTurn(params.rotation)
  const rotation = turn ? 0 : params.rotation
  const plan = planPreview({ ...withoutIdle(params, source, format), rotation }, source, format)
  const crop = plan.crop && turn ? turnedCrop(plan.crop, turn) : plan.crop
  return { plan, turn, crop, way: wayOf(plan, source) }
}

function quarterTurn(rotation: number): Turn | undefined {
  const degrees = (rotation + 360) % 360
  return degrees === 90 || degrees === 180 || degrees === 270 ? degrees : undefined
}

/** Leaves out what does not show: a background behind an opaque picture, and opacity in a JPEG of one. */
function withoutIdle(params: PreviewParams, source: Probe, format: Format): PreviewParams {
  if (source.mayBeClear) return params
  if (params.opacity === 1) return { ...params, background: undefined }
  const isIdle = format === 'jpeg' && params.background === undefined
  return isIdle ? { ...params, opacity: 1 } : params
}

/** Where each side of a picture is after a turn. */
const TURNED: Record<Turn, Partial<Record<Side, Side>>> = {
  90: { left: 'top', top: 'right', right: 'bottom', bottom: 'left' },
  180: { left: 'right', top: 'bottom', right: 'left', bottom: 'top' },
  270: { left: 'bottom', top: 'left', right: 'top', bottom: 'right' },
}

function turnedCrop(crop: Crop, turn: Turn): Crop {
  const side = TURNED[turn][crop.side] ?? crop.side
  return turn === 180
    ? { ...crop, side }
    : { ...crop, side, width: crop.height, height: crop.width }
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
