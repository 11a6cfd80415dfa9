import { Account, AuthenticationFactor, AuthenticatorType, Client, ID } from 'appwrite'
import { Account as ServerAccount, Client as ServerClient, Users } from 'node-appwrite'
import { expect, inject, test, vi } from 'vitest'
import {
  address,
  codeTo,
  keepCookies,
  newBrowser,
  newestLinkTo,
  newestTo,
  plainFetch,
  refusal,
  within,
} from '#test/support/browsers'
import { realClock } from '#test/support/clock'
import { codeAt } from '#test/support/mfa'

const endpoint = inject('endpoint')
const PASSWORD = 'correct horse battery'
const NEXT = 'another horse battery'
const APP = 'https://app.example.com:8443/landing?from=mail#top'

keepCookies()
const account = new Account(new Client().setEndpoint(endpoint).setProject('edgewrite'))

async function linkTo(to: string) {
  const link = await newestLinkTo(to)
  const { userId = '', secret = '' } = Object.fromEntries(link.searchParams)
  return { link, userId, secret }
}

test('somebody signs up, verifies, signs in by code, adds factors, and resets the password', async () => {
  const email = address()
  const [laptop, phone, tablet, stranger] = [newBrowser(), newBrowser(), newBrowser(), newBrowser()]
  const made = await within(laptop, () =>
    account.create({ userId: ID.unique(), email, password: PASSWORD, name: 'Ada' }),
  )
  const userId = made.$id

  await within(laptop, async () => {
    await expect(account.get()).rejects.toEqual(refusal('general_unauthorized_scope'))
    const session = await account.createEmailPasswordSession({ email, password: PASSWORD })
    expect(session).toMatchObject({ userId, current: true, secret: '' })
    expect(await account.get()).toMatchObject({ $id: userId, email, emailVerification: false })
    await account.createEmailVerification({ url: APP })
  })

  // Proven from the account's own session, the address takes nothing away.
  const verification = await linkTo(email)
  expect(verification.link.href).toMatch(/^https:\/\/app\.example\.com:8443\/landing\?from=mail&/)
  expect(verification.link.hash).toBe('#top')
  await within(laptop, () => account.updateEmailVerification(verification))
  await expect(
    within(stranger, () => account.updateEmailVerification(verification)),
  ).rejects.toEqual(refusal('user_invalid_token'))

  await within(laptop, async () => {
    expect((await account.get()).emailVerification).toBe(true)
    await account.deleteSession({ sessionId: 'current' })
    expect(laptop.size).toBe(0)
    await expect(account.get()).rejects.toEqual(refusal('general_unauthorized_scope'))

    const { phrase, userId: holder } = await account.createEmailToken({
      userId: ID.unique(),
      email,
      phrase: true,
    })
    expect(holder).toBe(userId)
    expect(await newestTo(email)).toContain(phrase)
    const code = await codeTo(email)
    const session = await account.createSession({ userId, secret: code })
    expect(session).toMatchObject({ provider: 'token', factors: ['email'] })
    expect((await account.get()).$id).toBe(userId)
  })

  const { secret, recoveryCodes } = await within(laptop, async () => {
    const { secret } = await account.createMFAAuthenticator({ type: AuthenticatorType.Totp })
    const otp = codeAt(secret, realClock())
    await account.updateMFAAuthenticator({ type: AuthenticatorType.Totp, otp })
    const { recoveryCodes } = await account.createMFARecoveryCodes()
    await account.updateMFA({ mfa: true })
    expect((await account.get()).mfa).toBe(true)
    return { secret, recoveryCodes }
  })

  /** Signs in with both factors. */
  const enter = async (password: string, factor: AuthenticationFactor, otp: string) => {
    await account.createEmailPasswordSession({ email, password })
    await expect(account.get()).rejects.toEqual(refusal('user_more_factors_required'))
    const { $id: challengeId } = await account.createMFAChallenge({ factor })
    await account.updateMFAChallenge({ challengeId, otp })
    expect((await account.get()).$id).toBe(userId)
  }
  await within(phone, () =>
    enter(PASSWORD, AuthenticationFactor.Totp, codeAt(secret, realClock(), 1)),
  )
  await within(tablet, () =>
    enter(PASSWORD, AuthenticationFactor.Recoverycode, recoveryCodes[0] ?? ''),
  )
  await within(laptop, async () => {
    const { total, sessions } = await account.listSessions()
    expect([total, sessions.filter(({ current }) => current).length]).toEqual([3, 1])
  })

  await within(stranger, async () => {
    await account.createRecovery({ email, url: 'https://app.example.com/reset' })
    const recovery = await linkTo(email)
    await expect(account.updateRecovery({ ...recovery, password: 'short' })).rejects.toEqual(
      refusal('general_argument_invalid'),
    )
    await account.updateRecovery({ ...recovery, password: NEXT })
    await expect(account.updateRecovery({ ...recovery, password: PASSWORD })).rejects.toEqual(
      refusal('user_invalid_token'),
    )
  })
  for (const browser of [laptop, phone, tablet]) {
    await expect(within(browser, () => account.get())).rejects.toEqual(
      refusal('general_unauthorized_scope'),
    )
  }
  await within(newBrowser(), async () => {
    await expect(account.createEmailPasswordSession({ email, password: PASSWORD })).rejects.toEqual(
      refusal('user_invalid_credentials'),
    )
    await enter(NEXT, AuthenticationFactor.Recoverycode, recoveryCodes[1] ?? '')
  })
})

