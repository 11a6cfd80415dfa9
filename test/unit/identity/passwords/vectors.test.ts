import { describe, expect, test } from 'vitest'
import { importHash, isReused, needsRehash, verifyPassword } from '#/identity/passwords'
import { VECTORS } from '#test/fixtures/passwords'

describe.each(VECTORS)('$route of $source: $params.password', ({ route, secret, params }) => {
  const stored = importHash(route, params)

  test('is stored as it was given', () => expect(stored.password).toBe(params.password))

  test('verifies its password', async () => expect(await verifyPassword(secret, stored)).toBe(true))

  test('refuses another password', async () =>
    expect(await isReused(`!${secret}`, [stored.password], stored)).toBe(false))
})

test('has several vectors of each algorithm', () => {
  const count = Map.groupBy(VECTORS, ({ route }) => route)
  expect([...count.keys()].sort()).toEqual(
    ['argon2', 'bcrypt', 'md5', 'phpass', 'scrypt', 'scrypt-modified', 'sha'].sort(),
  )
  for (const vectors of count.values()) expect(vectors.length).toBeGreaterThanOrEqual(4)
})

test.each([
  ['argon2', false],
  ['bcrypt', true],
  ['md5', true],
  ['phpass', true],
  ['scrypt', true],
  ['scryptMod', true],
  ['sha', true],
])('replaces a hash of %s at sign-in: %s', (hash, replaced) =>
  expect(needsRehash(hash)).toBe(replaced),
)
