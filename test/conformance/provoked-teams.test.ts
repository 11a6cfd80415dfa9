import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { identities, memberships } from '#/db/schema'
import api from '#test/contract/api.json'
import { errorBody } from '#test/support/errors'
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
import { type Answer, type Json, NOW, ROOT, type World } from '#test/support/world'

/** Types that the contract lists but that cannot arise here, and why. */
const CANNOT_ARISE: Record<string, string> = {
  'teams.list database_query_order_null': 'a row without the value is a place in the order',
  'teams.listMemberships database_query_order_null':
    'a row without the value is a place in the order',
  'teams.delete general_server_error': 'team and memberships go in one statement',
  'teams.getPrefs document_invalid_structure': 'what is stored was checked when it was written',
}

type Scene = Awaited<ReturnType<typeof scene>>
type Provoke = (w: World, s: Scene) => Promise<Answer>

const query = (method: string, attribute: string, values: Json[] = []) =>
  `queries[0]=${encodeURIComponent(JSON.stringify({ method, attribute, values }))}`

/** A team with an owner, a member, somebody invited, and another team. */
async function scene(w: World) {
  const { team, owner, at } = await founded(w)
  const member = await joined(w, team.id, ['dev'])
  const other = await founded(w)
  const elsewhere = await joined(w, other.team.id)
  const email = newEmail()
  const { body } = await inviteTo(w, at, owner.headers, { email })
  const link = readLink(await linkTo(w, email))
  return {
    ...{ team, owner, at, member, other, elsewhere, link },
    pending: body.$id as string,
    one: `${at}/memberships/${member.membership.id}`,
  }
}

/** Asks with the rights of an owner. */
const ask =
  (method: string, path: (s: Scene) => string, body?: unknown): Provoke =>
  (w, s) =>
    w.send(method, path(s), body, s.owner.headers)

const nowhere = () => '/teams/nowhere'
const lists = (path: (s: Scene) => string) => ({
  general_cursor_not_found: ask('get', (s) => `${path(s)}?${query('cursorAfter', '', ['none'])}`),
  general_query_invalid: ask('get', (s) => `${path(s)}?${query('lessThan', '$sequence', [0])}`),
})
const onMembership = (method: string, body?: unknown): Record<string, Provoke> => ({
  team_not_found: (w, s) => w.send(method, s.one, body, s.other.owner.headers),
  team_membership_mismatch: ask(
    method,
    (s) => `${s.at}/memberships/${s.elsewhere.membership.id}`,
    body,
  ),
})
const withoutUser =
  (method: string, body?: unknown): Provoke =>
  async (w, s) => {
    const { id } = s.member.membership
    await w.db.update(memberships).set({ userId: 'ghost' }).where(eq(memberships.id, id))
    return w.send(method, s.one, body, s.owner.headers)
  }
const byMember =
  (method: string, path: (s: Scene) => string, body?: unknown): Provoke =>
  (w, s) =>
    w.send(method, path(s), body, s.member.headers)

/** Lets both owners of a team do something at once; gives the answer of the one who is refused. */
const together =
  (method: string, body?: unknown): Provoke =>
  async (w, s) => {
    const roles = ['owner']
    await w.db.update(memberships).set({ roles }).where(eq(memberships.id, s.member.membership.id))
    const [mine] = await w.db.select().from(memberships).where(eq(memberships.teamId, s.team.id))
    const all = [
      { headers: s.owner.headers, path: `${s.at}/memberships/${mine?.id}` },
      { headers: s.member.headers, path: s.one },
    ]
    const { batch } = w.env.DB
    let looked = 0
    const gate = Promise.withResolvers<void>()
    w.env.DB.batch = async (statements) => {
      const rows = await batch(statements)
      // Each request authenticates, looks, and writes: nobody writes before all have looked.
      if (++looked === all.length * 2) gate.resolve()
      if (looked > all.length) await gate.promise
      return rows as never
    }
    const answers = await Promise.all(
      all.map(({ headers, path }) => w.send(method, path, body, headers)),
    )
    w.env.DB.batch = batch
    const refused = answers.find(({ status }) => status === 400)
    if (!refused) throw new Error('None of the owners was refused.')
    return refused
  }

