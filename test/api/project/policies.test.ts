import { describe, expect, test } from 'vitest'
import { outcome, projectWorld, stored } from '#test/support/project'
import type { Json, World } from '#test/support/world'

const PATH = '/project/policies'
const on = { enabled: true }

/** Policies in order, with what they are in a fresh project. */
const FRESH: [id: string, fields: Json][] = [
  ['password-dictionary', { enabled: false }],
  ['password-history', { total: 0 }],
  [
    'password-strength',
    { min: 8, uppercase: false, lowercase: false, number: false, symbols: false },
  ],
  ['password-personal-data', { enabled: false }],
  ['session-alert', { enabled: false }],
  ['session-duration', { duration: 31_536_000 }],
  ['session-invalidation', { enabled: true }],
  ['session-limit', { total: 10 }],
  ['user-limit', { total: 0 }],
  [
    'membership-privacy',
    {
      ...{ userId: false, userEmail: false, userPhone: false },
      ...{ userName: false, userMFA: false, userAccessedAt: false },
    },
  ],
  ['mfa-factors', { totp: true, email: true, phone: true, custom: false }],
  ['deny-aliased-email', { enabled: false }],
  ['deny-disposable-email', { enabled: false }],
  ['deny-free-email', { enabled: false }],
  ['deny-corporate-email', { enabled: false }],
]

const patch = (w: World, id: string, body: Json) => w.send('patch', `${PATH}/${id}`, body)
const get = async (w: World, id: string) => (await w.send('get', `${PATH}/${id}`)).body

test('lists all policies of a fresh project in order', async () => {
  const w = await projectWorld()
  const policies = FRESH.map(([$id, fields]) => ({ $id, ...fields }))
  expect((await w.send('get', PATH)).body).toEqual({ total: 15, policies })
  const query = (method: string, value: Json) =>
    encodeURIComponent(JSON.stringify({ method, attribute: '', values: [value] }))
  const slice = await w.send(
    'get',
    `${PATH}?queries[0]=${query('limit', 2)}&queries[1]=${query('offset', 3)}`,
  )
  expect(slice.body).toEqual({ total: 15, policies: policies.slice(3, 5) })
  expect((await w.send('get', `${PATH}?total=false`)).body).toEqual({ total: 0, policies })
})

test.each(['equal', 'orderAsc', 'cursorAfter', 'select'])('lists refuse %s', async (method) => {
  const w = await projectWorld()
  const query = JSON.stringify({ method, attribute: '$id', values: ['x'] })
  const answer = await w.send('get', `${PATH}?queries[0]=${encodeURIComponent(query)}`)
  expect(outcome(answer)).toEqual([400, 'general_argument_invalid'])
})

test.each(FRESH)('%s is shown by itself', async (id, fields) => {
  const w = await projectWorld()
  expect(await get(w, id)).toEqual({ $id: id, ...fields })
})

test.each(['unknown', 'Password-History', ''])('there is no policy %j', async (id) => {
  const w = await projectWorld()
  const answer = await w.send('get', `${PATH}/${id || '%20'}`)
  expect(outcome(answer)).toEqual([400, 'general_argument_invalid'])
  expect(outcome(await patch(w, id || '%20', on))).toEqual([404, 'general_route_not_found'])
})

/** What each policy takes, and what is then shown. */
const CHANGES: [id: string, body: Json, shown: Json, settings: Json][] = [
  ['password-dictionary', on, on, { passwordDictionary: true }],
  ['password-history', { total: 20 }, { total: 20 }, { passwordHistory: 20 }],
  ['password-history', { total: '1' }, { total: 1 }, { passwordHistory: 1 }],
  ['password-history', { total: null }, { total: 0 }, { passwordHistory: 0 }],
  ['password-strength', { min: 256 }, { min: 256, number: false }, { passwordMin: 256 }],
  [
    'password-strength',
    { uppercase: true, lowercase: true, number: true, symbols: true },
    { min: 8, uppercase: true, lowercase: true, number: true, symbols: true },
    { passwordUppercase: true, passwordSymbols: true, passwordMin: undefined },
  ],
  ['password-personal-data', on, on, { personalDataCheck: true }],
  ['session-alert', on, on, { sessionAlerts: true }],
  ['session-duration', { duration: 60 }, { duration: 60 }, { sessionDurationSeconds: 60 }],
  ['session-invalidation', { enabled: false }, { enabled: false }, { invalidateSessions: false }],
  ['session-limit', { total: 100 }, { total: 100 }, { sessionLimit: 100 }],
  ['user-limit', { total: 10_000 }, { total: 10_000 }, { userLimit: 10_000 }],
  ['user-limit', { total: null }, { total: 0 }, { userLimit: 0 }],
  ['user-limit', { total: 0 }, { total: 0 }, { userLimit: 0 }],
  [
    'membership-privacy',
    { userMFA: true, userName: null },
    { userMFA: true, userName: false, userId: false },
    { memberMfa: true, memberUserName: undefined },
  ],
  [
    'mfa-factors',
    { custom: true, totp: false },
    { custom: true, totp: false, email: true },
    { factorCustom: true, factorTotp: false, factorEmail: undefined },
  ],
  ['deny-aliased-email', on, on, { denyAliasedEmails: true }],
  ['deny-disposable-email', on, on, { denyDisposableEmails: true }],
  ['deny-free-email', on, on, { denyFreeEmails: true }],
  ['deny-corporate-email', on, on, { onlyCorporateEmails: true }],
]

