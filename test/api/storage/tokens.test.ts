import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { fileTokens } from '#/db/schema'
import { picture } from '#test/fixtures/pictures'
import { GUEST_HEADERS, type Json, ROOT, type World, world } from '#test/support/world'

/** When each test begins, by a clock of its own; the milliseconds tell whether times are cut to seconds. */
const START = new Date('2030-01-01T12:00:00.250Z')
const SECOND = 1000
const DAY = 24 * 3600 * SECOND

/** Returns a world whose clock can be set, with a closed bucket and two files in it. */
async function scene() {
  let now = START
  const w = await world({}, () => now)
  const bucket = await w.bucket()
  for (const id of ['a', 'b']) {
    await w.upload(bucket.id, picture('png'), { fileId: id, name: `${id}.png` })
  }
  const of = (fileId: string) => `/tokens/buckets/${bucket.id}/files/${fileId}`
  return {
    w,
    bucket,
    at: (later: number) => {
      now = new Date(START.getTime() + later)
    },
    make: async (body: Json = {}, fileId = 'a'): Promise<Json> => {
      const answer = await w.send('post', of(fileId), body)
      expect(answer.status).toBe(201)
      return answer.body
    },
    list: (query = '', fileId = 'a') => w.send('get', `${of(fileId)}?${query}`),
    /** Asks for a file by a token, as somebody without any rights. @returns status, and type of an error */
    use: async (
      token: string,
      { fileId = 'a', how = 'view', headers = GUEST_HEADERS as Record<string, string> } = {},
    ) => {
      const path = `/storage/buckets/${bucket.id}/files/${fileId}/${how}`
      const { status, body } = await w.send('get', `${path}?token=${token}`, undefined, headers)
      return status < 300 ? [status] : [status, body.type]
    },
  }
}
const inFuture = (milliseconds: number) => new Date(START.getTime() + milliseconds).toISOString()
const row = async (w: World, id: string) => {
  const [found] = await w.db.select().from(fileTokens).where(eq(fileTokens.id, id))
  return found
}
const claimsOf = (jwt: string) => JSON.parse(atob(jwt.split('.')[1] ?? ''))

const UNAUTHORIZED = [401, 'user_unauthorized']

