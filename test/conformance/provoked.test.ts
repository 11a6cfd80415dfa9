import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { files, variants } from '#/db/schema'
import api from '#test/contract/api.json'
import { picture } from '#test/fixtures/pictures'
import { epochSeconds } from '#test/support/clock'
import { errorBody } from '#test/support/errors'
import {
  type Answer,
  GUEST_HEADERS,
  type Json,
  PROJECT,
  ROOT,
  type World,
  world,
} from '#test/support/world'

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'storage.listBuckets database_query_order_null':
    'a row without the value is a place in the order',
  'storage.listFiles database_query_order_null': 'a row without the value is a place in the order',
  'storage.createBucket general_server_error':
    'upstream makes a table per bucket; here it is one row',
  'storage.deleteBucket general_server_error': 'files go later, by the sweeper',
  'storage.deleteFile general_server_error': 'bytes go after the row, by the sweeper',
  'storage.getFilePreview general_server_error': 'an encoder that is not there is a typed 400',
  'storage.getFilePush general_server_error': 'there is no storage device to be missing',
  'storage.updateBucket general_server_error':
    'upstream alters a table per bucket; here it is one row',
  'tokens.list user_unauthorized': 'only keys hold the scope, and keys read everything',
  'tokens.createFileToken user_unauthorized':
    'only keys hold the scope, and keys update everything',
}

type Provoke = (w: World) => Promise<Answer>
const get =
  (path: string, headers?: Record<string, string>): Provoke =>
  (w) =>
    w.send('get', path, undefined, headers)
const query = (method: string, attribute: string, values?: Json[]) =>
  `queries[0]=${encodeURIComponent(JSON.stringify({ method, attribute, ...(values ? { values } : {}) }))}`
const guest = GUEST_HEADERS
const one = '/storage/buckets/shut/files/a'

/** Lists that fail in the ways all lists do. */
const listErrors = (path: string): Record<string, Provoke> => ({
  general_cursor_not_found: get(`${path}?${query('cursorAfter', '', ['nobody'])}`),
  general_query_invalid: get(`${path}?${query('lessThan', '$sequence', [0])}`),
})
const fileErrors = (path: string, method = 'get', body?: unknown): Record<string, Provoke> => ({
  storage_bucket_not_found: (w) => w.send(method, path.replace('shut', 'nowhere'), body),
  storage_file_not_found: (w) => w.send(method, path.replace('/a', '/nothing'), body),
  user_unauthorized: (w) => w.send(method, path, body, guest),
})
const range = (path: string): Provoke => get(path, { ...ROOT, Range: 'bytes=9-' })
/** Asks for a file by a JWT that names it. */
const push =
  (bucketId: string, fileId: string, headers = guest): Provoke =>
  async (w) => {
    const claims = { projectId: PROJECT, bucketId, fileId, exp: epochSeconds() + 60 }
    const jwt = await signJwt(claims, w.env.SECRET ?? '')
    return w.send(
      'get',
      `/storage/buckets/${bucketId}/files/${fileId}/push?jwt=${jwt}`,
      undefined,
      headers,
    )
  }
