import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { files, previewBudgets, variants } from '#/db/schema'
import { sweep } from '#/jobs'
import { hashSecret } from '#/lib/secrets'
import { erasePrefix } from '#/storage/blobs'
import { readPngSize } from '#/storage/preview/headers/png'
import { picture } from '#test/fixtures/pictures'
import { heic } from '#test/support/bombs'
import { after, DAY, NOW } from '#test/support/clock'
import { noise } from '#test/support/hash'
import { BLUE, decode, distance, RED } from '#test/support/pixels'
import { GUEST_HEADERS, ROOT, type World, world } from '#test/support/world'

/** Counts the renderings that the Images binding is asked for. */
function countingImages(images: ImagesBinding) {
  const seen = { calls: 0 }
  const counted = {
    input: (...args: Parameters<ImagesBinding['input']>) => {
      seen.calls++
      return images.input(...args)
    },
  } as ImagesBinding
  return { seen, counted }
}

/** Returns a world with an empty store, one public bucket and one picture in it. */
async function scene({ clock = () => NOW, budget = '10000', env = {} } = {}) {
  const plain = await world()
  await erasePrefix(plain.env.BLOBS, '')
  for (const table of [files, variants, previewBudgets]) await plain.db.delete(table)
  const { seen, counted } = countingImages(plain.env.IMAGES)
  const w = await world({ IMAGES: counted, PREVIEW_BUDGET: budget, ...env }, clock)
  const bucket = await w.bucket({ permissions: ['read("any")'] })
  await w.upload(bucket.id, picture('png'), { fileId: 'a', name: 'a.png' })
  const preview = (query = '', headers = GUEST_HEADERS, fileId = 'a') =>
    w.send(
      'get',
      `/storage/buckets/${bucket.id}/files/${fileId}/preview?${query}`,
      undefined,
      headers,
    )
  return { w, bucket, seen, preview }
}

const stored = async (w: World) =>
  (await w.env.BLOBS.list({ prefix: 'variants/' })).objects.map(({ key }) => key)

describe('a preview is rendered once', () => {
  test('and then served from R2 without a call to Images', async () => {
    const { seen, preview } = await scene()
    const first = await preview('width=40')
    expect([first.status, first.trips, seen.calls]).toEqual([200, 3, 1])
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'private, max-age=2592000, no-transform',
      'x-appwrite-cache': 'miss',
      'x-content-type-options': 'nosniff',
    })
    const second = await preview('width=40')
    expect([second.status, second.trips, seen.calls]).toEqual([200, 2, 1])
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'private, max-age=15552000, no-transform',
      'x-appwrite-cache': 'hit',
    })
    expect(second.bytes).toEqual(first.bytes)
    expect((await decode(second.bytes.slice())).width).toBe(40)
    for (const name of ['pragma', 'expires', 'content-disposition', 'content-security-policy']) {
      expect([first.headers.get(name), second.headers.get(name)]).toEqual([null, null])
    }
  })
  test('also where defaults are spelt out, or in another order', async () => {
    const { seen, preview } = await scene()
    await preview('width=40&height=20')
    const same = ['height=20&width=40', 'width=40&height=20&opacity=1&rotation=0&gravity=CENTER']
    for (const query of same) {
      expect((await preview(query)).headers.get('x-appwrite-cache')).toBe('hit')
    }
    expect(seen.calls).toBe(1)
  })
  test('and again for every parameter that differs', async () => {
    const { seen, preview } = await scene()
    const queries = [
      ...['', 'width=40', 'height=40', 'gravity=left', 'quality=5&output=jpg', 'output=jpg'],
      ...['borderWidth=1', 'borderWidth=1&borderColor=f00', 'borderRadius=1', 'opacity=0.5'],
      ...['rotation=1', 'background=fff', 'output=webp'],
    ]
    for (const query of queries) {
      expect([query, (await preview(query)).headers.get('x-appwrite-cache')]).toEqual([
        query,
        'miss',
      ])
    }
    expect(seen.calls).toBe(queries.length)
  })
  test('for all who ask at once', async () => {
    const { seen, preview } = await scene()
    const answers = await Promise.all(Array.from({ length: 12 }, () => preview('width=41')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const [first] = answers
    for (const { bytes } of answers) expect(bytes).toEqual(first?.bytes)
    expect(seen.calls).toBe(1)
    expect(answers.filter(({ headers }) => headers.get('x-appwrite-cache') === 'miss').length).toBe(
      1,
    )
  })
  test('and a request takes over from one that died while it rendered', async () => {
    let now = NOW
    const { w, seen, preview } = await scene({ clock: () => now })
    await preview('width=42')
    const [key = ''] = await stored(w)
    await w.env.BLOBS.delete(key)
    await w.db.update(variants).set({ leaseUntil: new Date(now.getTime() + 30_000) })
    now = new Date(now.getTime() + 31_000)
    expect((await preview('width=42')).status).toBe(200)
    expect(seen.calls).toBe(2)
    expect(await stored(w)).toEqual([key])
  })
})

