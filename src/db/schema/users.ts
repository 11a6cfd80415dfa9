import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { SecretHash } from '#/lib/secrets'
import {
  flag,
  folded,
  form,
  freeForm,
  instant,
  json,
  type Plain,
  sequence,
  strings,
  timestamps,
  unfolded,
  words,
} from './columns.ts'

/**
 * On whose authority a credential is there. `claim`: a guest or a session set it before anybody proved that the
 * account's address is theirs. `holder`: the address was proven. `owner`: the project's owner set it. Null: from
 * before origins were recorded; it counts as the owner's.
 */
export const ORIGINS = ['claim', 'holder', 'owner'] as const
export type Origin = (typeof ORIGINS)[number]
const origin = () => text({ enum: ORIGINS })

/** People. What is unset is null, so that it never collides; addresses are lower case. */
export const users = sqliteTable(
  'users',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    name: text().notNull(),
    nameForm: form(),
    nameWords: words(),
    nameFolded: folded('name').notNull(),
    email: text().unique(),
    emailForm: form(),
    emailWords: words(),
    emailFolded: folded('email'),
    phone: text().unique(),
    password: text(), // the hash; null while there is none
    hash: text().notNull(), // names the algorithm, also while there is no password
    hashOptions: json<Record<string, unknown>>().notNull(),
    passwordHistory: strings().notNull(), // hashes, oldest first
    passwordUpdate: instant(), // null: no password was ever set
    registration: instant().notNull(),
    status: flag().notNull(), // false: blocked
    labels: strings().notNull(),
    emailVerification: flag().notNull(),
    emailCanonical: text(),
    emailIsFree: flag(),
    emailIsDisposable: flag(),
    emailIsCorporate: flag(),
    emailIsCanonical: flag(),
    phoneVerification: flag().notNull(),
    mfa: flag().notNull(),
    recoveryCodes: text(), // sealed JSON list
    prefs: freeForm().notNull(),
    impersonator: flag().notNull(),
    accessedAt: instant(),
    emailOrigin: origin(),
    phoneOrigin: origin(),
    passwordOrigin: origin(),
    mfaOrigin: origin(),
    recoveryCodesOrigin: origin(),
    ...timestamps,
  },
  (t) => [
    index('users_by_name').on(t.name, t.sequence),
    index('users_by_folded_name').on(t.nameFolded, t.name, t.sequence),
    index('users_unfolded').on(t.sequence).where(unfolded('name', 'email')),
    index('users_by_created').on(t.createdAt, t.sequence),
    index('users_by_accessed').on(t.accessedAt, t.sequence),
  ],
)
export type User = Plain<typeof users.$inferSelect>

/** Addresses at which a user can be reached; an identifier is unique in the project. */
export const targets = sqliteTable(
  'targets',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    userId: text().notNull(),
    sessionId: text(), // a push target goes with the session that made it
    name: text(),
    providerId: text(),
    providerType: text({ enum: ['email', 'sms', 'push'] }).notNull(),
    identifier: text().notNull().unique(),
    identifierForm: form(),
    identifierWords: words(),
    identifierFolded: folded('identifier').notNull(),
    expired: flag().notNull(),
    ...timestamps,
  },
  (t) => [
    index('targets_by_user').on(t.userId, t.sequence),
    index('targets_by_session').on(t.sessionId),
    index('targets_unfolded').on(t.sequence).where(unfolded('identifier')),
  ],
)
export type Target = Plain<typeof targets.$inferSelect>

/** Sign-ins; a secret is never stored, only its hash. */
export const sessions = sqliteTable(
  'sessions',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    userId: text().notNull(),
    secretHash: text().$type<SecretHash>().notNull().unique(),
    provider: text().notNull(),
    providerUid: text().notNull(),
    providerAccessToken: text().notNull(), // sealed
    providerAccessTokenExpiry: instant(),
    providerRefreshToken: text().notNull(), // sealed
    ip: text().notNull(),
    userAgent: text().notNull(),
    countryCode: text().notNull(), // lower-case ISO 3166-1, or '--'
    factors: strings().notNull(),
    mfaUpdatedAt: instant(),
    expiresAt: instant().notNull(),
    origin: origin(),
    ...timestamps,
  },
  (t) => [
    index('sessions_by_user').on(t.userId, t.sequence),
    index('sessions_by_expiry').on(t.expiresAt),
  ],
)
export type Session = typeof sessions.$inferSelect

