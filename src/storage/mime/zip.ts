import { inflateRawSync } from 'node:zlib'
import { u16le, u32le } from './bytes.ts'

const LOCAL = 'PK\x03\x04'
const CENTRAL = 'PK\x01\x02'
const LOCAL_HEADER = 30
const CENTRAL_HEADER = 46

/** Entries looked at before an archive is taken for a plain one. */
const MAX_ENTRIES = 2000

export const ZIP_TYPE = 'application/zip'
const OOXML = 'application/vnd.openxmlformats-officedocument.'

/** The folders of an Office document that tell which kind it is. */
const PARTS: readonly (readonly [folder: string, mimeType: string])[] = [
  ['word/', `${OOXML}wordprocessingml.document`],
  ['xl/', `${OOXML}spreadsheetml.sheet`],
  ['ppt/', `${OOXML}presentationml.presentation`],
  ['visio/', 'application/vnd.ms-visio.drawing.main+xml'],
  ['FixedDocSeq.fdseq', 'application/vnd.ms-xpsdocument'],
  ['FixedDocumentSequence.fdseq', 'application/vnd.ms-xpsdocument'],
  ['3D/', 'model/3mf'],
]

/** The list of an Office document's parts with their types, which names it first as a rule. */
const TYPES_ENTRY = '[Content_Types].xml'
/** Entries that an Office document has and a folder that someone has zipped does not. */
const PACKAGE = [TYPES_ENTRY, '_rels/.rels', 'docProps/']

/** Entries that other packages have, by the beginning of their name. */
const MEMBERS: readonly (readonly [entry: RegExp, mimeType: string])[] = [
  [/^(?:AndroidManifest\.xml|classes\.dex)$/, 'application/vnd.android.package-archive'],
  [/^Payload\/[^/]+\.app\//, 'application/x-ios-app'],
  [/^META-INF\/MANIFEST\.MF$/, 'application/java-archive'],
  [/^doc\.kml$/, 'application/vnd.google-earth.kmz'],
  [/^[^/]+\.usd[ac]?$/, 'model/vnd.usdz+zip'],
]

/** What an archive may call itself in a leading entry `mimetype`, stored as it is. */
const SELF_NAMED =
  /^(?:application\/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]{1,40}|vnd\.sun\.xml\.[a-z.]{1,40}|vnd\.etsi\.asic-[es]\+zip|x-krita)|image\/openraster)$/

/**
 * Returns the media type of a ZIP archive or of what it holds, or null (docs/contract/storage.md §5.4).
 * @param end the archive's last bytes, where it goes on behind the head
 */
export function sniffZip(raw: string, end = ''): string | null {
  if (!raw.startsWith(LOCAL)) return null
  const names = entryNames(raw).concat(entryNames(end))
  return selfNamed(raw) ?? officeDocument(raw, names) ?? packaged(names) ?? ZIP_TYPE
}

function selfNamed(raw: string): string | null {
  if (!raw.startsWith('mimetype', LOCAL_HEADER) || u16le(raw, 26) !== 8) return null
  const start = LOCAL_HEADER + 8 + u16le(raw, 28)
  // A length that follows the data is not in the header.
  const length = u32le(raw, 18)
  const end = length > 0 ? start + length : raw.indexOf('PK', start)
  const name = raw.slice(start, end < 0 ? undefined : end).trim()
  return SELF_NAMED.test(name) ? name : null
}

function officeDocument(raw: string, names: readonly string[]): string | null {
  if (!names.some((name) => PACKAGE.some((entry) => name.startsWith(entry)))) return null
  const part = PARTS.find(([folder]) => names.some((name) => name.startsWith(folder)))
  return mainType(raw) ?? part?.[1] ?? null
}

const packaged = (names: readonly string[]): string | null =>
  MEMBERS.find(([entry]) => names.some((name) => entry.test(name)))?.[1] ?? null

/** The type of a document's main part: document, template or show, with macros or without. */
const MAIN =
  /"application\/(vnd\.(?:openxmlformats-officedocument\.(?:wordprocessingml|spreadsheetml|presentationml)|ms-(?:word|excel|powerpoint|visio))\.[a-zA-Z.]{1,60})\.main(?:\+xml)?"/

/** Reads what kind of Office document this is out of its list of types. */
function mainType(raw: string): string | null {
  const [, type] = MAIN.exec(typesList(raw)) ?? []
  if (type === undefined) return null
  if (type.startsWith('vnd.ms-visio.')) return `application/${type}.main+xml`
  return `application/${type}${type.endsWith('macroEnabled') ? '.12' : ''}`
}

/** A list of types is not longer than this. */
const MAX_TYPES_BYTES = 256 * 1024

/** Returns the text of the list of types where it is in the head; nothing where it cannot be read. */
function typesList(raw: string): string {
  for (let at = raw.indexOf(LOCAL); at >= 0; at = raw.indexOf(LOCAL, at + 4)) {
    if (!raw.startsWith(TYPES_ENTRY, at + LOCAL_HEADER)) continue
    const start = at + LOCAL_HEADER + u16le(raw, at + 26) + u16le(raw, at + 28)
    const method = u16le(raw, at + 8)
    const packed = raw.slice(start, start + (u32le(raw, at + 18) || MAX_TYPES_BYTES))
    return method === 8 ? inflated(packed) : packed
  }
  return ''
}

function inflated(packed: string): string {
  try {
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0))
    return inflateRawSync(bytes, { maxOutputLength: MAX_TYPES_BYTES }).toString('latin1')
  } catch {
    return '' // cut off by the head's end, or damaged: the folders tell
  }
}

/** Lists the entry names within a part of the archive, out of local headers and of the central directory. */
function entryNames(raw: string): string[] {
  const names: string[] = []
  let at = raw.indexOf('PK')
  while (at >= 0 && names.length < MAX_ENTRIES) {
    if (raw.startsWith(LOCAL, at)) names.push(nameAt(raw, at + LOCAL_HEADER, u16le(raw, at + 26)))
    if (raw.startsWith(CENTRAL, at)) {
      names.push(nameAt(raw, at + CENTRAL_HEADER, u16le(raw, at + 28)))
    }
    at = raw.indexOf('PK', at + 2)
  }
  return names
}

/** No name that matters is longer than this. */
const NAME_LENGTH = 64

const nameAt = (raw: string, at: number, length: number) =>
  raw.slice(at, at + Math.min(length, NAME_LENGTH))
