import { sha1 } from '@noble/hashes/legacy.js'
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js'
import { sha3_224, sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js'
import { z } from 'zod'
import type { Algorithm } from './algorithm.ts'
import { parseDigest } from './digest.ts'

/** Versions of SHA by the names they have on the wire; all are lower case (FIPS 180-4, FIPS 202). */
export const SHA_VERSIONS = [
  ...(['sha1', 'sha224', 'sha256', 'sha384', 'sha512/224', 'sha512/256', 'sha512'] as const),
  ...(['sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'] as const),
] as const
export type ShaVersion = (typeof SHA_VERSIONS)[number]

const DIGESTS = {
  sha1,
  sha224,
  sha256,
  sha384,
  'sha512/224': sha512_224,
  'sha512/256': sha512_256,
  sha512,
  'sha3-224': sha3_224,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
} satisfies Record<ShaVersion, unknown>

const optionsSchema = z.object({ version: z.enum(SHA_VERSIONS) })

/** A single SHA without salt; the options name the version (docs/contract/users.md §15.5). */
export const sha: Algorithm = {
  form: 'a digest of its passwordVersion in hexadecimal digits or base64',
  parse(stored, options) {
    const { data } = optionsSchema.safeParse(options)
    if (!data) return
    const digest = DIGESTS[data.version]
    return parseDigest(stored, digest, digest.outputLen)
  },
}
