import { beforeEach, describe, expect, test } from 'vitest'
import { users } from '#/db/schema'
import { after, DAY, HOUR, TIME, wire } from '#test/support/clock'
import { storedUser, storeTarget } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

const LATER = after(20 * HOUR)
const [WAS, IS] = [TIME, wire(LATER)]

let w: World
beforeEach(async () => {
  w = await world({}, () => LATER)
  await w.db.delete(users)
  await w.user({ id: 'ann', name: 'Ann' })
})

type Change = [
  method: string,
  path: string,
  body: Record<string, unknown>,
  shows: Record<string, unknown>,
]
const CHANGES: Change[] = [
  ['patch', 'name', { name: 'Änne 😀' }, { name: 'Änne 😀' }],
  ['patch', 'name', { name: '' }, { name: '' }],
  ['patch', 'status', { status: false }, { status: false }],
  ['patch', 'status', { status: 'false' }, { status: false }],
  ['put', 'labels', { labels: ['b', 'A1', 'b', 'a1'] }, { labels: ['b', 'A1', 'a1'] }],
  ['patch', 'verification', { emailVerification: true }, { emailVerification: true }],
  ['patch', 'verification/phone', { phoneVerification: true }, { phoneVerification: true }],
  ['patch', 'impersonator', { impersonator: '1' }, { impersonator: true }],
  ['patch', 'mfa', { mfa: true }, { mfa: true }],
]

describe.each(CHANGES)('%s %s %j', (method, path, body, shows) => {
  const change = () => w.send(method, `/users/ann/${path}`, body)
  test('changes that alone, and shows the whole user with its targets', async () => {
    await storeTarget(w, 'ann', 'ann@example.com', { id: 't' })
    const { body: before } = await w.send('get', '/users/ann')
    const { status, body: after, trips } = await change()
    expect([status, trips]).toEqual([200, 1])
    expect(after).toEqual({ ...before, ...shows, $updatedAt: IS })
    expect((await w.send('get', '/users/ann')).body).toEqual(after)
    expect(after.targets).toHaveLength(1)
  })
  test('moves the time of change only with a real change', async () => {
    await change()
    const later = after(40 * DAY)
    const again = await world({}, () => later)
    const { body: unchanged } = await again.send(method, `/users/ann/${path}`, body)
    expect(unchanged.$updatedAt).toBe(IS)
  })
  test('is of no use to a stranger', async () => {
    const { status, body: answer } = await w.send(method, `/users/nobody/${path}`, body)
    expect([status, answer.type]).toEqual([404, 'user_not_found'])
  })
  test('takes nothing else of the body', async () => {
    const more = {
      ...body,
      ...{ email: 'x@y.zz', password: 'x', $id: 'x', prefs: { a: 1 }, hash: 'x' },
    }
    const { body: before } = await w.send('get', '/users/ann')
    const { body: after } = await w.send(method, `/users/ann/${path}`, more)
    expect(after).toEqual({ ...before, ...shows, $updatedAt: IS })
  })
})

describe('refuses', () => {
  test.each<[string, string, unknown]>([
    ['patch', 'name', {}],
    ['patch', 'name', { name: null }],
    ['patch', 'name', { name: 'é'.repeat(129) }],
    ['patch', 'name', { name: 5 }],
    ['patch', 'name', { name: 'a\0' }],
    ['patch', 'status', { status: 'no' }],
    ['patch', 'status', {}],
    ['put', 'labels', {}],
    ['put', 'labels', { labels: 'vip' }],
    ['put', 'labels', { labels: [''] }],
    ['put', 'labels', { labels: ['a-b'] }],
    ['put', 'labels', { labels: ['ü'] }],
    ['put', 'labels', { labels: ['a\n'] }],
    ['put', 'labels', { labels: ['a'.repeat(37)] }],
    ['put', 'labels', { labels: [5] }],
    ['put', 'labels', { labels: Array(1001).fill('a') }],
    ['patch', 'verification', { emailVerification: 'true' }],
    ['patch', 'verification', { emailVerification: 1 }],
    ['patch', 'verification/phone', { phoneVerification: 'true' }],
    ['patch', 'mfa', { mfa: 1 }],
    ['patch', 'impersonator', { impersonator: 'yes' }],
  ])('%s %s %j', async (method, path, body) => {
    const before = await storedUser(w, 'ann')
    const { status, body: answer } = await w.send(method, `/users/ann/${path}`, body)
    expect([status, answer.type]).toEqual([400, 'general_argument_invalid'])
    expect(await storedUser(w, 'ann')).toEqual(before)
  })
})

test('a thousand labels are the most, and all can be taken away', async () => {
  const labels = Array.from({ length: 1000 }, (_, index) => `label${index}`)
  const put = (given: string[]) => w.send('put', '/users/ann/labels', { labels: given })
  expect((await put(labels)).body.labels).toEqual(labels)
  expect((await put([])).body.labels).toEqual([])
})

