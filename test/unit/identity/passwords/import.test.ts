import { describe, expect, test } from 'vitest'
import { ApiError } from '#/errors'
import { type ImportParams, type ImportRoute, importHash } from '#/identity/passwords'

const ARGON2 =
  '$argon2id$v=19$m=65536,t=4,p=3$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
const BCRYPT = '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'
const PHPASS = '$P$8ohUJ.1sdFw09/bMaAQPTGDNi2BIUt1'
const MD5 = 'f96b697d7cb7938d525a2f31aaf161d0'
const SHA1 = 'a9993e364706816aba3e25717850c26c9cd0d89d'
const SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const SCRYPT = {
  password: 'ab'.repeat(64),
  passwordSalt: 'NaCl',
  passwordCpu: 16384,
  passwordMemory: 8,
  passwordParallel: 1,
  passwordLength: 64,
}
const FIREBASE = {
  password:
    'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  passwordSalt: '42xEC+ixf3L2lw==',
  passwordSaltSeparator: 'Bw==',
  passwordSignerKey:
    'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
}

/** Imports what must be refused; gives the message, and fails where it takes more than 50 ms. */
function refusal<Route extends ImportRoute>(route: Route, params: ImportParams[Route]): string {
  const started = performance.now()
  try {
    importHash(route, params)
  } catch (error) {
    expect(performance.now() - started).toBeLessThan(50)
    if (error instanceof ApiError && error.type === 'general_argument_invalid') return error.message
    throw error
  }
  throw new Error('The import was not refused.')
}

describe('options of a row', () => {
  test.each([
    ['argon2', ARGON2, { type: 'argon2', memory_cost: 65536, time_cost: 4, threads: 3 }],
    [
      'argon2',
      ARGON2.replace('m=65536,t=4,p=3', 'm=20,t=3,p=2'),
      { type: 'argon2', memory_cost: 65536, time_cost: 4, threads: 3 },
    ],
    ['bcrypt', BCRYPT, { type: 'bcrypt', cost: 8 }],
    ['md5', MD5, { type: 'md5' }],
  ] as const)('are upstream’s for %s %s', (route, password, hashOptions) =>
    expect(importHash(route, { password })).toEqual({ password, hash: route, hashOptions }),
  )

  test('of phpass carry some opaque text', () =>
    expect(importHash('phpass', { password: PHPASS })).toEqual({
      password: PHPASS,
      hash: 'phpass',
      hashOptions: {
        type: 'phpass',
        iteration_count_log2: 8,
        portable_hashes: false,
        random_state: expect.stringMatching(/^.{8,}$/),
      },
    }))

  test('of sha name the version, SHA-256 unless told', () => {
    expect(importHash('sha', { password: SHA256 }).hashOptions).toEqual({
      type: 'sha',
      version: 'sha256',
    })
    expect(importHash('sha', { password: SHA1, passwordVersion: 'sha1' })).toEqual({
      password: SHA1,
      hash: 'sha',
      hashOptions: { type: 'sha', version: 'sha1' },
    })
  })

  test('of scrypt are its parameters', () =>
    expect(importHash('scrypt', SCRYPT)).toEqual({
      password: SCRYPT.password,
      hash: 'scrypt',
      hashOptions: {
        ...{ type: 'scrypt', costCpu: 16384, costMemory: 8, costParallel: 1 },
        ...{ length: 64, salt: 'NaCl' },
      },
    }))

  test('of Firebase’s scrypt are its keys', () =>
    expect(importHash('scrypt-modified', FIREBASE)).toEqual({
      password: FIREBASE.password,
      hash: 'scryptMod',
      hashOptions: {
        type: 'scryptMod',
        salt: FIREBASE.passwordSalt,
        saltSeparator: FIREBASE.passwordSaltSeparator,
        signerKey: FIREBASE.passwordSignerKey,
      },
    }))
})

