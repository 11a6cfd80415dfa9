import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, test } from 'vitest'
import { teams, users } from '#/db/schema'
import { NOW, PROJECT, ROOT, type World, world } from '#test/support/world'

/** Where clients keep what they like, and where it is shown again. */
const PLACES = [
  {
    name: 'a user, by a key',
    write: ['patch', '/users/ann/prefs'],
    read: ['/users/ann/prefs', '/users/ann', '/users'],
    table: users,
  },
  {
    name: 'a user, by themselves',
    write: ['patch', '/account/prefs'],
    read: ['/account/prefs', '/account'],
    table: users,
  },
  {
    name: 'a team',
    write: ['put', '/teams/crew/prefs'],
    read: ['/teams/crew/prefs', '/teams/crew', '/teams'],
    table: teams,
  },
] as const
type Place = (typeof PLACES)[number]

let w: World
let session: Record<string, string>
const sent: string[] = []
beforeAll(async () => {
  const EVENTS = {
    sendBatch: async (messages: Iterable<{ body: { body: { text: string } } }>) => {
      for (const { body } of messages) sent.push(body.body.text)
    },
  }
  w = await world(
    { RATE_LIMITS: 'off', EVENTS: EVENTS as unknown as Queue }, // nothing else is called
    () => NOW,
  )
  session = (await w.signedIn({ id: 'ann' })).headers
  await w.team({ id: 'crew' })
  const hook = await w.send('post', '/webhooks', {
    webhookId: 'hook',
    name: 'Hook',
    url: 'https://hooks.example.com/',
    events: ['users.*.update.prefs', 'teams.*.update.prefs'],
  })
  expect(hook.status).toBe(201)
})

const callerOf = ({ write: [, path] }: Place) => (path.startsWith('/account') ? session : ROOT)

/** Sends JSON exactly as it stands, and gives the answer as text. */
async function exactly(place: Place, method: string, path: string, body?: string) {
  const { response, settle } = await w.raw(
    new Request(`http://localhost/v1${path}`, {
      method: method.toUpperCase(),
      headers: {
        ...callerOf(place),
        'X-Appwrite-Project': PROJECT,
        'Content-Type': 'application/json',
      },
      ...(body === undefined ? {} : { body }),
    }),
  )
  const text = await response.text()
  await settle()
  return { status: response.status, text }
}
const store = (place: Place, prefs: string) =>
  exactly(place, place.write[0], place.write[1], `{"prefs":${prefs}}`)
const stored = async ({ table }: Place) => {
  const [row] = await w.db.select({ prefs: sql<string>`${table.prefs}` }).from(table)
  return row?.prefs
}
const byHand = (place: Place, prefs: string) =>
  w.db.update(place.table).set({ prefs: sql`${prefs}` })

describe.each(PLACES)('preferences of $name', (place) => {
  test.each([
    '{"id":1234567890123456789}',
    '{"id":-9223372036854775808,"uint":18446744073709551615}',
    '{"price":1.10,"whole":1.0,"exponent":1E2,"small":1e-400,"zero":-0}',
    '{"a":[{"b":[12345678901234567890123456789,0.1000000000000000055]}]}',
    '{"largest":1.7976931348623157e308}',
    '{"text":"1.10","empty":{},"list":[],"null":null}',
  ])('keep %s digit by digit, in the row, in every answer and in webhooks', async (prefs) => {
    sent.length = 0
    const answer = await store(place, prefs)
    expect([answer.status, answer.text]).toEqual([
      200,
      place.name === 'a user, by themselves' ? expect.stringContaining(`"prefs":${prefs}`) : prefs,
    ])
    expect(await stored(place)).toBe(prefs)
    for (const path of place.read) {
      const { status, text } = await exactly(place, 'get', path)
      expect([status, text]).toEqual([200, expect.stringContaining(prefs)])
    }
    expect(sent).toEqual([expect.stringContaining(prefs)])
  })
  test.each([
    '{"a":1e400}',
    '{"a":[-1E+309]}',
    `{"a":${'9'.repeat(400)}}`,
    '{"__proto__":1}',
    '{"a":{"constructor":1}}',
    '{"a":[[{"__proto__":{}}]]}',
    '{"\\u005f_proto__":1}',
    '{"constructors":1}',
    '{"a":"\\ud800"}',
    '12345678901234567891',
  ])('refuse %s, which clients cannot read, and stay what they were', async (prefs) => {
    await byHand(place, '{"was":1}')
    sent.length = 0
    const { status, text } = await store(place, prefs)
    expect([status, JSON.parse(text).type]).toEqual([400, 'general_argument_invalid'])
    expect(JSON.parse(text).message).toMatch(/^Invalid `prefs` param: /)
    expect([await stored(place), sent]).toEqual(['{"was":1}', []])
  })
  test('that hold such things already are shown without them', async () => {
    await byHand(
      place,
      '{"__proto__":{"admin":true},"a":{"constructor":1,"b":1.10},"n":[1e400,2],"m":-1e999}',
    )
    for (const path of place.read) {
      const { status, text } = await exactly(place, 'get', path)
      expect([status, text]).toEqual([
        200,
        expect.stringContaining('{"a":{"b":1.10},"n":[null,2]}'),
      ])
      expect(text).not.toMatch(/__proto__|constructor|e400|e999/)
    }
  })
  test('that differ in a digit alone are another value, and the same ones are not', async () => {
    await w.db.update(place.table).set({ prefs: sql`'{"n":1.0}'`, updatedAt: new Date(0) })
    const at = async () =>
      (await w.db.select({ at: place.table.updatedAt }).from(place.table))[0]?.at
    await store(place, '{"n":1.0}')
    expect(await at()).toEqual(new Date(0))
    await store(place, '{"n":1.00}')
    expect(await at()).toEqual(NOW)
  })
})

test('numbers of parameters are read as ever, however they are written', async () => {
  await w.bucket({ id: 'photos', maximumFileSize: 5 })
  const put = (size: string) =>
    exactly(PLACES[0], 'put', '/storage/buckets/photos', `{"name":"P","maximumFileSize":${size}}`)
  for (const size of ['1000.0', '1E3', '"1000"']) {
    const { status, text } = await put(size)
    expect([status, JSON.parse(text).maximumFileSize]).toEqual([200, 1000])
  }
  for (const size of ['1.5', '1e400', '9007199254740993', '-1e400', '[1.0]']) {
    const { status, text } = await put(size)
    expect([size, status, JSON.parse(text).type]).toEqual([size, 400, 'general_argument_invalid'])
  }
})
