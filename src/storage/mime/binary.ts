import { behindId3, sniffFrame, sniffTagged } from './audio.ts'
import { byteAt, u16le } from './bytes.ts'
import { cfbDirectory, sniffCfb } from './cfb.ts'
import { sniffInside, sniffMagic } from './magics.ts'
import { sniffEbml, sniffIsoMedia, sniffOgg, sniffRiff } from './media.ts'
import { sniffProgram } from './programs.ts'
import { sniffTransport } from './transport.ts'
import { sniffZip, ZIP_TYPE } from './zip.ts'

const SNIFFERS = [
  sniffMagic,
  sniffIsoMedia,
  sniffRiff,
  sniffOgg,
  sniffEbml,
  sniffZip,
  sniffCfb,
  sniffSound,
  sniffProgram,
  sniffBitmap,
  sniffIcon,
  sniffTrueType,
  sniffForm,
  sniffTar,
  sniffInside,
  sniffTransport,
]

/**
 * Returns the media type of a binary format, given the file's head as one character a byte, or null
 * (docs/contract/storage.md §5.4).
 * @param more what {@link beyondHead} asks for
 */
export function sniffBinary(raw: string, more?: string): string | null {
  for (const sniff of SNIFFERS) {
    const mimeType = sniff(raw, more)
    if (mimeType !== null) return mimeType
  }
  return null
}

/** Recognises sound by its tag or by the header of its first frame. */
function sniffSound(raw: string, more?: string): string | null {
  const at = behindId3(raw)
  return at === undefined ? sniffFrame(raw) : sniffTagged(more ?? raw.slice(at))
}

/** The sizes the header after that of a BMP file has had over time. */
const BITMAP_HEADERS: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124])

function sniffBitmap(raw: string): string | null {
  if (!raw.startsWith('BM') || u16le(raw, 16) !== 0) return null
  return BITMAP_HEADERS.has(u16le(raw, 14)) ? 'image/x-ms-bmp' : null
}

/** Recognises icons and cursors, which differ in one byte. */
function sniffIcon(raw: string): string | null {
  const isCursor = raw.startsWith('\0\0\x02\0')
  if ((!isCursor && !raw.startsWith('\0\0\x01\0')) || u16le(raw, 4) === 0) return null
  if (byteAt(raw, 9) !== 0) return null
  return isCursor ? 'image/x-win-bitmap' : 'image/vnd.microsoft.icon'
}

function sniffTrueType(raw: string): string | null {
  const tables = byteAt(raw, 5)
  if (!raw.startsWith('\0\x01\0\0\0') || tables === 0 || tables > 64) return null
  return /^[\x20-\x7e]{4}$/.test(raw.slice(12, 16)) ? 'font/sfnt' : null
}

function sniffForm(raw: string): string | null {
  if (!raw.startsWith('FORM')) return null
  return ['AIFF', 'AIFC'].includes(raw.slice(8, 12)) ? 'audio/x-aiff' : null
}

const TAR_HEADER = 512
const TAR_SUM = 148
const TAR_SUM_END = 156

/** Recognises a tar archive, old or new, by the checksum of its first header. */
function sniffTar(raw: string): string | null {
  if (raw.length < TAR_HEADER || byteAt(raw, 0) === 0) return null
  const field = /^ {0,7}([0-7]{1,7})[ \0]/.exec(raw.slice(TAR_SUM, TAR_SUM_END))
  if (field?.[1] === undefined) return null
  let sum = 0
  for (let at = 0; at < TAR_HEADER; at += 1) {
    sum += at >= TAR_SUM && at < TAR_SUM_END ? 0x20 : byteAt(raw, at)
  }
  return sum === Number.parseInt(field[1], 8) ? 'application/x-tar' : null
}

/** What is read behind an ID3 tag, in bytes. */
const FRAME_BYTES = 16
/** How much of a ZIP archive's end is read: its list of entries, or as much of it as tells. */
const DIRECTORY_BYTES = 64 * 1024

/**
 * Returns the part of a file that tells its type where the head does not: what follows a tag, the directory of a
 * compound file, the list of entries of a ZIP archive.
 */
export function beyondHead(
  raw: string,
  sizeBytes: number,
): { offset: number; length: number } | undefined {
  const sound = behindId3(raw)
  const wanted =
    cfbDirectory(raw) ?? (sound === undefined ? undefined : { offset: sound, length: FRAME_BYTES })
  if (wanted) return inside(wanted, raw.length, sizeBytes)
  if (sizeBytes <= raw.length || sniffZip(raw) !== ZIP_TYPE) return
  const offset = Math.max(raw.length, sizeBytes - DIRECTORY_BYTES)
  return { offset, length: sizeBytes - offset }
}

function inside({ offset, length }: { offset: number; length: number }, from: number, to: number) {
  const end = Math.min(offset + length, to)
  return end > from && offset < to ? { offset, length: end - offset } : undefined
}
