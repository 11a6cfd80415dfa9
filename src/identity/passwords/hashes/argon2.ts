import { equalBytes } from '@noble/ciphers/utils.js'
import { argon2iAsync, argon2idAsync } from '@noble/hashes/argon2.js'
import type { Algorithm, Cost, ParsedHash } from './algorithm.ts'
import { utf8 } from './algorithm.ts'
import { fromBase64, toStandard, unpadded } from './base64.ts'
import './pace.ts'
import { inWorkspace } from './workspace.ts'

/** The parameters of new hashes: KiB, passes, lanes (docs/contract/users.md §15.3, set B). */
const NEW = { m: 7168, t: 5, p: 1 }

/** The options that a row with a new hash reports. */
export const NEW_OPTIONS = {
  type: 'argon2',
  memory_cost: NEW.m,
  time_cost: NEW.t,
  threads: NEW.p,
} as const

const TAG_BYTES = 32
const SALT_BYTES = 16

const cost = (m: number, t: number): Cost => ({ memoryBytes: m * 1024, cpuMs: m * t * 0.007 })

/** What a check of a new hash takes. */
export const NEW_COST = cost(NEW.m, NEW.t)

const NUMBER = '([1-9]\\d{0,9})'
const BASE64 = '([\\w+/-]+={0,2})'
const STORED = new RegExp(
  `^\\$argon2(id?)\\$(?:v=(16|19)\\$)?m=${NUMBER},t=${NUMBER},p=${NUMBER}\\$${BASE64}\\$${BASE64}$`,
)
/** Largest cost or number of passes, and most lanes (RFC 9106 §3.1). */
const MAX_COST = 2 ** 32 - 1
const MAX_LANES = 2 ** 24 - 1

/** Reads base64 of either alphabet, padded or not, whose unused bits must be zero. */
function exact(text: string): Uint8Array<ArrayBuffer> | undefined {
  const standard = toStandard(text)
  const bytes = fromBase64(standard)
  return unpadded(bytes) === standard ? bytes : undefined
}

/** Reads a PHC string of Argon2id or Argon2i; without `v=` it is version 0x10. Argon2d never verifies. */
function parse(stored: string): ParsedHash | undefined {
  const [, type, version = '16', memory, passes, lanes, saltText = '', tagText = ''] =
    STORED.exec(stored) ?? []
  const [m, t, p] = [Number(memory), Number(passes), Number(lanes)]
  const salt = exact(saltText)
  const tag = exact(tagText)
  const isValid = p <= MAX_LANES && t <= MAX_COST && m <= MAX_COST && m >= 8 * p
  if (!isValid || !salt || !tag || salt.length < 8 || tag.length < 4) return
  const derive = type === 'id' ? argon2idAsync : argon2iAsync
  const options = { m, t, p, version: Number(version), dkLen: tag.length }
  return {
    cost: cost(m, t),
    matches: async (password) =>
      equalBytes(
        await inWorkspace(m * 1024, (onProgress) =>
          derive(utf8(password), salt, { ...options, asyncTick: 0, onProgress }),
        ),
        tag,
      ),
  }
}

/** Argon2, by the parameters in the string (docs/contract/users.md §15.3; RFC 9106). */
export const argon2: Algorithm = {
  form: 'an Argon2id or Argon2i hash such as $argon2id$v=19$m=65536,t=4,p=3$salt$tag, in unpadded base64',
  parse,
}

const print = (salt: Uint8Array, tag: Uint8Array) =>
  `$argon2id$v=19$m=${NEW.m},t=${NEW.t},p=${NEW.p}$${unpadded(salt)}$${unpadded(tag)}`

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))

/** Derives a tag in the memory of a new hash, in `t` passes. */
const derive = (password: string, salt: Uint8Array, t: number) =>
  inWorkspace(NEW.m * 1024, (onProgress) =>
    argon2idAsync(utf8(password), salt, { ...NEW, t, dkLen: TAG_BYTES, asyncTick: 0, onProgress }),
  )

/** Hashes a new password. @returns a PHC string */
export async function hashArgon2(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return print(salt, await derive(password, salt, NEW.t))
}

/** Draws what a hash of a random password would be, without hashing one. @returns a PHC string */
export const randomArgon2 = () => print(randomBytes(SALT_BYTES), randomBytes(TAG_BYTES))

/** Does what a check of a new hash does, or the share of it that `cpuMs` asks for, to no end. */
export async function burnArgon2(password: string, cpuMs = NEW_COST.cpuMs) {
  const t = Math.round((cpuMs / NEW_COST.cpuMs) * NEW.t)
  if (t >= 1) await derive(password, new Uint8Array(SALT_BYTES), t)
}
