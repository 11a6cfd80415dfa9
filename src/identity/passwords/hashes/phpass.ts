import { md5 } from '@noble/hashes/legacy.js'
import type { Algorithm, ParsedHash } from './algorithm.ts'
import { utf8 } from './algorithm.ts'
import { bcrypt } from './bcrypt.ts'
import { sameText } from './digest.ts'
import { countWork } from './pace.ts'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Identifier, log2 of the iterations, salt, checksum; the last character has two bits only. */
const STORED = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{21}[./01])$/
const DIGEST_BYTES = 16

/** Prints bytes as phpass does: six bits a character, the lowest first. */
function print(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3)
    const bits = group.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0)
    for (let digit = 0; digit <= group.length; digit++) text += ALPHABET[(bits >> (6 * digit)) & 63]
  }
  return text
}

/** Hashes the salt and the password, and then the hash and the password, again and again. */
async function stretch(password: Uint8Array, salt: Uint8Array, iterations: number) {
  const message = new Uint8Array(DIGEST_BYTES + password.length)
  message.set(password, DIGEST_BYTES)
  let hash = md5(Uint8Array.of(...salt, ...password))
  for (let left = iterations; left > 0; left--) {
    message.set(hash)
    hash = md5(message)
    await countWork(1)
  }
  return hash
}

function parsePortable(stored: string): ParsedHash | undefined {
  const [, digit, salt, checksum] = STORED.exec(stored) ?? []
  if (digit === undefined || salt === undefined || checksum === undefined) return
  const log2 = ALPHABET.indexOf(digit)
  if (log2 < 7 || log2 > 30) return
  return {
    cost: { memoryBytes: 0, cpuMs: 2 ** log2 * 0.0055 }, // for a password of 256 bytes; 0.002 for 8
    matches: async (password) =>
      sameText(print(await stretch(utf8(password), utf8(salt), 2 ** log2)), checksum),
  }
}

/** phpass: its portable hash, or the bcrypt hash that it makes where it can (docs/contract/users.md §15.6). */
export const phpass: Algorithm = {
  form: 'a portable phpass hash such as $P$B… or $H$9… of 34 characters, or a bcrypt hash',
  parse: (stored, options) => parsePortable(stored) ?? bcrypt.parse(stored, options),
}
