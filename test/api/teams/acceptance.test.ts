import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { sessions, teams, users } from '#/db/schema'
import { unboundJwt } from '#test/support/jwt'
import {
  acceptAs,
  founded,
  invitesOf,
  inviteTo,
  LATER,
  type LinkFields,
  linkTo,
  membershipRow,
  newEmail,
  readLink,
  sessionsOf,
  teamRow,
  teamWorld,
} from '#test/support/teams'
import { PROJECT, ROOT, type World } from '#test/support/world'

/** A team, and somebody with an invitation to it. */
async function invited(w: World, person: Record<string, unknown> = {}) {
  const { team, owner, membership, at } = await founded(w)
  const email = newEmail()
  const invitee = await w.user({ name: 'Ines', email, ...person })
  const { body } = await inviteTo(w, at, owner.headers, { email, roles: ['dev'] })
  const link = readLink(await linkTo(w, email))
  return { team, owner, founders: membership, at, invitee, email, link, membershipId: body.$id }
}

/** A team, and somebody with an invitation to it by text message. */
async function texted(w: World, phone: string) {
  const { team, owner, at } = await founded(w)
  const invitee = await w.user({ phone })
  await inviteTo(w, at, owner.headers, { userId: invitee.id })
  return { team, invitee, link: readLink(await linkTo(w, phone)) }
}

const signedInAs = async (w: World, userId: string) => (await w.session(userId)).headers

const typeOf = async (answer: Promise<{ status: number; body: { type?: string } }>) => {
  const { status, body } = await answer
  return [status, body.type]
}

describe('a guest', () => {
  test('becomes a member and is signed in, in three round trips', async () => {
    const w = await teamWorld()
    const { team, at, invitee, email, link, membershipId } = await invited(w)
    const { status, body, headers, trips } = await acceptAs(w, link, { 'User-Agent': 'Tester' })
    expect([status, trips]).toEqual([200, 3])
    expect(body).toMatchObject({
      ...{ $id: membershipId, userId: invitee.id, userName: 'Ines', userEmail: email },
      ...{ userPhone: '', mfa: false, userAccessedAt: '', teamName: team.name, confirm: true },
      roles: ['dev'],
    })
    expect(body.joined >= body.invited).toBe(true)
    expect((await teamRow(w, team.id))?.total).toBe(2)
    const [user] = await w.db.select().from(users).where(eq(users.id, invitee.id))
    expect(user?.emailVerification).toBe(true)

    const rows = await sessionsOf(w, invitee.id)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      ...{ provider: 'email', providerUid: email, factors: ['email'], userAgent: 'Tester' },
    })
    const lifetime = (rows[0]?.expiresAt.getTime() ?? 0) - (rows[0]?.createdAt.getTime() ?? 0)
    expect(lifetime).toBe(31_536_000_000)
    const cookies = headers.getSetCookie()
    expect(cookies.map((cookie) => cookie.split('=')[0]).sort()).toEqual([
      ...[`a_session_${PROJECT}`, `a_session_${PROJECT}_legacy`],
    ])
    const [cookie = ''] = cookies[1]?.split(';') ?? []
    const mine = await w.send('get', at, undefined, { Cookie: cookie })
    expect([mine.status, mine.body.total]).toEqual([200, 2])
    const fallback = headers.get('x-fallback-cookies') ?? ''
    expect(Object.keys(JSON.parse(fallback))).toEqual([`a_session_${PROJECT}`])
    const byHeader = await w.send('get', at, undefined, { 'X-Fallback-Cookies': fallback })
    expect(byHeader.status).toBe(200)
  })

  test('who is blocked is not signed in by an invitation sent before', async () => {
    const w = await teamWorld()
    const { invitee, link, team } = await invited(w)
    await w.db.update(users).set({ status: false }).where(eq(users.id, invitee.id))
    expect(await typeOf(acceptAs(w, link))).toEqual([401, 'team_invalid_secret'])
    expect((await teamRow(w, team.id))?.total).toBe(1)
    expect(await sessionsOf(w, invitee.id)).toEqual([])
    await w.db.update(users).set({ status: true }).where(eq(users.id, invitee.id))
    expect(await typeOf(acceptAs(w, link))).toEqual([401, 'team_invalid_secret'])
    expect((await acceptAs(w, link, await signedInAs(w, invitee.id))).status).toBe(200)
    expect((await teamRow(w, team.id))?.total).toBe(2)
  })

  test('without an e-mail address accepts what came as a text message', async () => {
    const w = await teamWorld()
    const { invitee, link, team } = await texted(w, '+493012345678')
    expect((await acceptAs(w, link)).status).toBe(200)
    expect((await teamRow(w, team.id))?.total).toBe(2)
    const [session] = await sessionsOf(w, invitee.id)
    expect(session?.providerUid).toBe('')
    expect((await w.db.select().from(users).where(eq(users.id, invitee.id)))[0]).toMatchObject({
      ...{ emailVerification: true, phoneVerification: false },
    })
  })

  test('keeps the sessions there are, beyond the limit', async () => {
    const w = await teamWorld()
    const { invitee, link } = await invited(w)
    await w.set('sessionLimit', 1)
    await w.session(invitee.id)
    await acceptAs(w, link)
    await w.set('sessionLimit', 10)
    expect(await sessionsOf(w, invitee.id)).toHaveLength(2)
  })
})

