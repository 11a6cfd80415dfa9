import { byteAt, u16le, u32le } from './bytes.ts'

const MAGIC = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'
const UNKNOWN = 'application/CDFV2'

/** Streams and storages that only one kind of document has ([MS-DOC], [MS-XLS], [MS-PPT], [MS-OXMSG]). */
const PARTS: readonly (readonly [name: string, mimeType: string])[] = [
  ['EncryptedPackage', 'application/encrypted'],
  ['WordDocument', 'application/msword'],
  ['PowerPoint Document', 'application/vnd.ms-powerpoint'],
  ['PP40', 'application/vnd.ms-powerpoint'],
  ['__properties_version1.0', 'application/vnd.ms-outlook'],
  ['__nameid_version1.0', 'application/vnd.ms-outlook'],
  ['VisioDocument', 'application/vnd.visio'],
  ['Quill', 'application/vnd.ms-publisher'],
  ['\x05HwpSummaryInformation', 'application/x-hwp'],
  // Other documents embed a workbook in a storage of their own, so that this one comes last.
  ['Workbook', 'application/vnd.ms-excel'],
  ['Book', 'application/vnd.ms-excel'],
]

/** The class of the root entry, as the first bytes of it, where it tells the kind. */
const CLASSES: readonly (readonly [id: string, mimeType: string])[] = [
  ['\x06\x09\x02\0\0\0\0\0\xc0', 'application/msword'],
  ['\0\x09\x02\0\0\0\0\0\xc0', 'application/msword'],
  ['\x10\x08\x02\0\0\0\0\0\xc0', 'application/vnd.ms-excel'],
  ['\x20\x08\x02\0\0\0\0\0\xc0', 'application/vnd.ms-excel'],
  ['\x10\x8d\x81\x64\x9b\x4f\xcf\x11', 'application/vnd.ms-powerpoint'],
  ['\x0b\x0d\x02\0\0\0\0\0\xc0', 'application/vnd.ms-outlook'],
  ['\x14\x1a\x02\0\0\0\0\0\xc0', 'application/vnd.visio'],
  ['\x13\x1a\x02\0\0\0\0\0\xc0', 'application/vnd.visio'],
  ['\x01\x12\x02\0\0\0\0\0\xc0', 'application/vnd.ms-publisher'],
  ['\x84\x10\x0c\0\0\0\0\0\xc0', 'application/x-msi'],
  ['\x3a\x8f\xb7\x74\xc8\xc8\xd1\x11', 'application/vnd.ms-project'],
]

const ENTRY_BYTES = 128
const CLASS_AT = 80
const NAME_LENGTH_AT = 64
/** How much of the directory is read, in bytes: its first sectors, which lie together as a rule. */
const DIRECTORY_BYTES = 4096

/** Returns where a compound file has its directory ([MS-CFB] §2.2), or undefined for other files. */
export function cfbDirectory(raw: string): { offset: number; length: number } | undefined {
  if (!raw.startsWith(MAGIC) || raw.length < 76) return
  const shift = u16le(raw, 30)
  if (shift !== 9 && shift !== 12) return
  return { offset: (u32le(raw, 48) + 1) * 2 ** shift, length: DIRECTORY_BYTES }
}

/**
 * Returns the media type of an Office document from before 2007 and its like, or null for other files.
 * @param directory the file from its directory on, where that is not in the head
 */
export function sniffCfb(raw: string, directory?: string): string | null {
  if (!raw.startsWith(MAGIC)) return null
  const at = cfbDirectory(raw)?.offset ?? raw.length
  const entries = directory ?? raw.slice(at, at + DIRECTORY_BYTES)
  return byNames(entryNames(entries)) ?? byClass(entries) ?? UNKNOWN
}

function byNames(names: readonly string[]): string | undefined {
  return PARTS.find(([part]) => names.includes(part))?.[1]
}

function byClass(entries: string): string | undefined {
  return CLASSES.find(([id]) => entries.startsWith(id, CLASS_AT))?.[1]
}

/** Lists the names of directory entries ([MS-CFB] §2.6.1). */
function entryNames(entries: string): string[] {
  const names: string[] = []
  for (let at = 0; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) {
    const kind = byteAt(entries, at + 66)
    const length = u16le(entries, at + NAME_LENGTH_AT)
    if (![1, 2, 5].includes(kind) || length < 2 || length > NAME_LENGTH_AT) continue
    names.push(entries.slice(at, at + length - 2).replaceAll('\0', ''))
  }
  return names
}
