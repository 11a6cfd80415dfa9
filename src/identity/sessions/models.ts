import { z } from 'zod'
import type { Log, OneTimeSecret, Session } from '#/db/schema'
import {
  listModel,
  model,
  optionalTime,
  printOptionalTime,
  printTime,
  time,
  type View,
} from '#/http/model'
import { countryName } from '#/lib/clients/geo'
import { type ClientInfo, parseUserAgent } from '#/lib/clients/user-agent'

const clientFields = {
  osCode: z.string(),
  osName: z.string(),
  osVersion: z.string(),
  clientType: z.string(),
  clientCode: z.string(),
  clientName: z.string(),
  clientVersion: z.string(),
  clientEngine: z.string(),
  clientEngineVersion: z.string(),
  deviceName: z.string(),
  deviceBrand: z.string(),
  deviceModel: z.string(),
  countryCode: z.string(),
  countryName: z.string(),
}

const wireClient = (
  { userAgent, countryCode }: Pick<Session, 'userAgent' | 'countryCode'>,
  { locale }: View,
): ClientInfo & { countryCode: string; countryName: string } => ({
  ...parseUserAgent(userAgent),
  countryCode,
  countryName: countryName(countryCode, locale),
})

/**
 * A session with its provider's tokens opened; `secret` is there only where it was just made, `countryName`
 * where it is not to be worked out.
 */
export type SessionRow = Session & { secret?: string; current?: boolean; countryName?: string }

/** docs/contract/users.md §2.3; `secret` is for keys alone. */
export const sessionModel = model(
  'session',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    userId: z.string(),
    expire: time,
    provider: z.string(),
    providerUid: z.string(),
    providerAccessToken: z.string(),
    providerAccessTokenExpiry: optionalTime,
    providerRefreshToken: z.string(),
    ip: z.string(),
    ...clientFields,
    current: z.boolean(),
    factors: z.array(z.string()),
    secret: z.string(),
    mfaUpdatedAt: optionalTime,
  },
  (row: SessionRow, view) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    userId: row.userId,
    expire: printTime(row.expiresAt),
    provider: row.provider,
    providerUid: row.providerUid,
    providerAccessToken: row.providerAccessToken,
    providerAccessTokenExpiry: printOptionalTime(row.providerAccessTokenExpiry),
    providerRefreshToken: row.providerRefreshToken,
    ip: row.ip,
    ...wireClient(row, view),
    ...(row.countryName === undefined ? {} : { countryName: row.countryName }),
    current: row.current ?? false,
    factors: row.factors,
    secret: view.privileged ? (row.secret ?? '') : '',
    mfaUpdatedAt: printOptionalTime(row.mfaUpdatedAt),
  }),
  { factors: '1.5.0', secret: '1.5.0' },
)
export const sessionListModel = listModel('sessionList', 'sessions', sessionModel)

/** A one-time secret as issued; `secret` is for keys alone (docs/contract/users.md §2.4). */
export type TokenRow = Pick<OneTimeSecret, 'id' | 'createdAt' | 'userId'> & {
  expiresAt: Date | null
  secret: string
  phrase?: string
}

export const tokenModel = model(
  'token',
  {
    $id: z.string(),
    $createdAt: time,
    userId: z.string(),
    secret: z.string(),
    expire: optionalTime,
    phrase: z.string(),
  },
  (row: TokenRow, view) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    userId: row.userId,
    secret: view.privileged ? row.secret : '',
    expire: printOptionalTime(row.expiresAt),
    phrase: row.phrase ?? '',
  }),
  { phrase: '1.5.0' },
)

export const jwtModel = model('jwt', { jwt: z.string() }, (jwt: string) => ({ jwt }))

/** docs/contract/users.md §14. */
export const logModel = model(
  'log',
  {
    event: z.string(),
    userId: z.string(),
    userEmail: z.string(),
    userName: z.string(),
    mode: z.string(),
    userType: z.string(),
    ip: z.string(),
    time,
    ...clientFields,
  },
  (row: Log, view) => ({
    event: row.event,
    userId: row.userId,
    userEmail: row.userEmail,
    userName: row.userName,
    mode: row.mode,
    userType: row.userType,
    ip: row.ip,
    time: printTime(row.time),
    ...wireClient(row, view),
  }),
)
export const logListModel = listModel('logList', 'logs', logModel)
