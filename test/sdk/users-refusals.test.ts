import { AuthenticatorType, ID, MessagingProviderType, Query } from 'node-appwrite'
import { describe, expect, test } from 'vitest'
import api from '#test/contract/api.json'
import {
  CREATE,
  CREATING,
  link,
  nameWithin,
  newEmail,
  newPhone,
  newUser,
  PASSWORD,
  person,
  project,
  users,
} from '#test/support/sdk-users'

type Refused = () => Promise<unknown>
const NOBODY = 'nobody-has-this-id'
const userId = NOBODY

/** Refuses while a rule of the owner holds. */
const under =
  (set: (enabled: boolean) => Promise<unknown>, run: Refused): Refused =>
  async () => {
    await set(true)
    return run().finally(() => set(false))
  }
const personalData = (enabled: boolean) => project.updatePasswordPersonalDataPolicy({ enabled })
const emailRules = (refuse: (email: string) => Promise<unknown>): Record<string, Refused> => ({
  user_email_disposable: under(
    (enabled) => project.updateDenyDisposableEmailPolicy({ enabled }),
    () => refuse('x@mailinator.com'),
  ),
  user_email_free: under(
    (enabled) => project.updateDenyFreeEmailPolicy({ enabled }),
    () => refuse(`free-${crypto.randomUUID()}@gmail.com`),
  ),
  user_email_not_canonical: under(
    (enabled) => project.updateDenyAliasedEmailPolicy({ enabled }),
    () => refuse('x+y@gmail.com'),
  ),
  user_email_not_corporate: under(
    (enabled) => project.updateDenyCorporateEmailPolicy({ enabled }),
    () => refuse(`free-${crypto.randomUUID()}@gmail.com`),
  ),
})
const listRefusals = (list: (queries: string[]) => Promise<unknown>): Record<string, Refused> => ({
  general_cursor_not_found: () => list([Query.cursorAfter(NOBODY)]),
  general_query_invalid: () => list([Query.lessThan('$sequence', 0)]),
})

