import { expect, test } from 'vitest'
import { files } from '#/db/schema'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import { picture } from '#test/fixtures/pictures'
import { noise } from '#test/support/hash'
import { type Answer, NOW, type World, world } from '#test/support/world'

const list = (...queries: [method: string, attribute: string, ...values: unknown[]][]) =>
  queries
    .map(
      ([method, attribute, ...values], index) =>
        `queries[${index}]=${encodeURIComponent(JSON.stringify({ method, attribute, values }))}`,
    )
    .join('&')

/** Requests by a stored key, which costs the caller's round trip, and how many trips each may take. */
const REQUESTS: [
  name: string,
  most: number,
  run: (w: World, headers: Record<string, string>) => Promise<Answer & { trips: number }>,
][] = [
  [
    'createBucket',
    3,
    (w, h) => w.send('post', '/storage/buckets', { bucketId: 'unique()', name: 'x' }, h),
  ],
  ['listBuckets', 2, (w, h) => w.send('get', '/storage/buckets', undefined, h)],
  ['getBucket', 2, (w, h) => w.send('get', '/storage/buckets/b', undefined, h)],
  ['updateBucket', 3, (w, h) => w.send('put', '/storage/buckets/b', { name: 'y' }, h)],
  ['createFile', 3, (w, headers) => w.upload('b', 'x', { headers })],
  [
    'createFile, first chunk',
    3,
    (w, headers) =>
      w.upload('b', noise(CHUNK_BYTES), {
        headers,
        fileId: 'c',
        range: `bytes 0-${CHUNK_BYTES - 1}/${CHUNK_BYTES * 3}`,
      }),
  ],
  [
    'createFile, next chunk',
    3,
    (w, headers) =>
      w.upload('b', noise(CHUNK_BYTES), {
        headers,
        fileId: 'c',
        id: 'c',
        range: `bytes ${CHUNK_BYTES}-${CHUNK_BYTES * 2 - 1}/${CHUNK_BYTES * 3}`,
      }),
  ],
  [
    'createFile, last chunk',
    3,
    (w, headers) =>
      w.upload('b', noise(CHUNK_BYTES), {
        headers,
        fileId: 'c',
        id: 'c',
        range: `bytes ${CHUNK_BYTES * 2}-${CHUNK_BYTES * 3 - 1}/${CHUNK_BYTES * 3}`,
      }),
  ],
  [
    'listFiles',
    2,
    (w, h) =>
      w.send(
        'get',
        `/storage/buckets/b/files?search=a&${list(['equal', 'name', 'a.png'])}`,
        undefined,
        h,
      ),
  ],
  ['getFile', 2, (w, h) => w.send('get', '/storage/buckets/b/files/a', undefined, h)],
  ['updateFile', 3, (w, h) => w.send('put', '/storage/buckets/b/files/a', { name: 'b.png' }, h)],
  [
    'getFileDownload',
    2,
    (w, h) => w.send('get', '/storage/buckets/b/files/a/download', undefined, h),
  ],
  ['getFileView', 2, (w, h) => w.send('get', '/storage/buckets/b/files/a/view', undefined, h)],
  [
    'getFilePreview, cold',
    3,
    (w, h) => w.send('get', '/storage/buckets/b/files/a/preview?width=9', undefined, h),
  ],
  [
    'getFilePreview, warm',
    2,
    (w, h) => w.send('get', '/storage/buckets/b/files/a/preview?width=9', undefined, h),
  ],
  ['createFileToken', 3, (w, h) => w.send('post', '/tokens/buckets/b/files/a', {}, h)],
  ['list (tokens)', 2, (w, h) => w.send('get', '/tokens/buckets/b/files/a', undefined, h)],
  ['deleteFile', 3, (w, h) => w.send('delete', '/storage/buckets/b/files/a', undefined, h)],
  ['deleteBucket', 3, (w, h) => w.send('delete', '/storage/buckets/b', undefined, h)],
]

test('D1 round trips stay within their budget', async () => {
  const w = await world()
  await w.bucket({ id: 'b' })
  await w.upload('b', picture('png'), { fileId: 'a', name: 'a.png' })
  const scopes = ['buckets', 'files', 'tokens'].flatMap((name) => [`${name}.read`, `${name}.write`])
  const headers = await w.key(...scopes)
  const rows: string[] = []
  for (const [name, most, run] of REQUESTS) {
    const { trips, status } = await run(w, headers)
    rows.push(`${name.padEnd(26)}${trips}`)
    expect(status, name).toBeLessThan(300)
    expect(trips, name).toBeLessThanOrEqual(most)
  }
  console.info(`D1 round trips, the caller's key included\n${rows.join('\n')}`)
})

async function fill(w: World, bucketSequence: number, count: number) {
  const batch = 5_000
  for (let from = 0; from < count; from += batch) {
    await w.env.DB.prepare(
      `with recursive n(i) as (select cast(?1 as integer) union all select i + 1 from n where i + 1 < ?2)
       insert into files (bucket_sequence, bucket_id, id, permissions, name, upload_name, folder, signature,
         mime_type, size_original, size_actual, chunks_total, chunks_uploaded, encryption, compression,
         blob_id, created_at, updated_at)
       select ?3, 'big', 'f' || i, '[]', 'file-' || i || '.txt', '', '', 'x', 'text/plain', i, 1, 1, 1, 0,
         'none', cast(?3 as integer) || '-' || i, ?4 + i, ?4 from n`,
    )
      .bind(from, Math.min(count, from + batch), bucketSequence, NOW.getTime())
      .run()
  }
}

test('rows read do not grow with the table', { timeout: 120_000 }, async () => {
  const read: Record<string, number>[] = []
  for (const count of [1_000, 100_000]) {
    const w = await world()
    await w.db.delete(files)
    const bucket = await w.bucket()
    await fill(w, bucket.sequence, count)
    const at = `/storage/buckets/${bucket.id}/files`
    const cost: Record<string, number> = {}
    const ask = async (name: string, path: string, expected: number) => {
      const { status, body } = await w.send('get', path)
      expect([status, body.files?.length ?? 1], name).toEqual([200, expected])
      cost[name] = w.rowsRead()
    }
    await ask('get', `${at}/f500`, 1)
    await ask('first page', at, 25)
    await ask('next page', `${at}?${list(['cursorAfter', '', 'f500'])}`, 25)
    await ask('page before', `${at}?${list(['cursorBefore', '', 'f500'])}`, 25)
    await ask('newest first', `${at}?${list(['orderDesc', '$createdAt'])}`, 25)
    await ask('by name', `${at}?${list(['equal', 'name', 'file-77.txt'])}`, 1)
    await ask('search, one hit', `${at}?search=%22f777%22`, 1)
    read.push(cost)
  }
  const [small = {}, large = {}] = read
  console.info(
    `D1 rows read with 1,000 and 100,000 files\n${Object.keys(small)
      .map((name) => `${name.padEnd(18)}${small[name]} ${large[name]}`)
      .join('\n')}`,
  )
  for (const [name, rows] of Object.entries(small)) {
    expect(large[name], name).toBeLessThanOrEqual(rows + 12)
  }
})
