import { byteAt } from './bytes.ts'

/** Major brands of ISO base media files; the first one whose letters a file's brand starts with. */
const BRANDS: readonly (readonly [brand: string, mimeType: string])[] = [
  ['avif', 'image/avif'],
  ['avis', 'image/avif'],
  ['heic', 'image/heic'],
  ['heix', 'image/heic'],
  ['heim', 'image/heic'],
  ['heis', 'image/heic'],
  ['hevc', 'image/heic-sequence'],
  ['hevx', 'image/heic-sequence'],
  ['hevm', 'image/heic-sequence'],
  ['hevs', 'image/heic-sequence'],
  ['mif1', 'image/heif'],
  ['msf1', 'image/heif'],
  ['qt  ', 'video/quicktime'],
  ['M4A', 'audio/x-m4a'],
  ['M4B', 'audio/mp4'],
  ['F4A', 'audio/mp4'],
  ['F4B', 'audio/mp4'],
  ['M4V', 'video/x-m4v'],
  ['3g2', 'video/3gpp2'],
  ['3g', 'video/3gpp'],
  ['iso', 'video/mp4'],
  ['mp4', 'video/mp4'],
  ['mp7', 'video/mp4'],
  ['avc1', 'video/mp4'],
  ['av01', 'video/mp4'],
  ['hvc1', 'video/mp4'],
  ['hev1', 'video/mp4'],
  ['dash', 'video/mp4'],
  ['cmf', 'video/mp4'],
  ['mmp4', 'video/mp4'],
  ['msdh', 'video/mp4'],
  ['msix', 'video/mp4'],
  ['MSNV', 'video/mp4'],
  ['ND', 'video/mp4'],
  ['XAVC', 'video/mp4'],
  ['M4P', 'video/mp4'],
  ['F4V', 'video/mp4'],
  ['F4P', 'video/mp4'],
]

/** The atoms a QuickTime movie without a brand starts with. */
const ATOMS: ReadonlySet<string> = new Set(['moov', 'mdat', 'wide', 'skip', 'free', 'pnot'])

/** Returns the media type by the brand of an ISO media file, or null (docs/contract/storage.md §5.4). */
export function sniffIsoMedia(raw: string): string | null {
  const box = raw.slice(4, 8)
  if (box !== 'ftyp') return byteAt(raw, 0) === 0 && ATOMS.has(box) ? 'video/quicktime' : null
  return BRANDS.find(([brand]) => raw.startsWith(brand, 8))?.[1] ?? null
}

const RIFF_FORMS: ReadonlyMap<string, string> = new Map([
  ['WEBP', 'image/webp'],
  ['WAVE', 'audio/x-wav'],
  ['AVI ', 'video/x-msvideo'],
])

/** Returns the media type by the form of a RIFF file, or null (docs/contract/storage.md §5.4). */
export function sniffRiff(raw: string): string | null {
  return raw.startsWith('RIFF') ? (RIFF_FORMS.get(raw.slice(8, 12)) ?? null) : null
}

const OGG_AUDIO = ['\x01vorbis', 'OpusHead', '\x7fFLAC', 'Speex   ']
const OGG_VIDEO = ['\x80theora', 'fishead\0', '\x01video']
const OGG_PACKET = 28

/** Returns the media type by the first packet of an Ogg stream, or null (docs/contract/storage.md §5.4). */
export function sniffOgg(raw: string): string | null {
  if (!raw.startsWith('OggS\0')) return null
  if (OGG_AUDIO.some((codec) => raw.startsWith(codec, OGG_PACKET))) return 'audio/ogg'
  if (OGG_VIDEO.some((codec) => raw.startsWith(codec, OGG_PACKET))) return 'video/ogg'
  return 'application/ogg'
}

const EBML_HEADER = 4096

/** Returns the media type by the doctype of an EBML file, or null (docs/contract/storage.md §5.4). */
export function sniffEbml(raw: string): string | null {
  if (!raw.startsWith('\x1a\x45\xdf\xa3')) return null
  const element = raw.slice(0, EBML_HEADER).indexOf('\x42\x82', 4)
  if (element < 0) return null
  // A length comes first, of one byte as a rule and eight at most.
  const doctype = raw.slice(element + 3, element + 18)
  if (doctype.includes('webm')) return 'video/webm'
  return doctype.includes('matroska') ? 'video/x-matroska' : null
}
