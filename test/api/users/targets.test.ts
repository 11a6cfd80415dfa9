import { beforeEach, describe, expect, test } from 'vitest'
import { users } from '#/db/schema'
import { after, HOUR, TIME, wire } from '#test/support/clock'
import { q, sendList } from '#test/support/lists'
import { storedUser, storeTarget, targetsNow } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

const LATER = after(20 * HOUR)
const [WAS, IS] = [TIME, wire(LATER)]

let w: World
beforeEach(async () => {
  w = await world({}, () => LATER)
  await w.db.delete(users)
  await w.user({ id: 'ann', email: 'ann@example.com' })
  await w.user({ id: 'bob' })
})
const create = (body: Record<string, unknown>, id = 'ann') =>
  w.send('post', `/users/${id}/targets`, { targetId: 'unique()', ...body })
const update = (body: unknown, id = 't', user = 'ann') =>
  w.send('patch', `/users/${user}/targets/${id}`, body)

describe('a new target', () => {
  test.each([
    ['push', 'Any token: [x]/+ü', 'Any token: [x]/+ü'],
    ['email', 'Ann.Other@Example.COM', 'ann.other@example.com'],
    ['sms', '+4915112345678', '+4915112345678'],
  ])(
    'of type %s is stored, an address in its normal form, and is no address of its user',
    async (providerType, identifier, stored) => {
      const { status, body, trips } = await create({
        targetId: 't',
        providerType,
        identifier,
        name: 'N',
      })
      expect([status, trips]).toEqual([201, 1])
      expect(body).toEqual({
        ...{ $id: 't', $createdAt: IS, $updatedAt: IS, name: 'N', userId: 'ann', providerId: null },
        ...{ providerType, identifier: stored, expired: false },
      })
      expect(await storedUser(w, 'ann')).toMatchObject({ email: 'ann@example.com', phone: null })
      expect((await w.send('get', '/users/ann/targets/t')).body).toEqual(body)
      expect((await w.send('get', '/users/ann')).body.targets).toEqual([body])
    },
  )
  test('gets an ID on demand, and drops a provider that is not there', async () => {
    const { body } = await create({ providerType: 'push', identifier: 'x', providerId: 'fcm' })
    expect(body).toMatchObject({
      $id: expect.stringMatching(/^[0-9a-f]{20}$/),
      providerId: null,
      name: '',
    })
  })
  test.each([
    ['an ID', { targetId: 'taken', identifier: 'y' }],
    ['an identifier', { identifier: 'x' }],
  ])('is refused %s that a target of anybody has', async (_, fields) => {
    await storeTarget(w, 'bob', 'x', { id: 'taken' })
    const { status, body } = await create({ providerType: 'push', ...fields })
    expect([status, body.type]).toEqual([409, 'user_target_already_exists'])
    expect(await targetsNow(w, 'ann')).toEqual([])
  })
  test.each([
    [{ providerType: 'email', identifier: 'a@b' }, 'general_invalid_email'],
    [{ providerType: 'sms', identifier: '0151' }, 'general_invalid_phone'],
    [{ providerType: 'PUSH', identifier: 'x' }, 'provider_incorrect_type'],
    [{ providerType: 'fax', identifier: 'x' }, 'general_argument_invalid'],
    [{ providerType: 'push', identifier: '' }, 'general_argument_invalid'],
    [{ providerType: 'push', identifier: 'é'.repeat(256) }, 'general_argument_invalid'],
    [{ providerType: 'push', identifier: 'a\0' }, 'general_argument_invalid'],
    [{ providerType: 'push' }, 'general_argument_invalid'],
    [{ identifier: 'x' }, 'general_argument_invalid'],
    [{ providerType: 'push', identifier: 'x', name: '' }, 'general_argument_invalid'],
    [{ providerType: 'push', identifier: 'x', providerId: '' }, 'general_argument_invalid'],
    [{ providerType: 'push', identifier: 'x', targetId: '-' }, 'general_argument_invalid'],
  ])('is refused: %j', async (given, type) => {
    const { status, body } = await create(given)
    expect([status, body.type]).toEqual([400, type])
    // The identifier is looked at before the user.
    expect((await create(given, 'nobody')).body.type).toBe(type)
  })
  test('needs a user', async () => {
    const { status, body } = await create({ providerType: 'push', identifier: 'x' }, 'nobody')
    expect([status, body.type]).toEqual([404, 'user_not_found'])
  })
  test('takes nothing that the server owns', async () => {
    const more = { ...{ userId: 'bob', expired: true, sessionId: 's', createdAt: 1 } }
    const { body } = await create({ providerType: 'push', identifier: 'x', ...more })
    expect(body).toMatchObject({ userId: 'ann', expired: false, $createdAt: IS })
  })
})

