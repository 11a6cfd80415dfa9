import { sniffText } from './mime-text.ts'

const latin1 = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)

/** Matches content by fixed bytes at a fixed place. */
type Magic = readonly [type: string, offset: number, bytes: string]

const MAGIC: readonly Magic[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF87a'],
  ['image/gif', 0, 'GIF89a'],
  ['image/tiff', 0, 'II*\0'],
  ['image/tiff', 0, 'MM\0*'],
  ['image/vnd.adobe.photoshop', 0, '8BPS\0\x01'],
  ['image/vnd.microsoft.icon', 0, '\0\0\x01\0'],
  ['application/pdf', 0, '%PDF-'],
  ['application/gzip', 0, '\x1f\x8b'],
  ['application/x-rar', 0, 'Rar!\x1a\x07'],
  ['application/x-7z-compressed', 0, "7z\xbc\xaf'\x1c"],
  ['application/zstd', 0, '\x28\xb5\x2f\xfd'],
  ['application/x-bzip2', 0, 'BZh'],
  ['application/x-xz', 0, '\xfd7zXZ\0'],
  ['application/x-tar', 257, 'ustar'],
  ['application/CDFV2', 0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['application/vnd.sqlite3', 0, 'SQLite format 3\0'],
  ['application/wasm', 0, '\0asm'],
  ['application/x-executable', 0, '\x7fELF'],
  ['application/x-dosexec', 0, 'MZ'],
  ['audio/flac', 0, 'fLaC'],
  ['audio/ogg', 0, 'OggS'],
  ['audio/mpeg', 0, 'ID3'],
  ['audio/mid', 0, 'MThd'],
  ['audio/basic', 0, '.snd'],
  ['video/x-flv', 0, 'FLV\x01'],
  ['video/x-ms-wmv', 0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11'],
  ['font/woff', 0, 'wOFF'],
  ['font/woff2', 0, 'wOF2'],
  ['font/otf', 0, 'OTTO'],
  ['font/sfnt', 0, '\0\x01\0\0\0'],
  ['text/rtf', 0, '{\\rtf'],
]

/** Types by the four letters after RIFF and a size. */
const RIFF: Record<string, string> = {
  WEBP: 'image/webp',
  WAVE: 'audio/x-wav',
  'AVI ': 'video/x-msvideo',
}

/** Types by the major brand of an ISO base media file. */
const BRANDS: Record<string, string> = {
  heic: 'image/heic',
  heix: 'image/heic',
  hevc: 'image/heic-sequence',
  hevx: 'image/heic-sequence',
  mif1: 'image/heif',
  msf1: 'image/heif',
  avif: 'image/avif',
  avis: 'image/avif',
  'qt  ': 'video/quicktime',
  'M4V ': 'video/x-m4v',
  'M4A ': 'audio/x-m4a',
  'M4B ': 'audio/x-m4a',
}

const OFFICE = 'application/vnd.openxmlformats-officedocument'
/** Types of ZIP archives by an entry that only they have. */
const ZIPPED: readonly (readonly [entry: string, type: string])[] = [
  ['word/', `${OFFICE}.wordprocessingml.document`],
  ['xl/', `${OFFICE}.spreadsheetml.sheet`],
  ['ppt/', `${OFFICE}.presentationml.presentation`],
]

/**
 * Tells what bytes are by looking at them, in the words of the contract (storage contract 5.4). Names and
 * what a client declares are not asked.
 * @param head the first bytes, up to 64 KiB; all of them when the file is smaller
 * @param sizeBytes size of the whole file
 */
export function sniffMimeType(head: Uint8Array, sizeBytes: number): string {
  if (sizeBytes === 0) return 'application/x-empty'
  if (sizeBytes === 1) return 'application/octet-stream'
  return sniffBinary(head) ?? sniffText(head, head.length < sizeBytes) ?? 'application/octet-stream'
}

function sniffBinary(head: Uint8Array): string | undefined {
  const start = latin1(head.subarray(0, 512))
  const magic = MAGIC.find(([, offset, bytes]) => start.startsWith(bytes, offset))
  if (magic) return magic[0]
  if (start.startsWith('RIFF')) return RIFF[start.slice(8, 12)]
  if (start.startsWith('ftyp', 4)) return sniffBrand(start)
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return sniffZip(head)
  if (start.startsWith('\x1aE\xdf\xa3')) {
    return start.includes('webm') ? 'video/webm' : 'video/x-matroska'
  }
  if (start.startsWith('BM') && start.slice(6, 10) === '\0\0\0\0') return 'image/x-ms-bmp'
  if (start.startsWith('FORM') && /^AIF[FC]/.test(start.slice(8))) return 'audio/x-aiff'
  if (start[0] === 'G' && start[188] === 'G' && start[376] === 'G') return 'video/MP2T'
  return sniffAudioFrame(head)
}

function sniffBrand(start: string) {
  const brand = start.slice(8, 12)
  if (brand.startsWith('3g')) return 'video/3gpp'
  return BRANDS[brand] ?? 'video/mp4'
}

function sniffZip(head: Uint8Array) {
  const text = latin1(head)
  if (!text.includes('[Content_Types].xml')) return 'application/zip'
  return ZIPPED.find(([entry]) => text.includes(entry))?.[1] ?? 'application/zip'
}

/** Reads the frame headers of ADTS AAC (layer bits 00) and MPEG audio (ISO 13818-7 §6.2, ISO 11172-3 §2.4). */
function sniffAudioFrame([first = 0, second = 0, third = 0]: Uint8Array) {
  if (first !== 0xff) return
  if ((second & 0xf6) === 0xf0) return 'audio/x-hx-aac-adts'
  const layer = (second >> 1) & 3
  const bitrate = third >> 4
  const rate = (third >> 2) & 3
  const isFrame =
    (second & 0xe0) === 0xe0 && layer !== 0 && bitrate !== 15 && bitrate !== 0 && rate !== 3
  return isFrame ? 'audio/mpeg' : undefined
}

const WORD = 'application/vnd.ms-word.document.macroEnabled.12'
const excel = ['sheet', 'template', 'addin', 'sheet.binary'].map(
  (kind) => `application/vnd.ms-excel.${kind}.macroEnabled.12`,
)
const powerpoint = ['addin', 'presentation', 'template', 'slideshow'].map(
  (kind) => `application/vnd.ms-powerpoint.${kind}.macroEnabled.12`,
)

/** Types that a view shows as what they are; others are shown as plain text (storage contract 8.3). */
export const INLINE_TYPES: ReadonlySet<string> = new Set([
  ...['jpeg', 'gif', 'png', 'webp', 'heic', 'heic-sequence', 'avif'].map((name) => `image/${name}`),
  ...['mp4', 'x-flv', 'webm', 'MP2T', '3gpp', 'quicktime', 'x-msvideo', 'x-ms-wmv'].map(
    (name) => `video/${name}`,
  ),
  ...['basic', 'mid', 'mpeg', 'mp4', 'x-aiff', 'x-mpegurl', 'vnd.rn-realaudio', 'ogg', 'vorbis']
    .concat('vnd.wav', 'x-wav', 'aac', 'x-hx-aac-adts')
    .map((name) => `audio/${name}`),
  'application/x-mpegURL',
  'application/msword',
  `${OFFICE}.wordprocessingml.document`,
  `${OFFICE}.wordprocessingml.template`,
  WORD,
  'application/vnd.ms-excel',
  `${OFFICE}.spreadsheetml.sheet`,
  `${OFFICE}.spreadsheetml.template`,
  ...excel,
  'application/vnd.ms-powerpoint',
  ...['presentation', 'template', 'slideshow'].map((kind) => `${OFFICE}.presentationml.${kind}`),
  ...powerpoint,
  'application/vnd.ms-access',
  'application/pdf',
])

export const isInline = (mimeType: string) => INLINE_TYPES.has(mimeType)
