import { Buffer } from 'node:buffer'
import type { Size } from '../plan.ts'

const SIGNATURE = '\x89PNG\r\n\x1a\n'
/** Chunks of an animated PNG that its still picture does not need (APNG specification). */
const ANIMATION = ['acTL', 'fcTL', 'fdAT']

const text = (bytes: Uint8Array, from: number, to: number) =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1')

/** Reads the size of a PNG; undefined where the bytes are none. */
export function readPngSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 24 || text(bytes, 0, 8) !== SIGNATURE || text(bytes, 12, 16) !== 'IHDR') return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** Checks whether a PNG announces an animation, which it does before its pixels. */
export const isAnimatedPng = (head: Uint8Array) =>
  readPngSize(head) !== undefined && Buffer.from(head).includes('acTL')

/** Leaves out what animates a PNG, so that no decoder comes to see its other frames. */
export function stillPng(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const kept = new Uint8Array(bytes.length)
  kept.set(bytes.subarray(0, 8))
  let length = 8
  for (let at = 8; at + 8 <= bytes.length; ) {
    const chunk = bytes.subarray(at, at + 12 + view.getUint32(at))
    if (!ANIMATION.includes(text(chunk, 4, 8))) {
      kept.set(chunk, length)
      length += chunk.length
    }
    at += chunk.length
  }
  return kept.subarray(0, length)
}