describe('a token', () => {
  test('names its file and carries its JWT in every answer', async () => {
    const { w, bucket, make, list } = await scene()
    const made = await make()
    expect(made).toEqual({
      $id: expect.stringMatching(/^[0-9a-f]{20}$/),
      $createdAt: '2030-01-01T12:00:00.250+00:00',
      resourceId: `${bucket.id}:a`,
      resourceType: 'files',
      expire: '',
      secret: expect.any(String),
      accessedAt: '',
    })
    expect((await w.send('get', `/tokens/${made.$id}`)).body).toEqual(made)
    expect((await list()).body).toEqual({ total: 1, tokens: [made] })
  })
  test('is signed as the contract says, and fits into the parameter', async () => {
    const { w, bucket, make } = await scene()
    const { secret, $id } = await make({ expire: inFuture(DAY) })
    const { bucketSequence, fileSequence } = (await row(w, $id)) ?? {}
    expect(JSON.parse(atob(secret.split('.')[0]))).toEqual({ typ: 'JWT', alg: 'HS256' })
    expect(claimsOf(secret)).toEqual({
      tokenId: $id,
      resourceId: `${bucket.id}:a`,
      resourceType: 'files',
      resourceInternalId: `${bucketSequence}:${fileSequence}`,
      iat: Math.floor(START.getTime() / 1000),
      exp: Math.floor((START.getTime() + DAY) / 1000),
    })
    expect(secret.length).toBeLessThanOrEqual(512)
  })
  test('of the longest IDs fits too', async () => {
    const { w } = await scene()
    const { id } = await w.bucket({ id: 'b'.repeat(36) })
    await w.upload(id, 'x', { fileId: 'f'.repeat(36) })
    const { body } = await w.send('post', `/tokens/buckets/${id}/files/${'f'.repeat(36)}`, {
      expire: inFuture(DAY),
    })
    expect(body.secret.length).toBeLessThanOrEqual(512)
  })
  test.each([
    ['2031-01-02', '2031-01-02T00:00:00.000+00:00'],
    ['2031-01-02T03:04:05Z', '2031-01-02T03:04:05.000+00:00'],
    ['2031-01-02 03:04:05', '2031-01-02T03:04:05.000+00:00'],
    ['2031-01-02T03:04:05.678', '2031-01-02T03:04:05.678+00:00'],
    ['2031-01-02T03:04:05.678+02:00', '2031-01-02T01:04:05.678+00:00'],
    [null, ''],
  ])('expires at %j', async (expire, printed) => {
    const { make } = await scene()
    expect((await make({ expire })).expire).toBe(printed)
  })
  test.each(['', 'tomorrow', '2020-01-01', '27-01-02', 5, true, '2031-13-45'])(
    'cannot expire at %j',
    async (expire) => {
      const { w, bucket } = await scene()
      expect(
        await w.send('post', `/tokens/buckets/${bucket.id}/files/a`, { expire }),
      ).toMatchObject({ status: 400, body: { type: 'general_argument_invalid' } })
    },
  )
  test('takes a new expiry, and loses it to an update that names none', async () => {
    const { w, make } = await scene()
    const { $id, secret } = await make()
    const later = await w.send('patch', `/tokens/${$id}`, { expire: inFuture(DAY) })
    expect(later.body.expire).toBe('2030-01-02T12:00:00.250+00:00')
    expect(later.body.secret).not.toBe(secret)
    for (const body of [{}, { expire: null }]) {
      const cleared = await w.send('patch', `/tokens/${$id}`, body)
      expect(cleared.body).toMatchObject({ expire: '', secret })
    }
  })
  test('is gone when it is deleted', async () => {
    const { w, make } = await scene()
    const { $id } = await make()
    expect(await w.send('delete', `/tokens/${$id}`)).toMatchObject({ status: 204, body: undefined })
    for (const method of ['get', 'patch', 'delete']) {
      const { status, body } = await w.send(
        method,
        `/tokens/${$id}`,
        method === 'patch' ? {} : undefined,
      )
      expect([status, body.type]).toEqual([404, 'token_not_found'])
    }
  })
  test('is a matter of keys: others lack the scope', async () => {
    const { w, bucket, make } = await scene()
    const { $id } = await make()
    for (const [method, path] of [
      ['post', `/tokens/buckets/${bucket.id}/files/a`],
      ['get', `/tokens/buckets/${bucket.id}/files/a`],
      ['get', `/tokens/${$id}`],
      ['patch', `/tokens/${$id}`],
      ['delete', `/tokens/${$id}`],
    ] as const) {
      for (const headers of [GUEST_HEADERS, await w.key('files.read', 'files.write')]) {
        const { status, body } = await w.send(
          method,
          path,
          method === 'get' ? undefined : {},
          headers,
        )
        expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
      }
    }
  })
  test('may be one of several, listed per file in the order they were made', async () => {
    const { make, list } = await scene()
    const ids: string[] = []
    for (let count = 0; count < 3; count++) ids.push((await make()).$id)
    const other = await make({}, 'b')
    const { body } = await list()
    expect([body.total, body.tokens.map(({ $id }: Json) => $id)]).toEqual([3, ids])
    expect((await list('', 'b')).body.tokens.map(({ $id }: Json) => $id)).toEqual([other.$id])
    const limit = encodeURIComponent('{"method":"limit","values":[2]}')
    const after = encodeURIComponent(`{"method":"cursorAfter","values":["${ids[0]}"]}`)
    const page = await list(`queries[]=${limit}&queries[]=${after}&total=false`)
    expect([page.body.total, page.body.tokens.map(({ $id }: Json) => $id)]).toEqual([
      0,
      ids.slice(1),
    ])
  })
})

describe('whoever holds a token', () => {
  test.each(['view', 'download', 'preview'])('gets its file by %s', async (how) => {
    const { make, use } = await scene()
    const { secret } = await make()
    expect(await use(secret, { how })).toEqual([200])
  })
  test('gets it also where the bucket asks each file', async () => {
    const { w, bucket, make, use } = await scene()
    await w.send('put', `/storage/buckets/${bucket.id}`, { name: 'x', fileSecurity: true })
    const { secret } = await make()
    expect(await use(secret)).toEqual([200])
    expect(await use('x')).toEqual([404, 'storage_file_not_found'])
  })
  test('gets no other file, not even a public one, not even with a key', async () => {
    const { w, bucket, make, use } = await scene()
    const { secret } = await make()
    expect(await use(secret, { fileId: 'b' })).toEqual(UNAUTHORIZED)
    expect(await use(secret, { fileId: 'nothing' })).toEqual(UNAUTHORIZED)
    expect(await use(secret, { fileId: 'b', headers: ROOT })).toEqual(UNAUTHORIZED)
    await w.send('put', `/storage/buckets/${bucket.id}`, {
      name: 'x',
      permissions: ['read("any")'],
    })
    expect(await use(secret, { fileId: 'b' })).toEqual(UNAUTHORIZED)
    expect(await use(secret)).toEqual([200])
  })
  test('gets no metadata and no list', async () => {
    const { w, bucket, make } = await scene()
    const { secret } = await make()
    for (const path of ['files/a', 'files']) {
      const answer = await w.send(
        'get',
        `/storage/buckets/${bucket.id}/${path}?token=${secret}`,
        undefined,
        GUEST_HEADERS,
      )
      expect(answer.body.type).toBe('user_unauthorized')
    }
  })
  test('gets nothing from a disabled bucket, nor previews where they are off', async () => {
    const { w, bucket, make, use } = await scene()
    const { secret } = await make()
    await w.send('put', `/storage/buckets/${bucket.id}`, { name: 'x', transformations: false })
    expect(await use(secret, { how: 'preview' })).toEqual([
      403,
      'storage_bucket_transformations_disabled',
    ])
    expect(await use(secret)).toEqual([200])
    await w.send('put', `/storage/buckets/${bucket.id}`, { name: 'x', enabled: false })
    expect(await use(secret)).toEqual([404, 'storage_bucket_not_found'])
  })
  test('gets nothing once the file is gone, not even a new one of the same ID', async () => {
    const { w, bucket, make, use } = await scene()
    const { secret, $id } = await make()
    await w.send('delete', `/storage/buckets/${bucket.id}/files/a`)
    expect(await use(secret)).toEqual(UNAUTHORIZED)
    await w.upload(bucket.id, picture('png'), { fileId: 'a' })
    expect(await use(secret)).toEqual(UNAUTHORIZED)
    expect((await w.send('get', `/tokens/${$id}`)).status).toBe(200)
    await w.send('delete', `/storage/buckets/${bucket.id}`)
    expect(await use(secret)).toEqual([404, 'storage_bucket_not_found'])
  })
})