describe('a client that has a preview', () => {
  test('is told so', async () => {
    const { preview } = await scene()
    await preview('width=40')
    const { headers, bytes } = await preview('width=40')
    expect(headers.get('etag')).toMatch(/^"[^"]+"$/)
    for (const condition of [
      { 'If-None-Match': headers.get('etag') ?? '' },
      { 'If-Modified-Since': headers.get('last-modified') ?? '' },
    ]) {
      const again = await preview('width=40', condition)
      expect([again.status, again.bytes.length]).toEqual([304, 0])
      expect(again.headers.get('etag')).toBe(headers.get('etag'))
    }
    expect((await preview('width=40', { 'If-None-Match': '"x"' })).bytes).toEqual(bytes)
  })
  test('gets headers alone for HEAD', async () => {
    const { w, bucket } = await scene()
    const head = await w.send('head', `/storage/buckets/${bucket.id}/files/a/preview`)
    expect([head.status, head.bytes.length, head.headers.get('content-type')]).toEqual([
      200,
      0,
      'image/png',
    ])
  })
})

describe('access is asked for on every request, rendered or not', () => {
  test('read permission, the bucket switch and the disabled bucket', async () => {
    const { w, bucket, preview } = await scene()
    await preview('width=40')
    const set = (fields: object) =>
      w.send('put', `/storage/buckets/${bucket.id}`, { name: 'x', ...fields })
    const outcome = async () => {
      const { status, body } = await preview('width=40')
      return [status, body?.type]
    }
    await set({ transformations: false })
    expect(await outcome()).toEqual([403, 'storage_bucket_transformations_disabled'])
    expect((await preview('width=40', ROOT)).status).toBe(200)
    await set({ enabled: false })
    expect(await outcome()).toEqual([404, 'storage_bucket_not_found'])
    await set({ permissions: [] })
    expect(await outcome()).toEqual([401, 'user_unauthorized'])
    await set({ permissions: [], fileSecurity: true })
    expect(await outcome()).toEqual([404, 'storage_file_not_found'])
    await set({ permissions: ['read("any")'] })
    expect(await outcome()).toEqual([200, undefined])
  })
  test('validation comes before access', async () => {
    const { preview } = await scene()
    expect((await preview('width=4001', GUEST_HEADERS, 'nothing')).body.type).toBe(
      'general_argument_invalid',
    )
  })
})

describe('parameters out of range are refused', () => {
  test.each([
    ...['width=-1', 'width=4001', 'width=1.5', 'width=', 'width=a', 'height=4001'],
    ...['gravity=middle', 'gravity=', 'quality=-2', 'quality=101', 'borderWidth=101'],
    ...['borderWidth=-1', 'borderColor=%23fff', 'borderColor=ffff', 'borderColor='],
    ...['borderColor=ggg', 'borderRadius=4001', 'opacity=1.1', 'opacity=-0.1', 'opacity=x'],
    ...['rotation=361', 'rotation=-361', 'background=red', 'background=', 'output=JPG'],
    ...['output=bmp', 'output=', 'token=', `token=${'x'.repeat(513)}`],
  ])('%s', async (query) => {
    const { preview } = await scene()
    expect(await preview(query)).toMatchObject({
      status: 400,
      body: { type: 'general_argument_invalid' },
    })
  })
  test.each([
    ...['width=0', 'width=4000&height=1', 'gravity=Top-Left', 'quality=0', 'quality=100'],
    ...['borderWidth=100&borderColor=FFF', 'borderRadius=4000', 'opacity=0', 'opacity=.5'],
    ...['rotation=-360', 'background=AbCdEf', 'output=jpeg', 'gravity=auto', 'unknown=1'],
  ])('but %s is not', async (query) => {
    const { preview } = await scene()
    expect((await preview(query)).status).toBe(200)
  })
})

