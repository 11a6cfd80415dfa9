import type { Crop } from '#/storage/preview/geometry'
import { areaOf, MAX_AVIF_PIXELS, MAX_OWN_PIXELS, MAX_STRIP_PIXELS, tooLarge } from './limits.ts'
import { mirroredCrop, quarterTurn, type Turn, turnedCrop, turnFurther } from './orientation.ts'
import {
  type Effect,
  type Format,
  LOSSLESS,
  type PreviewParams,
  type PreviewPlan,
  parseColor,
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
  const shown = withoutIdle(params, source, format)
  const asked = planPreview(shown, source, format)
  if (asked.animated) {
    return { plan: asked, turn: upright?.turn, crop: mirrored(asked.crop), way: 'frames' }
  }
  const quarter = quarterTurn(params.rotation)
  const whole = quarter ? planPreview({ ...shown, rotation: 0 }, source, format) : asked
  const plan = onGround(whole, source, params.background)
  const crop = plan.crop && quarter ? turnedCrop(plan.crop, quarter) : plan.crop
  const turn = turnFurther(upright, quarter ?? 0)
  return { plan, turn, crop: mirrored(crop), way: wayOf(plan, source) }
}

/**
 * Leaves out what does not show: a background behind an opaque picture, and opacity that no background shows
 * through in a format without it (docs/contract/storage.md §9.6).
 */
function withoutIdle(params: PreviewParams, source: Probe, format: Format): PreviewParams {
  const { opacity, background } = params
  if (opacity === 1) return source.mayBeClear ? params : { ...params, background: undefined }
  const isIdle = format === 'jpeg' || (format === 'gif' && opacity > 0)
  return isIdle && background === undefined ? { ...params, opacity: 1 } : params
}

const WHITE = 'fff'

/**
 * Lays what a JPEG cannot show as clear over the background, or over white: Differs: upstream shows it black.
 */
function onGround(plan: PreviewPlan, source: Probe, background = WHITE): PreviewPlan {
  if (plan.format !== 'jpeg' || isOpaque(plan.effects, source.mayBeClear)) return plan
  // The binding lays it over white for pictures beyond us.
  if (plan.effects.length === 0 && areaOf(plan.size) > MAX_STRIP_PIXELS) return plan
  const ground = { kind: 'background', color: parseColor(background) } as const
  return { ...plan, effects: [...plan.effects, ground], direct: false }
}

/** Checks whether a picture is opaque after effects. */
export function isOpaque(effects: readonly Effect[], mayBeClear: boolean): boolean {
  let opaque = !mayBeClear
  for (const { kind } of effects) {
    if (kind === 'background' || kind === 'border') opaque = true
    else if (kind !== 'mirror') opaque = false
  }
  return opaque
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
