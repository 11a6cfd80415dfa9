/** How much of a text is looked at for markup, and how many lines for a table. */
const MARKUP_CHARACTERS = 4096
const TABLE_LINES = 10

/**
 * Tells what kind of text bytes are.
 * @param cut true when the file goes on after these bytes
 * @returns undefined when they are no text
 */
export function sniffText(head: Uint8Array, cut: boolean): string | undefined {
  const text = decode(head, cut)
  if (text === undefined) return
  const body = text.trimStart()
  return script(body) ?? markup(body) ?? json(body, cut) ?? table(text, cut) ?? 'text/plain'
}

/** Decodes UTF-8, or UTF-16 by its mark; undefined for anything with the control bytes of binary data. */
function decode(head: Uint8Array, cut: boolean): string | undefined {
  const wide =
    head[0] === 0xff && head[1] === 0xfe
      ? 'utf-16le'
      : head[0] === 0xfe && head[1] === 0xff
        ? 'utf-16be'
        : undefined
  const label = wide ?? 'utf-8'
  try {
    const text = new TextDecoder(label, { fatal: true, ignoreBOM: false }).decode(head, {
      stream: cut,
    })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells binary data
    return /[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]/.test(text) ? undefined : text
  } catch {
    return latinText(head)
  }
}

/** Takes bytes without control characters as text in an eight-bit code. */
function latinText(head: Uint8Array): string | undefined {
  const isText = head.every(
    (byte) => byte >= 0xa0 || (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13),
  )
  return isText ? new TextDecoder('latin1').decode(head) : undefined
}

const SHELLS = /^#!\s*\S*\/(?:env\s+)?(?:ba|da|k|z|c|tc)?sh\b/
const PYTHON = /^#!\s*\S*(?:\/|\s)python/

function script(text: string): string | undefined {
  const line = text.slice(0, 200)
  if (/^<\?php\b/i.test(line) || /^#!\s*\S*(?:\/|\s)php/.test(line)) return 'text/x-php'
  if (SHELLS.test(line)) return 'text/x-shellscript'
  return PYTHON.test(line) ? 'text/x-script.python' : undefined
}

/** Skips what may stand before the first element: prolog, comments and a document type. */
function firstElement(text: string): { rest: string; prolog: boolean } {
  let rest = text.slice(0, MARKUP_CHARACTERS)
  const prolog = rest.startsWith('<?xml')
  for (;;) {
    const close = rest.startsWith('<!--')
      ? '-->'
      : rest.startsWith('<?')
        ? '?>'
        : /^<!doctype\s+svg/i.test(rest)
          ? '>'
          : undefined
    if (close === undefined) return { rest, prolog }
    const end = rest.indexOf(close)
    if (end < 0) return { rest: '', prolog }
    rest = rest.slice(end + close.length).trimStart()
  }
}

function markup(text: string): string | undefined {
  if (!text.startsWith('<')) return
  const { rest, prolog } = firstElement(text)
  if (/^<svg[\s>]/i.test(rest)) return 'image/svg+xml'
  if (
    /^<(?:!doctype\s+html|html|head|body|title|script|table|h1|iframe|div|p|a|style)\b/i.test(rest)
  ) {
    return 'text/html'
  }
  return prolog ? 'text/xml' : undefined
}

/** Accepts an object, an array, or one of them on each line; a cut text must begin like one. */
function json(text: string, cut: boolean): string | undefined {
  if (!/^[[{]/.test(text)) return
  if (cut) return /^(?:\[\s*(?:[[{"\d\-tfn]|\])|\{\s*")/.test(text) ? 'application/json' : undefined
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const valid = isJson(text) || lines.every((line) => /^\s*[[{]/.test(line) && isJson(line))
  return valid ? 'application/json' : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Accepts comma-separated values: at least two lines, each with the same number of at least two fields. */
function table(text: string, cut: boolean): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  const whole = (cut ? lines.slice(0, -1) : lines).slice(0, TABLE_LINES)
  const [first = 0, ...others] = whole.map(countFields)
  return whole.length >= 2 && first >= 2 && others.every((count) => count === first)
    ? 'text/csv'
    : undefined
}

function countFields(line: string): number {
  let quoted = false
  let count = 1
  for (const character of line) {
    if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) count++
  }
  return count
}
