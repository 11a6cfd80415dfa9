import { beforeEach, describe, expect, test } from 'vitest'
import { oneTimeSecrets, users } from '#/db/schema'
import { verifyPassword } from '#/identity/passwords'
import { after, HOUR, wire } from '#test/support/clock'
import { storedUser } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

const LATER = after(20 * HOUR)
const PASSWORDS = [
  'first password',
  'second password',
  'third password',
  'fourth password',
] as const
const [FIRST, SECOND, THIRD, FOURTH] = PASSWORDS

let w: World
beforeEach(async () => {
  w = await world({}, () => LATER)
  await w.db.delete(users)
  await w.env.DB.prepare('delete from settings').run()
})
const set = (password: unknown, id = 'ann') =>
  w.send('patch', `/users/${id}/password`, { password })
const outcome = async (password: unknown) => {
  const { status, body } = await set(password)
  return [status, body.type]
}
const sessionsLeft = async (id = 'ann') => (await w.send('get', `/users/${id}/sessions`)).body.total

test('a new password is stored as a hash that it alone opens', async () => {
  await w.user({ id: 'ann', hash: 'md5', hashOptions: { type: 'md5' }, password: 'x'.repeat(32) })
  const { status, body, trips } = await set(FIRST)
  expect([status, trips]).toEqual([200, 3])
  expect(body).toMatchObject({
    password: expect.stringMatching(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/),
    hash: 'argon2',
    hashOptions: { type: 'argon2', memory_cost: 7168, time_cost: 5, threads: 1 },
    passwordUpdate: wire(LATER),
    $updatedAt: wire(LATER),
  })
  const user = await storedUser(w, 'ann')
  expect(await verifyPassword(FIRST, user)).toBe(true)
  expect(await verifyPassword(SECOND, user)).toBe(false)
  expect(user.passwordHistory).toEqual([])
})

describe('sessions', () => {
  beforeEach(async () => {
    await w.user({ id: 'ann' })
    await w.user({ id: 'bob' })
    for (const id of ['ann', 'ann', 'bob']) await w.session(id)
  })
  test('end with the old password, those of nobody else', async () => {
    await set(FIRST)
    expect([await sessionsLeft(), await sessionsLeft('bob')]).toEqual([0, 1])
  })
  test('go on where the owner wants that', async () => {
    await w.set('invalidateSessions', false)
    await set(FIRST)
    expect(await sessionsLeft()).toBe(2)
  })
  test('go on when the password is refused or taken away', async () => {
    await set('short')
    expect((await set('')).body).toMatchObject({
      password: '',
      hash: 'argon2',
      passwordUpdate: wire(LATER),
    })
    expect(await sessionsLeft()).toBe(2)
  })
  test('of the moment of the change open nothing after it', async () => {
    const { headers } = await w.session('ann')
    const { body } = await w.send('post', '/users/ann/jwts')
    await w.send('patch', '/users/ann/impersonator', { impersonator: true })
    const read = async (given: Record<string, string>) =>
      (await w.send('get', '/users/ann', undefined, given)).status
    expect([await read(headers), await read({ 'X-Appwrite-JWT': body.jwt })]).toEqual([200, 200])
    await set(FIRST)
    expect([await read(headers), await read({ 'X-Appwrite-JWT': body.jwt })]).toEqual([401, 401])
  })
})

test('a password that is taken away opens nothing, and neither does what was sent before', async () => {
  await w.user({ id: 'ann' })
  await set(FIRST)
  await w.send('post', '/users/ann/tokens', {})
  const { hashOptions } = await storedUser(w, 'ann')
  await set('')
  const user = await storedUser(w, 'ann')
  expect(user).toMatchObject({ password: '', hash: 'argon2', hashOptions })
  for (const password of ['', FIRST]) expect(await verifyPassword(password, user)).toBe(false)
  expect(await w.db.select().from(oneTimeSecrets)).toHaveLength(0)
})

