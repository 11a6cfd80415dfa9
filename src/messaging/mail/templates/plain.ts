/** Names of the characters from U+00A0 to U+00FF, in their order (HTML 4 §24.2.1). */
const LATIN_1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'

const ENTITIES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    LATIN_1.split(' ').map((name, index) => [name, String.fromCharCode(0xa0 + index)]),
  ),
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' },
  ...{ ndash: '–', mdash: '—', hellip: '…', euro: '€', bull: '•', trade: '™' },
  ...{ lsquo: '‘', rsquo: '’', sbquo: '‚', ldquo: '“', rdquo: '”', bdquo: '„' },
  ...{ larr: '←', rarr: '→', ensp: ' ', emsp: ' ', thinsp: ' ', zwnj: '\u200c', zwj: '\u200d' },
}

const LARGEST_CODE_POINT = 0x10ffff

const decode = (text: string) =>
  text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= LARGEST_CODE_POINT ? String.fromCodePoint(code) : whole
  })

const BLOCKS =
  /^\/?(?:p|div|h[1-6]|ul|ol|table|tr|blockquote|section|article|header|footer|hr|pre)$/
const HIDDEN = /^(?:style|script|title|head)$/

const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))/i

/** What a tag adds to the text, its link aside. */
function spacing(name: string): string {
  if (name === 'br') return '\n'
  if (name === 'li') return '\n- '
  if (name === 'td' || name === 'th') return ' '
  return BLOCKS.test(name) ? '\n\n' : ''
}

/** Returns the address of a link that its label does not show. */
const address = (href: string, label: string) => (href === '' || href === label.trim() ? '' : href)

type Reader = { text: string; hidden: string; link?: { href: string; start: number } | undefined }

/** Reads the start of a link, or its end, where its address follows its label. */
function readLink(reader: Reader, slash: string, tag: string) {
  if (!slash) {
    const [, double, single, bare] = HREF.exec(tag) ?? []
    reader.link = { href: decode(double ?? single ?? bare ?? ''), start: reader.text.length }
  } else if (reader.link) {
    const href = address(reader.link.href, reader.text.slice(reader.link.start))
    reader.text += href && ` ${href}`
    reader.link = undefined
  }
}

/** Reads a tag, or the text between two. */
function read(reader: Reader, part: string) {
  const [, slash = '', tag = ''] = /^<(\/?)([a-z][a-z0-9]*)/i.exec(part) ?? []
  const name = tag.toLowerCase()
  if (/^<[!?]/.test(part)) return // a document type, a condition for one mail program, an instruction
  if (reader.hidden) {
    if (slash && name === reader.hidden) reader.hidden = ''
  } else if (name === '') reader.text += decode(part.replace(/\s+/g, ' '))
  else if (HIDDEN.test(name)) reader.hidden = slash ? '' : name
  else if (name === 'a') readLink(reader, slash, part)
  else reader.text += spacing(slash + name)
}

/**
 * Returns the words of an HTML fragment as plain text, with the address of each link after its label. One
 * pass over the tags: the time it takes grows with the length alone.
 */
export function plainText(html: string): string {
  const reader: Reader = { text: '', hidden: '' }
  for (const part of withoutComments(html).split(/(<[^<>]*>)/)) read(reader, part)
  return tidy(reader.text)
}

/** Drops comments, also those that hold tags for one mail program; one without an end goes to the end (HTML §13.2.5). */
function withoutComments(html: string): string {
  const [first = '', ...others] = html.split('<!--')
  let text = first
  for (const other of others) {
    const end = endOf(other)
    if (end !== undefined) text += other.slice(end)
  }
  return text
}

/** Finds the end of a comment in what follows `<!--`, whose hyphens may belong to it. @returns the index behind it */
function endOf(text: string): number | undefined {
  const [short] = /^-?>/.exec(text) ?? []
  if (short !== undefined) return short.length
  const { index, 0: end } = /--!?>/.exec(text) ?? {}
  return index === undefined || end === undefined ? undefined : index + end.length
}

/** Characters without a width with which mail builders fill the line beside the subject. */
const FILLER = /(?:(?:\u034f|[\u00ad\u200b-\u200d\u2007\ufeff])[^\S\n]*){2,}/g

const tidy = (text: string) =>
  text
    .replace(FILLER, ' ')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
