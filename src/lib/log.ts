import { redact, redactText } from '#/lib/redact'
import { requestContext } from '#/lib/request-context'

type Level = 'info' | 'warn' | 'error'
type Fields = Readonly<Record<string, string | number>>

/** Returns an error as JSON holds it, with its causes. */
function errorFields(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(cause instanceof Error ? { cause: errorFields(cause) } : {}),
  }
}

const textOf = (value: unknown) =>
  typeof value === 'string' ? value : redactText(JSON.stringify(value) ?? `${value}`)

/** Writes one line; the platform adds the time. JSON unless the request's format is another one. */
function write(level: Level, message: string, fields: Fields, error?: Error) {
  const { id, format = 'json' } = requestContext() ?? {}
  if (format === 'json') {
    const known = id === undefined ? {} : { requestId: id }
    const failed = error ? { error: errorFields(error) } : {}
    const text = message || error?.message
    console[level](JSON.stringify({ level, message: text, ...known, ...fields, ...failed }))
    return
  }
  const details = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  console[level](...[[message, ...details].filter(Boolean).join(' '), error].filter(Boolean))
}

/** Writes texts, values and errors as one line; nothing secret stays in it. */
const writer =
  (level: Level) =>
  (...values: readonly unknown[]) => {
    const clean = values.map(redact)
    const error = clean.find((value) => value instanceof Error)
    const texts = clean.filter((value) => value !== error).map(textOf)
    write(level, texts.join(' '), {}, error)
  }

/** Writes to the Worker's log, the one way there: no secret gets into it. */
export const log = {
  error: writer('error'),
  warn: writer('warn'),
  /** Writes the line of a finished request; left out where the format is `off`. */
  request: (message: string, fields: Fields) => {
    if (requestContext()?.format !== 'off') write('info', message, fields)
  },
}
