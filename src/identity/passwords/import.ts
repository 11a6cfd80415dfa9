import { ApiError } from '#/errors'
import {
  type HashName,
  IMPORT_BUDGET,
  isImportable,
  printCost,
} from '#/identity/passwords/hashes/algorithm'
import { ALGORITHMS } from '#/identity/passwords/hashes/algorithms'
import { isPowerOfTwo } from '#/identity/passwords/hashes/scrypt'
import { BASE64 } from '#/identity/passwords/hashes/scrypt-modified'
import { SHA_VERSIONS } from '#/identity/passwords/hashes/sha'

type Hashed = { password: string }

/** Holds what each route for imports takes, by the last part of its path (docs/contract/users.md §4.1). */
export type ImportParams = {
  argon2: Hashed
  bcrypt: Hashed
  md5: Hashed
  phpass: Hashed
  sha: Hashed & { passwordVersion?: string | undefined }
  scrypt: Hashed & {
    passwordSalt: string
    passwordCpu: number
    passwordMemory: number
    passwordParallel: number
    passwordLength: number
  }
  'scrypt-modified': Hashed & {
    passwordSalt: string
    passwordSaltSeparator: string
    passwordSignerKey: string
  }
}
export type ImportRoute = keyof ImportParams

type Kind = { hash: HashName; hashOptions: Record<string, unknown> }

/** A hash as a user's row keeps it. */
export type StoredHash = Kind & { password: string }

function refuseUnless(valid: boolean, name: string, detail: string) {
  if (!valid) throw new ApiError('general_argument_invalid', `Invalid \`${name}\` param: ${detail}`)
}

/** Give the options of a row for each route, as they are returned (docs/contract/users.md §15.2). */
const KINDS: { [Route in ImportRoute]: (params: ImportParams[Route]) => Kind } = {
  // The parameters in the string count; the options are upstream's defaults, whatever the string says.
  argon2: () => ({
    hash: 'argon2',
    hashOptions: { type: 'argon2', memory_cost: 65536, time_cost: 4, threads: 3 },
  }),
  bcrypt: () => ({ hash: 'bcrypt', hashOptions: { type: 'bcrypt', cost: 8 } }),
  md5: () => ({ hash: 'md5', hashOptions: { type: 'md5' } }),
  phpass: () => ({
    hash: 'phpass',
    hashOptions: {
      type: 'phpass',
      iteration_count_log2: 8,
      portable_hashes: false,
      random_state: crypto.randomUUID(), // means nothing; upstream shows the state of a generator
    },
  }),
  sha({ passwordVersion: version = 'sha256' }) {
    const isKnown = SHA_VERSIONS.some((known) => known === version)
    refuseUnless(isKnown, 'passwordVersion', `must be one of ${SHA_VERSIONS.join(', ')}`)
    return { hash: 'sha', hashOptions: { type: 'sha', version } }
  },
  scrypt(params) {
    const { passwordCpu, passwordMemory, passwordParallel, passwordLength, passwordSalt } = params
    refuseUnless(passwordSalt !== '0', 'passwordSalt', 'must not be 0')
    refuseUnless(isPowerOfTwo(passwordCpu), 'passwordCpu', 'must be a power of two from 2')
    refuseUnless(passwordMemory >= 1, 'passwordMemory', 'must be at least 1')
    refuseUnless(passwordParallel >= 1, 'passwordParallel', 'must be at least 1')
    refuseUnless(passwordLength >= 16, 'passwordLength', 'must be at least 16')
    return {
      hash: 'scrypt',
      hashOptions: {
        type: 'scrypt',
        costCpu: passwordCpu,
        costMemory: passwordMemory,
        costParallel: passwordParallel,
        length: passwordLength,
        salt: passwordSalt,
      },
    }
  },
  'scrypt-modified'(params) {
    const { passwordSalt, passwordSaltSeparator, passwordSignerKey } = params
    const fields = { passwordSalt, passwordSaltSeparator, passwordSignerKey }
    for (const [name, value] of Object.entries(fields))
      refuseUnless(BASE64.test(value), name, 'must be standard base64')
    refuseUnless(passwordSalt !== '0', 'passwordSalt', 'must not be 0')
    refuseUnless(passwordSignerKey !== '0', 'passwordSignerKey', 'must not be 0')
    return {
      hash: 'scryptMod',
      hashOptions: {
        type: 'scryptMod',
        salt: passwordSalt,
        saltSeparator: passwordSaltSeparator,
        signerKey: passwordSignerKey,
      },
    }
  },
}

/**
 * Takes over a hash from elsewhere, without checking any password and so at no cost.
 *
 * Differs: upstream takes any text of 8 to 256 bytes, and a user whose hash cannot be checked then cannot
 * sign in. Here such a hash is refused.
 *
 * @param params as declared, of the types declared; their lengths are the caller's to check
 * @throws `general_argument_invalid` for options outside their ranges, for a hash that the algorithm cannot
 * have made, and for one whose check takes more than an isolate can give
 */
export function importHash<Route extends ImportRoute>(
  route: Route,
  params: ImportParams[Route],
): StoredHash {
  const kind = KINDS[route](params)
  const algorithm = ALGORITHMS[kind.hash]
  const parsed = algorithm.parse(params.password, kind.hashOptions)
  if (!parsed) {
    const problem = `Invalid \`password\` param: must be ${algorithm.form}`
    throw new ApiError('general_argument_invalid', problem)
  }
  refuseUnless(
    isImportable(parsed.cost),
    'password',
    `a check of this hash takes ${printCost(parsed.cost)}, of at most ${printCost(IMPORT_BUDGET)}`,
  )
  return { password: params.password, ...kind }
}
