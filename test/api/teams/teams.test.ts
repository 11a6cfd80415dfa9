import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { files, garbage, teams } from '#/db/schema'
import { TIME, wire } from '#test/support/clock'
import { sendList, storeFiles } from '#test/support/lists'
import { founded, joined, LATER, membershipsOf, teamRow, teamWorld } from '#test/support/teams'
import { GUEST_HEADERS, type Json, NOW, ROOT, type World } from '#test/support/world'

const ID = /^[0-9a-f]{20}$/

const newId = () => `t${crypto.randomUUID().slice(0, 18)}`
const create = (w: World, fields: Json, headers: Record<string, string> = ROOT) =>
  w.send('post', '/teams', { teamId: 'unique()', name: 'Red team', ...fields }, headers)

describe('create', () => {
  test('makes the founder an owner, in two round trips', async () => {
    const w = await teamWorld()
    const { user, headers } = await w.signedIn()
    const { status, body, trips } = await create(w, { roles: ['dev'] }, headers)
    expect([status, trips]).toEqual([201, 2])
    expect(Object.entries(body)).toEqual([
      ['$id', expect.stringMatching(ID)],
      ['$createdAt', wire(LATER)],
      ['$updatedAt', wire(LATER)],
      ['name', 'Red team'],
      ['total', 1],
      ['prefs', {}],
    ])
    const rows = await membershipsOf(w, body.$id)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ userId: user.id, roles: ['dev', 'owner'], confirm: true })
    expect([rows[0]?.invited, rows[0]?.joined]).toEqual([rows[0]?.createdAt, rows[0]?.createdAt])
    const renamed = await w.send('put', `/teams/${body.$id}`, { name: 'Mine' }, headers)
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Mine', total: 1 } })
  })

  test.each([
    [undefined, ['owner']],
    [null, ['owner']],
    [[], ['owner']],
    [
      ['owner', 'dev'],
      ['owner', 'dev'],
    ],
    [
      ['a', 'a'],
      ['a', 'a', 'owner'],
    ],
  ])('stores the roles %j as %j', async (roles, stored) => {
    const w = await teamWorld()
    const { headers } = await w.signedIn()
    const { body } = await create(w, { roles }, headers)
    expect((await membershipsOf(w, body.$id))[0]?.roles).toEqual(stored)
  })

  test('gives a key a team without members, though somebody is signed in beside it', async () => {
    const w = await teamWorld()
    const { headers } = await w.signedIn()
    const id = newId()
    const { status, body } = await create(w, { teamId: id }, { ...headers, ...ROOT })
    expect([status, body.$id, body.total]).toEqual([201, id, 0])
    expect(await membershipsOf(w, id)).toEqual([])
  })

  test('refuses an ID in use, and makes nobody a member of the other team', async () => {
    const w = await teamWorld()
    const { team } = await founded(w)
    const { headers } = await w.signedIn()
    const answer = await create(w, { teamId: team.id, name: 'Takeover' }, headers)
    expect(answer).toMatchObject({ status: 409, body: { type: 'team_already_exists' } })
    expect(await membershipsOf(w, team.id)).toHaveLength(1)
    expect(await teamRow(w, team.id)).toMatchObject({ name: team.name, total: 1 })
  })

  test('gives one of many who want an ID at once the team, with one member', async () => {
    const w = await teamWorld({}, () => NOW)
    const people = await Promise.all(Array.from({ length: 12 }, () => w.signedIn()))
    const id = newId()
    const answers = await Promise.all(
      people.map(({ headers }) => create(w, { teamId: id }, headers)),
    )
    const won = answers.findIndex(({ status }) => status === 201)
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)])
    const rows = await membershipsOf(w, id)
    expect(rows.map(({ userId }) => userId)).toEqual([people[won]?.user.id])
    expect((await teamRow(w, id))?.total).toBe(1)
  })

  test('takes back what files grant to a former team of the ID before anybody has it', async () => {
    const w = await teamWorld()
    const { team, owner } = await founded(w)
    const bucket = await w.bucket({ fileSecurity: true })
    const read = [`read("team:${team.id}")`, `update("team:${team.id}/owner")`, 'read("user:x")']
    await storeFiles(w, bucket, [{ id: 'secret', permissions: read }])
    const gone = await w.send('delete', `/teams/${team.id}`, undefined, owner.headers)
    expect(gone.status).toBe(204)
    const { headers } = await w.signedIn()
    const { status, body } = await create(w, { teamId: team.id }, headers)
    expect([status, body.total]).toEqual([201, 1])
    const [file] = await w.db.select().from(files).where(eq(files.bucketId, bucket.id))
    expect(file?.permissions).toEqual(['read("user:x")'])
    expect(
      await w.db
        .select()
        .from(garbage)
        .where(eq(garbage.ref, `team:${team.id}`)),
    ).toEqual([])
    const answer = await w.send(
      'get',
      `/storage/buckets/${bucket.id}/files/secret`,
      undefined,
      headers,
    )
    expect(answer.body.type).toBe('storage_file_not_found')
  })

  test.each([
    [{ teamId: '_x' }],
    [{ teamId: 'x'.repeat(37) }],
    [{ teamId: undefined }],
    [{ name: '' }],
    [{ name: 'x'.repeat(129) }],
    [{ name: 'NUL \0' }],
    [{ roles: 'owner' }],
    [{ roles: ['x'.repeat(37)] }],
    [{ roles: [''] }],
    [{ roles: ['a/b'] }],
    [{ roles: Array(101).fill('a') }],
  ])('refuses %j', async (fields) => {
    const w = await teamWorld()
    const { status, body } = await create(w, fields)
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })

  test('takes the longest of everything', async () => {
    const w = await teamWorld()
    const { headers } = await w.signedIn()
    const longest = {
      teamId: newId().padEnd(36, 'x'),
      name: '𝔞'.repeat(128),
      roles: Array(100).fill('r'.repeat(36)),
    }
    const { status, body } = await create(w, longest, headers)
    expect([status, body.$id, body.name]).toEqual([201, longest.teamId, longest.name])
  })
})