describe('takes', () => {
  test.each([
    ['Argon2id with 64 MiB', 'argon2', ARGON2],
    ['Argon2i without version', 'argon2', ARGON2.replace('id$v=19', 'i')],
    ['Argon2 of version 16', 'argon2', ARGON2.replace('v=19', 'v=16')],
    ['the least that Argon2 allows', 'argon2', '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$9sTbSg'],
    ['Argon2 with 6 passes over 64 MiB', 'argon2', ARGON2.replace('t=4', 't=6')],
    ['Argon2 with padding', 'argon2', `${ARGON2.replace('c29tZXNhbHQ', 'c29tZXNhbHQ=')}=`],
    ['Argon2 in base64url', 'argon2', ARGON2.replace('c29tZXNhbHQ', '-_9tZXNhbHQ')],
    ['MD5 in capitals', 'md5', MD5.toUpperCase()],
    [
      'MD5 in base64',
      'md5',
      '+WtpfXy3k41SWi8xqvFh0A=='.replace('+WtpfXy3k41SWi8xqvFh0A==', '-WtpfXy3k41SWi8xqvFh0A'),
    ],
    [
      'Argon2 with four hundred passes over 1 MiB',
      'argon2',
      ARGON2.replace('m=65536,t=4', 'm=1024,t=400'),
    ],
    ['bcrypt as Argon2', 'argon2', BCRYPT],
    ['Argon2 as bcrypt', 'bcrypt', ARGON2],
    ['bcrypt as phpass', 'phpass', BCRYPT],
    ['bcrypt 2b', 'bcrypt', BCRYPT.replace('2a', '2b')],
    ['bcrypt 2x', 'bcrypt', BCRYPT.replace('2a', '2x')],
    ['bcrypt 2y', 'bcrypt', BCRYPT.replace('2a', '2y')],
    ['bcrypt of cost 4', 'bcrypt', BCRYPT.replace('$12$', '$04$')],
    ['bcrypt of cost 15', 'bcrypt', BCRYPT.replace('$12$', '$15$')],
    ['bcrypt whose salt has unused bits set', 'bcrypt', BCRYPT.replace('kh2O', 'kh2P')],
    ['phpass of phpBB', 'phpass', PHPASS.replace('$P$', '$H$')],
    ['phpass with 2^7 rounds', 'phpass', PHPASS.replace('$8', '$5')],
    ['phpass with 2^19 rounds', 'phpass', PHPASS.replace('$8', '$H')],
    ['MD5', 'md5', MD5],
  ] as const)('%s', (_, route, password) =>
    expect(importHash(route, { password }).password).toBe(password),
  )

  test.each([
    { passwordCpu: 2 },
    { passwordCpu: 65536 },
    { passwordCpu: 16384, passwordMemory: 13, passwordParallel: 2 },
    { passwordCpu: 65536, passwordParallel: 7 },
    { passwordCpu: 65536, passwordMemory: 1 },
    { passwordCpu: 8, passwordMemory: 14 },
    { passwordLength: 16, password: 'ab'.repeat(16) },
    { passwordLength: 128, password: 'ab'.repeat(128) },
  ])('scrypt with %j', (some) =>
    expect(importHash('scrypt', { ...SCRYPT, ...some }).hash).toBe('scrypt'),
  )

  test('Firebase’s parameters without padding', () => {
    const bare = { passwordSalt: '42xEC+ixf3L2lw', passwordSaltSeparator: 'Bw' }
    expect(importHash('scrypt-modified', { ...FIREBASE, ...bare }).hash).toBe('scryptMod')
  })

  test.each([
    ['sha512/224', 'ab'.repeat(28)],
    ['sha512/256', 'ab'.repeat(32)],
  ])('%s, which upstream declares and then refuses', (passwordVersion, password) =>
    expect(importHash('sha', { password, passwordVersion }).hashOptions).toEqual({
      type: 'sha',
      version: passwordVersion,
    }),
  )
})

