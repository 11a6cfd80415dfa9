import { describe, expect, test, vi } from 'vitest'
import { settings } from '#/db/schema'
import { after, wire } from '#test/support/clock'
import { NOW, PROJECT, ROOT, type World, world } from '#test/support/world'

const read = async (
  w: World,
  path: string,
  headers: Record<string, string> = {},
  method = 'get',
) => {
  const answer = await w.send(method, path, undefined, headers)
  return { ...answer, text: new TextDecoder().decode(answer.bytes) }
}
const console = { 'X-Appwrite-Project': 'console' }

describe('GET /v1/ping', () => {
  test('answers everybody', async () => {
    const w = await world()
    const { user, headers: session } = await w.signedIn()
    const { body } = await w.send('post', '/account/jwts', {}, session)
    const callers = [{}, ROOT, await w.key(), session, { 'X-Appwrite-JWT': body.jwt as string }]
    expect(user.status).toBe(true)
    for (const headers of callers) {
      const { status, text, headers: got } = await read(w, '/ping', headers)
      expect([status, text]).toEqual([200, 'Pong!'])
      expect(got.get('content-type')).toBe('text/plain; charset=UTF-8')
      expect(got.get('cache-control')).toBe('private, no-store')
    }
    const head = await read(w, '/ping', {}, 'head')
    expect([head.status, head.text]).toEqual([200, ''])
  })
  test.each([
    ['no project', { 'X-Appwrite-Project': '' }],
    ['the reserved project', console],
    ['another project', { 'X-Appwrite-Project': 'nope' }],
  ])('knows no %s', async (_, headers) => {
    const { status, body } = await read(await world(), '/ping', headers)
    expect([status, body.type]).toEqual([404, 'project_not_found'])
  })
  test('refuses a foreign origin, and answers a registered one', async () => {
    const w = await world()
    const evil = await read(w, '/ping', { Origin: 'https://evil.example' })
    expect([evil.status, evil.body.type]).toEqual([403, 'general_unknown_origin'])
    const own = await read(w, '/ping', { Origin: 'http://localhost:3000' })
    expect(own.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
    expect(own.text).toBe('Pong!')
  })
  test('is recorded once, in one round trip', async () => {
    let moment = NOW
    const w = await world({}, () => moment)
    await w.db.delete(settings)
    const shown = async () => {
      const { body } = await w.send('get', '/project')
      return [body.pingCount, body.pingedAt]
    }
    expect(await shown()).toEqual([0, ''])
    await read(w, '/ping')
    expect(await shown()).toEqual([1, wire(NOW)])
    moment = after(1000)
    const second = await read(w, '/ping')
    expect(second.trips).toBe(1)
    await read(w, '/ping', ROOT)
    expect(await shown()).toEqual([1, wire(NOW)])
  })
  test('by the key of the deployment is recorded once, and writes nothing more', async () => {
    const w = await world()
    await w.db.delete(settings)
    const prepared = vi.spyOn(w.env.DB, 'prepare')
    const writes = () => prepared.mock.calls.filter(([text]) => /^insert/i.test(text)).length
    await read(w, '/ping', ROOT)
    expect(writes()).toBe(1)
    await read(w, '/ping', ROOT)
    await read(w, '/ping', ROOT)
    expect(writes()).toBe(1)
    const { body } = await w.send('get', '/project')
    expect([body.pingCount, body.pingedAt]).toEqual([1, wire(NOW)])
  })
})

describe('GET /v1/health/version', () => {
  test.each([
    ['the reserved project, as command line tools ask', console],
    ['no project', { 'X-Appwrite-Project': '' }],
    ['the project', { 'X-Appwrite-Project': PROJECT }],
  ])('answers guests of %s', async (_, headers) => {
    const { status, body, headers: got } = await read(await world(), '/health/version', headers)
    expect([status, body]).toEqual([200, { version: '1.9.6' }])
    expect(got.get('content-type')).toBe('application/json; charset=UTF-8')
  })
  test('answers users, and refuses keys and other projects', async () => {
    const w = await world()
    const { headers } = await w.signedIn()
    expect((await read(w, '/health/version', headers)).body).toEqual({ version: '1.9.6' })
    const byKey = await read(w, '/health/version', ROOT)
    expect([byKey.status, byKey.body.type]).toEqual([401, 'general_unauthorized_scope'])
    const elsewhere = await read(w, '/health/version', { 'X-Appwrite-Project': 'nope' })
    expect([elsewhere.status, elsewhere.body.type]).toEqual([404, 'project_not_found'])
  })
  test('can be switched off', async () => {
    const w = await world()
    await w.send('patch', '/project/services/health', { enabled: false })
    const { status, body } = await read(w, '/health/version')
    expect([status, body.type]).toEqual([403, 'general_service_disabled'])
    expect((await read(w, '/ping')).text).toBe('Pong!')
  })
})
