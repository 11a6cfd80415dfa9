import { byteAt, u16le, u32le } from './bytes.ts'

/** The types of ELF files, by the number in their header (System V ABI, ELF header). */
const ELF_TYPES: readonly string[] = [
  'application/octet-stream',
  'application/x-object',
  'application/x-executable',
  'application/x-sharedlib',
  'application/x-coredump',
]

const MACH_O = ['\xfe\xed\xfa\xce', '\xfe\xed\xfa\xcf', '\xce\xfa\xed\xfe', '\xcf\xfa\xed\xfe']

/** A universal binary holds programs for a few kinds of machine; a class file's version is larger. */
const MAX_MACHINES = 40

const DOS_HEADER = 64

/** Returns the media type of what machines run, or null. */
export function sniffProgram(raw: string): string | null {
  if (raw.startsWith('\x7fELF')) return elf(raw)
  if (raw.startsWith('MZ')) return dos(raw)
  if (MACH_O.some((magic) => raw.startsWith(magic))) return 'application/x-mach-binary'
  if (!raw.startsWith('\xca\xfe\xba\xbe') || raw.length < 8) return null
  const count =
    (byteAt(raw, 4) << 24) | (byteAt(raw, 5) << 16) | (byteAt(raw, 6) << 8) | byteAt(raw, 7)
  return count > 0 && count < MAX_MACHINES
    ? 'application/x-mach-binary'
    : 'application/x-java-applet'
}

function elf(raw: string): string {
  const isLittleEndian = byteAt(raw, 5) !== 2
  const type = isLittleEndian ? u16le(raw, 16) : (byteAt(raw, 16) << 8) | byteAt(raw, 17)
  return ELF_TYPES[type] ?? 'application/octet-stream'
}

function dos(raw: string): string | null {
  if (raw.length < DOS_HEADER || !raw.slice(0, DOS_HEADER).includes('\0')) return null
  return raw.startsWith('PE\0\0', u32le(raw, 60))
    ? 'application/vnd.microsoft.portable-executable'
    : 'application/x-dosexec'
}
