import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ROOT, type World, world } from '#test/support/world'

type Line = Record<string, unknown>

/** Collects the lines that are written as JSON. */
function written(): Line[] {
  const lines: Line[] = []
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => lines.push(JSON.parse(`${line}`)))
  }
  return lines
}

let w: World
let lines: Line[]
beforeEach(async () => {
  w = await world({ LOG: 'json' })
  lines = written()
})
afterEach(() => vi.restoreAllMocks())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe('one line a request', () => {
  test('says which route answered whom, how, and what it cost', async () => {
    const { id } = await w.bucket()
    lines.length = 0
    const answer = await w.send('get', `/storage/buckets/${id}`)
    expect(answer.status).toBe(200)
    const requestId = answer.headers.get('x-request-id')
    expect(requestId).toMatch(UUID)
    expect(lines).toEqual([
      {
        ...{ level: 'info', message: 'request', requestId, method: 'GET' },
        ...{ route: 'storage.getBucket', status: 200, ms: 0, trips: answer.trips },
        ...{ rowsRead: expect.any(Number), blobOperations: 0, caller: 'key' },
      },
    ])
  })
  test('counts what is done in the bucket of blobs', async () => {
    const { id } = await w.bucket()
    await w.upload(id, 'hello', { fileId: 'hello' })
    lines.length = 0
    await w.send('get', `/storage/buckets/${id}/files/hello/download`)
    expect(lines).toMatchObject([{ route: 'storage.getFileDownload', blobOperations: 1 }])
  })
  test('counts the rows that a batch read', async () => {
    const user = await w.user()
    const { headers } = await w.session(user.id)
    lines.length = 0
    const answer = await w.send('get', '/account', undefined, headers)
    expect(answer.status).toBe(200)
    expect(lines).toMatchObject([{ route: 'account.get', trips: 1, caller: 'user' }])
    expect(lines[0]?.rowsRead).toBeGreaterThan(0)
  })
  test.each([
    ['a refused parameter', 'get', '/storage/buckets/!', ROOT, 400, 'storage.getBucket', 'key'],
    ['a refused guest', 'get', '/users', {}, 401, 'users.list', 'guest'],
    ['no route', 'get', '/nowhere', ROOT, 404, '-', 'key'],
  ])('is written for %s too', async (_, method, path, headers, status, route, caller) => {
    const answer = await w.send(method, path, undefined, headers)
    expect(answer.status).toBe(status)
    expect(lines).toMatchObject([{ status, route, caller }])
  })
  test('names each figure where people read it', async () => {
    w = await world({ LOG: 'pretty' })
    const info = vi.spyOn(console, 'info').mockImplementation(() => undefined)
    await w.send('get', '/nowhere')
    expect(info.mock.calls).toEqual([
      ['request method=GET route=- status=404 ms=0 trips=0 rowsRead=0 blobOperations=0 caller=key'],
    ])
  })
  test('is left out with LOG=off', async () => {
    w = await world({ LOG: 'off' })
    const answer = await w.send('get', '/storage/buckets')
    expect([answer.status, lines]).toEqual([200, []])
    expect(answer.headers.get('x-request-id')).toMatch(UUID)
  })
})

describe('the ID of a request', () => {
  test.each([
    ['is the ray of the edge', '8f1b2c3d4e5f6071-FRA', '8f1b2c3d4e5f6071-FRA'],
    ['is made where a ray is no ray', '"; drop', expect.stringMatching(UUID)],
  ])('%s', async (_, ray, expected) => {
    const answer = await w.send('get', '/nowhere', undefined, { ...ROOT, 'CF-Ray': ray })
    expect(answer.headers.get('x-request-id')).toEqual(expected)
    expect(lines).toMatchObject([{ requestId: expected }])
  })
  test('is in the body of a failure, and in every line that its request wrote', async () => {
    w.env.DB = {
      prepare: () => {
        throw new Error('D1_ERROR: out of order', { cause: new Error('planted cause') })
      },
    } as unknown as D1Database
    const answer = await w.send('get', '/storage/buckets')
    const requestId = answer.headers.get('x-request-id')
    expect([answer.status, answer.body.requestId]).toEqual([500, requestId])
    expect(lines).toMatchObject([
      {
        ...{ level: 'error', message: 'D1_ERROR: out of order', requestId },
        error: { name: 'Error', cause: { message: 'planted cause' } },
      },
      { level: 'info', requestId, status: 500 },
    ])
  })
  test('is in no body of a refusal', async () => {
    expect((await w.send('get', '/nowhere')).body).not.toHaveProperty('requestId')
  })
})

test('a request that names secrets in path and query writes none of them', async () => {
  const planted = 'planted-secret-0123456789'
  await w.send(
    'get',
    `/storage/buckets/${planted}?project=${planted}&secret=${planted}`,
    undefined,
    {
      ...ROOT,
      'User-Agent': planted,
      Cookie: `a_session_edgewrite=${planted}`,
    },
  )
  expect(lines).toHaveLength(1)
  expect(JSON.stringify(lines)).not.toContain(planted)
})
