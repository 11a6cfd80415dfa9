import { beforeEach, describe, expect, test } from 'vitest'
import { targets, users } from '#/db/schema'
import { after, DAY } from '#test/support/clock'
import { group, q, sendList } from '#test/support/lists'
import { NOW, type World, world } from '#test/support/world'

const DAY_MS = 24 * 3600 * 1000

let w: World
beforeEach(async () => {
  w = await world()
  await w.db.delete(users)
  await w.user({
    id: 'ann',
    name: 'Ann Smith',
    email: 'ann@example.com',
    phone: '+4915112345678',
    labels: ['vip', 'beta'],
    emailVerification: true,
    passwordUpdate: new Date('2026-01-02'),
    accessedAt: null,
  })
  await w.user({
    id: 'bob',
    name: 'bob Smythe',
    email: 'bob.jones@example.org',
    status: false,
    labels: ['beta'],
    phoneVerification: true,
    createdAt: new Date(NOW.getTime() + DAY_MS),
    registration: new Date(NOW.getTime() + DAY_MS),
  })
  await w.user({ id: 'cleo', name: 'Cleo', labels: [], impersonator: true })
})
const send = (queries: readonly string[], more = '') => sendList(w, '/users', queries, { more })
async function ids(...queries: string[]): Promise<string[]> {
  const { status, body } = await send(queries)
  if (status !== 200) throw new Error(`${status} ${body.type} ${body.message}`)
  return body.users.map(({ $id }: { $id: string }) => $id)
}
async function refusal(...queries: string[]) {
  const { status, body } = await send(queries)
  return [status, body.type]
}
async function found(term: string) {
  const { status, body } = await send([], `search=${encodeURIComponent(term)}`)
  if (status !== 200) throw new Error(`${status} ${body.type}`)
  return [body.users.map(({ $id }: { $id: string }) => $id).join(' '), body.total]
}

test('lists users in the order of their creation, each as it is read alone', async () => {
  const { status, body, trips } = await send([])
  expect([status, trips]).toEqual([200, 1])
  const alone = await Promise.all(
    ['ann', 'bob', 'cleo'].map(async (id) => (await w.send('get', `/users/${id}`)).body),
  )
  expect(body).toEqual({ total: 3, users: alone })
})

test('gives each user its own targets, oldest first, in one round trip, whatever the order', async () => {
  const times = { expired: false, createdAt: NOW, updatedAt: NOW }
  const address = (userId: string, id: string) => ({
    ...{ id, userId, providerType: 'push' as const, identifier: `to ${id} "\\ü`, ...times },
  })
  await w.db
    .insert(targets)
    .values([address('bob', 'z1'), address('ann', 'y'), address('bob', 'a2'), address('bob', 'm3')])
  for (const order of [q('orderRandom'), q('orderDesc', 'name'), q('orderAsc')]) {
    const { body, trips } = await send([order])
    expect(trips).toBe(1)
    const seen = Object.fromEntries(
      body.users.map(({ $id, targets }: { $id: string; targets: { $id: string }[] }) => [
        $id,
        targets.map((target) => target.$id).join(' '),
      ]),
    )
    expect(seen).toEqual({ ann: 'y', bob: 'z1 a2 m3', cleo: '' })
    const [first] = body.users.find(({ $id }: { $id: string }) => $id === 'ann').targets
    expect(first).toEqual((await w.send('get', '/users/ann/targets/y')).body)
  }
})

