import { and, eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { memberships, users } from '#/db/schema'
import { hold, tally, times } from '#test/support/races'
import {
  acceptAs,
  founded,
  invitesOf,
  inviteTo,
  joined,
  linkTo,
  membershipsOf,
  newEmail,
  readLink,
  sessionsOf,
  teamRow,
  teamWorld,
  userByEmail,
} from '#test/support/teams'
import type { Answer, World } from '#test/support/world'

/** Compares a team's total with the members it has. */
async function totals(w: World, teamId: string) {
  const rows = await membershipsOf(w, teamId)
  return [(await teamRow(w, teamId))?.total, rows.filter(({ confirm }) => confirm).length]
}

describe('invitations', () => {
  test('fifty acceptances at once: one wins, with one session', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const email = newEmail()
    const { body } = await inviteTo(w, at, owner.headers, { email })
    const link = readLink(await linkTo(w, email))
    const answers = await times(50, () => acceptAs(w, link))
    expect(tally(answers)).toEqual({ '200': 1, '409 membership_already_confirmed': 49 })
    expect(await totals(w, team.id)).toEqual([2, 2])
    expect(await sessionsOf(w, body.userId)).toHaveLength(1)
    const winner = answers.find(({ status }) => status === 200)
    expect(winner?.headers.getSetCookie()).toHaveLength(2)
    expect(answers.filter(({ headers }) => headers.has('set-cookie'))).toHaveLength(1)
    expect((await invitesOf(w, body.$id)).map(({ usedAt }) => usedAt !== null)).toEqual([true])
  })

  test('fifty acceptances that have all looked before the first one writes: one wins', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const email = newEmail()
    const { body } = await inviteTo(w, at, owner.headers, { email })
    const link = readLink(await linkTo(w, email))
    const { held } = hold(w, /^update "memberships"/, 50)
    const answers = await times(50, () => acceptAs(w, link))
    expect(held()).toBe(50)
    expect(tally(answers)).toEqual({ '200': 1, '409 membership_already_confirmed': 49 })
    expect(await totals(w, team.id)).toEqual([2, 2])
    expect(await sessionsOf(w, body.userId)).toHaveLength(1)
  })

  test('one address invited many times at once is one user and one membership, with one good link', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const email = newEmail()
    const answers = await times(10, (index) =>
      inviteTo(w, at, owner.headers, { email, roles: [`r${index}`] }),
    )
    const counts = tally(answers)
    // Who made the user while others looked for it is the only one to go on.
    expect((counts['201'] ?? 0) + (counts['409 user_already_exists'] ?? 0)).toBe(10)
    expect(counts['201']).toBeGreaterThan(0)
    const people = await w.db.select().from(users).where(eq(users.email, email))
    expect(people).toHaveLength(1)
    const rows = await membershipsOf(w, team.id)
    expect(rows).toHaveLength(2)
    const pending = rows.find(({ confirm }) => !confirm)
    expect(await invitesOf(w, pending?.id ?? '')).toHaveLength(1)
    expect(await totals(w, team.id)).toEqual([1, 1])
  })

  test('a user invited many times at once has one good link', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const email = newEmail()
    await w.user({ email })
    const invited = await times(10, () => inviteTo(w, at, owner.headers, { email }))
    expect(tally(invited)).toEqual({ '201': 10 })
    expect(new Set(invited.map(({ body }) => body.$id)).size).toBe(1)
    const sent = await w.env.DB.prepare('select text from outbox where "to" = ?').bind(email).all()
    const links = sent.results.map(({ text }) => {
      const [link = ''] = /https?:\/\/[^\s]+/.exec(`${text}`) ?? []
      return readLink(new URL(link))
    })
    expect(links).toHaveLength(10)
    const answers = await Promise.all(links.map((link) => acceptAs(w, link)))
    const { '200': won, ...others } = tally(answers)
    expect(won).toBe(1)
    expect(Object.keys(others)).toEqual(['401 team_invalid_secret'])
    expect(await totals(w, team.id)).toEqual([2, 2])
  })

  test('a member whom a key adds many times at once counts once', async () => {
    const w = await teamWorld()
    const { team, at } = await founded(w)
    const { id: userId } = await w.user()
    const answers = await times(10, () =>
      w.send('post', `${at}/memberships`, { userId, roles: [] }),
    )
    expect(tally(answers)).toEqual({ '201': 1, '409 membership_already_confirmed': 9 })
    expect(await totals(w, team.id)).toEqual([2, 2])
  })

  test.each(['key', 'owner'] as const)(
    'an acceptance and a new invitation by a %s at once leave the total right',
    async (by) => {
      const w = await teamWorld()
      const { team, owner, at } = await founded(w)
      const email = newEmail()
      await inviteTo(w, at, owner.headers, { email })
      const link = readLink(await linkTo(w, email))
      const [accepted, invited] = await Promise.all([
        acceptAs(w, link),
        by === 'key'
          ? w.send('post', `${at}/memberships`, { email, roles: [] })
          : inviteTo(w, at, owner.headers, { email }),
      ])
      // Either comes first: then the other one is refused, or the link is void.
      const outcome = [accepted.status, invited.status]
      expect([
        [200, 409],
        [401, 201],
        [409, 201],
      ]).toContainEqual(outcome)
      const confirmed = by === 'key' || accepted.status === 200
      expect(await totals(w, team.id)).toEqual(confirmed ? [2, 2] : [1, 1])
    },
  )

  type Step = (
    w: World,
    at: string,
    headers: Record<string, string>,
    email: string,
  ) => Promise<Answer>
  test.each<[string, string, number, Step]>([
    [
      'a new invitation',
      '401 team_invalid_secret',
      1,
      (w, at, headers, email) => inviteTo(w, at, headers, { email }),
    ],
    [
      'a key that confirms',
      '409 membership_already_confirmed',
      2,
      (w, at, _, email) => w.send('post', `${at}/memberships`, { email, roles: [] }),
    ],
    [
      'a removal',
      '404 membership_not_found',
      1,
      async (w, at, headers, email) => {
        const { body } = await inviteTo(w, at, headers, { email })
        return w.send('delete', `${at}/memberships/${body.$id}`, undefined, headers)
      },
    ],
    [
      'the end of the team',
      '404 membership_not_found',
      0,
      (w, at, headers) => w.send('delete', at, undefined, headers),
    ],
  ])(
    '%s between the look and the acceptance is not overridden by it',
    async (_, refusal, total, step) => {
      const w = await teamWorld()
      const { team, owner, at } = await founded(w)
      const email = newEmail()
      const { body } = await inviteTo(w, at, owner.headers, { email })
      const link = readLink(await linkTo(w, email))
      const { first, open } = hold(w, /^update "users" set "email_verification"/)
      const accepted = acceptAs(w, link)
      await first
      expect((await step(w, at, owner.headers, email)).status).toBeLessThan(300)
      open()
      expect(tally([await accepted])).toEqual({ [refusal]: 1 })
      expect(await sessionsOf(w, body.userId)).toEqual([])
      expect((await userByEmail(w, email))?.emailVerification).toBe(false)
      expect(await totals(w, team.id)).toEqual(total === 0 ? [undefined, 0] : [total, total])
    },
  )

  test('an acceptance and the removal of the membership at once leave the total right', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    for (let round = 0; round < 5; round++) {
      const email = newEmail()
      const { body } = await inviteTo(w, at, owner.headers, { email })
      const link = readLink(await linkTo(w, email))
      const [, removed] = await Promise.all([
        acceptAs(w, link),
        w.send('delete', `${at}/memberships/${body.$id}`, undefined, owner.headers),
      ])
      expect(removed.status).toBe(204)
      expect(await totals(w, team.id)).toEqual([1, 1])
    }
  })
})

