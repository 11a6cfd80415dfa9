import { z } from 'zod'
import type { OneTimeSecret } from '#/db/schema'
import { model, printTime, time } from '#/http/model'

/** An authenticator's secret, shown while it is not verified (docs/contract/account.md §2). */
export const mfaTypeModel = model(
  'mfaType',
  { secret: z.string(), uri: z.string() },
  (shown: { secret: string; uri: string }) => shown,
)

/** A challenge as issued: the code goes another way (docs/contract/account.md §2). */
export type Challenge = Pick<OneTimeSecret, 'id' | 'createdAt' | 'userId'> & { expiresAt: Date }

export const mfaChallengeModel = model(
  'mfaChallenge',
  { $id: z.string(), $createdAt: time, userId: z.string(), expire: time },
  (row: Challenge) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    userId: row.userId,
    expire: printTime(row.expiresAt),
  }),
)
