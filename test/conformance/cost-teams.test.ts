import { expect, test } from 'vitest'
import { memberships, teams, users } from '#/db/schema'
import {
  acceptAs,
  founded,
  inviteTo,
  joined,
  linkTo,
  newEmail,
  readLink,
  teamWorld,
} from '#test/support/teams'
import { type Answer, NOW, type World } from '#test/support/world'

const query = (method: string, attribute: string, ...values: unknown[]) =>
  `queries[0]=${encodeURIComponent(JSON.stringify({ method, attribute, values }))}`

type Ran = Promise<Answer & { trips: number }>

/** A team of an owner who is signed in, with a member and somebody invited. */
async function scene(w: World) {
  const { team, owner, at } = await founded(w)
  const member = await joined(w, team.id)
  const email = newEmail()
  await inviteTo(w, at, owner.headers, { email })
  const link = readLink(await linkTo(w, email))
  const key = await w.key('teams.write', 'teams.read')
  await w.send('get', at, undefined, key) // its first use of a day is noted
  return {
    key,
    at,
    headers: owner.headers,
    member,
    link,
    one: `${at}/memberships/${member.membership.id}`,
  }
}
type Scene = Awaited<ReturnType<typeof scene>>

/** Requests of somebody signed in, whom it costs a round trip to know, and how many trips each may take. */
const REQUESTS: [name: string, most: number, run: (w: World, s: Scene) => Ran][] = [
  ['create', 3, (w, s) => w.send('post', '/teams', { teamId: 'unique()', name: 'x' }, s.headers)],
  ['list', 2, (w, s) => w.send('get', '/teams', undefined, s.headers)],
  ['list, search', 2, (w, s) => w.send('get', '/teams?search=red', undefined, s.headers)],
  ['get', 2, (w, s) => w.send('get', s.at, undefined, s.headers)],
  ['updateName', 3, (w, s) => w.send('put', s.at, { name: 'y' }, s.headers)],
  ['getPrefs', 2, (w, s) => w.send('get', `${s.at}/prefs`, undefined, s.headers)],
  ['updatePrefs', 3, (w, s) => w.send('put', `${s.at}/prefs`, { prefs: { a: 1 } }, s.headers)],
  ['listMemberships', 2, (w, s) => w.send('get', `${s.at}/memberships`, undefined, s.headers)],
  ['getMembership', 2, (w, s) => w.send('get', s.one, undefined, s.headers)],
  [
    'createMembership, no address',
    3,
    async (w, s) => inviteTo(w, s.at, s.headers, { userId: (await w.user()).id }),
  ],
  [
    'createMembership, stranger',
    4, // one of them is the outbox, which a mail server takes the place of
    (w, s) => inviteTo(w, s.at, s.headers, { email: newEmail() }),
  ],
  [
    'createMembership, by key',
    3,
    (w, s) => w.send('post', `${s.at}/memberships`, { email: newEmail(), roles: [] }, s.key),
  ],
  ['updateMembershipStatus', 3, (w, s) => acceptAs(w, s.link)],
  ['updateMembership', 3, (w, s) => w.send('patch', s.one, { roles: ['owner'] }, s.headers)],
  ['deleteMembership', 3, (w, s) => w.send('delete', s.one, undefined, s.headers)],
  ['delete', 3, (w, s) => w.send('delete', s.at, undefined, s.headers)],
]

test('D1 round trips stay within their budget', async () => {
  const w = await teamWorld()
  const s = await scene(w)
  const rows: string[] = []
  for (const [name, most, run] of REQUESTS) {
    const { trips, status } = await run(w, s)
    rows.push(`${name.padEnd(30)}${trips}`)
    expect(status, name).toBeLessThan(300)
    expect(trips, name).toBeLessThanOrEqual(most)
  }
  console.info(`D1 round trips, the caller's included\n${rows.join('\n')}`)
})

const BATCH = 5_000

