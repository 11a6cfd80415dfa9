import { applyEffect } from '#/storage/preview/codecs/pixels'
import { decodePng, encodePng } from '#/storage/preview/codecs/png'
import { parseColor, type SourceKind } from '#/storage/preview/plan'
import image from './image.png'
import none from './none.png'
import video from './video.png'

const ICONS = { 'image-icon': image, 'video-icon': video, 'none-icon': none }

/**
 * Returns the PNG, 1200 × 800, that stands in for a file without a picture (docs/contract/storage.md §9.3).
 * @param background is laid under it at this size: an icon that is enlarged then needs no work of ours
 */
export function iconStream(kind: Exclude<SourceKind, 'file'>, background: string) {
  const icon = decodePng(new Uint8Array(ICONS[kind]))
  const color = parseColor(background)
  return new Blob([encodePng(applyEffect(icon, { kind: 'background', color }))]).stream()
}
