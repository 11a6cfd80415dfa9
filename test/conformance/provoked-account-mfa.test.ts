import { expect, test } from 'vitest'
import { identities, type User } from '#/db/schema'
import api from '#test/contract/api.json'
import { errorBody } from '#test/support/errors'
import { answer, challenge, codeAt, enrol, issue, recoveryCodes } from '#test/support/mfa'
import { type Answer, type Json, NOW, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>

/** The part of the account that this file is about. */
const PART = /^account\.(\w*MFA\w*|\w+Identit\w+|\w+PushTarget|createJWT|listLogs)$/

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'account.listIdentities database_query_order_null':
    'a row without the value is a place in the order',
  'account.createJWT user_session_not_found':
    'whoever is signed in without a session is so by a JWT, which has a type of its own',
  'account.createMFAChallenge general_bad_request':
    'the parameter takes no factor that the server does not know',
}

/** Differences that are meant: types that the contract does not list. */
const ADDED: Record<string, readonly string[]> = {
  'account.updateMFA': ['user_session_not_found'],
  'account.updateMFAAuthenticator': ['user_session_not_found'],
  'account.updateMFAChallenge': ['user_session_not_found'],
  'account.createPushTarget': ['user_session_not_found'],
  'account.updatePushTarget': ['user_target_already_exists'],
  'account.deleteIdentity': ['user_unauthorized'],
}

type Scene = { w: World; headers: Headers_; user: User }
type Provoke = (scene: Scene) => Promise<Answer>

const send =
  (method: string, path: string, body?: unknown): Provoke =>
  ({ w, headers }) =>
    w.send(method, path, body, headers)
/** Sends the same under a JWT of the user. */
const underJwt =
  (method: string, path: string, body?: unknown): Provoke =>
  async ({ w, headers }) => {
    const { body: made } = await w.send('post', '/account/jwts', {}, headers)
    return w.send(method, path, body, { 'X-Appwrite-JWT': made.jwt })
  }
/** Sends the same while the user is otherwise. */
const whoIs =
  (fields: Partial<User>, method: string, path: string, body?: unknown): Provoke =>
  async ({ w }) => {
    const { headers } = await w.signedIn(fields)
    return w.send(method, path, body, headers)
  }
const without =
  (policy: string, provoke: Provoke): Provoke =>
  async (scene) => {
    await scene.w.set(policy, false)
    const refused = await provoke(scene)
    await scene.w.set(policy, true)
    return refused
  }
const query = (...wire: Record<string, unknown>[]) =>
  wire.map((one, index) => `queries[${index}]=${encodeURIComponent(JSON.stringify(one))}`).join('&')

const AUTHENTICATOR = '/account/mfa/authenticators/totp'
const CHALLENGES = '/account/mfa/challenges'
const CODES = '/account/mfa/recovery-codes'
const push = (identifier: string, targetId = 'unique()') => ({ targetId, identifier })

