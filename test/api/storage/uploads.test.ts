import { and, eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { counters, fileParts, files, garbage } from '#/db/schema'
import { sweep } from '#/jobs'
import { blobKey, erasePrefix, newBlobId } from '#/storage/blobs'
import { sweepOrphans } from '#/storage/orphans'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import { after, DAY, NOW } from '#test/support/clock'
import { md5, noise } from '#test/support/hash'
import { type Answer, GUEST_HEADERS, type World, world } from '#test/support/world'

const MiB = 1024 * 1024

/** Sends the bytes from `start` to before `end` as one chunk. */
const chunk = (
  w: World,
  bucketId: string,
  bytes: Uint8Array<ArrayBuffer>,
  [start, end]: readonly [number, number],
  { fileId = 'big', header = true, fields = {} } = {},
) =>
  w.upload(bucketId, bytes.slice(start, end), {
    fileId,
    name: 'big.bin',
    fields,
    range: `bytes ${start}-${end - 1}/${bytes.length}`,
    ...(header ? { id: fileId } : {}),
  })

/** Cuts a length into chunks of one size. */
const cuts = (length: number, size: number) =>
  Array.from(
    { length: Math.ceil(length / size) },
    (_, index) => [index * size, Math.min(length, (index + 1) * size)] as const,
  )

/** Checks that one whole object is left, and nothing of the upload. */
async function isWhole(w: World, bucketId: string, bytes: Uint8Array<ArrayBuffer>, fileId = 'big') {
  const [row] = await w.db.select().from(files).where(eq(files.id, fileId))
  expect(row).toMatchObject({
    uploadId: null,
    signature: await md5(bytes),
    sizeOriginal: bytes.length,
    chunksUploaded: row?.chunksTotal,
  })
  const back = await w.send('get', `/storage/buckets/${bucketId}/files/${fileId}/download`)
  expect(await md5(back.bytes)).toBe(await md5(bytes))
  expect(
    await w.db
      .select()
      .from(fileParts)
      .where(eq(fileParts.fileSequence, row?.sequence ?? 0)),
  ).toEqual([])
  const { objects } = await w.env.BLOBS.list({ prefix: 'files/' })
  expect(objects.map(({ key }) => key)).toEqual([blobKey(row?.blobId ?? '')])
}

/** Returns a world with one bucket and an empty store. */
async function empty() {
  const w = await world()
  await erasePrefix(w.env.BLOBS, '')
  await w.db.delete(files)
  await w.db.delete(garbage)
  return { w, id: (await w.bucket()).id }
}

const counts = ({ status, body }: Answer) => [status, body.chunksUploaded, body.chunksTotal]

describe('one request', () => {
  test('stores a file in two round trips', async () => {
    const { w, id } = await empty()
    const answer = await w.upload(id, 'hello', { fileId: 'a', name: 'a.txt' })
    expect(answer).toMatchObject({
      status: 201,
      trips: 2,
      body: { $id: 'a', name: 'a.txt', mimeType: 'text/plain', sizeOriginal: 5, chunksUploaded: 1 },
    })
    expect(answer.body.signature).toBe(await md5(new TextEncoder().encode('hello')))
    expect(await w.db.select().from(garbage)).toEqual([])
  })
  test('stores 12 MiB as parts', async () => {
    const { w, id } = await empty()
    const bytes = noise(12 * MiB)
    expect((await w.upload(id, bytes, { fileId: 'big' })).status).toBe(201)
    await isWhole(w, id, bytes)
  })
  test('stores exactly one chunk', async () => {
    const { w, id } = await empty()
    const bytes = noise(CHUNK_BYTES)
    expect((await w.upload(id, bytes, { fileId: 'big' })).status).toBe(201)
    await isWhole(w, id, bytes)
  })
  test('stores an empty file', async () => {
    const { w, id } = await empty()
    const answer = await w.upload(id, '', { fileId: 'none' })
    expect(answer.body).toMatchObject({
      sizeOriginal: 0,
      mimeType: 'application/x-empty',
      signature: 'd41d8cd98f00b204e9800998ecf8427e',
    })
    const back = await w.send('get', `/storage/buckets/${id}/files/none/download`)
    expect([back.status, back.bytes.length]).toEqual([200, 0])
  })
  test('refuses an ID in use and keeps the file', async () => {
    const { w, id } = await empty()
    await w.upload(id, 'first', { fileId: 'a' })
    expect(await w.upload(id, 'second', { fileId: 'a' })).toMatchObject({
      status: 409,
      body: { type: 'storage_file_already_exists' },
    })
    expect((await w.send('get', `/storage/buckets/${id}/files/a/view`)).bytes.length).toBe(5)
  })
  test('takes fields that follow the file', async () => {
    const { w, id } = await empty()
    const form = new FormData()
    form.set('file', new File([noise(6 * MiB)], 'late.bin'))
    form.set('fileId', 'late')
    form.set('folder', 'a/b')
    form.append('permissions[]', 'read("any")')
    const { status, body } = await w.send('post', `/storage/buckets/${id}/files`, form)
    expect([status, body]).toMatchObject([
      201,
      { $id: 'late', folder: 'a/b/', key: 'a/b/late.bin', $permissions: ['read("any")'] },
    ])
  })
})

describe('chunks', () => {
  const bytes = noise(12 * MiB + 17, 3)
  const all = cuts(bytes.length, CHUNK_BYTES)
  const [first, second, third] = all as [[number, number], [number, number], [number, number]]

  test('in order: 201 each, and the last one completes', async () => {
    const { w, id } = await empty()
    const form = await chunk(w, id, bytes, first, { header: false })
    expect(counts(form)).toEqual([201, 1, 3])
    expect(form.body).toMatchObject({
      signature: '',
      mimeType: '',
      sizeActual: 0,
      sizeOriginal: bytes.length,
    })
    expect((await w.send('get', `/storage/buckets/${id}/files/big/download`)).status).toBe(404)
    expect(counts(await chunk(w, id, bytes, second))).toEqual([201, 2, 3])
    const last = await chunk(w, id, bytes, third)
    expect(counts(last)).toEqual([201, 3, 3])
    expect(last.trips).toBe(2)
    await isWhole(w, id, bytes)
    expect(counts(await chunk(w, id, bytes, second))).toEqual([200, 3, 3])
  })
  test('the last one first, and each one twice', async () => {
    const { w, id } = await empty()
    const seen: unknown[] = []
    for (const range of [third, third, first, first, second, second]) {
      seen.push(counts(await chunk(w, id, bytes, range)))
    }
    expect(seen).toEqual([
      [201, 1, 3],
      [201, 1, 3],
      [201, 2, 3],
      [201, 2, 3],
      [201, 3, 3],
      [200, 3, 3],
    ])
    await isWhole(w, id, bytes)
  })
  test('what a client reads is where it may resume', async () => {
    const { w, id } = await empty()
    await chunk(w, id, bytes, third)
    const resumeAt = async () =>
      (await w.send('get', `/storage/buckets/${id}/files/big`)).body.chunksUploaded
    expect(await resumeAt()).toBe(0)
    await chunk(w, id, bytes, first)
    expect(await resumeAt()).toBe(1)
    await chunk(w, id, bytes, second)
    expect(await resumeAt()).toBe(3)
  })
  test('all at once', async () => {
    const { w, id } = await empty()
    const answers = await Promise.all(all.map((range) => chunk(w, id, bytes, range)))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(answers.filter(({ body }) => body.chunksUploaded === 3).length).toBe(1)
    await isWhole(w, id, bytes)
  })
  test('from two clients racing on one ID', async () => {
    const { w, id } = await empty()
    const answers = await Promise.all(
      [...all, ...all, ...[...all].reverse()].map((range) => chunk(w, id, bytes, range)),
    )
    for (const { status, body } of answers) {
      expect([200, 201]).toContain(status)
      expect(body.chunksUploaded).toBeLessThanOrEqual(3)
    }
    await isWhole(w, id, bytes)
    await sweep(w.env, after(2 * DAY))
    await isWhole(w, id, bytes)
  })
  test.each([1, 3, 6, 8, 10, 20].map((size) => [size]))('of %i MiB', async (size) => {
    const { w, id } = await empty()
    for (const range of cuts(bytes.length, size * MiB)) {
      const { status, body } = await chunk(w, id, bytes, range)
      expect(status).toBe(201)
      expect(body.chunksUploaded).toBeLessThanOrEqual(body.chunksTotal)
    }
    await isWhole(w, id, bytes)
    await sweep(w.env, NOW)
    expect((await w.env.BLOBS.list()).objects.length).toBe(1)
  })
  test('of uneven size, at once and overlapping', async () => {
    const { w, id } = await empty()
    const ranges = [
      [0, 2 * MiB + 5],
      [1 * MiB, 7 * MiB],
      [7 * MiB, 9 * MiB],
      [9 * MiB - 3, bytes.length],
    ] as const
    await Promise.all(ranges.map((range) => chunk(w, id, bytes, range)))
    await isWhole(w, id, bytes)
  })
  test('a file of one chunk with Content-Range', async () => {
    const { w, id } = await empty()
    const one = noise(CHUNK_BYTES, 5)
    expect(counts(await chunk(w, id, one, [0, CHUNK_BYTES], { header: false }))).toEqual([
      201, 1, 1,
    ])
    await isWhole(w, id, one)
  })
  test('completion takes over from a request that died after assembling', async () => {
    const { w, id } = await empty()
    for (const range of [first, second]) await chunk(w, id, bytes, range)
    const [row] = await w.db.select().from(files).where(eq(files.id, 'big'))
    const parts = await w.db
      .select()
      .from(fileParts)
      .where(eq(fileParts.fileSequence, row?.sequence ?? 0))
    const upload = w.env.BLOBS.resumeMultipartUpload(
      blobKey(row?.blobId ?? ''),
      row?.uploadId ?? '',
    )
    const last = await upload.uploadPart(3, bytes.slice(...third))
    await upload.complete([
      ...parts.map(({ cell, etag }) => ({ partNumber: cell + 1, etag: etag ?? '' })),
      last,
    ])
    expect(counts(await chunk(w, id, bytes, third))).toEqual([201, 3, 3])
    await isWhole(w, id, bytes)
  })
  test('the first request decides the permissions and the folder, whichever chunk it carries', async () => {
    const { w, id } = await empty()
    const fields = { permissions: ['read("any")'], folder: 'x' }
    await chunk(w, id, bytes, second, { fields })
    await chunk(w, id, bytes, first, { fields: { permissions: ['update("any")'], folder: 'y' } })
    const { body } = await chunk(w, id, bytes, third, {
      fields: { permissions: ['delete("any")'] },
    })
    expect(body).toMatchObject({ $permissions: ['read("any")'], folder: 'x/', chunksUploaded: 3 })
  })
  test('a file deleted half-way is gone from R2 too', async () => {
    const { w, id } = await empty()
    await chunk(w, id, bytes, first)
    expect((await w.send('delete', `/storage/buckets/${id}/files/big`)).status).toBe(204)
    expect(await w.db.select().from(fileParts)).toEqual([])
    expect((await w.env.BLOBS.list()).objects).toEqual([])
    for (const range of all) await chunk(w, id, bytes, range)
    await isWhole(w, id, bytes)
  })
})

describe('what is abandoned is swept', () => {
  const later = (days: number) => after(days * DAY)

  test('an upload that nobody finished, after six days', async () => {
    const { w, id } = await empty()
    const bytes = noise(7 * MiB)
    await chunk(w, id, bytes, [0, 1 * MiB])
    await chunk(w, id, bytes, [5 * MiB, 7 * MiB])
    await sweep(w.env, later(5))
    expect((await w.db.select().from(files)).length).toBe(1)
    const [row] = await w.db.select().from(files)
    await sweep(w.env, later(7))
    expect(await w.db.select().from(files)).toEqual([])
    expect((await w.env.BLOBS.list()).objects).toEqual([])
    const upload = w.env.BLOBS.resumeMultipartUpload(
      blobKey(row?.blobId ?? ''),
      row?.uploadId ?? '',
    )
    await expect(upload.uploadPart(1, noise(10))).rejects.toThrow()
  })
  test('a blob that a refused upload wrote, at once', async () => {
    const { w, id } = await empty()
    await w.upload(id, 'first', { fileId: 'a' })
    for (const bytes of ['loses', noise(11 * MiB)]) {
      expect((await w.upload(id, bytes, { fileId: 'a' })).status).toBe(409)
    }
    expect((await w.env.BLOBS.list()).objects.length).toBe(1)
    expect(await w.db.select().from(garbage)).toEqual([])
  })
  test('a blob whose row was never written, after a day, and no other', async () => {
    const { w, id } = await empty()
    await w.db.delete(counters)
    const put = (at: Date) => w.env.BLOBS.put(blobKey(newBlobId(at)), 'lost')
    const keys = async () => (await w.env.BLOBS.list()).objects.map(({ key }) => key)
    await w.upload(id, 'kept', { fileId: 'a' })
    const [kept = ''] = await keys()
    for (let count = 0; count < 3; count++) await put(later(0))
    await sweep(w.env, later(0.9))
    expect((await keys()).length).toBe(4)
    await sweep(w.env, later(1.1))
    expect(await keys()).toEqual([kept])
    await put(later(1))
    await sweep(w.env, later(2.1))
    expect(await keys()).toEqual([kept])
  })
  test('lost blobs in more than one round, each looked at once', async () => {
    const { w, id } = await empty()
    await w.db.delete(counters)
    await w.upload(id, 'kept', { fileId: 'a' })
    const old = (index: number) => after(-1000 + index / 1000)
    for (let index = 0; index < 520; index++) {
      await w.env.BLOBS.put(blobKey(newBlobId(old(index))), '')
    }
    expect(await sweepOrphans(w.env.BLOBS, w.db, later(2))).toBe(500)
    expect(await sweepOrphans(w.env.BLOBS, w.db, later(2))).toBe(21)
    expect(await sweepOrphans(w.env.BLOBS, w.db, later(2))).toBe(0)
    expect((await w.env.BLOBS.list()).objects.length).toBe(1)
  })
  test('the parts of one request that was cut off, after a day', async () => {
    const { w, id } = await empty()
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(
          new TextEncoder().encode(
            '--X\r\nContent-Disposition: form-data; name="fileId"\r\n\r\na\r\n--X\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
          ),
        )
        controller.enqueue(noise(11 * MiB))
        controller.close()
      },
    })
    const { status } = await w.send('post', `/storage/buckets/${id}/files`, body, {
      'X-Appwrite-Key': w.env.API_KEY ?? '',
      'Content-Type': 'multipart/form-data; boundary=X',
    })
    expect(status).toBe(400)
    const [row] = await w.db.select().from(garbage)
    expect(row).toMatchObject({ kind: 'blob', uploadId: expect.any(String) })
    await sweep(w.env, later(0.9))
    expect((await w.db.select().from(garbage)).length).toBe(1)
    await sweep(w.env, later(1.1))
    expect(await w.db.select().from(garbage)).toEqual([])
    expect((await w.env.BLOBS.list()).objects).toEqual([])
  })
  test('the files of a deleted bucket, whose ID is free at once', async () => {
    const { w, id } = await empty()
    await w.upload(id, 'old', { fileId: 'a' })
    expect((await w.send('delete', `/storage/buckets/${id}`)).status).toBe(204)
    expect((await w.send('get', `/storage/buckets/${id}/files/a`)).body.type).toBe(
      'storage_bucket_not_found',
    )
    expect((await w.send('post', '/storage/buckets', { bucketId: id, name: 'New' })).status).toBe(
      201,
    )
    expect((await w.send('get', `/storage/buckets/${id}/files`)).body).toEqual({
      total: 0,
      files: [],
    })
    await w.upload(id, 'new', { fileId: 'a' })
    await sweep(w.env, NOW)
    expect((await w.env.BLOBS.list()).objects.length).toBe(1)
    expect(
      new TextDecoder().decode((await w.send('get', `/storage/buckets/${id}/files/a/view`)).bytes),
    ).toBe('new')
  })
})

