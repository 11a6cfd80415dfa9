import { beforeAll, describe, expect, test } from 'vitest'
import { API_VERSION } from '#/lib/version'
import { openApi } from '#/pipeline/openapi'
import { ROUTES } from '#/routes'
import { q, sendList } from '#test/support/lists'
import { type Json, NOW, ROOT, type World, world } from '#test/support/world'

const lists = ROUTES.map(({ spec }) => spec).filter(
  ({ input, method }) => method === 'get' && input.query && 'queries' in input.query.shape,
)

/** Every field of every model: what a list may know as an attribute. */
const FIELDS = [
  ...new Set(
    Object.values<Json>((openApi(ROUTES, API_VERSION) as Json).components.schemas).flatMap(
      ({ properties = {} }) => Object.keys(properties),
    ),
  ),
  'search',
]
const MOMENT = NOW.toISOString()
const VALUES = ['abc', 1, true, MOMENT]
const FILTERS = (attribute: string) => [
  ...VALUES.flatMap((value) =>
    ['equal', 'notEqual', 'lessThan', 'greaterThanEqual', 'contains', 'notContains'].map((method) =>
      q(method, attribute, value),
    ),
  ),
  ...VALUES.map((value) => q('between', attribute, value, value)),
  ...['startsWith', 'notEndsWith', 'search'].map((method) => q(method, attribute, 'abc')),
  ...['isNull', 'isNotNull', 'orderAsc', 'orderDesc'].map((method) => q(method, attribute)),
]

const SEARCHES = ['abc', '"abc def"', 'abc*', '-', '"', 'NEAR(', 'a:b', 'ﷺ', '東京', '😀', '\u0301']

let w: World
let callers: Record<string, Record<string, string>>
beforeAll(async () => {
  w = await world({ RATE_LIMITS: 'off' })
  const { id } = await w.user({ id: 'ann', email: 'ann@example.com' })
  callers = { key: ROOT, user: (await w.session(id)).headers, guest: {} }
})

test('finds every list', () => {
  expect(lists.length).toBeGreaterThanOrEqual(20)
})

describe.each(lists.map((spec) => [spec.name, spec] as const))('%s', (_, spec) => {
  const isChild = spec.path.includes('/:')
  const path = spec.path.replaceAll(/:\w+/g, 'nope').replace('/v1', '')
  const own = () => (spec.name.startsWith('account.') ? callers.user : callers.key) ?? {}
  const takesSearch = spec.input.query && 'search' in spec.input.query.shape
  const send = async (queries: readonly string[], search?: string, headers = own()) => {
    const more = search === undefined ? '' : `search=${encodeURIComponent(search)}`
    const { status, body } = await sendList(w, path, queries, { more, headers })
    return { status, type: body.type as string | undefined, queries, search }
  }
  const knownFields = async () => {
    const known = []
    for (const field of FIELDS) {
      const { status, type } = await send([q('isNull', field)])
      if (status < 400 || type !== 'general_argument_invalid') known.push(field)
    }
    return known
  }

  /** Sends a list with each of these searches, and returns the answers that are no refusal where one is due. */
  const answersTo = async (
    queries: readonly string[],
    searches: readonly string[],
    headers = own(),
  ) => {
    const asked = takesSearch ? [undefined, ...searches] : [undefined]
    const answers = await Promise.all(asked.map((search) => send(queries, search, headers)))
    const wrong = answers.filter(({ status }) => !(status >= (isChild ? 400 : 200) && status < 500))
    return { wrong, taken: answers.filter(({ status }) => status < 300 || status === 404).length }
  }

  test('answers every search below a parent that is missing, for every caller', async () => {
    const wrong = []
    for (const headers of Object.values(callers)) {
      for (const queries of [[], [q('limit', '', 1)], [q('cursorAfter', '', 'nope')]]) {
        wrong.push(...(await answersTo(queries, SEARCHES, headers)).wrong)
      }
    }
    expect(wrong).toEqual([])
  })

  test('answers every filter and order by each attribute below a parent that is missing', async () => {
    const wrong = []
    let taken = 0
    for (const query of (await knownFields()).flatMap(FILTERS)) {
      const answers = await answersTo([query], ['abc'])
      wrong.push(...answers.wrong)
      taken += answers.taken
    }
    expect(wrong).toEqual([])
    expect(taken).toBeGreaterThan(spec.errors.includes('general_cursor_not_found') ? 20 : -1)
  })
})
