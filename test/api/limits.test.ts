import { count, eq } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { mockNumbers, sessions, teams, users } from '#/db/schema'
import { accountWorld, address, GUEST, PASSWORD, phoneNumber } from '#test/support/account'
import { comeBack, network, oauth2World, setUpOidc, somebody, start } from '#test/support/oauth2'
import { hold, tally, times } from '#test/support/races'
import { founded, inviteTo, teamWorld } from '#test/support/teams'
import { type Answer, NOW, ROOT, type World } from '#test/support/world'

const TRIES = 50
const ROOM = 5

const rowsOf = async (w: World, table: typeof users | typeof teams | typeof mockNumbers) =>
  (await w.db.select({ count: count() }).from(table))[0]?.count ?? 0

/** Lets a project have five more users. */
async function leaveRoom(w: World) {
  await w.set('userLimit', (await rowsOf(w, users)) + ROOM)
}

afterEach(() => vi.restoreAllMocks())

type Way = [send: (w: World) => Promise<() => Promise<Answer>>, refused: string]

/** Each way in which somebody becomes a user without the owner's own call. */
const WAYS: Record<string, Way> = {
  'signs up': [
    async (w) => {
      const body = { userId: 'unique()', password: PASSWORD }
      return () => w.send('post', '/account', { ...body, email: address() }, GUEST)
    },
    '400 user_count_exceeded',
  ],
  'is anonymous': [
    async (w) => () => w.send('post', '/account/sessions/anonymous', {}, GUEST),
    '400 user_count_exceeded',
  ],
  'wants a magic link': [
    async (w) => () =>
      w.send('post', '/account/tokens/magic-url', { userId: 'unique()', email: address() }, GUEST),
    '400 user_count_exceeded',
  ],
  'wants a code by mail': [
    async (w) => () =>
      w.send('post', '/account/tokens/email', { userId: 'unique()', email: address() }, GUEST),
    '400 user_count_exceeded',
  ],
  'wants a code by phone': [
    async (w) => () =>
      w.send('post', '/account/tokens/phone', { userId: 'unique()', phone: phoneNumber() }, GUEST),
    '400 user_count_exceeded',
  ],
  'is invited by an owner': [
    async (w) => {
      const { owner, at } = await founded(w)
      await leaveRoom(w)
      return () => inviteTo(w, at, owner.headers, { email: address() })
    },
    '400 user_count_exceeded',
  ],
}

describe('the user limit', () => {
  test.each(Object.entries(WAYS))(
    'holds for fifty at once, of whom each %s',
    async (_, [prepare, refused]) => {
      const w = await accountWorld()
      await leaveRoom(w)
      const send = await prepare(w)
      const before = await rowsOf(w, users)
      const { held } = hold(w, /^insert into "users"/, TRIES)
      const answers = await times(TRIES, send)
      expect(held()).toBe(TRIES)
      expect(tally(answers)).toEqual({ '201': ROOM, [refused]: TRIES - ROOM })
      expect(await rowsOf(w, users)).toBe(before + ROOM)
    },
    180_000, // fifty passwords are hashed
  )

  test.each(['sessions', 'tokens'] as const)(
    'holds for fifty who arrive from a provider at once, for %s',
    async (kind) => {
      const w = await oauth2World()
      await setUpOidc(w)
      const people = Array.from({ length: TRIES }, () => somebody())
      network({
        'POST https://id.example.com/token': ({ body }) => {
          const code = new URLSearchParams(body).get('code')
          return { body: { access_token: code, token_type: 'Bearer', expires_in: 3600 } }
        },
        'GET https://id.example.com/me': ({ headers }) => ({
          body: people[Number(headers.get('authorization')?.split(' ')[1])],
        }),
      })
      const flows = await times(TRIES, () => start(w, { kind }))
      await leaveRoom(w)
      const before = await rowsOf(w, users)
      const { held } = hold(w, /^insert into "users"/, TRIES)
      const answers = await times(TRIES, (index) =>
        comeBack(w, flows[index] ?? { state: '' }, { answer: { code: `${index}` } }),
      )
      expect(held()).toBe(TRIES)
      const failed = answers.filter(({ headers, text }) =>
        `${headers.get('location')}${text}`.includes('user_count_exceeded'),
      )
      expect([failed.length, await rowsOf(w, users)]).toEqual([TRIES - ROOM, before + ROOM])
    },
  )

  test('is not asked by what the owner calls', async () => {
    const w = await teamWorld()
    const { at } = await founded(w)
    await w.set('userLimit', 1)
    const server = await w.send('post', '/users', { userId: 'unique()', email: address() })
    const invited = await w.send('post', `${at}/memberships`, { email: address(), roles: [] })
    expect([server.status, invited.status]).toEqual([201, 201])
  })
})

test('fifty sign-ins at once leave as many sessions as the policy allows', async () => {
  const w = await accountWorld()
  const user = await w.user()
  const secrets = await times(TRIES, async () => {
    const { body } = await w.send('post', `/users/${user.id}/tokens`, {}, ROOT)
    return body.secret
  })
  await w.set('sessionLimit', ROOM)
  const answers = await Promise.all(
    secrets.map((secret) =>
      w.send('post', '/account/sessions/token', { userId: user.id, secret }, GUEST),
    ),
  )
  expect(tally(answers)).toEqual({ '201': TRIES })
  const left = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
  expect(left).toHaveLength(ROOM)
})