const upload =
  (options: Parameters<World['upload']>[2], bucket = 'shut', bytes = 'hello'): Provoke =>
  (w) =>
    w.upload(bucket, bytes, options)

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'storage.createBucket': {
    storage_bucket_already_exists: (w) =>
      w.send('post', '/storage/buckets', { bucketId: 'shut', name: 'x' }),
  },
  'storage.listBuckets': {
    ...listErrors('/storage/buckets'),
  },
  'storage.getBucket': { storage_bucket_not_found: get('/storage/buckets/nowhere') },
  'storage.updateBucket': {
    storage_bucket_not_found: (w) => w.send('put', '/storage/buckets/nowhere', { name: 'x' }),
  },
  'storage.deleteBucket': {
    storage_bucket_not_found: (w) => w.send('delete', '/storage/buckets/nowhere'),
  },
  'storage.createFile': {
    general_server_error: upload({}, 'huge'),
    storage_bucket_not_found: upload({}, 'nowhere'),
    storage_file_already_exists: upload({ fileId: 'a' }),
    storage_file_empty: (w) => w.send('post', '/storage/buckets/shut/files', { fileId: 'x' }),
    storage_file_type_unsupported: upload({ name: 'a.txt' }, 'pngs'),
    storage_invalid_appwrite_id: upload({ range: 'bytes 0-4/5', id: 'unique()' }),
    storage_invalid_content_range: upload({ range: 'bytes' }),
    storage_invalid_file: upload({ name: '' }),
    storage_invalid_file_size: upload({}, 'tiny'),
    user_unauthorized: upload({ headers: guest }),
    general_rate_limit_exceeded: async (w) => {
      let answer = await upload({ headers: guest })(w)
      for (let count = 0; count < 60; count++) answer = await upload({ headers: guest })(w)
      return answer
    },
  },
  'storage.listFiles': {
    ...listErrors('/storage/buckets/shut/files'),
    storage_bucket_not_found: get('/storage/buckets/nowhere/files'),
    user_unauthorized: get('/storage/buckets/shut/files', guest),
  },
  'storage.getFile': fileErrors(one),
  'storage.updateFile': fileErrors(one, 'put', { name: 'x' }),
  'storage.deleteFile': fileErrors(one, 'delete'),
  'storage.getFileDownload': {
    ...fileErrors(`${one}/download`),
    storage_invalid_range: range(`${one}/download`),
  },
  'storage.getFileView': {
    ...fileErrors(`${one}/view`),
    storage_invalid_range: range(`${one}/view`),
  },
  'storage.getFilePush': {
    user_unauthorized: get(`${one}/push`, guest),
    storage_bucket_not_found: push('nowhere', 'a'),
    storage_file_not_found: push('shut', 'nothing'),
    storage_invalid_range: push('shut', 'a', { Range: 'bytes=9-' }),
  },
  'storage.getFilePreview': {
    ...fileErrors(`${one}/preview`),
    storage_bucket_transformations_disabled: get('/storage/buckets/plain/files/a/preview', guest),
    storage_file_type_unsupported: get('/storage/buckets/shut/files/broken/preview'),
    storage_image_resolution_exceeded: get('/storage/buckets/shut/files/bomb/preview'),
  },
  'tokens.createFileToken': {
    storage_bucket_not_found: (w) => w.send('post', '/tokens/buckets/nowhere/files/a', {}),
    storage_file_not_found: (w) => w.send('post', '/tokens/buckets/shut/files/nothing', {}),
  },
  'tokens.list': {
    ...listErrors('/tokens/buckets/shut/files/a'),
    storage_bucket_not_found: get('/tokens/buckets/nowhere/files/a'),
    storage_file_not_found: get('/tokens/buckets/shut/files/nothing'),
  },
  'tokens.get': { token_not_found: get('/tokens/none') },
  'tokens.update': { token_not_found: (w) => w.send('patch', '/tokens/none', {}) },
  'tokens.delete': { token_not_found: (w) => w.send('delete', '/tokens/none') },
}

const listed = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter(({ operationId }) => /^(storage|tokens)\./.test(operationId))
  .flatMap(({ operationId, 'x-errors': types = [] }) =>
    types.map((type: string) => [operationId, type] as const),
  )

/** Buckets and files that are wrong in one way each. */
async function scene() {
  const w = await world({ STORAGE_MAX_FILE_BYTES: `${1024 ** 3}` })
  await w.db.delete(files)
  await w.db.delete(variants)
  await w.env.DB.prepare('delete from buckets').run()
  await w.bucket({ id: 'shut' })
  await w.bucket({ id: 'huge', maximumFileSize: 1024 ** 3 + 1 })
  await w.bucket({ id: 'pngs', allowedFileExtensions: ['png'] })
  await w.bucket({ id: 'tiny', maximumFileSize: 1 })
  await w.bucket({ id: 'plain', transformations: false, permissions: ['read("any")'] })
  await w.upload('shut', 'hello', { fileId: 'a' })
  await w.upload('shut', picture('png').slice(0, 60), { fileId: 'broken', name: 'a.png' })
  const bomb = picture('png')
  new DataView(bomb.buffer).setUint32(16, 60_000)
  await w.upload('shut', bomb, { fileId: 'bomb', name: 'b.png' })
  const [row] = await w.db.select().from(files).where(eq(files.id, 'bomb'))
  expect(row?.mimeType).toBe('image/png')
  return w
}

const isCovered = (name: string, type: string) =>
  CANNOT_ARISE[`${name} ${type}`] || PROVOKED[name]?.[type]

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  expect(listed.filter(([name, type]) => !isCovered(name, type))).toEqual([])
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const w = await scene()
  const { body } = await provoke(w)
  expect(body).toEqual(errorBody(type))
})
