import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import {
  burn,
  hashPassword,
  importHash,
  isReused,
  NEW_OPTIONS,
  verifyPassword,
} from '#/identity/passwords'

const SECRET = 'correct horse battery staple'
const bcrypt = (password: string) => importHash('bcrypt', { password })

describe('hashPassword', () => {
  test('makes an Argon2id hash of 7 MiB and says so', async () => {
    const stored = await hashPassword(SECRET)
    expect(stored).toEqual({
      password: expect.stringMatching(
        /^\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
      ),
      hash: 'argon2',
      hashOptions: { type: 'argon2', memory_cost: 7168, time_cost: 5, threads: 1 },
    })
    expect(await verifyPassword(SECRET, stored)).toBe(true)
    expect(await verifyPassword(`${SECRET}r`, stored)).toBe(false)
  })

  test('salts every hash anew', async () => {
    const [a, b] = [await hashPassword(SECRET), await hashPassword(SECRET)]
    expect(a.password).not.toBe(b.password)
  })

  test('gives each row options of its own', async () => {
    const { hashOptions } = await hashPassword(SECRET)
    hashOptions.threads = 9
    expect(NEW_OPTIONS.threads).toBe(1)
  })

  test.each([
    ['half of a surrogate pair', 'password\ud83d'],
    ['257 bytes', 'a'.repeat(257)],
    ['86 characters of 3 bytes', '日'.repeat(86)],
  ])('refuses %s', (_, password) =>
    expect(hashPassword(password)).rejects.toMatchObject({ type: 'general_argument_invalid' }),
  )

  test.each([
    ['256 bytes', 'ß'.repeat(128)],
    ['a NUL byte', 'pass\0word'],
    ['other scripts and emoji', 'пароль日本🔑'],
  ])('hashes %s', async (_, password) => {
    const stored = await hashPassword(password)
    expect(await verifyPassword(password, stored)).toBe(true)
    expect(await verifyPassword(password.slice(0, -2), stored)).toBe(false)
  })
})

