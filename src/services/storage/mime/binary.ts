import { byteAt, u16le } from './bytes.ts'
import { sniffEbml, sniffIsoMedia, sniffOgg, sniffRiff } from './media.ts'
import { sniffZip } from './zip.ts'

/** What a file starts with, and the media type that tells. */
const MAGICS: readonly (readonly [magic: string, mimeType: string])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['II*\0', 'image/tiff'],
  ['MM\0*', 'image/tiff'],
  ['II+\0', 'image/tiff'],
  ['MM\0+', 'image/tiff'],
  ['8BPS\0', 'image/vnd.adobe.photoshop'],
  ['\0\0\0\x0cjP  \r\n\x87\n', 'image/jp2'],
  ['\0\0\0\x0cJXL \r\n\x87\n', 'image/jxl'],
  ['FLV\x01', 'video/x-flv'],
  ['\x30\x26\xb2\x75\x8e\x66\xcf\x11', 'video/x-ms-asf'],
  ['\0\0\x01\xba', 'video/mpeg'],
  ['fLaC', 'audio/flac'],
  ['MThd\0\0', 'audio/midi'],
  ['.snd\0', 'audio/basic'],
  ['%PDF-', 'application/pdf'],
  ['\xef\xbb\xbf%PDF-', 'application/pdf'],
  ['PK\x05\x06', 'application/zip'],
  ['PK\x07\x08PK\x03\x04', 'application/zip'],
  ['\x1f\x8b', 'application/gzip'],
  ['Rar!\x1a\x07', 'application/x-rar'],
  ['7z\xbc\xaf\x27\x1c', 'application/x-7z-compressed'],
  ['BZh91AY&SY', 'application/x-bzip2'],
  ['\xfd7zXZ\0', 'application/x-xz'],
  ['\x28\xb5\x2f\xfd', 'application/zstd'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'application/CDFV2'],
  ['SQLite format 3\0', 'application/vnd.sqlite3'],
  ['\0asm', 'application/wasm'],
  ['wOFF\0', 'font/woff'],
  ['wOFFOTTO', 'font/woff'],
  ['wOF2\0', 'font/woff2'],
  ['wOF2OTTO', 'font/woff2'],
  ['OTTO\0', 'application/vnd.ms-opentype'],
  ['true\0', 'font/sfnt'],
  ['ttcf\0', 'font/collection'],
]

const SNIFFERS = [
  sniffMagic,
  sniffIsoMedia,
  sniffRiff,
  sniffOgg,
  sniffEbml,
  sniffZip,
  sniffFrames,
  sniffBitmap,
  sniffIcon,
  sniffTrueType,
  sniffForm,
  sniffTar,
]

/**
 * Returns the media type of a binary format, given the file's head as one character a byte, or null
 * (storage contract 5.4).
 */
export function sniffBinary(raw: string): string | null {
  for (const sniff of SNIFFERS) {
    const mimeType = sniff(raw)
    if (mimeType !== null) return mimeType
  }
  return null
}

function sniffMagic(raw: string): string | null {
  return MAGICS.find(([magic]) => raw.startsWith(magic))?.[1] ?? null
}

/** Tells MP3 and ADTS AAC by a tag or by the header of the first frame. */
function sniffFrames(raw: string): string | null {
  if (raw.startsWith('ID3')) return raw.length > 4 && byteAt(raw, 3) < 10 ? 'audio/mpeg' : null
  const second = byteAt(raw, 1)
  const third = byteAt(raw, 2)
  if (byteAt(raw, 0) !== 0xff || second < 0xe0 || raw.length < 4) return null
  if ((second & 0xf6) === 0xf0) return ((third >> 2) & 15) < 13 ? 'audio/x-hx-aac-adts' : null
  return isMpegFrame(second, third) ? 'audio/mpeg' : null
}

/** Whether these are the second and third byte of a frame header of layer II or III. */
function isMpegFrame(second: number, third: number): boolean {
  const version = (second >> 3) & 3
  const layer = (second >> 1) & 3
  const bitrate = third >> 4
  const rate = (third >> 2) & 3
  return version !== 1 && (layer === 1 || layer === 2) && bitrate > 0 && bitrate < 15 && rate !== 3
}

/** The sizes the header after that of a BMP file has had over time. */
const BITMAP_HEADERS: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124])

function sniffBitmap(raw: string): string | null {
  if (!raw.startsWith('BM') || u16le(raw, 16) !== 0) return null
  return BITMAP_HEADERS.has(u16le(raw, 14)) ? 'image/x-ms-bmp' : null
}

function sniffIcon(raw: string): string | null {
  if (!raw.startsWith('\0\0\x01\0') || u16le(raw, 4) === 0) return null
  return byteAt(raw, 9) === 0 ? 'image/vnd.microsoft.icon' : null
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

/** Tells a tar archive, old or new, by the checksum of its first header. */
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
