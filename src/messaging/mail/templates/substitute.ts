/** Marks text that is HTML already. */
export type Html = { readonly html: string }

/** What stands for a placeholder: plain text, or HTML that is inserted as it is. */
export type Value = string | Html

/** Escapes text for HTML, also inside quoted attributes. */
export const escapeHtml = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

// Besides control characters: line separators, and marks that turn the direction of the text around them.
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu

/** Returns text on one line, without characters that change how what follows is shown. */
export const oneLine = (text: string) => text.replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim()

/**
 * Finds where a name reads as an address: after the colon of a scheme, and at a dot or @ between two letters,
 * marks, digits or signs, also one that browsers take for a dot (UTS 46 §4).
 */
const ADDRESS_MARKS =
  /(?<=\p{L}):(?=\S)|(?<=[\p{L}\p{N}\p{M}\p{S}])[.\u3002\uff0e\uff61@](?=[\p{L}\p{N}\p{M}\p{S}])/gu
const ZERO_WIDTH_SPACE = '\u200b'

/** Keeps a name that somebody chose from becoming a link: mail programs make links of what looks like an address. */
export const withoutLinks = (name: string) => name.replace(ADDRESS_MARKS, `$&${ZERO_WIDTH_SPACE}`)

/** Drops what looks like a tag. */
export const withoutTags = (text: string) => text.replace(/<[^<>]*>/g, '')

const PLACEHOLDER = /\{\{(\/?\w+)\}\}/g

/**
 * Replaces each `{{name}}` in one pass, so that a value is never searched for placeholders; unknown names
 * stay as they are (docs/contract/project.md §10).
 */
const substitute = (text: string, find: (name: string) => string | undefined) =>
  text.replace(PLACEHOLDER, (whole, name: string) => find(name) ?? whole)

/** Maps placeholder names to what stands for them. */
export type Values = Readonly<Record<string, Value>>

const own = (values: Values, name: string) =>
  Object.hasOwn(values, name) ? values[name] : undefined

const HTML_BOLD: Readonly<Record<string, string>> = { b: '<strong>', '/b': '</strong>' }

/** Fills a text that is HTML; values that are plain text are escaped. */
export const fillHtml = (text: string, values: Values): string =>
  substitute(text, (name) => {
    if (Object.hasOwn(HTML_BOLD, name)) return HTML_BOLD[name]
    const value = own(values, name)
    return typeof value === 'string' ? escapeHtml(value) : value?.html
  })

/** Fills a plain text; bold has no meaning there, nor has a value that is HTML. */
export const fillText = (text: string, values: Values): string =>
  substitute(text, (name) => {
    if (name === 'b' || name === '/b') return ''
    const value = own(values, name)
    return typeof value === 'string' ? value : undefined
  })