describe('owners', () => {
  /** A team with owners, and what they need to act on each other's memberships. */
  async function owners(w: World, count: number) {
    const { team, owner, membership, at } = await founded(w)
    const more = await times(count - 1, () => joined(w, team.id, ['owner']))
    const all = [{ ...owner, membership }, ...more].map(({ headers, membership }) => ({
      headers,
      path: `${at}/memberships/${membership.id}`,
    }))
    const left = async () =>
      (await membershipsOf(w, team.id)).filter(({ roles }) => roles.includes('owner')).length
    return { team, at, all, left }
  }

  test.each([2, 10])('%i who leave at once do not leave the team without one', async (count) => {
    const w = await teamWorld()
    const { team, all, left } = await owners(w, count)
    const { held } = hold(w, /^delete from "memberships"/, count)
    const answers = await Promise.all(
      all.map(({ path, headers }) => w.send('delete', path, undefined, headers)),
    )
    expect(held()).toBe(count)
    expect(tally(answers)).toEqual({ '204': count - 1, '400 membership_deletion_prohibited': 1 })
    expect([await left(), await totals(w, team.id)]).toEqual([1, [1, 1]])
    const last = all[answers.findIndex(({ status }) => status === 400)]
    const again = await w.send('delete', last?.path ?? '', undefined, last?.headers)
    expect([again.status, await totals(w, team.id)]).toEqual([204, [0, 0]])
  })

  test('two who remove each other do not leave the team without one', async () => {
    const w = await teamWorld()
    const { team, all, left } = await owners(w, 2)
    const { held } = hold(w, /^delete from "memberships"/, 2)
    const paths = [...all].reverse()
    const answers = await Promise.all(
      all.map(({ headers }, index) =>
        w.send('delete', paths[index]?.path ?? '', undefined, headers),
      ),
    )
    expect(held()).toBe(2)
    expect(tally(answers)).toEqual({ '204': 1, '400 membership_deletion_prohibited': 1 })
    expect([await left(), await totals(w, team.id)]).toEqual([1, [1, 1]])
  })

  test('two who give their role up at once do not leave the team without one', async () => {
    const w = await teamWorld()
    const { team, all, left } = await owners(w, 2)
    const { held } = hold(w, /^update "memberships"/, 2)
    const answers = await Promise.all(
      all.map(({ path, headers }) => w.send('patch', path, { roles: ['dev'] }, headers)),
    )
    expect(held()).toBe(2)
    expect(tally(answers)).toEqual({ '200': 1, '400 membership_downgrade_prohibited': 1 })
    expect([await left(), await totals(w, team.id)]).toEqual([1, [2, 2]])
    const last = all[answers.findIndex(({ status }) => status === 400)]
    const again = await w.send('patch', last?.path ?? '', { roles: [] }, last?.headers)
    expect([again.status, await left()]).toEqual([400, 1])
  })

  test('one who leaves and one who gives the role up do not leave the team without one', async () => {
    const w = await teamWorld()
    const { all, left } = await owners(w, 2)
    const { held } = hold(w, /^(update|delete from) "memberships"/, 2)
    const [one, other] = all
    const answers = await Promise.all([
      w.send('delete', one?.path ?? '', undefined, one?.headers),
      w.send('patch', other?.path ?? '', { roles: [] }, other?.headers),
    ])
    expect(held()).toBe(2)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(1)
    expect(await left()).toBe(1)
  })

  test('are not kept by what they may not know: a key removes both', async () => {
    const w = await teamWorld()
    const { team, all } = await owners(w, 2)
    const { held } = hold(w, /^delete from "memberships"/, 2)
    const answers = await Promise.all(all.map(({ path }) => w.send('delete', path)))
    expect(held()).toBe(2)
    expect(tally(answers)).toEqual({ '204': 2 })
    expect(await totals(w, team.id)).toEqual([0, 0])
  })

  test('who are pending, or of other teams, do not count', async () => {
    const w = await teamWorld()
    const { team, all } = await owners(w, 1)
    const elsewhere = await founded(w)
    const { id } = await w.user()
    await w.member(team.id, id, { confirm: false, joined: null, roles: ['owner'] })
    await w.member(elsewhere.team.id, id, { roles: ['owner'] })
    const [only] = all
    const answer = await w.send('delete', only?.path ?? '', undefined, only?.headers)
    expect(answer.status).toBe(204)
  })
})

