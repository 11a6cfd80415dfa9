import { beforeEach, expect, test } from 'vitest'
import { identities, targets, users } from '#/db/schema'
import api from '#test/contract/api.json'
import { errorBody } from '#test/support/errors'
import { q } from '#test/support/lists'
import { storeIdentity, storeTarget } from '#test/support/users'
import { type Answer, type Json, type World, world } from '#test/support/world'

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'users.list database_query_order_null': 'a row without the value is a place in the order',
  'users.listIdentities database_query_order_null':
    'a row without the value is a place in the order',
  'users.listTargets database_query_order_null': 'a row without the value is a place in the order',
  'users.updateTarget provider_incorrect_type':
    'no provider of messages is known here, so none is of another type',
}

type Provoke = (w: World) => Promise<Answer>
const get =
  (path: string): Provoke =>
  (w) =>
    w.send('get', path)
const send =
  (method: string, path: string, body?: unknown): Provoke =>
  (w) =>
    w.send(method, path, body)
/** Sends it under a rule that the owner has set. */
const under =
  (name: string, value: unknown, provoke: Provoke): Provoke =>
  async (w) => {
    await w.set(name, value)
    return provoke(w)
  }
const listed = (path: string, ...queries: string[]) =>
  get(
    `${path}?${queries.map((query, at) => `queries[${at}]=${encodeURIComponent(query)}`).join('&')}`,
  )

/** Lists fail in these ways all. */
const listErrors = (path: string): Record<string, Provoke> => ({
  general_cursor_not_found: listed(path, q('cursorAfter', '', 'none')),
  general_query_invalid: listed(path, q('lessThan', '$sequence', 0)),
})

