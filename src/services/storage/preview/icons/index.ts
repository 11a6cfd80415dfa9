import type { SourceKind } from '../plan.ts'
import image from './image.png'
import none from './none.png'
import video from './video.png'

/** Gives the PNG, 1200 × 800, that stands in for a file without a picture (storage contract 9.3). */
export function iconBytes(kind: Exclude<SourceKind, 'file'>): Uint8Array<ArrayBuffer> {
  return new Uint8Array({ 'image-icon': image, 'video-icon': video, 'none-icon': none }[kind])
}
