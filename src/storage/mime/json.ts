/** Deeper nesting is not taken for JSON, as in libmagic. */
const MAX_DEPTH = 500

/** A bracket, comma or colon as it is; a string, another scalar, the end, a cut, an error. */
type Token = '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'scalar' | 'end' | 'cut' | 'error'

/** What may come next; `…OrEnd` right behind an opening bracket, `next…` behind a value. */
type Expected = 'top' | 'item' | 'itemOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'nextItem' | 'nextKey'

type Move = Expected | 'open' | 'close' | 'value'

const ITEM: Partial<Record<Token, Move>> = {
  '{': 'open',
  '[': 'open',
  string: 'value',
  scalar: 'value',
}

const MOVES: Record<Expected, Partial<Record<Token, Move>>> = {
  top: { '{': 'open', '[': 'open' },
  item: ITEM,
  itemOrEnd: { ...ITEM, ']': 'close' },
  key: { string: 'colon' },
  keyOrEnd: { string: 'colon', '}': 'close' },
  colon: { ':': 'item' },
  nextItem: { ',': 'item', ']': 'close' },
  nextKey: { ',': 'key', '}': 'close' },
}

interface Scan {
  readonly text: string
  readonly cut: boolean
  at: number
}

/**
 * Returns whether the text is one JSON object or array, or several in a row such as one per line
 * (docs/contract/storage.md §5.4). Of a text that goes on (`cut`) the beginning suffices. Takes linear time.
 */
export function isJson(text: string, cut: boolean): boolean {
  const scan: Scan = { text, cut, at: 0 }
  const open: string[] = []
  let expected: Expected = 'top'
  let token = nextToken(scan)
  if (token !== '{' && token !== '[') return false
  while (token !== 'end' && token !== 'cut') {
    const move: Move | undefined = MOVES[expected][token]
    if (move === undefined || open.length > MAX_DEPTH) return false
    expected = follow(move, token, open)
    token = nextToken(scan)
  }
  return token === 'cut' || expected === 'top'
}

/** Does what a move says to the open brackets and returns what may come next. */
function follow(move: Move, token: Token, open: string[]): Expected {
  if (move === 'open') {
    open.push(token)
    return token === '{' ? 'keyOrEnd' : 'itemOrEnd'
  }
  if (move === 'close') open.pop()
  else if (move !== 'value') return move
  const around = open.at(-1)
  if (around === undefined) return 'top'
  return around === '{' ? 'nextKey' : 'nextItem'
}

const MARKS: ReadonlySet<string> = new Set(['{', '}', '[', ']', ',', ':'])

const isMark = (character: string): character is '{' | '}' | '[' | ']' | ',' | ':' =>
  MARKS.has(character)

/** Reads the token at the scan's place, or behind the space there, and moves on behind it. */
function nextToken(scan: Scan): Token {
  scan.at = skip(scan.text, scan.at, ' \t\r\n')
  const character = scan.text[scan.at]
  if (character === undefined) return scan.cut ? 'cut' : 'end'
  if (character === '"') return readString(scan)
  if (!isMark(character)) return readScalar(scan)
  scan.at += 1
  return character
}

function skip(text: string, from: number, characters: string): number {
  let at = from
  while (at < text.length && characters.includes(text.charAt(at))) at += 1
  return at
}

/** The code of the first character that may stand in a string as it is. */
const SPACE = 0x20

/** Reads a string; one that is cut off counts as whole. */
function readString(scan: Scan): Token {
  const { text } = scan
  for (let at = scan.at + 1; at < text.length; at += 1) {
    const character = text[at]
    if (character === '"') {
      scan.at = at + 1
      return 'string'
    }
    if (text.charCodeAt(at) < SPACE) return 'error'
    if (character === '\\') {
      at += 1
      if (at < text.length && !'"\\/bfnrtu'.includes(text.charAt(at))) return 'error'
    }
  }
  scan.at = text.length
  return scan.cut ? 'string' : 'error'
}

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/** Reads a number or a word; one that is cut off counts as whole. */
function readScalar(scan: Scan): Token {
  const end = skip(scan.text, scan.at, '+-.0123456789Eaeflnrstu')
  if (end === scan.at) return 'error'
  const isCutOff = scan.cut && end === scan.text.length
  const isScalar = isCutOff || SCALAR.test(scan.text.slice(scan.at, end))
  scan.at = end
  return isScalar ? 'scalar' : 'error'
}
