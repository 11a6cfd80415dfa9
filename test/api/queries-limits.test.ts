import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Bucket, buckets, files as fileTable } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { type ListSource, listStatements, pageOf } from '#/http/list'
import { group, lister, q, storeFiles } from '#test/support/lists'
import { type World, world } from '#test/support/world'

let w: World
let bucket: Bucket
let files: ReturnType<typeof lister>
const context = () =>
  ({ var: { db: w.db }, req: { header: () => undefined } }) as unknown as Context<AppEnv>

/** Stores many files at once. */
const fill = (into: Bucket, count: number) =>
  w.db.run(sql`
    insert into files (bucket_sequence, bucket_id, id, permissions, name, upload_name, folder, signature,
      mime_type, size_original, size_actual, chunks_total, chunks_uploaded, encryption, compression,
      blob_id, created_at, updated_at)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    select ${into.sequence}, ${into.id}, 'f' || i, '[]', 'name ' || i, '', '', '', '', i, i, 1, 1, 0, 'none',
      ${into.id} || i, 1, 1 from n`)

beforeAll(async () => {
  w = await world()
  bucket = await w.bucket()
  files = lister(w, bucket.id)
  await storeFiles(w, bucket, [
    { id: 'sun-1', name: 'The Sun and the Moon.txt' },
    { id: 'm2', name: 'moonlight, al@ba.io' },
    { id: 'm3', name: 'not near OR and' },
    { id: 'm4', name: 'Größe 日本 sunny' },
  ])
})

describe('the search parameter (docs/contract/queries.md §6)', () => {
  test.each([
    ['sun', 'sun-1,m4'],
    ['SUN', 'sun-1,m4'],
    ['sun moonlight', 'sun-1,m2'],
    ['sunny moonlight', 'm2,m4'],
    ['unrelated Moon', 'sun-1,m2'],
    ['moo', 'sun-1,m2'],
    ['oon', ''],
    ['moo sunny', 'm4'],
    ['"sun and"', 'sun-1'],
    ['"and sun"', ''],
    ['"moo"', ''],
    ['"SUN and THE moon"', 'sun-1'],
    ['al@ba.io', 'm2'],
    ['sun-1', 'sun-1'],
    ['1 sun', 'sun-1,m4'],
    ['m3', 'm3'],
    ['NEAR', 'm3'],
    ['NOT', 'm3'],
    ['größe', 'm4'],
    ['grosse', 'm4'],
    ['日本', 'm4'],
    ['txt', 'sun-1'],
    ['name:sun', 'sun-1,m4'],
    ['scope', ''],
    [`b1`, ''],
    ['sunny* -moon', 'sun-1,m2,m4'],
    ["'; drop table files", ''],
    ['@+-.:_', ''],
    ['"', ''],
    ['""', ''],
    ['*', ''],
    ['\u0301', ''],
    ['\ue000', ''],
    ['🎉', ''],
    ['\0', ''],
    ['ꟸ \u{1e900}', ''],
    [`${'zz '.repeat(84)}sun`, 'sun-1,m4'],
  ])('%j finds %j', async (term, expected) => {
    const ids = expected === '' ? [] : expected.split(',')
    expect(await files.search(term)).toEqual([ids, ids.length])
  })
  test('is limited to the bucket and joined with filters', async () => {
    const other = await w.bucket()
    await storeFiles(w, other, [{ id: 'sun' }])
    expect(await files.search('sun')).toEqual([['sun-1', 'm4'], 2])
    expect(await files.search('sun', q('contains', 'name', 'sunny'))).toEqual([['m4'], 1])
    expect(await files.search('sun', q('orderDesc'), q('limit', '', 1))).toEqual([['m4'], 2])
  })
  test('answers 404 where the bucket is missing', async () =>
    expect(await lister(w, 'none').outcome([], 'search=sun')).toEqual([
      404,
      'storage_bucket_not_found',
    ]))
  test.each(['search=', `search=${'a'.repeat(257)}`])('refuses %.20s', async (more) =>
    expect(await files.outcome([], more)).toEqual([400, 'general_argument_invalid']),
  )
  test('takes 256 characters', async () =>
    expect(await files.outcome([], `search=${'%F0%9F%8E%89'.repeat(256)}`)).toEqual([200, 0]))
})

