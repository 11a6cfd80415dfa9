import { beforeEach, describe, expect, test } from 'vitest'
import { logs, memberships, teams, users } from '#/db/schema'
import { TIME } from '#test/support/clock'
import { q, sendList } from '#test/support/lists'
import { type Json, NOW, ROOT, type World, world } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await world({}, () => NOW)
  await w.db.delete(users)
  await w.db.delete(teams)
  await w.user({
    id: 'ann',
    name: 'Ann',
    email: 'ann@example.com',
    phone: '+4915112345678',
    mfa: true,
  })
  await w.user({ id: 'bob' })
})
const typeOf = async (answer: ReturnType<World['send']>) => {
  const { status, body } = await answer
  return [status, body?.type]
}

describe('memberships', () => {
  const list = (queries: string[] = [], more = '', headers: Record<string, string> = ROOT) =>
    sendList(w, '/users/ann/memberships', queries, { more, headers })
  const ids = async (queries: string[], more = '') => {
    const { status, body } = await list(queries, more)
    if (status !== 200) throw new Error(body.type)
    return [body.memberships.map(({ $id }: Json) => $id).join(' '), body.total]
  }
  beforeEach(async () => {
    for (const id of ['red', 'blue', 'green']) await w.team({ id, name: `Team ${id}` })
    await w.member('red', 'ann', { id: 'm1', roles: ['owner', 'dev'] })
    await w.member('red', 'bob', { id: 'other' })
    await w.member('blue', 'ann', { id: 'm2', confirm: false, joined: null, roles: ['dev'] })
    await w.member('green', 'ann', { id: 'm3' })
  })
  test('show team, name and e-mail address whatever the owner hides from others', async () => {
    await w.set('memberUserName', false)
    const { status, body, trips } = await list()
    expect([status, trips, body.total]).toEqual([200, 1, 3])
    const common = {
      ...{
        $createdAt: TIME,
        $updatedAt: TIME,
      },
      ...{
        userId: 'ann',
        userName: 'Ann',
        userEmail: 'ann@example.com',
        userPhone: '',
        mfa: false,
      },
      ...{ invited: TIME, userAccessedAt: '' },
    }
    const joined = TIME
    expect(body.memberships).toEqual([
      {
        ...common,
        $id: 'm1',
        teamId: 'red',
        teamName: 'Team red',
        joined,
        confirm: true,
        roles: ['owner', 'dev'],
      },
      {
        ...common,
        $id: 'm2',
        teamId: 'blue',
        teamName: 'Team blue',
        joined: '',
        confirm: false,
        roles: ['dev'],
      },
      {
        ...common,
        $id: 'm3',
        teamId: 'green',
        teamName: 'Team green',
        joined,
        confirm: true,
        roles: [],
      },
    ])
  })
  test.each<[string[], string, number]>([
    [[q('limit', '', 2)], 'm1 m2', 2],
    [[q('equal', 'teamId', 'blue')], 'm2', 1],
    [[q('equal', 'confirm', false)], 'm2', 1],
    [[q('contains', 'roles', 'dev')], 'm1 m2', 2],
    [[q('isNull', 'joined')], 'm2', 1],
    [[q('equal', 'userId', 'bob')], '', 0],
    [[q('orderDesc', 'teamId')], 'm1 m3 m2', 3],
    [[q('cursorAfter', '', 'm1')], 'm2 m3', 2],
    [[q('cursorBefore', '', 'm3'), q('limit', '', 1)], 'm2', 1],
  ])('take %j; the total is that of the page', async (queries, expected, total) => {
    expect(await ids(queries)).toEqual([expected, total])
  })
  test('are found by their IDs and by that of the user, without those of others', async () => {
    expect(await ids([], 'search=m2')).toEqual(['m2', 1])
    expect(await ids([], 'search=ann')).toEqual(['m1 m2 m3', 3])
    expect(await ids([], 'search=other')).toEqual(['', 0])
    expect(await ids([], 'search=bob')).toEqual(['', 0])
    expect(await ids([], 'total=false')).toEqual(['m1 m2 m3', 0])
  })
  test('are refused as all lists are, and without a user', async () => {
    expect(await typeOf(list([q('equal', 'mfa', true)]))).toEqual([400, 'general_argument_invalid'])
    expect(await typeOf(list([q('search', 'teamId', 'x')]))).toEqual([400, 'general_query_invalid'])
    expect(await typeOf(list([q('cursorAfter', '', 'none')]))).toEqual([
      400,
      'general_cursor_not_found',
    ])
    expect(await typeOf(sendList(w, '/users/nobody/memberships', []))).toEqual([
      404,
      'user_not_found',
    ])
  })
  test('look as older clients know them', async () => {
    const format = (version: string) => ({ ...ROOT, 'X-Appwrite-Response-Format': version })
    const keys = async (version: string) =>
      Object.keys((await list([], '', format(version))).body.memberships[0])
    expect(await keys('1.9.2')).toContain('userPhone')
    expect(await keys('1.9.1')).not.toContain('userPhone')
    expect(await keys('1.4.0')).not.toContain('mfa')
  })
  test('are not asked for by guests', async () => {
    expect((await list([], '', {})).status).toBe(401)
    expect(await w.db.select().from(memberships)).toHaveLength(4)
  })
})

