import { z } from 'zod'
import { choiceModel, type Model, model } from '#/http/model'
import { described, looseInteger, optional } from '#/http/params'
import { strict } from '#/pipeline/fields'
import { DEFAULT_SETTINGS, type Policies, type PolicyName } from '#/project/settings'

/** Where a field of a policy is stored, and what it may be changed to. */
type Field = readonly [stored: PolicyName, accepts: z.ZodType<number | boolean | undefined>]

/** How one policy is read and changed. */
export type PolicySpec = {
  /** The SDKs' name of the method that changes it. */
  method: `project.${string}`
  /** Of that method. */
  summary: string
  /** What the method does, in a sentence or two. */
  effect: string
  fields: Readonly<Record<string, Field>>
  /** Answers a change with the policy, not with the project. */
  answersItself?: true
  /** Has no event: SDKs alone know it (docs/contract/project.md §7.3). */
  silent?: true
}

const enabled = strict.describe('Whether the policy is on.')

/** Makes a policy that is on or off. */
const toggle = (
  method: `project.${string}`,
  stored: PolicyName,
  summary: string,
  effect: string,
) => ({ method, summary, effect, fields: { enabled: [stored, enabled] as const } })

const flag = (description: string) => described(optional(strict), description)

/** Accepts a number, or `null` for none, which is stored as 0. */
const numberOrNone = (min: number, max: number) =>
  looseInteger(min, max)
    .nullable()
    .transform((value) => value ?? 0)

/** Every policy by its ID, in the order in which lists show them (docs/contract/project.md §7.2, §7.3). */
export const POLICIES = {
  'password-dictionary': toggle(
    'project.updatePasswordDictionaryPolicy',
    'passwordDictionary',
    'Refuse common passwords',
    'Sets whether new passwords are refused that are among the 10,000 most common ones.',
  ),
  'password-history': {
    method: 'project.updatePasswordHistoryPolicy',
    summary: 'Refuse passwords that were used before',
    effect:
      'Sets how many of the last passwords of a user are remembered, and refused as a ' +
      'new one.',
    fields: {
      total: [
        'passwordHistory',
        described(numberOrNone(1, 20), 'How many passwords are remembered, or `null` for none.'),
      ],
    },
  },
  'password-strength': {
    method: 'project.updatePasswordStrengthPolicy',
    summary: 'Set what a password must contain',
    effect: 'Sets what new passwords must contain, and returns the policy; what is left out stays.',
    fields: {
      min: ['passwordMin', described(optional(looseInteger(8, 256)), 'Least number of bytes.')],
      uppercase: ['passwordUppercase', flag('Whether it needs a letter from A to Z.')],
      lowercase: ['passwordLowercase', flag('Whether it needs a letter from a to z.')],
      number: ['passwordNumber', flag('Whether it needs a digit.')],
      symbols: [
        'passwordSymbols',
        flag('Whether it needs a character that is no letter, digit or white space.'),
      ],
    },
    answersItself: true,
  },
  'password-personal-data': toggle(
    'project.updatePasswordPersonalDataPolicy',
    'personalDataCheck',
    'Refuse passwords with personal data',
    'Sets whether new passwords are refused that contain ID, name, e-mail address ' +
      'or phone number of their user.',
  ),
  'session-alert': toggle(
    'project.updateSessionAlertPolicy',
    'sessionAlerts',
    'Mail users about new sessions',
    'Sets whether users get a mail when a new session of theirs begins.',
  ),
  'session-duration': {
    method: 'project.updateSessionDurationPolicy',
    summary: 'Set how long sessions last',
    effect: 'Sets how long sessions last that begin or are extended from now on.',
    fields: {
      duration: [
        'sessionDurationSeconds',
        described(looseInteger(60, 31_536_000), 'How long a session lasts, in seconds.'),
      ],
    },
  },
  'session-invalidation': toggle(
    'project.updateSessionInvalidationPolicy',
    'invalidateSessions',
    'End sessions when a password changes',
    'Sets whether a new password ends the sessions of its user, but for the one that set it.',
  ),
  'session-limit': {
    method: 'project.updateSessionLimitPolicy',
    summary: 'Limit the sessions of a user',
    effect: 'Sets how many sessions a user may have; the oldest ones end with the next sign-in.',
    fields: {
      total: [
        'sessionLimit',
        described(looseInteger(1, 100), 'How many sessions a user may have.'),
      ],
    },
  },
  'user-limit': {
    method: 'project.updateUserLimitPolicy',
    summary: 'Limit the users of the project',
    effect:
      'Sets how many users the project may have before sign-up is refused; API keys ' +
      'may create more.',
    fields: {
      total: [
        'userLimit',
        described(
          numberOrNone(0, 10_000),
          'How many users the project may have; 0 or `null` for no limit.',
        ),
      ],
    },
  },
  'membership-privacy': {
    method: 'project.updateMembershipPrivacyPolicy',
    summary: 'Set what team members see of each other',
    effect:
      'Sets what memberships show of a user to the other members; what is left out ' +
      'stays, and API keys see all.',
    fields: {
      userId: ['memberUserId', flag('Whether IDs are shown.')],
      userEmail: ['memberUserEmail', flag('Whether e-mail addresses are shown.')],
      userPhone: ['memberUserPhone', flag('Whether phone numbers are shown.')],
      userName: ['memberUserName', flag('Whether names are shown.')],
      userMFA: ['memberMfa', flag('Whether it is shown who uses a second factor.')],
      userAccessedAt: ['memberAccessedAt', flag('Whether it is shown when users were last seen.')],
    },
  },
  'mfa-factors': {
    method: 'project.updateMFAFactorsPolicy',
    summary: 'Set which second factors can be used',
    effect:
      'Sets which factors users can be asked for; what is left out stays. Recovery ' +
      'codes are always accepted.',
    fields: {
      totp: ['factorTotp', flag('Whether authenticator apps can be used.')],
      email: ['factorEmail', flag('Whether codes by e-mail can be used.')],
      phone: ['factorPhone', flag('Whether codes by text message can be used.')],
      custom: ['factorCustom', flag('Whether codes that a server of yours delivers can be used.')],
    },
  },
  'deny-aliased-email': {
    ...toggle(
      'project.updateDenyAliasedEmailPolicy',
      'denyAliasedEmails',
      'Refuse aliases of e-mail addresses',
      'Sets whether addresses are refused that are another spelling of a mailbox, ' +
        'such as `ann+shop@gmail.com`.',
    ),
    silent: true,
  },
  'deny-disposable-email': {
    ...toggle(
      'project.updateDenyDisposableEmailPolicy',
      'denyDisposableEmails',
      'Refuse disposable e-mail addresses',
      'Sets whether addresses of throw-away domains are refused.',
    ),
    silent: true,
  },
  'deny-free-email': {
    ...toggle(
      'project.updateDenyFreeEmailPolicy',
      'denyFreeEmails',
      'Refuse addresses of free mail providers',
      'Sets whether addresses of public mailbox providers are refused.',
    ),
    silent: true,
  },
  'deny-corporate-email': {
    ...toggle(
      'project.updateDenyCorporateEmailPolicy',
      'onlyCorporateEmails',
      'Refuse addresses that are not corporate',
      'Sets whether addresses are refused that are not corporate, in spite of what ' +
        'the name of the method says.',
    ),
    silent: true,
  },
} as const satisfies Record<string, PolicySpec>

