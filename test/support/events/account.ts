import {
  address,
  codeIn,
  GUEST,
  linkIn,
  messageTo,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  withPassword,
} from '#test/support/account'
import type { Emits, Scene } from '#test/support/events/ask'
import { challenge, codeAt, enrol, issue, recoveryCodes } from '#test/support/mfa'
import { storeIdentity } from '#test/support/users'
import { type Json, NOW } from '#test/support/world'

const URL_ = 'http://localhost/'

/** A change of whoever is signed in, which answers with the account. */
const changes =
  (method: string, path: string, attribute: string, body: () => Json): Emits =>
  async (s) => {
    const user = await withPassword(s)
    const { headers } = await s.session(user.id)
    const answer = await s.ask(method, `/account${path}`, body(), headers)
    return [[`users.${user.id}.update.${attribute}`, answer.body]]
  }

/** A secret that signs in, asked for by a stranger: nothing of it is told but that there is a new user. */
const asks =
  (path: string, to: () => Json): Emits =>
  async (s) => {
    const given = { userId: 'unique()', ...to() }
    const { body } = await s.ask('post', `/account/tokens/${path}`, given, GUEST)
    const { userId: _, url: __, ...addresses } = given
    return [[`users.${body.userId}.create`, { $id: body.userId, ...addresses, targets: [] }]]
  }

/** The same for somebody known: nothing is told. */
const known: Emits = async (s) => {
  const { email } = await withPassword(s)
  await s.ask('post', '/account/tokens/email', { userId: 'unique()', email }, GUEST)
  return []
}

const exchanges =
  (method: string, path: string): Emits =>
  async (s) => {
    const { id: userId } = await s.user()
    const { body: token } = await s.send('post', `/users/${userId}/tokens`, {})
    const given = { userId, secret: token.secret }
    const { body } = await s.ask(method, `/account/sessions/${path}`, given, GUEST)
    return [[`users.${userId}.sessions.${body.$id}.create`, body]]
  }

/** Starts what ends with a secret that was mailed. @returns the token, and the secret in the mail */
async function mailed(s: Scene, path: string, more: Json, signedIn: boolean) {
  const user = await withPassword(s)
  const { headers } = await s.session(user.id)
  const sent = signedIn ? more : { email: user.email, ...more }
  const { body } = await s.ask('post', `/account${path}`, sent, signedIn ? headers : GUEST)
  const message = await messageTo(s, user.email)
  const isCode = path.endsWith('/otp')
  const secret = isCode ? codeIn(message) : redeemedBy(linkIn(message)).secret
  return { token: body, secret, userId: user.id }
}

const starts =
  (kind: 'recovery' | 'verification', path: string, more: Json): Emits =>
  async (s) => {
    const { token, secret, userId } = await mailed(s, path, more, kind === 'verification')
    if (token.secret !== '') throw new Error('The client was shown the secret.')
    return [[`users.${userId}.${kind}.${token.$id}.create`, { ...token, secret }]]
  }

const ends =
  (kind: 'recovery' | 'verification', path: string, more: Json): Emits =>
  async (s) => {
    const { secret, userId } = await mailed(s, path, more, kind === 'verification')
    const given = { userId, secret, ...(kind === 'recovery' ? { password: PASSWORD } : {}) }
    const { body } = await s.ask('put', `/account${path}`, given, GUEST)
    return [[`users.${userId}.${kind}.${body.$id}.update`, { ...body, secret: '' }]]
  }

async function phoned(s: Scene) {
  const phone = phoneNumber()
  const { user, headers } = await s.signedIn({ phone })
  const { body } = await s.ask('post', '/account/verifications/phone', {}, headers)
  return { user, phone, token: body }
}

async function pushed(s: Scene) {
  const { user, headers } = await s.signedIn()
  const given = { targetId: 'unique()', identifier: crypto.randomUUID() }
  const { body } = await s.ask('post', '/account/targets/push', given, headers)
  return { user, headers, target: body, name: `users.${user.id}.targets.${body.$id}` }
}

const codes =
  (method: string): Emits =>
  async (s) => {
    const { user, headers } = await s.signedIn()
    if (method === 'patch') {
      const [first = ''] = await recoveryCodes(s, headers)
      const challengeId = await challenge(s, headers, 'recoveryCode')
      await s.send('put', '/account/mfa/challenges', { challengeId, otp: first }, headers)
    }
    await s.ask(method, '/account/mfa/recovery-codes', {}, headers)
    return [[`users.${user.id}.update.mfa`, { recoveryCodes: [] }]]
  }

