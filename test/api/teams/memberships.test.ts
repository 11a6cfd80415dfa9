import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { authenticators, memberships, users } from '#/db/schema'
import { after, TIME, wire } from '#test/support/clock'
import { sendList } from '#test/support/lists'
import { founded, joined, LATER, membershipRow, teamRow, teamWorld } from '#test/support/teams'
import { GUEST_HEADERS, type Json, NOW, ROOT, type World } from '#test/support/world'

const PRIVACY = {
  userId: 'memberUserId',
  userName: 'memberUserName',
  userEmail: 'memberUserEmail',
  userPhone: 'memberUserPhone',
  mfa: 'memberMfa',
  userAccessedAt: 'memberAccessedAt',
} as const
type Field = keyof typeof PRIVACY

const HIDDEN = {
  userId: '',
  userName: '',
  userEmail: '',
  userPhone: '',
  mfa: false,
  userAccessedAt: '',
}

/** A team with somebody in it who has everything that can be shown. */
async function scene(w: World) {
  const { team, owner, membership: founders, at } = await founded(w)
  const person = await w.user({
    name: 'Ada',
    email: `${crypto.randomUUID()}@example.org`,
    emailVerification: true,
    phone: `+4930${Math.floor(Math.random() * 1e8)}`,
    mfa: true,
  })
  const membership = await w.member(team.id, person.id, { roles: ['dev'], createdAt: LATER })
  const shown = {
    userId: person.id,
    userName: 'Ada',
    userEmail: person.email,
    userPhone: person.phone,
    mfa: true,
    userAccessedAt: TIME,
  }
  const rest = {
    $id: membership.id,
    $createdAt: wire(LATER),
    $updatedAt: TIME,
    teamId: team.id,
    teamName: 'Red team',
    invited: TIME,
    joined: TIME,
    confirm: true,
    roles: ['dev'],
  }
  return { team, owner, founders, at, person, membership, shown, rest }
}

describe('privacy', () => {
  test('hides all of a member from the others in a new project, but not from keys', async () => {
    const w = await teamWorld()
    const { owner, at, membership, shown, rest } = await scene(w)
    const one = `${at}/memberships/${membership.id}`
    const seen = await w.send('get', one, undefined, owner.headers)
    expect([seen.status, seen.trips]).toEqual([200, 2])
    expect(seen.body).toEqual({ ...rest, ...HIDDEN })
    expect(Object.keys(seen.body)).toEqual([
      ...['$id', '$createdAt', '$updatedAt', 'userId', 'userName', 'userEmail', 'userPhone'],
      ...['teamId', 'teamName', 'invited', 'joined', 'confirm', 'mfa', 'userAccessedAt', 'roles'],
    ])
    const byKey = await w.send('get', one)
    expect([byKey.trips, byKey.body]).toEqual([1, { ...rest, ...shown }])
    const listed = await w.send('get', `${at}/memberships`)
    expect(listed.body.memberships[1]).toEqual({ ...rest, ...shown })
  })

  test.each(Object.keys(PRIVACY) as Field[])(
    'shows %s where the owner of the project wants it, and nothing else',
    async (field) => {
      const w = await teamWorld()
      const { owner, at, membership, shown, rest } = await scene(w)
      await w.set(PRIVACY[field], true)
      const seen = await w.send(
        'get',
        `${at}/memberships/${membership.id}`,
        undefined,
        owner.headers,
      )
      const expected = { ...rest, ...HIDDEN, [field]: shown[field] }
      expect(seen.body).toEqual(expected)
      const listed = await w.send('get', `${at}/memberships`, undefined, owner.headers)
      expect([listed.trips, listed.body.memberships[1]]).toEqual([2, expected])
      await w.set(PRIVACY[field], false)
    },
  )

  test("makes no exception for one's own membership", async () => {
    const w = await teamWorld()
    const { owner, at, founders } = await scene(w)
    const { body } = await w.send(
      'get',
      `${at}/memberships/${founders.id}`,
      undefined,
      owner.headers,
    )
    expect(body).toMatchObject(HIDDEN)
  })

  test.each([
    ['off', { mfa: false }, false],
    ['without a factor', { mfa: true, emailVerification: false }, false],
    ['by phone', { mfa: true, emailVerification: false, phoneVerification: true }, true],
    ['by e-mail', { mfa: true }, true],
    [
      'by an address that is gone',
      { mfa: true, email: null, phone: null, phoneVerification: true },
      false,
    ],
  ])('says whether a second factor is used: %s', async (_, fields, expected) => {
    const w = await teamWorld()
    const { at, membership, person } = await scene(w)
    await w.db.update(users).set(fields).where(eq(users.id, person.id))
    const { body } = await w.send('get', `${at}/memberships/${membership.id}`)
    expect(body.mfa).toBe(expected)
  })

  test.each([
    [true, true],
    [false, false],
  ])('counts an authenticator as a factor once it is verified: %s', async (verified, expected) => {
    const w = await teamWorld()
    const { at, membership, person } = await scene(w)
    await w.db.update(users).set({ emailVerification: false }).where(eq(users.id, person.id))
    const times = { createdAt: NOW, updatedAt: NOW }
    await w.db.insert(authenticators).values({
      ...{ id: crypto.randomUUID(), userId: person.id, type: 'totp', secret: '', verified },
      ...{ lastStep: 0, ...times },
    })
    const { body } = await w.send('get', `${at}/memberships/${membership.id}`)
    expect(body.mfa).toBe(expected)
  })

  test('shows older clients the fields they know', async () => {
    const w = await teamWorld()
    const { at, membership } = await scene(w)
    const keys = async (format: string) => {
      const headers = { ...ROOT, 'X-Appwrite-Response-Format': format }
      const { body } = await w.send('get', `${at}/memberships/${membership.id}`, undefined, headers)
      return ['userPhone', 'mfa'].filter((name) => name in body)
    }
    expect(await keys('1.9.2')).toEqual(['userPhone', 'mfa'])
    expect(await keys('1.9.1')).toEqual(['mfa'])
    expect(await keys('1.4.0')).toEqual([])
  })
})