const EMAILS: [rule: string, email: string, type: string][] = [
  ['denyDisposableEmails', 'x@mailinator.com', 'user_email_disposable'],
  ['denyFreeEmails', 'x@gmail.com', 'user_email_free'],
  ['denyAliasedEmails', 'x.y@gmail.com', 'user_email_not_canonical'],
  ['onlyCorporateEmails', 'x@gmail.com', 'user_email_not_corporate'],
]
const emailErrors = (provoke: (email: string) => Provoke): Record<string, Provoke> => ({
  user_email_already_exists: provoke('linked@example.com'),
  ...Object.fromEntries(
    EMAILS.map(([rule, email, type]) => [type, under(rule, true, provoke(email))]),
  ),
})
const createErrors = (path: string, fields: Record<string, unknown>): Record<string, Provoke> => {
  const create = (more: Record<string, unknown>) =>
    send('post', path, { userId: 'new', email: 'new@example.com', ...fields, ...more })
  return {
    ...emailErrors((email) => create({ email })),
    user_already_exists: create({ userId: 'ann' }),
    password_personal_data: under(
      ...(['personalDataCheck', true] as const),
      create({ name: String(fields.password).slice(1, 8) }),
    ),
  }
}
const noUser = (method: string, path: string, body?: unknown): Record<string, Provoke> => ({
  user_not_found: send(method, path.replace('/ann', '/nobody'), body),
})
const hash = { password: '5f4dcc3b5aa765d61d8327deb882cf99' }
const salted = {
  password:
    'V358E8LdWJXAO7muq0CufVpEOXaj8aFiC7T/rcaGieN04q/ZPJ08WhJEHGjj9lz/2TT+/86N5VjVoc5DdBhBiw==',
  ...{ passwordSalt: 'TmFDbA==', passwordSaltSeparator: 'Bw==' },
  passwordSignerKey:
    'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
}
const scrypt = {
  ...{ password: 'ab'.repeat(64), passwordSalt: 'NaCl', passwordCpu: 8, passwordMemory: 14 },
  ...{ passwordParallel: 1, passwordLength: 64 },
}
const push = { targetId: 'unique()', providerType: 'push', identifier: 'new' }
const at = (path: string) => `/users/ann/${path}`

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'users.create': createErrors('/users', { password: 'some password' }),
  'users.createArgon2User': createErrors('/users/argon2', {
    password:
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  }),
  'users.createBcryptUser': createErrors('/users/bcrypt', {
    password: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  }),
  'users.createMD5User': createErrors('/users/md5', hash),
  'users.createPHPassUser': createErrors('/users/phpass', {
    password: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0',
  }),
  'users.createSHAUser': createErrors('/users/sha', {
    ...{ password: 'a9993e364706816aba3e25717850c26c9cd0d89d', passwordVersion: 'sha1' },
  }),
  'users.createScryptUser': createErrors('/users/scrypt', scrypt),
  'users.createScryptModifiedUser': createErrors('/users/scrypt-modified', salted),
  'users.list': listErrors('/users'),
  'users.listIdentities': listErrors('/users/identities'),
  'users.deleteIdentity': { user_identity_not_found: send('delete', '/users/identities/none') },
  'users.get': noUser('get', '/users/ann'),
  'users.delete': noUser('delete', '/users/ann'),
  'users.updateEmail': {
    ...noUser('patch', at('email'), { email: 'x@example.com' }),
    ...emailErrors((email) => send('patch', at('email'), { email })),
    user_target_already_exists: send('patch', at('email'), { email: 'other@example.com' }),
  },
  'users.updatePhone': {
    ...noUser('patch', at('phone'), { number: '+4915112345678' }),
    user_phone_already_exists: send('patch', at('phone'), { number: '+4915187654321' }),
    user_target_already_exists: async (w) => {
      await storeTarget(w, 'bob', '+4915112345678', { providerType: 'sms' })
      return w.send('patch', at('phone'), { number: '+4915112345678' })
    },
  },
  'users.updatePassword': {
    ...noUser('patch', at('password'), { password: 'some password' }),
    password_personal_data: under(
      ...(['personalDataCheck', true] as const),
      send('patch', at('password'), { password: 'ann@example.com' }),
    ),
    password_recently_used: under('passwordHistory', 1, async (w) => {
      await w.send('patch', at('password'), { password: 'some password' })
      return w.send('patch', at('password'), { password: 'some password' })
    }),
  },
  'users.updateName': noUser('patch', at('name'), { name: 'x' }),
  'users.updateStatus': noUser('patch', at('status'), { status: true }),
  'users.updateLabels': noUser('put', at('labels'), { labels: [] }),
  'users.updateImpersonator': noUser('patch', at('impersonator'), { impersonator: true }),
  'users.updateEmailVerification': noUser('patch', at('verification'), { emailVerification: true }),
  'users.updatePhoneVerification': noUser('patch', at('verification/phone'), {
    phoneVerification: true,
  }),
  'users.getPrefs': noUser('get', at('prefs')),
  'users.updatePrefs': noUser('patch', at('prefs'), { prefs: {} }),
  'users.listTargets': {
    ...noUser('get', at('targets')),
    ...listErrors(at('targets')),
  },
  'users.createTarget': {
    ...noUser('post', at('targets'), push),
    general_invalid_email: send('post', at('targets'), { ...push, providerType: 'email' }),
    general_invalid_phone: send('post', at('targets'), { ...push, providerType: 'sms' }),
    provider_incorrect_type: send('post', at('targets'), { ...push, providerType: 'Push' }),
    user_target_already_exists: send('post', at('targets'), { ...push, targetId: 't' }),
  },
  'users.getTarget': {
    ...noUser('get', at('targets/t')),
    user_target_not_found: get(at('targets/none')),
  },
  'users.updateTarget': {
    ...noUser('patch', at('targets/t'), {}),
    general_invalid_email: send('patch', at('targets/t'), { identifier: 'x' }),
    general_invalid_phone: send('patch', at('targets/s'), { identifier: 'x' }),
    provider_not_found: send('patch', at('targets/t'), { providerId: 'none' }),
    user_target_not_found: send('patch', at('targets/none'), {}),
    user_target_already_exists: send('patch', at('targets/t'), { identifier: 'other@example.com' }),
  },
  'users.deleteTarget': {
    ...noUser('delete', at('targets/t')),
    user_target_not_found: send('delete', at('targets/none')),
  },
  'users.listSessions': noUser('get', at('sessions')),
  'users.createSession': noUser('post', at('sessions')),
  'users.deleteSessions': noUser('delete', at('sessions')),
  'users.deleteSession': {
    ...noUser('delete', at('sessions/none')),
    user_session_not_found: send('delete', at('sessions/none')),
  },
  'users.createToken': noUser('post', at('tokens')),
  'users.createJWT': noUser('post', at('jwts')),
  'users.listMemberships': {
    ...noUser('get', at('memberships')),
    ...listErrors(at('memberships')),
  },
  'users.listLogs': {
    ...noUser('get', at('logs')),
    general_query_invalid: (w) =>
      w.send('get', `${at('logs')}?queries[0]=limit(`, undefined, {
        'X-Appwrite-Key': w.env.API_KEY ?? '',
        'X-Appwrite-Response-Format': '1.4.0',
      }),
  },
  'users.updateMFA': noUser('patch', at('mfa'), { mfa: true }),
  'users.listMFAFactors': noUser('get', at('mfa/factors')),
  'users.getMFARecoveryCodes': {
    ...noUser('get', at('mfa/recovery-codes')),
    user_recovery_codes_not_found: get(at('mfa/recovery-codes')),
  },
  'users.createMFARecoveryCodes': {
    ...noUser('patch', at('mfa/recovery-codes')),
    user_recovery_codes_already_exists: async (w) => {
      await w.send('patch', at('mfa/recovery-codes'))
      return w.send('patch', at('mfa/recovery-codes'))
    },
  },
  'users.updateMFARecoveryCodes': {
    ...noUser('put', at('mfa/recovery-codes')),
    user_recovery_codes_not_found: send('put', at('mfa/recovery-codes')),
  },
  'users.deleteMFAAuthenticator': {
    ...noUser('delete', at('mfa/authenticators/totp')),
    user_authenticator_not_found: send('delete', at('mfa/authenticators/totp')),
  },
  'users.getMFAChallenge': {
    ...noUser('get', at('mfa/challenges/x')),
    user_invalid_token: get(at('mfa/challenges/x')),
  },
}

