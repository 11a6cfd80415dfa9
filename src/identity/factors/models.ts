import { z } from 'zod'
import type { OneTimeSecret } from '#/db/schema'
import { model, printTime, time } from '#/http/model'
import type { Factors } from '#/identity/factors/factors'

/** Which second factors can be used (docs/contract/users.md §13). */
export const mfaFactorsModel = model(
  'mfaFactors',
  {
    totp: z.boolean(),
    phone: z.boolean(),
    email: z.boolean(),
    recoveryCode: z.boolean(),
    custom: z.boolean(),
  },
  (factors: Factors) => factors,
)

export const mfaRecoveryCodesModel = model(
  'mfaRecoveryCodes',
  { recoveryCodes: z.array(z.string()) },
  (recoveryCodes: string[]) => ({ recoveryCodes }),
)

/** A challenge with the code that answers it (docs/contract/users.md §2.5). */
export type ChallengeSecret = Pick<OneTimeSecret, 'id' | 'createdAt' | 'userId'> & {
  expiresAt: Date
  code: string
}

export const mfaChallengeSecretModel = model(
  'mfaChallengeSecret',
  { $id: z.string(), $createdAt: time, userId: z.string(), expire: time, code: z.string() },
  (row: ChallengeSecret) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    userId: row.userId,
    expire: printTime(row.expiresAt),
    code: row.code,
  }),
)