describe('somebody signed in', () => {
  test('gets no further session, by cookie or JWT', async () => {
    const w = await teamWorld()
    for (const by of ['session', 'jwt']) {
      const { invitee, link, team } = await invited(w)
      const headers =
        by === 'jwt' ? await unboundJwt(w, invitee.id) : await signedInAs(w, invitee.id)
      const before = await sessionsOf(w, invitee.id)
      const answer = await acceptAs(w, link, headers)
      expect([by, answer.status, answer.trips]).toEqual([by, 200, 3])
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(await sessionsOf(w, invitee.id)).toEqual(before)
      expect((await teamRow(w, team.id))?.total).toBe(2)
    }
  })

  test('accepts for whom they impersonate, not for themselves', async () => {
    const w = await teamWorld()
    const { invitee, link } = await invited(w)
    const helper = await w.signedIn({ impersonator: true })
    expect(await typeOf(acceptAs(w, link, helper.headers))).toEqual([401, 'team_invite_mismatch'])
    const headers = { ...helper.headers, 'X-Appwrite-Impersonate-User-Id': invitee.id }
    expect((await acceptAs(w, link, headers)).status).toBe(200)
  })
})

describe('refusals, in order', () => {
  const wrong = (link: LinkFields, fields: Partial<LinkFields>): LinkFields => ({
    ...link,
    ...fields,
  })

  test('membership, team, mismatch, secret, person, confirmed', async () => {
    const w = await teamWorld()
    const { link, founders, team, invitee } = await invited(w)
    const other = await founded(w)
    const ask = (fields: Partial<LinkFields>, headers = {}) =>
      typeOf(acceptAs(w, wrong(link, fields), headers))
    const worse = { secret: 'f'.repeat(256), userId: 'nobody' }
    expect(await ask({ ...worse, membershipId: 'nobody', teamId: 'nowhere' })).toEqual([
      ...[404, 'membership_not_found'],
    ])
    // The founder's membership is not there for guests.
    expect(await ask({ membershipId: founders.id, teamId: 'nowhere' })).toEqual([
      ...[404, 'membership_not_found'],
    ])
    expect(await ask({ ...worse, teamId: 'nowhere' })).toEqual([404, 'team_not_found'])
    expect(await ask({ ...worse, teamId: other.team.id })).toEqual([
      ...[404, 'team_membership_mismatch'],
    ])
    expect(await ask(worse)).toEqual([401, 'team_invalid_secret'])
    expect(await ask({ userId: other.owner.user.id })).toEqual([401, 'team_invite_mismatch'])
    expect(await ask({}, other.owner.headers)).toEqual([401, 'team_invite_mismatch'])
    expect(await ask({}, ROOT)).toEqual([401, 'general_unauthorized_scope'])
    expect((await teamRow(w, team.id))?.total).toBe(1)
    expect(await sessionsOf(w, invitee.id)).toEqual([])
    expect(await ask({})).toEqual([200, undefined])
    expect(await ask({})).toEqual([409, 'membership_already_confirmed'])
    expect(await ask(worse)).toEqual([401, 'team_invalid_secret'])
    expect(await ask({ userId: 'nobody' })).toEqual([401, 'team_invite_mismatch'])
    expect((await teamRow(w, team.id))?.total).toBe(2)
  })

  test('a member whom nobody invited has no secret that could be right', async () => {
    const w = await teamWorld()
    const { link, team, founders, owner } = await invited(w)
    const { id } = await w.user()
    const added = await w.member(team.id, id, { createdAt: LATER })
    const fields = wrong(link, { membershipId: added.id, userId: id })
    expect(await typeOf(acceptAs(w, fields))).toEqual([401, 'team_invalid_secret'])
    const own = wrong(link, { membershipId: founders.id, userId: owner.user.id })
    expect(await typeOf(acceptAs(w, own, owner.headers))).toEqual([401, 'team_invalid_secret'])
  })

  test.each([
    [{ secret: '' }],
    [{ secret: 'x'.repeat(257) }],
    [{ userId: '' }],
    [{ userId: '_x' }],
  ])('%j', async (fields) => {
    const w = await teamWorld()
    const nobody = { teamId: 't', membershipId: 'm', userId: 'u', secret: 's', teamName: '' }
    expect(await typeOf(acceptAs(w, wrong(nobody, fields)))).toEqual([
      ...[400, 'general_argument_invalid'],
    ])
  })

  test('a membership that is gone, or whose team is, takes its invitation along', async () => {
    const w = await teamWorld()
    const { link, owner, at, membershipId } = await invited(w)
    await w.send('delete', `${at}/memberships/${membershipId}`, undefined, owner.headers)
    expect(await invitesOf(w, membershipId)).toEqual([])
    expect(await typeOf(acceptAs(w, link))).toEqual([404, 'membership_not_found'])
    const second = await invited(w)
    await w.db.delete(teams).where(eq(teams.id, second.team.id))
    expect(await typeOf(acceptAs(w, second.link))).toEqual([404, 'membership_not_found'])
    expect(await membershipRow(w, second.membershipId)).toBeUndefined()
  })
})