describe('filters on', () => {
  test.each<[string, string[]]>([
    [q('equal', 'name', 'Cleo', 'Ann Smith'), ['ann', 'cleo']],
    [q('startsWith', 'name', 'BOB'), ['bob']],
    [q('contains', 'name', 'sm'), ['ann', 'bob']],
    [q('equal', 'email', 'ann@example.com'), ['ann']],
    [q('endsWith', 'email', '.ORG'), ['bob']],
    [q('isNull', 'email'), ['cleo']],
    [q('notEqual', 'email', 'ann@example.com'), ['bob']],
    [q('equal', 'phone', '+4915112345678'), ['ann']],
    [q('equal', 'status', false), ['bob']],
    [q('equal', 'emailVerification', true), ['ann']],
    [q('equal', 'phoneVerification', true), ['bob']],
    [q('equal', 'impersonator', true), ['cleo']],
    [q('isNotNull', 'passwordUpdate'), ['ann']],
    [q('lessThan', 'passwordUpdate', '2026-01-03'), ['ann']],
    [q('greaterThan', 'registration', NOW.toISOString()), ['bob']],
    [q('isNull', 'accessedAt'), ['ann']],
    [q('contains', 'labels', 'beta'), ['ann', 'bob']],
    [q('containsAll', 'labels', 'beta', 'vip'), ['ann']],
    [q('containsAny', 'labels', 'vip', 'none'), ['ann']],
    [q('notContains', 'labels', 'vip'), ['bob', 'cleo']],
    [q('equal', '$id', 'bob', 'nobody'), ['bob']],
    [
      q('between', '$createdAt', ...[0.5, 1.5].map((days) => after(days * DAY).toISOString())),
      ['bob'],
    ],
    [q('greaterThanEqual', '$sequence', 1), ['ann', 'bob', 'cleo']],
    [group('or', q('equal', 'name', 'Cleo'), q('contains', 'labels', 'vip')), ['ann', 'cleo']],
  ])('%s', async (query, expected) => {
    const { body } = await send([query])
    expect(body.users.map(({ $id }: { $id: string }) => $id)).toEqual(expected)
    expect(body.total).toBe(expected.length)
  })
})

describe('refuses', () => {
  test.each([
    q('equal', 'labels', 'vip'),
    q('equal', 'password', 'x'),
    q('equal', 'prefs', 'x'),
    q('equal', 'hash', 'argon2'),
    q('equal', 'passwordHistory', 'x'),
    q('equal', 'recoveryCodes', 'x'),
    q('equal', 'search', 'x'),
    q('equal', 'status', 'true'),
    q('equal', 'status', 1),
    q('contains', 'status', 'x'),
    q('equal', 'email', 5),
    q('equal', 'email', null),
    q('limit', '', 0),
    q('select', '', 'name'),
    q('orderAsc', 'password'),
    'limit(5)',
  ])('%s', async (query) => {
    expect(await refusal(query)).toEqual([400, 'general_argument_invalid'])
  })
  test('full-text methods, and cursors that are unknown', async () => {
    expect(await refusal(q('search', 'name', 'x'))).toEqual([400, 'general_query_invalid'])
    expect(await refusal(q('cursorAfter', '', 'nobody'))).toEqual([400, 'general_cursor_not_found'])
  })
})

test('takes the syntax of older clients', async () => {
  const headers = { 'X-Appwrite-Response-Format': '1.4.0', 'X-Appwrite-Key': w.env.API_KEY ?? '' }
  const { body } = await sendList(w, '/users', ['equal("name", ["Cleo"])'], { headers })
  expect(body.users.map(({ $id }: { $id: string }) => $id)).toEqual(['cleo'])
  const [cleo] = body.users
  expect(
    ['targets', 'mfa', 'impersonator', 'impersonatorUserId'].filter((key) => key in cleo),
  ).toEqual([])
})

describe('pages', () => {
  test.each<[string[], string[][]]>([
    [[q('orderAsc')], [['ann', 'bob'], ['cleo']]],
    [[q('orderDesc', '$createdAt')], [['bob', 'cleo'], ['ann']]],
    [[q('orderDesc', 'name')], [['cleo', 'bob'], ['ann']]],
    [
      [q('orderAsc', 'status'), q('orderDesc', 'name')],
      [['bob', 'cleo'], ['ann']],
    ],
    [[q('orderDesc', 'labels')], [['cleo', 'ann'], ['bob']]],
  ])('by %j, forwards and backwards', async (order, pages) => {
    const [[, last = ''] = [], [only = ''] = []] = pages
    const limit = q('limit', '', 2)
    expect(await ids(...order, limit)).toEqual(pages[0])
    expect(await ids(...order, limit, q('cursorAfter', '', last))).toEqual(pages[1])
    expect(await ids(...order, limit, q('cursorBefore', '', only))).toEqual(pages[0])
    expect(await ids(...order, limit, q('offset', '', 2))).toEqual(pages[1])
  })
  test('with a total that no page changes, or none', async () => {
    expect((await send([q('limit', '', 1), q('offset', '', 1)])).body.total).toBe(3)
    for (const no of ['false', '0']) expect((await send([], `total=${no}`)).body.total).toBe(0)
    expect((await send([], 'total=maybe')).body.type).toBe('general_argument_invalid')
  })
})