describe('list', () => {
  const ids = (body: Json) => body.memberships.map(({ $id }: Json) => $id)

  test('shows members and keys all, pending ones too, and strangers no team', async () => {
    const w = await teamWorld()
    const { team, owner, founders, membership, at } = await scene(w)
    const guest = await w.signedIn()
    const pending = await w.member(team.id, guest.user.id, { confirm: false, joined: null })
    const path = `${at}/memberships`
    const all = [founders.id, membership.id, pending.id]
    for (const headers of [owner.headers, ROOT]) {
      const { status, body } = await w.send('get', path, undefined, headers)
      expect([status, body.total, ids(body)]).toEqual([200, 3, all])
      expect(body.memberships[2]).toMatchObject({ confirm: false, joined: '' })
    }
    expect((await w.send('get', path, undefined, guest.headers)).body.type).toBe('team_not_found')
    expect((await w.send('get', '/teams/nowhere/memberships')).body.type).toBe('team_not_found')
  })

  test('filters by attributes, hidden ones too, and searches in its team alone', async () => {
    const w = await teamWorld()
    const { owner, founders, membership, person, at } = await scene(w)
    const other = await founded(w)
    await w.member(other.team.id, person.id)
    const send = (queries: Json[], more = '', headers = owner.headers) =>
      sendList(
        w,
        `${at}/memberships`,
        queries.map((query) => JSON.stringify(query)),
        { headers, more },
      )
    const found = async (...queries: Json[]) => {
      const { status, body } = await send(queries)
      return status === 200 ? ids(body) : body.type
    }
    const has = (method: string, attribute: string, ...values: Json[]) => ({
      method,
      attribute,
      values,
    })
    expect(await found(has('equal', 'userId', person.id))).toEqual([membership.id])
    expect(await found(has('contains', 'roles', 'owner'))).toEqual([founders.id])
    expect(await found(has('equal', 'confirm', false))).toEqual([])
    expect(await found(has('equal', 'roles', 'owner'))).toBe('general_argument_invalid')
    expect(await found(has('equal', 'userName', 'Ada'))).toBe('general_argument_invalid')
    expect(await found(has('orderDesc', '$id'), has('limit', '', 1))).toHaveLength(1)
    expect(await found({ method: 'cursorAfter', values: [founders.id] })).toEqual([membership.id])
    expect(await found({ method: 'cursorAfter', values: ['nobody'] })).toBe(
      'general_cursor_not_found',
    )
    expect((await found({ method: 'orderRandom' })).sort()).toEqual(
      [founders.id, membership.id].sort(),
    )
    const search = async (term: string) => {
      const { body, trips } = await send([], `search=%22${term}%22`)
      return [body.total, ids(body), trips]
    }
    expect(await search(person.id)).toEqual([1, [membership.id], 2])
    expect(await search(membership.id)).toEqual([1, [membership.id], 2])
    expect(await search('Ada')).toEqual([0, [], 2])
    expect((await send([], 'total=0')).body.total).toBe(0)
  })

  test('pages on from a row that lacks what the order names', async () => {
    const w = await teamWorld()
    const { team, at } = await scene(w)
    const { id } = await w.user()
    const pending = await w.member(team.id, id, { confirm: false, joined: null })
    const queries = [
      JSON.stringify({ method: 'orderAsc', attribute: 'joined' }),
      JSON.stringify({ method: 'cursorAfter', values: [pending.id] }),
    ]
    const { body } = await sendList(w, `${at}/memberships`, queries)
    expect(body.memberships.map(({ $id }: { $id: string }) => $id)).not.toContain(pending.id)
    expect(body.memberships).toHaveLength(body.total - 1)
  })

  test('refuses a bad query before it looks for the team', async () => {
    const w = await teamWorld()
    const { body } = await sendList(w, '/teams/nowhere/memberships', ['{}'])
    expect(body.type).toBe('general_argument_invalid')
  })
})

