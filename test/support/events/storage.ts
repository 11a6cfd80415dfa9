import { CHUNK_BYTES } from '#/storage/upload/slicer'
import type { Emits, Scene } from '#test/support/events/ask'
import { noise } from '#test/support/hash'

async function stored(s: Scene) {
  const { id } = await s.bucket()
  const { body } = await s.upload(id, 'hello')
  return { id, file: body, at: `/storage/buckets/${id}/files/${body.$id}` }
}

async function tokened(s: Scene) {
  const { id, file } = await stored(s)
  const { body } = await s.send('post', `/tokens/buckets/${id}/files/${file.$id}`, {})
  return body.$id as string
}

/** What the routes of Storage and Tokens tell. */
export const STORAGE: Record<string, Emits> = {
  'storage.createBucket': async ({ ask }) => {
    const { body } = await ask('post', '/storage/buckets', { bucketId: 'unique()', name: 'x' })
    return [[`buckets.${body.$id}.create`, body]]
  },
  'storage.updateBucket': async (s) => {
    const { id } = await s.bucket()
    const { body } = await s.ask('put', `/storage/buckets/${id}`, { name: 'y' })
    return [[`buckets.${id}.update`, body]]
  },
  'storage.deleteBucket': async (s) => {
    const { id } = await s.bucket()
    const { body } = await s.send('get', `/storage/buckets/${id}`)
    await s.ask('delete', `/storage/buckets/${id}`)
    return [[`buckets.${id}.delete`, body]]
  },
  'storage.createFile': async (s) => {
    const { id } = await s.bucket()
    const { body } = await s.upload(id, 'hello')
    return [[`buckets.${id}.files.${body.$id}.create`, body]]
  },
  'storage.createFile in chunks, once': async (s) => {
    const { id } = await s.bucket()
    const bytes = noise(CHUNK_BYTES + 1)
    const chunk = (from: number, to: number) =>
      s.upload(id, bytes.slice(from, to), {
        ...{ fileId: 'c', ...(from > 0 ? { id: 'c' } : {}) },
        range: `bytes ${from}-${to - 1}/${bytes.length}`,
      })
    await chunk(0, CHUNK_BYTES)
    const { body } = await chunk(CHUNK_BYTES, bytes.length)
    const again = await chunk(CHUNK_BYTES, bytes.length)
    if (again.status !== 200) throw new Error('The file was made twice.')
    return [[`buckets.${id}.files.c.create`, body]]
  },
  'storage.updateFile': async (s) => {
    const { id, file, at } = await stored(s)
    const { body } = await s.ask('put', at, { name: 'new.txt' })
    return [[`buckets.${id}.files.${file.$id}.update`, body]]
  },
  'storage.deleteFile': async (s) => {
    const { id, file, at } = await stored(s)
    await s.ask('delete', at)
    return [[`buckets.${id}.files.${file.$id}.delete`, file]]
  },
  'tokens.createFileToken': async (s) => {
    const { id, file } = await stored(s)
    await s.ask('post', `/tokens/buckets/${id}/files/${file.$id}`, {})
    return []
  },
  'tokens.update': async (s) => {
    const id = await tokened(s)
    await s.ask('patch', `/tokens/${id}`, {})
    return []
  },
  'tokens.delete': async (s) => {
    const id = await tokened(s)
    await s.ask('delete', `/tokens/${id}`)
    return []
  },
}