describe('verifyPassword', () => {
  test.each([
    ['no password', null],
    ['an empty password', ''],
    ['a malformed hash', 'no hash'],
    ['another algorithm’s hash', 'f96b697d7cb7938d525a2f31aaf161d0'],
    [
      'Argon2d',
      '$argon2d$v=19$m=8,t=1,p=1$ICAgICAgICA$fXq1aUbp9yhbn+EQc4AzUUE6AKnHAkvzIXsN6J4ukvE',
    ],
    [
      'a hash that would take a gibibyte',
      '$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
    ],
  ])('refuses every password where there is %s', async (_, password) => {
    const stored = { password, hash: 'argon2', hashOptions: NEW_OPTIONS }
    for (const given of ['', SECRET, 'no hash'])
      expect(await verifyPassword(given, stored)).toBe(false)
  })

  test.each([
    ['sha', { type: 'sha' }],
    ['sha', null],
    ['scrypt', { salt: 'NaCl' }],
    ['scryptMod', { salt: 'Bw==', saltSeparator: 'Bw==' }], // the signer key is missing
  ])('refuses where the options of %s are %j', async (hash, hashOptions) =>
    expect(await verifyPassword(SECRET, { password: 'ab'.repeat(32), hash, hashOptions })).toBe(
      false,
    ),
  )

  test.each(['argon3', 'toString', '__proto__', ''])('fails for the unknown algorithm %j', (hash) =>
    expect(
      verifyPassword(SECRET, { password: 'ab'.repeat(16), hash, hashOptions: {} }),
    ).rejects.toThrow('unknown algorithm'),
  )

  test('verifies bcrypt under Argon2, and the reverse', async () => {
    const password = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
    expect(await verifyPassword('U*U', importHash('argon2', { password }))).toBe(true)
    expect(await verifyPassword('U*U ', importHash('argon2', { password }))).toBe(false)
    const made = bcrypt((await hashPassword(SECRET)).password)
    expect(made.hash).toBe('bcrypt')
    expect(await verifyPassword(SECRET, made)).toBe(true)
  })

  test('takes no password that has the same replacement characters', async () => {
    // The hash is that of U+FFFD, which an encoder puts in the place of half a surrogate pair.
    const stored = importHash('md5', { password: '048e89b9061a1c2d49c00e219d3e6cfc' })
    expect(await verifyPassword('password\ufffd', stored)).toBe(true)
    expect(await verifyPassword('password\ud800', stored)).toBe(false)
    expect(await isReused('password\ud800', [stored.password], stored)).toBe(false)
  })

  test('takes no password of more than 256 bytes', async () => {
    const stored = importHash('md5', { password: '81109eec5aa1a284fb5327b10e9c16b9' })
    expect(await verifyPassword('a'.repeat(256), stored)).toBe(true)
    const longer = importHash('md5', { password: 'b7958df91b9413477491e9b6e27f1bac' })
    expect(await verifyPassword('a'.repeat(257), longer)).toBe(false)
  })

  test('counts 72 bytes of a password for bcrypt, not 72 characters', async () => {
    const ascii = bcrypt('$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui')
    const first72 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
    expect(await verifyPassword(first72, ascii)).toBe(true)
    expect(await verifyPassword(`${first72}and more`, ascii)).toBe(true)
    expect(await verifyPassword(first72.slice(0, 71), ascii)).toBe(false)
    const keys = bcrypt('$2y$05$6bNw2HLQYeqHYyBfLMsv/OEaCcSV4FG/y51F07xE0Z1zPypCe5Yhm')
    expect(await verifyPassword('🔑'.repeat(18), keys)).toBe(true)
    expect(await verifyPassword('🔑'.repeat(20), keys)).toBe(true)
    expect(await verifyPassword('🔑'.repeat(17), keys)).toBe(false)
  })

  test('tells passwords with NUL bytes apart, and takes none for bcrypt', async () => {
    const stored = bcrypt('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')
    expect(await verifyPassword('U*U', stored)).toBe(true)
    // crypt(3) would cut the first three, and bcrypt's repetition of the key makes the last one equal.
    for (const password of ['U*U\0', 'U*U\0and more', '\0U*U', 'U*U\0U*U'])
      expect(await verifyPassword(password, stored)).toBe(false)
    const md5 = importHash('md5', { password: '70350f6027bce3713f6b76473084309b' })
    expect(await verifyPassword('a\0b', md5)).toBe(true)
    expect(await verifyPassword('a', md5)).toBe(false)
  })

  test.each([
    ['übermut', '$2a$', '.onO8H6LyBdsZL6J6kGi.D9G9rh.3hy'],
    ['übermut', '$2b$', '.onO8H6LyBdsZL6J6kGi.D9G9rh.3hy'],
    ['übermut', '$2y$', '.onO8H6LyBdsZL6J6kGi.D9G9rh.3hy'],
    ['übermut', '$2x$', 'GoOtPktuFG5dhrSvQObP7lkpuy1niSe'],
    ['пароль', '$2y$', 'SPE92r8KIM0xs6oMd8IxpyMUjsb1/r6'],
  ])('verifies %s under bcrypt %s, as libxcrypt does', async (secret, revision, checksum) => {
    const stored = bcrypt(`${revision}05$6bNw2HLQYeqHYyBfLMsv/O${checksum}`)
    expect(await verifyPassword(secret, stored)).toBe(true)
    expect(await verifyPassword(secret.normalize('NFD').concat('!'), stored)).toBe(false)
  })

  test('verifies bcrypt whose salt has unused bits set, as some old libraries wrote it', async () => {
    const stored = bcrypt('$2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')
    expect(await verifyPassword('U*U', stored)).toBe(true)
  })

  const COMPOSED = 'ol\u00e9ol\u00e9ol\u00e9'
  const DECOMPOSED = COMPOSED.normalize('NFD')
  test.each([
    [COMPOSED, DECOMPOSED],
    [DECOMPOSED, COMPOSED],
    ['\uac00\ub098\ub2e4\ub77c', '\uac00\ub098\ub2e4\ub77c'.normalize('NFD')],
    ['fingerprint', '\ufb01ngerprint'],
    ['password1', '\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11'],
    ['\u212bngstr\u00f6m', '\u00c5ngstr\u00f6m'],
  ])('opens what was set as %j when it is typed as %j', async (set, typed) => {
    const stored = await hashPassword(set)
    expect(await verifyPassword(typed, stored)).toBe(true)
    expect(await isReused(typed, [stored.password], stored)).toBe(true)
    expect(await verifyPassword(`${typed}x`, stored)).toBe(false)
  })

  test('tries the normal forms on hashes from elsewhere, however they were spelt', async () => {
    for (const set of [COMPOSED, DECOMPOSED]) {
      const stored = importHash('sha', { password: bytesToHex(sha256(utf8ToBytes(set))) })
      for (const typed of [COMPOSED, DECOMPOSED])
        expect([set, typed, await verifyPassword(typed, stored)]).toEqual([set, typed, true])
      expect(await verifyPassword('oleoleole', stored)).toBe(false)
    }
  })

  test('keeps a password whose composed form would be too long', async () => {
    const long = '\ufb1d'.repeat(85) // NFC spells each with two letters of four bytes in all
    const stored = await hashPassword(long)
    expect(long.normalize('NFC').length).toBe(170)
    expect(await verifyPassword(long, stored)).toBe(true)
  })
})

