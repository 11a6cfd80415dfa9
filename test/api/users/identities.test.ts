import { beforeEach, expect, test } from 'vitest'
import { settingsOf } from '#/config/env'
import { identities, users } from '#/db/schema'
import { sealTokens } from '#/identity/providers/protocol/tokens'
import { after, DAY, TIME, wire } from '#test/support/clock'
import { q, sendList } from '#test/support/lists'
import { storeIdentity } from '#test/support/users'
import { type Json, NOW, type World, world } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await world({}, () => NOW)
  await w.db.delete(users)
  await w.db.delete(identities)
  await w.user({ id: 'ann' })
  await w.user({ id: 'bob' })
  const context = { var: { settings: settingsOf(w.env) } } as never
  await storeIdentity(w, 'ann', {
    ...{ id: 'a', provider: 'github', providerUid: '17', providerEmail: 'ann@example.com' },
    ...(await sealTokens(context, 'identity', 'a', { access: 'open', refresh: 'again' })),
    providerAccessTokenExpiry: after(7 * DAY),
  })
  await storeIdentity(w, 'bob', { id: 'b', provider: 'google', providerUid: '17' })
  await storeIdentity(w, 'ann', { id: 'c', provider: 'google', providerUid: '18' })
})
const list = (queries: string[] = [], more = '') =>
  sendList(w, '/users/identities', queries, { more })
const remove = (id: string) => w.send('delete', `/users/identities/${id}`)

test('lists the accounts that users have at sign-in providers, with their tokens', async () => {
  const { status, body, trips } = await list()
  expect([status, trips, body.total]).toEqual([200, 1, 3])
  expect(body.identities[0]).toEqual({
    ...{ $id: 'a', $createdAt: TIME, $updatedAt: TIME, userId: 'ann', provider: 'github' },
    ...{ providerUid: '17', providerEmail: 'ann@example.com', providerAccessToken: 'open' },
    ...{ providerAccessTokenExpiry: wire(after(7 * DAY)) },
    ...{ providerRefreshToken: 'again', providerIdToken: '' },
  })
  expect(body.identities[1]).toMatchObject({
    providerAccessToken: '',
    providerAccessTokenExpiry: '',
  })
  const stored = JSON.stringify(await w.db.select().from(identities))
  for (const token of ['open', 'again']) expect(stored).not.toContain(token)
})

test.each<[string, string, number]>([
  [q('equal', 'userId', 'ann'), 'a c', 2],
  [q('equal', 'provider', 'google'), 'b c', 2],
  [q('equal', 'providerUid', '17'), 'a b', 2],
  [q('equal', 'providerEmail', 'ann@example.com'), 'a', 1],
  [q('lessThan', 'providerAccessTokenExpiry', after(40 * DAY).toISOString()), 'a', 1],
  [q('cursorAfter', '', 'a'), 'b c', 3],
  [q('orderDesc', 'providerUid'), 'c a b', 3],
])('takes %s', async (query, expected, total) => {
  const { body } = await list([query])
  expect([body.identities.map(({ $id }: Json) => $id).join(' '), body.total]).toEqual([
    expected,
    total,
  ])
})

test.each([
  [[q('equal', 'providerAccessToken', 'open')], '', 'general_argument_invalid'],
  [[], 'search=', 'general_argument_invalid'],
  [[], 'search=ann', 'general_query_invalid'],
  [[], 'search=.', 'general_query_invalid'],
  [[q('search', 'provider', 'x')], '', 'general_query_invalid'],
  [[q('cursorAfter', '', 'none')], '', 'general_cursor_not_found'],
])('refuses %j %s', async (queries, more, type) => {
  const { status, body } = await list(queries, more)
  expect([status, body.type]).toEqual([400, type])
})

test('a link goes alone: sessions that it made stay', async () => {
  await w.session('ann', { provider: 'github' })
  const { status, trips } = await remove('a')
  expect([status, trips]).toEqual([204, 1])
  expect((await list()).body.identities.map(({ $id }: Json) => $id)).toEqual(['b', 'c'])
  expect((await w.send('get', '/users/ann/sessions')).body.total).toBe(1)
  const again = await remove('a')
  expect([again.status, again.body.type]).toEqual([404, 'user_identity_not_found'])
})

test('a user whose ID is the word can be written, and is found by lists alone', async () => {
  await w.user({ id: 'identities', name: 'Odd' })
  const { status, body } = await w.send('patch', '/users/identities/name', { name: 'Even' })
  expect([status, body.name]).toEqual([200, 'Even'])
  expect((await w.send('get', '/users/identities')).body).toHaveProperty('identities')
  const page = await sendList(w, '/users', [q('equal', '$id', 'identities')])
  expect(page.body.total).toBe(1)
})
