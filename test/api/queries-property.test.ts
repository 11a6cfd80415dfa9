import { expect, test } from 'vitest'
import { lister, q, storeFiles } from '#test/support/lists'
import { NOW, world } from '#test/support/world'

/** Returns numbers from 0 up to 1, the same for the same seed (mulberry32). */
function seeded(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = seeded(20_261_124)
const below = (limit: number) => Math.floor(random() * limit)
const pick = <T>(choices: readonly [T, ...T[]]): T => choices[below(choices.length)] ?? choices[0]

type Row = { id: string; name: string; folder: string; sizeOriginal: number; createdAt: Date }
type Tree = { method: string; attribute?: string; values: (Tree | string | number)[] }
type Text = 'name' | 'folder' | '$id'

const PIECES = ['a', 'A', 'b', 'B', '%', '_', 'é', '*', '\\', '"', "'", ' ', '💥', ''] as const
const textOf = (pieces: number) => Array.from({ length: pieces }, () => pick(PIECES)).join('')

const ROWS: Row[] = Array.from({ length: 40 }, (_, index) => ({
  id: `${pick(['x', 'X', 'y'])}${index}`,
  name: textOf(1 + below(4)),
  folder: pick(['', 'a/', 'A/', 'a/b/']),
  sizeOriginal: below(5),
  createdAt: new Date(NOW.getTime() + below(4)),
}))

/** Folds what PIECES are made of. */
const lower = (text: string) => text.replaceAll('é', 'e').toLowerCase()

const TESTS: Record<string, (text: string, value: string) => boolean> = {
  startsWith: (text, value) => lower(text).startsWith(lower(value)),
  endsWith: (text, value) => lower(text).endsWith(lower(value)),
  contains: (text, value) => lower(text).includes(lower(value)),
  containsAll: (text, value) => lower(text) === lower(value),
}
const COMPARES: Record<string, (order: number) => boolean> = {
  equal: (order) => order === 0,
  lessThan: (order) => order < 0,
  lessThanEqual: (order) => order <= 0,
  greaterThan: (order) => order > 0,
  greaterThanEqual: (order) => order >= 0,
}
const NEGATED: Record<string, string> = {
  notEqual: 'equal',
  notBetween: 'between',
  notStartsWith: 'startsWith',
  notEndsWith: 'endsWith',
  notContains: 'contains',
  isNull: 'isNotNull',
}

const encoder = new TextEncoder()
function compareBytes(left: string, right: string) {
  const [one, two] = [encoder.encode(left), encoder.encode(right)]
  for (let index = 0; index < Math.min(one.length, two.length); index++) {
    const difference = (one[index] ?? 0) - (two[index] ?? 0)
    if (difference !== 0) return difference
  }
  return one.length - two.length
}

const held = (row: Row, attribute: string): string | number => {
  if (attribute === '$id') return row.id
  if (attribute === '$createdAt') return row.createdAt.getTime()
  return row[attribute as 'name' | 'folder' | 'sizeOriginal']
}

function compare(row: Row, attribute: string, value: string | number) {
  const own = held(row, attribute)
  if (typeof own === 'string') return compareBytes(own, String(value))
  return own - (typeof value === 'string' ? Date.parse(value) : value)
}

/** What the contract says of one row, as plainly as can be. */
function holds(row: Row, { method, attribute = '', values }: Tree): boolean {
  if (method === 'and') return values.every((one) => holds(row, one as Tree))
  if (method === 'or') return values.some((one) => holds(row, one as Tree))
  const negated = NEGATED[method]
  if (negated) return !holds(row, { method: negated, attribute, values })
  if (method === 'isNotNull') return true
  const plain = values as (string | number)[]
  const [from = '', to = ''] = plain
  if (method === 'between') {
    return compare(row, attribute, from) >= 0 && compare(row, attribute, to) <= 0
  }
  const text = TESTS[method === 'containsAny' ? 'contains' : method]
  if (text) return plain.some((value) => text(`${held(row, attribute)}`, String(value)))
  const fits = COMPARES[method]
  if (!fits) throw new Error(method)
  return plain.some((value) => fits(compare(row, attribute, value)))
}

function leaf(): Tree {
  const attribute = pick(['name', 'name', 'folder', '$id', 'sizeOriginal', '$createdAt'])
  const row = ROWS[below(ROWS.length)]
  const value = () => {
    if (attribute === 'sizeOriginal') return below(6)
    if (attribute === '$createdAt') return new Date(NOW.getTime() + below(5)).toISOString()
    return random() < 0.5 && row ? `${held(row, attribute as Text)}` : textOf(below(3))
  }
  const some = () => Array.from({ length: 1 + below(3) }, value)
  const isText = attribute !== 'sizeOriginal' && attribute !== '$createdAt'
  if (isText && random() < 0.5) {
    const many = pick(['contains', 'containsAny', 'containsAll', 'notContains'])
    const single = pick(['startsWith', 'endsWith', 'notStartsWith', 'notEndsWith'])
    return random() < 0.5
      ? { method: many, attribute, values: some() }
      : { method: single, attribute, values: [value()] }
  }
  const method = pick([
    ...(['equal', 'notEqual', 'between', 'notBetween', 'isNull', 'isNotNull'] as const),
    ...(['lessThan', 'lessThanEqual', 'greaterThan', 'greaterThanEqual'] as const),
  ])
  if (method === 'equal') return { method, attribute, values: some() }
  if (method.endsWith('etween')) return { method, attribute, values: [value(), value()] }
  return { method, attribute, values: method.endsWith('Null') ? [] : [value()] }
}

const tree = (depth: number): Tree =>
  depth === 0 || random() < 0.3
    ? leaf()
    : {
        method: pick(['and', 'or']),
        values: Array.from({ length: 2 + below(3) }, () => tree(depth - 1)),
      }

const ORDERABLE = [
  'name',
  'folder',
  'sizeOriginal',
  '$createdAt',
  '$updatedAt',
  '$sequence',
] as const
type Sorting = { attribute: (typeof ORDERABLE)[number]; descending: boolean }

/** Sorts as the contract says: ties by creation, reversed only when the first key is a time. */
function sorted(rows: readonly Row[], by: readonly Sorting[]) {
  const [first] = by
  const time = first?.attribute === '$createdAt' || first?.attribute === '$updatedAt'
  const last: Sorting = { attribute: '$sequence', descending: time && !!first?.descending }
  return rows.toSorted((left, right) => {
    const differences = [...by, last].map(({ attribute, descending }) =>
      descending ? difference(right, left, attribute) : difference(left, right, attribute),
    )
    return differences.find((one) => one !== 0) ?? 0
  })
}

/** Orders two rows by one attribute; all were updated at the same time. */
function difference(left: Row, right: Row, attribute: Sorting['attribute']) {
  if (attribute === '$updatedAt') return 0
  if (attribute === '$sequence') return ROWS.indexOf(left) - ROWS.indexOf(right)
  if (attribute === 'name' || attribute === 'folder') {
    const [one, two] = [left[attribute], right[attribute]]
    return compareBytes(lower(one), lower(two)) || compareBytes(one, two)
  }
  return compare(left, attribute, ownValue(right, attribute))
}
const ownValue = (row: Row, attribute: string) =>
  attribute === '$createdAt' ? row.createdAt.toISOString() : held(row, attribute)

const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id)