describe('compression at rest', () => {
  test.each(['gzip', 'zstd'] as const)(
    '%s is smaller in R2 and invisible in answers',
    async (compression) => {
      const { w } = await empty()
      const { id } = await w.bucket({ compression })
      const bytes = Uint8Array.from(
        new TextEncoder().encode('all work and no play '.repeat(50_000)),
      )
      const { body } = await w.upload(id, bytes, { fileId: 'a', name: 'a.txt' })
      expect(body).toMatchObject({
        compression,
        sizeOriginal: bytes.length,
        signature: await md5(bytes),
      })
      const { objects } = await w.env.BLOBS.list({ prefix: 'files/' })
      expect(objects.map(({ size }) => size)).toEqual([body.sizeActual])
      expect(body.sizeActual).toBeLessThan(bytes.length / 100)
      const whole = await w.send('get', `/storage/buckets/${id}/files/a/download`)
      expect(await md5(whole.bytes)).toBe(await md5(bytes))
      const part = await w.send('get', `/storage/buckets/${id}/files/a/download`, undefined, {
        'X-Appwrite-Key': w.env.API_KEY ?? '',
        Range: 'bytes=700000-700099',
      })
      expect(part.bytes).toEqual(bytes.slice(700_000, 700_100))
    },
  )
  test('reaches files that come in chunks', async () => {
    const { w } = await empty()
    const { id } = await w.bucket({ compression: 'gzip' })
    const bytes = new Uint8Array(6 * MiB).fill(65)
    await chunk(w, id, bytes, [0, CHUNK_BYTES])
    const { body } = await chunk(w, id, bytes, [CHUNK_BYTES, bytes.length])
    expect(body).toMatchObject({ compression: 'gzip', signature: await md5(bytes) })
    await sweep(w.env, NOW)
    expect((await w.env.BLOBS.list()).objects.map(({ size }) => size)).toEqual([body.sizeActual])
  })
  test('stops at 20,000,000 bytes', async () => {
    const { w } = await empty()
    const { id } = await w.bucket({ compression: 'gzip' })
    const { body } = await w.upload(id, new Uint8Array(20_000_001), { fileId: 'a' })
    expect(body).toMatchObject({ compression: 'none', encryption: false, sizeActual: 20_000_001 })
  })
})

