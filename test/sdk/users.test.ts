import { Account, AuthenticatorType, ID, MessagingProviderType, Query, Users } from 'node-appwrite'
import { describe, expect, test } from 'vitest'
import {
  accountOf,
  CREATE,
  CREATING,
  link,
  newClient,
  newEmail,
  newPhone,
  newUser,
  PASSWORD,
  person,
  server,
  teams,
  users,
} from '#test/support/sdk-users'

/** One call of each method that succeeds, and what is to be seen of it. */
const SUCCESS: Record<string, () => Promise<void>> = {
  ...Object.fromEntries(
    CREATING.map((name) => [
      name,
      async () => {
        const given = person()
        const made = await CREATE[name](given)
        expect(made).toMatchObject({ $id: given.userId, email: given.email, name: 'Ann' })
        expect(made.targets.map(({ identifier }) => identifier)).toEqual([given.email])
        expect(made.hash).toBe(
          {
            ...{ create: 'argon2', createArgon2User: 'argon2', createBcryptUser: 'bcrypt' },
            ...{ createMD5User: 'md5', createPHPassUser: 'phpass', createSHAUser: 'sha' },
            ...{ createScryptUser: 'scrypt', createScryptModifiedUser: 'scryptMod' },
          }[name],
        )
        expect(await users.get({ userId: given.userId })).toEqual(made)
      },
    ]),
  ),
  async list() {
    const name = `List${crypto.randomUUID().slice(0, 8)}`
    const made = [await newUser({ name }), await newUser({ name }), await newUser({ name })]
    const ids = made.map(({ $id }) => $id)
    const found = await users.list({ queries: [Query.equal('name', name)] })
    expect([found.total, found.users]).toEqual([3, made])
    const paged = [Query.equal('name', name), Query.limit(1), Query.cursorAfter(ids[0] ?? '')]
    expect((await users.list({ queries: paged })).users.map(({ $id }) => $id)).toEqual([ids[1]])
    const searched = await users.list({ search: name.toLowerCase(), total: false })
    expect([searched.total, searched.users.length]).toEqual([0, 3])
  },
  async get() {
    const user = await newUser()
    expect(await users.get({ userId: user.$id })).toEqual(user)
  },
  async delete() {
    const { $id: userId } = await newUser()
    await users.delete({ userId })
    await expect(users.get({ userId })).rejects.toMatchObject({ code: 404 })
  },
  async updateEmail() {
    const { $id: userId } = await newUser({ email: newEmail() })
    const email = newEmail()
    const user = await users.updateEmail({ userId, email })
    expect([user.email, user.targets[0]?.identifier]).toEqual([email, email])
    expect(await users.updateEmail({ userId, email: '' })).toMatchObject({ email: '', targets: [] })
  },
  async updatePhone() {
    const { $id: userId } = await newUser()
    const number = newPhone()
    const user = await users.updatePhone({ userId, number })
    expect([user.phone, user.targets[0]?.identifier]).toEqual([number, number])
  },
  async updateName() {
    const { $id: userId } = await newUser()
    expect((await users.updateName({ userId, name: 'Änne' })).name).toBe('Änne')
  },
  async updatePassword() {
    const { $id: userId, email } = await newUser({ email: newEmail() })
    const user = await users.updatePassword({ userId, password: PASSWORD })
    expect(user.password).toContain('$argon2id$')
    const session = await new Account(server).createEmailPasswordSession({
      ...{ email, password: PASSWORD },
    })
    expect(session.userId).toBe(userId)
  },
  async updateStatus() {
    const { $id: userId } = await newUser()
    const account = await accountOf(userId)
    expect((await users.updateStatus({ userId, status: false })).status).toBe(false)
    await expect(account.get()).rejects.toMatchObject({ type: 'user_blocked' })
  },
  async updateLabels() {
    const { $id: userId } = await newUser()
    const user = await users.updateLabels({ userId, labels: ['vip', 'vip', 'beta'] })
    expect(user.labels).toEqual(['vip', 'beta'])
  },
  async updateEmailVerification() {
    const { $id: userId } = await newUser()
    const user = await users.updateEmailVerification({ userId, emailVerification: true })
    expect(user.emailVerification).toBe(true)
  },
  async updatePhoneVerification() {
    const { $id: userId } = await newUser()
    const user = await users.updatePhoneVerification({ userId, phoneVerification: true })
    expect(user.phoneVerification).toBe(true)
  },
  async updateImpersonator() {
    const [admin, other] = [await newUser(), await newUser()]
    await users.updateImpersonator({ userId: admin.$id, impersonator: true })
    const { secret } = await users.createSession({ userId: admin.$id })
    const client = newClient().setSession(secret)
    expect((await new Users(client).get({ userId: other.$id })).$id).toBe(other.$id)
    client.headers['X-Appwrite-Impersonate-User-Id'] = other.$id
    expect(await new Account(client).get()).toMatchObject({
      ...{ $id: other.$id, impersonatorUserId: admin.$id },
    })
  },
  async getPrefs() {
    const { $id: userId } = await newUser()
    expect(await users.getPrefs({ userId })).toEqual({})
  },
  async updatePrefs() {
    const { $id: userId } = await newUser()
    const prefs = { theme: { dark: true }, list: [1, 'ü/'] }
    expect(await users.updatePrefs({ userId, prefs })).toEqual(prefs)
    expect(await users.getPrefs({ userId })).toEqual(prefs)
  },
  async createTarget() {
    const { $id: userId } = await newUser()
    const identifier = crypto.randomUUID()
    const providerType = MessagingProviderType.Push
    const target = await users.createTarget({
      userId,
      targetId: ID.unique(),
      providerType,
      identifier,
    })
    expect(target).toMatchObject({ userId, identifier, providerType: 'push', providerId: null })
    expect(await users.getTarget({ userId, targetId: target.$id })).toEqual(target)
  },
  async listTargets() {
    const { $id: userId, targets } = await newUser({ email: newEmail(), phone: newPhone() })
    expect(await users.listTargets({ userId })).toEqual({ total: 2, targets })
    const queries = [Query.equal('providerType', 'sms')]
    expect((await users.listTargets({ userId, queries })).targets).toEqual([targets[1]])
  },
  async getTarget() {
    const { $id: userId, targets } = await newUser({ email: newEmail() })
    const targetId = targets[0]?.$id ?? ''
    expect(await users.getTarget({ userId, targetId })).toEqual(targets[0])
  },
  async updateTarget() {
    const { $id: userId, targets } = await newUser({ email: newEmail() })
    const [targetId, identifier] = [targets[0]?.$id ?? '', newEmail()]
    const target = await users.updateTarget({ userId, targetId, identifier, name: 'Mine' })
    expect(target).toMatchObject({ $id: targetId, identifier, name: 'Mine' })
  },
  async deleteTarget() {
    const { $id: userId, targets } = await newUser({ email: newEmail() })
    await users.deleteTarget({ userId, targetId: targets[0]?.$id ?? '' })
    expect((await users.get({ userId })).targets).toEqual([])
  },
  async createSession() {
    const { $id: userId } = await newUser()
    const session = await users.createSession({ userId })
    expect(session).toMatchObject({ userId, provider: 'server', current: false })
    const account = new Account(newClient().setSession(session.secret))
    expect((await account.get()).$id).toBe(userId)
  },
  async listSessions() {
    const { $id: userId } = await newUser()
    const { secret: _, ...session } = await users.createSession({ userId })
    expect(await users.listSessions({ userId })).toEqual({
      total: 1,
      sessions: [{ ...session, secret: '' }],
    })
  },
  async deleteSession() {
    const { $id: userId } = await newUser()
    const account = await accountOf(userId)
    const { sessions } = await users.listSessions({ userId })
    await users.deleteSession({ userId, sessionId: sessions[0]?.$id ?? '' })
    await expect(account.get()).rejects.toMatchObject({ code: 401 })
  },
  async deleteSessions() {
    const { $id: userId } = await newUser()
    const accounts = [await accountOf(userId), await accountOf(userId)]
    await users.deleteSessions({ userId })
    for (const account of accounts) await expect(account.get()).rejects.toMatchObject({ code: 401 })
  },
  async createToken() {
    const { $id: userId } = await newUser()
    const { secret } = await users.createToken({ userId, length: 32, expire: 60 })
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    const session = await new Account(server).createSession({ userId, secret })
    expect((await new Account(newClient().setSession(session.secret)).get()).$id).toBe(userId)
  },
  async createJWT() {
    const { $id: userId } = await newUser()
    const { jwt } = await users.createJWT({ userId, duration: 60 })
    expect((await new Account(newClient().setJWT(jwt)).get()).$id).toBe(userId)
  },
  async listMemberships() {
    const { $id: userId, email } = await newUser({ email: newEmail() })
    const team = await teams.create({ teamId: ID.unique(), name: 'Red' })
    const { $id } = await teams.createMembership({ teamId: team.$id, roles: ['dev'], userId })
    const { total, memberships } = await users.listMemberships({ userId })
    expect(total).toBe(1)
    expect(memberships).toMatchObject([
      { $id, teamId: team.$id, teamName: 'Red', userName: 'Ann', userEmail: email, roles: ['dev'] },
    ])
  },
  async listLogs() {
    const { $id: userId } = await newUser()
    await (await accountOf(userId)).updateName({ name: 'Anna' })
    // The entry is written after the answer.
    await expect
      .poll(async () => (await users.listLogs({ userId, queries: [Query.limit(5)] })).logs)
      .toMatchObject([{ event: 'user.update', userId, mode: 'default', userType: 'user' }])
  },
  async listIdentities() {
    const { $id: userId } = await newUser()
    const id = link(userId)
    const queries = [Query.equal('userId', userId)]
    expect(await users.listIdentities({ queries })).toMatchObject({
      ...{ total: 1, identities: [{ $id: id, userId, provider: 'github', providerUid: id }] },
    })
  },
  async deleteIdentity() {
    const { $id: userId } = await newUser()
    const identityId = link(userId)
    await users.deleteIdentity({ identityId })
    const queries = [Query.equal('userId', userId)]
    expect((await users.listIdentities({ queries })).total).toBe(0)
  },
  ...Object.fromEntries(
    (['MFA', 'Mfa'] as const).flatMap((mfa) => [
      [
        `update${mfa}`,
        async () => {
          const { $id: userId } = await newUser()
          expect((await users[`update${mfa}`]({ userId, mfa: true })).mfa).toBe(true)
        },
      ],
      [
        `list${mfa}Factors`,
        async () => {
          const { $id: userId } = await newUser({ email: newEmail() })
          await users.updateEmailVerification({ userId, emailVerification: true })
          expect(await users[`list${mfa}Factors`]({ userId })).toEqual({
            ...{ totp: false, phone: false, email: true, recoveryCode: false, custom: false },
          })
        },
      ],
      [
        `create${mfa}RecoveryCodes`,
        async () => {
          const { $id: userId } = await newUser()
          const { recoveryCodes } = await users[`create${mfa}RecoveryCodes`]({ userId })
          expect(recoveryCodes).toHaveLength(6)
        },
      ],
      [
        `get${mfa}RecoveryCodes`,
        async () => {
          const { $id: userId } = await newUser()
          const made = await users.createMFARecoveryCodes({ userId })
          expect(await users[`get${mfa}RecoveryCodes`]({ userId })).toEqual(made)
        },
      ],
      [
        `update${mfa}RecoveryCodes`,
        async () => {
          const { $id: userId } = await newUser()
          const old = await users.createMFARecoveryCodes({ userId })
          const made = await users[`update${mfa}RecoveryCodes`]({ userId })
          expect(made).not.toEqual(old)
          expect(await users.getMFARecoveryCodes({ userId })).toEqual(made)
        },
      ],
      [
        `delete${mfa}Authenticator`,
        async () => {
          const { $id: userId } = await newUser({ email: newEmail() })
          const type = AuthenticatorType.Totp
          await (await accountOf(userId)).createMFAAuthenticator({ type })
          await users[`delete${mfa}Authenticator`]({ userId, type })
          await expect(users[`delete${mfa}Authenticator`]({ userId, type })).rejects.toMatchObject({
            type: 'user_authenticator_not_found',
          })
        },
      ],
    ]),
  ),
}

describe('does', () => {
  test.each(Object.entries(SUCCESS))('%s', (_, run) => run())
  test('every method that the SDK has', () => {
    const methods = Object.getOwnPropertyNames(Users.prototype).filter(
      (name) => name !== 'constructor',
    )
    expect(Object.keys(SUCCESS).sort()).toEqual(methods.sort())
  })
})