test('fifty fixed codes at once fill the list up to its limit', async () => {
  const w = await accountWorld()
  await w.env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
     insert into mock_numbers (number, otp, created_at, updated_at)
     select '+4916' || (10000000 + i), '123456', ?2, ?2 from n`,
  )
    .bind(5000 - ROOM, NOW.getTime())
    .run()
  const answers = await times(TRIES, () =>
    w.send('post', '/project/mock-phones', { number: phoneNumber(), otp: '123456' }),
  )
  expect(tally(answers)).toEqual({
    '201': ROOM,
    '400 mock_number_limit_exceeded': TRIES - ROOM,
  })
  expect(await rowsOf(w, mockNumbers)).toBe(5000)
})

describe('the team limit', () => {
  const create = (w: World, headers: Record<string, string>, teamId = 'unique()') =>
    w.send('post', '/teams', { teamId, name: 'Team' }, headers)
  const PATH = '/project/policies/team-limit'

  test('is a hundred made by one user: the next one is refused, and a deleted one makes room', async () => {
    const w = await teamWorld()
    const { user, headers } = await w.signedIn()
    const { body: first } = await create(w, headers)
    for (let made = 1; made < 100; made++) await w.team({ createdBy: user.id })
    const refused = await create(w, headers)
    expect([refused.status, refused.body.type]).toEqual([403, 'general_resource_blocked'])
    // One taken ID is told as before.
    expect((await create(w, headers, first.$id)).body.type).toBe('team_already_exists')
    const other = await w.signedIn()
    expect((await create(w, other.headers)).status).toBe(201)
    expect((await create(w, ROOT)).status).toBe(201)
    expect((await w.send('delete', `/teams/${first.$id}`, undefined, headers)).status).toBe(204)
    expect((await create(w, headers)).status).toBe(201)
  })
  test('counts teams that their maker has left, and none that the user was added to', async () => {
    const w = await teamWorld()
    await w.set('teamLimit', 1)
    const { user, headers } = await w.signedIn()
    const theirs = await w.team()
    await w.member(theirs.id, user.id, { roles: ['owner'] })
    const { body: own } = await create(w, headers)
    const { body: list } = await w.send('get', `/teams/${own.$id}/memberships`, undefined, headers)
    const path = `/teams/${own.$id}/memberships/${list.memberships[0].$id}`
    expect((await w.send('delete', path, undefined, headers)).status).toBe(204)
    expect((await create(w, headers)).body.type).toBe('general_resource_blocked')
  })
  test('does not pass from a deleted user to the next one of the same ID', async () => {
    const w = await teamWorld()
    await w.set('teamLimit', 1)
    const first = await w.signedIn()
    expect((await create(w, first.headers)).status).toBe(201)
    expect((await w.send('delete', `/users/${first.user.id}`)).status).toBe(204)
    const next = await w.signedIn({ id: first.user.id })
    expect((await create(w, next.headers)).status).toBe(201)
  })
  test('holds for fifty at once', async () => {
    const w = await teamWorld()
    await w.set('teamLimit', ROOM)
    const { user, headers } = await w.signedIn()
    const { held } = hold(w, /^insert into "teams"/, TRIES)
    const answers = await times(TRIES, () => create(w, headers))
    expect(held()).toBe(TRIES)
    expect(tally(answers)).toEqual({ '201': ROOM, '403 general_resource_blocked': TRIES - ROOM })
    const made = await w.db.select().from(teams).where(eq(teams.createdBy, user.id))
    expect(made.map(({ total }) => total)).toEqual(Array(ROOM).fill(1))
  })
  test('reads no more teams than it allows, however many a user has made before', async () => {
    const w = await teamWorld()
    await w.set('teamLimit', 3)
    const { user, headers } = await w.signedIn()
    const readWith = async (count: number) => {
      for (let made = 0; made < count; made++) await w.team({ createdBy: user.id })
      expect((await create(w, headers)).status).toBe(403)
      return w.rowsRead()
    }
    const few = await readWith(3)
    expect(await readWith(60)).toBe(few)
  })
  test('is a policy: shown, changed, switched off', async () => {
    const w = await teamWorld()
    await w.env.DB.prepare('delete from settings').run()
    expect((await w.send('get', PATH)).body).toEqual({ $id: 'team-limit', total: 100 })
    expect((await w.send('patch', PATH, { total: 10_001 })).status).toBe(400)
    expect((await w.send('patch', PATH, { total: 1 })).status).toBe(200)
    const { headers } = await w.signedIn()
    expect((await create(w, headers)).status).toBe(201)
    expect((await create(w, headers)).status).toBe(403)
    expect((await w.send('patch', PATH, { total: null })).status).toBe(200)
    expect((await w.send('get', PATH)).body).toEqual({ $id: 'team-limit', total: 0 })
    expect((await create(w, headers)).status).toBe(201)
  })
})
