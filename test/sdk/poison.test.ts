import { Account, Client as WebClient } from 'appwrite'
import { Client, ID, Query, Teams, Users } from 'node-appwrite'
import { beforeAll, describe, expect, inject, test } from 'vitest'

const endpoint = inject('endpoint')
const key = { 'X-Appwrite-Project': 'edgewrite', 'X-Appwrite-Key': inject('apiKey') }
const client = new Client().setEndpoint(endpoint).setProject('edgewrite').setKey(inject('apiKey'))
const users = new Users(client)
const teams = new Teams(client)

/** What would keep an SDK from reading a page that shows it. */
const REFUSED = [
  '{"__proto__":{"admin":true}}',
  '{"constructor":1}',
  '{"prototype":{"constructor":{"name":"x"}}}',
  '{"a":[{"b":{"__proto__":1}}]}',
  '{"a":{"b":{"c":[[{"constructor":[]}]]}}}',
  '{"\\u005f\\u005fproto\\u005f\\u005f":1}',
  '{"my__proto__":1}',
  '{"a":1e400}',
  '{"a":[-1e400]}',
  `{"a":${'9'.repeat(400)}}`,
  '{"a":"\\udc00"}',
  '{"\\ud800":1}',
]
/** What looks like it and is none. */
const TAKEN = [
  '{"a":123456789012345678901234567890}',
  '{"a":-9223372036854775808}',
  '{"a":1e308,"b":5e-324,"c":0.1e1}',
  '{"prototype":1,"hasOwnProperty":2,"toString":3,"valueOf":4,"then":5,"toJSON":6}',
  '{"$id":"x","total":-1,"":1}',
  '{"a":[[],{},null,"",0,false]}',
  '[]',
]

/** Sends preferences exactly as they stand, as no SDK would. @returns the status */
async function tries(method: string, path: string, prefs: string) {
  const { status } = await fetch(`${endpoint}${path}/prefs`, {
    method,
    headers: { ...key, 'Content-Type': 'application/json' },
    body: `{"prefs":${prefs}}`,
  })
  return status
}

const tag = ID.unique()
const ids: string[] = []
const teamIds: string[] = []
const statuses: number[][] = []

beforeAll(async () => {
  for (const prefs of [...REFUSED, ...TAKEN]) {
    const user = await users.create({ userId: ID.unique(), name: tag })
    const team = await teams.create({ teamId: ID.unique(), name: tag })
    ids.push(user.$id)
    teamIds.push(team.$id)
    statuses.push([
      await tries('PATCH', `/users/${user.$id}`, prefs),
      await tries('PUT', `/teams/${team.$id}`, prefs),
    ])
  }
})

describe('a page whose members each tried something unreadable', () => {
  const queries = [Query.equal('name', tag), Query.limit(100)]

  test('had every poison refused and all else taken', () => {
    const expected = [...REFUSED.map(() => [400, 400]), ...TAKEN.map(() => [200, 200])]
    expect(statuses).toEqual(expected)
  })
  test('of users is read whole', async () => {
    const page = await users.list({ queries })
    expect(page.users.map(({ $id }) => $id)).toEqual(ids)
    expect(page.users.slice(0, REFUSED.length).map(({ prefs }) => prefs)).toEqual(
      REFUSED.map(() => ({})),
    )
    expect(Object.keys(page.users.at(-4)?.prefs ?? {})).toContain('toString')
  })
  test('of teams is read whole', async () => {
    const page = await teams.list({ queries })
    expect(page.teams.map(({ $id }) => $id)).toEqual(teamIds)
  })
  test('of memberships is read whole', async () => {
    const [teamId = ''] = teamIds
    for (const userId of ids) await teams.createMembership({ teamId, userId, roles: [] })
    const page = await teams.listMemberships({ teamId, queries: [Query.limit(100)] })
    expect(page.memberships.map(({ userId }) => userId)).toEqual(ids)
    const own = await users.listMemberships({ userId: ids[0] ?? '' })
    expect(own.memberships.map(({ teamName }) => teamName)).toEqual([tag])
  })
  test('of every member alone is read by the web SDK', async () => {
    for (const userId of ids) {
      const { jwt } = await users.createJWT({ userId })
      const web = new WebClient().setEndpoint(endpoint).setProject('edgewrite').setJWT(jwt)
      expect((await new Account(web).get()).$id).toBe(userId)
    }
  })
})

const NESTED = `${'['.repeat(5000)}${']'.repeat(5000)}`
const VALUES = ['1e400', '-1e400', '{"__proto__":1}', '{"constructor":1}', '[[1e400]]', NESTED]

test('a query that holds such values is refused, wherever it holds them', async () => {
  const query = (method: string, value: string) =>
    `{"method":"${method}","attribute":"name","values":[${value}]}`
  const valid = query('equal', '"a"')
  const bad = [
    ...VALUES.flatMap((value) => [query('equal', value), query('isNull', value)]),
    ...VALUES.map((value) => `{"method":"or","values":[${valid},${query('isNull', value)}]}`),
    ...VALUES.map((value) => `{"method":"limit","values":[1,${value}]}`),
    '{"method":"equal","attribute":"name","values":["a"],"__proto__":1}',
    '{"method":"equal","attribute":"name","values":["a"],"more":[{"constructor":1}]}',
    '{"method":"equal","attribute":"name","values":["\\ud800"]}',
  ]
  for (const query of bad) {
    const url = `${endpoint}/users?queries[0]=${encodeURIComponent(query)}`
    const answer = await fetch(url, { headers: key })
    expect([query, answer.status]).toEqual([query, 400])
    expect(await answer.json()).toMatchObject({ type: 'general_argument_invalid' })
  }
})