test('codes serve where an app can hold no link', async () => {
  const email = address()
  await within(newBrowser(), async () => {
    const { $id: userId } = await account.create({ userId: ID.unique(), email, password: PASSWORD })
    await account.createEmailPasswordSession({ email, password: PASSWORD })
    await account.createEmailVerificationOTP({ phrase: true })
    await account.updateEmailVerificationOTP({ userId, secret: await codeTo(email) })
    expect((await account.get()).emailVerification).toBe(true)
    await account.createRecoveryOTP({ email })
    await account.updateRecoveryOTP({ userId, secret: await codeTo(email), password: NEXT })
    await account.createEmailPasswordSession({ email, password: NEXT })
    expect((await account.get()).$id).toBe(userId)
  })
})

test('a guest becomes a user, by link and by phone', async () => {
  const email = address()
  const number = `+4915${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`
  await within(newBrowser(), async () => {
    const { userId } = await account.createAnonymousSession()
    expect(await account.get()).toMatchObject({ $id: userId, email: '', name: '' })
    expect(await account.updateEmail({ email, password: PASSWORD })).toMatchObject({ email })
    await account.createEmailVerification({ url: APP })
    await account.updateEmailVerification(await linkTo(email))
    expect(await account.updatePhone({ phone: number, password: PASSWORD })).toMatchObject({
      phone: number,
    })
    await account.createPhoneVerification()
    await account.updatePhoneVerification({ userId, secret: await codeTo(number) })
    expect((await account.get()).phoneVerification).toBe(true)
    await account.deleteSessions()

    await account.createMagicURLToken({ userId: ID.unique(), email, url: APP })
    const { link, ...given } = await linkTo(email)
    expect(given.userId).toBe(userId)
    expect(await account.createSession(given)).toMatchObject({ provider: 'magic-url' })
    await account.deleteSession({ sessionId: 'current' })

    await account.createMagicURLToken({ userId: ID.unique(), email })
    await account.updateMagicURLSession(await linkTo(email))
    await account.deleteSession({ sessionId: 'current' })

    await account.createPhoneToken({ userId: ID.unique(), phone: number })
    await account.updatePhoneSession({ userId, secret: await codeTo(number) })
    expect((await account.get()).$id).toBe(userId)
  })
})

