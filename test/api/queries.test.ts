import { beforeAll, describe, expect, test } from 'vitest'
import { buckets, fileTokens } from '#/db/schema'
import { after as at, HOUR } from '#test/support/clock'
import { group, lister, q, sendList, storeFiles } from '#test/support/lists'
import { NOW, ROOT, type World, world } from '#test/support/world'

let w: World
let bucket: Awaited<ReturnType<World['bucket']>>
let files: ReturnType<typeof lister>
beforeAll(async () => {
  w = await world()
  bucket = await w.bucket()
  files = lister(w, bucket.id)
  await storeFiles(w, bucket, [
    { id: 'a', name: 'Alpha.TXT', sizeOriginal: 10, createdAt: at(1), folder: 'x/' },
    { id: 'b', name: 'beta.txt', sizeOriginal: 20, createdAt: at(2), folder: 'x/y/' },
    { id: 'c', name: 'GAMMA 100%', sizeOriginal: 20, createdAt: at(3), chunksUploaded: 0 },
    { id: 'd', name: 'delta_1', sizeOriginal: 30, createdAt: at(3), mimeType: 'image/png' },
    { id: 'e', name: 'alp*a\\', sizeOriginal: 30, createdAt: at(2), mimeType: 'image/png' },
  ])
})

describe('filters (docs/contract/queries.md §3)', () => {
  test.each([
    [q('equal', 'name', 'beta.txt'), 'b'],
    [q('equal', 'name', 'BETA.txt'), ''],
    [q('equal', 'name', 'beta.txt', 'delta_1', 'none'), 'bd'],
    [q('equal', '$id', 'a', 'c', 'A'), 'ac'],
    [q('equal', 'folder', ''), 'cde'],
    [q('equal', 'sizeOriginal', 20), 'bc'],
    [q('equal', 'sizeOriginal', 10, 30), 'ade'],
    [q('equal', '$createdAt', at(3).toISOString()), 'cd'],
    [
      q(
        'equal',
        '$createdAt',
        at(3 + 2 * HOUR)
          .toISOString()
          .replace('Z', '+02:00'),
      ),
      'cd',
    ],
    [q('notEqual', 'sizeOriginal', 20), 'ade'],
    [q('notEqual', 'name', 'beta.txt'), 'acde'],
    [q('lessThan', 'sizeOriginal', 20), 'a'],
    [q('lessThanEqual', 'sizeOriginal', 20), 'abc'],
    [q('greaterThan', 'sizeOriginal', 20), 'de'],
    [q('greaterThanEqual', 'sizeOriginal', 20), 'bcde'],
    [q('lessThan', 'name', 'a'), 'ac'],
    [q('greaterThan', '$createdAt', at(2).toISOString()), 'cd'],
    [q('between', 'sizeOriginal', 10, 20), 'abc'],
    [q('between', 'sizeOriginal', 20, 10), ''],
    [q('between', '$createdAt', at(2).toISOString(), at(3).toISOString()), 'bcde'],
    [q('notBetween', 'sizeOriginal', 20, 20), 'ade'],
    [q('isNull', 'name'), ''],
    [q('isNotNull', 'name'), 'abcde'],
    [q('startsWith', 'name', 'ALP'), 'ae'],
    [q('startsWith', 'name', ''), 'abcde'],
    [q('startsWith', 'name', 'alp*'), 'e'],
    [q('notStartsWith', 'name', 'alp'), 'bcd'],
    [q('endsWith', 'name', '.txt'), 'ab'],
    [q('endsWith', 'name', ''), 'abcde'],
    [q('endsWith', 'name', 'a much longer text than any name'), ''],
    [q('notEndsWith', 'name', '.TXT'), 'cde'],
    [q('contains', 'name', 'MMA', 'ELT'), 'cd'],
    [q('contains', 'name', ''), 'abcde'],
    [q('contains', 'name', '%'), 'c'],
    [q('contains', 'name', '_'), 'd'],
    [q('contains', 'name', '*'), 'e'],
    [q('contains', 'name', '\\'), 'e'],
    [q('contains', 'name', "'"), ''],
    [q('contains', 'name', 'x'.repeat(100)), ''],
    [q('containsAny', 'name', 'alpha', 'beta'), 'ab'],
    [q('containsAll', 'name', 'ALPHA.txt', 'BETA.TXT'), 'ab'],
    [q('containsAll', 'name', 'alpha'), ''],
    [q('notContains', 'name', 'alp', 'mma'), 'bd'],
    [q('equal', '$sequence', 2_147_483_647), ''],
    [group('or', q('equal', '$id', 'a'), q('equal', '$id', 'b')), 'ab'],
    [group('and', q('equal', 'sizeOriginal', 20), q('contains', 'name', 'beta')), 'b'],
    [
      group(
        'or',
        group('and', q('equal', 'sizeOriginal', 30), q('startsWith', 'name', 'd')),
        group('and', q('equal', 'folder', 'x/'), q('notEqual', '$id', 'b')),
      ),
      'ad',
    ],
  ])('%s gives %j', async (query, expected) =>
    expect(await files.ids(query)).toEqual([...expected]),
  )
  test('match only where all hold', async () => {
    const queries = [q('equal', 'sizeOriginal', 20, 30), q('equal', 'mimeType', 'image/png')]
    expect(await files.ids(...queries, q('contains', 'name', '*'))).toEqual(['e'])
  })
  test('work on booleans', async () => {
    const own = await world()
    await own.db.delete(buckets)
    await own.bucket({ id: 'on', enabled: true, maximumFileSize: 5 })
    await own.bucket({ id: 'off', enabled: false, maximumFileSize: 2 ** 40 })
    for (const [query, expected] of [
      [q('equal', 'enabled', true), ['on']],
      [q('equal', 'enabled', false), ['off']],
      [q('equal', 'enabled', true, false), ['on', 'off']],
      [q('notEqual', 'enabled', true), ['off']],
      [q('lessThan', 'enabled', true), ['off']],
      [q('greaterThan', 'maximumFileSize', 5), ['off']],
    ] as const) {
      const { body } = await sendList(own, '/storage/buckets', [query])
      expect(body.buckets.map(({ $id }: { $id: string }) => $id)).toEqual(expected)
    }
    await own.db.insert(buckets).values(bucket)
  })
})

