import { createHash } from 'node:crypto'
import { Client as WebClient, Storage as WebStorage } from 'appwrite'
import { Client, ID, Permission, Query, Role, Storage, Tokens } from 'node-appwrite'
import { InputFile } from 'node-appwrite/file'
import { expect, inject, test } from 'vitest'
import { picture } from '#test/fixtures/pictures'
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

test('uploads 12 MiB in parallel chunks with progress, and gives the same bytes back', async () => {
  const bucket = await newBucket()
  const bytes = noise(12 * 1024 * 1024, 7)
  const progress: number[] = []
  const file = await storage.createFile({
    bucketId: bucket.$id,
    fileId: ID.unique(),
    file: InputFile.fromBuffer(Buffer.from(bytes), 'noise.bin'),
    onProgress: ({ progress: percent }) => progress.push(percent),
  })
  expect(file).toMatchObject({ sizeOriginal: bytes.length, chunksTotal: 3, chunksUploaded: 3 })
  expect(file.signature).toBe(md5(bytes))
  expect(progress.at(-1)).toBe(100)
  const back = await storage.getFileDownload({ bucketId: bucket.$id, fileId: file.$id })
  expect(md5(new Uint8Array(back))).toBe(md5(bytes))
})

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
  const later = await tokens.update({ tokenId: token.$id, expire: '2099-01-01T00:00:00.000+00:00' })
  expect(later.expire).toBe('2099-01-01T00:00:00.000+00:00')
  expect((await tokens.get({ tokenId: token.$id })).secret).toBe(later.secret)
  await tokens.delete({ tokenId: token.$id })
  expect((await fetch(url)).status).toBe(401)
})

test('previews a photo through both SDKs', async () => {
  const { $id: bucketId } = await newBucket({ permissions: everyone })
  const photo = Buffer.from(picture('jpeg6'))
  await storage.createFile({
    bucketId,
    fileId: 'photo',
    file: InputFile.fromBuffer(photo, 'photo.jpg'),
  })
  const bytes = new Uint8Array(
    await storage.getFilePreview({ bucketId, fileId: 'photo', width: 64, height: 32 }),
  )
  expect([...bytes.slice(0, 3)]).toEqual([0xff, 0xd8, 0xff])
  const url = web.getFilePreview({
    bucketId,
    fileId: 'photo',
    width: 64,
    height: 32,
    output: 'webp' as never,
  })
  const first = await fetch(url)
  expect([
    first.status,
    first.headers.get('content-type'),
    first.headers.get('x-appwrite-cache'),
  ]).toEqual([200, 'image/webp', 'miss'])
  await first.arrayBuffer()
  const second = await fetch(url)
  expect(second.headers.get('x-appwrite-cache')).toBe('hit')
  await second.arrayBuffer()
})
