/**
 * Quantisation steps of brightness at quality 50, in the order of a file (JPEG: ITU-T T.81, table K.1 in the
 * zigzag of figure 5).
 */
export const STEPS = [
  ...[16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40],
  ...[26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51],
  ...[56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87],
  ...[95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99],
]
const START_OF_SCAN = 0xda
const TABLES = 0xdb

/** Returns the steps of the first table for brightness; undefined where the bytes end before it. */
function stepsOf(bytes: Uint8Array): number[] | undefined {
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]
    if (marker === START_OF_SCAN) return
    const table = bytes[at + 4] ?? 0
    if (marker === TABLES && (table & 15) === 0)
      return readSteps(bytes.subarray(at + 5), table >> 4)
    at += 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  }
  return
}

/** Reads 64 steps of 8 bits, or of 16. */
const readSteps = (bytes: Uint8Array, wide: number) =>
  STEPS.map((_, index) =>
    wide ? ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0) : (bytes[index] ?? 0),
  )

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

/**
 * Estimates at which quality a JPEG was encoded, from 1 to 100, by how coarse its steps are against those of
 * the standard (docs/contract/storage.md §9.8).
 * @returns undefined where its tables cannot be read
 */
export function jpegQuality(bytes: Uint8Array): number | undefined {
  const steps = stepsOf(bytes)
  // A step that met the upper bound of 8 bits does not tell how far beyond it would be.
  const telling = steps?.flatMap((step, index) => (step > 0 && step !== 255 ? [index] : [])) ?? []
  if (!steps || telling.length === 0) return
  const of = (table: readonly number[]) => sum(telling.map((index) => table[index] ?? 0))
  const percent = (of(steps) / of(STEPS)) * 100
  const quality = percent <= 100 ? 100 - percent / 2 : 5000 / percent
  return Math.min(100, Math.max(1, Math.round(quality)))
}
