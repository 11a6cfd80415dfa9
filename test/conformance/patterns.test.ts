import { expect, test } from 'vitest'
import { namesOf } from '#/events/names'
import { isPattern, isSubscribable } from '#/events/patterns'
import { ROUTES } from '#/routes'

/** Templates that routes tell of beside their own. */
const BESIDE = ['users.[userId].update.claims']

const templates = [
  ...ROUTES.flatMap(({ spec }) => [spec.event ?? []].flat()).filter(isSubscribable),
  ...BESIDE,
]
const names = new Set(templates.flatMap((template) => namesOf(template, () => '*')))

/** Every pattern of words that events are made of. */
function patterns(): string[] {
  const words = [...new Set([...names].flatMap((name) => name.split('.')))].filter(
    (word) => word !== '*',
  )
  const types = ['users', 'teams', 'buckets'].map((type) => `${type}.*`)
  const below = types.flatMap((type) => words.map((word) => `${type}.${word}.*`))
  const bases = [...types, ...below]
  // Behind what is no action by itself a word would be an ID.
  const acting = bases.flatMap((base) => words.map((word) => `${base}.${word}`)).filter(isPattern)
  const whole = acting.flatMap((base) => words.map((word) => `${base}.${word}`))
  return [...bases, ...acting, ...whole].filter(isPattern)
}

test('whatever a webhook may wait for is the name of an event that a route tells', () => {
  const all = patterns()
  expect(all.length).toBeGreaterThan(40)
  expect(all.filter((pattern) => !names.has(pattern))).toEqual([])
})
