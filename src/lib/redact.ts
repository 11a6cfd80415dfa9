/** Stands for what was taken out of a text. */
const MARK = '[redacted]'

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

/** Patterns of what opens something, each with what stands in its place. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // What a JSON parser quotes of a text that is none.
  [/(Unexpected [^\n]*?, )(?:\.{3})?".*"(?:\.{3})?( is not valid JSON)/gs, `$1${MARK}$2`],
  [/(\w[\w+.-]*:\/\/)[^\s/@"']+@/g, `$1${MARK}@`],
  [/\b(Bearer|Basic) [\w.~+/=-]+/gi, `$1 ${MARK}`],
  [/\b(standard|ephemeral|dynamic)_[\w.-]+/g, `$1_${MARK}`],
  [/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, MARK],
  [
    /((?:secret|token|passw(?:or)?d|code|otp|jwt|authorization|cookie|session|key|state)["']?\s*[=:]\s*["']?)(?!Bearer |Basic |\[)[^\s"'&,;})\]]{6,}/gi,
    `$1${MARK}`,
  ],
  // Random texts: letters and digits in one long word that is no UUID.
  [
    new RegExp(
      `(?<![\\w-])(?!${UUID}(?![\\w-]))(?=[\\w-]*\\d)(?=[\\w-]*[a-z])[\\w-]{32,}={0,2}`,
      'gi',
    ),
    MARK,
  ],
  // Codes of six digits, which carriers repeat when they refuse a message.
  [/(?<!\w|\d[.:])\d{6}(?!\w|[.:]\d| bytes)/g, MARK],
]

/** Takes out of a text whatever may open something: keys, tokens, codes, passwords. */
export const redactText = (text: string): string =>
  PATTERNS.reduce((left, [pattern, mark]) => left.replace(pattern, mark), text)

const FRAME = /^\s+at /

/** Returns where an error arose; what comes before is its message. */
const framesOf = ({ stack = '' }: Error) => stack.split('\n').filter((line) => FRAME.test(line))

/** Returns the text of an error without the values that a failed query was given. */
function messageOf(error: Error): string {
  const { query } = error as Error & { query?: unknown }
  return typeof query === 'string' ? `Failed query: ${query}` : error.message
}

/**
 * Takes secrets out of what is logged.
 * @returns the value itself where it has none, so that nothing of an error is lost
 */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value)
  if (Array.isArray(value)) return value.map(redact)
  if (!(value instanceof Error)) return value
  const message = redactText(messageOf(value))
  const cause = redact(value.cause)
  const rest = Object.values(value).filter((field) => typeof field === 'string')
  const isClean = message === value.message && cause === value.cause
  if (isClean && rest.every((text) => redactText(text) === text)) return value
  const clean = new Error(message, cause === undefined ? {} : { cause })
  clean.name = value.name
  clean.stack = [`${value.name}: ${message}`, ...framesOf(value)].join('\n')
  return clean
}