describe('roles', () => {
  const change = (
    w: World,
    at: string,
    id: string,
    roles: unknown,
    headers?: Record<string, string>,
  ) => w.send('patch', `${at}/memberships/${id}`, { roles }, headers)

  test('are replaced, and decide from the next request on', async () => {
    const moment = after(0.5)
    const w = await teamWorld({}, () => moment)
    const { team, owner, at } = await founded(w)
    const member = await joined(w, team.id, ['dev'])
    await w.set('memberUserName', false)
    const rename = () => w.send('put', at, { name: crypto.randomUUID() }, member.headers)
    expect((await rename()).body.type).toBe('user_unauthorized')
    const made = await change(w, at, member.membership.id, ['owner', 'dev'], owner.headers)
    expect([made.status, made.trips]).toEqual([200, 3])
    expect(made.body).toMatchObject({
      ...{ $id: member.membership.id, roles: ['owner', 'dev'], teamName: 'Red team' },
      ...{ userId: member.user.id, userName: 'Mia Member', userEmail: '', userPhone: '' },
      ...{ mfa: false, userAccessedAt: '' },
    })
    expect([made.body.$createdAt, made.body.$updatedAt]).toEqual([wire(LATER), wire(moment)])
    expect((await rename()).status).toBe(200)
    const unmade = await change(w, at, member.membership.id, [], owner.headers)
    expect(unmade.body.roles).toEqual([])
    expect((await rename()).body.type).toBe('user_unauthorized')
  })

  test('that stay the same move nothing', async () => {
    const w = await teamWorld()
    const { owner, at, membership } = await scene(w)
    const { body } = await change(w, at, membership.id, ['dev'], owner.headers)
    expect(body.$updatedAt).toBe(TIME)
  })

  test('can be changed while the invitation is pending, and by keys', async () => {
    const w = await teamWorld()
    const { team, at } = await founded(w)
    const { id } = await w.user()
    const pending = await w.member(team.id, id, { confirm: false, joined: null })
    const { status, body } = await change(w, at, pending.id, ['x'.repeat(81)])
    expect([status, body.roles, body.confirm]).toEqual([200, ['x'.repeat(81)], false])
  })

  test('may lose the last owner, who is then one no more', async () => {
    const w = await teamWorld()
    const { owner, membership, at } = await founded(w)
    const { status, body } = await change(w, at, membership.id, ['dev'], owner.headers)
    expect([status, body.roles]).toEqual([200, ['dev']])
    const again = await change(w, at, membership.id, ['owner'], owner.headers)
    expect(again.body.type).toBe('user_unauthorized')
    expect((await change(w, at, membership.id, ['owner'])).status).toBe(200)
  })

  test.each([
    [undefined],
    [null],
    ['owner'],
    [['x'.repeat(82)]],
    [['']],
    [['a b']],
    [Array(101).fill('a')],
  ])('refuses %j', async (roles) => {
    const w = await teamWorld()
    const { membership, at } = await founded(w)
    const { body } = await change(w, at, membership.id, roles)
    expect(body.type).toBe('general_argument_invalid')
  })
})

