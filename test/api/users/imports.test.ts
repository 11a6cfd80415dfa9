import { beforeEach, describe, expect, test } from 'vitest'
import { identities, targets, users } from '#/db/schema'
import { VECTORS, type Vector } from '#test/fixtures/passwords'
import { TIME } from '#test/support/clock'
import { storedUser, storeIdentity } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

const MD5 = '5f4dcc3b5aa765d61d8327deb882cf99' // of "password"
const BCRYPT = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' // of "U*U"
const ROUTES = ['argon2', 'bcrypt', 'md5', 'phpass', 'sha', 'scrypt', 'scrypt-modified'] as const
type Route = (typeof ROUTES)[number]

let w: World
beforeEach(async () => {
  w = await world({ RATE_LIMITS: 'off' }, () => NOW)
  for (const table of [users, targets, identities]) await w.db.delete(table)
  await w.env.DB.prepare('delete from settings').run()
})
const importAs = (route: Route, fields: Record<string, unknown>) =>
  w.send('post', `/users/${route}`, { userId: 'ann', email: 'Ann@example.com', ...fields })
const signIn = (password: string) =>
  w.send('post', '/account/sessions/email', { email: 'ann@example.com', password }, {})
const countUsers = async () => (await w.db.select({ id: users.id }).from(users)).length