test('a label, and a block, hold for the next request of the user', async () => {
  const { headers } = await w.session('ann')
  const bucket = await w.bucket({ permissions: ['create("label:vip")'] })
  const upload = () => w.upload(bucket.id, 'x', { headers })
  expect((await upload()).body.type).toBe('user_unauthorized')
  await w.send('put', '/users/ann/labels', { labels: ['vip'] })
  expect((await upload()).status).toBe(201)
  await w.send('patch', '/users/ann/status', { status: false })
  expect((await upload()).body.type).toBe('user_blocked')
  await w.send('patch', '/users/ann/status', { status: true })
  expect((await upload()).status).toBe(201)
})

test('an impersonator may read users, without their hashes, and write none', async () => {
  const { headers } = await w.session('ann')
  await w.user({ id: 'bob', password: 'a hash', hash: 'md5', hashOptions: { type: 'md5' } })
  const read = () => w.send('get', '/users/bob', undefined, headers)
  expect((await read()).body.type).toBe('general_unauthorized_scope')
  await w.send('patch', '/users/ann/impersonator', { impersonator: true })
  const { status, body } = await read()
  expect(status).toBe(200)
  expect(body).toMatchObject({ $id: 'bob', password: null, hash: null, hashOptions: null })
  const { body: page } = await w.send('get', '/users', undefined, headers)
  expect(page.users.map(({ password }: { password: unknown }) => password)).toEqual([null, null])
  const write = await w.send('patch', '/users/bob/name', { name: 'x' }, headers)
  expect(write.body.type).toBe('general_unauthorized_scope')
  await w.send('patch', '/users/ann/impersonator', { impersonator: 0 })
  expect((await read()).body.type).toBe('general_unauthorized_scope')
})

describe('preferences', () => {
  const patch = (prefs: unknown, id = 'ann') => w.send('patch', `/users/${id}/prefs`, { prefs })
  const read = async () => (await w.send('get', '/users/ann/prefs')).body

  test('are an object that each write replaces', async () => {
    expect(await read()).toEqual({})
    const odd = { 'a b': [1, { ü: null }], _proto_: true, '\0': '\ufffe', big: 1e21 }
    const { status, body, trips } = await patch(odd)
    expect([status, body, trips]).toEqual([200, odd, 1])
    expect(await read()).toEqual(odd)
    expect((await w.send('get', '/users/ann')).body).toMatchObject({ prefs: odd, $updatedAt: IS })
    await patch({ b: 2 })
    expect(await read()).toEqual({ b: 2 })
    expect((await patch([])).body).toEqual({})
    expect(await read()).toEqual({})
  })
  // `{"a":"…"}` takes 8 bytes beside the text.
  test.each<[string, unknown, unknown]>([
    ['ASCII', { a: 'x'.repeat(65_527) }, { a: 'x'.repeat(65_528) }],
    ['slashes of 2 bytes', { a: '/'.repeat(32_763) }, { a: `${'/'.repeat(32_763)}xx` }],
    ['other letters of 6 bytes', { a: 'ü'.repeat(10_921) }, { a: `${'ü'.repeat(10_921)}xx` }],
    ['emoji of 12 bytes', { a: '😀'.repeat(5460) }, { a: `${'😀'.repeat(5460)}${'x'.repeat(8)}` }],
  ])('hold 65,535 bytes of JSON and not one more: %s', async (_, fits, more) => {
    expect((await patch(more)).body.type).toBe('general_argument_invalid')
    expect(await read()).toEqual({})
    expect((await patch(fits)).status).toBe(200)
    expect(await read()).toEqual(fits)
  })
  const nest = (depth: number): unknown =>
    JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)
  test.each<[string, unknown]>([
    ['a list', ['a']],
    ['text', 'a'],
    ['null', null],
    ['a number', 5],
    ['objects within objects without end', nest(5000)],
  ])('are refused: %s', async (_, prefs) => {
    const { status, body } = await patch(prefs)
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
  test('may be nested as deeply as anybody does', async () => {
    expect((await patch(nest(500))).status).toBe(200)
  })
  test('are nobody’s without a user', async () => {
    expect((await patch({}, 'nobody')).body.type).toBe('user_not_found')
    expect((await w.send('get', '/users/nobody/prefs')).body.type).toBe('user_not_found')
  })
  test('do not move the time of change when they are the same', async () => {
    await w.db.update(users).set({ prefs: { a: 1 } })
    await patch({ a: 1 })
    expect((await w.send('get', '/users/ann')).body.$updatedAt).toBe(WAS)
    expect((await storedUser(w, 'ann')).updatedAt).toEqual(NOW)
  })
})
