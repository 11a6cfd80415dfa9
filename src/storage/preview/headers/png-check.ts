import { crc32 } from 'node:zlib'

/** Checks a PNG that passes by in pieces. */
export type PngCheck = {
  /** Takes the next bytes. */
  take(bytes: Uint8Array): void
  /** Checks whether all chunks up to the last one were there, unharmed. */
  isWhole(): boolean
}

const SIGNATURE_BYTES = 8
const HEADER_BYTES = 8
const SUM_BYTES = 4
const END = 'IEND'

/** Walks chunks and compares their sums (PNG specification §5.3 and §5.5). */
export function pngCheck(): PngCheck {
  const head = new Uint8Array(HEADER_BYTES + SUM_BYTES)
  let seen = -SIGNATURE_BYTES
  let left = 0
  let sum = 0
  let state: 'walking' | 'whole' | 'broken' = 'walking'

  /** Takes a byte of a chunk's header, or of the sum behind its content. */
  function step(byte: number) {
    if (seen >= 0) head[seen] = byte
    seen++
    const view = new DataView(head.buffer)
    if (seen === HEADER_BYTES) {
      left = view.getUint32(0)
      sum = crc32(head.subarray(4, HEADER_BYTES))
    } else if (seen === head.length) {
      const name = String.fromCharCode(...head.subarray(4, HEADER_BYTES))
      if (view.getUint32(HEADER_BYTES) !== sum) state = 'broken'
      else if (name === END) state = 'whole'
      seen = 0
    }
  }
  return {
    take(bytes) {
      for (let at = 0; at < bytes.length && state === 'walking'; ) {
        if (seen !== HEADER_BYTES || left === 0) step(bytes[at++] ?? 0)
        else {
          const content = bytes.subarray(at, at + left)
          sum = crc32(content, sum)
          left -= content.length
          at += content.length
        }
      }
    },
    isWhole: () => state === 'whole',
  }
}
