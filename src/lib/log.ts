import { redact } from '#/lib/redact'

/** Writes to the Worker's log, the one way there: no secret gets into it. */
export const log = {
  error: (...values: readonly unknown[]) => console.error(...values.map(redact)),
  warn: (...values: readonly unknown[]) => console.warn(...values.map(redact)),
}