test('a membership that is removed many times at once goes once', async () => {
  const w = await teamWorld()
  const { team, owner, at } = await founded(w)
  const member = await joined(w, team.id)
  const { held } = hold(w, /^delete from "memberships"/, 20)
  const path = `${at}/memberships/${member.membership.id}`
  const answers = await times(20, () => w.send('delete', path, undefined, owner.headers))
  expect(held()).toBe(20)
  expect(tally(answers)).toEqual({ '204': 1, '404 team_invite_not_found': 19 })
  expect(await totals(w, team.id)).toEqual([1, 1])
})

test('whatever happens to a team at once, its total is the number of its members', async () => {
  const w = await teamWorld()
  const { team, owner, at } = await founded(w)
  const people = await times(6, () => w.signedIn({ email: newEmail() }))
  const act = async (index: number) => {
    const person = people[index % people.length]
    if (!person) return
    const { id: userId } = person.user
    const [mine] = await w.db
      .select()
      .from(memberships)
      .where(and(eq(memberships.teamId, team.id), eq(memberships.userId, userId)))
    const path = `${at}/memberships/${mine?.id ?? 'none'}`
    switch ((index * 7) % 5) {
      case 0:
        return inviteTo(w, at, owner.headers, { userId })
      case 1:
        return w.send('post', `${at}/memberships`, { userId, roles: [] })
      case 2:
        return w.send('delete', path, undefined, person.headers)
      case 3:
        return w.send('delete', path)
      default:
        return w.send('patch', path, { roles: [`r${index}`] }, owner.headers)
    }
  }
  for (let round = 0; round < 4; round++) {
    await times(30, (index) => act(index + round * 11))
    const [total, counted] = await totals(w, team.id)
    expect(total).toBe(counted)
  }
  const gone = people[0]?.user.email ?? ''
  await w.db.delete(users).where(eq(users.email, gone))
  expect(await userByEmail(w, gone)).toBeUndefined()
  const [total, counted] = await totals(w, team.id)
  expect(total).toBe(counted)
})