describe('leaving and removing', () => {
  const remove = (w: World, at: string, id: string, headers?: Record<string, string>) =>
    w.send('delete', `${at}/memberships/${id}`, undefined, headers)

  test.each(['owner', 'member', 'key'] as const)(
    'is up to owners, keys and the member: %s',
    async (who) => {
      const w = await teamWorld()
      const { team, owner, at } = await founded(w)
      const member = await joined(w, team.id, ['dev'])
      expect((await teamRow(w, team.id))?.total).toBe(2)
      const headers = { owner: owner.headers, member: member.headers, key: ROOT }[who]
      const { status, bytes, trips } = await remove(w, at, member.membership.id, headers)
      expect([status, bytes.length, trips]).toEqual([204, 0, who === 'key' ? 2 : 3])
      expect(await membershipRow(w, member.membership.id)).toBeUndefined()
      expect((await teamRow(w, team.id))?.total).toBe(1)
      expect((await w.send('get', at, undefined, member.headers)).body.type).toBe('team_not_found')
      expect((await remove(w, at, member.membership.id)).body.type).toBe('team_invite_not_found')
    },
  )

  test('is not up to other members', async () => {
    const w = await teamWorld()
    const { team, membership, at } = await founded(w)
    const member = await joined(w, team.id, ['dev'])
    const answer = await remove(w, at, membership.id, member.headers)
    expect([answer.status, answer.body.type]).toEqual([401, 'user_unauthorized'])
  })

  test('of a pending membership leaves the total', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const invitee = await w.signedIn()
    const pending = await w.member(team.id, invitee.user.id, { confirm: false, joined: null })
    expect((await remove(w, at, pending.id, invitee.headers)).body.type).toBe('team_not_found')
    expect((await remove(w, at, pending.id, owner.headers)).status).toBe(204)
    expect((await teamRow(w, team.id))?.total).toBe(1)
  })

  test('lets the last owner go: the team stays, for keys', async () => {
    const w = await teamWorld()
    const { team, owner, membership, at } = await founded(w)
    expect((await remove(w, at, membership.id, owner.headers)).status).toBe(204)
    expect(await teamRow(w, team.id)).toMatchObject({ total: 0 })
    expect((await w.send('get', at, undefined, owner.headers)).body.type).toBe('team_not_found')
    const { id: userId } = owner.user
    const added = await w.send('post', `${at}/memberships`, { userId, roles: ['owner'] })
    expect([added.status, (await teamRow(w, team.id))?.total]).toEqual([201, 1])
    expect((await w.send('put', at, { name: 'Back' }, owner.headers)).status).toBe(200)
  })
})

describe('which refusal comes first', () => {
  test.each([
    ['get', 'membership_not_found'],
    ['patch', 'membership_not_found'],
    ['delete', 'team_invite_not_found'],
  ])('%s: team, membership, mismatch, user, rights', async (method, absent) => {
    const w = await teamWorld()
    const { team, owner, at, membership } = await scene(w)
    const member = await joined(w, team.id)
    const elsewhere = await founded(w)
    const there = await joined(w, elsewhere.team.id)
    const ask = async (path: string, headers: Record<string, string>) => {
      const body = method === 'patch' ? { roles: [] } : undefined
      const answer = await w.send(method, path, body, headers)
      return answer.body?.type ?? answer.status
    }
    const path = (id: string, teamAt = at) => `${teamAt}/memberships/${id}`
    const first = method === 'delete' ? absent : 'team_not_found'
    expect(await ask(path(membership.id), GUEST_HEADERS)).toBe('general_unauthorized_scope')
    expect(await ask(path('nobody', '/teams/nowhere'), ROOT)).toBe(first)
    expect(await ask(path('nobody'), elsewhere.owner.headers)).toBe(first)
    expect(await ask(path(membership.id), elsewhere.owner.headers)).toBe('team_not_found')
    expect(await ask(path('nobody'), owner.headers)).toBe(absent)
    expect(await ask(path(there.membership.id), owner.headers)).toBe('team_membership_mismatch')
    expect(await ask(path(there.membership.id), ROOT)).toBe('team_membership_mismatch')
    // The membership of a team's founder is there only for the founder and the team.
    expect(await ask(path(elsewhere.membership.id), owner.headers)).toBe(absent)
    expect(await ask(path(elsewhere.membership.id), ROOT)).toBe('team_membership_mismatch')
    await w.member(team.id, elsewhere.owner.user.id, { createdAt: LATER })
    expect(await ask(path(elsewhere.membership.id), elsewhere.owner.headers)).toBe(
      'team_membership_mismatch',
    )
    if (method !== 'get') {
      expect(await ask(path(membership.id), member.headers)).toBe('user_unauthorized')
      const ghost = { userId: 'ghost' }
      await w.db.update(memberships).set(ghost).where(eq(memberships.id, membership.id))
      expect(await ask(path(membership.id), member.headers)).toBe('user_not_found')
    }
  })
})

test('a user who is deleted leaves every team, and the totals are right', async () => {
  const w = await teamWorld()
  const { team, membership, person } = await scene(w)
  expect((await teamRow(w, team.id))?.total).toBe(2)
  await w.db.delete(users).where(eq(users.id, person.id))
  expect(await membershipRow(w, membership.id)).toBeUndefined()
  expect((await teamRow(w, team.id))?.total).toBe(1)
})