/** Opens a page and presses its button, as a browser does. @returns what the page says then */
async function pressButtonAt(link: URL): Promise<string> {
  const page = await (await fetch(link)).text()
  const [, script = ''] = /<script nonce="\w+">([\s\S]*)<\/script>/.exec(page) ?? []
  const note = { textContent: '' }
  const button = { hidden: true, disabled: false, textContent: '', onclick: async () => {} }
  const elements: Record<string, object> = { button, output: note, small: { hidden: false } }
  const shown: string[] = []
  const run = new Function('location', 'history', 'document', 'fetch', script)
  run(
    { search: link.search, pathname: link.pathname },
    { replaceState: (_: null, __: string, path: string) => shown.push(path) },
    { querySelector: (name: string) => elements[name] },
    (path: string, init: RequestInit) => fetch(new URL(path, link), init),
  )
  await vi.waitFor(() => expect(button.hidden).toBe(false))
  expect([button.textContent, shown]).toEqual(['Continue', ['/auth/magic-url']])
  await button.onclick()
  return note.textContent
}

test('a link without an address of its own signs in by a page of the server', async () => {
  const email = address()
  await within(newBrowser(), async () => {
    const { userId } = await account.createMagicURLToken({ userId: ID.unique(), email })
    const { link } = await linkTo(email)
    await (await plainFetch(link)).text() // a program that looks into the mail uses nothing up
    expect(await pressButtonAt(link)).toContain(`You are signed in as ${email}.`)
    expect((await account.get()).$id).toBe(userId)
    await account.deleteSession({ sessionId: 'current' })
    expect(await pressButtonAt(link)).toContain('was used before')
  })
})

test('somebody keeps the account in order', async () => {
  const email = address()
  await within(newBrowser(), async () => {
    await account.create({ userId: ID.unique(), email, password: PASSWORD })
    const session = await account.createEmailPasswordSession({ email, password: PASSWORD })
    expect(await account.updateName({ name: 'Grace' })).toMatchObject({ name: 'Grace' })
    await account.updatePrefs({ prefs: { theme: 'dark' } })
    expect(await account.getPrefs()).toEqual({ theme: 'dark' })
    expect((await account.getSession({ sessionId: 'current' })).$id).toBe(session.$id)
    expect((await account.updateSession({ sessionId: 'current' })).$id).toBe(session.$id)
    await account.updatePassword({ password: NEXT, oldPassword: PASSWORD })
    await account.createVerification({ url: APP })
    await account.updateVerification(await linkTo(email))
    expect((await account.get()).emailVerification).toBe(true)
    expect(await account.updateStatus()).toMatchObject({ status: false })
    await expect(account.createEmailPasswordSession({ email, password: NEXT })).rejects.toEqual(
      refusal('user_blocked'),
    )
  })
})

test('a server signs people in and goes on in their name', async () => {
  const byKey = () =>
    new ServerClient().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey'))
  const inSession = (secret: string) =>
    new ServerAccount(
      new ServerClient().setEndpoint(endpoint).setProject('edgewrite').setSession(secret),
    )
  const server = new ServerAccount(byKey())
  const email = address()
  const made = await server.create({ userId: ID.unique(), email, password: PASSWORD })
  const { secret } = await server.createEmailPasswordSession({ email, password: PASSWORD })
  expect(await inSession(secret).get()).toMatchObject({ $id: made.$id, email })

  const token = await new Users(byKey()).createToken({ userId: made.$id })
  const session = await server.createSession({ userId: made.$id, secret: token.secret })
  expect(session).toMatchObject({ provider: 'token', factors: ['token'] })
  const { sessions } = await inSession(session.secret).listSessions()
  expect(sessions.map(({ current }) => current)).toEqual([false, true])

  const otp = await server.createEmailToken({ userId: ID.unique(), email })
  expect(otp.secret).toBe(await codeTo(email))
  await inSession(secret).deleteSessions()
  await expect(inSession(session.secret).get()).rejects.toEqual(
    refusal('general_unauthorized_scope'),
  )
})