describe('isReused', () => {
  test('finds a password among others, and reads past what it cannot check', async () => {
    const { password, ...kind } = await hashPassword(SECRET)
    const history = ['', 'f96b697d7cb7938d525a2f31aaf161d0', (await hashPassword('x')).password]
    expect(await isReused(SECRET, [...history, password], kind)).toBe(true)
    expect(await isReused(SECRET, history, kind)).toBe(false)
    expect(await isReused(SECRET, [], kind)).toBe(false)
  })

  test('reads a history by the present algorithm alone', async () => {
    const md5 = importHash('md5', { password: 'f96b697d7cb7938d525a2f31aaf161d0' })
    expect(await isReused('message digest', [md5.password], md5)).toBe(true)
    const now = await hashPassword(SECRET)
    expect(await isReused('message digest', [md5.password], now)).toBe(false)
  })
})

describe('time', () => {
  /** Returns the least CPU time of each task, in milliseconds: they take turns, since others use the machine too. */
  async function leastOf(tasks: readonly (() => Promise<unknown>)[]) {
    const best = tasks.map(() => Number.POSITIVE_INFINITY)
    for (let round = 0; round < 8; round++) {
      for (const [index, task] of tasks.entries()) {
        const before = process.threadCpuUsage()
        await task()
        const { user, system } = process.threadCpuUsage(before)
        best[index] = Math.min(best[index] ?? 0, (user + system) / 1000)
      }
    }
    return best
  }

  test('does not tell an unknown account from a wrong password', async () => {
    const stored = await hashPassword(SECRET)
    const md5 = importHash('md5', { password: 'f96b697d7cb7938d525a2f31aaf161d0' })
    const none = { ...stored, password: null }
    const [wrong = 0, ...others] = await leastOf([
      () => verifyPassword('wrong password', stored),
      () => burn('wrong password'),
      () => verifyPassword('wrong password', md5),
      () => verifyPassword('wrong password', none),
      () => verifyPassword('wrong\ud800', stored),
    ])
    expect(wrong).toBeGreaterThan(20)
    for (const other of others) {
      expect(other).toBeGreaterThan(wrong * 0.6)
      expect(other).toBeLessThan(wrong * 1.7)
    }
    expect(await burn('x'.repeat(1_000_000))).toBe(false)
  })
})
