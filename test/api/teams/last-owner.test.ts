import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { memberships, users } from '#/db/schema'
import { hold, tally, times } from '#test/support/races'
import {
  acceptAs,
  founded,
  inviteTo,
  joined,
  linkTo,
  membershipsOf,
  newEmail,
  readLink,
  teamRow,
  teamWorld,
  userByEmail,
} from '#test/support/teams'
import type { Answer, World } from '#test/support/world'

type Owner = { headers: Record<string, string>; userId: string; path: string }
type Way = (w: World, owner: Owner) => Promise<Answer>

/** Each way in which an owner stops being one, or one who can act, by what the owner does. */
const OWN_WAYS: Record<string, [Way, refusal: string]> = {
  leaves: [
    (w, { path, headers }) => w.send('delete', path, undefined, headers),
    'membership_deletion_prohibited',
  ],
  'gives the role up': [
    (w, { path, headers }) => w.send('patch', path, { roles: ['dev'] }, headers),
    'membership_downgrade_prohibited',
  ],
  'deletes the account': [
    (w, { headers }) => w.send('delete', '/account', undefined, headers),
    'user_deletion_prohibited',
  ],
  'blocks the account': [
    (w, { headers }) => w.send('patch', '/account/status', {}, headers),
    'user_deletion_prohibited',
  ],
}
/** The same by a server, which decides for itself. */
const KEY_WAYS: Record<string, Way> = {
  'is deleted': (w, { userId }) => w.send('delete', `/users/${userId}`),
  'is blocked': (w, { userId }) => w.send('patch', `/users/${userId}/status`, { status: false }),
  'is removed': (w, { path }) => w.send('delete', path),
  'loses the role': (w, { path }) => w.send('patch', path, { roles: [] }),
}
const WRITES = /^(delete from|update) "(users|memberships)"/

/** A team with owners and, unless told otherwise, one more member. */
async function scene(w: World, count: number, { withMember = true } = {}) {
  const { team, owner, membership, at } = await founded(w)
  const more = await times(count - 1, () => joined(w, team.id, ['owner']))
  if (withMember) await joined(w, team.id)
  const owners = [{ ...owner, membership }, ...more].map(
    (one): Owner => ({
      headers: one.headers,
      userId: one.user.id,
      path: `${at}/memberships/${one.membership.id}`,
    }),
  )
  return { team, at, owners }
}

/** Returns how many owners who are not blocked a team has. */
async function ownersLeft(w: World, teamId: string) {
  const rows = await w.db
    .select({ roles: memberships.roles, status: users.status })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.teamId, teamId))
  return rows.filter(({ roles, status }) => status && roles.includes('owner')).length
}

const at = <T>(list: readonly T[], index: number): T => {
  const one = list[index]
  if (one === undefined) throw new Error(`There is none at ${index}.`)
  return one
}

describe.each(Object.entries(OWN_WAYS))('an owner who %s', (_, [way, refusal]) => {
  test('is refused as the last one, one by one, while anybody else is in the team', async () => {
    const w = await teamWorld()
    const { team, owners } = await scene(w, 2)
    const first = await way(w, at(owners, 0))
    expect(first.status).toBeLessThan(300)
    const last = await way(w, at(owners, 1))
    expect([last.status, last.body.type]).toEqual([400, refusal])
    expect(await ownersLeft(w, team.id)).toBe(1)
    expect((await w.send('get', '/account', undefined, at(owners, 1).headers)).status).toBe(200)
  })
  test('may do so once another member is an owner', async () => {
    const w = await teamWorld()
    const { team, owners, at: path } = await scene(w, 1)
    const [, member] = await membershipsOf(w, team.id)
    const { headers } = at(owners, 0)
    const roles = ['owner']
    await w.send('patch', `${path}/memberships/${member?.id}`, { roles }, headers)
    expect((await way(w, at(owners, 0))).status).toBeLessThan(300)
    expect(await ownersLeft(w, team.id)).toBe(1)
  })
  test('may do so alone: nobody is left behind', async () => {
    const w = await teamWorld()
    const { owners } = await scene(w, 1, { withMember: false })
    expect((await way(w, at(owners, 0))).status).toBeLessThan(300)
  })
  test('is refused while the only other owner is blocked', async () => {
    const w = await teamWorld()
    const { owners } = await scene(w, 2)
    await w.send('patch', `/users/${at(owners, 1).userId}/status`, { status: false })
    const { status, body } = await way(w, at(owners, 0))
    expect([status, body.type]).toEqual([400, refusal])
  })
  test.each([true, false])('of fifty at once one stays; with a member: %s', async (withMember) => {
    const w = await teamWorld()
    const { team, owners } = await scene(w, 50, { withMember })
    const { held } = hold(w, WRITES, 50)
    const answers = await Promise.all(owners.map((owner) => way(w, owner)))
    expect(held()).toBe(50)
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(49)
    expect(tally(answers)[`400 ${refusal}`]).toBe(1)
    expect(await ownersLeft(w, team.id)).toBe(1)
  })
})

