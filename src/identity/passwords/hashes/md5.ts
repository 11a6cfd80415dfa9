import { md5 as digest } from '@noble/hashes/legacy.js'
import type { Algorithm } from './algorithm.ts'
import { parseDigest } from './digest.ts'

/** A single MD5 without salt (docs/contract/users.md §15.5; RFC 1321). */
export const md5: Algorithm = {
  form: '16 bytes in hexadecimal digits or base64',
  parse: (stored) => parseDigest(stored, digest, 16),
}
