import { describe, expect, test } from 'vitest'
import {
  burn,
  hashPassword,
  type ImportRoute,
  importHash,
  verifyPassword,
} from '#/identity/passwords'
import { isCommon } from '#/identity/passwords/policy'
import { VECTORS } from '#test/fixtures/passwords'

const ROUTES: ImportRoute[] = [
  ...(['argon2', 'bcrypt', 'md5', 'phpass', 'sha', 'scrypt', 'scrypt-modified'] as const),
]

describe.each(ROUTES)('inside workerd, %s', (of) => {
  const vectors = VECTORS.filter(({ route }) => route === of)

  test.each(vectors)('verifies $params.password', async ({ route, secret, params }) => {
    const stored = importHash(route, params)
    expect(await verifyPassword(secret, stored)).toBe(true)
  })

  test('refuses another password', async () => {
    const vector = vectors.at(-1)
    if (!vector) throw new Error(`There is no vector of ${of}.`)
    const stored = importHash(vector.route, vector.params)
    expect(await verifyPassword(`${vector.secret.slice(1)}!`, stored)).toBe(false)
  })
})

test('hashes a new password inside workerd', async () => {
  const stored = await hashPassword('correct horse battery staple')
  expect(await verifyPassword('correct horse battery staple', stored)).toBe(true)
  expect(await verifyPassword('correct horse battery stable', stored)).toBe(false)
  expect(await burn('correct horse battery staple')).toBe(false)
})

test('checks several passwords that come at once, none in the way of another', async () => {
  const stored = await hashPassword('correct horse battery staple')
  const given = ['correct horse battery staple', 'wrong', 'correct horse battery staple', '']
  const answers = await Promise.all(given.map((password) => verifyPassword(password, stored)))
  expect(answers).toEqual([true, false, true, false])
})

test('knows common passwords inside workerd', () => {
  expect(isCommon('password')).toBe(true)
  expect(isCommon('correct horse battery staple')).toBe(false)
})
