import { decodeBase64, encodeBase64 } from 'bcryptjs'
import { countWork } from './pace.ts'

/**
 * bcrypt with yields: Provos and Mazières, "A Future-Adaptable Password Scheme" (1999), and the `$2x$` of
 * crypt_blowfish before 1.1 (CVE-2011-2483), which sign-extends each byte of the password when it joins bytes
 * to 32-bit words, so that a byte from 0x80 on sets all bits before it.
 *
 * bcryptjs yields by the clock, which stands still while a deployed Worker computes; it serves for base64 alone.
 */

const SUBKEYS = 18
const BOX = 256
const SALT_BYTES = 16
/** The text that is encrypted, as 32-bit words. */
const MAGIC = words(new TextEncoder().encode('OrpheanBeholderScryDoubt'))
const CHECKSUM_BYTES = 23

/** Subkeys and four S-boxes in one array, in this order. */
type State = Int32Array

/** Returns arctan(1/x) as a fixed-point number with so many bits after the point. */
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

/** Returns Blowfish's first state: the binary digits of π after the point, by Machin's formula. */
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

/**
 * Repeats a password and its final NUL over all subkeys.
 * @param signed whether each byte is sign-extended before it is joined to the others of its word
 */
function keyWords(password: Uint8Array, signed: boolean): Int32Array {
  const length = password.length + 1
  const key = signed ? new Int8Array(length) : new Uint8Array(length)
  key.set(password)
  const joined = new Int32Array(SUBKEYS)
  for (let at = 0; at < 4 * SUBKEYS; at++)
    joined[at >> 2] = ((joined[at >> 2] ?? 0) << 8) | (key[at % length] ?? 0)
  return joined
}

/** Encrypts two words, and stores the result in `out` at `at` and behind it. */
function encrypt(state: State, left: number, right: number, out: Int32Array, at: number) {
  let l = left
  let r = right
  for (let round = 0; round < SUBKEYS - 2; round += 2) {
    l ^= state[round] ?? 0
    r ^= feistel(state, l) ^ (state[round + 1] ?? 0)
    l ^= feistel(state, r)
  }
  l ^= state[SUBKEYS - 2] ?? 0 // read before the state is written, which may be in the same place
  out[at] = r ^ (state[SUBKEYS - 1] ?? 0)
  out[at + 1] = l
}

/** Blowfish's round function. */
function feistel(state: State, word: number): number {
  const a = state[SUBKEYS + (word >>> 24)] ?? 0
  const b = state[SUBKEYS + BOX + ((word >>> 16) & 255)] ?? 0
  const c = state[SUBKEYS + 2 * BOX + ((word >>> 8) & 255)] ?? 0
  const d = state[SUBKEYS + 3 * BOX + (word & 255)] ?? 0
  return ((((a + b) | 0) ^ c) + d) | 0
}

/** Mixes a key into the state, and a salt of four words into the encryptions that replace it. */
function expand(state: State, key: Int32Array, salt: Int32Array) {
  for (let at = 0; at < SUBKEYS; at++) state[at] = (state[at] ?? 0) ^ (key[at % key.length] ?? 0)
  let left = 0
  let right = 0
  for (let at = 0; at < state.length; at += 2) {
    left ^= salt[at & 2] ?? 0
    right ^= salt[(at & 2) + 1] ?? 0
    encrypt(state, left, right, state, at)
    left = state[at] ?? 0
    right = state[at + 1] ?? 0
  }
}

/** Units of work, of the size that {@link countWork} counts, in one round of bcrypt. */
const UNITS_A_ROUND = 16

/**
 * Hashes a password with bcrypt, and lets other requests through between rounds.
 * @param cost log2 of the rounds, 4 to 31
 * @param saltText 22 characters of bcrypt's base64
 * @param signed as `$2x$` has it
 * @returns the checksum, 31 characters of bcrypt's base64
 */
export async function bcryptChecksum(
  password: Uint8Array,
  cost: number,
  saltText: string,
  signed: boolean,
): Promise<string> {
  const salt = words(decodeBase64(saltText, SALT_BYTES))
  const none = new Int32Array(4)
  const key = keyWords(password, signed)
  const state = initialState().slice()
  expand(state, key, salt)
  for (let round = 2 ** cost; round > 0; round--) {
    expand(state, key, none)
    expand(state, salt, none)
    await countWork(UNITS_A_ROUND)
  }
  const text = MAGIC.slice()
  for (let at = 0; at < text.length; at += 2)
    for (let time = 0; time < 64; time++) encrypt(state, text[at] ?? 0, text[at + 1] ?? 0, text, at)
  const bytes = Array.from(text).flatMap((word) =>
    [24, 16, 8, 0].map((shift) => (word >>> shift) & 255),
  )
  return encodeBase64(bytes, CHECKSUM_BYTES)
}
