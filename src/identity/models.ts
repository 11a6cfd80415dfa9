import { z } from 'zod'
import type { Identity, Target, User } from '#/db/schema'
import {
  listModel,
  model,
  optionalTime,
  printOptionalTime,
  printTime,
  time,
  type View,
} from '#/http/model'

/** Holds whatever a client keeps with a user or team. */
export const preferencesSchema = z.record(z.string(), z.unknown()).meta({ id: 'preferences' })
export type Preferences = z.output<typeof preferencesSchema>

/** Answers with the bare preferences (docs/contract/users.md §7). */
export const preferencesModel = {
  name: 'preferences',
  schema: z.looseObject({}),
  wire: (prefs: Preferences) => prefs,
}

/** docs/contract/users.md §2.2. */
export const targetModel = model(
  'target',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    name: z.string(),
    userId: z.string(),
    providerId: z.string().nullable(),
    providerType: z.string(),
    identifier: z.string(),
    expired: z.boolean(),
  },
  (row: Target) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    name: row.name ?? '',
    userId: row.userId,
    providerId: row.providerId,
    providerType: row.providerType,
    identifier: row.identifier,
    expired: row.expired,
  }),
)
export const targetListModel = listModel('targetList', 'targets', targetModel)

const targetsField = z.array(targetModel.schema.meta({ id: targetModel.name }))

/** What users and accounts show alike, in two runs: the user model has its password between them. */
const identityFields = {
  $id: z.string(),
  $createdAt: time,
  $updatedAt: time,
  name: z.string(),
}
const stateFields = {
  registration: time,
  status: z.boolean(),
  labels: z.array(z.string()),
  passwordUpdate: optionalTime,
  email: z.string(),
  phone: z.string(),
  emailVerification: z.boolean(),
  emailCanonical: z.string().nullable(),
  emailIsFree: z.boolean().nullable(),
  emailIsDisposable: z.boolean().nullable(),
  emailIsCorporate: z.boolean().nullable(),
  emailIsCanonical: z.boolean().nullable(),
  phoneVerification: z.boolean(),
  mfa: z.boolean(),
  prefs: preferencesSchema,
  targets: targetsField,
  accessedAt: optionalTime,
  impersonator: z.boolean().nullable(),
  impersonatorUserId: z.string().nullable(),
}

const wireIdentity = (user: User) => ({
  $id: user.id,
  $createdAt: printTime(user.createdAt),
  $updatedAt: printTime(user.updatedAt),
  name: user.name,
})

const wireState = (
  user: User,
  targets: readonly Target[],
  impersonatorUserId: string | null,
  view: View,
) => ({
  registration: printTime(user.registration),
  status: user.status,
  labels: user.labels,
  passwordUpdate: printOptionalTime(user.passwordUpdate),
  email: user.email ?? '',
  phone: user.phone ?? '',
  emailVerification: user.emailVerification,
  emailCanonical: user.emailCanonical,
  emailIsFree: user.emailIsFree,
  emailIsDisposable: user.emailIsDisposable,
  emailIsCorporate: user.emailIsCorporate,
  emailIsCanonical: user.emailIsCanonical,
  phoneVerification: user.phoneVerification,
  mfa: user.mfa,
  prefs: user.prefs,
  targets: targets.map((target) => targetSchemaOf(target, view)),
  accessedAt: printOptionalTime(user.accessedAt),
  impersonator: user.impersonator,
  impersonatorUserId,
})

type WireTarget = z.output<typeof targetModel.schema>
const targetSchemaOf = (target: Target, view: View) => targetModel.wire(target, view) as WireTarget // its own shape

const IMPERSONATION_SINCE = { impersonator: '1.9.0', impersonatorUserId: '1.9.0' }

/** A user as the Users service shows it, to keys with the password's hash (docs/contract/users.md §2.1). */
export type UserRow = { user: User; targets: readonly Target[] }

export const userModel = model(
  'user',
  {
    ...identityFields,
    password: z.string().nullable(),
    hash: z.string().nullable(),
    hashOptions: z
      .union([z.record(z.string(), z.unknown()), z.array(z.unknown()).max(0)])
      .nullable(),
    ...stateFields,
  },
  ({ user, targets }: UserRow, view) => ({
    ...wireIdentity(user),
    // Users who may read others, to impersonate them, do not get their hashes.
    password: view.privileged ? user.password : null,
    hash: view.privileged ? user.hash : null,
    // Every kind has a type, which strict SDKs insist on; rows of imported SHA hashes from before lack it.
    hashOptions: view.privileged ? { type: user.hash, ...user.hashOptions } : null,
    ...wireState(user, targets, null, view),
  }),
  { ...IMPERSONATION_SINCE, targets: '1.5.0', mfa: '1.5.0' },
)
export const userListModel = listModel('userList', 'users', userModel)

/** A user as it sees itself: without the password (docs/contract/account.md §2). */
export type AccountRow = UserRow & { impersonatorUserId: string | null }

export const accountModel = model(
  'account',
  { ...identityFields, ...stateFields },
  ({ user, targets, impersonatorUserId }: AccountRow, view) => ({
    ...wireIdentity(user),
    ...wireState(user, targets, impersonatorUserId, view),
  }),
  IMPERSONATION_SINCE,
)

/** An identity with its tokens opened (docs/contract/users.md §2.5). */
export const identityModel = model(
  'identity',
  {
    $id: z.string(),
    $createdAt: time,
    $updatedAt: time,
    userId: z.string(),
    provider: z.string(),
    providerUid: z.string(),
    providerEmail: z.string(),
    providerAccessToken: z.string(),
    providerAccessTokenExpiry: optionalTime,
    providerRefreshToken: z.string(),
    providerIdToken: z.string().optional(),
  },
  (row: Identity) => ({
    $id: row.id,
    $createdAt: printTime(row.createdAt),
    $updatedAt: printTime(row.updatedAt),
    userId: row.userId,
    provider: row.provider,
    providerUid: row.providerUid,
    providerEmail: row.providerEmail,
    providerAccessToken: row.providerAccessToken,
    providerAccessTokenExpiry: printOptionalTime(row.providerAccessTokenExpiry),
    providerRefreshToken: row.providerRefreshToken,
    providerIdToken: '', // no provider's ID token is kept
  }),
)
export const identityListModel = listModel('identityList', 'identities', identityModel)
