import { equalBytes } from '@noble/ciphers/utils.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { CHEAP, type ParsedHash, utf8 } from './algorithm.ts'

const HEX = /^[0-9a-f]*$/

/** Compares two texts in time that depends on their lengths alone. */
export const sameText = (a: string, b: string) => equalBytes(utf8(a), utf8(b))

/** Tells whether a text is the lower-case hex form of so many bytes. */
export const isHex = (text: string, bytes: number) => text.length === 2 * bytes && HEX.test(text)

/** Reads an unsalted digest, stored as lower-case hex. @param length of the digest in bytes */
export const parseDigest = (
  stored: string,
  digest: (message: Uint8Array) => Uint8Array,
  length: number,
): ParsedHash | undefined =>
  isHex(stored, length)
    ? { cost: CHEAP, matches: (password) => sameText(bytesToHex(digest(utf8(password))), stored) }
    : undefined
