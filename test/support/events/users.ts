import { address, phoneNumber } from '#test/support/account'
import type { Emits, Scene } from '#test/support/events/ask'
import { enrol } from '#test/support/mfa'
import { storeIdentity, storeTarget } from '#test/support/users'
import { type Json, NOW } from '#test/support/world'

const BLANK = { password: null, hash: null, hashOptions: null }
const SECRET_BYTES = '5bcd6ec8bba8e9c5ad4b6f4d3ba5f5b8'.repeat(4)

const creates =
  (path: string, fields: Json = {}): Emits =>
  async ({ ask }) => {
    const given = { userId: 'unique()', email: address(), ...fields }
    const { body } = await ask('post', `/users${path}`, given)
    return [[`users.${body.$id}.create`, { ...body, ...BLANK, targets: [] }]]
  }

const changes =
  (method: string, path: string, attribute: string, body: () => Json): Emits =>
  async (s) => {
    const { id } = await s.user({ password: 'a hash', email: address(), phone: phoneNumber() })
    const answer = await s.ask(method, `/users/${id}${path}`, body())
    return [[`users.${id}.update.${attribute}`, { ...answer.body, ...BLANK }]]
  }

const codes =
  (method: string): Emits =>
  async (s) => {
    const { id } = await s.user()
    if (method === 'put') await s.send('patch', `/users/${id}/mfa/recovery-codes`, {})
    await s.ask(method, `/users/${id}/mfa/recovery-codes`, {})
    return [[`users.${id}.update.mfa`, { recoveryCodes: [] }]]
  }

async function targeted(s: Scene) {
  const { id } = await s.user()
  const target = await storeTarget(s, id, address())
  return { id, target, at: `/users/${id}/targets/${target.id}` }
}

/** What the routes of Users tell. */
export const USERS: Record<string, Emits> = {
  'users.create': creates('', { phone: phoneNumber(), password: 'correct horse' }),
  'users.createArgon2User': creates('/argon2', {
    password:
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  }),
  'users.createBcryptUser': creates('/bcrypt', {
    password: '$2b$04$abcdefghijklmnopqrstuuXn6m9cWNZ6yTv3HYh0hX4oKxBUhY1Ui',
  }),
  'users.createMD5User': creates('/md5', { password: '5f4dcc3b5aa765d61d8327deb882cf99' }),
  'users.createPHPassUser': creates('/phpass', { password: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' }),
  'users.createSHAUser': creates('/sha', {
    password: '5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8',
    passwordVersion: 'sha1',
  }),
  'users.createScryptUser': creates('/scrypt', {
    ...{ password: SECRET_BYTES, passwordSalt: 'NaCl', passwordCpu: 8, passwordMemory: 14 },
    ...{ passwordParallel: 1, passwordLength: 64 },
  }),
  'users.createScryptModifiedUser': creates('/scrypt-modified', {
    password:
      'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    ...{ passwordSalt: '42xEC+ixf3L2lw==', passwordSaltSeparator: 'Bw==' },
    passwordSignerKey:
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  }),
  'users.updateName': changes('patch', '/name', 'name', () => ({ name: 'New' })),
  'users.updateEmail': changes('patch', '/email', 'email', () => ({ email: address() })),
  'users.updatePhone': changes('patch', '/phone', 'phone', () => ({ number: phoneNumber() })),
  'users.updatePassword': changes('patch', '/password', 'password', () => ({
    password: 'correct horse',
  })),
  'users.updateStatus': changes('patch', '/status', 'status', () => ({ status: false })),
  'users.updateLabels': changes('put', '/labels', 'labels', () => ({ labels: ['a'] })),
  'users.updateEmailVerification': changes('patch', '/verification', 'verification', () => ({
    emailVerification: true,
  })),
  'users.updatePhoneVerification': changes('patch', '/verification/phone', 'verification', () => ({
    phoneVerification: true,
  })),
  'users.updateImpersonator': changes('patch', '/impersonator', 'impersonator', () => ({
    impersonator: true,
  })),
  'users.updateMFA': changes('patch', '/mfa', 'mfa', () => ({ mfa: true })),
  'users.updatePrefs': async (s) => {
    const { id } = await s.user({ password: 'a hash' })
    const target = await storeTarget(s, id, address())
    const prefs = { $id: 'another', a: 1 }
    await s.ask('patch', `/users/${id}/prefs`, { prefs })
    const targets = [{ $id: target.id }]
    return [[`users.${id}.update.prefs`, { $id: id, prefs, ...BLANK, targets }]]
  },
  'users.delete': async (s) => {
    const { id } = await targeted(s)
    const { body } = await s.send('get', `/users/${id}`)
    await s.ask('delete', `/users/${id}`)
    return [[`users.${id}.delete`, { ...body, ...BLANK }]]
  },
  'users.createMFARecoveryCodes': codes('patch'),
  'users.updateMFARecoveryCodes': codes('put'),
  'users.deleteMFAAuthenticator': async (s) => {
    const { user, headers } = await s.signedIn()
    await enrol(s, headers, NOW)
    await s.ask('delete', `/users/${user.id}/mfa/authenticators/totp`)
    return [[`users.${user.id}.delete.mfa`, []]]
  },
  'users.createSession': async (s) => {
    const { id } = await s.user()
    const { body } = await s.ask('post', `/users/${id}/sessions`, {})
    if (body.secret === '') throw new Error('The key was not shown the secret.')
    return [[`users.${id}.sessions.${body.$id}.create`, { ...body, secret: '' }]]
  },
  'users.deleteSession': async (s) => {
    const { user, session } = await s.signedIn()
    await s.ask('delete', `/users/${user.id}/sessions/${session.id}`)
    const payload = { $id: session.id, userId: user.id, provider: 'email', secret: '' }
    return [[`users.${user.id}.sessions.${session.id}.delete`, payload]]
  },
  'users.deleteSessions': async (s) => {
    const { user } = await s.signedIn({ password: 'a hash' })
    await s.session(user.id)
    await s.ask('delete', `/users/${user.id}/sessions`)
    return [[`users.${user.id}.sessions.delete`, { $id: user.id, name: user.name, ...BLANK }]]
  },
  'users.createToken': async (s) => {
    const { id } = await s.user()
    const { body } = await s.ask('post', `/users/${id}/tokens`, {})
    return [[`users.${id}.tokens.${body.$id}.create`, { ...body, secret: '' }]]
  },
  'users.createJWT': async (s) => {
    const { id } = await s.user()
    await s.ask('post', `/users/${id}/jwts`, {})
    return []
  },
  'users.createTarget': async (s) => {
    const { id } = await s.user()
    const given = { targetId: 'unique()', providerType: 'email', identifier: address() }
    const { body } = await s.ask('post', `/users/${id}/targets`, given)
    return [[`users.${id}.targets.${body.$id}.create`, body]]
  },
  'users.updateTarget': async (s) => {
    const { id, target, at } = await targeted(s)
    const { body } = await s.ask('patch', at, { name: 'x' })
    return [[`users.${id}.targets.${target.id}.update`, body]]
  },
  'users.deleteTarget': async (s) => {
    const { id, target, at } = await targeted(s)
    await s.ask('delete', at)
    return [[`users.${id}.targets.${target.id}.delete`, []]]
  },
  'users.deleteIdentity': async (s) => {
    const { id } = await s.user()
    const identity = await storeIdentity(s, id)
    await s.ask('delete', `/users/identities/${identity.id}`)
    const payload = { $id: identity.id, userId: id, provider: 'github' }
    return [[`users.${id}.identities.${identity.id}.delete`, payload]]
  },
}
