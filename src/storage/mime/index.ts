import { beyondHead, sniffBinary } from './binary.ts'
import { latin1 } from './bytes.ts'
import { sniffText } from './text.ts'

/** No more of a file than this is ever looked at. */
const HEAD_BYTES = 64 * 1024

const UNKNOWN = 'application/octet-stream'

/**
 * Returns the media type of a file by its content alone, in the manner of libmagic (docs/contract/storage.md §5.4).
 *
 * The tables are this module's own. `file-type` (MIT, 22.3.0) was weighed: it knows more binary formats, but no
 * text (CSV, JSON, calendars, mails, scripts), reports each Office document from before 2007 as a compound file,
 * has other names than libmagic for half of what clients compare (`video/vnd.avi`, `audio/wav`), reads files
 * through a tokenizer of its own, and needs Node 22. All of these tables would have had to stay beside it.
 *
 * @param head the file's beginning, of which 64 KiB count
 * @param sizeBytes the size of the whole file
 * @param more the part that {@link partToSniff} asks for
 */
export function sniffMimeType(head: Uint8Array, sizeBytes: number, more?: Uint8Array): string {
  if (sizeBytes === 0) return 'application/x-empty'
  const bytes = head.subarray(0, Math.min(HEAD_BYTES, sizeBytes))
  if (sizeBytes === 1 || bytes.length === 0) return UNKNOWN
  const raw = latin1(bytes)
  const binary = sniffBinary(raw, more && latin1(more))
  return binary ?? sniffText(bytes, raw, bytes.length < sizeBytes) ?? UNKNOWN
}

/** Returns the part of a file that has to be read to tell its type, where the head does not. */
export function partToSniff(head: Uint8Array, sizeBytes: number) {
  return beyondHead(latin1(head.subarray(0, Math.min(HEAD_BYTES, sizeBytes))), sizeBytes)
}

const OOXML = 'application/vnd.openxmlformats-officedocument.'

/** The media types of videos that a view shows and a preview has an icon for (docs/contract/storage.md §8.3, §9.3). */
export const VIDEO_TYPES: readonly string[] = [
  'video/mp4',
  'video/x-flv',
  'video/webm',
  'application/x-mpegURL',
  'video/MP2T',
  'video/3gpp',
  'video/quicktime',
  'video/x-msvideo',
  'video/x-ms-wmv',
]

/** The media types a view shows as themselves, not as text/plain (docs/contract/storage.md §8.3). */
export const INLINE_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/gif',
  'image/png',
  'image/webp',
  'image/heic',
  'image/heic-sequence',
  'image/avif',
  ...VIDEO_TYPES,
  'audio/basic',
  'audio/mid',
  'audio/mpeg',
  'audio/mp4',
  'audio/x-aiff',
  'audio/x-mpegurl',
  'audio/vnd.rn-realaudio',
  'audio/ogg',
  'audio/vorbis',
  'audio/vnd.wav',
  'audio/x-wav',
  'audio/aac',
  'audio/x-hx-aac-adts',
  'application/msword',
  `${OOXML}wordprocessingml.document`,
  `${OOXML}wordprocessingml.template`,
  'application/vnd.ms-word.document.macroEnabled.12',
  'application/vnd.ms-excel',
  `${OOXML}spreadsheetml.sheet`,
  `${OOXML}spreadsheetml.template`,
  'application/vnd.ms-excel.sheet.macroEnabled.12',
  'application/vnd.ms-excel.template.macroEnabled.12',
  'application/vnd.ms-excel.addin.macroEnabled.12',
  'application/vnd.ms-excel.sheet.binary.macroEnabled.12',
  'application/vnd.ms-powerpoint',
  `${OOXML}presentationml.presentation`,
  `${OOXML}presentationml.template`,
  `${OOXML}presentationml.slideshow`,
  'application/vnd.ms-powerpoint.addin.macroEnabled.12',
  'application/vnd.ms-powerpoint.presentation.macroEnabled.12',
  'application/vnd.ms-powerpoint.template.macroEnabled.12',
  'application/vnd.ms-powerpoint.slideshow.macroEnabled.12',
  'application/vnd.ms-access',
  'application/pdf',
])

/** Returns whether a view serves exactly this media type as itself (docs/contract/storage.md §8.3). */
export function isInline(mimeType: string): boolean {
  return INLINE_TYPES.has(mimeType)
}

export const SVG_TYPE = 'image/svg+xml'

/**
 * Returns the media type that a view serves a file as. SVG is a picture to an `<img>` and sandboxed wherever it
 * is a document. Differs: docs/contract/storage.md §8.3 has it as text, as upstream had.
 */
export function shownType(mimeType: string): string {
  return isInline(mimeType) || mimeType === SVG_TYPE ? mimeType : 'text/plain'
}