async function stored() {
  const w = await world()
  const bucket = await w.bucket()
  await storeFiles(w, bucket, ROWS)
  return lister(w, bucket.id)
}

test('a random filter finds what its plain reading finds', async () => {
  const files = await stored()
  let matched = 0
  for (let round = 0; round < 250; round++) {
    const trees = Array.from({ length: 1 + below(2) }, () => tree(3))
    const expected = idsOf(ROWS.filter((row) => trees.every((one) => holds(row, one))))
    const queries = trees.map((one) => JSON.stringify(one))
    const { status, body } = await files.send([...queries, q('limit', '', 100)])
    const found = body.files?.map(({ $id }: { $id: string }) => $id)
    expect({ queries, status, found, total: body.total }).toEqual({
      queries,
      status: 200,
      found: expected,
      total: expected.length,
    })
    if (expected.length > 0 && expected.length < ROWS.length) matched++
  }
  expect(matched).toBeGreaterThan(80)
})

test('a random order pages both ways without losing, repeating or moving a row', async () => {
  const files = await stored()
  for (let round = 0; round < 60; round++) {
    const by = Array.from({ length: below(4) }, () => ({
      attribute: pick(ORDERABLE),
      descending: random() < 0.5,
    }))
    const orders = by.map(({ attribute, descending }) =>
      q(descending ? 'orderDesc' : 'orderAsc', attribute),
    )
    const all = idsOf(sorted(ROWS, by))
    const at = below(ROWS.length)
    const size = 1 + below(10)
    const limit = q('limit', '', size)
    const page = (method: string) => files.ids(...orders, limit, q(method, '', all[at]))
    expect([orders, await files.ids(...orders, q('limit', '', 100))]).toEqual([orders, all])
    expect([orders, await page('cursorAfter')]).toEqual([orders, all.slice(at + 1, at + 1 + size)])
    expect([orders, await page('cursorBefore')]).toEqual([
      orders,
      all.slice(Math.max(0, at - size), at),
    ])
  }
})
