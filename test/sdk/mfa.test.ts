import { Account, AuthenticationFactor, AuthenticatorType, Client, ID } from 'appwrite'
import { Client as ServerClient, Account as SessionAccount, Users } from 'node-appwrite'
import { beforeEach, expect, inject, test, vi } from 'vitest'
import { address, codeTo, refusal } from '#test/support/browsers'
import { realClock } from '#test/support/clock'
import { codeAt } from '#test/support/mfa'

const endpoint = inject('endpoint')
const server = new Users(
  new ServerClient().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey')),
)
const totp = AuthenticatorType.Totp
const { Totp, Email, Recoverycode } = AuthenticationFactor
const password = 'correct horse battery'

/** Returns the storage in which the SDK keeps the session where cookies do not come back. */
function storage() {
  const items = new Map<string, string>()
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
    clear: () => items.clear(),
  }
}
beforeEach(() => {
  vi.stubGlobal('window', { localStorage: storage(), console: { warn: () => undefined } })
})
const account = new Account(new Client().setEndpoint(endpoint).setProject('edgewrite'))

/** Signs somebody up and in, in this window. */
async function signUp() {
  const email = address()
  const user = await account.create({ userId: ID.unique(), email, password, name: 'Ada' })
  await account.createEmailPasswordSession({ email, password })
  return { email, userId: user.$id }
}
const signInAnew = async (email: string) => {
  await account.deleteSession({ sessionId: 'current' })
  await account.createEmailPasswordSession({ email, password })
}

test('an authenticator guards the next sign-in; recovery codes stand in for it, each once', async () => {
  const { email, userId } = await signUp()
  const { secret, uri } = await account.createMFAAuthenticator({ type: totp })
  expect(uri).toContain(`secret=${secret}`)
  await expect(account.updateMFAAuthenticator({ type: totp, otp: 'wrong' })).rejects.toEqual(
    refusal('user_invalid_token'),
  )
  const now = realClock()
  await account.updateMFAAuthenticator({ type: totp, otp: codeAt(secret, now) })
  const { recoveryCodes } = await account.createMFARecoveryCodes()
  expect(recoveryCodes).toHaveLength(6)
  expect(await account.updateMFA({ mfa: true })).toMatchObject({ $id: userId, mfa: true })
  expect((await account.get()).$id).toBe(userId)

  await signInAnew(email)
  await expect(account.get()).rejects.toEqual(refusal('user_more_factors_required'))
  expect(await account.listMFAFactors()).toEqual({
    ...{ totp: true, phone: false, email: false, recoveryCode: true, custom: false },
  })
  const challenge = await account.createMFAChallenge({ factor: Totp })
  const answer = (otp: string) => account.updateMFAChallenge({ challengeId: challenge.$id, otp })
  // The code that verified the authenticator is used up; the next one is good already.
  await expect(answer(codeAt(secret, now))).rejects.toEqual(refusal('user_invalid_token'))
  const session = await answer(codeAt(secret, now, 1))
  expect(session.factors).toEqual(['password', 'totp'])
  expect((await account.get()).mfa).toBe(true)
  expect(await account.getMFARecoveryCodes()).toEqual({ recoveryCodes })

  await signInAnew(email)
  const [code = ''] = recoveryCodes
  const second = await account.createMFAChallenge({ factor: Recoverycode })
  await account.updateMFAChallenge({ challengeId: second.$id, otp: code })
  expect(await account.getMFARecoveryCodes()).toEqual({ recoveryCodes: recoveryCodes.slice(1) })
  const third = await account.createMFAChallenge({ factor: Recoverycode })
  await expect(account.updateMFAChallenge({ challengeId: third.$id, otp: code })).rejects.toEqual(
    refusal('user_invalid_token'),
  )
  const renewed = await account.updateMFARecoveryCodes()
  expect(renewed.recoveryCodes).not.toContain(recoveryCodes[1])

  await account.deleteMFAAuthenticator({ type: totp })
  await signInAnew(email)
  expect((await account.get()).mfa).toBe(true)
})

test('a mailed code is a second factor, by the older names of the methods', async () => {
  const { email, userId } = await signUp()
  await server.updateEmailVerification({ userId, emailVerification: true })
  await account.updateMFA({ mfa: true })
  await signInAnew(email)
  await expect(account.get()).rejects.toEqual(refusal('user_more_factors_required'))
  expect((await account.listMfaFactors()).email).toBe(true)
  const challenge = await account.createMfaChallenge({ factor: Email })
  const otp = await codeTo(email)
  await account.updateMfaChallenge({ challengeId: challenge.$id, otp })
  expect((await account.get()).$id).toBe(userId)
  const { secret } = await account.createMfaAuthenticator({ type: totp })
  await account.updateMfaAuthenticator({ type: totp, otp: codeAt(secret, realClock()) })
  const { recoveryCodes } = await account.createMfaRecoveryCodes()
  expect(await account.getMfaRecoveryCodes()).toEqual({ recoveryCodes })
  expect((await account.updateMfaRecoveryCodes()).recoveryCodes).toHaveLength(6)
  await account.deleteMfaAuthenticator({ type: totp })
  expect((await account.listMfaFactors()).totp).toBe(false)
})

test('a JWT stands in for its session and ends with it', async () => {
  const { userId } = await signUp()
  const { jwt } = await account.createJWT({ duration: 60 })
  const bearer = new SessionAccount(
    new ServerClient().setEndpoint(endpoint).setProject('edgewrite').setJWT(jwt),
  )
  expect((await bearer.get()).$id).toBe(userId)
  await expect(bearer.createJWT()).rejects.toEqual(refusal('user_jwt_creation_denied'))
  await account.deleteSession({ sessionId: 'current' })
  await expect(bearer.get()).rejects.toEqual(refusal('general_unauthorized_scope'))
})

test('push targets live with their user, and the log tells of them, newest first', async () => {
  const { userId } = await signUp()
  const identifier = crypto.randomUUID()
  const target = await account.createPushTarget({ targetId: ID.unique(), identifier })
  expect(target).toMatchObject({ userId, identifier, providerType: 'push', providerId: null })
  const renewed = `${identifier}-renewed`
  const updated = await account.updatePushTarget({ targetId: target.$id, identifier: renewed })
  expect(updated.identifier).toBe(renewed)
  const { targets } = await account.get()
  expect(targets.map(({ providerType }) => providerType)).toEqual(['email', 'push'])
  await account.deletePushTarget({ targetId: target.$id })
  await expect(account.deletePushTarget({ targetId: target.$id })).rejects.toEqual(
    refusal('user_target_not_found'),
  )
  expect(await account.listIdentities()).toEqual({ total: 0, identities: [] })
  await expect(account.deleteIdentity({ identityId: 'nothing' })).rejects.toEqual(
    refusal('user_identity_not_found'),
  )
  const { secret } = await server.createSession({ userId })
  const mine = new SessionAccount(
    new ServerClient().setEndpoint(endpoint).setProject('edgewrite').setSession(secret),
  )
  const { total, logs } = await mine.listLogs()
  const events = logs.map(({ event }) => event)
  expect(total).toBe(events.length)
  expect(events.slice(0, 3)).toEqual(['target.delete', 'target.update', 'target.create'])
})