/** What the routes of Account tell. */
export const ACCOUNT: Record<string, Emits> = {
  'account.create': async ({ ask }) => {
    const given = { userId: 'unique()', email: address(), password: PASSWORD, name: 'Ann' }
    const { body } = await ask('post', '/account', given, GUEST)
    const blank = { password: null, hash: null, hashOptions: null }
    return [[`users.${body.$id}.create`, { ...body, ...blank, targets: [] }]]
  },
  'account.delete': async (s) => {
    const { headers } = await s.signedIn()
    await s.ask('delete', '/account', undefined, headers)
    return [] // docs/contract/project.md §18.13
  },
  'account.updateName': changes('patch', '/name', 'name', () => ({ name: 'New' })),
  'account.updatePrefs': changes('patch', '/prefs', 'prefs', () => ({ prefs: { a: 1 } })),
  'account.updateStatus': changes('patch', '/status', 'status', () => ({})),
  'account.updateMFA': changes('patch', '/mfa', 'mfa', () => ({ mfa: true })),
  'account.updateEmail': changes('patch', '/email', 'email', () => ({
    ...{ email: address(), password: PASSWORD },
  })),
  'account.updatePhone': changes('patch', '/phone', 'phone', () => ({
    ...{ phone: phoneNumber(), password: PASSWORD },
  })),
  'account.updatePassword': changes('patch', '/password', 'password', () => ({
    ...{ password: `${PASSWORD} new`, oldPassword: PASSWORD },
  })),
  'account.createEmailPasswordSession': async (s) => {
    const { id, email } = await withPassword(s)
    const given = { email, password: PASSWORD }
    const { body } = await s.ask('post', '/account/sessions/email', given, GUEST)
    return [[`users.${id}.sessions.${body.$id}.create`, body]]
  },
  'account.createEmailPasswordSession by a key': async (s) => {
    const { id, email } = await withPassword(s)
    const given = { email, password: PASSWORD }
    const { body } = await s.ask('post', '/account/sessions/email', given)
    if (body.secret === '') throw new Error('The key was not shown the secret.')
    return [[`users.${id}.sessions.${body.$id}.create`, { ...body, secret: '' }]]
  },
  'account.createAnonymousSession': async ({ ask }) => {
    const { body } = await ask('post', '/account/sessions/anonymous', {}, GUEST)
    return [
      [`users.${body.userId}.create`, { $id: body.userId, email: '', targets: [] }],
      [`users.${body.userId}.sessions.${body.$id}.create`, body],
    ]
  },
  'account.createMagicURLToken': asks('magic-url', () => ({ email: address(), url: URL_ })),
  'account.createEmailToken': asks('email', () => ({ email: address() })),
  'account.createEmailToken of a known user': known,
  'account.createPhoneToken': asks('phone', () => ({ phone: phoneNumber() })),
  'account.createSession': exchanges('post', 'token'),
  'account.updateMagicURLSession': exchanges('put', 'magic-url'),
  'account.updatePhoneSession': exchanges('put', 'phone'),
  'account.updateSession': async (s) => {
    const { user, session, headers } = await s.signedIn()
    const { body } = await s.ask('patch', '/account/sessions/current', {}, headers)
    return [[`users.${user.id}.sessions.${session.id}.update`, body]]
  },
  'account.deleteSession': async (s) => {
    const { user, session, headers } = await s.signedIn()
    await s.ask('delete', '/account/sessions/current', undefined, headers)
    const payload = { $id: session.id, userId: user.id, current: true, secret: '' }
    return [[`users.${user.id}.sessions.${session.id}.delete`, payload]]
  },
  'account.deleteSessions': async (s) => {
    const { user, session, headers } = await s.signedIn()
    await s.session(user.id)
    await s.ask('delete', '/account/sessions', undefined, headers)
    return [[`users.${user.id}.sessions.${session.id}.delete`, { $id: session.id }]]
  },
  'account.deleteSessions under a JWT': async (s) => {
    const { headers } = await s.signedIn()
    const { body } = await s.ask('post', '/account/jwts', {}, headers)
    await s.ask('delete', '/account/sessions', undefined, { 'X-Appwrite-JWT': body.jwt })
    return []
  },
  'account.createJWT': async (s) => {
    const { headers } = await s.signedIn()
    await s.ask('post', '/account/jwts', {}, headers)
    return []
  },
  'account.createRecovery': starts('recovery', '/recovery', { url: URL_ }),
  'account.updateRecovery': ends('recovery', '/recovery', { url: URL_ }),
  'account.createRecoveryOTP': starts('recovery', '/recovery/otp', {}),
  'account.updateRecoveryOTP': ends('recovery', '/recovery/otp', {}),
  'account.createEmailVerification': starts('verification', '/verifications/email', { url: URL_ }),
  'account.updateEmailVerification': ends('verification', '/verifications/email', { url: URL_ }),
  'account.createEmailVerificationOTP': starts('verification', '/verifications/email/otp', {}),
  'account.updateEmailVerificationOTP': ends('verification', '/verifications/email/otp', {}),
  'account.createPhoneVerification': async (s) => {
    const { user, token } = await phoned(s)
    return [[`users.${user.id}.verification.${token.$id}.create`, { ...token, secret: '' }]]
  },
  'account.updatePhoneVerification': async (s) => {
    const { user, phone } = await phoned(s)
    const given = { userId: user.id, secret: codeIn(await messageTo(s, phone)) }
    const { body } = await s.ask('put', '/account/verifications/phone', given, GUEST)
    return [[`users.${user.id}.verification.${body.$id}.update`, { ...body, secret: '' }]]
  },
  'account.createMFAAuthenticator': async (s) => {
    const { user, headers } = await s.signedIn()
    await s.ask('post', '/account/mfa/authenticators/totp', {}, headers)
    return [[`users.${user.id}.update.mfa`, { secret: '', uri: '' }]]
  },
  'account.updateMFAAuthenticator': async (s) => {
    const { user, headers } = await s.signedIn()
    const otp = codeAt(await issue(s, headers), NOW)
    const { body } = await s.ask('put', '/account/mfa/authenticators/totp', { otp }, headers)
    return [[`users.${user.id}.update.mfa`, body]]
  },
  'account.deleteMFAAuthenticator': async (s) => {
    const { user, headers } = await s.signedIn()
    await enrol(s, headers, NOW)
    const [otp = ''] = await recoveryCodes(s, headers)
    const challengeId = await challenge(s, headers, 'recoveryCode')
    await s.ask('put', '/account/mfa/challenges', { challengeId, otp }, headers)
    await s.ask('delete', '/account/mfa/authenticators/totp', undefined, headers)
    return [[`users.${user.id}.delete.mfa`, []]]
  },
  'account.createMFARecoveryCodes': codes('post'),
  'account.updateMFARecoveryCodes': codes('patch'),
  'account.createMFAChallenge': async (s) => {
    const { user, headers } = await s.signedIn({ email: address(), emailVerification: true })
    const { body } = await s.ask('post', '/account/mfa/challenges', { factor: 'email' }, headers)
    return [[`users.${user.id}.challenges.${body.$id}.create`, body]]
  },
  'account.updateMFAChallenge': async (s) => {
    const { user, session, headers } = await s.signedIn()
    const [otp = ''] = await recoveryCodes(s, headers)
    const challengeId = await challenge(s, headers, 'recoveryCode')
    const given = { challengeId, otp }
    const { body } = await s.ask('put', '/account/mfa/challenges', given, headers)
    return [[`users.${user.id}.sessions.${session.id}.create`, body]]
  },
  'account.createPushTarget': async (s) => {
    const { name, target } = await pushed(s)
    return [[`${name}.create`, target]]
  },
  'account.updatePushTarget': async (s) => {
    const { name, target, headers } = await pushed(s)
    const given = { identifier: crypto.randomUUID() }
    const { body } = await s.ask('put', `/account/targets/${target.$id}/push`, given, headers)
    return [[`${name}.update`, body]]
  },
  'account.deletePushTarget': async (s) => {
    const { name, target, headers } = await pushed(s)
    await s.ask('delete', `/account/targets/${target.$id}/push`, undefined, headers)
    return [[`${name}.delete`, target]]
  },
  'account.deleteIdentity': async (s) => {
    const { user, headers } = await s.signedIn()
    const { id, providerUid } = await storeIdentity(s, user.id)
    await s.ask('delete', `/account/identities/${id}`, undefined, headers)
    return [[`users.${user.id}.identities.${id}.delete`, { $id: id, userId: user.id, providerUid }]]
  },
}