describe('the picture', () => {
  test('has the type of the name at upload, whatever it is called since', async () => {
    const { w, bucket, preview } = await scene()
    await w.send('put', `/storage/buckets/${bucket.id}/files/a`, { name: 'b.webp' })
    expect((await preview()).headers.get('content-type')).toBe('image/png')
    await w.upload(bucket.id, picture('png'), { fileId: 'j', name: 'a.jpg' })
    expect((await preview('', GUEST_HEADERS, 'j')).headers.get('content-type')).toBe('image/jpeg')
    await w.upload(bucket.id, picture('png'), { fileId: 'n', name: 'name' })
    expect((await preview('', GUEST_HEADERS, 'n')).headers.get('content-type')).toBe('image/png')
    await w.upload(bucket.id, picture('png'), { fileId: 't', name: 'a.tiff' })
    expect((await preview('', GUEST_HEADERS, 't')).headers.get('content-type')).toBe('image/jpeg')
  })
  test('of a HEIC is a JPEG, unless asked otherwise', async () => {
    const asked: unknown[] = []
    const jpeg = picture('jpeg1')
    const images = {
      input: () => ({
        transform() {
          return this
        },
        output(options: unknown) {
          asked.push(options)
          return Promise.resolve({
            response: () => new Response(jpeg),
            contentType: () => 'image/jpeg',
          })
        },
      }),
    } as unknown as ImagesBinding
    const { bucket } = await scene()
    const w = await world({ IMAGES: images })
    await w.upload(bucket.id, heic([[4032, 3024]]), { fileId: 'h', name: 'IMG_0001.HEIC' })
    const path = `/storage/buckets/${bucket.id}/files/h/preview`
    const { status, headers, bytes } = await w.send('get', `${path}?width=300`)
    expect([status, headers.get('content-type'), bytes]).toEqual([200, 'image/jpeg', jpeg])
    expect(asked).toMatchObject([{ format: 'image/jpeg' }])
    expect(await w.send('get', `${path}?output=heic`)).toMatchObject({
      status: 400,
      body: { type: 'storage_file_type_unsupported' },
    })
  })
  test('is upright, whatever a camera says', async () => {
    const { w, bucket, preview } = await scene()
    await w.upload(bucket.id, picture('jpeg6'), { fileId: 'e', name: 'e.jpg' })
    const { bytes } = await preview('width=100&output=png', GUEST_HEADERS, 'e')
    const { width, height, at } = await decode(bytes.slice())
    expect([width, height]).toEqual([100, 50])
    expect(distance(at(5, 5), RED)).toBeLessThan(30)
    expect(distance(at(5, 45), BLUE)).toBeLessThan(30)
  })
  test('of a compressed file is the same', async () => {
    const { w, preview } = await scene()
    const { id } = await w.bucket({ compression: 'gzip', permissions: ['read("any")'] })
    await w.upload(id, picture('png'), { fileId: 'a', name: 'a.png' })
    const packed = await w.send('get', `/storage/buckets/${id}/files/a/preview?width=40`)
    expect(packed.bytes).toEqual((await preview('width=40')).bytes)
  })
})

