import { expect, test } from 'vitest'
import { type World, world } from '#test/support/world'

const create = (w: World, allowedFileExtensions: unknown) =>
  w.send('post', '/storage/buckets', { bucketId: 'unique()', name: 'x', allowedFileExtensions })
const upload = async (w: World, id: string, name: string) => {
  const { status, body } = await w.upload(id, 'hello', { name })
  return status === 201 ? 201 : body.type
}
const REFUSED = 'storage_file_type_unsupported'

test('extensions are kept in one spelling, on create and on update', async () => {
  const w = await world()
  const given = ['JPG', '.webp', 'tar.gz', '*.PNG', ' .Svg ', 'jpg', '.JPG', 'ΣΑΣ', 'e\u0301']
  const kept = ['jpg', 'webp', 'tar.gz', 'png', 'svg', 'σας', '\u00e9']
  const made = await create(w, given)
  expect([made.status, made.body.allowedFileExtensions]).toEqual([201, kept])
  const { body } = await w.send('put', `/storage/buckets/${made.body.$id}`, {
    name: 'y',
    allowedFileExtensions: ['.GZ', 'gz'],
  })
  expect(body.allowedFileExtensions).toEqual(['gz'])
})

test.each([
  ['JPG', 'a.jpg', 201],
  ['JPG', 'a.JPG', 201],
  ['JPG', 'a.jpeg', REFUSED],
  ['JPG', 'jpg', REFUSED],
  ['.webp', 'a.webp', 201],
  ['.webp', 'awebp', REFUSED],
  ['*.webp', 'a.b.WebP', 201],
  ['tar.gz', 'a.tar.gz', 201],
  ['tar.gz', 'a.TAR.GZ', 201],
  ['tar.gz', 'a.gz', REFUSED],
  ['tar.gz', 'atar.gz', REFUSED],
  ['tar.gz', 'a.tar', REFUSED],
  ['gz', 'a.tar.gz', 201],
  ['gitignore', '.gitignore', 201],
  ['.é', 'a.E\u0301', 201],
])('a bucket for %s answers %s with %s', async (extension, name, expected) => {
  const w = await world()
  const { body } = await create(w, [extension])
  expect(await upload(w, body.$id, name)).toBe(expected)
})

test.each([
  'image/png',
  'a/b',
  '*',
  '.',
  '..',
  '*.*',
  'png,jpg',
  'png jpg',
  'a\\b',
  'a..b',
  'png.',
  '\u200b',
])('%j, with which no name can end, is refused with the reason', async (extension) => {
  const w = await world()
  const { status, body } = await create(w, ['png', extension])
  expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  expect(body.message).toMatch(/`allowedFileExtensions` param: must be the end of a file name/)
})

test('rows from before are read as they were meant', async () => {
  const w = await world()
  const { id } = await w.bucket({ allowedFileExtensions: ['JPG', '.webp', 'tar.gz'] })
  expect(await upload(w, id, 'a.jpg')).toBe(201)
  expect(await upload(w, id, 'a.webp')).toBe(201)
  expect(await upload(w, id, 'a.tar.gz')).toBe(201)
  expect(await upload(w, id, 'a.png')).toBe(REFUSED)
})

test('an empty list allows all', async () => {
  const w = await world()
  const { body } = await create(w, [])
  expect(await upload(w, body.$id, 'noextension')).toBe(201)
})
