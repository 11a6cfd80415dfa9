import { expect, test } from 'vitest'
import { securityPhrase } from '#/messaging/mail/security-phrase'

test('draws a capitalised adjective and a noun from 129 and 104 words, none of them twice', () => {
  const adjectives = new Map<string, number>()
  const nouns = new Map<string, number>()
  for (let drawn = 0; drawn < 20_000; drawn++) {
    const phrase = securityPhrase()
    expect(phrase).toMatch(/^[A-Z][a-z]+ [a-z]+$/)
    const [adjective = '', noun = ''] = phrase.split(' ')
    adjectives.set(adjective, (adjectives.get(adjective) ?? 0) + 1)
    nouns.set(noun, (nouns.get(noun) ?? 0) + 1)
  }
  expect([adjectives.size, nouns.size]).toEqual([129, 104])
  // 155 and 192 draws a word are expected; six standard deviations bound chance.
  expect(Math.min(...adjectives.values())).toBeGreaterThan(155 - 6 * 12.5)
  expect(Math.max(...adjectives.values())).toBeLessThan(155 + 6 * 12.5)
  expect(Math.min(...nouns.values())).toBeGreaterThan(192 - 6 * 13.9)
  expect(Math.max(...nouns.values())).toBeLessThan(192 + 6 * 13.9)
})
