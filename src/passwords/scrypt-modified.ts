import { ctr } from '@noble/ciphers/aes.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import { z } from 'zod'
import type { Algorithm } from './algorithm.ts'
import { utf8 } from './algorithm.ts'
import { base64, fromBase64 } from './base64.ts'
import { sameText } from './digest.ts'
import { scryptCost } from './scrypt.ts'
import { inWorkspace } from './workspace.ts'

/** Standard base64 whose padding may lack (users contract 4.1). */
export const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

const field = z.string().regex(BASE64)
const optionsSchema = z.object({ salt: field, saltSeparator: field, signerKey: field })

/** Firebase's rounds and mem_cost, which are fixed here. */
const PARAMETERS = { N: 2 ** 14, r: 8, p: 1, dkLen: 64 }
const KEY_BYTES = 32
const COUNTER_BYTES = 16

/** Firebase's scrypt: the derived key encrypts the project's signer key (users contract 15.8). */
export const scryptModified: Algorithm = {
  form: 'padded standard base64 of as many bytes as the signer key has',
  parse(stored, options) {
    const { data } = optionsSchema.safeParse(options)
    if (!data) return
    const signerKey = fromBase64(data.signerKey)
    const salt = Uint8Array.of(...fromBase64(data.salt), ...fromBase64(data.saltSeparator))
    if (!BASE64.test(stored)) return
    const hash = fromBase64(stored)
    if (base64(hash) !== stored || hash.length !== signerKey.length) return
    return {
      cost: scryptCost(PARAMETERS.N, PARAMETERS.r, PARAMETERS.p),
      matches(password) {
        const key = inWorkspace(() => scrypt(utf8(password), salt, PARAMETERS)).subarray(
          0,
          KEY_BYTES,
        )
        return sameText(base64(ctr(key, new Uint8Array(COUNTER_BYTES)).encrypt(signerKey)), stored)
      },
    }
  },
}
