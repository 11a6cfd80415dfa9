import { decodeBase64, encodeBase64 } from 'bcryptjs'

/**
 * bcrypt as crypt_blowfish had it before 1.1 (CVE-2011-2483), which `$2x$` marks: each byte of the password
 * is sign-extended when it is joined to the others of its 32-bit word, so that one from 0x80 on sets all bits
 * before it. Provos and Mazières, "A Future-Adaptable Password Scheme" (1999), but for that.
 */

const SUBKEYS = 18
const BOX = 256
const SALT_BYTES = 16
/** The text that is encrypted, as 32-bit words. */
const MAGIC = words(new TextEncoder().encode('OrpheanBeholderScryDoubt'))
const CHECKSUM_BYTES = 23

/** Subkeys and four S-boxes in one array, in this order. */
type State = Int32Array

/** Gives arctan(1/x) as a fixed-point number with so many bits after the point. */
function arctanInverse(x: bigint, bits: bigint): bigint {
  let power = (1n << bits) / x
  let sum = 0n
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += (n & 2n) === 0n ? power / n : -power / n
    power /= x * x
  }
  return sum
}

let initial: State | undefined

/** Gives Blowfish's first state: the binary digits of π after the point, by Machin's formula. */
function initialState(): State {
  if (initial) return initial
  const length = SUBKEYS + 4 * BOX
  const spare = 64n
  const bits = BigInt(32 * length) + spare
  const pi = 16n * arctanInverse(5n, bits) - 4n * arctanInverse(239n, bits)
  const digits = (pi & ((1n << bits) - 1n)) >> spare
  const text = digits.toString(16).padStart(8 * length, '0')
  initial = Int32Array.from({ length }, (_, at) =>
    Number.parseInt(text.slice(8 * at, 8 * at + 8), 16),
  )
  return initial
}

/** Joins bytes to big-endian words. */
function words(bytes: ArrayLike<number>): Int32Array {
  const joined = new Int32Array(bytes.length / 4)
  for (let at = 0; at < bytes.length; at++)
    joined[at >> 2] = ((joined[at >> 2] ?? 0) << 8) | (bytes[at] ?? 0)
  return joined
}

/** Repeats a password and its final NUL over all subkeys, with each byte sign-extended. */
function keyWords(password: Uint8Array): Int32Array {
  const key = new Int8Array(password.length + 1)
  key.set(password)
  const joined = new Int32Array(SUBKEYS)
  for (let at = 0; at < 4 * SUBKEYS; at++)
    joined[at >> 2] = ((joined[at >> 2] ?? 0) << 8) | (key[at % key.length] ?? 0)
  return joined
}

/** Encrypts the two words at `at` in place. */
function encrypt(state: State, block: Int32Array, at: number) {
  let left = block[at] ?? 0
  let right = block[at + 1] ?? 0
  for (let round = 0; round < SUBKEYS - 2; round++) {
    left ^= state[round] ?? 0
    const a = state[SUBKEYS + (left >>> 24)] ?? 0
    const b = state[SUBKEYS + BOX + ((left >>> 16) & 255)] ?? 0
    const c = state[SUBKEYS + 2 * BOX + ((left >>> 8) & 255)] ?? 0
    const d = state[SUBKEYS + 3 * BOX + (left & 255)] ?? 0
    const mixed = right ^ ((((a + b) | 0) ^ c) + d)
    right = left
    left = mixed
  }
  block[at] = right ^ (state[SUBKEYS - 1] ?? 0)
  block[at + 1] = left ^ (state[SUBKEYS - 2] ?? 0)
}

/** Mixes a key into the state, and a salt of four words into the encryptions that replace it. */
function expand(state: State, key: Int32Array, salt: Int32Array) {
  for (let at = 0; at < SUBKEYS; at++) state[at] = (state[at] ?? 0) ^ (key[at % key.length] ?? 0)
  const block = new Int32Array(2)
  for (let at = 0; at < state.length; at += 2) {
    block[0] = (block[0] ?? 0) ^ (salt[at & 2] ?? 0)
    block[1] = (block[1] ?? 0) ^ (salt[(at & 2) + 1] ?? 0)
    encrypt(state, block, 0)
    state.set(block, at)
  }
}

/**
 * Hashes a password as `$2x$` does.
 * @param cost log2 of the rounds, 4 to 31
 * @param saltText 22 characters of bcrypt's base64
 * @returns the checksum, 31 characters of bcrypt's base64
 */
export function hashSignExtended(password: Uint8Array, cost: number, saltText: string): string {
  const salt = words(decodeBase64(saltText, SALT_BYTES))
  const none = new Int32Array(4)
  const key = keyWords(password)
  const state = initialState().slice()
  expand(state, key, salt)
  for (let round = 2 ** cost; round > 0; round--) {
    expand(state, key, none)
    expand(state, salt, none)
  }
  const text = MAGIC.slice()
  for (let at = 0; at < text.length; at += 2)
    for (let time = 0; time < 64; time++) encrypt(state, text, at)
  const bytes = Array.from(text).flatMap((word) =>
    [24, 16, 8, 0].map((shift) => (word >>> shift) & 255),
  )
  return encodeBase64(bytes, CHECKSUM_BYTES)
}