describe('searches', () => {
  test.each([
    ['ann', 'ann', 1],
    ['smi', 'ann', 1],
    ['SMYTHE', 'bob', 1],
    ['example', 'ann bob', 2],
    ['jones', 'bob', 1],
    ['bob.jones@example.org', 'ann bob', 2],
    ['"bob.jones@example.org"', 'bob', 1],
    ['4915112345678', 'ann', 1],
    ['+49151', 'ann', 1],
    ['label:vip', 'ann bob', 2],
    ['"label:vip"', 'ann', 1],
    ['vip', 'ann', 1],
    ['nothing cleo', 'cleo', 1],
    ['mith', '', 0],
    ['@ . +', '', 0],
    ['AND', '', 0],
  ])('for %s', async (term, expected, total) => {
    expect(await found(term)).toEqual([expected, total])
  })
  test('what a user has become, not what it was', async () => {
    await w.send('patch', '/users/cleo/name', { name: 'Kleopatra' })
    await w.send('put', '/users/cleo/labels', { labels: ['queen'] })
    await w.send('patch', '/users/cleo/email', { email: 'q@nile.example' })
    await w.send('patch', '/users/ann/phone', { number: '' })
    expect(await found('kleopatra')).toEqual(['cleo', 1])
    expect(await found('queen')).toEqual(['cleo', 1])
    expect(await found('nile')).toEqual(['cleo', 1])
    expect(await found('4915112345678')).toEqual(['', 0])
    await w.send('delete', '/users/cleo')
    expect(await found('queen')).toEqual(['', 0])
  })
  test('page by page, in every order, as if the rest were not there', async () => {
    const crowd = Array.from({ length: 60 }, (_, index) => `u${index}`)
    for (const id of crowd) {
      await w.user({ id, name: `Member ${id}`, status: id.endsWith('7') })
      await w.user({ id: `other-${id}` })
    }
    const page = async (...given: string[]) => {
      const { body } = await send(given, 'search=member')
      expect(body.total).toBe(given.some((query) => query.includes('status')) ? 6 : 60)
      return body.users.map(({ $id }: { $id: string }) => $id)
    }
    const after = (id: string) => q('cursorAfter', '', id)
    const before = (id: string) => q('cursorBefore', '', id)
    const ten = q('limit', '', 10)
    expect(await page()).toEqual(crowd.slice(0, 25))
    expect(await page(after('u24'))).toEqual(crowd.slice(25, 50))
    expect(await page(after('u24'), q('offset', '', 30))).toEqual(crowd.slice(55))
    expect(await page(ten, before('u24'))).toEqual(crowd.slice(14, 24))
    expect(await page(ten, q('orderDesc', '$sequence'))).toEqual(crowd.slice(50).reverse())
    expect(await page(ten, q('orderDesc', '$sequence'), after('u24'))).toEqual(
      crowd.slice(14, 24).reverse(),
    )
    expect(await page(ten, q('orderDesc', '$sequence'), before('u24'))).toEqual(
      crowd.slice(25, 35).reverse(),
    )
    expect(await page(ten, after('other-u24'))).toEqual(crowd.slice(25, 35))
    expect(await page(ten, q('orderAsc', 'name'), after('u24'))).toEqual(
      crowd
        .toSorted()
        .slice(crowd.toSorted().indexOf('u24') + 1)
        .slice(0, 10),
    )
    expect(await page(q('equal', 'status', true))).toEqual(crowd.filter((id) => id.endsWith('7')))
    expect(new Set(await page(ten, q('orderRandom'))).size).toBe(10)
    expect(await page(q('limit', '', Number.MAX_SAFE_INTEGER))).toEqual(crowd)
  })
  test('within filters, and refuses an empty or endless term', async () => {
    const { body } = await send([q('equal', 'status', true)], 'search=example')
    expect([body.users.length, body.total]).toEqual([1, 1])
    for (const term of ['', 'x'.repeat(257)]) {
      expect((await send([], `search=${term}`)).body.type).toBe('general_argument_invalid')
    }
  })
})
