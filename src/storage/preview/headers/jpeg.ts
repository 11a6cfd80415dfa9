import { Buffer } from 'node:buffer'
import type { Size } from '#/storage/preview/geometry'
import { exifOrientation } from './exif.ts'

/** What a JPEG says before its first scan; sides as stored. */
export type JpegHeader = Size & {
  orientation: number
  /** Whether it is made of four inks, and no profile says what they look like. */
  needsInks: boolean
}

const FILL = 0xff
const SCAN = 0xda
const END = 0xd9
const APP1 = 0xe1
const APP2 = 0xe2
const EXIF = 'Exif\0\0'
const PROFILE = 'ICC_PROFILE\0'
const INKS = 4
/** Start-of-frame markers lie between these, among others that are none. */
const [FIRST_FRAME, LAST_FRAME] = [0xc0, 0xcf]
const NO_FRAMES: readonly number[] = [0xc4, 0xc8, 0xcc]

/** What has no length: an escaped byte of a scan, and markers that restart it. */
const STANDALONE = new Set([0x00, 0x01, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8])

const isFrame = (marker: number) =>
  marker >= FIRST_FRAME && marker <= LAST_FRAME && !NO_FRAMES.includes(marker)

/** The first frame header of a JPEG; sides as stored. */
export type JpegFrame = Size & { marker: number; content: Uint8Array }

/**
 * Reads the frame header that decoders go by: the first one of any kind.
 * @returns undefined where the bytes end before it, or a scan comes first
 */
export function readJpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  for (const { marker, content } of segments(bytes)) {
    if (!isFrame(marker)) continue
    if (content.length < 6) return
    return { marker, content, height: uint16(content, 1), width: uint16(content, 3) }
  }
  return
}

/**
 * Reads segments up to the first scan, as decoders do: byte by byte nothing is searched for (ITU-T T.81,
 * B.1.1).
 * @returns undefined where the bytes are none, or end before the frame header
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const frame = readJpegFrame(bytes)
  if (!frame) return
  let orientation = 1
  let hasProfile = false
  for (const { marker, content } of segments(bytes)) {
    if (marker === APP1 && startsWith(content, EXIF)) {
      orientation = exifOrientation(content) ?? orientation
    }
    hasProfile ||= marker === APP2 && startsWith(content, PROFILE)
  }
  const { width, height, content } = frame
  return { width, height, orientation, needsInks: content[5] === INKS && !hasProfile }
}

const startsWith = (content: Uint8Array, text: string) =>
  Buffer.from(content.subarray(0, text.length)).toString('latin1') === text

/** Walks the segments before the first scan. */
function* segments(bytes: Uint8Array): Generator<{ marker: number; content: Uint8Array }> {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === FILL; ) {
    const marker = bytes[at + 1] ?? 0
    if (marker === FILL) {
      at++
      continue
    }
    const length = uint16(bytes, at + 2)
    if (marker === SCAN || marker === END || length < 2) return
    yield { marker, content: bytes.subarray(at + 4, at + 2 + length) }
    at += 2 + length
  }
}

const uint16 = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/** Counts the scans of a JPEG that passes by in pieces. */
export type ScanCounter = {
  /** Takes the next bytes. @returns how many scans have begun so far */
  count(bytes: Uint8Array): number
  /** Checks whether the end of the picture has been seen. */
  hasEnded(): boolean
}

/**
 * Walks markers and the data between them to the end of the picture: what follows it, such as a second
 * picture, is not decoded. A decoder passes over all pixels once a scan, however few bytes the scan has.
 */
export function scanCounter(): ScanCounter {
  let scans = 0
  let ended = false
  /** Bytes of a segment, or of the start, that are not looked at. */
  let skip = 2
  /** The beginning of a marker whose rest is in the next piece. */
  let rest: Uint8Array = new Uint8Array(0)

  /** Looks at a marker. @returns how many bytes it takes; 0 when they are not all there */
  function take(bytes: Buffer, at: number): number {
    const marker = bytes[at + 1]
    if (marker === undefined) return 0
    if (marker === FILL) return 1
    ended = marker === END
    if (ended || STANDALONE.has(marker)) return 2
    if (at + 4 > bytes.length) return 0
    if (marker === SCAN) scans++
    skip = bytes.readUInt16BE(at + 2)
    return 2
  }
  return {
    count(piece) {
      const bytes = Buffer.concat([rest, piece])
      rest = new Uint8Array(0)
      let at = 0
      while (!ended) {
        const passed = Math.min(skip, bytes.length - at)
        skip -= passed
        at = bytes.indexOf(FILL, at + passed)
        if (at < 0) break
        const taken = take(bytes, at)
        if (taken === 0) {
          rest = bytes.subarray(at)
          break
        }
        at += taken
      }
      return scans
    },
    hasEnded: () => ended,
  }
}