describe('who may do what', () => {
  const requests: [string, string, string, unknown][] = [
    ['get', 'get', '', undefined],
    ['updateName', 'put', '', { name: 'Blue team' }],
    ['getPrefs', 'get', '/prefs', undefined],
    ['updatePrefs', 'put', '/prefs', { prefs: { a: 1 } }],
    ['delete', 'delete', '', undefined],
  ]
  const writes = ['updateName', 'updatePrefs', 'delete']

  test.each(requests)(
    '%s: owners and keys; members read; to others the team is not there',
    async (name, method, path, body) => {
      const w = await teamWorld()
      const { team, owner, at } = await founded(w)
      const member = await joined(w, team.id, ['dev', 'Owner', 'owners'])
      const pending = await w.signedIn()
      await w.member(team.id, pending.user.id, { confirm: false, joined: null, roles: ['owner'] })
      const stranger = await founded(w)
      const ask = async (headers: Record<string, string>) => {
        const answer = await w.send(method, `${at}${path}`, body, headers)
        return answer.body?.type ?? answer.status
      }
      const done = name === 'delete' ? 204 : 200
      expect(await ask(GUEST_HEADERS)).toBe('general_unauthorized_scope')
      expect(await ask(stranger.owner.headers)).toBe('team_not_found')
      expect(await ask(pending.headers)).toBe('team_not_found')
      expect(await ask(member.headers)).toBe(writes.includes(name) ? 'user_unauthorized' : 200)
      expect(await ask(owner.headers)).toBe(done)
      expect(await ask(ROOT)).toBe(name === 'delete' ? 'team_not_found' : done)
    },
  )

  test('lets a key without the scope do nothing', async () => {
    const w = await teamWorld()
    const { at } = await founded(w)
    const reader = await w.key('teams.read')
    const writer = await w.key('teams.write')
    for (const [name, method, path, body] of requests) {
      const wrong = writes.includes(name) ? reader : writer
      const answer = await w.send(method, `${at}${path}`, body, wrong)
      expect([name, answer.body.type]).toEqual([name, 'general_unauthorized_scope'])
    }
  })
})