describe('refusals leave nothing behind', () => {
  const refused = async (
    { w, id }: { w: World; id: string },
    answer: Promise<Answer>,
    [status, type]: readonly [number, string],
  ) => {
    expect(await answer).toMatchObject({ status, body: { type } })
    expect(
      await w.db
        .select()
        .from(files)
        .where(and(eq(files.bucketId, id))),
    ).toEqual([])
    await sweep(w.env, after(2 * DAY))
    expect((await w.env.BLOBS.list()).objects).toEqual([])
  }
  const INVALID = [400, 'general_argument_invalid'] as const

  test('an unknown bucket', async () => {
    const at = await empty()
    await refused(at, at.w.upload('nowhere', 'x'), [404, 'storage_bucket_not_found'])
    await refused(at, at.w.upload('nowhere', noise(6 * MiB)), [404, 'storage_bucket_not_found'])
  })
  test('a stranger', async () => {
    const at = await empty()
    const headers = GUEST_HEADERS
    await refused(at, at.w.upload(at.id, 'x', { headers }), [401, 'user_unauthorized'])
    await refused(at, at.w.upload(at.id, noise(6 * MiB), { headers }), [401, 'user_unauthorized'])
  })
  test('a role that the caller does not hold', async () => {
    const { w } = await empty()
    const { id } = await w.bucket({ permissions: ['create("any")'] })
    const fields = { permissions: ['read("user:other")'] }
    await refused({ w, id }, w.upload(id, 'x', { headers: GUEST_HEADERS, fields }), [
      401,
      'user_unauthorized',
    ])
  })
  test.each([
    ['fileId', { fileId: '_bad' }],
    ['fileId', { fileId: 'x'.repeat(37) }],
    ['permissions', { fields: { permissions: ['create("any")'] } }],
    ['permissions', { fields: { permissions: 'read("any")' } }],
    ['folder', { fields: { folder: '../up' } }],
    ['folder', { fields: { folder: '/abs' } }],
  ])('a bad %s: %o', async (name, options) => {
    const at = await empty()
    const answer = at.w.upload(at.id, 'x', options)
    await refused(at, answer, INVALID)
    expect((await answer).body.message).toContain(`\`${name}\``)
  })
  test('no file, or one sent as text', async () => {
    const at = await empty()
    const none = new FormData()
    none.set('fileId', 'a')
    const files = `/storage/buckets/${at.id}/files`
    await refused(at, at.w.send('post', files, none), [400, 'storage_file_empty'])
    none.set('file', 'text')
    await refused(at, at.w.send('post', files, none), [400, 'storage_file_empty'])
    await refused(at, at.w.send('post', files, { fileId: 'a', file: 'x' }), [
      400,
      'storage_file_empty',
    ])
  })
  test('a file without a name', async () => {
    const at = await empty()
    await refused(at, at.w.upload(at.id, 'x', { name: '' }), [403, 'storage_invalid_file'])
  })
  test.each([
    'bytes */10',
    'bytes 0-4',
    'bytes 5-4/10',
    'bytes 0-11/10',
    'bytes -1-4/10',
    'bytes 0-0/0',
    '0-4/10',
    'bytes 0-99999999999999999999/99999999999999999999',
  ])('Content-Range: %s', async (range) => {
    const at = await empty()
    await refused(at, at.w.upload(at.id, 'hello', { range }), [
      400,
      'storage_invalid_content_range',
    ])
  })
  test('a part that is shorter or longer than its range', async () => {
    const at = await empty()
    for (const range of ['bytes 0-9/10', 'bytes 0-2/10']) {
      const answer = await at.w.upload(at.id, 'hello', { range, fileId: 'a' })
      expect(answer).toMatchObject({ status: 400, body: { type: 'storage_invalid_content_range' } })
    }
  })
  test('X-Appwrite-ID that is no ID', async () => {
    const at = await empty()
    await refused(at, at.w.upload(at.id, 'hello', { range: 'bytes 0-4/10', id: 'unique()' }), [
      400,
      'storage_invalid_appwrite_id',
    ])
  })
  test('an extension that the bucket does not allow', async () => {
    const { w } = await empty()
    const { id } = await w.bucket({ allowedFileExtensions: ['png'] })
    const type = [400, 'storage_file_type_unsupported'] as const
    await refused({ w, id }, w.upload(id, 'x', { name: 'a.txt' }), type)
    await refused({ w, id }, w.upload(id, 'x', { name: 'png' }), type)
    expect((await w.upload(id, 'x', { name: 'a.PNG' })).status).toBe(201)
  })
  test('more bytes than the bucket takes, declared or sent', async () => {
    const { w } = await empty()
    const { id } = await w.bucket({ maximumFileSize: 4 })
    const type = [400, 'storage_invalid_file_size'] as const
    await refused({ w, id }, w.upload(id, 'hello'), type)
    await refused({ w, id }, w.upload(id, 'hel', { range: 'bytes 0-2/5', fileId: 'a' }), type)
    await refused({ w, id }, w.upload(id, noise(6 * MiB)), type)
    expect((await w.upload(id, 'four')).status).toBe(201)
  })
  test('a bucket maximum above the server limit', async () => {
    const w = await world({ STORAGE_MAX_FILE_BYTES: '100' })
    const { id } = await w.bucket({ maximumFileSize: 101 })
    expect(await w.upload(id, 'x')).toMatchObject({
      status: 500,
      body: { type: 'general_server_error' },
    })
  })
  test.each([
    ['cut short', (body: string) => body.slice(0, -20)],
    ['without a boundary', (body: string) => body.replaceAll('--X', '--Y')],
    ['with a broken header', (body: string) => body.replace('Content-Disposition', '\0\0')],
  ])('a form %s', async (_, damage) => {
    const at = await empty()
    const part = (name: string, value: string) =>
      `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const file =
      '--X\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n'
    const body = damage(`${part('fileId', 'a')}${file}--X--\r\n`)
    const answer = await at.w.send(
      'post',
      `/storage/buckets/${at.id}/files`,
      new TextEncoder().encode(body),
      {
        'X-Appwrite-Key': at.w.env.API_KEY ?? '',
        'Content-Type': 'multipart/form-data; boundary=X',
      },
    )
    expect([answer.status, answer.body.type]).toEqual(INVALID)
    expect((await at.w.env.BLOBS.list()).objects).toEqual([])
  })
  test('a name of 2,049 characters', async () => {
    const at = await empty()
    await refused(at, at.w.upload(at.id, 'x', { name: 'ä'.repeat(2049) }), INVALID)
    expect((await at.w.upload(at.id, 'x', { name: 'ä'.repeat(2048) })).status).toBe(201)
  })
})
