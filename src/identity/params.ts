import { z } from 'zod'
import { text } from '#/http/params'
import { isSound, utf8 } from '#/identity/passwords/hashes/algorithm'
import { uidOf } from '#/ids'
import { typedSecret } from '#/lib/typed-secret'

/** Holds the ID of a user in a path. */
export const inUser = z.object({ userId: uidOf('user') })

const isPlain = (value: string) => value.isWellFormed() && !value.includes('\0')

/** Accepts text of `min` to `max` characters that every system can carry: no NUL, no half surrogates. */
export const plainText = (max: number, min = 1) =>
  text(max, min)
    .refine(isPlain, 'must be valid text without NUL')
    .meta({ wire: { type: 'string', ...(min > 0 ? { minLength: min } : {}), maxLength: max } })

const MAX_SECRET = 256
/** A secret of the greatest length may stand among blanks, dashes and quotes. */
const MAX_TYPED = 4 * MAX_SECRET

/**
 * Accepts a secret or code as people copy and type it. Differs: upstream compares what was typed, blanks and all.
 */
export const typed = () =>
  text(MAX_TYPED)
    .transform(typedSecret)
    .refine((secret) => secret.length <= MAX_SECRET, `must have 1 to ${MAX_SECRET} characters`)
    .meta({ wire: { type: 'string', minLength: 1, maxLength: MAX_SECRET } })

const MIN_BYTES = 8
const MAX_BYTES = 256

const isPassword = (value: string) =>
  isSound(value) && utf8(value).length >= MIN_BYTES && utf8(value).length <= MAX_BYTES

/** Accepts a password, or a hash, of 8 to 256 bytes. */
export const password = z
  .string()
  .refine(isPassword, `must have ${MIN_BYTES} to ${MAX_BYTES} bytes`)
  .meta({
    wire: { type: 'string', minLength: MIN_BYTES, maxLength: MAX_BYTES },
    description: "Password of 8 to 256 bytes that meets the project's policies.",
  })
