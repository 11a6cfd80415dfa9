import type { SourceKind } from '../plan.ts'
import image from './image.png'
import none from './none.png'
import video from './video.png'

/** Gives the PNG, 1200 × 800, that stands in for a file without a picture (storage contract 9.3). */
export function iconStream(kind: Exclude<SourceKind, 'file'>): ReadableStream<Uint8Array> {
  const bytes = { 'image-icon': image, 'video-icon': video, 'none-icon': none }[kind]
  return new Blob([bytes]).stream()
}