describe('an update', () => {
  beforeEach(async () => {
    await storeTarget(w, 'ann', 'x', { id: 't', providerType: 'push', expired: true, name: 'N' })
  })
  test('of the identifier makes the target good again', async () => {
    const { status, body, trips } = await update({ identifier: 'y' })
    expect([status, trips]).toEqual([200, 2])
    expect(body).toMatchObject({ identifier: 'y', expired: false, name: 'N', $updatedAt: IS })
  })
  test('of the name leaves the rest', async () => {
    const { body } = await update({ name: 'M' })
    expect(body).toMatchObject({ identifier: 'x', expired: true, name: 'M', $updatedAt: IS })
  })
  test.each([[{}], [{ name: 'N' }], [{ name: null, identifier: null, providerId: null }]])(
    'of nothing changes nothing: %j',
    async (body) => {
      const { status, body: target } = await update(body)
      expect(status).toBe(200)
      expect(target).toMatchObject({ identifier: 'x', expired: true, name: 'N', $updatedAt: WAS })
    },
  )
  test('to the identifier that it has is none but for its being good', async () => {
    expect((await update({ identifier: 'x' })).body).toMatchObject({ expired: false })
  })
  test('to the identifier of another is refused', async () => {
    await storeTarget(w, 'bob', 'y')
    const { status, body } = await update({ identifier: 'y', name: 'M' })
    expect([status, body.type]).toEqual([409, 'user_target_already_exists'])
    expect((await w.send('get', '/users/ann/targets/t')).body).toMatchObject({ name: 'N' })
  })
  test('checks the identifier by the type that the target has', async () => {
    await storeTarget(w, 'ann', 'a@example.com', { id: 'e' })
    await storeTarget(w, 'ann', '+4915112345678', { id: 's', providerType: 'sms' })
    expect((await update({ identifier: 'b@' }, 'e')).body.type).toBe('general_invalid_email')
    expect((await update({ identifier: 'b@example.com' }, 's')).body.type).toBe(
      'general_invalid_phone',
    )
    expect((await update({ identifier: 'b@example.com' }, 'e')).status).toBe(200)
  })
  test('to a provider that is not there is refused', async () => {
    const { status, body } = await update({ providerId: 'fcm' })
    expect([status, body.type]).toEqual([404, 'provider_not_found'])
  })
})

describe.each(['get', 'patch', 'delete'])('%s', (method) => {
  test('finds a target by its user alone', async () => {
    await storeTarget(w, 'bob', 'x', { id: 't' })
    const ask = async (path: string) => {
      const { status, body } = await w.send(method, path, method === 'patch' ? {} : undefined)
      return [status, body?.type]
    }
    expect(await ask('/users/nobody/targets/t')).toEqual([404, 'user_not_found'])
    expect(await ask('/users/ann/targets/t')).toEqual([404, 'user_target_not_found'])
    expect(await ask('/users/bob/targets/none')).toEqual([404, 'user_target_not_found'])
    expect(await ask('/users/bob/targets/t')).toEqual([method === 'delete' ? 204 : 200, undefined])
  })
})

test('is deleted without its user’s address, which gets a new one when it changes', async () => {
  await storeTarget(w, 'ann', 'ann@example.com', { id: 't' })
  const { status, trips } = await w.send('delete', '/users/ann/targets/t')
  expect([status, trips]).toEqual([204, 1])
  expect((await storedUser(w, 'ann')).email).toBe('ann@example.com')
  await w.send('patch', '/users/ann/email', { email: 'ann@example.org' })
  expect(await targetsNow(w, 'ann')).toMatchObject([
    { identifier: 'ann@example.org', type: 'email' },
  ])
})

describe('a list', () => {
  const list = (queries: string[], more = '') =>
    sendList(w, '/users/ann/targets', queries, { more })
  const ids = async (...queries: string[]) => {
    const { status, body } = await list(queries)
    if (status !== 200) throw new Error(body.type)
    return [body.targets.map(({ $id }: { $id: string }) => $id).join(' '), body.total]
  }
  beforeEach(async () => {
    await storeTarget(w, 'ann', 'a@example.com', { id: 'a' })
    await storeTarget(w, 'bob', 'b', { id: 'b', providerType: 'push' })
    await storeTarget(w, 'ann', '+4915112345678', { id: 'c', providerType: 'sms' })
    await storeTarget(w, 'ann', 'd', { id: 'd', providerType: 'push', providerId: 'fcm' })
  })
  test('has a user’s own targets, oldest first', async () => {
    const { body, trips } = await list([])
    expect([body.total, trips]).toEqual([3, 1])
    expect(body.targets).toEqual((await w.send('get', '/users/ann')).body.targets)
  })
  test.each([
    [q('equal', 'providerType', 'sms', 'push'), 'c d', 2],
    [q('equal', 'providerId', 'fcm'), 'd', 1],
    [q('startsWith', 'identifier', '+49'), 'c', 1],
    [q('equal', 'userId', 'bob'), '', 0],
    [q('cursorAfter', '', 'a'), 'c d', 3],
    [q('orderDesc', 'identifier'), 'd a c', 3],
  ])('takes %s', async (query, expected, total) => {
    expect(await ids(query)).toEqual([expected, total])
  })
  test('can be had without a total', async () => {
    expect((await list([], 'total=0')).body).toMatchObject({ total: 0, targets: { length: 3 } })
  })
  test.each([
    [q('equal', 'expired', true), 'general_argument_invalid'],
    [q('cursorAfter', '', 'none'), 'general_cursor_not_found'],
    [q('search', 'identifier', 'x'), 'general_query_invalid'],
  ])('refuses %s', async (query, type) => {
    const { status, body } = await list([query])
    expect([status, body.type]).toEqual([400, type])
  })
  test('refuses a user who is not there', async () => {
    const { status, body: none } = await sendList(w, '/users/nobody/targets', [])
    expect([status, none.type]).toEqual([404, 'user_not_found'])
  })
  test('is not moved by who was there before', async () => {
    expect((await storedUser(w, 'ann')).updatedAt).toEqual(NOW)
  })
})