describe('the history', () => {
  const historyOf = async () => (await storedUser(w, 'ann')).passwordHistory
  beforeEach(async () => {
    await w.user({ id: 'ann' })
    await w.set('passwordHistory', 2)
  })
  test('refuses the last passwords, as many as the owner says', async () => {
    expect(await outcome(FIRST)).toEqual([200, undefined])
    expect(await outcome(SECOND)).toEqual([200, undefined])
    expect(await outcome(FIRST)).toEqual([400, 'password_recently_used'])
    expect(await outcome(SECOND)).toEqual([400, 'password_recently_used'])
    expect(await outcome(THIRD)).toEqual([200, undefined])
    expect(await historyOf()).toHaveLength(2)
    expect(await outcome(FIRST)).toEqual([200, undefined])
  })
  test('is neither kept nor asked where the owner wants none', async () => {
    await set(FIRST)
    const before = await historyOf()
    await w.set('passwordHistory', 0)
    expect(await outcome(FIRST)).toEqual([200, undefined])
    expect(await historyOf()).toEqual(before)
  })
  test('is not touched when the password is taken away', async () => {
    await set(FIRST)
    const before = await historyOf()
    await set('')
    expect(await historyOf()).toEqual(before)
    expect(await outcome(FIRST)).toEqual([400, 'password_recently_used'])
  })
  test('is checked by the algorithm of the present hash', async () => {
    const md5 = '5f4dcc3b5aa765d61d8327deb882cf99' // of "password"
    const imported = { hash: 'md5', hashOptions: { type: 'md5' }, passwordHistory: [md5, ''] }
    await w.db.update(users).set({ ...imported, password: md5 })
    expect(await outcome('password')).toEqual([400, 'password_recently_used'])
    expect(await outcome(FOURTH)).toEqual([200, undefined])
    expect(await historyOf()).toEqual(['', expect.stringContaining('$argon2id$')])
    await w.set('passwordHistory', 5)
    await w.db.update(users).set({ passwordHistory: [md5] })
    expect(await outcome('password')).toEqual([200, undefined])
  })
})

describe('refuses', () => {
  const ANN = {
    id: 'ann-the-user',
    email: 'ann.s@example.com',
    name: 'Ann Smith',
    phone: '+4915112345678',
  }
  test.each([
    ['its user’s ID', 'xANN-the-USER'],
    ['its user’s e-mail address', 'x-ann.s@example.com'],
    ['the first part of the address', 'hello ann.s!'],
    ['its user’s name', 'i am ann smith'],
    ['its user’s phone number', 'x4915112345678'],
    ['nothing at all', ''],
  ])('where the owner wants that, a password with %s', async (_, password) => {
    await w.user({ ...ANN, password: 'kept' })
    expect((await set(password, ANN.id)).status).toBe(200)
    await w.set('personalDataCheck', true)
    const { status, body } = await set(password, ANN.id)
    expect([status, body.type]).toEqual([400, 'password_personal_data'])
  })
  test.each([
    ['of 7 bytes', '1234567'],
    ['of 257 bytes', 'x'.repeat(257)],
    ['that is no text', 12345678],
    ['that is null', null],
    ['that is left out', undefined],
    ['with half of a surrogate pair', 'abcdefgh\udc00'],
  ])('a password %s', async (_, password) => {
    await w.user({ id: 'ann' })
    expect(await outcome(password)).toEqual([400, 'general_argument_invalid'])
    expect((await storedUser(w, 'ann')).updatedAt).toEqual(NOW)
  })
  test('what the owner’s rules call weak, before it looks for the user', async () => {
    await w.set('passwordDictionary', true)
    await w.set('passwordNumber', true)
    const { body } = await set('password', 'nobody')
    expect(body.type).toBe('general_argument_invalid')
    expect((await set('4 better password', 'nobody')).body.type).toBe('user_not_found')
    expect((await set('', 'nobody')).body.type).toBe('user_not_found')
  })
})

test('NUL and any other character counts', async () => {
  await w.user({ id: 'ann' })
  await set('12345678\0a')
  const user = await storedUser(w, 'ann')
  expect(await verifyPassword('12345678\0a', user)).toBe(true)
  expect(await verifyPassword('12345678\0b', user)).toBe(false)
  expect(await verifyPassword('12345678', user)).toBe(false)
})
