import { createHash } from 'node:crypto'
import { Client as WebClient, Storage as WebStorage } from 'appwrite'
import { Client, ID, Permission, Query, Role, Storage, Tokens } from 'node-appwrite'
import { InputFile } from 'node-appwrite/file'
import { describe, expect, inject, test } from 'vitest'
import type { Pixels } from '#/storage/preview/codecs/pixels'
import { decodePng } from '#/storage/preview/codecs/png'
import { picture } from '#test/fixtures/pictures'
import { after, realClock, wire, YEAR } from '#test/support/clock'
import { noise } from '#test/support/hash'

const client = new Client()
  .setEndpoint(inject('endpoint'))
  .setProject('edgewrite')
  .setKey(inject('apiKey'))
const storage = new Storage(client)
const tokens = new Tokens(client)
const web = new WebStorage(new WebClient().setEndpoint(inject('endpoint')).setProject('edgewrite'))

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const newBucket = (fields = {}) =>
  storage.createBucket({ bucketId: ID.unique(), name: 'Photos', ...fields })
const everyone = [Permission.read(Role.any()), Permission.create(Role.any())]

/** A photo of a little over 12 MiB: comments before the picture make up the rest, as a camera's data might. */
function photo(): Uint8Array {
  const jpeg = picture('jpeg6')
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0xff, 0xff]), noise(65_533, 3)])
  const parts = [jpeg.subarray(0, 2), ...Array(192).fill(comment), jpeg.subarray(2)]
  return Buffer.concat(parts)
}

test('uploads a photo of 12 MiB in parallel chunks with progress, and gives it back whole, in ranges and as a preview', async () => {
  const bucket = await newBucket()
  const bytes = photo()
  const progress: number[] = []
  const file = await storage.createFile({
    bucketId: bucket.$id,
    fileId: ID.unique(),
    file: InputFile.fromBuffer(Buffer.from(bytes), 'photo.jpg'),
    onProgress: ({ progress: percent }) => progress.push(percent),
  })
  expect(file).toMatchObject({
    sizeOriginal: bytes.length,
    chunksTotal: 3,
    chunksUploaded: 3,
    mimeType: 'image/jpeg',
    signature: md5(bytes),
  })
  expect(progress.at(-1)).toBe(100)
  const at = { bucketId: bucket.$id, fileId: file.$id }
  const back = await storage.getFileDownload(at)
  expect(md5(new Uint8Array(back))).toBe(md5(bytes))
  const url = `${inject('endpoint')}/storage/buckets/${at.bucketId}/files/${at.fileId}/download`
  const headers = { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': inject('apiKey') }
  const middle = await fetch(url, { headers: { ...headers, Range: 'bytes=5242870-5242889' } })
  expect([middle.status, new Uint8Array(await middle.arrayBuffer())]).toEqual([
    206,
    new Uint8Array(bytes.subarray(5_242_870, 5_242_890)),
  ])
  const preview = await storage.getFilePreview({ ...at, width: 100, output: 'png' as never })
  const { width, height, data } = decodePng(new Uint8Array(preview))
  // Upright, though its pixels lie on their side.
  expect([width, height]).toEqual([100, 50])
  expect(isNear(data.subarray(0, 4), [220, 30, 30, 255])).toBe(true)
})

test('goes on with an upload that broke off', async () => {
  const { $id: bucketId } = await newBucket()
  const bytes = photo()
  for (const start of [0, 2 * 5_242_880]) {
    const form = new FormData()
    form.set('fileId', 'broken-off')
    const part = Uint8Array.from(bytes.subarray(start, start + 5_242_880))
    form.set('file', new File([part], 'photo.jpg'))
    const answer = await fetch(`${inject('endpoint')}/storage/buckets/${bucketId}/files`, {
      method: 'POST',
      headers: {
        'X-Appwrite-Project': 'edgewrite',
        'X-Appwrite-Key': inject('apiKey'),
        'Content-Range': `bytes ${start}-${start + part.length - 1}/${bytes.length}`,
      },
      body: form,
    })
    expect(answer.status).toBe(201)
    await answer.arrayBuffer()
  }
  const { chunksUploaded } = await storage.getFile({ bucketId, fileId: 'broken-off' })
  expect(chunksUploaded).toBe(1)
  const file = await storage.createFile({
    bucketId,
    fileId: 'broken-off',
    file: InputFile.fromBuffer(Buffer.from(bytes), 'photo.jpg'),
  })
  expect(file).toMatchObject({ chunksUploaded: 3, signature: md5(bytes) })
})

test('tells why a large upload is refused, though the client is still sending it', async () => {
  const closed = await newBucket()
  const tiny = await newBucket({ maximumFileSize: 1000 })
  const bytes = noise(12 * 1024 * 1024)
  await expect(
    web.createFile({ bucketId: closed.$id, fileId: 'x', file: new File([bytes], 'x.bin') }),
  ).rejects.toMatchObject({ code: 401, type: 'user_unauthorized' })
  const form = new FormData()
  form.set('fileId', 'x')
  form.set('file', new File([bytes], 'x.bin'))
  const answer = await fetch(`${inject('endpoint')}/storage/buckets/${tiny.$id}/files`, {
    method: 'POST',
    headers: { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': inject('apiKey') },
    body: form,
  })
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { type: 'storage_invalid_file_size' },
  ])
})

