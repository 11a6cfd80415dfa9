/** A number whose digits JavaScript would change. `JSON.stringify` prints it as it was written. */
export type ExactNumber = { readonly rawJSON: string }

export const isExactNumber = (value: unknown): value is ExactNumber => JSON.isRawJSON(value)

/** Recursion over parsed JSON stays far from the end of the stack. */
const MAX_DEPTH = 1000

/** Numbers that a double, or its shortest spelling, may not repeat digit by digit. */
const INEXACT = /\d{16}|\d[.eE]|-0/

const exact = (value: unknown, source: string | undefined) =>
  typeof value === 'number' && source !== undefined && `${value}` !== source
    ? JSON.rawJSON(source)
    : value

/**
 * Parses JSON without changing a number: one that JavaScript would print with other digits is an
 * {@link ExactNumber}.
 * @throws SyntaxError for text that is not JSON, RangeError for values that are nested too deeply
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (isDeeper(value, MAX_DEPTH)) throw new RangeError('The JSON is nested too deeply.')
  return INEXACT.test(text)
    ? JSON.parse(text, (_, inner: unknown, { source }) => exact(inner, source))
    : value
}

/** Returns a number as JavaScript has it, and any other value unchanged. */
export const asDouble = (value: unknown): unknown =>
  isExactNumber(value) ? Number(value.rawJSON) : value

const INTEGER = /^(?:0|-?[1-9]\d*)$/

/** Returns the digits of an integer that was written without fraction and exponent; undefined for all else. */
export function asDigits(value: unknown): string | undefined {
  const text = isExactNumber(value) ? value.rawJSON : typeof value === 'number' ? `${value}` : ''
  return INTEGER.test(text) ? text : undefined
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isExactNumber(value)

/** Checks whether parsed JSON is an object: no list, and no number that is kept as one. */
export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !Array.isArray(value)

/** Checks whether objects and arrays are nested deeper than `max`, level by level. */
export function isDeeper(value: unknown, max: number): boolean {
  let level: object[] = isObject(value) ? [value] : []
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > max) return true
    level = level.flatMap((one) => Object.values(one).filter(isObject))
  }
  return false
}

/**
 * Checks whether a key makes clients refuse the whole answer. `json-bigint`, by which the JavaScript SDKs
 * read, throws for every key that holds one of these words, also where letters are spelled `\u005f`.
 */
const isForbiddenKey = (key: string) =>
  /__proto__|constructor/.test(
    key.replace(/\\u00([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
  ) || !key.isWellFormed()

const overflows = (value: unknown) => {
  const number = asDouble(value)
  return typeof number === 'number' && !Number.isFinite(number)
}

/**
 * Finds what some client cannot read in free-form data, which would make every page that holds it unreadable.
 * @returns what is wrong with the value, for its sender
 */
export function unreadablePart(value: unknown): string | undefined {
  if (overflows(value)) return 'has a number that is too large'
  if (typeof value === 'string' && !value.isWellFormed()) return 'has half of a surrogate pair'
  if (!isObject(value)) return
  for (const [key, inner] of Object.entries(value)) {
    if (isForbiddenKey(key)) return `has the key ${JSON.stringify(key)}, which clients cannot read`
    const problem = unreadablePart(inner)
    if (problem) return problem
  }
  return
}

/** Stored text that may hold what {@link parseFreeForm} changes; keys may be spelled with escapes. */
const SUSPECT = /\d{16}|\d[.eE]|-0|__proto__|constructor|\\u/

/**
 * Parses stored free-form data, its numbers digit by digit, without what {@link unreadablePart} refuses today:
 * such keys and numbers are left out, `null` in a list.
 */
export const parseFreeForm = (text: string): unknown =>
  SUSPECT.test(text)
    ? JSON.parse(text, function (this: unknown, key, value: unknown, { source }) {
        if (isForbiddenKey(key)) return undefined
        if (typeof value === 'string') return value.toWellFormed()
        if (overflows(value)) return Array.isArray(this) ? null : undefined
        return exact(value, source)
      })
    : JSON.parse(text)