describe('rename', () => {
  test('changes name, moment and what is found, in three round trips', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w, { name: 'Before words' })
    const { status, body, trips } = await w.send('put', at, { name: 'Hindsight' }, owner.headers)
    expect([status, trips]).toEqual([200, 3])
    expect(body).toMatchObject({ $id: team.id, name: 'Hindsight', total: 1 })
    expect(body.$updatedAt > body.$createdAt).toBe(true)
    const found = async (term: string) =>
      (await w.send('get', `/teams?search=${term}`, undefined, owner.headers)).body.total
    expect([await found('hinds'), await found('before'), await found(team.id)]).toEqual([1, 0, 1])
  })

  test('to the same name needs no more than to read, and moves nothing', async () => {
    const w = await teamWorld()
    const { team, at } = await founded(w)
    const member = await joined(w, team.id)
    const { status, body } = await w.send('put', at, { name: team.name }, member.headers)
    expect([status, body.$updatedAt]).toEqual([200, TIME])
  })
})

describe('preferences', () => {
  test('replace each other, and are the whole answer', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const put = (prefs: unknown) => w.send('put', `${at}/prefs`, { prefs }, owner.headers)
    const first = await put({ a: 1, deep: { b: [null] } })
    expect([first.status, first.body, first.trips]).toEqual([200, { a: 1, deep: { b: [null] } }, 3])
    expect((await put({ c: 2 })).body).toEqual({ c: 2 })
    const read = await w.send('get', `${at}/prefs`, undefined, owner.headers)
    expect([read.body, read.trips]).toEqual([{ c: 2 }, 2])
    expect((await w.send('get', at)).body.prefs).toEqual({ c: 2 })
    const moment = (await teamRow(w, team.id))?.updatedAt
    expect((await put({ c: 2 })).status).toBe(200)
    expect((await teamRow(w, team.id))?.updatedAt).toEqual(moment)
    expect((await put({})).body).toEqual({})
  })

  test.each([
    [{ $id: 1 }, 'document_invalid_structure'],
    [{ $permissions: 'read("any")' }, 'document_invalid_structure'],
    [{ $permissions: {} }, 'document_invalid_structure'],
    [{ $id: null }, 'document_invalid_structure'],
    [['a'], 'general_argument_invalid'],
    ['a', 'general_argument_invalid'],
    [null, 'general_argument_invalid'],
    [undefined, 'general_argument_invalid'],
    [{ a: 'x'.repeat(65_535) }, 'general_argument_invalid'],
  ])('%j is refused, even before the team is looked for', async (prefs, type) => {
    const w = await teamWorld()
    const { headers } = await w.signedIn()
    const { status, body } = await w.send('put', '/teams/nowhere/prefs', { prefs }, headers)
    expect([status, body.type]).toEqual([400, type])
  })

  test('may hold an $id and $permissions of the right type', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const prefs = { $id: 'x', $permissions: [1] }
    const { status, body } = await w.send('put', `${at}/prefs`, { prefs }, owner.headers)
    expect([status, body]).toEqual([200, prefs])
  })
})

describe('delete', () => {
  test('takes all memberships and their invitations along, at once, and leaves the users', async () => {
    const w = await teamWorld()
    const { team, owner, at } = await founded(w)
    const member = await joined(w, team.id)
    const other = await founded(w)
    const email = `${crypto.randomUUID()}@example.org`
    const url = 'http://localhost/join'
    const invited = await w.send(
      'post',
      `${at}/memberships`,
      { roles: [], email, url },
      owner.headers,
    )
    const before = await w.send('get', at, undefined, member.headers)
    expect([invited.status, before.body.total]).toEqual([201, 2])
    const { status, bytes, trips } = await w.send('delete', at, undefined, owner.headers)
    expect([status, bytes.length, trips]).toEqual([204, 0, 3])
    expect(await membershipsOf(w, team.id)).toEqual([])
    const left = await w.env.DB.prepare('select count(*) as n from one_time_secrets where ref = ?')
      .bind(invited.body.$id)
      .first('n')
    expect(left).toBe(0)
    for (const { headers } of [member, owner]) {
      const answer = await w.send('get', at, undefined, headers)
      expect(answer.body.type).toBe('team_not_found')
    }
    expect((await w.send('get', '/teams', undefined, member.headers)).body.total).toBe(0)
    expect((await w.send('get', `/users/${invited.body.userId}`)).status).toBe(200)
    expect(await teamRow(w, other.team.id)).toMatchObject({ total: 1 })
  })

  test('happens once, of many at once', async () => {
    const w = await teamWorld()
    const { owner, at } = await founded(w)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => w.send('delete', at, undefined, owner.headers)),
    )
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ body }) => body?.type === 'team_not_found')).toHaveLength(9)
  })
})

