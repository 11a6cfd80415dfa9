import { joinBytes } from '#/storage/preview/bytes'
import { type GifFrames, tableBytes, uint16 } from '#/storage/preview/headers/gif'
import { areaOf } from '#/storage/preview/limits'
import { bitWriter, fill, follow } from './lzw.ts'

const CONTROL = [0x21, 0xf9, 4]
const CONTROL_BYTES = 8
const HAS_CLEAR = 1
const TRAILER = 0x3b
const MAX_BLOCK = 255

/** Most bytes that the codes of a frame take: two of at most 12 bits for each pixel, and some to spare. */
const maxPayloadBytes = (pixels: number) => 3 * pixels + 16

/** Copies the content of sub-blocks from a place on, up to where the file stops or no pixel can be left. */
function payloadOf(bytes: Uint8Array, from: number, pixels: number): Uint8Array {
  const payload = new Uint8Array(Math.min(bytes.length - from, maxPayloadBytes(pixels)))
  let length = 0
  for (let at = from; length < payload.length && at < bytes.length && bytes[at] !== 0; ) {
    const end = Math.min(at + 1 + (bytes[at] ?? 0), bytes.length)
    for (at++; at < end && length < payload.length; at++) payload[length++] = bytes[at] ?? 0
    at = end
  }
  return payload.subarray(0, length)
}

/** Divides content into sub-blocks, with the empty one that ends them. */
function blocksOf(parts: readonly Uint8Array[]): Uint8Array {
  let left = parts.reduce((sum, part) => sum + part.length, 0)
  const blocks = new Uint8Array(left + Math.ceil(left / MAX_BLOCK) + 1)
  let at = 0
  for (const part of parts) {
    for (const byte of part) {
      if (at % (MAX_BLOCK + 1) === 0) blocks[at++] = Math.min(left, MAX_BLOCK)
      blocks[at++] = byte
      left--
    }
  }
  return blocks
}

/** Returns the control block before a frame, if it has one. */
function controlOf(bytes: Uint8Array, frame: number): Uint8Array | undefined {
  const block = bytes.subarray(frame - CONTROL_BYTES, frame)
  return CONTROL.every((byte, index) => block[index] === byte) ? block : undefined
}

/**
 * Completes the first frame of a GIF, which its file has in part: what is missing is clear, or has the background's
 * colour where the frame has no colour to spare.
 * @returns undefined when no pixel of it is there
 */
export function mendGif(bytes: Uint8Array, { firstAt }: GifFrames): Uint8Array | undefined {
  const size = { width: uint16(bytes, firstAt + 5), height: uint16(bytes, firstAt + 7) }
  const start = firstAt + 10 + tableBytes(bytes[firstAt + 9] ?? 0)
  const pixelBits = bytes[start] ?? 0
  if (pixelBits < 1 || pixelBits > 8) return
  const payload = payloadOf(bytes, start + 1, areaOf(size))
  const followed = follow(payload, pixelBits, areaOf(size))
  if (followed.left === areaOf(size)) return
  const control = controlOf(bytes, firstAt)
  const index = clearIndex(control, followed.used)
  const writer = bitWriter(payload, followed.end)
  fill(followed, pixelBits, index ?? Math.min(bytes[11] ?? 0, 2 ** pixelBits - 1), writer.write)
  return joinBytes([
    bytes.subarray(0, control ? firstAt - CONTROL_BYTES : firstAt),
    index === undefined ? (control ?? new Uint8Array(0)) : controlWith(control, index),
    bytes.subarray(firstAt, start + 1),
    blocksOf(writer.finish()),
    Uint8Array.of(TRAILER),
  ])
}

/** Returns the index of clear pixels: the one that the frame has, or one that none of its pixels uses. */
function clearIndex(control: Uint8Array | undefined, used: Uint8Array): number | undefined {
  if (control && ((control[3] ?? 0) & HAS_CLEAR) !== 0) return control[6]
  const index = used.indexOf(0)
  return index < 0 ? undefined : index
}

function controlWith(control: Uint8Array | undefined, index: number): Uint8Array {
  const block = control?.slice() ?? Uint8Array.of(...CONTROL, 0, 0, 0, 0, 0)
  block[3] = (block[3] ?? 0) | HAS_CLEAR
  block[6] = index
  return block
}
