import { z } from 'zod'
import type { Preferences } from '#/identity/models'
import { isDeeper, isJsonObject, unreadablePart } from '#/lib/json'

/** Longest preferences, in bytes as {@link encodedBytes} counts them (docs/contract/users.md §7). */
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

/**
 * Accepts preferences: a JSON object, kept as it is, down to the digits of its numbers. An empty list stands for
 * an empty object, which some clients cannot tell apart (docs/contract/users.md §7).
 *
 * Differs: what would keep a client from reading a page with these preferences is refused.
 */
export const preferences = z
  .unknown()
  .transform((given, check): Preferences => {
    const value = Array.isArray(given) && given.length === 0 ? {} : given
    if (!isJsonObject(value)) check.addIssue('must be an object')
    else if (isDeeper(value, MAX_DEPTH)) check.addIssue('is nested too deeply')
    else if (encodedBytes(value) > MAX_BYTES) check.addIssue(`has more than ${MAX_BYTES} bytes`)
    else {
      const problem = unreadablePart(value)
      if (!problem) return value
      check.addIssue(problem)
    }
    return z.NEVER
  })
  .meta({
    wire: { type: 'object', additionalProperties: true, 'x-max-bytes': MAX_BYTES },
    description: 'Object of preferences, which replaces the present one as a whole.',
  })