describe('a token that does not count is as good as none', () => {
  test.each([
    ['garbage', async () => 'x.y.z'],
    [
      'of another server',
      async (w: World, jwt: string) => signJwt(claimsOf(jwt), `${w.env.SECRET}x`),
    ],
    [
      'not signed',
      async (_: World, jwt: string) =>
        `${btoa('{"typ":"JWT","alg":"none"}')}.${jwt.split('.')[1]}.`,
    ],
    [
      'for something else than files',
      async (w: World, jwt: string) =>
        signJwt({ ...claimsOf(jwt), resourceType: 'teams' }, w.env.SECRET ?? ''),
    ],
    [
      'ten years old',
      async (w: World, jwt: string) =>
        signJwt(
          { ...claimsOf(jwt), iat: START.getTime() / 1000 - 315_360_011 },
          w.env.SECRET ?? '',
        ),
    ],
  ])('%s', async (_, forge) => {
    const { w, bucket, make, use } = await scene()
    const token = await forge(w, (await make()).secret)
    expect(await use(token)).toEqual(UNAUTHORIZED)
    await w.send('put', `/storage/buckets/${bucket.id}`, {
      name: 'x',
      permissions: ['read("any")'],
    })
    expect(await use(token)).toEqual([200])
  })
  test('revoked', async () => {
    const { w, make, use } = await scene()
    const { secret, $id } = await make()
    await w.send('delete', `/tokens/${$id}`)
    expect(await use(secret)).toEqual(UNAUTHORIZED)
  })
  test('expired by its row, to the millisecond', async () => {
    const { make, use, at } = await scene()
    const { secret } = await make({ expire: inFuture(60 * SECOND) })
    at(60 * SECOND)
    expect(await use(secret)).toEqual([200])
    at(60 * SECOND + 1)
    expect(await use(secret)).toEqual(UNAUTHORIZED)
  })
  test('moved earlier: the old JWT stops with the row', async () => {
    const { w, make, use, at } = await scene()
    const { secret, $id } = await make()
    await w.send('patch', `/tokens/${$id}`, { expire: inFuture(60 * SECOND) })
    at(59 * SECOND)
    expect(await use(secret)).toEqual([200])
    at(61 * SECOND)
    expect(await use(secret)).toEqual(UNAUTHORIZED)
  })
  test('moved later: the old JWT keeps its own end, with ten seconds of leeway', async () => {
    const { w, make, use, at } = await scene()
    const { secret, $id } = await make({ expire: inFuture(60 * SECOND) })
    const { body } = await w.send('patch', `/tokens/${$id}`, { expire: inFuture(DAY) })
    at(69 * SECOND)
    expect(await use(secret)).toEqual([200])
    at(72 * SECOND)
    expect(await use(secret)).toEqual(UNAUTHORIZED)
    expect(await use(body.secret)).toEqual([200])
  })
})

test('notes the last use, at most once a day', async () => {
  const { w, make, use, at } = await scene()
  const { secret, $id } = await make()
  const seen = async () => (await w.send('get', `/tokens/${$id}`)).body.accessedAt
  expect(await seen()).toBe('')
  at(1 * SECOND)
  await use(secret)
  expect(await seen()).toBe('2030-01-01T12:00:01.250+00:00')
  at(DAY)
  await use(secret)
  expect(await seen()).toBe('2030-01-01T12:00:01.250+00:00')
  at(DAY + 2 * SECOND)
  await use(secret)
  expect(await seen()).toBe('2030-01-02T12:00:02.250+00:00')
})
