import { beforeAll, describe, expect, test } from 'vitest'
import { q, sendList, storeFiles } from '#test/support/lists'
import { byCodePoints, NAMES, plain } from '#test/support/names'
import { type World, world } from '#test/support/world'

/** Some names twice, and some in another case. */
const ALL = [
  ...NAMES,
  ...NAMES.slice(0, 5),
  ...NAMES.slice(20, 25).map((name) => name.toUpperCase()),
]
const id = (index: number) => `i${index}`

let w: World
beforeAll(async () => {
  w = await world()
  for (const [index, name] of ALL.entries()) {
    await w.user({ id: id(index), name })
    await w.team({ id: id(index), name })
  }
  const bucket = await w.bucket({ id: 'shelf' })
  await storeFiles(
    w,
    bucket,
    ALL.map((name, index) => ({ id: id(index), name, folder: `${name}/` })),
  )
})

test('people find names where they look for them', async () => {
  const names = ['apple', 'Éclair', 'eclaire', 'Zebra']
  const { body } = await sendList(w, '/users', [
    q('equal', 'name', ...names),
    q('orderAsc', 'name'),
  ])
  expect(body.users.map(({ name }: { name: string }) => name)).toEqual(
    ALL.filter((name) => names.includes(name)).toSorted(
      (a, b) => names.indexOf(a) - names.indexOf(b),
    ),
  )
})

describe.each([
  ['/users', 'users', 'name'],
  ['/teams', 'teams', 'name'],
  ['/storage/buckets/shelf/files', 'files', 'name'],
  ['/storage/buckets/shelf/files', 'files', 'folder'],
])('%s: %s by %s', (path, list, attribute) => {
  const page = async (...queries: string[]): Promise<string[]> => {
    const { status, body } = await sendList(w, path, queries)
    expect(status, JSON.stringify(body)).toBe(200)
    return body[list].map(({ $id }: { $id: string }) => $id)
  }
  test.each([
    ['orderAsc', 1],
    ['orderDesc', -1],
  ] as const)('%s is the plain order, and pages through it both ways', async (method, sign) => {
    const expected = ALL.map((name, index) => ({
      name: attribute === 'folder' ? `${name}/` : name,
      index,
    }))
      .toSorted(
        (left, right) =>
          sign * byCodePoints(plain(left.name), plain(right.name)) ||
          sign * byCodePoints(left.name, right.name) ||
          left.index - right.index,
      )
      .map(({ index }) => id(index))
    const order = q(method, attribute)
    const limit = q('limit', '', 7)
    expect(await page(order, q('limit', '', 200))).toEqual(expected)
    for (let start = 0; start < expected.length; start += 7) {
      const after = q('cursorAfter', '', expected[start])
      const before = q('cursorBefore', '', expected[start])
      expect(await page(order, limit, after)).toEqual(expected.slice(start + 1, start + 8))
      expect(await page(order, limit, before)).toEqual(
        expected.slice(Math.max(0, start - 7), start),
      )
    }
  })
})
