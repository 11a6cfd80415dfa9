import { Buffer } from 'node:buffer'

const ORIENTATION = 0x0112
const SHORT = 3

/** What precedes the TIFF structure in a JPEG; some writers put it into other formats too. */
const EXIF = 'Exif\0\0'

/**
 * Reads the orientation from EXIF, with or without the letters that precede it in a JPEG (Exif 2.32 §4.6.4).
 * @returns 1 to 8; undefined where there is none
 */
export function exifOrientation(bytes: Uint8Array): number | undefined {
  const isPrefixed = Buffer.from(bytes.subarray(0, EXIF.length)).toString('latin1') === EXIF
  return tiffOrientation(isPrefixed ? bytes.subarray(EXIF.length) : bytes)
}

function tiffOrientation(tiff: Uint8Array): number | undefined {
  if (tiff.length < 14) return
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  const little = view.getUint16(0) === 0x4949
  if (!little && view.getUint16(0) !== 0x4d4d) return
  const start = view.getUint32(4, little)
  if (start + 2 > tiff.length) return
  const entries = view.getUint16(start, little)
  for (let at = start + 2; at < start + 2 + entries * 12 && at + 12 <= tiff.length; at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION) continue
    const value = view.getUint16(at + 8, little)
    const known = view.getUint16(at + 2, little) === SHORT && value >= 1 && value <= 8
    return known ? value : undefined
  }
  return
}
