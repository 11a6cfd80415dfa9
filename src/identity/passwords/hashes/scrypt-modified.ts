import { ctr } from '@noble/ciphers/aes.js'
import { equalBytes } from '@noble/ciphers/utils.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { z } from 'zod'
import type { Algorithm } from './algorithm.ts'
import { utf8 } from './algorithm.ts'
import { fromBase64, toStandard, unpadded } from './base64.ts'
import './pace.ts'
import { scryptCost } from './scrypt.ts'
import { inWorkspace } from './workspace.ts'

/** Base64 of either alphabet, whose padding may lack (docs/contract/users.md §4.1). */
export const BASE64 = /^[\w+/-]+={0,2}$/

const field = z.string().regex(BASE64)
const optionsSchema = z.object({ salt: field, saltSeparator: field, signerKey: field })

/** Firebase's rounds and mem_cost, which are fixed here. */
const PARAMETERS = { N: 2 ** 14, r: 8, p: 1, dkLen: 64 }
const KEY_BYTES = 32
const COUNTER_BYTES = 16

/** Firebase's scrypt: the derived key encrypts the project's signer key (docs/contract/users.md §15.8). */
export const scryptModified: Algorithm = {
  form: 'base64 of as many bytes as the signer key has',
  parse(stored, options) {
    const { data } = optionsSchema.safeParse(options)
    if (!data) return
    const [signerKey, saltBytes, separator] = [data.signerKey, data.salt, data.saltSeparator].map(
      (text) => fromBase64(toStandard(text)),
    )
    if (!signerKey || !saltBytes || !separator) return
    const salt = Uint8Array.of(...saltBytes, ...separator)
    if (!BASE64.test(stored)) return
    const standard = toStandard(stored)
    const hash = fromBase64(standard)
    if (unpadded(hash) !== standard || hash.length !== signerKey.length) return
    const cost = scryptCost(PARAMETERS.N, PARAMETERS.r, PARAMETERS.p)
    return {
      cost,
      async matches(password) {
        const key = await inWorkspace(cost.memoryBytes, (onProgress) =>
          scryptAsync(utf8(password), salt, { ...PARAMETERS, asyncTick: 0, onProgress }),
        )
        const stream = ctr(key.subarray(0, KEY_BYTES), new Uint8Array(COUNTER_BYTES))
        return equalBytes(stream.encrypt(signerKey), hash)
      },
    }
  },
}
