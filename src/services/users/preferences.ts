import { z } from 'zod'
import type { Preferences } from '#/services/users/models'

/** Longest preferences, in bytes as {@link encodedBytes} counts them (users contract 7). */
const MAX_BYTES = 65_535
/** Deeper objects are refused before anything walks them by recursion. */
const MAX_DEPTH = 512

/** Characters that the contract's JSON writes as six, `\uXXXX`, where JavaScript writes them plainly. */
const ESCAPED = /[\u0080-\uffff]/g

/** Counts the bytes of JSON that is ASCII alone: `\uXXXX` for other characters, `\/` for `/`. */
function encodedBytes(value: unknown): number {
  const json = JSON.stringify(value)
  const wide = json.match(ESCAPED)?.length ?? 0
  const slashes = json.split('/').length - 1
  return json.length + wide * 5 + slashes
}

/** Tells whether objects and arrays are nested deeper than `most`, level by level. */
function isDeeper(value: unknown, most: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null
        ? Object.values(one).filter((inner) => typeof inner === 'object' && inner !== null)
        : [],
    )
  }
  return false
}

const isPreferences = (value: unknown): value is Preferences =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Accepts preferences: a JSON object, kept as it is. An empty list stands for an empty object, which some
 * clients cannot tell apart (users contract 7).
 */
export const preferences = z
  .unknown()
  .transform((given, check): Preferences => {
    const value = Array.isArray(given) && given.length === 0 ? {} : given
    if (!isPreferences(value)) check.addIssue('must be an object')
    else if (isDeeper(value, MAX_DEPTH)) check.addIssue('is nested too deeply')
    else if (encodedBytes(value) > MAX_BYTES) check.addIssue(`has more than ${MAX_BYTES} bytes`)
    else return value
    return z.NEVER
  })
  .meta({ wire: { type: 'object', additionalProperties: true, 'x-max-bytes': MAX_BYTES } })