test('a secret opens nothing but its own invitation', async () => {
  const w = await teamWorld()
  const { link, invitee, email } = await invited(w)
  const other = await founded(w)
  const { body } = await inviteTo(w, other.at, other.owner.headers, { email })
  const elsewhere = { ...link, teamId: other.team.id, membershipId: body.$id }
  expect(await typeOf(acceptAs(w, elsewhere))).toEqual([401, 'team_invalid_secret'])
  const login = await w.send(
    'post',
    '/account/sessions/token',
    { userId: invitee.id, secret: link.secret },
    {},
  )
  expect([login.status, login.body.type]).toEqual([401, 'user_invalid_token'])
  expect(await w.db.select().from(sessions).where(eq(sessions.userId, invitee.id))).toEqual([])
})

describe('an address that was given up', () => {
  const theirs = async (w: World, id: string) =>
    (await w.db.select().from(users).where(eq(users.id, id)))[0]

  test('takes its invitation along, for guests and for who is signed in', async () => {
    const w = await teamWorld()
    const { invitee, link, team } = await invited(w)
    await w.db.update(users).set({ email: newEmail() }).where(eq(users.id, invitee.id))
    for (const headers of [{}, await signedInAs(w, invitee.id)]) {
      expect(await typeOf(acceptAs(w, link, headers))).toEqual([401, 'team_invalid_secret'])
    }
    expect((await theirs(w, invitee.id))?.emailVerification).toBe(false)
    expect((await teamRow(w, team.id))?.total).toBe(1)
  })

  test('is not asked of who was invited by text message, but no e-mail is verified by it', async () => {
    const w = await teamWorld()
    const { invitee, link, team } = await texted(w, '+493012345679')
    await w.db.update(users).set({ email: newEmail() }).where(eq(users.id, invitee.id))
    expect((await acceptAs(w, link)).status).toBe(200)
    expect((await teamRow(w, team.id))?.total).toBe(2)
    expect((await theirs(w, invitee.id))?.emailVerification).toBe(false)
  })
})