describe('what has no picture gets an icon', () => {
  const FTYP = new TextEncoder().encode('\0\0\0\x18ftypisom\0\0\0\0isommp42')
  test.each([
    ['text', 'just text'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['PDF', '%PDF-1.7'],
    ['a video', FTYP],
    ['nothing', ''],
  ])('%s: a PNG of 1200 × 800 on the contract’s grey', async (_, content) => {
    const { w, bucket, preview } = await scene()
    await w.upload(
      bucket.id,
      Uint8Array.from(typeof content === 'string' ? new TextEncoder().encode(content) : content),
      {
        fileId: 'i',
        name: 'i.jpg',
      },
    )
    const { status, headers, bytes } = await preview('', GUEST_HEADERS, 'i')
    expect([status, headers.get('content-type')]).toEqual([200, 'image/png'])
    const { width, height, at } = await decode(bytes.slice())
    expect([width, height, at(3, 3)]).toEqual([1200, 800, [0xec, 0xef, 0xf1, 255]])
  })
  test('each kind its own, shared by all files of the kind', async () => {
    const { w, bucket, preview, seen } = await scene()
    await w.upload(bucket.id, 'one', { fileId: 't1' })
    await w.upload(bucket.id, 'two', { fileId: 't2' })
    await w.upload(bucket.id, Uint8Array.from(FTYP), { fileId: 'v' })
    const big = Uint8Array.from([...picture('png'), ...noise(16_000_000)])
    await w.upload(bucket.id, big, { fileId: 'small', name: 'a.png' })
    const bigger = Uint8Array.from([...picture('png'), ...noise(20_000_000)])
    await w.upload(bucket.id, bigger, { fileId: 'big', name: 'a.png' })
    const of = async (fileId: string) => (await preview('width=200', GUEST_HEADERS, fileId)).bytes
    const [text, video, image] = [await of('t1'), await of('v'), await of('big')]
    expect(text).not.toEqual(video)
    expect(video).not.toEqual(image)
    expect(image).not.toEqual(text)
    const before = seen.calls
    expect(await of('t2')).toEqual(text)
    expect(seen.calls).toBe(before)
  })
  test('at any size that can be asked for', async () => {
    const { w, bucket, preview } = await scene()
    await w.upload(bucket.id, 'one', { fileId: 't' })
    const { status, bytes } = await preview('width=4000&height=4000', GUEST_HEADERS, 't')
    expect(status).toBe(200)
    expect(readPngSize(bytes)).toEqual({ width: 4000, height: 4000 })
  })
  test('takes all parameters like any picture', async () => {
    const { w, bucket, preview } = await scene()
    await w.upload(bucket.id, 'one', { fileId: 't' })
    const { headers, bytes } = await preview(
      'width=30&height=30&background=ff0000&output=webp&quality=100',
      GUEST_HEADERS,
      't',
    )
    expect(headers.get('content-type')).toBe('image/webp')
    const { width, height, at } = await decode(bytes.slice())
    expect([width, height, at(0, 0)]).toEqual([30, 30, [255, 0, 0, 255]])
  })
})

test('an upload that is not finished has no preview', async () => {
  const { w, bucket, preview } = await scene()
  await w.upload(bucket.id, noise(1024), { fileId: 'p', range: 'bytes 0-1023/4096' })
  expect(await preview('', GUEST_HEADERS, 'p')).toMatchObject({
    status: 404,
    body: { type: 'storage_file_not_found' },
  })
})

describe('what cannot be rendered is refused, and the refusal kept', () => {
  const broken = picture('png').slice(0, 200)
  test.each([
    ['a truncated picture', broken, '', 'storage_file_type_unsupported'],
    ['HEIC output', picture('png'), 'output=heic', 'storage_file_type_unsupported'],
    [
      'more pixels with effects than memory holds',
      picture('png'),
      'width=4000&height=4000&opacity=0.5',
      'storage_image_resolution_exceeded',
    ],
  ])('%s', async (_, bytes, query, type) => {
    const { w, bucket, preview, seen } = await scene()
    await w.upload(bucket.id, bytes, { fileId: 'x', name: 'x.png' })
    const first = await preview(query, GUEST_HEADERS, 'x')
    expect(first).toMatchObject({ status: 400, body: { type } })
    expect(first.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate')
    const calls = seen.calls
    expect((await preview(query, GUEST_HEADERS, 'x')).body).toEqual(first.body)
    expect(seen.calls).toBe(calls)
  })
})

/** Stands in for the Images binding and fails as it does: with a code, or without one. */
const failing = (code?: number | string) =>
  ({
    input: () => ({
      output: () => Promise.reject(Object.assign(new Error('out of order'), { code })),
      transform() {
        return this
      },
    }),
  }) as unknown as ImagesBinding

describe('a failure is not a verdict', () => {
  const FAILED = { status: 500, body: { type: 'general_server_error' } }
  const path = (bucketId: string, query: string) =>
    `/storage/buckets/${bucketId}/files/a/preview?${query}`

  test.each([
    ...['width=43', 'width=43&borderRadius=3', 'output=gif', 'output=avif'].flatMap((query) =>
      // Interrupted, used up, not paid for, out of reach, too slow, undecided, out of range, none at all.
      [9402, 9422, 9432, 9504, 9522, 9523, 9999, 'ECONNRESET', undefined].map(
        (code) => [query, code] as const,
      ),
    ),
  ])('%s when Images fails with %s', async (query, code) => {
    const { w, bucket, preview } = await scene()
    const down = await world({ IMAGES: failing(code) })
    const refused = await down.send('get', path(bucket.id, query))
    expect(refused).toMatchObject(FAILED)
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await stored(w)).toEqual([])
    expect(await w.db.select().from(variants)).toEqual([])
    expect((await preview(query)).status).toBe(200)
  })
  test.each([
    [9412, 'storage_file_type_unsupported'],
    [9520, 'storage_file_type_unsupported'],
    [9413, 'storage_image_resolution_exceeded'],
  ])('but code %i is: it speaks of the picture', async (code, type) => {
    const { bucket, preview } = await scene()
    const strict = await world({ IMAGES: failing(code) })
    const refused = await strict.send('get', path(bucket.id, 'width=44'))
    expect(refused).toMatchObject({ status: 400, body: { type } })
    expect(await preview('width=44')).toMatchObject({ status: 400, body: { type } })
  })
  test('of a picture that Images made and cannot read again', async () => {
    const { w, bucket, preview } = await scene()
    let calls = 0
    const once = {
      input: (stream: ReadableStream<Uint8Array>) =>
        (++calls === 1 ? w.env.IMAGES : failing(9412)).input(stream),
    } as ImagesBinding
    const down = await world({ IMAGES: once })
    const query = 'width=1800&opacity=0.5&quality=100&output=webp'
    expect(await down.send('get', path(bucket.id, query))).toMatchObject(FAILED)
    expect(calls).toBe(2)
    expect((await preview(query)).status).toBe(200)
  })
  test.each([
    ['another format', { 'Content-Type': 'image/png' }, 'no picture at all'],
    ['nothing', { 'Content-Type': 'image/png' }, ''],
  ])('when Images answers with %s', async (_, headers, content) => {
    const { bucket, preview } = await scene()
    const odd = {
      input: () => ({
        transform() {
          return this
        },
        output: () =>
          Promise.resolve({
            response: () => new Response(content, { headers }),
            contentType: () => 'image/png',
          }),
      }),
    } as unknown as ImagesBinding
    const down = await world({ IMAGES: odd })
    expect(await down.send('get', path(bucket.id, 'width=45&opacity=0.5'))).toMatchObject(FAILED)
    expect((await preview('width=45&opacity=0.5')).status).toBe(200)
  })

  /** Returns the bucket of blobs with one method replaced. */
  const blobs = (bucket: R2Bucket, replaced: Partial<R2Bucket>) =>
    new Proxy(bucket, {
      get: (target, name) => {
        const own = Reflect.get(replaced, name) ?? Reflect.get(target, name)
        return typeof own === 'function' ? own.bind(target) : own
      },
    })
  const broken = () => Promise.reject(new Error('R2 is out of order'))

  test('when R2 does not keep the preview', async () => {
    const { w, bucket, preview } = await scene()
    const down = await world({ BLOBS: blobs(w.env.BLOBS, { put: broken as never }) })
    expect((await down.send('get', path(bucket.id, 'width=46'))).status).toBe(500)
    expect((await preview('width=46')).status).toBe(200)
  })
  test.each(['width=47', 'width=47&opacity=0.5', 'output=gif'])(
    'when R2 breaks off while the source is read: %s',
    async (query) => {
      const { w, bucket, preview } = await scene()
      const half = async (key: string, options?: R2GetOptions) => {
        const blob = await w.env.BLOBS.get(key, options)
        if (!key.startsWith('files/') || !blob) return blob
        const bytes = new Uint8Array(await new Response(blob.body).arrayBuffer())
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(bytes.slice(0, 300)),
          pull: (controller) => controller.error(new Error('R2 broke off')),
        })
        return { body }
      }
      const down = await world({ BLOBS: blobs(w.env.BLOBS, { get: half as never }) })
      expect((await down.send('get', path(bucket.id, query))).status).toBe(500)
      expect((await preview(query)).status).toBe(200)
    },
  )
  test('a refusal of an earlier version does not stick', async () => {
    const { w, preview } = await scene()
    await preview('width=48')
    const [key = ''] = await stored(w)
    const parameters = { width: 48, height: 0, gravity: 'center', quality: -1, borderWidth: 0 }
    const rest = { borderRadius: 0, opacity: 1, rotation: 0 }
    const keyOf = async (version: number) => {
      const entries = Object.entries({ ...parameters, ...rest }).sort()
      const hash = await hashSecret(JSON.stringify([version, 'png', ...entries]))
      return key.replace(/[^/]*$/, hash.slice(0, 40))
    }
    expect(key).toBe(await keyOf(3))
    await w.env.BLOBS.delete(key)
    await w.db.delete(variants)
    const customMetadata = { refusal: 'storage_file_type_unsupported', detail: 'Out of order.' }
    for (const version of [1, 2]) {
      await w.env.BLOBS.put(await keyOf(version), '', { customMetadata })
    }
    expect((await preview('width=48')).status).toBe(200)
  })
})

