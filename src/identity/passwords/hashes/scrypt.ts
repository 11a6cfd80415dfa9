import { scryptAsync as derive } from '@noble/hashes/scrypt.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { z } from 'zod'
import type { Algorithm, Cost } from './algorithm.ts'
import { utf8 } from './algorithm.ts'
import { isHex, sameText } from './digest.ts'
import './pace.ts'
import { inWorkspace } from './workspace.ts'

const optionsSchema = z.object({
  costCpu: z.int(), // N
  costMemory: z.int().min(1), // r
  costParallel: z.int().min(1), // p
  length: z.int().min(16), // bytes
  salt: z.string(),
})

/** Checks whether a number can be scrypt's N. */
export const isPowerOfTwo = (n: number) => n > 1 && Number.isInteger(Math.log2(n))

/** Returns what scrypt takes: N blocks of 128·r bytes, gone through twice for each of p lanes (RFC 7914). */
export const scryptCost = (N: number, r: number, p: number): Cost => ({
  memoryBytes: 128 * r * (N + p + 1),
  cpuMs: N * r * p * 0.0008 + r * p * 0.008, // mixing; spreading the password over the lanes and back
})

/** scrypt with N, r and p as the options have them, over the salt's own bytes (docs/contract/users.md §15.7). */
export const scrypt: Algorithm = {
  form: 'hexadecimal digits, two for each byte of passwordLength',
  parse(stored, options) {
    const { data } = optionsSchema.safeParse(options)
    if (!data) return
    const { costCpu: N, costMemory: r, costParallel: p, length: dkLen, salt } = data
    if (!isPowerOfTwo(N) || !isHex(stored, dkLen)) return
    const cost = scryptCost(N, r, p)
    return {
      cost,
      matches: async (password) => {
        const key = await inWorkspace(cost.memoryBytes, (onProgress) =>
          derive(utf8(password), utf8(salt), { N, r, p, dkLen, asyncTick: 0, onProgress }),
        )
        return sameText(bytesToHex(key), stored.toLowerCase())
      },
    }
  },
}
