import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { identities, targets, users } from '#/db/schema'
import * as account from '#/services/account/account.routes'
import * as contact from '#/services/account/contact.routes'
import * as password from '#/services/account/password.routes'
import * as recovery from '#/services/account/recovery.routes'
import * as sessions from '#/services/account/sessions.routes'
import * as signIns from '#/services/account/sign-in.routes'
import * as tokens from '#/services/account/tokens.routes'
import * as verification from '#/services/account/verification.routes'
import api from '#test/contract/api.json'
import {
  accountWorld,
  address,
  before,
  codeIn,
  GUEST,
  messageTo,
  PASSWORD,
  phoneNumber,
  signIn,
  WRONG,
  withPassword,
} from '#test/support/account'
import { errorBody } from '#test/support/errors'
import { type Answer, type Json, NOW, type World } from '#test/support/world'

/** What this file speaks for. */
const SERVED = new Set(
  [account, contact, password, recovery, sessions, signIns, tokens, verification].flatMap(
    (routes) => Object.values(routes).map(({ spec }) => spec.name as string),
  ),
)

const MALFORMED = 'what is no address is a general_argument_invalid, before the handler runs'
const CONSOLE = 'there is no console'
const UPSTREAM = 'upstream checks its own environment; there is nothing of that kind here'

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'account.create general_invalid_email': MALFORMED,
  'account.create user_console_count_exceeded': CONSOLE,
  'account.create user_email_not_whitelisted': CONSOLE,
  'account.create user_ip_not_whitelisted': CONSOLE,
  'account.get user_not_found': 'the user is read together with what lets the request in',
  'account.updateEmail general_invalid_email': MALFORMED,
  'account.createEmailToken general_invalid_email': MALFORMED,
  'account.createMagicURLToken general_invalid_email': MALFORMED,
  'account.createRecovery general_bad_request': UPSTREAM,
  'account.createEmailVerification general_bad_request': UPSTREAM,
  'account.createSession general_server_error': 'every kind of secret says what it makes',
  'account.updateMagicURLSession general_server_error': 'every kind of secret says what it makes',
  'account.updatePhoneSession general_server_error': 'every kind of secret says what it makes',
}

type Provoke = (w: World) => Promise<Answer>

const guest =
  (method: string, path: string, body?: object): Provoke =>
  (w) =>
    w.send(method, `/account${path}`, body, GUEST)
/** Sends as somebody with a password. */
const user =
  (
    method: string,
    path: string,
    body?: object,
    fields: Partial<typeof users.$inferInsert> = {},
  ): Provoke =>
  async (w) => {
    const { id } = await withPassword(w, fields)
    const { headers } = await w.session(id)
    return w.send(method, `/account${path}`, body, headers)
  }
/** Sets something for one request. */
const having =
  (name: string, value: unknown, provoke: Provoke): Provoke =>
  async (w) => {
    await w.set(name, value)
    return provoke(w)
  }
/** Sends where messages have no carrier. */
const mute =
  (provoke: Provoke): Provoke =>
  async () =>
    provoke(await accountWorld({ MAIL_OUTBOX: 'off' }))
const crowded = (provoke: Provoke): Provoke =>
  having('userLimit', 1, async (w) => {
    await w.user()
    return provoke(w)
  })
/** Sends an address that somebody signs in with at a provider. */
const claimed =
  (provoke: (email: string) => Provoke): Provoke =>
  async (w) => {
    const email = address()
    await w.db.insert(identities).values({
      id: crypto.randomUUID().slice(0, 20),
      userId: (await w.user()).id,
      provider: 'github',
      providerUid: crypto.randomUUID(),
      providerEmail: email,
      providerAccessToken: '',
      providerRefreshToken: '',
      createdAt: NOW,
      updatedAt: NOW,
    })
    return provoke(email)(w)
  }
const policies = (provoke: (email: string) => Provoke): Record<string, Provoke> => ({
  user_email_disposable: having('denyDisposableEmails', true, provoke('x@mailinator.com')),
  user_email_free: having('denyFreeEmails', true, provoke('x@gmail.com')),
  user_email_not_canonical: having('denyAliasedEmails', true, provoke('x.y@gmail.com')),
  user_email_not_corporate: having('onlyCorporateEmails', true, provoke('x@gmail.com')),
})

const signUp = (fields: object) =>
  guest('post', '', { userId: 'unique()', email: address(), password: PASSWORD, ...fields })