test.each(['grüße.txt', '日本語 😀.txt', 'say "hi".txt'])(
  'keeps a file called %s',
  async (name) => {
    const { $id: bucketId } = await newBucket()
    const file = await storage.createFile({
      bucketId,
      fileId: ID.unique(),
      file: InputFile.fromPlainText('x', name),
    })
    // A form cannot hold a quote in a name: the SDK's own encoding of it is what arrives.
    expect(file.name).toBe(name.replaceAll('"', '%22'))
  },
)

test('uploads from the web SDK as a guest where the bucket allows it', async () => {
  const bucket = await newBucket({ permissions: everyone })
  const bytes = noise(11 * 1024 * 1024, 9)
  const file = await web.createFile({
    bucketId: bucket.$id,
    fileId: 'from-web',
    file: new File([bytes], 'web.bin'),
  })
  expect(file).toMatchObject({ $id: 'from-web', signature: md5(bytes), chunksUploaded: 3 })
  const answer = await fetch(web.getFileDownload({ bucketId: bucket.$id, fileId: 'from-web' }))
  expect(md5(new Uint8Array(await answer.arrayBuffer()))).toBe(md5(bytes))
  const range = await fetch(web.getFileView({ bucketId: bucket.$id, fileId: 'from-web' }), {
    headers: { Range: 'bytes=100-199' },
  })
  expect(range.status).toBe(206)
  expect(new Uint8Array(await range.arrayBuffer())).toEqual(bytes.slice(100, 200))
})

test('manages buckets', async () => {
  const made = await newBucket({ fileSecurity: true, maximumFileSize: 1000 })
  expect(await storage.getBucket({ bucketId: made.$id })).toEqual(made)
  const { total, buckets } = await storage.listBuckets({ queries: [Query.equal('$id', made.$id)] })
  expect([total, buckets]).toEqual([1, [made]])
  const updated = await storage.updateBucket({ bucketId: made.$id, name: 'Renamed' })
  expect(updated).toMatchObject({ name: 'Renamed', fileSecurity: false })
  await storage.deleteBucket({ bucketId: made.$id })
  await expect(storage.getBucket({ bucketId: made.$id })).rejects.toMatchObject({
    code: 404,
    type: 'storage_bucket_not_found',
  })
})

