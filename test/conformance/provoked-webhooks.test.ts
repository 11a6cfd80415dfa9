import { expect, test } from 'vitest'
import { webhooks } from '#/db/schema'
import api from '#test/contract/api-project.json'
import { errorBody } from '#test/support/errors'
import { type Answer, type Json, type World, world } from '#test/support/world'

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'webhooks.list database_query_order_null': 'a row without the value is a place in the order',
  'webhooks.delete general_server_error': 'a row goes in one statement',
}

type Provoke = (w: World) => Promise<Answer>

const GOOD = { url: 'https://hooks.example.com/', name: 'Hook', events: ['users.*'] }
const ask =
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Provoke =>
  (w) =>
    w.send(method, `/webhooks${path}`, body, headers)
const query = (method: string, attribute: string, values: Json[]) =>
  `?queries[0]=${encodeURIComponent(JSON.stringify({ method, attribute, values }))}`

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'webhooks.list': {
    general_cursor_not_found: ask('get', query('cursorAfter', '', ['none'])),
    general_query_invalid: ask('get', query('lessThan', '$sequence', [0])),
  },
  'webhooks.create': {
    webhook_already_exists: ask('post', '', { webhookId: 'taken', ...GOOD }),
  },
  'webhooks.get': { webhook_not_found: ask('get', '/none') },
  'webhooks.update': { webhook_not_found: ask('put', '/none', GOOD) },
  'webhooks.updateSecret': { webhook_not_found: ask('patch', '/none/secret') },
  'webhooks.delete': { webhook_not_found: ask('delete', '/none') },
}

const listed = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter(({ operationId }) => operationId.startsWith('webhooks.'))
  .flatMap(({ operationId, 'x-errors': types = [] }) =>
    types.map((type: string) => [operationId, type] as const),
  )

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  expect(listed.length).toBeGreaterThan(5)
  const isCovered = ([name, type]: readonly [string, string]) =>
    CANNOT_ARISE[`${name} ${type}`] ?? PROVOKED[name]?.[type]
  expect(listed.filter((one) => !isCovered(one))).toEqual([])
})

async function scene() {
  const w = await world()
  await w.db.delete(webhooks)
  expect((await ask('post', '', { webhookId: 'taken', ...GOOD })(w)).status).toBe(201)
  return w
}

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const { body } = await provoke(await scene())
  expect(body).toEqual(errorBody(type))
})