const token = (kind: string, fields: object) =>
  guest('post', `/tokens/${kind}`, { userId: 'unique()', ...fields })
const takenId =
  (provoke: (userId: string) => Provoke): Provoke =>
  async (w) =>
    provoke((await w.user()).id)(w)
const badToken = (method: string, path: string): Record<string, Provoke> => ({
  user_invalid_token: guest(method, path, { userId: 'nobody', secret: 'x' }),
})
const confirming = (path: string, more: object = {}): Record<string, Provoke> => ({
  user_not_found: guest('put', path, { userId: 'nobody', secret: 'x', ...more }),
  user_invalid_token: async (w) => {
    const { id } = await w.user()
    return guest('put', path, { userId: id, secret: 'x', ...more })(w)
  },
})
const recovering = (path: string): Record<string, Provoke> => ({
  general_smtp_disabled: mute(guest('post', path, { email: address(), url: 'http://localhost' })),
  user_not_found: guest('post', path, { email: address(), url: 'http://localhost' }),
  user_blocked: async (w) => {
    const { email } = await withPassword(w, { status: false })
    return guest('post', path, { email, url: 'http://localhost' })(w)
  },
})
const verifying = (path: string): Record<string, Provoke> => ({
  general_smtp_disabled: mute(user('post', path, { url: 'http://localhost' })),
  user_email_already_verified: user(
    'post',
    path,
    { url: 'http://localhost' },
    { emailVerification: true },
  ),
  user_email_not_found: async (w) => {
    const { headers } = await w.signedIn()
    return w.send('post', `/account${path}`, { url: 'http://localhost' }, headers)
  },
})
const noSession = (method: string): Record<string, Provoke> => ({
  user_session_not_found: user(method, '/sessions/none', method === 'get' ? undefined : {}),
})

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'account.create': {
    general_bad_request: claimed((email) => signUp({ email })),
    password_personal_data: having('personalDataCheck', true, signUp({ name: PASSWORD })),
    user_already_exists: takenId((userId) => signUp({ userId })),
    user_count_exceeded: crowded(signUp({})),
    ...policies((email) => signUp({ email })),
  },
  'account.delete': {
    user_not_found: async (w) => {
      const { user, headers } = await w.signedIn()
      before(w, 2, () => w.db.delete(users).where(eq(users.id, user.id)).run())
      return w.send('delete', '/account', undefined, headers)
    },
  },
  'account.updateEmail': {
    general_bad_request: claimed((email) => user('patch', '/email', { email, password: PASSWORD })),
    user_invalid_credentials: user('patch', '/email', { email: address(), password: WRONG }),
    user_target_already_exists: async (w) => {
      const email = address()
      await signUp({ email })(w)
      return user('patch', '/email', { email, password: PASSWORD })(w)
    },
    ...policies((email) => user('patch', '/email', { email, password: PASSWORD })),
  },
  'account.updatePhone': {
    user_invalid_credentials: user('patch', '/phone', { phone: phoneNumber(), password: WRONG }),
    user_phone_already_exists: async (w) => {
      const phone = phoneNumber()
      await w.user({ phone })
      return user('patch', '/phone', { phone, password: PASSWORD })(w)
    },
    user_target_already_exists: async (w) => {
      const phone = phoneNumber()
      await w.db.insert(targets).values({
        id: crypto.randomUUID().slice(0, 20),
        userId: (await w.user()).id,
        providerType: 'sms',
        identifier: phone,
        expired: false,
        createdAt: NOW,
        updatedAt: NOW,
      })
      return user('patch', '/phone', { phone, password: PASSWORD })(w)
    },
  },
  'account.updatePassword': {
    user_invalid_credentials: user('patch', '/password', {
      password: PASSWORD,
      oldPassword: WRONG,
    }),
    password_personal_data: having(
      'personalDataCheck',
      true,
      user(
        'patch',
        '/password',
        { password: 'my name!', oldPassword: PASSWORD },
        { name: 'my name!' },
      ),
    ),
    password_recently_used: having('passwordHistory', 1, async (w) => {
      const { id, password } = await withPassword(w)
      await w.db
        .update(users)
        .set({ passwordHistory: [password ?? ''] })
        .where(eq(users.id, id))
      const { headers } = await w.session(id)
      const given = { password: PASSWORD, oldPassword: PASSWORD }
      return w.send('patch', '/account/password', given, headers)
    }),
  },
  'account.createRecovery': recovering('/recovery'),
  'account.createRecoveryOTP': recovering('/recovery/otp'),
  'account.updateRecovery': {
    ...confirming('/recovery', { password: PASSWORD }),
    password_recently_used: having('passwordHistory', 1, async (w) => {
      const { id, email, password } = await withPassword(w)
      await w.db
        .update(users)
        .set({ passwordHistory: [password ?? ''] })
        .where(eq(users.id, id))
      await guest('post', '/recovery/otp', { email })(w)
      const secret = codeIn(await messageTo(w, email))
      return guest('put', '/recovery/otp', { userId: id, secret, password: PASSWORD })(w)
    }),
  },
  'account.updateRecoveryOTP': confirming('/recovery/otp', { password: PASSWORD }),
  'account.getSession': noSession('get'),
  'account.updateSession': {
    ...noSession('patch'),
    project_provider_unsupported: async (w) => {
      const { headers } = await w.session((await w.user()).id, { providerRefreshToken: 'sealed' })
      return w.send('patch', '/account/sessions/current', {}, headers)
    },
  },
  'account.deleteSession': noSession('delete'),
  'account.createEmailPasswordSession': {
    user_blocked: async (w) => signIn(w, (await withPassword(w, { status: false })).email),
    user_invalid_credentials: (w) => signIn(w, address()),
  },
  'account.createAnonymousSession': {
    user_anonymous_console_prohibited: (w) =>
      w.send('post', '/account/sessions/anonymous', {}, { 'X-Appwrite-Project': 'console' }),
    user_count_exceeded: crowded(guest('post', '/sessions/anonymous', {})),
  },
  'account.createSession': badToken('post', '/sessions/token'),
  'account.updateMagicURLSession': badToken('put', '/sessions/magic-url'),
  'account.updatePhoneSession': badToken('put', '/sessions/phone'),
  'account.createMagicURLToken': {
    general_smtp_disabled: mute(token('magic-url', { email: address() })),
    user_count_exceeded: crowded(token('magic-url', { email: address() })),
    user_email_already_exists: claimed((email) => token('magic-url', { email })),
    user_already_exists: takenId((userId) => token('magic-url', { userId, email: address() })),
    ...policies((email) => token('magic-url', { email })),
  },
  'account.createEmailToken': {
    general_bad_request: claimed((email) => token('email', { email })),
    general_smtp_disabled: mute(token('email', { email: address() })),
    user_count_exceeded: crowded(token('email', { email: address() })),
    user_already_exists: takenId((userId) => token('email', { userId, email: address() })),
    ...policies((email) => token('email', { email })),
  },
  'account.createPhoneToken': {
    general_phone_disabled: mute(token('phone', { phone: phoneNumber() })),
    user_count_exceeded: crowded(token('phone', { phone: phoneNumber() })),
    user_already_exists: takenId((userId) => token('phone', { userId, phone: phoneNumber() })),
  },
  'account.createEmailVerification': verifying('/verifications/email'),
  'account.createEmailVerificationOTP': verifying('/verifications/email/otp'),
  'account.updateEmailVerification': confirming('/verifications/email'),
  'account.updateEmailVerificationOTP': confirming('/verifications/email/otp'),
  'account.createPhoneVerification': {
    general_phone_disabled: mute(user('post', '/verifications/phone', {})),
    user_phone_not_found: user('post', '/verifications/phone', {}),
    user_phone_already_verified: user(
      'post',
      '/verifications/phone',
      {},
      { phone: phoneNumber(), phoneVerification: true },
    ),
  },
  'account.updatePhoneVerification': confirming('/verifications/phone'),
}

const listed = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter(({ operationId }) => SERVED.has(operationId))
  .flatMap(({ operationId, 'x-errors': types = [] }) =>
    types.map((type: string) => [operationId, type] as const),
  )

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  expect(SERVED.size).toBe(33)
  const isCovered = (name: string, type: string) =>
    CANNOT_ARISE[`${name} ${type}`] || PROVOKED[name]?.[type]
  expect(listed.filter(([name, type]) => !isCovered(name, type))).toEqual([])
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const w = await accountWorld()
  await w.env.DB.prepare('delete from settings').run()
  const { body } = await provoke(w)
  expect(body).toEqual(errorBody(type))
})