/** Stores teams `t0`… with one member each, and as many members `u0`… of the team `big`. */
async function fill(w: World, count: number) {
  const run = (sql: string, from: number) =>
    w.env.DB.prepare(
      `with recursive n(i) as (select cast(?1 as integer) union all select i + 1 from n where i + 1 < ?2)
       ${sql}`,
    )
      .bind(from, Math.min(count, from + BATCH), NOW.getTime())
      .run()
  for (let from = 0; from < count; from += BATCH) {
    await run(
      `insert into users (id, name, hash, hash_options, password_history, registration, status, labels,
         email_verification, phone_verification, mfa, prefs, impersonator, created_at, updated_at)
       select 'u' || i, 'User ' || i, 'argon2', '{}', '[]', ?3, 1, '[]', 0, 0, 0, '{}', 0, ?3, ?3 from n`,
      from,
    )
    await run(
      `insert into teams (id, name, total, prefs, created_at, updated_at)
       select 't' || i, 'Team ' || i, 0, '{}', ?3 + i, ?3 from n`,
      from,
    )
    await run(
      `insert into memberships (id, team_id, user_id, roles, invited, joined, confirm, created_at, updated_at)
       select 'm' || i, 't' || i, 'u' || i, '["owner"]', ?3, ?3, 1, ?3, ?3 from n
       union all select 'b' || i, 'big', 'u' || i, '[]', ?3, ?3, 1, ?3 + i, ?3 from n`,
      from,
    )
  }
}

test('rows read do not grow with the tables', { timeout: 240_000 }, async () => {
  const read: Record<string, number>[] = []
  for (const count of [1_000, 100_000]) {
    const w = await teamWorld()
    for (const table of [teams, memberships, users]) await w.db.delete(table)
    await w.team({ id: 'big', name: 'Big' })
    const { headers, user } = await w.signedIn()
    await w.member('big', user.id, { roles: ['owner'] })
    await fill(w, count)
    for (const id of ['t7', `t${count - 1}`]) await w.member(id, user.id)
    for (const policy of ['memberUserName', 'memberMfa']) await w.set(policy, true)
    const cost: Record<string, number> = {}
    const ask = async (name: string, path: string, items: number, by?: Record<string, string>) => {
      const { status, body } = await w.send('get', path, undefined, by)
      expect([status, (body.teams ?? body.memberships)?.length ?? 1], name).toEqual([200, items])
      cost[name] = w.rowsRead()
    }
    await ask('own teams', '/teams', 3, headers)
    await ask('own teams, sorted', `/teams?${query('orderDesc', 'name')}`, 3, headers)
    await ask('own teams, found', '/teams?search=big', 1, headers)
    await ask('all teams', '/teams', 25)
    await ask('all teams, next page', `/teams?${query('cursorAfter', '', 't500')}`, 25)
    await ask('all teams, by name', `/teams?${query('equal', 'name', 'Team 77')}`, 1)
    await ask('all teams, found', '/teams?search=%22team+77%22', 1)
    await ask('team', '/teams/big', 1, headers)
    const big = '/teams/big/memberships'
    await ask('members', `${big}?total=0`, 25, headers)
    await ask('members, next', `${big}?total=0&${query('cursorAfter', '', 'b500')}`, 25, headers)
    await ask('members, by user', `${big}?${query('equal', 'userId', 'u77')}`, 1, headers)
    await ask('members, found', `${big}?search=%22b77%22`, 1, headers)
    await ask('membership', `${big}/b500`, 1, headers)
    for (const [name, method, path, body] of [
      ['change of roles', 'patch', `${big}/b500`, { roles: ['dev'] }],
      ['removal', 'delete', `${big}/b500`, undefined],
      ['rename', 'put', '/teams/big', { name: 'Bigger' }],
    ] as const) {
      const { status } = await w.send(method, path, body, headers)
      expect(status, name).toBeLessThan(300)
      cost[name] = w.rowsRead()
    }
    read.push(cost)
  }
  const [small = {}, large = {}] = read
  console.info(
    `D1 rows read with 1,000 and 100,000 teams, and as many members of one\n${Object.keys(small)
      .map((name) => `${name.padEnd(24)}${small[name]} ${large[name]}`)
      .join('\n')}`,
  )
  for (const [name, rows] of Object.entries(small)) {
    expect(large[name], name).toBeLessThanOrEqual(rows + 12)
  }
})
