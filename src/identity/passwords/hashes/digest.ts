import { equalBytes } from '@noble/ciphers/utils.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { CHEAP, type ParsedHash, utf8 } from './algorithm.ts'
import { fromBase64, toStandard, unpadded } from './base64.ts'

const HEX = /^[0-9a-f]*$/i

/** Compares two texts in time that depends on their lengths alone. */
export const sameText = (a: string, b: string) => equalBytes(utf8(a), utf8(b))

/** Checks whether a text is the hex form of so many bytes, in either case. */
export const isHex = (text: string, bytes: number) => text.length === 2 * bytes && HEX.test(text)

/** Reads an unsalted digest, stored as hex or base64. @param length of the digest in bytes */
export const parseDigest = (
  stored: string,
  digest: (message: Uint8Array) => Uint8Array,
  length: number,
) => {
  const expected = digestBytes(stored, length)
  if (!expected) return
  const matches = async (password: string) => equalBytes(digest(utf8(password)), expected)
  return { cost: CHEAP, matches } satisfies ParsedHash
}

/** Reads the bytes of a digest. @returns undefined for text that is not so many bytes in hex or base64 */
function digestBytes(stored: string, length: number): Uint8Array | undefined {
  if (isHex(stored, length)) return hexToBytes(stored)
  const standard = toStandard(stored)
  if (!/^[A-Za-z0-9+/]+$/.test(standard)) return
  const bytes = fromBase64(standard)
  return bytes.length === length && unpadded(bytes) === standard ? bytes : undefined
}