/** One call of each method for each error that the contract lists, but for those that cannot arise. */
const REFUSED: Record<string, Record<string, Refused>> = {
  ...Object.fromEntries(
    CREATING.map((name) => [
      name,
      {
        ...emailRules((email) => CREATE[name](person({ email }))),
        password_personal_data: under(personalData, () =>
          CREATE[name](person({ name: nameWithin[name] })),
        ),
        user_already_exists: async () => {
          const { $id } = await newUser()
          return CREATE[name](person({ userId: $id }))
        },
        user_email_already_exists: async () => {
          const email = newEmail()
          link((await newUser()).$id, email)
          return CREATE[name](person({ email }))
        },
      },
    ]),
  ),
  list: {
    ...listRefusals((queries) => users.list({ queries })),
  },
  listIdentities: {
    ...listRefusals((queries) => users.listIdentities({ queries })),
  },
  deleteIdentity: { user_identity_not_found: () => users.deleteIdentity({ identityId: NOBODY }) },
  get: { user_not_found: () => users.get({ userId }) },
  delete: { user_not_found: () => users.delete({ userId }) },
  updateEmail: {
    user_not_found: () => users.updateEmail({ userId, email: newEmail() }),
    ...emailRules(async (email) => users.updateEmail({ userId: (await newUser()).$id, email })),
    user_target_already_exists: async () => {
      const email = newEmail()
      await newUser({ email })
      return users.updateEmail({ userId: (await newUser()).$id, email })
    },
    user_email_already_exists: async () => {
      const email = newEmail()
      link((await newUser()).$id, email)
      return users.updateEmail({ userId: (await newUser()).$id, email })
    },
  },
  updatePhone: {
    user_not_found: () => users.updatePhone({ userId, number: newPhone() }),
    user_target_already_exists: async () => {
      const phone = newPhone()
      await newUser({ phone })
      return users.updatePhone({ userId: (await newUser()).$id, number: phone })
    },
    user_phone_already_exists: async () => {
      const phone = newPhone()
      const owner = await newUser({ phone })
      await users.deleteTarget({ userId: owner.$id, targetId: owner.targets[0]?.$id ?? '' })
      return users.updatePhone({ userId: (await newUser()).$id, number: phone })
    },
  },
  updatePassword: {
    user_not_found: () => users.updatePassword({ userId, password: PASSWORD }),
    password_personal_data: under(personalData, async () => {
      const { $id } = await newUser({ name: 'Annabelle' })
      return users.updatePassword({ userId: $id, password: 'i am annabelle' })
    }),
    password_recently_used: async () => {
      const { $id } = await newUser()
      await project.updatePasswordHistoryPolicy({ total: 1 })
      await users.updatePassword({ userId: $id, password: PASSWORD })
      return users
        .updatePassword({ userId: $id, password: PASSWORD })
        .finally(() => project.updatePasswordHistoryPolicy({ total: null as never }))
    },
  },
  updateName: { user_not_found: () => users.updateName({ userId, name: 'x' }) },
  updateStatus: { user_not_found: () => users.updateStatus({ userId, status: true }) },
  updateLabels: { user_not_found: () => users.updateLabels({ userId, labels: [] }) },
  updateImpersonator: {
    user_not_found: () => users.updateImpersonator({ userId, impersonator: true }),
  },
  updateEmailVerification: {
    user_not_found: () => users.updateEmailVerification({ userId, emailVerification: true }),
  },
  updatePhoneVerification: {
    user_not_found: () => users.updatePhoneVerification({ userId, phoneVerification: true }),
  },
  getPrefs: { user_not_found: () => users.getPrefs({ userId }) },
  updatePrefs: { user_not_found: () => users.updatePrefs({ userId, prefs: {} }) },
  ...targetRefusals(),
  listSessions: { user_not_found: () => users.listSessions({ userId }) },
  createSession: { user_not_found: () => users.createSession({ userId }) },
  deleteSessions: { user_not_found: () => users.deleteSessions({ userId }) },
  deleteSession: {
    user_not_found: () => users.deleteSession({ userId, sessionId: NOBODY }),
    user_session_not_found: async () =>
      users.deleteSession({ userId: (await newUser()).$id, sessionId: NOBODY }),
  },
  createToken: { user_not_found: () => users.createToken({ userId }) },
  createJWT: { user_not_found: () => users.createJWT({ userId }) },
  listMemberships: {
    user_not_found: () => users.listMemberships({ userId }),
    general_query_invalid: () =>
      users.listMemberships({ userId, queries: [Query.search('teamId', 'x')] }),
  },
  listLogs: { user_not_found: () => users.listLogs({ userId }) },
  ...mfaRefusals('MFA'),
  ...mfaRefusals('Mfa'),
}

function targetRefusals(): Record<string, Record<string, Refused>> {
  const targetId = NOBODY
  const push = { targetId: ID.unique(), identifier: 'x', providerType: MessagingProviderType.Push }
  const withTarget = async () => {
    const user = await newUser({ email: newEmail(), phone: newPhone() })
    const [mail, sms] = user.targets.map(({ $id }) => $id)
    return { userId: user.$id, mail: mail ?? '', sms: sms ?? '' }
  }
  return {
    listTargets: {
      user_not_found: () => users.listTargets({ userId }),
      ...listRefusals(async (queries) =>
        users.listTargets({ userId: (await newUser()).$id, queries }),
      ),
    },
    createTarget: {
      user_not_found: () => users.createTarget({ ...push, userId }),
      general_invalid_email: () =>
        users.createTarget({ ...push, userId, providerType: MessagingProviderType.Email }),
      general_invalid_phone: () =>
        users.createTarget({ ...push, userId, providerType: MessagingProviderType.Sms }),
      provider_incorrect_type: () =>
        users.createTarget({ ...push, userId, providerType: 'PUSH' as MessagingProviderType }),
      user_target_already_exists: async () => {
        const { userId, mail } = await withTarget()
        return users.createTarget({ ...push, userId, targetId: mail })
      },
    },
    getTarget: {
      user_not_found: () => users.getTarget({ userId, targetId }),
      user_target_not_found: async () =>
        users.getTarget({ userId: (await newUser()).$id, targetId }),
    },
    updateTarget: {
      user_not_found: () => users.updateTarget({ userId, targetId }),
      user_target_not_found: async () =>
        users.updateTarget({ userId: (await newUser()).$id, targetId }),
      general_invalid_email: async () => {
        const { userId, mail } = await withTarget()
        return users.updateTarget({ userId, targetId: mail, identifier: 'x' })
      },
      general_invalid_phone: async () => {
        const { userId, sms } = await withTarget()
        return users.updateTarget({ userId, targetId: sms, identifier: 'x' })
      },
      provider_not_found: async () => {
        const { userId, mail } = await withTarget()
        return users.updateTarget({ userId, targetId: mail, providerId: NOBODY })
      },
      user_target_already_exists: async () => {
        const [{ userId, mail }, email] = [await withTarget(), newEmail()]
        await newUser({ email })
        return users.updateTarget({ userId, targetId: mail, identifier: email })
      },
    },
    deleteTarget: {
      user_not_found: () => users.deleteTarget({ userId, targetId }),
      user_target_not_found: async () =>
        users.deleteTarget({ userId: (await newUser()).$id, targetId }),
    },
  }
}