describe('refuses as malformed', () => {
  const argon2 = (from: string | RegExp, to: string) =>
    ['argon2', ARGON2.replace(from, to)] as const
  const bcrypt = (from: string | RegExp, to: string) =>
    ['bcrypt', BCRYPT.replace(from, to)] as const
  const phpass = (from: string | RegExp, to: string) =>
    ['phpass', PHPASS.replace(from, to)] as const
  test.each([
    ['argon2', 'password'],
    argon2('argon2id', 'argon2d'),
    argon2('argon2id', 'argon2'),
    argon2('argon2id', 'Argon2id'),
    argon2('v=19', 'v=18'),
    argon2('v=19', 'v=0'),
    argon2('v=19', 'v=19,keyid=a'),
    argon2('m=65536,t=4', 't=4,m=65536'),
    argon2('p=3', 'p=3,data=abcd'),
    argon2('p=3', 'p=0'),
    argon2('p=3', 'p=03'),
    argon2('p=3', 'p=+3'),
    argon2('p=3', 'p=8193'), // more lanes than an eighth of the memory
    argon2('p=3', 'p=16777216'),
    argon2('t=4', 't=0'),
    argon2('t=4', 't=4294967296'),
    argon2('t=4', 't=-4'),
    argon2('m=65536', 'm=0'),
    argon2('m=65536', 'm=7'),
    argon2('m=65536', 'm=4294967296'),
    argon2('m=65536', 'm=1e3'),
    argon2('m=65536', 'm=65536.0'),
    argon2('c29tZXNhbHQ', 'c2FsdA'), // a salt of 4 bytes
    argon2('c29tZXNhbHQ', ''),
    argon2('c29tZXNhbHQ', 'c29tZXNhbHQ==='),
    argon2('c29tZXNhbHQ', 'c29tZXNhbHR'), // unused bits set
    argon2('c29tZXNhbHQ', 'c29tZXNhb'), // no whole byte at the end
    argon2('c29tZXNhbHQ', 'c29t.XNhbHQ'),
    argon2('CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'CTFh'),
    argon2('CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', ''),
    argon2(/$/, '$'),
    argon2(/$/, '\n'),
    argon2(/^/, ' '),
    ['bcrypt', 'password'],
    bcrypt('2a', '2'),
    bcrypt('2a', '2c'),
    bcrypt('2a', '2A'),
    bcrypt('$12$', '$03$'),
    bcrypt('$12$', '$00$'),
    bcrypt('$12$', '$32$'),
    bcrypt('$12$', '$99$'),
    bcrypt('$12$', '$1$'),
    bcrypt('$12$', '$012$'),
    bcrypt('$12$', '$-1$'),
    bcrypt(/.$/, ''),
    bcrypt(/$/, 'a'),
    bcrypt(/$/, '\n'),
    bcrypt(/W$/, 'X'), // unused bits of the checksum set
    bcrypt('cIPz', 'cI+z'),
    bcrypt('cIPz', 'cI\0z'),
    ['md5', MD5.slice(1)],
    ['md5', `${MD5}0`],
    ['md5', `${MD5}\n`],
    ['md5', MD5.replace('f', 'g')],
    ['md5', '$1$salt$qJH7.N4xYta3aEG/dfqo/0'],
    ['phpass', 'password'],
    ['phpass', ARGON2],
    ['phpass', '$1$salt$qJH7.N4xYta3aEG/dfqo/0'],
    ['phpass', '_J9..CCCCXBrJUJV154M'],
    phpass('$P$', '$Q$'),
    phpass('$8', '$4'), // 2^6 rounds
    phpass('$8', '$T'), // 2^31 rounds
    phpass('$8', '$z'),
    phpass('ohUJ', 'oh!J'),
    phpass(/1$/, ''),
    phpass(/1$/, '2'), // unused bits set
    phpass(/$/, '1'),
  ] as const)('%s %j', (route, password) =>
    expect(refusal(route, { password })).toMatch(/^Invalid `password` param: must be /),
  )

  test.each([
    ['of another length', { password: SHA1 }, 'password'],
    ['that is no hex', { password: SHA256.replace('b', 'h') }, 'password'],
    ['of an unknown version', { password: MD5, passwordVersion: 'md5' }, 'passwordVersion'],
    [
      'of a version in capitals',
      { password: SHA256, passwordVersion: 'SHA256' },
      'passwordVersion',
    ],
    ['of no version', { password: SHA256, passwordVersion: '' }, 'passwordVersion'],
    [
      'of a version that is a method',
      { password: SHA256, passwordVersion: 'toString' },
      'passwordVersion',
    ],
  ])('a SHA %s', (_, params, name) =>
    expect(refusal('sha', params)).toContain(`Invalid \`${name}\` param`),
  )

  test.each([
    [{ passwordCpu: 0 }, 'passwordCpu'],
    [{ passwordCpu: 1 }, 'passwordCpu'],
    [{ passwordCpu: 3 }, 'passwordCpu'],
    [{ passwordCpu: 16383 }, 'passwordCpu'],
    [{ passwordCpu: -2 }, 'passwordCpu'],
    [{ passwordMemory: 0 }, 'passwordMemory'],
    [{ passwordMemory: -8 }, 'passwordMemory'],
    [{ passwordParallel: 0 }, 'passwordParallel'],
    [{ passwordLength: 15 }, 'passwordLength'],
    [{ passwordSalt: '0' }, 'passwordSalt'],
    [{ password: 'ab'.repeat(63) }, 'password'],
    [{ password: 'ab'.repeat(65) }, 'password'],
    [{ password: 'xy'.repeat(64) }, 'password'],
    [{ passwordLength: 2_147_483_647 }, 'password'],
  ])('scrypt with %j', (some, name) =>
    expect(refusal('scrypt', { ...SCRYPT, ...some })).toContain(`Invalid \`${name}\` param`),
  )

  test.each([
    [{ passwordSignerKey: '' }, 'passwordSignerKey'],
    [{ passwordSignerKey: '0' }, 'passwordSignerKey'],
    [{ passwordSignerKey: 'ab===' }, 'passwordSignerKey'],
    [{ passwordSignerKey: 'ab cd' }, 'passwordSignerKey'],
    [{ passwordSalt: '' }, 'passwordSalt'],
    [{ passwordSalt: '0' }, 'passwordSalt'],
    [{ passwordSalt: 'Bw==\n' }, 'passwordSalt'],
    [{ passwordSaltSeparator: '' }, 'passwordSaltSeparator'],
    [{ passwordSaltSeparator: '=' }, 'passwordSaltSeparator'],
    [{ password: FIREBASE.password.slice(4) }, 'password'],
    [{ password: FIREBASE.password.replace('lQ==', 'lR==') }, 'password'],
    [{ password: 'password' }, 'password'],
  ])('Firebase’s scrypt with %j', (some, name) =>
    expect(refusal('scrypt-modified', { ...FIREBASE, ...some })).toContain(
      `Invalid \`${name}\` param`,
    ),
  )
})

describe('refuses as too costly, without doing any of the work,', () => {
  test.each([
    ['argon2', ARGON2.replace('m=65536', 'm=66000')],
    ['argon2', ARGON2.replace('m=65536', 'm=262144')],
    ['argon2', ARGON2.replace('m=65536', 'm=4294967295')],
    ['argon2', ARGON2.replace('t=4', 't=7')],
    ['argon2', ARGON2.replace('t=4', 't=20')],
    ['argon2', ARGON2.replace('t=4', 't=4294967295')],
    ['argon2', ARGON2.replace('m=65536,t=4,p=3', 'm=8,t=4294967295,p=1')],
    ['bcrypt', BCRYPT.replace('$12$', '$16$')],
    ['bcrypt', BCRYPT.replace('$12$', '$31$')],
    ['bcrypt', BCRYPT.replace('$2a$12$', '$2x$31$')],
    ['argon2', BCRYPT.replace('$12$', '$31$')],
    ['phpass', BCRYPT.replace('$12$', '$31$')],
    ['phpass', PHPASS.replace('$8', '$I')], // 2^20 rounds
    ['phpass', PHPASS.replace('$8', '$S')], // 2^30 rounds
  ] as const)('%s %s', (route, password) =>
    expect(refusal(route, { password })).toMatch(
      /takes \d+ MiB of memory and \d+ s, of at most 64 MiB of memory and 3 s$/,
    ),
  )

  test.each([
    { passwordCpu: 2 ** 20 }, // the fourth vector of RFC 7914
    { passwordCpu: 2 ** 17 },
    { passwordCpu: 2 ** 30 },
    { passwordMemory: 2_147_483_647 },
    { passwordParallel: 2_147_483_647 },
    { passwordCpu: 2, passwordMemory: 1, passwordParallel: 2_147_483_647 },
    { passwordCpu: 2 ** 30, passwordMemory: 2_147_483_647, passwordParallel: 2_147_483_647 },
    { passwordCpu: 65536, passwordParallel: 8 },
    { passwordCpu: 65536, passwordMemory: 1, passwordParallel: 256 },
  ])('scrypt with %j', (some) =>
    expect(refusal('scrypt', { ...SCRYPT, ...some })).toContain('of at most 64 MiB of memory'),
  )
})