test('lists, filters, searches and pages files', async () => {
  const { $id: bucketId } = await newBucket()
  for (const name of ['alpha.txt', 'beta.txt', 'gamma.md', 'delta.txt']) {
    await storage.createFile({
      bucketId,
      fileId: ID.unique(),
      file: InputFile.fromPlainText(name, name),
    })
  }
  const names = async (queries: string[], search?: string) => {
    const page = await storage.listFiles({ bucketId, queries, ...(search ? { search } : {}) })
    return page.files.map(({ name }) => name)
  }
  expect(await names([Query.endsWith('name', '.txt')])).toEqual([
    'alpha.txt',
    'beta.txt',
    'delta.txt',
  ])
  expect(await names([Query.orderDesc('name'), Query.limit(2)])).toEqual(['gamma.md', 'delta.txt'])
  expect(await names([], 'gam')).toEqual(['gamma.md'])
  const { files, total } = await storage.listFiles({ bucketId, queries: [Query.limit(2)] })
  expect(total).toBe(4)
  expect(await names([Query.cursorAfter(files[1]?.$id ?? '')])).toEqual(['gamma.md', 'delta.txt'])
})

test('renames, shares and deletes a file', async () => {
  const { $id: bucketId } = await newBucket({ fileSecurity: true })
  const file = await storage.createFile({
    bucketId,
    fileId: 'doc',
    file: InputFile.fromPlainText('x', 'x.txt'),
  })
  expect(file.$permissions).toEqual([])
  await expect(web.getFile({ bucketId, fileId: 'doc' })).rejects.toMatchObject({
    code: 404,
    type: 'storage_file_not_found',
  })
  const shared = await storage.updateFile({
    bucketId,
    fileId: 'doc',
    name: 'y.txt',
    permissions: [Permission.read(Role.any())],
  })
  expect(shared).toMatchObject({ name: 'y.txt', $permissions: ['read("any")'] })
  expect(await web.getFile({ bucketId, fileId: 'doc' })).toEqual(shared)
  await storage.deleteFile({ bucketId, fileId: 'doc' })
  await expect(storage.getFile({ bucketId, fileId: 'doc' })).rejects.toMatchObject({ code: 404 })
})

test('opens one file with a token until it is deleted', async () => {
  const { $id: bucketId } = await newBucket()
  await storage.createFile({
    bucketId,
    fileId: 'doc',
    file: InputFile.fromPlainText('secret', 'x.txt'),
  })
  const token = await tokens.createFileToken({ bucketId, fileId: 'doc' })
  const url = web.getFileView({ bucketId, fileId: 'doc', token: token.secret })
  expect(await (await fetch(url)).text()).toBe('secret')
  expect((await tokens.list({ bucketId, fileId: 'doc' })).tokens.map(({ $id }) => $id)).toEqual([
    token.$id,
  ])
  const expire = wire(after(YEAR, realClock()))
  const later = await tokens.update({ tokenId: token.$id, expire })
  expect(later.expire).toBe(expire)
  expect((await tokens.get({ tokenId: token.$id })).secret).toBe(later.secret)
  await tokens.delete({ tokenId: token.$id })
  expect((await fetch(url)).status).toBe(401)
})

const isNear = (color: ArrayLike<number>, wanted: readonly number[]) =>
  wanted.every((value, channel) => Math.abs((color[channel] ?? 0) - value) <= 30)

const [RED, GREEN, BLUE, YELLOW] = [
  [220, 30, 30, 255],
  [30, 170, 60, 255],
  [40, 70, 220, 255],
  [240, 200, 30, 255],
] as const
const CLEAR = [0, 0, 0, 0]

type Look = [
  name: string,
  params: object,
  size: [width: number, height: number],
  points: [x: number, y: number, color: readonly number[]][],
]

