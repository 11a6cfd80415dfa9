import { ApiError } from '#/errors'
import {
  type Cost,
  isAffordable,
  isSound,
  type ParsedHash,
} from '#/identity/passwords/hashes/algorithm'
import { ALGORITHMS } from '#/identity/passwords/hashes/algorithms'
import {
  burnArgon2,
  hashArgon2,
  NEW_COST,
  NEW_OPTIONS,
  randomArgon2,
} from '#/identity/passwords/hashes/argon2'
import type { StoredHash } from './import.ts'

export { NEW_OPTIONS } from '#/identity/passwords/hashes/argon2'
export { SHA_VERSIONS, type ShaVersion } from '#/identity/passwords/hashes/sha'
export { type ImportParams, type ImportRoute, importHash, type StoredHash } from './import.ts'

/** What of a user's row tells how its password is checked; the password is null or empty while there is none. */
export type Stored = { password: string | null; hash: string; hashOptions: unknown }

/** Reads a stored hash. @returns undefined for one that no password can be checked against here */
function open({ password, hash, hashOptions }: Stored): ParsedHash | undefined {
  const [, algorithm] = Object.entries(ALGORITHMS).find(([name]) => name === hash) ?? []
  if (!algorithm) throw new Error(`A stored hash has the unknown algorithm ${hash}.`)
  const parsed = password ? algorithm.parse(password, hashOptions) : undefined
  return parsed && isAffordable(parsed.cost) ? parsed : undefined
}

/**
 * Hashes a new password in NFC: Argon2id in 7 MiB and five passes.
 *
 * Differs: upstream uses 64 MiB in some places and 7 MiB in others; an isolate has room for the latter only.
 *
 * @throws `general_argument_invalid` for half of a surrogate pair and for more than 256 bytes
 */
export async function hashPassword(password: string): Promise<StoredHash> {
  if (!isSound(password)) {
    const problem = 'Invalid `password` param: must be text of at most 256 bytes'
    throw new ApiError('general_argument_invalid', problem)
  }
  const composed = password.normalize('NFC')
  return {
    password: await hashArgon2(isSound(composed) ? composed : password),
    hash: 'argon2',
    hashOptions: { ...NEW_OPTIONS },
  }
}

/**
 * Returns the hash of a password that nobody has: for a user whom somebody else made, and who is to choose one.
 * It costs nothing to make and cannot be told from that of a random password.
 */
export const unknownPassword = (): StoredHash => ({
  password: randomArgon2(),
  hash: 'argon2',
  hashOptions: { ...NEW_OPTIONS },
})

/**
 * Checks whether a password is the one of a stored hash.
 *
 * A refusal takes no less than that of a new hash, also where there is no hash or none that can be checked,
 * so that time tells neither whether there is an account nor, below that, how it was hashed. What takes
 * longer, bcrypt from cost 12 and some imported Argon2 and scrypt hashes, can be told by it until their first
 * sign-in.
 */
export async function verifyPassword(password: string, stored: Stored): Promise<boolean> {
  const parsed = isSound(password) ? open(stored) : undefined
  if (parsed && (await matchesAnyForm(parsed, password))) return true
  await burnRest(password, parsed?.cost)
  return false
}

/**
 * Checks the password as given, then its other Unicode normal forms (UAX 15): keyboards differ in how they
 * spell "é", and so do the servers that hashes come from.
 */
async function matchesAnyForm(parsed: ParsedHash, password: string): Promise<boolean> {
  const forms = ['NFC', 'NFKC', 'NFD'].map((form) => password.normalize(form))
  for (const form of new Set([password, ...forms]))
    if (isSound(form) && (await parsed.matches(form))) return true
  return false
}

/** Checks whether a password is one of some earlier ones, all hashed as the present one is. */
export async function isReused(
  password: string,
  history: readonly string[],
  { hash, hashOptions }: Omit<Stored, 'password'>,
): Promise<boolean> {
  if (!isSound(password)) return false
  for (const before of history) {
    const parsed = open({ password: before, hash, hashOptions })
    if (parsed && (await matchesAnyForm(parsed, password))) return true
  }
  return false
}

/** Does the work of one refused sign-in, for an account that does not exist. @returns false */
export async function burn(password: string): Promise<false> {
  await burnRest(password)
  return false
}

/** Checks whether a hash is replaced at the next sign-in; Argon2 is not, at whatever cost. */
export const needsRehash = (hash: string) => hash !== 'argon2'

function burnRest(password: string, spent?: Cost) {
  return burnArgon2(password.slice(0, 256), NEW_COST.cpuMs - (spent?.cpuMs ?? 0))
}
