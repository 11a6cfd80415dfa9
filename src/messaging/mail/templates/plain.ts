const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' },
  ...{ ndash: '–', mdash: '—', hellip: '…', copy: '©', middot: '·' },
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

/** Gives the address of a link that its label does not show. */
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
  if (reader.hidden) {
    if (slash && name === reader.hidden) reader.hidden = ''
  } else if (name === '') reader.text += decode(part.replace(/\s+/g, ' '))
  else if (HIDDEN.test(name)) reader.hidden = slash ? '' : name
  else if (name === 'a') readLink(reader, slash, part)
  else reader.text += spacing(slash + name)
}

/**
 * Gives the words of an HTML fragment as plain text, with the address of each link after its label. One
 * pass over the tags: the time it takes grows with the length alone.
 */
export function plainText(html: string): string {
  const reader: Reader = { text: '', hidden: '' }
  for (const part of html.replace(/<!--[^<]*-->/g, '').split(/(<[^<>]*>)/)) read(reader, part)
  return tidy(reader.text)
}

const tidy = (text: string) =>
  text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