describe('the log', () => {
  const list = (queries: string[] = [], more = '', headers: Record<string, string> = ROOT) =>
    sendList(w, '/users/ann/logs', queries, { more, headers })
  const entry = (event: string, fields: Partial<typeof logs.$inferInsert> = {}) => ({
    ...{
      userId: 'ann',
      userEmail: 'ann@example.com',
      userName: 'Ann',
      event,
      resource: 'user/ann',
    },
    ...{ mode: 'default', userType: 'user', ip: '203.0.113.9', userAgent: 'UNKNOWN' },
    ...{ countryCode: '--', time: NOW, ...fields },
  })
  const events = async (...queries: string[]) =>
    (await list(queries)).body.logs.map(({ event }: Json) => event).join(' ')
  beforeEach(async () => {
    const userAgent =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'
    await w.db
      .insert(logs)
      .values([
        entry('first'),
        entry('second', { userId: 'bob' }),
        entry('third'),
        entry('fourth', { userAgent, countryCode: 'de' }),
      ])
  })
  test('has what the user did, newest first, with client, device and country', async () => {
    const { status, body, trips } = await list()
    expect([status, trips, body.total, await events()]).toEqual([200, 1, 3, 'fourth third first'])
    expect(body.logs[0]).toEqual({
      ...{ event: 'fourth', userId: 'ann', userEmail: 'ann@example.com', userName: 'Ann' },
      ...{ mode: 'default', userType: 'user', ip: '203.0.113.9' },
      ...{ time: TIME, osCode: 'IOS', osName: 'iOS', osVersion: '18.1' },
      ...{ clientType: 'browser', clientCode: 'MF', clientName: 'Mobile Safari' },
      ...{ clientVersion: '18.1', clientEngine: 'WebKit', clientEngineVersion: expect.any(String) },
      ...{ deviceName: 'smartphone', deviceBrand: 'Apple', deviceModel: 'iPhone' },
      ...{ countryCode: 'de', countryName: 'Germany' },
    })
    expect(body.logs[1]).toMatchObject({ osCode: '', clientName: '', countryName: 'Unknown' })
    const german = await list([], '', { ...ROOT, 'X-Appwrite-Locale': 'de' })
    expect(german.body.logs[0].countryName).toBe('Deutschland')
  })
  test('takes limit and offset, and no other query', async () => {
    expect(await events(q('limit', '', 1), q('offset', '', 1))).toBe('third')
    expect((await list([q('limit', '', 1)])).body.total).toBe(3)
    expect((await list([], 'total=false')).body).toMatchObject({ total: 0, logs: { length: 3 } })
    for (const query of [q('equal', 'event', 'first'), q('orderAsc'), q('cursorAfter', '', 'x')]) {
      expect(await typeOf(list([query]))).toEqual([400, 'general_argument_invalid'])
    }
  })
  test('takes the syntax of older clients', async () => {
    const old = { ...ROOT, 'X-Appwrite-Response-Format': '1.4.0' }
    const { body } = await list(['limit(1)'], '', old)
    expect(body.logs).toHaveLength(1)
    expect(await typeOf(list(['limit('], '', old))).toEqual([400, 'general_query_invalid'])
  })
  test('needs a user', async () => {
    expect(await typeOf(sendList(w, '/users/nobody/logs', []))).toEqual([404, 'user_not_found'])
  })
  test('has nothing of what keys do to the user', async () => {
    await w.send('patch', '/users/ann/name', { name: 'Anna' })
    expect(await events()).toBe('fourth third first')
  })
})