/** What a route takes beside the person, all of it good. */
const GOOD: Record<Route, Record<string, unknown>> = {
  argon2: {
    password:
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  },
  bcrypt: { password: BCRYPT },
  md5: { password: MD5 },
  phpass: { password: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' },
  sha: { password: '5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8', passwordVersion: 'sha1' },
  scrypt: {
    password: '5bcd6ec8bba8e9c5ad4b6f4d3ba5f5b8'.repeat(4),
    ...{ passwordSalt: 'NaCl', passwordCpu: 8, passwordMemory: 14, passwordParallel: 1 },
    passwordLength: 64,
  },
  'scrypt-modified': {
    password:
      'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    ...{ passwordSalt: '42xEC+ixf3L2lw==', passwordSaltSeparator: 'Bw==' },
    passwordSignerKey:
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  },
}

describe('somebody who is brought along signs in the next morning', () => {
  /** Signing in takes passwords of 8 bytes and more; of expensive hashes two will do. */
  const usable = (vector: Vector) =>
    vector.secret.length >= 8 && !vector.params.password.includes('m=65536')
  test.each(VECTORS.filter(usable).map((vector) => [vector.route, vector.secret, vector] as const))(
    '%s: %s',
    async (route, secret, vector) => {
      const { status, body } = await importAs(route, vector.params)
      expect([status, body.password]).toEqual([201, vector.params.password])
      expect((await signIn(`${secret.slice(0, 71)}!`)).body.type).toBe('user_invalid_credentials')
      expect(await storedUser(w, 'ann')).toMatchObject({ hash: body.hash })
      expect((await signIn(secret)).status).toBe(201)
      const upgraded = await storedUser(w, 'ann')
      if (route === 'argon2') {
        expect(upgraded.password).toBe(vector.params.password)
        return
      }
      expect(upgraded).toMatchObject({
        hash: 'argon2',
        password: expect.stringMatching(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/),
        hashOptions: { type: 'argon2', memory_cost: 7168, time_cost: 5, threads: 1 },
        passwordUpdate: NOW,
      })
      expect((await signIn(secret)).status).toBe(201)
      expect((await signIn(`${secret}!`)).body.type).toBe('user_invalid_credentials')
    },
  )
  test('is shown with a vector of every algorithm, at least two', () => {
    const count = (route: Route) =>
      VECTORS.filter((one) => one.route === route && usable(one)).length
    for (const route of ROUTES) expect([route, count(route) >= 2]).toEqual([route, true])
  })
})

describe.each(ROUTES)('%s', (route) => {
  test('stores the hash as it is, and shows name and options as the contract has them', async () => {
    const { status, body } = await importAs(route, { ...GOOD[route], name: 'Ann' })
    expect(status).toBe(201)
    const OPTIONS: Record<Route, unknown> = {
      argon2: { type: 'argon2', memory_cost: 65536, time_cost: 4, threads: 3 },
      bcrypt: { type: 'bcrypt', cost: 8 },
      md5: { type: 'md5' },
      phpass: {
        ...{ type: 'phpass', iteration_count_log2: 8, portable_hashes: false },
        random_state: expect.any(String),
      },
      sha: { type: 'sha', version: 'sha1' },
      scrypt: {
        ...{
          type: 'scrypt',
          costCpu: 8,
          costMemory: 14,
          costParallel: 1,
          length: 64,
          salt: 'NaCl',
        },
      },
      'scrypt-modified': {
        type: 'scryptMod',
        salt: GOOD['scrypt-modified'].passwordSalt,
        saltSeparator: 'Bw==',
        signerKey: GOOD['scrypt-modified'].passwordSignerKey,
      },
    }
    expect(body).toMatchObject({
      ...{ $id: 'ann', name: 'Ann', email: 'ann@example.com', phone: '' },
      password: GOOD[route].password,
      hash: route === 'scrypt-modified' ? 'scryptMod' : route,
      passwordUpdate: TIME,
      targets: [{ identifier: 'ann@example.com', providerType: 'email' }],
    })
    expect(body.hashOptions).toEqual(OPTIONS[route])
    expect((await storedUser(w, 'ann')).passwordHistory).toEqual([])
  })
  test.each([
    ['userId', undefined],
    ['email', undefined],
    ['email', null],
    ['email', ''],
    ['password', undefined],
    ['password', null],
    ['password', ''],
    ['password', 'x'.repeat(257)],
    ['password', 'not a hash of any kind'],
    ['name', ''],
  ])('needs an ID, an e-mail address and a hash: %s %j', async (name, value) => {
    const { status, body } = await importAs(route, { ...GOOD[route], [name]: value })
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
    expect(await countUsers()).toBe(0)
  })
  test('takes no phone number and no password of its own kind elsewhere', async () => {
    const more = { phone: '+4915112345678', hash: 'md5', hashOptions: {}, passwordHistory: ['x'] }
    const { body } = await importAs(route, { ...GOOD[route], ...more })
    expect(body.phone).toBe('')
  })
  test('refuses whom any other way refuses', async () => {
    await w.user({ id: 'bob', email: null })
    await storeIdentity(w, 'bob', { providerEmail: 'ann@example.com' })
    expect((await importAs(route, GOOD[route])).body.type).toBe('user_email_already_exists')
    await w.db.delete(identities)
    await w.set('personalDataCheck', true)
    const { password } = GOOD[route]
    const name = String(password).slice(2, 7)
    expect((await importAs(route, { ...GOOD[route], name })).body.type).toBe(
      'password_personal_data',
    )
    await w.set('onlyCorporateEmails', true)
    const free = await importAs(route, { ...GOOD[route], email: 'ann@gmail.com' })
    expect(free.body.type).toBe('user_email_not_corporate')
    expect((await importAs(route, GOOD[route])).status).toBe(201)
    expect((await importAs(route, GOOD[route])).body.type).toBe('user_already_exists')
  })
  test('starts the history where the owner keeps one', async () => {
    await w.set('passwordHistory', 5)
    await importAs(route, GOOD[route])
    expect((await storedUser(w, 'ann')).passwordHistory).toEqual([GOOD[route].password])
  })
})

describe('is refused before any work is done', () => {
  const argon2 = (params: string) =>
    `$argon2id$v=19$${params}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4`
  test.each<[Route, Record<string, unknown>]>([
    ['argon2', { password: argon2('m=4194304,t=1,p=1') }],
    ['argon2', { password: argon2('m=65536,t=4294967295,p=1') }],
    ['argon2', { password: argon2('m=8,t=1,p=16777215') }],
    ['argon2', { password: argon2('m=0,t=0,p=0') }],
    ['argon2', { password: argon2('m=-1,t=1,p=1') }],
    ['argon2', { password: argon2('m=1e9,t=1,p=1') }],
    ['argon2', { password: argon2('m=256,t=2,p=1').replace('argon2id', 'argon2d') }],
    ['bcrypt', { password: BCRYPT.replace('$05$', '$31$') }],
    ['bcrypt', { password: BCRYPT.replace('$05$', '$99$') }],
    ['bcrypt', { password: BCRYPT.replace('$05$', '$03$') }],
    ['bcrypt', { password: BCRYPT.replace('$2a$', '$2c$') }],
    ['bcrypt', { password: BCRYPT.slice(0, -1) }],
    ['bcrypt', { password: `${BCRYPT}\0` }],
    ['bcrypt', { password: `${BCRYPT.slice(0, 30)}\0${BCRYPT.slice(31)}` }],
    ['md5', { password: `${MD5}0` }],
    ['md5', { password: `${MD5.slice(1)}\0` }],
    ['phpass', { password: '$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' }],
    ['phpass', { password: '$P$zIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' }],
    ['phpass', { password: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L' }],
    ['sha', { passwordVersion: 'SHA1' }],
    ['sha', { passwordVersion: 'md5' }],
    ['sha', { passwordVersion: '' }],
    ['sha', { passwordVersion: 'sha256' }],
    ['sha', { passwordVersion: undefined }],
    ['scrypt', { passwordCpu: 0 }],
    ['scrypt', { passwordCpu: 1 }],
    ['scrypt', { passwordCpu: 9 }],
    ['scrypt', { passwordCpu: -8 }],
    ['scrypt', { passwordCpu: 2 ** 30 }],
    ['scrypt', { passwordCpu: 2 ** 31 }],
    ['scrypt', { passwordCpu: 8.5 }],
    ['scrypt', { passwordCpu: '8' }],
    ['scrypt', { passwordCpu: null }],
    ['scrypt', { passwordCpu: undefined }],
    ['scrypt', { passwordMemory: 0 }],
    ['scrypt', { passwordMemory: 2 ** 31 - 1 }],
    ['scrypt', { passwordParallel: 0 }],
    ['scrypt', { passwordParallel: 2 ** 31 - 1 }],
    ['scrypt', { passwordLength: 15 }],
    ['scrypt', { passwordLength: 2 ** 31 - 1 }],
    ['scrypt', { passwordSalt: '0' }],
    ['scrypt', { passwordSalt: '' }],
    ['scrypt', { passwordSalt: 'x'.repeat(129) }],
    ['scrypt', { passwordSalt: 'x\ud800' }],
    ['scrypt-modified', { passwordSignerKey: undefined }],
    ['scrypt-modified', { passwordSignerKey: '' }],
    ['scrypt-modified', { passwordSignerKey: '0' }],
    ['scrypt-modified', { passwordSignerKey: 'not base64!' }],
    ['scrypt-modified', { passwordSaltSeparator: undefined }],
    ['scrypt-modified', { passwordSaltSeparator: 'B w=' }],
    ['scrypt-modified', { passwordSalt: '42xEC\0' }],
  ])('%s %j', async (route, fields) => {
    const { status, body, trips } = await importAs(route, { ...GOOD[route], ...fields })
    expect([status, body.type, trips]).toEqual([400, 'general_argument_invalid', 0])
    expect(await countUsers()).toBe(0)
  })
})

test('bcrypt counts 72 bytes, until the upgrade counts them all', async () => {
  const long = VECTORS.find(({ secret, route }) => route === 'bcrypt' && secret.length > 72)
  if (!long) throw new Error('There is no vector of more than 72 bytes.')
  await importAs('bcrypt', long.params)
  const cut = long.secret.slice(0, 72)
  expect((await signIn(cut.slice(0, 71))).body.type).toBe('user_invalid_credentials')
  expect((await signIn(`${cut} and anything`)).status).toBe(201)
  expect((await signIn(cut)).body.type).toBe('user_invalid_credentials')
  expect((await signIn(`${cut} and anything`)).status).toBe(201)
})