describe('rows without a value (docs/contract/queries.md §3, §5)', () => {
  const path = () => `/storage/buckets/${bucket.id}/files/a`
  const LATER = at(10 ** 9).toISOString()
  async function tokens(...queries: string[]) {
    const { status, body } = await sendList(w, `/tokens/buckets/${bucket.id}/files/a`, queries)
    return status === 200 ? body.tokens.map(({ $id }: { $id: string }) => $id).join() : body.type
  }
  beforeAll(async () => {
    expect((await w.send('get', path())).body.$id).toBe('a')
    const sequence = (await w.db.query.files.findFirst({ where: (f, { eq }) => eq(f.id, 'a') }))
      ?.sequence
    await w.db.insert(fileTokens).values(
      [at(10 ** 8), null, at(2 * 10 ** 8)].map((expiresAt, index) => ({
        id: `t${index}`,
        bucketId: bucket.id,
        fileId: 'a',
        bucketSequence: bucket.sequence,
        fileSequence: sequence ?? 0,
        expiresAt,
        createdAt: NOW,
        updatedAt: NOW,
      })),
    )
  })
  test('match neither a condition nor its negation', async () => {
    const first = at(10 ** 8).toISOString()
    expect(await tokens(q('isNull', 'expire'))).toBe('t1')
    expect(await tokens(q('isNotNull', 'expire'))).toBe('t0,t2')
    expect(await tokens(q('equal', 'expire', first))).toBe('t0')
    expect(await tokens(q('notEqual', 'expire', first))).toBe('t2')
    expect(await tokens(q('between', 'expire', first, LATER))).toBe('t0,t2')
    expect(await tokens(q('notBetween', 'expire', first, first))).toBe('t2')
    expect(await tokens(q('lessThan', 'expire', LATER))).toBe('t0,t2')
    expect(await tokens(group('or', q('isNull', 'expire'), q('equal', 'expire', first)))).toBe(
      't0,t1',
    )
  })
  test('can be a cursor, where the order has it', async () => {
    expect(await tokens(q('orderAsc', 'expire'))).toBe('t1,t0,t2')
    expect(await tokens(q('cursorAfter', '', 't1'))).toBe('t2')
    expect(await tokens(q('orderAsc', 'expire'), q('cursorAfter', '', 't0'))).toBe('t2')
    expect(await tokens(q('orderAsc', 'expire'), q('cursorAfter', '', 't1'))).toBe('t0,t2')
    expect(await tokens(q('orderAsc', 'expire'), q('cursorBefore', '', 't0'))).toBe('t1')
    expect(await tokens(q('orderDesc', 'expire'), q('cursorAfter', '', 't0'))).toBe('t1')
    expect(await tokens(q('orderDesc', 'expire'), q('cursorBefore', '', 't1'))).toBe('t2,t0')
  })
})