/**
 * Policies that Appwrite does not have. Lists leave them out: SDKs of typed languages fail on a policy that they do
 * not know. Differs: upstream has none of them.
 */
export const OWN_POLICIES = {
  'identity-linking': toggle(
    'project.updateIdentityLinkingPolicy',
    'linkIdentities',
    'Let users link accounts at providers',
    'Sets whether whoever is signed in may link an account at a sign-in provider.',
  ),
  'claim-removal': toggle(
    'project.updateClaimRemovalPolicy',
    'removeClaims',
    'Remove claims when an address is proven',
    'Sets whether the first proof of an address removes what was only claimed on the account.',
  ),
  'team-limit': {
    method: 'project.updateTeamLimitPolicy',
    summary: 'Limit the teams of a user',
    effect: 'Sets how many teams one user may have created; API keys may create more.',
    fields: {
      total: [
        'teamLimit',
        described(
          numberOrNone(0, 10_000),
          'How many teams a user may have created; 0 or `null` for no limit.',
        ),
      ],
    },
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

/** Returns what a change of a policy takes. */
export const policyBody = (id: AnyId) =>
  z.object(Object.fromEntries(fieldsOf(id).map(([name, [, accepts]]) => [name, accepts])))

/** Returns the settings behind the fields of a change. */
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

/** Returns the model of one policy. */
export const policyModelFor = (id: AnyId) => models[id]

/** docs/contract/project.md §7.1. */
export const policyModel = choiceModel(
  '$id',
  POLICY_IDS.map((id) => models[id]),
  ({ id }) => models[id],
)
