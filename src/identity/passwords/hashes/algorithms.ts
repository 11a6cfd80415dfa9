import type { Algorithm, HashName } from './algorithm.ts'
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { md5 } from './md5.ts'
import { phpass } from './phpass.ts'
import { scrypt } from './scrypt.ts'
import { scryptModified } from './scrypt-modified.ts'
import { sha } from './sha.ts'

/** Holds every algorithm by the name that a user's row has for it. */
export const ALGORITHMS: Record<HashName, Algorithm> = {
  // Both names stand for either: the string's own prefix decides (docs/contract/users.md §15.3).
  argon2: {
    form: `${argon2.form}, or ${bcrypt.form}`,
    parse: (stored, options) => argon2.parse(stored, options) ?? bcrypt.parse(stored, options),
  },
  bcrypt: {
    form: `${bcrypt.form}, or ${argon2.form}`,
    parse: (stored, options) => bcrypt.parse(stored, options) ?? argon2.parse(stored, options),
  },
  md5,
  phpass,
  scrypt,
  scryptMod: scryptModified,
  sha,
}
