import { describe, expect, test } from 'vitest'
import { namesOf } from '#/events/names'
import { isPattern, isSubscribable } from '#/events/patterns'

/** Every pattern of docs/contract/project.md §14.3, by its parts. */
const FAMILIES: [start: string, ends: string[]][] = [
  ['users.*', ['', '.create', '.update', '.delete']],
  [
    'users.*.update',
    [
      ...['.email', '.name', '.password', '.status', '.prefs', '.phone', '.mfa', '.labels'],
      ...['.verification', '.impersonator'],
    ],
  ],
  ['users.*.sessions.*', ['', '.create', '.delete']],
  ['users.*.recovery.*', ['', '.create', '.update']],
  ['users.*.verification.*', ['', '.create', '.update']],
  ['users.*.targets.*', ['', '.create', '.update', '.delete']],
  ['users.*.tokens.*', ['', '.create']],
  ['teams.*', ['', '.create', '.update', '.delete', '.update.prefs']],
  ['teams.*.memberships.*', ['', '.create', '.update', '.delete', '.update.status']],
  ['buckets.*', ['', '.create', '.update', '.delete']],
  ['buckets.*.files.*', ['', '.create', '.update', '.delete']],
]
const patterns = FAMILIES.flatMap(([start, ends]) => ends.map((end) => `${start}${end}`))

describe('accepts', () => {
  test.each(patterns)('%s', (pattern) => expect(isPattern(pattern)).toBe(true))
  test.each(patterns)('%s with IDs', (pattern) => {
    expect(isPattern(pattern.replaceAll('*', 'some-ID_1'))).toBe(true)
  })
})

describe('refuses', () => {
  test.each([
    ...['', '*', '*.*', 'users', 'users.', 'users..create', '.users.*', 'users.*.'],
    ...['tokens.*', 'tokens.*.create', 'keys.*.create', 'projects.*', 'webhooks.*.update'],
    ...['platforms.*', 'variables.*.delete', 'databases.*', 'functions.*.executions.*'],
    ...['users.*.sessions', 'users.*.sessions.', 'users.*.sessions.*.update'],
    ...['users.*.identities.*', 'users.*.identities.*.delete', 'users.*.challenges.*.create'],
    ...['users.*.update.foo', 'users.*.create.x', 'users.*.create.x.y', 'users.*.delete.mfa'],
    ...['users.*.update.email.x', 'users.*.sessions.*.create.x', 'users.*.sessions.*.create.x.y'],
    ...['teams.*.update.status', 'teams.*.memberships.*.update.roles', 'teams.*.files.*'],
    ...['buckets.*.files', 'buckets.*.memberships.*', 'buckets.*.update.name'],
    ...['Users.*', 'USERS.*.create', 'users.*.Create', ' users.*', 'users.*.create '],
    ...['users.*.constructor', 'users.*.toString.*', 'constructor.*', '__proto__.*'],
  ])('%j', (pattern) => expect(isPattern(pattern)).toBe(false))
})

test('every pattern matches an event, word for word', () => {
  const templates = patterns
    .filter((pattern) => !/\*$/.test(pattern))
    .map((pattern) => pattern.replace('*', '[a]').replace('*', '[b]'))
  const known = new Set(templates.flatMap((template) => namesOf(template, () => 'id')))
  expect(patterns.filter((pattern) => !known.has(pattern))).toEqual([])
})

test('nobody is told of keys, tokens and settings', () => {
  const told = ['users.[userId].create', 'teams.[teamId].delete', 'buckets.[bucketId].update']
  const untold = [
    ...['tokens.[tokenId].create', 'keys.[keyId].create', 'webhooks.[webhookId].update'],
    ...['projects.[projectId].policies.[policy].update', 'mock-phones.[number].create'],
  ]
  expect(told.map(isSubscribable)).toEqual([true, true, true])
  expect(untold.filter(isSubscribable)).toEqual([])
})