const contract = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter(({ operationId }) => operationId.startsWith('users.'))
  .flatMap(({ operationId, 'x-errors': types = [] }) =>
    types.map((type: string) => [operationId, type] as const),
  )

let w: World
beforeEach(async () => {
  w = await world()
  for (const table of [users, targets, identities]) await w.db.delete(table)
  await w.env.DB.prepare('delete from settings').run()
  await w.env.DB.prepare('delete from teams').run()
  await w.user({ id: 'ann', email: 'ann@example.com' })
  await w.user({ id: 'bob', phone: '+4915187654321' })
  await storeTarget(w, 'ann', 'ann@example.com', { id: 't' })
  await storeTarget(w, 'ann', '+4915100000000', { id: 's', providerType: 'sms' })
  await storeTarget(w, 'bob', 'other@example.com')
  await storeIdentity(w, 'bob', { id: 'link', providerEmail: 'linked@example.com' })
  await w.team({ id: 'team' })
  await w.member('team', 'ann', { id: 'm', confirm: false, joined: null })
})

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  const isCovered = ([name, type]: readonly [string, string]) =>
    CANNOT_ARISE[`${name} ${type}`] !== undefined || PROVOKED[name]?.[type] !== undefined
  expect(contract.length).toBeGreaterThan(100)
  expect(contract.filter((one) => !isCovered(one))).toEqual([])
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const { body } = await provoke(w)
  expect(body).toEqual(errorBody(type))
})