describe('list', () => {
  const ids = (body: Json) => body.teams.map(({ $id }: Json) => $id)

  test('shows users the teams they are in, and keys all', async () => {
    const w = await teamWorld()
    await w.db.delete(teams)
    const mine = await founded(w, { name: 'Alpha one' })
    const also = await founded(w, { name: 'Beta one' })
    const others = await founded(w, { name: 'Gamma one' })
    await w.member(also.team.id, mine.owner.user.id)
    await w.member(others.team.id, mine.owner.user.id, { confirm: false, joined: null })
    const { headers } = mine.owner
    const own = [mine.team.id, also.team.id]
    const first = await w.send('get', '/teams', undefined, headers)
    expect([first.status, first.trips, first.body.total, ids(first.body)]).toEqual([200, 2, 2, own])
    expect(first.body.teams[1]).toEqual((await w.send('get', also.at)).body)
    const all = await w.send('get', '/teams')
    expect([all.body.total, ids(all.body)]).toEqual([3, [...own, others.team.id]])
    const search = async (term: string, who?: Record<string, string>) => {
      const { body } = await w.send('get', `/teams?search=${term}`, undefined, who)
      return [body.total, ids(body)]
    }
    expect(await search('one', headers)).toEqual([2, own])
    expect(await search('gam', headers)).toEqual([0, []])
    expect(await search('gam')).toEqual([1, [others.team.id]])
    const uncounted = await w.send('get', '/teams?total=false', undefined, headers)
    expect([uncounted.body.total, ids(uncounted.body)]).toEqual([0, own])
    const { headers: nobody } = await w.signedIn()
    expect((await w.send('get', '/teams', undefined, nobody)).body).toEqual({ total: 0, teams: [] })
  })

  test('filters, sorts and pages, and takes no cursor that the caller may not read', async () => {
    const w = await teamWorld()
    await w.db.delete(teams)
    const { owner } = await founded(w, { name: 'B' })
    for (const name of ['C', 'A']) {
      const team = await w.team({ name, id: `team-${name}` })
      await w.member(team.id, owner.user.id)
    }
    const hidden = await w.team({ name: 'A' })
    const names = async (...queries: Json[]) => {
      const { status, body } = await sendList(
        w,
        '/teams',
        queries.map((query) => JSON.stringify(query)),
        { headers: owner.headers },
      )
      return status === 200 ? body.teams.map(({ name }: Json) => name) : body.type
    }
    const sorted = { method: 'orderAsc', attribute: 'name' }
    expect(await names({ method: 'orderDesc', attribute: 'name' })).toEqual(['C', 'B', 'A'])
    expect(await names({ method: 'equal', attribute: 'name', values: ['A', 'C'] })).toEqual([
      'C',
      'A',
    ])
    expect(await names({ method: 'greaterThan', attribute: 'total', values: [1] })).toEqual([])
    const after = (id: string) => ({ method: 'cursorAfter', values: [id] })
    expect(await names(sorted, after('team-A'))).toEqual(['B', 'C'])
    expect(await names(after(hidden.id))).toBe('general_cursor_not_found')
    const billing = { method: 'equal', attribute: 'billingPlan', values: ['a'] }
    expect(await names(billing)).toBe('general_argument_invalid')
  })
})