/** Sends an invitation as the owner. */
const invite =
  (fields: Record<string, unknown> = {}, prepare?: (w: World) => Promise<unknown>): Provoke =>
  async (w, s) => {
    await prepare?.(w)
    return inviteTo(w, s.at, s.owner.headers, { email: newEmail(), ...fields })
  }
const underPolicy =
  (policy: string, value: unknown, fields: Record<string, unknown> = {}): Provoke =>
  async (w, s) => {
    await w.set(policy, value)
    const answer = await invite(fields)(w, s)
    await w.set(policy, typeof value === 'number' ? 0 : false)
    return answer
  }
const without =
  (overrides: Record<string, string>, fields: Record<string, unknown>): Provoke =>
  async (_, s) =>
    inviteTo(await teamWorld({ MAIL_OUTBOX: 'off', ...overrides }), s.at, s.owner.headers, fields)

const accept =
  (fields: Partial<Scene['link']>, headers?: (s: Scene) => Record<string, string>): Provoke =>
  (w, s) =>
    acceptAs(w, { ...s.link, ...fields }, headers?.(s))

const PROVOKED: Record<string, Record<string, Provoke>> = {
  'teams.create': {
    team_already_exists: (w, s) => w.send('post', '/teams', { teamId: s.team.id, name: 'x' }),
  },
  'teams.list': lists(() => '/teams'),
  'teams.get': { team_not_found: ask('get', nowhere) },
  'teams.updateName': { team_not_found: ask('put', nowhere, { name: 'x' }) },
  'teams.delete': { team_not_found: ask('delete', nowhere) },
  'teams.getPrefs': { team_not_found: ask('get', () => '/teams/nowhere/prefs') },
  'teams.updatePrefs': {
    team_not_found: ask('put', () => '/teams/nowhere/prefs', { prefs: {} }),
    document_invalid_structure: ask('put', (s) => `${s.at}/prefs`, { prefs: { $id: 1 } }),
  },
  'teams.listMemberships': {
    ...lists((s) => `${s.at}/memberships`),
    team_not_found: ask('get', () => '/teams/nowhere/memberships'),
  },
  'teams.createMembership': {
    general_argument_invalid: invite({ url: undefined }),
    // The general one: a console session is asked for on the reserved project.
    general_bad_request: (w, s) =>
      w.send(
        'post',
        `${s.at}/memberships`,
        { roles: [] },
        { 'X-Appwrite-Project': 'console', 'X-Appwrite-Mode': 'admin' },
      ),
    general_smtp_disabled: without({}, { email: newEmail() }),
    general_phone_disabled: without(
      { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'a@example.com' },
      { phone: '+493055501' },
    ),
    team_not_found: (w, s) => inviteTo(w, s.at, s.other.owner.headers, { email: newEmail() }),
    user_not_found: invite({ userId: 'nobody', email: undefined }),
    user_already_exists: (w, s) =>
      invite({ userId: s.member.user.id, email: 'other@example.org' })(w, s),
    user_count_exceeded: underPolicy('userLimit', 1),
    user_email_already_exists: async (w, s) => {
      const email = newEmail()
      await w.db.insert(identities).values({
        ...{ id: crypto.randomUUID(), userId: s.member.user.id, provider: 'github' },
        ...{ providerUid: email, providerEmail: email, providerAccessToken: '' },
        ...{ providerRefreshToken: '', createdAt: NOW, updatedAt: NOW },
      })
      return invite({ email })(w, s)
    },
    user_email_disposable: underPolicy('denyDisposableEmails', true, { email: 'a@mailinator.com' }),
    user_email_free: underPolicy('denyFreeEmails', true, { email: 'a@gmail.com' }),
    user_email_not_canonical: underPolicy('denyAliasedEmails', true, { email: 'a+b@gmail.com' }),
    user_email_not_corporate: underPolicy('onlyCorporateEmails', true, { email: 'a@gmail.com' }),
    user_unauthorized: (w, s) => inviteTo(w, s.at, s.member.headers, { email: newEmail() }),
    membership_already_confirmed: (w, s) =>
      invite({ userId: s.member.user.id, email: undefined })(w, s),
    user_auth_method_unsupported: async (w, s) => {
      await w.set('method:invites', false)
      const answer = await invite()(w, s)
      await w.set('method:invites', true)
      return answer
    },
    general_rate_limit_exceeded: async (_, s) => {
      const w = await teamWorld({ RATE_LIMITS: 'on' })
      const headers = { ...s.owner.headers, 'CF-Connecting-IP': '203.0.113.41' }
      const send = () => inviteTo(w, s.at, headers, { userId: 'nobody' })
      for (let count = 0; count < 10; count++) {
        expect((await send()).body.type).toBe('user_not_found')
      }
      const byKey = await inviteTo(w, s.at, { ...headers, ...ROOT }, { userId: 'nobody' })
      expect(byKey.body.type).toBe('user_not_found')
      return send()
    },
  },
  'teams.getMembership': {
    ...onMembership('get'),
    membership_not_found: ask('get', (s) => `${s.at}/memberships/none`),
  },
  'teams.updateMembership': {
    ...onMembership('patch', { roles: [] }),
    membership_not_found: ask('patch', (s) => `${s.at}/memberships/none`, { roles: [] }),
    membership_downgrade_prohibited: together('patch', { roles: [] }),
    user_not_found: withoutUser('patch', { roles: [] }),
    user_unauthorized: byMember('patch', (s) => s.one, { roles: [] }),
  },
  'teams.deleteMembership': {
    ...onMembership('delete'),
    team_invite_not_found: ask('delete', (s) => `${s.at}/memberships/none`),
    membership_deletion_prohibited: together('delete'),
    user_not_found: withoutUser('delete'),
    user_unauthorized: byMember('delete', (s) => `${s.at}/memberships/${s.pending}`),
  },
  'teams.updateMembershipStatus': {
    membership_not_found: accept({ membershipId: 'none' }),
    team_not_found: accept({ teamId: 'nowhere' }),
    team_membership_mismatch: (w, s) => accept({ teamId: s.other.team.id })(w, s),
    team_invalid_secret: accept({ secret: 'wrong' }),
    team_invite_mismatch: accept({}, (s) => s.member.headers),
    membership_already_confirmed: async (w, s) => {
      expect((await accept({})(w, s)).status).toBe(200)
      return accept({})(w, s)
    },
  },
}

const listed = Object.values<Json>((api as Json).paths)
  .flatMap((methods: Json) => Object.values<Json>(methods))
  .filter((operation) => /^teams\./.test(operation.operationId) && !operation['x-status'])
  .flatMap(({ operationId, 'x-errors': types = [] }) =>
    types.map((type: string) => [operationId, type] as const),
  )

test('every error that the contract lists is provoked, or cannot arise for a stated reason', () => {
  const missing = listed.filter(
    ([name, type]) => !CANNOT_ARISE[`${name} ${type}`] && !PROVOKED[name]?.[type],
  )
  expect(listed.length).toBeGreaterThan(40)
  expect(missing).toEqual([])
})

test.each(
  Object.entries(PROVOKED).flatMap(([name, types]) =>
    Object.entries(types).map(([type, provoke]) => [name, type, provoke] as const),
  ),
)('%s answers %s', async (_, type, provoke) => {
  const w = await teamWorld()
  const { body } = await provoke(w, await scene(w))
  expect(body).toEqual(errorBody(type))
})
