/** Elements a page may start with without a doctype. */
const HTML_ELEMENTS: ReadonlySet<string> = new Set([
  'html',
  'head',
  'title',
  'body',
  'script',
  'style',
  'table',
])

/** How a document begins: with an XML declaration, a doctype of a name, an element of a name. */
interface Prologue {
  declared: boolean
  doctype: string
  root: string
}

/** Returns the media type of an SVG, XML or HTML document, or null (docs/contract/storage.md §5.4). */
export function sniffMarkup(text: string): string | null {
  const { declared, doctype, root } = readPrologue(text)
  if (doctype === 'svg' || root === 'svg' || root.endsWith(':svg')) return 'image/svg+xml'
  if (declared) return 'text/xml'
  return doctype === 'html' || HTML_ELEMENTS.has(root) ? 'text/html' : null
}

/** Reads up to the first element. Each part starts where the last ended: linear work. */
function readPrologue(text: string): Prologue {
  const prologue: Prologue = { declared: /^<\?xml\s/.test(text), doctype: '', root: '' }
  let at = skipSpace(text, 0)
  while (at >= 0 && text[at] === '<' && prologue.root === '') {
    if (text.startsWith('<!--', at)) at = after(text, '-->', at + 4)
    else if (text.startsWith('<?', at)) at = after(text, '?>', at + 2)
    else if (text.slice(at, at + 9).toLowerCase() === '<!doctype') {
      prologue.doctype ||= nameAt(text, skipSpace(text, at + 9))
      at = afterDoctype(text, at)
    } else {
      prologue.root = nameAt(text, at + 1)
      at = -1
    }
    if (at >= 0) at = skipSpace(text, at)
  }
  return prologue
}

/** The place behind the next such mark, or -1. */
function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? -1 : at + mark.length
}

/** The place behind a doctype, with its declarations in brackets if it has any, or -1. */
function afterDoctype(text: string, from: number): number {
  const close = text.indexOf('>', from)
  if (close < 0) return -1
  const open = text.slice(from, close).indexOf('[')
  if (open < 0) return close + 1
  const end = text.indexOf(']', from + open)
  return end < 0 ? -1 : after(text, '>', end)
}

const SPACES = '\t\n\f\r '

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && SPACES.includes(text.charAt(at))) at += 1
  return at
}

/** The name at this place in lower case, or nothing if none stands there or it does not end. */
function nameAt(text: string, at: number): string {
  return /^([a-z_][\w.:-]{0,60})[\s/>[]/i.exec(text.slice(at, at + 64))?.[1]?.toLowerCase() ?? ''
}
