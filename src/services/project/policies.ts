import { z } from 'zod'
import { choiceModel, type Model, model } from '#/http/model'
import { looseInteger, optional } from '#/http/params'
import { strict } from '#/pipeline/fields'
import { DEFAULT_SETTINGS, type Policies, type PolicyName } from '#/project/settings'

/** Says where a field of a policy is stored, and what it may be changed to. */
type Field = readonly [stored: PolicyName, accepts: z.ZodType<number | boolean | undefined>]

/** Says how one policy is read and changed. */
export type PolicySpec = {
  /** The SDKs' name of the method that changes it. */
  method: `project.${string}`
  fields: Readonly<Record<string, Field>>
  /** Answers a change with the policy, not with the project. */
  answersItself?: true
  /** Has no event: SDKs alone know it (project contract 7.3). */
  silent?: true
}

/** Makes a policy that is on or off. */
const toggle = (method: `project.${string}`, stored: PolicyName) => ({
  method,
  fields: { enabled: [stored, strict] as const },
})

const flag = optional(strict)

/** Accepts a number, or `null` for none, which is stored as 0. */
const numberOrNone = (min: number, max: number) =>
  looseInteger(min, max)
    .nullable()
    .transform((value) => value ?? 0)

/** Every policy by its ID, in the order in which lists show them (project contract 7.2, 7.3). */
export const POLICIES = {
  'password-dictionary': toggle('project.updatePasswordDictionaryPolicy', 'passwordDictionary'),
  'password-history': {
    method: 'project.updatePasswordHistoryPolicy',
    fields: { total: ['passwordHistory', numberOrNone(1, 20)] },
  },
  'password-strength': {
    method: 'project.updatePasswordStrengthPolicy',
    fields: {
      min: ['passwordMin', optional(looseInteger(8, 256))],
      uppercase: ['passwordUppercase', flag],
      lowercase: ['passwordLowercase', flag],
      number: ['passwordNumber', flag],
      symbols: ['passwordSymbols', flag],
    },
    answersItself: true,
  },
  'password-personal-data': toggle('project.updatePasswordPersonalDataPolicy', 'personalDataCheck'),
  'session-alert': toggle('project.updateSessionAlertPolicy', 'sessionAlerts'),
  'session-duration': {
    method: 'project.updateSessionDurationPolicy',
    fields: { duration: ['sessionDurationSeconds', looseInteger(60, 31_536_000)] },
  },
  'session-invalidation': toggle('project.updateSessionInvalidationPolicy', 'invalidateSessions'),
  'session-limit': {
    method: 'project.updateSessionLimitPolicy',
    fields: { total: ['sessionLimit', looseInteger(1, 100)] },
  },
  'user-limit': {
    method: 'project.updateUserLimitPolicy',
    fields: { total: ['userLimit', numberOrNone(0, 10_000)] },
  },
  'membership-privacy': {
    method: 'project.updateMembershipPrivacyPolicy',
    fields: {
      userId: ['memberUserId', flag],
      userEmail: ['memberUserEmail', flag],
      userPhone: ['memberUserPhone', flag],
      userName: ['memberUserName', flag],
      userMFA: ['memberMfa', flag],
      userAccessedAt: ['memberAccessedAt', flag],
    },
  },
  'mfa-factors': {
    method: 'project.updateMFAFactorsPolicy',
    fields: {
      totp: ['factorTotp', flag],
      email: ['factorEmail', flag],
      phone: ['factorPhone', flag],
      custom: ['factorCustom', flag],
    },
  },
  'deny-aliased-email': {
    ...toggle('project.updateDenyAliasedEmailPolicy', 'denyAliasedEmails'),
    silent: true,
  },
  'deny-disposable-email': {
    ...toggle('project.updateDenyDisposableEmailPolicy', 'denyDisposableEmails'),
    silent: true,
  },
  'deny-free-email': {
    ...toggle('project.updateDenyFreeEmailPolicy', 'denyFreeEmails'),
    silent: true,
  },
  'deny-corporate-email': {
    ...toggle('project.updateDenyCorporateEmailPolicy', 'onlyCorporateEmails'),
    silent: true,
  },
} as const satisfies Record<string, PolicySpec>

/**
 * Policies that Appwrite does not have. Lists leave them out: SDKs of typed languages fail on a policy that they do
 * not know. Differs: upstream has none of them.
 */
export const OWN_POLICIES = {
  'identity-linking': toggle('project.updateIdentityLinkingPolicy', 'linkIdentities'),
  'claim-removal': toggle('project.updateClaimRemovalPolicy', 'removeClaims'),
  'team-limit': {
    method: 'project.updateTeamLimitPolicy',
    fields: { total: ['teamLimit', numberOrNone(0, 10_000)] },
  },
} as const satisfies Record<string, PolicySpec>

export type PolicyId = keyof typeof POLICIES
export type OwnPolicyId = keyof typeof OWN_POLICIES
type AnyId = PolicyId | OwnPolicyId

/** Names every policy, in order. */
export const POLICY_IDS = Object.keys(POLICIES) as [PolicyId, ...PolicyId[]] // the keys above

/** Names every policy of {@link OWN_POLICIES}. */
export const OWN_POLICY_IDS = Object.keys(OWN_POLICIES) as OwnPolicyId[] // the keys above

/** Returns how a policy is read and changed. */
export const policySpec = (id: AnyId): PolicySpec => ({ ...POLICIES, ...OWN_POLICIES })[id]

/** A policy as it stands. */
export type PolicyRow = { id: AnyId; policies: Policies }

const fieldsOf = (id: AnyId): [string, Field][] => Object.entries<Field>(policySpec(id).fields)

/** Gives what a change of a policy takes. */
export const policyBody = (id: AnyId) =>
  z.object(Object.fromEntries(fieldsOf(id).map(([name, [, accepts]]) => [name, accepts])))

/** Gives the settings behind the fields of a change. */
export const policyValues = (id: AnyId, given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(fieldsOf(id).map(([name, [stored]]) => [stored, given[name]]))

/** `password-history` is shown as `policyPasswordHistory`. */
const modelName = (id: AnyId) =>
  `policy${id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}`

const isFlag = (stored: PolicyName) => typeof DEFAULT_SETTINGS.policies[stored] === 'boolean'

function policyModelOf(id: AnyId): Model<PolicyRow, z.ZodObject> {
  const fields = fieldsOf(id)
  const shapes = fields.map(([name, [stored]]) => [name, isFlag(stored) ? z.boolean() : z.int()])
  const shape: z.ZodRawShape = { $id: z.literal(id), ...Object.fromEntries(shapes) }
  return model(modelName(id), shape, ({ policies }: PolicyRow) => ({
    $id: id,
    ...Object.fromEntries(fields.map(([name, [stored]]) => [name, policies[stored]])),
  }))
}

const models = Object.fromEntries(
  [...POLICY_IDS, ...OWN_POLICY_IDS].map((id) => [id, policyModelOf(id)]),
) as Record<AnyId, Model<PolicyRow, z.ZodObject>> // one for each ID

/** Gives the model of one policy. */
export const policyModelFor = (id: AnyId) => models[id]

/** Project contract 7.1. */
export const policyModel = choiceModel(
  '$id',
  POLICY_IDS.map((id) => models[id]),
  ({ id }) => models[id],
)
