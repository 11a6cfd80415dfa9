import { ApiError } from '#/errors'

type Value = string | number | boolean | null | Value[]

/** A place in the text, moved on by whatever reads from it. */
type Reader = { readonly text: string; at: number }

/** Lists hold plain values in every valid query; what nests deeper is refused without a closer look. */
const MAX_DEPTH = 8

const KEYWORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** Methods that take values and no attribute. */
const WITHOUT_ATTRIBUTE = ['limit', 'offset', 'cursorAfter', 'cursorBefore', 'select']

const invalid = (detail: string) =>
  new ApiError('general_query_invalid', `Invalid query in the syntax before 1.5: ${detail}`)

/**
 * Turns a query in the syntax from before 1.5 into the JSON text of today's (docs/contract/queries.md §10).
 * Whether its method and attribute exist is left to the reader of that text.
 * @throws `general_query_invalid` for text that is not `method(parameter, …)`
 */
export function parseLegacyQuery(text: string): string {
  const reader: Reader = { text, at: 0 }
  skipSpace(reader)
  const method = readWhile(reader, isLetter)
  skipSpace(reader)
  if (method === '' || !accept(reader, '(')) throw invalid('it does not start like a call.')
  const parameters = readItems(reader, ')', 0)
  skipSpace(reader)
  if (reader.at < text.length) throw invalid('something follows its end.')
  return JSON.stringify({ method, ...assign(method, parameters) })
}

function assign(method: string, parameters: readonly Value[]) {
  if (WITHOUT_ATTRIBUTE.includes(method)) {
    const [first] = parameters
    if (parameters.length > 1) throw invalid(`${method} takes one parameter.`)
    return { values: first === undefined ? [] : listOf(first) }
  }
  const [attribute = '', values] = parameters
  if (typeof attribute !== 'string') throw invalid('its attribute is not text.')
  if (parameters.length > 2) throw invalid('it has more than an attribute and its values.')
  return { attribute, values: values === undefined ? [] : listOf(values) }
}

const listOf = (value: Value): Value[] => (Array.isArray(value) ? value : [value])

/** Reads values up to the closing character; the opening one has been read. */
function readItems(reader: Reader, close: ')' | ']', depth: number): Value[] {
  const items: Value[] = []
  skipSpace(reader)
  if (accept(reader, close)) return items
  for (;;) {
    items.push(readValue(reader, depth))
    skipSpace(reader)
    if (accept(reader, close)) return items
    if (!accept(reader, ',')) throw invalid(`a comma or ${close} is missing.`)
  }
}

function readValue(reader: Reader, depth: number): Value {
  skipSpace(reader)
  for (const quote of ['"', "'"]) if (accept(reader, quote)) return readText(reader, quote)
  if (accept(reader, '[')) {
    if (depth >= MAX_DEPTH) throw invalid('its lists are nested too deep.')
    return readItems(reader, ']', depth + 1)
  }
  const word = readWhile(reader, isWordPart)
  const keyword = KEYWORDS.get(word)
  return keyword === undefined ? readNumber(word) : keyword
}

function readNumber(word: string): number {
  const number = /^-?\d{1,30}(?:\.\d{1,30})?$/.test(word) ? Number(word) : Number.NaN
  if (Number.isNaN(number)) throw invalid('a value is neither quoted nor a number.')
  return number
}

/** Reads quoted text; a backslash is only dropped before a quote or another backslash. */
function readText(reader: Reader, quote: string): string {
  const { text } = reader
  const parts: string[] = []
  let start = reader.at
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === quote) {
      reader.at = at + 1
      return parts.join('') + text.slice(start, at)
    }
    if (character === '\\' && '"\'\\'.includes(text.charAt(at + 1) || ' ')) {
      parts.push(text.slice(start, at))
      start = ++at
    }
  }
  throw invalid('a quote is not closed.')
}

const isLetter = (character: string) => /[A-Za-z]/.test(character)
const isWordPart = (character: string) => /[A-Za-z0-9.+-]/.test(character)
const isSpace = (character: string) => /\s/.test(character)

const skipSpace = (reader: Reader) => readWhile(reader, isSpace)

function readWhile(reader: Reader, fits: (character: string) => boolean): string {
  const start = reader.at
  while (reader.at < reader.text.length && fits(reader.text.charAt(reader.at))) reader.at++
  return reader.text.slice(start, reader.at)
}

function accept(reader: Reader, character: string): boolean {
  if (reader.text.charAt(reader.at) !== character) return false
  reader.at++
  return true
}