function mfaRefusals(mfa: 'MFA' | 'Mfa'): Record<string, Record<string, Refused>> {
  const type = AuthenticatorType.Totp
  const create = users[`create${mfa}RecoveryCodes`].bind(users) as (given: {
    userId: string
  }) => Promise<unknown> // one of two overloads
  return {
    [`update${mfa}`]: { user_not_found: () => users[`update${mfa}`]({ userId, mfa: true }) },
    [`list${mfa}Factors`]: { user_not_found: () => users[`list${mfa}Factors`]({ userId }) },
    [`get${mfa}RecoveryCodes`]: {
      user_not_found: () => users[`get${mfa}RecoveryCodes`]({ userId }),
      user_recovery_codes_not_found: async () =>
        users[`get${mfa}RecoveryCodes`]({ userId: (await newUser()).$id }),
    },
    [`create${mfa}RecoveryCodes`]: {
      user_not_found: () => create({ userId }),
      user_recovery_codes_already_exists: async () => {
        const given = { userId: (await newUser()).$id }
        await create(given)
        return create(given)
      },
    },
    [`update${mfa}RecoveryCodes`]: {
      user_not_found: () => users[`update${mfa}RecoveryCodes`]({ userId }),
      user_recovery_codes_not_found: async () =>
        users[`update${mfa}RecoveryCodes`]({ userId: (await newUser()).$id }),
    },
    [`delete${mfa}Authenticator`]: {
      user_not_found: () => users[`delete${mfa}Authenticator`]({ userId, type }),
      user_authenticator_not_found: async () =>
        users[`delete${mfa}Authenticator`]({ userId: (await newUser()).$id, type }),
    },
  }
}

describe('refuses', () => {
  test.each(
    Object.entries(REFUSED).flatMap(([name, types]) =>
      Object.entries(types).map(([type, run]) => [name, type, run] as const),
    ),
  )('%s with %s', async (_, type, run) => {
    await expect(run()).rejects.toMatchObject({ type })
  })
  /** Not to be provoked by this SDK, and why. */
  const BEYOND: Record<string, string> = {
    ...Object.fromEntries(
      ['list', 'listIdentities', 'listTargets'].map((name) => [
        `${name} database_query_order_null`,
        'a row without the value is a place in the order',
      ]),
    ),
    'listLogs general_query_invalid': 'it writes no queries in the syntax of old',
    'updateTarget provider_incorrect_type': 'no provider of messages is known here',
  }
  test('every method with each error of the contract', () => {
    type Operation = { 'x-sdk'?: { node?: string[] }; 'x-errors'?: string[] }
    const operations = Object.values(
      api.paths as Record<string, Record<string, Operation>>,
    ).flatMap((methods) => Object.values(methods))
    const listed = operations.flatMap((operation) =>
      (operation['x-sdk']?.node ?? [])
        .filter((name) => name.startsWith('users.'))
        .flatMap((name) =>
          (operation['x-errors'] ?? []).map((type) => [name.slice('users.'.length), type] as const),
        ),
    )
    const isDone = ([name, type]: readonly [string, string]) =>
      REFUSED[name]?.[type] !== undefined || BEYOND[`${name} ${type}`] !== undefined
    expect(listed.length).toBeGreaterThan(100)
    expect(listed.filter((one) => !isDone(one))).toEqual([])
  })
})
