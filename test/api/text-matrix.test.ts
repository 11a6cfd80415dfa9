import { beforeAll, describe, expect, test } from 'vitest'
import { q, sendList, storeFiles } from '#test/support/lists'
import { NAMES, plain } from '#test/support/names'
import { type World, world } from '#test/support/world'

const UNSPACED =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]|\p{ExtPict}|\p{RI}/u
const RUN = /(?:[\p{L}\p{N}\p{M}]|\p{ExtPict}|\p{RI})+/gu
const runs = (text: string): string[] => plain(text).match(RUN) ?? []

/** Checks whether one run of a term is in a name: as a word, as a prefix if it is the last, or anywhere. */
function isFound(run: string, isLast: boolean, name: string) {
  if (UNSPACED.test(run)) {
    const text = runs(name).join('')
    const before = text[text.indexOf(run) - 1] ?? run
    return text.includes(run) && (UNSPACED.test(run.slice(0, 2)) || UNSPACED.test(before))
  }
  return runs(name).some((own) =>
    own.split(UNSPACED).some((word) => (isLast ? word.startsWith(run) : word === run)),
  )
}
const matches = (term: string, name: string) =>
  runs(term).some((run, index, all) => isFound(run, index === all.length - 1, name))

const VARIANTS = [
  (text: string) => text,
  (text: string) => text.toUpperCase(),
  (text: string) => text.toLowerCase(),
  (text: string) => text.normalize('NFD'),
]

/** Parts of names as people read letters, each one in one of several spellings. */
const VALUES = [
  ...new Set(
    NAMES.flatMap((name, index) => {
      const letters = [...new Intl.Segmenter('und').segment(name)].map(({ segment }) => segment)
      const half = Math.ceil(letters.length / 2)
      const parts = [letters, letters.slice(0, half), letters.slice(half), letters.slice(1, 3)]
      return parts.map((part, at) => VARIANTS[(index + at) % 4]?.(part.join('')) ?? '')
    }),
  ),
].filter((part) => part.trim() !== '')

const TESTS: Record<string, (name: string, value: string) => boolean> = {
  contains: (name, value) => name.includes(value),
  startsWith: (name, value) => name.startsWith(value),
  endsWith: (name, value) => name.endsWith(value),
}

let w: World
const id = (index: number) => `${700 + index}`

beforeAll(async () => {
  w = await world()
  const bucket = await w.bucket({ id: 'shelf', name: 'shelf' })
  for (const [index, name] of NAMES.entries()) {
    await w.user({ id: id(index), name })
    await w.team({ id: id(index), name })
    await w.bucket({ id: id(index), name })
  }
  await storeFiles(
    w,
    bucket,
    NAMES.map((name, index) => ({ id: id(index), name })),
  )
})

const LISTS = [
  ['/users', 'users', VALUES.filter((_, index) => index % 2 === 0)],
  ...(
    [
      ['/teams', 'teams'],
      ['/storage/buckets', 'buckets'],
      ['/storage/buckets/shelf/files', 'files'],
    ] as const
  ).map(([path, list], at) => [path, list, VALUES.filter((_, index) => index % 6 === at)] as const),
] as const

describe.each(LISTS)('%s', (path, list, values) => {
  const found = async (queries: readonly string[], more = '') => {
    const { status, body } = await sendList(w, path, [...queries, q('limit', '', 100)], { more })
    expect(status, JSON.stringify(body)).toBe(200)
    const ids: string[] = body[list].map(({ $id }: { $id: string }) => $id)
    return ids.filter((one) => one !== 'shelf').map((one) => NAMES[Number(one) - 700])
  }
  test.each(Object.keys(TESTS))(
    '%s and its negation find what the plain reading finds',
    async (method) => {
      const negated = `not${method[0]?.toUpperCase()}${method.slice(1)}`
      for (const value of values) {
        const holds = (name: string) => TESTS[method]?.(plain(name), plain(value))
        expect([value, await found([q(method, 'name', value)])]).toEqual([
          value,
          NAMES.filter(holds),
        ])
        expect([value, await found([q(negated, 'name', value)])]).toEqual([
          value,
          NAMES.filter((name) => !holds(name)),
        ])
      }
    },
  )
  test('search finds words in every script, and any part where no spaces are put', async () => {
    let some = 0
    for (const value of values) {
      const expected = NAMES.filter((name) => matches(value, name))
      if (expected.length > 0) some++
      expect([value, await found([], `search=${encodeURIComponent(value)}`)]).toEqual([
        value,
        expected,
      ])
    }
    expect(some).toBeGreaterThan(values.length / 3)
  })
})

describe('memberships', () => {
  test.each([
    ['contains', 'userId', 'EN'],
    ['contains', 'userId', '\u212A'], // the Kelvin sign folds to k
    ['startsWith', 'userId', 'An'],
    ['endsWith', 'userId', 'N'],
    ['contains', 'teamId', 'RE'],
  ])('%s(%s, %s) and its negation', async (method, attribute, value) => {
    const people = ['ann', 'BEN', 'ken', 'eve']
    const own = await world()
    const team = `Red-${method}-${value === 'EN' ? 1 : value.codePointAt(0)}`
    await own.team({ id: team })
    for (const person of people) {
      const id = `${person}-${team}`
      await own.user({ id })
      await own.member(team, id)
    }
    const found = async (name: string) => {
      const { status, body } = await sendList(own, `/teams/${team}/memberships`, [
        q(name, attribute, value),
      ])
      expect(status).toBe(200)
      return body.memberships.map(({ userId }: { userId: string }) => userId)
    }
    const holds = (id: string) =>
      TESTS[method]?.(plain(attribute === 'userId' ? id : team), plain(value))
    const ids = people.map((person) => `${person}-${team}`)
    const negated = `not${method[0]?.toUpperCase()}${method.slice(1)}`
    expect(await found(method)).toEqual(ids.filter(holds))
    expect(await found(negated)).toEqual(ids.filter((one) => !holds(one)))
    const search = `search=${encodeURIComponent('"KEN')}`
    const { body } = await sendList(own, `/teams/${team}/memberships`, [], { more: search })
    expect(body.total).toBe(1)
  })
})