describe('total (docs/contract/queries.md §7)', () => {
  test.each([
    ['', 4],
    ['total=true', 4],
    ['total=1', 4],
    ['total=false', 0],
    ['total=0', 0],
  ])('%j gives %i', async (more, total) => {
    const { body } = await files.send([q('limit', '', 2)], more)
    expect([body.files.length, body.total]).toEqual([2, total])
  })
  test.each(['total=x', 'total=2', 'total='])('refuses %j', async (more) =>
    expect(await files.outcome([], more)).toEqual([400, 'general_argument_invalid']),
  )
  test('ignores cursor, limit, offset and order', async () => {
    const queries = [q('cursorAfter', '', 'm3'), q('limit', '', 1), q('offset', '', 1)]
    expect(await files.outcome([...queries, q('orderDesc', 'name')])).toEqual([200, 4])
    expect(await files.outcome([...queries, q('startsWith', '$id', 'm')])).toEqual([200, 3])
  })
  test('stops at 5000, counted or stored', async () => {
    const big = await w.bucket()
    const many = lister(w, big.id)
    await fill(big, 5003)
    expect(await many.outcome([])).toEqual([200, 5000])
    expect(await many.outcome([q('lessThan', 'sizeOriginal', 5002)])).toEqual([200, 5000])
    expect(await many.outcome([q('lessThan', 'sizeOriginal', 5000)])).toEqual([200, 4999])
    expect(await many.outcome([], 'search=name')).toEqual([200, 5000])
    expect(await many.ids(q('offset', '', 5001))).toEqual(['f5002', 'f5003'])
  })
})

describe('limits of the database', () => {
  const TEXT = ['notEndsWith', 'notStartsWith', 'notContains', 'containsAll', 'equal'] as const
  test.each(
    TEXT.flatMap(
      (method) =>
        [
          [method, 'mimeType'],
          [method, 'name'],
        ] as const,
    ),
  )('take 300 conditions with %s on %s', async (method, attribute) => {
    const queries = Array.from({ length: 300 }, (_, index) => q(method, attribute, `Ü${index}`))
    const found = method.startsWith('not') ? 4 : 0
    expect(await files.outcome(queries)).toEqual([200, found])
    expect(await files.outcome([...queries, q('cursorAfter', '', 'm4')])).toEqual([200, found])
    expect(await files.outcome([group('or', ...queries)])).toEqual([200, found])
    expect(await files.outcome([...queries, q('isNull', 'name')])).toEqual([
      400,
      'general_query_invalid',
    ])
  })
  /** Nests 20 levels, or as many as 300 conditions allow, with `beside` next to each deeper level. */
  function deep(pair: string, beside: readonly string[], weight: number, deepFirst: boolean) {
    let tree = pair
    for (let depth = 2, count = 2; depth <= 20 && count + weight <= 300; depth++) {
      const inner = deepFirst ? [tree, ...beside] : [...beside, tree]
      tree = group(depth % 2 ? 'or' : 'and', ...inner)
      count += weight
    }
    return tree
  }
  test.each(
    [2, 3, 5, 9, 15, 17, 33].flatMap(
      (ways) =>
        [
          [ways, 'x'],
          [ways, 'Straße'],
        ] as const,
    ),
  )('take 20 levels that branch %i ways over %s', async (ways, text) => {
    const leaf = q('notEndsWith', 'name', text)
    const pair = group('or', leaf, leaf)
    const leaves = Array<string>(ways - 1).fill(leaf)
    const pairs = Array<string>(ways - 1).fill(pair)
    const both = [...leaves.slice(0, 1), ...pairs.slice(1)]
    for (const deepFirst of [true, false]) {
      for (const tree of [
        deep(pair, leaves, ways - 1, deepFirst),
        deep(pair, pairs, 2 * ways - 2, deepFirst),
        deep(pair, both, 2 * ways - 3, deepFirst),
      ]) {
        const queries = [tree, q('orderAsc', 'name'), q('cursorAfter', '', 'm4')]
        expect(await files.outcome(queries)).toEqual([200, 4])
      }
    }
  })
  test('take 500 values in each of 20 conditions', async () => {
    const values = Array.from({ length: 500 }, (_, index) => `v${index}`)
    const queries = ['equal', 'contains', 'notContains', 'containsAll'].flatMap((method) =>
      Array<string>(5).fill(q(method, 'name', ...values)),
    )
    expect(await files.outcome([group('or', ...queries)])).toEqual([200, 4])
  })
  test('take every attribute in the order, in mixed directions, with a cursor', async () => {
    const { name, folder, signature, mimeType, sizeOriginal, chunksTotal } = fileTable
    const attributes = Object.keys({ name, folder, signature, mimeType, sizeOriginal, chunksTotal })
    const orders = [...attributes, 'chunksUploaded', '$createdAt', '$updatedAt', '$id']
      .reverse()
      .map((attribute, index) => q(index % 2 ? 'orderAsc' : 'orderDesc', attribute))
    const all = await files.ids(...orders)
    expect(all).toEqual(['sun-1', 'm4', 'm3', 'm2'])
    expect(await files.ids(...orders, q('cursorAfter', '', 'm4'))).toEqual(['m3', 'm2'])
    const guest = await w.bucket({ permissions: [], fileSecurity: true })
    await storeFiles(w, guest, [
      { id: 'g1', permissions: ['read("any")'] },
      { id: 'g2', permissions: ['read("any")'] },
      { id: 'g3' },
    ])
    const fields = [...orders, q('cursorAfter', '', 'g2'), q('notEqual', 'name', 'x')].map(
      (query, index) => `queries[${index}]=${encodeURIComponent(query)}`,
    )
    const path = `/storage/buckets/${guest.id}/files?search=g1&${fields.join('&')}`
    const { status, body } = await w.send('get', path, undefined, {})
    expect([status, body.total, body.files?.map(({ $id }: { $id: string }) => $id)]).toEqual([
      200,
      1,
      ['g1'],
    ])
  })
  test('take 200 order queries', async () => {
    const orders = Array<string>(100).fill(q('orderDesc', 'name'))
    expect(
      await files.ids(...orders, ...orders, q('orderAsc', 'name'), q('cursorAfter', '', 'm2')),
    ).toEqual(['m4'])
  })
})