/** Links to accounts at sign-in providers. */
export const identities = sqliteTable(
  'identities',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    userId: text().notNull(),
    provider: text().notNull(),
    providerUid: text().notNull(),
    providerUidForm: form(),
    providerUidWords: words(),
    providerUidFolded: folded('provider_uid').notNull(),
    providerEmail: text().notNull(),
    providerEmailForm: form(),
    providerEmailWords: words(),
    providerEmailFolded: folded('provider_email').notNull(),
    providerAccessToken: text().notNull(), // sealed
    providerAccessTokenExpiry: instant(),
    providerRefreshToken: text().notNull(), // sealed
    origin: origin(),
    ...timestamps,
  },
  (t) => [
    uniqueIndex('identities_by_uid').on(t.provider, t.providerUid),
    index('identities_by_user').on(t.userId, t.sequence),
    index('identities_by_email').on(t.providerEmail),
    index('identities_unfolded').on(t.sequence).where(unfolded('provider_uid', 'provider_email')),
  ],
)
export type Identity = Plain<typeof identities.$inferSelect>

/** What a one-time secret is good for; it opens nothing else. */
export const PURPOSES = [
  ...(['verification', 'recovery', 'invite', 'magic-url', 'phone', 'oauth2', 'generic'] as const),
  ...(['email', 'challenge', 'recovery-code', 'verification-otp', 'recovery-otp', 'jwt'] as const),
] as const
export type Purpose = (typeof PURPOSES)[number]

/** Secrets that open one thing once: links, codes, challenges, invitations. */
export const oneTimeSecrets = sqliteTable(
  'one_time_secrets',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    userId: text().notNull(),
    purpose: text({ enum: PURPOSES }).notNull(),
    ref: text().notNull(), // what it is about: a membership, a factor, a provider
    secretHash: text().$type<SecretHash>().notNull(),
    sealed: text(), // where the server must read it again
    expiresAt: instant(), // null: never
    usedAt: instant(),
    usedBy: text(), // names the one request that redeemed it
    sessionOnly: flag(), // an invitation that opens nothing but to its user's own session
    ...timestamps,
  },
  (t) => [
    index('one_time_secrets_by_user').on(t.userId, t.purpose, t.secretHash),
    index('one_time_secrets_by_ref').on(t.ref),
    index('one_time_secrets_by_expiry').on(t.expiresAt),
  ],
)
export type OneTimeSecret = typeof oneTimeSecrets.$inferSelect

/** Signed values that were used once, for as long as their signature is good: nothing else stores them. */
export const spentSecrets = sqliteTable(
  'spent_secrets',
  {
    hash: text().$type<SecretHash>().primaryKey(),
    expiresAt: instant().notNull(),
  },
  (t) => [index('spent_secrets_by_expiry').on(t.expiresAt)],
)

/** Second factors that compute codes. */
export const authenticators = sqliteTable(
  'authenticators',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    userId: text().notNull(),
    type: text({ enum: ['totp'] }).notNull(),
    secret: text().notNull(), // sealed
    verified: flag().notNull(),
    lastStep: integer().notNull(), // the newest time step whose code was used (RFC 6238 §5.2)
    origin: origin(),
    ...timestamps,
  },
  (t) => [uniqueIndex('authenticators_by_user').on(t.userId, t.type)],
)
export type Authenticator = typeof authenticators.$inferSelect

/** What users did, newest last. */
export const logs = sqliteTable(
  'logs',
  {
    sequence: sequence(),
    userId: text().notNull(),
    userEmail: text().notNull(),
    userName: text().notNull(),
    event: text().notNull(),
    resource: text().notNull(),
    mode: text().notNull(),
    userType: text().notNull(),
    ip: text().notNull(),
    userAgent: text().notNull(),
    countryCode: text().notNull(),
    time: instant().notNull(),
  },
  (t) => [index('logs_by_user').on(t.userId, t.sequence), index('logs_by_time').on(t.time)],
)
export type Log = typeof logs.$inferSelect

/** Phone numbers whose codes are fixed, so that no message is sent. */
export const mockNumbers = sqliteTable('mock_numbers', {
  sequence: sequence(),
  number: text().notNull().unique(),
  otp: text().notNull(),
  ...timestamps,
})
export type MockNumber = typeof mockNumbers.$inferSelect
