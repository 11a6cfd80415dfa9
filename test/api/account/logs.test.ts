import { beforeEach, describe, expect, test } from 'vitest'
import { logs } from '#/db/schema'
import { after, wire } from '#test/support/clock'
import { NOW, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const FIREFOX = 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off' }, () => moment)
})
const list = (headers: Headers_, query = '') =>
  w.send('get', `/account/logs${query}`, undefined, headers)
const queries = (...wire: Record<string, unknown>[]) =>
  `?${wire.map((one, index) => `queries[${index}]=${encodeURIComponent(JSON.stringify(one))}`).join('&')}`
const rename = (headers: Headers_, name: string) =>
  w.send('patch', '/account/name', { name }, headers)
/** Fills a user's log with entries, named in their order. */
async function fill(userId: string, count: number) {
  for (let index = 0; index < count; index++) {
    await w.db.insert(logs).values({
      ...{ userId, userEmail: '', userName: '', event: `event.${index}`, resource: 'x', mode: '' },
      ...{ userType: 'user', ip: '', userAgent: '', countryCode: '--', time: NOW },
    })
  }
}
const eventsOf = async (headers: Headers_, query = '') =>
  (await list(headers, query)).body.logs.map(({ event }: { event: string }) => event)

describe('the log', () => {
  test('tells what the user did, when, from where and with what', async () => {
    const email = `${crypto.randomUUID()}@example.com`
    const { user, headers } = await w.signedIn({ email, name: 'Before' })
    moment = new Date(NOW.getTime() + 5000)
    const from = { 'User-Agent': FIREFOX, 'CF-Connecting-IP': '203.0.113.9' }
    await rename({ ...headers, ...from }, 'After')
    const { status, body, trips } = await list(headers)
    expect([status, trips]).toEqual([200, 2])
    expect(body).toEqual({
      total: 1,
      logs: [
        {
          event: 'user.update',
          userId: user.id,
          userEmail: email,
          userName: 'Before',
          mode: 'default',
          userType: 'user',
          ip: '203.0.113.9',
          time: wire(after(5)),
          osCode: 'UBT',
          osName: 'Ubuntu',
          osVersion: '',
          clientType: 'browser',
          clientCode: 'FF',
          clientName: 'Firefox',
          clientVersion: '128.0',
          clientEngine: 'Gecko',
          clientEngineVersion: '128.0',
          deviceName: 'desktop',
          deviceBrand: '',
          deviceModel: '',
          countryCode: '--',
          countryName: 'Unknown',
        },
      ],
    })
  })
  test('has the newest first, 25 at a time, and pages by limit and offset', async () => {
    const { user, headers } = await w.signedIn()
    await fill(user.id, 30)
    const { body } = await list(headers)
    expect([body.total, body.logs.length]).toEqual([30, 25])
    expect([body.logs[0].event, body.logs[24].event]).toEqual(['event.29', 'event.5'])
    const limit = { method: 'limit', values: [2] }
    const offset = { method: 'offset', values: [28] }
    expect(await eventsOf(headers, queries(limit))).toEqual(['event.29', 'event.28'])
    expect(await eventsOf(headers, queries(limit, offset))).toEqual(['event.1', 'event.0'])
    const uncounted = await list(headers, '?total=false')
    expect([uncounted.body.total, uncounted.body.logs.length]).toEqual([0, 25])
  })
  test.each([
    { method: 'equal', attribute: 'event', values: ['user.update'] },
    { method: 'orderAsc', attribute: '$createdAt' },
    { method: 'cursorAfter', values: ['x'] },
    { method: 'select', values: ['event'] },
    { method: 'limit', values: [0] },
    { method: 'offset', values: [-1] },
  ])('takes limit and offset alone, not %j', async (query) => {
    const { headers } = await w.signedIn()
    const { status, body } = await list(headers, queries(query))
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
  test('holds nothing of what others did, nor of what a key did to the user', async () => {
    const [one, other] = [await w.signedIn(), await w.signedIn()]
    await rename(other.headers, 'Other')
    await w.send('patch', `/users/${one.user.id}/name`, { name: 'Renamed' }, ROOT)
    expect((await list(one.headers)).body).toEqual({ total: 0, logs: [] })
    expect((await list(other.headers)).body.total).toBe(1)
  })
  test('holds nothing of reads, preferences and refused requests', async () => {
    const { headers } = await w.signedIn()
    await w.send('get', '/account', undefined, headers)
    await w.send('patch', '/account/prefs', { prefs: { a: 1 } }, headers)
    await w.send('post', '/account/jwts', {}, headers)
    await rename(headers, '')
    expect(await eventsOf(headers)).toEqual([])
  })
  test('tells of second factors', async () => {
    const { headers } = await w.signedIn()
    await w.send('patch', '/account/mfa', { mfa: true }, headers)
    await w.send('post', '/account/mfa/authenticators/totp', {}, headers)
    await w.send('post', '/account/mfa/recovery-codes', {}, headers)
    await w.send('post', '/account/mfa/challenges', { factor: 'totp' }, headers)
    expect(await eventsOf(headers)).toEqual([
      ...['challenge.create', 'user.update', 'user.update', 'user.update'],
    ])
  })
  test('is to be had under a JWT, and not by guests and keys', async () => {
    const { user, headers } = await w.signedIn()
    await fill(user.id, 1)
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    expect(await eventsOf({ 'X-Appwrite-JWT': body.jwt })).toEqual(['event.0'])
    for (const caller of [{}, ROOT]) {
      expect((await list(caller)).body.type).toBe('general_unauthorized_scope')
    }
  })
})
