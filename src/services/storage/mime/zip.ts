import { u16le } from './bytes.ts'

const LOCAL = 'PK\x03\x04'
const CENTRAL = 'PK\x01\x02'

/** Entries looked at before an archive is taken for a plain one. */
const MAX_ENTRIES = 2000

const OOXML = 'application/vnd.openxmlformats-officedocument.'

/** The folders of an Office document that tell which kind it is. */
const PARTS: readonly (readonly [folder: string, mimeType: string])[] = [
  ['word/', `${OOXML}wordprocessingml.document`],
  ['xl/', `${OOXML}spreadsheetml.sheet`],
  ['ppt/', `${OOXML}presentationml.presentation`],
]

/** Entries that an Office document has and a folder that someone has zipped does not. */
const PACKAGE = ['[Content_Types].xml', '_rels/.rels', 'docProps/']

/** What an archive may call itself in a leading entry `mimetype`, stored as it is. */
const SELF_NAMED = [
  'application/epub+zip',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
  'application/vnd.oasis.opendocument.presentation',
  'application/vnd.oasis.opendocument.graphics',
]

/** Returns the media type of a ZIP archive or of what it holds, or null (storage contract 5.4). */
export function sniffZip(raw: string): string | null {
  if (!raw.startsWith(LOCAL)) return null
  return selfNamed(raw) ?? officeDocument(entryNames(raw)) ?? 'application/zip'
}

function selfNamed(raw: string): string | null {
  if (!raw.startsWith('mimetypeapplication/', 30)) return null
  const end = raw.indexOf('PK', 38)
  const name = raw.slice(38, end < 0 ? undefined : end)
  return SELF_NAMED.find((mimeType) => mimeType === name) ?? null
}

function officeDocument(names: readonly string[]): string | null {
  if (!names.some((name) => PACKAGE.some((entry) => name.startsWith(entry)))) return null
  const part = PARTS.find(([folder]) => names.some((name) => name.startsWith(folder)))
  return part?.[1] ?? null
}

/** Lists the entry names within the head, out of local headers and of the central directory. */
function entryNames(raw: string): string[] {
  const names: string[] = []
  let at = raw.indexOf('PK')
  while (at >= 0 && names.length < MAX_ENTRIES) {
    if (raw.startsWith(LOCAL, at)) names.push(nameAt(raw, at + 30, u16le(raw, at + 26)))
    if (raw.startsWith(CENTRAL, at)) names.push(nameAt(raw, at + 46, u16le(raw, at + 28)))
    at = raw.indexOf('PK', at + 2)
  }
  return names
}

/** No name that matters is longer than this. */
const NAME_LENGTH = 64

const nameAt = (raw: string, at: number, length: number) =>
  raw.slice(at, at + Math.min(length, NAME_LENGTH))
