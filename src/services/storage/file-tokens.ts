import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { signJwt, verifyJwt } from '#/auth/jwt'
import { isStale } from '#/auth/last-use'
import type { Database } from '#/db'
import { type FileToken, fileTokens } from '#/db/schema'
import { model, optionalTime, printTime, time } from '#/http/model'

/** The one file that a token opens, by sequences: a new file of the same ID is another. */
export type TokenGrant = {
  tokenId: string
  bucketSequence: number
  fileSequence: number
  stale: boolean
}

const LEEWAY_SECONDS = 10
const LONGEST_AGE_SECONDS = 315_360_000

const claimsSchema = z.object({
  tokenId: z.string(),
  resourceType: z.literal('files'),
  resourceInternalId: z.string(),
  iat: z.number(),
})

const internalId = (row: FileToken) => `${row.bucketSequence}:${row.fileSequence}`
const seconds = (date: Date) => Math.floor(date.getTime() / 1000)

/** Signs the JWT that stands for a token; the same row always gives the same text (docs/contract/storage.md §10.3). */
export const tokenSecret = (row: FileToken, secret: string) =>
  signJwt(
    {
      tokenId: row.id,
      resourceId: `${row.bucketId}:${row.fileId}`,
      resourceType: 'files',
      resourceInternalId: internalId(row),
      iat: seconds(row.createdAt),
      ...(row.expiresAt ? { exp: seconds(row.expiresAt) } : {}),
    },
    secret,
  )

export const tokenById = (db: Database, id: string) =>
  db.select().from(fileTokens).where(eq(fileTokens.id, id))

/**
 * Reads a token as sent. A bad, expired or revoked one counts as none (docs/contract/storage.md §10.4).
 * @returns undefined for none; else the ID to load, and a check of the row that was loaded
 */
export async function tokenGrant(jwt: string | undefined, secret: string, now: Date) {
  if (!jwt) return
  const { data } = claimsSchema.safeParse(await verifyJwt(jwt, secret, now, LEEWAY_SECONDS))
  if (!data || seconds(now) - data.iat > LONGEST_AGE_SECONDS) return
  const redeem = (row: FileToken | undefined): TokenGrant | undefined => {
    if (!row || internalId(row) !== data.resourceInternalId) return
    if (row.expiresAt && row.expiresAt < now) return
    const { bucketSequence, fileSequence } = row
    return {
      tokenId: row.id,
      bucketSequence,
      fileSequence,
      stale: isStale(row.accessedAt, now),
    }
  }
  return { tokenId: data.tokenId, redeem }
}

/** Records that a token was used. */
export const touchToken = (db: Database, tokenId: string, now: Date) =>
  db.update(fileTokens).set({ accessedAt: now }).where(eq(fileTokens.id, tokenId))

/** docs/contract/storage.md §10.1. */
export const tokenModel = model(
  'resourceToken',
  {
    $id: z.string(),
    $createdAt: time,
    resourceId: z.string(),
    resourceType: z.string(),
    expire: optionalTime,
    secret: z.string(),
    accessedAt: optionalTime,
  },
  (row: FileToken & { secret: string }) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    resourceId: `${row.bucketId}:${row.fileId}`,
    resourceType: 'files',
    expire: row.expiresAt ? printTime(row.expiresAt) : '',
    secret: row.secret,
    accessedAt: row.accessedAt ? printTime(row.accessedAt) : '',
  }),
)