describe('a file’s previews', () => {
  test('are gone with it, in R2 too', async () => {
    const { w, bucket, preview } = await scene()
    await preview('width=40')
    expect((await stored(w)).length).toBe(1)
    await w.send('delete', `/storage/buckets/${bucket.id}/files/a`)
    expect((await preview('width=40')).status).toBe(404)
    expect(await stored(w)).toEqual([])
    await w.upload(bucket.id, picture('jpeg1'), { fileId: 'a', name: 'a.png' })
    expect((await preview('width=40')).headers.get('x-appwrite-cache')).toBe('miss')
  })
  test('go after 180 days', async () => {
    const { w, preview } = await scene()
    await preview('width=40')
    await sweep(w.env, after(179 * DAY))
    expect((await stored(w)).length).toBe(1)
    await sweep(w.env, after(181 * DAY))
    expect([await stored(w), await w.db.select().from(variants)]).toEqual([[], []])
    expect((await preview('width=40')).headers.get('x-appwrite-cache')).toBe('miss')
  })
})

describe('a stranger costs no more than the budget', () => {
  test('of new previews per bucket and month', async () => {
    let now = new Date('2026-11-24T12:00:00Z')
    const { bucket, w, preview, seen } = await scene({ budget: '2', clock: () => now })
    expect((await preview('width=1')).status).toBe(200)
    expect((await preview('width=2')).status).toBe(200)
    const refused = await preview('width=3')
    expect(refused).toMatchObject({ status: 429, body: { type: 'general_rate_limit_exceeded' } })
    const nextMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)
    expect(refused.headers.get('retry-after')).toBe(`${(nextMonth - now.getTime()) / 1000}`)
    expect(seen.calls).toBe(2)
    expect((await preview('width=2')).headers.get('x-appwrite-cache')).toBe('hit')
    expect((await preview('width=3', ROOT)).status).toBe(200)
    expect((await preview('width=3')).headers.get('x-appwrite-cache')).toBe('hit')
    now = new Date('2026-12-01T00:00:00Z')
    expect((await preview('width=4')).status).toBe(200)
    const rows = await w.db
      .select()
      .from(previewBudgets)
      .where(eq(previewBudgets.bucketSequence, bucket.sequence))
    expect(rows.map(({ month, used }) => [month, used])).toEqual([
      ['2026-11', 3],
      ['2026-12', 1],
    ])
  })
  test('of nothing at all where it is 0', async () => {
    const { preview, seen } = await scene({ budget: '0' })
    expect((await preview('width=1')).status).toBe(429)
    expect(seen.calls).toBe(0)
  })
})
