import { isCsv } from './csv.ts'
import { isJson } from './json.ts'
import { sniffMarkup } from './markup.ts'
import { sniffTextForm } from './text-forms.ts'

const UTF8_MARK = '\xef\xbb\xbf'

/**
 * Returns the media type of text, or null for what is none (docs/contract/storage.md §5.4). `raw` is the
 * head as one character a byte; `cut` says that the file goes on behind it.
 */
export function sniffText(bytes: Uint8Array, raw: string, cut: boolean): string | null {
  if (raw.startsWith('\xff\xfe')) return isUtf16(bytes, true) ? 'text/plain' : null
  if (raw.startsWith('\xfe\xff')) return isUtf16(bytes, false) ? 'text/plain' : null
  if (CONTROL.test(raw)) return null
  const text = utf8(bytes, cut)
  if (text !== null && !raw.startsWith(UTF8_MARK) && isJson(text, cut)) return 'application/json'
  // Text of another 8-bit encoding is judged by its ASCII part.
  const read = text ?? raw
  return sniffScript(read) ?? sniffTextForm(read) ?? sniffTable(read, cut)
}

function sniffTable(text: string, cut: boolean): string {
  return sniffMarkup(text) ?? (isCsv(text, cut) ? 'text/csv' : 'text/plain')
}

/** Returns the text without its byte order mark, or null if it is not UTF-8. */
function utf8(bytes: Uint8Array, cut: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes, {
      stream: cut,
    })
  } catch {
    return null
  }
}

/** Whether this is UTF-16 text: surrogates in pairs, save one at the end, and no controls. */
function isUtf16(bytes: Uint8Array, littleEndian: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let awaitsLow = false
  for (let at = 2; at + 1 < bytes.length; at += 2) {
    const unit = view.getUint16(at, littleEndian)
    const isLow = unit >= 0xdc00 && unit <= 0xdfff
    if (isLow !== awaitsLow || !isTextUnit(unit)) return false
    awaitsLow = unit >= 0xd800 && unit <= 0xdbff
  }
  return true
}

const isTextUnit = (unit: number) =>
  unit !== 0xfffe && unit !== 0xffff && !CONTROL.test(String.fromCharCode(unit))

/** A control character no text holds: any but those from BEL to CR and ESC. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x06\x0e-\x1a\x1c-\x1f]/

/** Interpreters a first line may name, without a version. */
const INTERPRETERS: ReadonlyMap<string, string> = new Map([
  ...['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'csh', 'tcsh', 'fish'].map(
    (shell) => [shell, 'text/x-shellscript'] as const,
  ),
  ['python', 'text/x-script.python'],
  ['perl', 'text/x-perl'],
  ['ruby', 'text/x-ruby'],
  ['lua', 'text/x-lua'],
  ['php', 'text/x-php'],
])

/** The longest first line that is looked at. */
const SHEBANG_LENGTH = 256

/** Recognises scripts by shebang or PHP's open tag, and RTF. */
function sniffScript(text: string): string | null {
  if (text.startsWith('{\\rtf')) return 'text/rtf'
  if (/^\s{0,64}<\?(?:php(?:\s|$)|\s)/i.test(text)) return 'text/x-php'
  if (!text.startsWith('#!')) return null
  const words = (text.slice(2, SHEBANG_LENGTH).split('\n', 1)[0] ?? '').trim().split(/\s+/)
  const program = words.map(baseName).find((word) => word !== 'env' && !isArgument(word))
  return INTERPRETERS.get(program?.replace(/[\d.]+$/, '') ?? '') ?? null
}

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** Whether this is an option or a setting that stands before a program, as in `env -S A=1 sh`. */
const isArgument = (word: string) => word === '' || word.startsWith('-') || word.includes('=')