async function identity(w: World, userId: string) {
  const id = crypto.randomUUID().slice(0, 20)
  await w.db.insert(identities).values({
    ...{ id, userId, provider: 'github', providerUid: id, providerEmail: 'me@example.com' },
    ...{ providerAccessToken: '', providerAccessTokenExpiry: null, providerRefreshToken: '' },
    ...{ createdAt: NOW, updatedAt: NOW },
  })
  return id
}

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'account.updateMFA': {
    user_session_not_found: underJwt('patch', '/account/mfa', { mfa: true }),
  },
  'account.listMFAFactors': {},
  'account.createMFAAuthenticator': {
    general_argument_invalid: send('post', '/account/mfa/authenticators/hotp', {}),
    user_authenticator_already_verified: async (scene) => {
      await enrol(scene.w, scene.headers, NOW)
      return send('post', AUTHENTICATOR, {})(scene)
    },
  },
  'account.updateMFAAuthenticator': {
    user_authenticator_not_found: send('put', AUTHENTICATOR, { otp: '000000' }),
    user_authenticator_already_verified: async (scene) => {
      const secret = await enrol(scene.w, scene.headers, NOW)
      return send('put', AUTHENTICATOR, { otp: codeAt(secret, NOW, 1) })(scene)
    },
    user_invalid_token: async (scene) => {
      const secret = await issue(scene.w, scene.headers)
      return send('put', AUTHENTICATOR, { otp: codeAt(secret, NOW, 5) })(scene)
    },
    user_session_not_found: underJwt('put', AUTHENTICATOR, { otp: '000000' }),
  },
  'account.deleteMFAAuthenticator': {
    user_authenticator_not_found: send('delete', AUTHENTICATOR),
  },
  'account.createMFAChallenge': {
    user_auth_method_unsupported: send('post', CHALLENGES, { factor: 'custom' }),
    general_smtp_disabled: async ({ headers }) => {
      const silent = await world({}, () => NOW)
      return silent.send('post', CHALLENGES, { factor: 'email' }, headers)
    },
    general_phone_disabled: async ({ headers }) => {
      const silent = await world({}, () => NOW)
      return silent.send('post', CHALLENGES, { factor: 'phone' }, headers)
    },
    user_email_not_found: whoIs({}, 'post', CHALLENGES, { factor: 'email' }),
    user_email_not_verified: whoIs({ email: 'unproved@example.com' }, 'post', CHALLENGES, {
      factor: 'email',
    }),
    user_phone_not_found: whoIs({}, 'post', CHALLENGES, { factor: 'phone' }),
    user_phone_not_verified: whoIs({ phone: '+4915100000001' }, 'post', CHALLENGES, {
      factor: 'phone',
    }),
  },
  'account.updateMFAChallenge': {
    user_auth_method_unsupported: async (scene) => {
      const id = await challenge(scene.w, scene.headers, 'totp')
      const given = { challengeId: id, otp: '000000' }
      return without('factorTotp', send('put', CHALLENGES, given))(scene)
    },
    user_invalid_token: async ({ w, headers }) =>
      answer(w, headers, await challenge(w, headers, 'recoveryCode'), 'nothing'),
    user_session_not_found: underJwt('put', CHALLENGES, { challengeId: 'x', otp: 'x' }),
  },
  'account.createMFARecoveryCodes': {
    user_recovery_codes_already_exists: async (scene) => {
      await recoveryCodes(scene.w, scene.headers)
      return send('post', CODES, {})(scene)
    },
  },
  'account.getMFARecoveryCodes': { user_recovery_codes_not_found: send('get', CODES) },
  'account.updateMFARecoveryCodes': { user_recovery_codes_not_found: send('patch', CODES, {}) },
  'account.listIdentities': {
    general_cursor_not_found: send(
      'get',
      `/account/identities?${query({ method: 'cursorAfter', values: ['nobody'] })}`,
    ),
    general_query_invalid: send(
      'get',
      `/account/identities?${query({ method: 'search', attribute: 'provider', values: ['x'] })}`,
    ),
  },
  'account.deleteIdentity': {
    user_identity_not_found: send('delete', '/account/identities/nothing'),
    user_unauthorized: async (scene) => {
      const id = await identity(scene.w, (await scene.w.user()).id)
      return send('delete', `/account/identities/${id}`)(scene)
    },
  },
  'account.createPushTarget': {
    user_session_not_found: underJwt('post', '/account/targets/push', push('under-a-jwt')),
    user_target_already_exists: async (scene) => {
      const identifier = crypto.randomUUID()
      await send('post', '/account/targets/push', push(identifier))(scene)
      return send('post', '/account/targets/push', push(identifier))(scene)
    },
  },
  'account.updatePushTarget': {
    user_target_not_found: send('put', '/account/targets/nothing/push', { identifier: 'x' }),
    user_target_already_exists: async (scene) => {
      const [one, other] = [crypto.randomUUID(), crypto.randomUUID()]
      await send('post', '/account/targets/push', push(one))(scene)
      const { body } = await send('post', '/account/targets/push', push(other))(scene)
      return send('put', `/account/targets/${body.$id}/push`, { identifier: one })(scene)
    },
  },
  'account.deletePushTarget': {
    user_target_not_found: send('delete', '/account/targets/nothing/push'),
  },
  'account.createJWT': { user_jwt_creation_denied: underJwt('post', '/account/jwts', {}) },
  'account.listLogs': {
    general_query_invalid: ({ w, headers }) =>
      w.send('get', `/account/logs?queries[0]=${encodeURIComponent('limit(')}`, undefined, {
        ...headers,
        'X-Appwrite-Response-Format': '1.4.0',
      }),
  },
}

const operations = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter(({ operationId }) => PART.test(operationId))

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(
    Object.keys(PROVOKED).sort(),
  )
  for (const { operationId: name, 'x-errors': types = [] } of operations) {
    const expected = new Set([...types, ...(ADDED[name] ?? [])])
    const cannot = Object.keys(CANNOT_ARISE)
      .filter((key) => key.startsWith(`${name} `))
      .map((key) => key.slice(name.length + 1))
    expect([...Object.keys(PROVOKED[name] ?? {}), ...cannot].sort(), name).toEqual(
      [...expected].sort(),
    )
  }
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => NOW)
  const user = await w.user()
  const { headers } = await w.session(user.id, { mfaUpdatedAt: NOW })
  const { body } = await provoke({ w, headers, user })
  expect(body).toEqual(errorBody(type))
})

/** What the gates in front of these routes answer. */
const OPEN = operations.map(({ operationId }) => operationId)
test.each(OPEN)('%s is closed to guests and to keys without its scope', async (name) => {
  const w = await world({ RATE_LIMITS: 'off' }, () => NOW)
  const [path, [method, operation]] = Object.entries<Json>((api as Json).paths)
    .flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map((entry) => [path, entry] as const),
    )
    .find(([, [, { operationId }]]) => operationId === name) ?? ['', ['', {}]]
  const at = path.replace('{type}', 'totp').replace(/\{\w+\}/g, 'x')
  const others = operation['x-scopes'].includes('account') ? ROOT : await w.key('users.read')
  for (const caller of [{}, others]) {
    const { status, body } = await w.send(method, at, method === 'get' ? undefined : {}, caller)
    expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
  }
})