describe('order and cursors (docs/contract/queries.md §5)', () => {
  const ORDERS: [name: string, orders: string[], expected: string][] = [
    ['creation, oldest first, by default', [], 'abcde'],
    ['insertion', [q('orderAsc')], 'abcde'],
    ['insertion, reversed', [q('orderDesc')], 'edcba'],
    ['$sequence', [q('orderDesc', '$sequence')], 'edcba'],
    ['$id', [q('orderDesc', '$id')], 'edcba'],
    ['size, ties by creation', [q('orderAsc', 'sizeOriginal')], 'abcde'],
    ['size reversed, ties still by creation', [q('orderDesc', 'sizeOriginal')], 'debca'],
    ['$createdAt, ties by creation', [q('orderAsc', '$createdAt')], 'abecd'],
    ['$createdAt reversed, ties reversed', [q('orderDesc', '$createdAt')], 'dceba'],
    ['name', [q('orderAsc', 'name')], 'eabdc'],
    ['two attributes', [q('orderAsc', 'sizeOriginal'), q('orderAsc', '$createdAt')], 'abced'],
    ['mixed directions', [q('orderDesc', 'sizeOriginal'), q('orderAsc', '$createdAt')], 'edbca'],
    ['mixed, ties given', [q('orderAsc', 'sizeOriginal'), q('orderDesc', '$id')], 'acbed'],
    ['time second', [q('orderAsc', 'mimeType'), q('orderDesc', '$createdAt')], 'decba'],
    [
      'an attribute twice',
      [q('orderDesc', 'sizeOriginal'), q('orderAsc', 'sizeOriginal')],
      'debca',
    ],
  ]
  test.each(ORDERS)('sorts by %s', async (_, orders, expected) =>
    expect((await files.ids(...orders)).join('')).toBe(expected),
  )
  test.each(ORDERS)('pages both ways through an order by %s', async (_, orders) => {
    const all = await files.ids(...orders)
    for (const [index, id] of all.entries()) {
      const after = q('cursorAfter', '', id)
      const before = q('cursorBefore', '', id)
      expect(await files.ids(...orders, after)).toEqual(all.slice(index + 1))
      expect(await files.ids(...orders, before)).toEqual(all.slice(0, index))
      expect(await files.ids(...orders, after, q('limit', '', 2))).toEqual(
        all.slice(index + 1, index + 3),
      )
      expect(await files.ids(...orders, before, q('limit', '', 2))).toEqual(
        all.slice(Math.max(0, index - 2), index),
      )
    }
  })
  test('apply offset and filters on top of a cursor', async () => {
    const after = q('cursorAfter', '', 'a')
    expect(await files.ids(after, q('offset', '', 1), q('limit', '', 2))).toEqual(['c', 'd'])
    expect(await files.ids(q('cursorBefore', '', 'e'), q('offset', '', 1))).toEqual(['a', 'b', 'c'])
    expect(await files.ids(after, q('equal', 'sizeOriginal', 10, 30))).toEqual(['d', 'e'])
    expect((await files.send([after, q('offset', '', 3)])).body.total).toBe(5)
  })
  test('accept a cursor that the filter or search leaves out', async () => {
    const after = q('cursorAfter', '', 'c')
    expect(await files.ids(after, q('equal', 'mimeType', 'image/png'))).toEqual(['d', 'e'])
    expect((await files.search('delta', after))[0]).toEqual(['d'])
  })
  test.each([[[]], [[q('orderAsc', 'name')]], [[q('orderRandom')]], [[q('isNull', 'name')]]])(
    'refuse an unknown cursor with %j',
    async (queries) => {
      for (const method of ['cursorAfter', 'cursorBefore']) {
        expect(await files.outcome([...queries, q(method, '', 'unknown')])).toEqual([
          400,
          'general_cursor_not_found',
        ])
      }
    },
  )
  test("refuse another bucket's file as a cursor", async () => {
    const other = lister(w, (await w.bucket()).id)
    expect(await other.outcome([q('cursorAfter', '', 'a')])).toEqual([
      400,
      'general_cursor_not_found',
    ])
  })
  test('shuffle without losing rows', async () => {
    expect((await files.ids(q('orderRandom'))).sort().join('')).toBe('abcde')
    const orders = new Set<string>()
    for (let turn = 0; turn < 20; turn++) orders.add((await files.ids(q('orderRandom'))).join(''))
    expect(orders.size).toBeGreaterThan(1)
  })
  test('take the largest limit and offset', async () => {
    const most = '9223372036854775807'
    expect(await files.ids(q('limit', '', most))).toHaveLength(5)
    expect(await files.ids(q('offset', '', most))).toEqual([])
    expect(await files.ids(q('limit', '', most), q('offset', '', most))).toEqual([])
    expect(await files.ids(q('limit', '', 2), q('offset', '', 4))).toEqual(['e'])
  })
})

describe('old clients (docs/contract/queries.md §10)', () => {
  const send = (version: string, ...queries: string[]) =>
    sendList(w, `/storage/buckets/${bucket.id}/files`, queries, {
      headers: { ...ROOT, 'X-Appwrite-Response-Format': version },
    })
  const OLD = [
    'greaterThan("sizeOriginal", [10])',
    'orderDesc("name")',
    "cursorAfter('d')",
    'limit(2)',
  ]
  test('write queries as text', async () => {
    const { status, body } = await send('1.4.0', ...OLD)
    expect([status, body.files.map(({ $id }: { $id: string }) => $id)]).toEqual([200, ['b', 'e']])
  })
  test.each(['1.5.0', '1.9.5', '2.3.0', 'x'])('%s is no old client', async (version) => {
    expect((await send(version, q('equal', '$id', 'a'))).body.total).toBe(1)
    expect((await send(version, 'limit(2)')).body.type).toBe('general_argument_invalid')
  })
  test('are told when the text cannot be read, or says what is not allowed', async () => {
    expect((await send('1.4.0', 'limit(')).body.type).toBe('general_query_invalid')
    expect((await send('1.4.0', 'limit(0)')).body.type).toBe('general_argument_invalid')
    expect((await send('1.4.0', 'nothing("a")')).body.type).toBe('general_argument_invalid')
  })
})