test.each(CHANGES)('%s takes %j', async (id, body, shown, settings) => {
  const w = await projectWorld()
  const answer = await patch(w, id, body)
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject(
    id === 'password-strength' ? { $id: id, ...shown } : { $id: 'edgewrite', status: 'active' },
  )
  expect(await get(w, id)).toMatchObject({ $id: id, ...shown })
  for (const [name, value] of Object.entries(settings)) {
    expect(await stored(w, name), name).toEqual(value)
  }
})

/** What each policy refuses. */
const REFUSALS: [id: string, ...bodies: Json[]][] = [
  ['password-dictionary', {}, { enabled: null }, { enabled: 'true' }, { enabled: 1 }],
  ['password-history', {}, { total: 0 }, { total: 21 }, { total: '5.0' }, { total: 1.5 }],
  ['password-strength', { min: 7 }, { min: 257 }, { uppercase: 'true' }, { symbols: 0 }],
  ['password-personal-data', {}, { enabled: 'false' }],
  ['session-alert', {}, { enabled: 0 }],
  ['session-duration', {}, { duration: 59 }, { duration: 31_536_001 }, { duration: null }],
  ['session-invalidation', {}, { enabled: null }],
  ['session-limit', {}, { total: null }, { total: 0 }, { total: 101 }],
  ['user-limit', {}, { total: -1 }, { total: 10_001 }],
  ['membership-privacy', { userId: 'true' }, { userAccessedAt: 1 }],
  ['mfa-factors', { totp: 'false' }],
  ['deny-aliased-email', {}, { enabled: 'true' }],
  ['deny-disposable-email', {}, { enabled: 1 }],
  ['deny-free-email', {}, { enabled: null }],
  ['deny-corporate-email', {}, { enabled: [] }],
]

test.each(REFUSALS)('%s refuses what it cannot be', async (id, ...bodies) => {
  const w = await projectWorld()
  const before = await get(w, id)
  for (const body of bodies) {
    expect(outcome(await patch(w, id, body)), JSON.stringify(body)).toEqual([
      400,
      'general_argument_invalid',
    ])
  }
  expect(await get(w, id)).toEqual(before)
})

test.each(['password-strength', 'membership-privacy', 'mfa-factors'])(
  '%s takes an empty change, and keeps what is not named',
  async (id) => {
    const w = await projectWorld()
    const names = Object.keys(FRESH.find(([one]) => one === id)?.[1] ?? {}).filter(
      (name) => name !== 'min',
    )
    for (const name of names) await patch(w, id, { [name]: true })
    const after = await get(w, id)
    expect(names.every((name) => after[name] === true)).toBe(true)
    for (const body of [{}, Object.fromEntries(names.map((name) => [name, null]))]) {
      expect((await patch(w, id, body)).status).toBe(200)
      expect(await get(w, id)).toEqual(after)
    }
  },
)

describe('a stored value of no use', () => {
  test.each([
    ['sessionLimit', 0, 'session-limit', { total: 10 }],
    ['invalidateSessions', 'x', 'session-invalidation', { enabled: true }],
  ])('of %s counts as its default', async (name, value, id, shown) => {
    const w = await projectWorld()
    await w.set(name, value)
    expect(await get(w, id)).toEqual({ $id: id, ...shown })
  })
})
