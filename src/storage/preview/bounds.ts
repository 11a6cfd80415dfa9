import { ApiError } from '#/errors'
import type { Size } from '#/storage/preview/geometry'
import {
  areaOf,
  MAX_ANIMATED_PIXELS,
  MAX_ENLARGED_PIXELS,
  MAX_FRAME_PIXELS,
  MAX_FRAMES,
  MAX_SIDE,
  MAX_SOURCE_PIXELS,
  tooLarge,
} from './limits.ts'
import { type PreviewPlan, sizeAfter } from './plan.ts'
import type { Probe } from './probe.ts'

/**
 * Bounds a preview before anything is decoded: every picture on the way to it, on every path.
 * @throws `storage_image_resolution_exceeded`
 * @throws `storage_file_type_unsupported` for an animation of too many frames
 */
export function bound(plan: PreviewPlan, source: Probe) {
  const { crop, effects } = plan
  const most = Math.max(areaOf(source), MAX_ENLARGED_PIXELS)
  if (crop) boundStage(crop.scaled, MAX_SOURCE_PIXELS)
  let size: Size = crop ?? source
  boundStage(size, most)
  for (const effect of effects) {
    size = sizeAfter(size, effect)
    boundStage(size, most)
  }
  if (plan.animated) boundFrames(plan, source)
}

function boundStage(size: Size, maxPixels: number) {
  if (Math.max(size.width, size.height) > MAX_SIDE || areaOf(size) > maxPixels) {
    throw tooLarge(`A preview has at most ${MAX_SIDE} pixels a side and ${maxPixels} in all.`)
  }
}

function boundFrames(plan: PreviewPlan, source: Probe) {
  if (source.frames > MAX_FRAMES) {
    throw new ApiError(
      'storage_file_type_unsupported',
      `The animation has more than ${MAX_FRAMES} frames.`,
    )
  }
  if (source.gif) boundStage(source.gif.extent, MAX_FRAME_PIXELS)
  const { framePixels = 0, frames } = source
  const worst = Math.max(
    ...[source.gif?.extent ?? source, plan.crop?.scaled ?? source, plan.size].map(areaOf),
  )
  if (worst > MAX_FRAME_PIXELS || Math.max(worst * frames, framePixels) > MAX_ANIMATED_PIXELS) {
    throw tooLarge('The animation has too many pixels to be rendered.')
  }
}
