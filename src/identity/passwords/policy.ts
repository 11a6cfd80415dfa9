import { isSound, MAX_PASSWORD_BYTES, utf8 } from '#/identity/passwords/hashes/algorithm'
import { COMMON_PASSWORDS } from './common.ts'

/** Fewest bytes that a password may have (docs/contract/users.md §4.3). */
export const MIN_PASSWORD_BYTES = 8

/** What a password must have: bytes (8 to 256) and kinds of characters. */
export type PasswordStrength = {
  min: number
  uppercase: boolean
  lowercase: boolean
  number: boolean
  symbols: boolean
}

/** Symbols are whatever is no letter, number or white space in any script; the others are ASCII. */
const CLASSES = [
  ['uppercase', /[A-Z]/, 'has no upper-case letter'],
  ['lowercase', /[a-z]/, 'has no lower-case letter'],
  ['number', /[0-9]/, 'has no digit'],
  ['symbols', /[^\p{L}\p{N}\s]/u, 'has no symbol'],
] as const

/**
 * Returns what makes a new password too weak, to follow "it" (docs/contract/users.md §4.3); half of a surrogate pair is
 * a fault too, as such text cannot be hashed.
 */
export function weakness(password: string, strength: PasswordStrength): string | undefined {
  const bytes = utf8(password).length
  const min = Math.max(strength.min, MIN_PASSWORD_BYTES)
  if (bytes < min) return `has fewer than ${min} bytes`
  if (bytes > MAX_PASSWORD_BYTES) return `has more than ${MAX_PASSWORD_BYTES} bytes`
  if (!isSound(password)) return 'is not valid text'
  const missing = CLASSES.find(([name, pattern]) => strength[name] && !pattern.test(password))
  return missing?.[2]
}

let common: Set<string> | undefined

/** Checks whether a password is one of the 10,000 most common ones, to the letter. */
export function isCommon(password: string): boolean {
  common ??= new Set(COMMON_PASSWORDS.trim().split(/\s+/))
  return common.has(password)
}

/** What of a user a password must not contain. */
export type Person = {
  id: string
  email?: string | null | undefined
  name?: string | null | undefined
  phone?: string | null | undefined
}

/** Fewest characters of a piece of personal data: shorter ones are in many words by chance. */
const MIN_PERSONAL = 4

/** Folds text so that case and spelling of accents do not hide it. */
const fold = (text: string) => text.normalize('NFC').toLowerCase()

/**
 * Finds what of the user's ID, e-mail address, the part of it before the `@`, whole name, and phone number with or
 * without `+` a password contains, in any case of letters (docs/contract/users.md §4.3, §6.4). Differs: upstream finds
 * pieces of one letter too, so that the address `a@…` refuses most passwords.
 * @returns its name, to follow "it contains"; '' where it has not 8 to 256 bytes; undefined where it has none
 */
export function personalDataIn(password: string, person: Person): string | undefined {
  const bytes = utf8(password).length
  if (bytes < MIN_PASSWORD_BYTES || bytes > MAX_PASSWORD_BYTES) return ''
  const { id, email, name, phone } = person
  const pieces = [
    ['the user ID', id],
    ['the e-mail address', email],
    ['the part of the e-mail address before the @', email?.split('@')[0]],
    ['the name of the user', name],
    ['the phone number', phone?.replace('+', '')],
  ] as const
  const folded = fold(password)
  const found = pieces.find(
    ([, piece]) => piece && [...piece].length >= MIN_PERSONAL && folded.includes(fold(piece)),
  )
  return found?.[0]
}
