import { expect, test } from 'vitest'
import { randomDigits } from '#/auth/one-time'
import { seal, unseal } from '#/auth/seal'

const SECRET = 'a secret that only the tests know, long enough'

test.each(['', 'x', 'пароль 🔑', 'a'.repeat(10_000)])('reads back what it sealed', async (text) => {
  const sealed = await seal(text, SECRET, 'what:whose')
  if (text.length > 1) expect(atob(sealed)).not.toContain(text)
  expect(await unseal(sealed, SECRET, 'what:whose')).toBe(text)
})

test('seals the same text differently each time', async () => {
  expect(await seal('x', SECRET, 'a')).not.toBe(await seal('x', SECRET, 'a'))
})

test('opens nothing under another secret, for another context, or once changed', async () => {
  const sealed = await seal('x', SECRET, 'a')
  const flipped = `${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`
  expect(await unseal(sealed, `${SECRET}.`, 'a')).toBeUndefined()
  expect(await unseal(sealed, SECRET, 'b')).toBeUndefined()
  expect(await unseal(flipped, SECRET, 'a')).toBeUndefined()
})

test('draws every digit equally often', () => {
  const drawn = Array.from({ length: 10_000 }, () => randomDigits(10)).join('')
  expect(drawn).toMatch(/^\d{100000}$/)
  for (const digit of '0123456789') {
    const count = drawn.split(digit).length - 1
    expect(Math.abs(count - 10_000), digit).toBeLessThan(600) // six standard deviations
  }
})