/** A picture of 400 × 200 in four colours, and what each parameter makes of it. */
const LOOKS: Look[] = [
  [
    'width',
    { width: 100 },
    [100, 50],
    [
      [5, 5, RED],
      [95, 5, GREEN],
      [5, 45, BLUE],
      [95, 45, YELLOW],
    ],
  ],
  [
    'height',
    { height: 20 },
    [40, 20],
    [
      [2, 2, RED],
      [37, 17, YELLOW],
    ],
  ],
  [
    'gravity',
    { width: 50, height: 50, gravity: 'top-right' },
    [50, 50],
    [
      [5, 5, GREEN],
      [5, 45, YELLOW],
    ],
  ],
  [
    'gravity=auto',
    { width: 50, height: 50, gravity: 'auto' },
    [50, 50],
    [
      [1, 1, RED],
      [48, 48, YELLOW],
    ],
  ],
  [
    'borderWidth and borderColor',
    { width: 100, borderWidth: 5, borderColor: '00ffff' },
    [110, 60],
    [
      [2, 30, [0, 255, 255, 255]],
      [8, 8, RED],
      [107, 57, [0, 255, 255, 255]],
    ],
  ],
  [
    'borderRadius',
    { width: 100, borderRadius: 20 },
    [100, 50],
    [
      [0, 0, CLEAR],
      [99, 49, CLEAR],
      [20, 20, RED],
    ],
  ],
  ['opacity', { width: 100, opacity: 0.5 }, [100, 50], [[5, 5, [220, 30, 30, 128]]]],
  [
    'rotation',
    { width: 100, rotation: 90 },
    [50, 100],
    [
      [5, 5, BLUE],
      [45, 5, RED],
    ],
  ],
  [
    'background',
    { width: 100, opacity: 0.5, background: '0000ff' },
    [100, 50],
    [[5, 5, [110, 15, 143, 255]]],
  ],
]

describe('previews look as asked, through both SDKs', () => {
  const setUp = async () => {
    const { $id: bucketId } = await newBucket({ permissions: everyone })
    const file = InputFile.fromBuffer(Buffer.from(picture('png')), 'four.png')
    await storage.createFile({ bucketId, fileId: 'four', file })
    return { bucketId, fileId: 'four' }
  }
  const colorAt = ({ width, data }: Pixels, x: number, y: number) => [
    ...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
  ]
  test.each(LOOKS)('%s', async (_, params, size, points) => {
    const at = await setUp()
    const asked = { ...at, ...params, output: 'png' as never }
    const fromNode = new Uint8Array(await storage.getFilePreview(asked))
    const fromWeb = await fetch(web.getFilePreview(asked))
    expect(new Uint8Array(await fromWeb.arrayBuffer())).toEqual(fromNode)
    const pixels = decodePng(fromNode)
    expect([pixels.width, pixels.height]).toEqual(size)
    for (const [x, y, color] of points) {
      const seen = colorAt(pixels, x, y)
      expect(isNear(seen, color), `${seen} at ${x},${y}`).toBe(true)
    }
  })
  test('quality', async () => {
    const at = await setUp()
    const bytes = async (quality: number) =>
      (await storage.getFilePreview({ ...at, quality, output: 'jpg' as never })).byteLength
    expect(await bytes(95)).toBeGreaterThan(await bytes(5))
  })
  test.each([
    ['jpg', 'image/jpeg', 'ffd8ff'],
    ['jpeg', 'image/jpeg', 'ffd8ff'],
    ['png', 'image/png', '89504e47'],
    ['webp', 'image/webp', '52494646'],
    ['avif', 'image/avif', '0000002066747970'],
    ['gif', 'image/gif', '47494638'],
  ])('output=%s', async (output, type, start) => {
    const at = await setUp()
    const answer = await fetch(web.getFilePreview({ ...at, width: 40, output: output as never }))
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type])
    expect(bytes.subarray(0, start.length / 2).toString('hex')).toBe(start)
  })
  test('and are kept', async () => {
    const at = await setUp()
    const url = web.getFilePreview({ ...at, width: 64, height: 32, output: 'webp' as never })
    for (const cache of ['miss', 'hit']) {
      const answer = await fetch(url)
      expect([answer.status, answer.headers.get('x-appwrite-cache')]).toEqual([200, cache])
      await answer.arrayBuffer()
    }
  })
})
