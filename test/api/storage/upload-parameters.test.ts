import { describe, expect, test } from 'vitest'
import { files } from '#/db/schema'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import { noise } from '#test/support/hash'
import { ROOT, type World, world } from '#test/support/world'

const asFile = (text: string) => new File([text], 'value.txt')
type Part = [name: string, value: string | File]

const send = (w: World, bucketId: string, parts: readonly Part[], headers = {}) => {
  const form = new FormData()
  for (const [name, value] of parts) form.append(name, value)
  return w.send('post', `/storage/buckets/${bucketId}/files`, form, { ...ROOT, ...headers })
}
const FILE: Part = ['file', asFile('hello')]

describe('a parameter that is sent as a file', () => {
  test.each([
    ['fileId', 'fileId'],
    ['permissions', 'permissions'],
    ['permissions[]', 'permissions'],
    ['permissions[0]', 'permissions'],
    ['folder', 'folder'],
  ])('%s is refused, before and after the file, whole and in chunks', async (part, name) => {
    const w = await world()
    const { id } = await w.bucket()
    const bad: Part = [part, asFile('x')]
    const named: Part = ['fileId', 'a']
    const range = { 'Content-Range': `bytes 0-4/${CHUNK_BYTES + 5}` }
    for (const parts of [
      [named, bad, FILE],
      [named, FILE, bad],
    ]) {
      for (const headers of [{}, range]) {
        const { status, body } = await send(w, id, parts, headers)
        expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
        expect(body.message).toBe(`Invalid \`${name}\` param: must not be sent as a file.`)
      }
    }
    expect(await w.db.select().from(files)).toEqual([])
  })
  test('is refused behind a file of many megabytes, which leaves nothing', async () => {
    const w = await world()
    const { id } = await w.bucket()
    const file = new File([noise(CHUNK_BYTES * 2 + 1)], 'big.bin')
    const parts: Part[] = [
      ['fileId', 'a'],
      ['file', file],
      ['permissions[]', asFile('read("any")')],
    ]
    const { status, body } = await send(w, id, parts)
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
    expect(await w.db.select().from(files)).toEqual([])
    expect((await w.env.BLOBS.list()).objects).toEqual([])
  })
})

test('other files beside the first are dropped', async () => {
  const w = await world()
  const { id } = await w.bucket()
  const parts: Part[] = [['fileId', 'a'], ['thumbnail', asFile('x')], FILE, ['file', asFile('no')]]
  const { status, body } = await send(w, id, parts)
  expect([status, body.sizeOriginal, body.name]).toEqual([201, 5, 'value.txt'])
})