const PAIRS = Object.keys(OWN_WAYS).flatMap((one, index) =>
  Object.keys(OWN_WAYS)
    .slice(index + 1)
    .map((other) => [one, other] as const),
)
test.each(PAIRS)('an owner who %s and one who %s at once do not both', async (one, other) => {
  const w = await teamWorld()
  const { team, owners } = await scene(w, 2)
  const ways = [one, other].map((name) => at(OWN_WAYS[name] ?? [], 0) as Way)
  const { held } = hold(w, WRITES, 2)
  const answers = await Promise.all(ways.map((way, index) => way(w, at(owners, index))))
  expect(held()).toBe(2)
  expect(answers.map(({ status }) => status < 300).sort()).toEqual([false, true])
  expect(await ownersLeft(w, team.id)).toBe(1)
})

describe.each(Object.entries(KEY_WAYS))('an owner who %s by a server', (_, way) => {
  test.each(Object.entries(OWN_WAYS))('while another one %s: that one stays', async (_, [own]) => {
    const w = await teamWorld()
    const { team, owners } = await scene(w, 2)
    const gate = hold(w, WRITES, 2)
    const going = own(w, at(owners, 1))
    await gate.first
    gate.pass()
    expect((await way(w, at(owners, 0))).status).toBeLessThan(300)
    gate.open()
    expect((await going).status).toBe(400)
    expect(await ownersLeft(w, team.id)).toBe(1)
  })
  test('may be the last one: the team can be given another by a key', async () => {
    const w = await teamWorld()
    const { team, owners, at: path } = await scene(w, 1)
    expect((await way(w, at(owners, 0))).status).toBeLessThan(300)
    expect(await ownersLeft(w, team.id)).toBe(0)
    const member = (await membershipsOf(w, team.id)).at(-1)
    await w.send('patch', `${path}/memberships/${member?.id}`, { roles: ['owner'] })
    expect(await ownersLeft(w, team.id)).toBe(1)
  })
})

test('owners of several teams are asked about each of them', async () => {
  const w = await teamWorld()
  const { owners } = await scene(w, 1, { withMember: false })
  const { headers, userId } = at(owners, 0)
  const second = await scene(w, 2)
  await w.member(second.team.id, userId, { roles: ['owner'] })
  const third = await w.team()
  const mine = await w.member(third.id, userId, { roles: ['owner'] })
  await joined(w, third.id)
  const refused = await w.send('delete', '/account', undefined, headers)
  expect([refused.status, refused.body.type]).toEqual([400, 'user_deletion_prohibited'])
  await w.db.update(memberships).set({ roles: [] }).where(eq(memberships.id, mine.id))
  const { status, trips } = await w.send('delete', '/account', undefined, headers)
  expect([status, trips]).toEqual([204, 3])
})

test('a role whose name has `owner` in it makes nobody an owner', async () => {
  const w = await teamWorld()
  const { owners, team } = await scene(w, 1)
  await joined(w, team.id, ['owners', 'co-owner', 'owner.2'])
  const { status } = await w.send('delete', '/account', undefined, at(owners, 0).headers)
  expect(status).toBe(400)
})

describe('an invitation', () => {
  test('by somebody who was removed in the same moment makes no user and no membership', async () => {
    const w = await teamWorld()
    const { team, owners, at: path } = await scene(w, 2)
    const email = newEmail()
    const gate = hold(w, /^insert into "memberships"/, 2)
    const inviting = inviteTo(w, path, at(owners, 1).headers, { email })
    await gate.first
    await w.send('delete', at(owners, 1).path)
    gate.open()
    const { status, body } = await inviting
    expect([status, body.type]).toEqual([401, 'user_unauthorized'])
    expect(await userByEmail(w, email)).toBeUndefined()
    expect(await membershipsOf(w, team.id)).toHaveLength(2)
  })
  test('cannot be accepted once everybody has left the team', async () => {
    const w = await teamWorld()
    const { team, owners, at: path } = await scene(w, 1, { withMember: false })
    const email = newEmail()
    await inviteTo(w, path, at(owners, 0).headers, { email })
    const link = readLink(await linkTo(w, email))
    await w.send('delete', at(owners, 0).path, undefined, at(owners, 0).headers)
    const { status, body } = await acceptAs(w, link)
    expect([status, body.type]).toEqual([404, 'membership_not_found'])
    expect((await teamRow(w, team.id))?.total).toBe(0)
    // A key gives the team an owner again.
    const { id: userId } = await w.user()
    await w.send('post', `${path}/memberships`, { userId, roles: ['owner'] })
    expect((await acceptAs(w, link)).status).toBe(200)
  })
})