describe('lists of text (docs/contract/queries.md §3)', () => {
  const source: ListSource = {
    table: buckets,
    attributes: { tags: 'string[]' },
    columns: { tags: buckets.allowedFileExtensions },
    where: sql`${buckets.name} = 'tagged'`,
  }
  beforeAll(async () => {
    for (const [id, tags] of [
      ['x', ['red']],
      ['xy', ['red', 'blue']],
      ['none', []],
      ['big', ['RED', 'reddish']],
    ] as const) {
      await w.bucket({ id, name: 'tagged', allowedFileExtensions: [...tags] })
    }
  })
  test.each([
    [q('contains', 'tags', 'red'), 'x,xy'],
    [q('containsAny', 'tags', 'blue', 'reddish'), 'xy,big'],
    [q('containsAll', 'tags', 'blue', 'red'), 'xy'],
    [q('containsAll', 'tags', 'red', 'red'), 'x,xy'],
    [q('notContains', 'tags', 'red'), 'none,big'],
    [q('notContains', 'tags', 'blue', 'RED'), 'x,none'],
    [q('isNull', 'tags'), ''],
    [q('isNotNull', 'tags'), 'x,xy,none,big'],
  ])('%s gives %j', async (query, expected) => {
    const list = listStatements(context(), { queries: [query], total: true }, source)
    const page = pageOf<Bucket>(list, await w.db.batch(list.statements))
    expect(page.rows.map(({ id }) => id).join()).toBe(expected)
  })
})

describe('query plans (docs/contract/queries.md §11)', () => {
  const parent = sql`bucket_sequence = (select sequence from buckets where id = ${'x'})`
  async function planOf(...queries: string[]) {
    const source: ListSource = {
      table: fileTable,
      attributes: { name: 'string', folder: 'string', sizeOriginal: 'integer' },
      where: parent,
    }
    const { statements } = listStatements(context(), { queries, total: true }, source)
    const page = statements[1] as unknown as { toSQL(): { sql: string; params: unknown[] } }
    const { sql: text, params } = page.toSQL()
    const plan = w.env.DB.prepare(`explain query plan ${text}`).bind(...params)
    return (await plan.all<{ detail: string }>()).results.map(({ detail }) => detail).join('\n')
  }
  const AFTER = q('cursorAfter', '', 'f1')
  const BEFORE = q('cursorBefore', '', 'f1')
  test.each([
    ['the first page', 'files_by_bucket', []],
    ['a page after a cursor', 'files_by_bucket', [AFTER]],
    ['a page before a cursor', 'files_by_bucket', [BEFORE]],
    ['newest first', 'files_by_created', [q('orderDesc', '$createdAt')]],
    ['newest first, after a cursor', 'files_by_created', [q('orderDesc', '$createdAt'), AFTER]],
    ['by name', 'files_by_folded_name', [q('orderAsc', 'name')]],
    ['by name, after a cursor', 'files_by_folded_name', [q('orderAsc', 'name'), AFTER]],
    ['by folder', 'files_by_folded_folder', [q('orderAsc', 'folder')]],
    ['by folder, before a cursor', 'files_by_folded_folder', [q('orderAsc', 'folder'), BEFORE]],
    ['by name in a folder', 'files_by_', [q('orderAsc', 'name'), q('equal', 'sizeOriginal', 1)]],
    ['a folder', 'files_by_folder', [q('equal', 'folder', 'x/')]],
  ])('find %s by index, without sorting', async (_, index, queries) => {
    const plan = await planOf(...queries)
    expect(plan).toContain(`SEARCH files USING INDEX ${index}`)
    expect(plan).not.toContain('TEMP B-TREE')
    expect(plan).not.toMatch(/SCAN (files|buckets)\b/)
  })
  test('read a page, not the rows before its cursor', async () => {
    const big = await w.bucket()
    await fill(big, 1000)
    for (const order of [[], [q('orderDesc')], [q('orderAsc', 'name')]]) {
      for (const method of ['cursorAfter', 'cursorBefore']) {
        const queries = [...order, q(method, '', 'f500'), q('limit', '', 10)]
        expect(await lister(w, big.id).ids(...queries)).toHaveLength(10)
        expect(w.rowsRead()).toBeLessThan(60)
      }
    }
    // Ties run against the order, so SQLite sorts what lies beyond the cursor.
    expect(await planOf(q('orderDesc', 'name'), AFTER)).toContain(
      'files_by_folded_name (bucket_sequence=? AND name_folded<?)',
    )
  })
})
