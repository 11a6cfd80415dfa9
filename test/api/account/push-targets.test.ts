import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { logs, sessions, targets } from '#/db/schema'
import { before } from '#test/support/account'
import { after, HOUR, TIME, wire } from '#test/support/clock'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const PATH = '/account/targets/push'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'

let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off' }, () => moment)
})
const token = () => `push-${crypto.randomUUID()}`
const create = (headers: Headers_, fields: Record<string, unknown> = {}) =>
  w.send('post', PATH, { targetId: 'unique()', identifier: token(), ...fields }, headers)
const update = (headers: Headers_, id: string, identifier: unknown) =>
  w.send('put', `/account/targets/${id}/push`, { identifier }, headers)
const remove = (headers: Headers_, id: string) =>
  w.send('delete', `/account/targets/${id}/push`, undefined, headers)
const stored = async (id: string) => {
  const [row] = await w.db.select().from(targets).where(eq(targets.id, id))
  return row
}
const eventsOf = async (userId: string) =>
  (await w.db.select().from(logs).where(eq(logs.userId, userId))).map(({ event }) => event)

describe('a push target', () => {
  test('is stored for its session and named by the device', async () => {
    const { user, session, headers } = await w.signedIn()
    const identifier = token()
    const { status, body, trips } = await create(
      { ...headers, 'User-Agent': IPHONE },
      { targetId: `t-${user.id.slice(0, 8)}`, identifier, providerId: 'fcm' },
    )
    expect([status, trips]).toEqual([201, 3])
    expect(body).toEqual({
      $id: `t-${user.id.slice(0, 8)}`,
      $createdAt: TIME,
      $updatedAt: TIME,
      name: 'Apple iPhone',
      userId: user.id,
      providerId: 'fcm',
      providerType: 'push',
      identifier,
      expired: false,
    })
    expect(await stored(body.$id)).toMatchObject({ sessionId: session.id, userId: user.id })
    expect(await eventsOf(user.id)).toEqual(['target.create'])
    const me = await w.send('get', '/account', undefined, headers)
    expect(me.body.targets).toEqual([body])
  })
  test('of an unknown device, without a provider, has a single space for a name', async () => {
    const { headers } = await w.signedIn()
    const { body } = await create(headers)
    expect(body).toMatchObject({ name: ' ', providerId: null })
  })
  test.each(['targetId', 'identifier'])('with a %s in use is refused', async (field) => {
    const [one, other] = [await w.signedIn(), await w.signedIn()]
    const { body } = await create(one.headers)
    const taken = field === 'targetId' ? body.$id : body.identifier
    for (const { headers } of [one, other]) {
      const refused = await create(headers, { [field]: taken })
      expect([refused.status, refused.body.type]).toEqual([409, 'user_target_already_exists'])
    }
  })
  test.each([
    ['another session of the same user', false, after(HOUR)],
    ['a session of the same user that has expired', false, NOW],
    ["somebody else's session that has expired", true, NOW],
  ])('follows its device from %s', async (_, isOther, expiresAt) => {
    const now = await w.signedIn()
    const holder = isOther ? await w.user() : now.user
    const old = await w.session(holder.id, { expiresAt: after(HOUR) })
    const { body: made } = await create(old.headers)
    await w.db.update(sessions).set({ expiresAt }).where(eq(sessions.id, old.row.id))
    const { identifier } = made
    const taken = await create(now.headers, { targetId: made.$id, identifier })
    expect([taken.status, taken.body.userId]).toEqual([201, now.user.id])
    const rows = await w.db.select().from(targets).where(eq(targets.identifier, identifier))
    expect(rows.map(({ userId, sessionId }) => [userId, sessionId])).toEqual([
      [now.user.id, now.session.id],
    ])
  })
  test('of a device whose session was lost is not dropped by a request that is refused', async () => {
    const { user, headers } = await w.signedIn()
    const { body: made } = await create((await w.session(user.id)).headers)
    const { body: other } = await create(headers)
    const given = { targetId: other.$id, identifier: made.identifier }
    expect((await create(headers, given)).body.type).toBe('user_target_already_exists')
    expect(await stored(made.$id)).toMatchObject({ identifier: made.identifier })
  })
  test('that a server stored is nobody’s to take', async () => {
    const { user, headers } = await w.signedIn()
    const identifier = token()
    const given = { targetId: 'unique()', providerType: 'push', identifier }
    const made = await w.send('post', `/users/${user.id}/targets`, given)
    expect(made.status).toBe(201)
    expect((await create(headers, { identifier })).body.type).toBe('user_target_already_exists')
  })
  test('made 50 times at once is made once', async () => {
    const { user, headers } = await w.signedIn()
    const identifier = token()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => create(headers, { identifier })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
    expect(await w.db.select().from(targets).where(eq(targets.userId, user.id))).toHaveLength(1)
  })
  test.each([
    [{ targetId: undefined }],
    [{ targetId: '_x' }],
    [{ identifier: undefined }],
    [{ identifier: '' }],
    [{ identifier: 'x'.repeat(256) }],
    [{ identifier: 'a\u0000b' }],
    [{ providerId: '' }],
    [{ providerId: '.x' }],
  ])('with %j is refused', async (fields) => {
    const { headers } = await w.signedIn()
    const { status, body } = await create(headers, fields)
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
  test('needs a session: a JWT has none, and neither has a key', async () => {
    const { headers } = await w.signedIn()
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    for (const caller of [{ 'X-Appwrite-JWT': body.jwt }, await w.key('targets.write')]) {
      const refused = await create(caller)
      expect([refused.status, refused.body.type]).toEqual([404, 'user_session_not_found'])
    }
  })
  test('may be made by a server that has the key and passes the session on', async () => {
    const { user, headers } = await w.signedIn()
    const key = await w.key('targets.write')
    const { status, body } = await create({
      ...{ ...headers, ...key },
      'X-Forwarded-User-Agent': IPHONE,
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ userId: user.id, name: 'Apple iPhone' })
  })
  test.each<[string, (headers: Headers_, sessionId: string) => Promise<unknown>]>([
    ['is left', (headers) => w.send('delete', '/account/sessions/current', undefined, headers)],
    [
      'is ended with all others',
      (headers) => w.send('delete', '/account/sessions', undefined, headers),
    ],
    [
      'is ended from another one',
      async (_, sessionId) => {
        const owner = await w.db.query.sessions.findFirst({
          where: (t, { eq }) => eq(t.id, sessionId),
        })
        const { headers } = await w.session(owner?.userId ?? '')
        return w.send('delete', `/account/sessions/${sessionId}`, undefined, headers)
      },
    ],
  ])('goes with its session when that %s', async (_, end) => {
    const { user, session, headers } = await w.signedIn()
    const { headers: second } = await w.session(user.id)
    const gone = await create(headers)
    const stays = await create(second)
    await end(headers, session.id)
    expect(await stored(gone.body.$id)).toBeUndefined()
    if (_ !== 'is ended with all others') expect(await stored(stays.body.$id)).toBeDefined()
  })
  test('is not stored for a session that ended meanwhile', async () => {
    const { user, session, headers } = await w.signedIn()
    before(w, 2, () => w.db.delete(sessions).where(eq(sessions.id, session.id)))
    const { status, body } = await create(headers)
    expect([status, body.type]).toEqual([404, 'user_session_not_found'])
    expect(await w.db.select().from(targets).where(eq(targets.userId, user.id))).toEqual([])
  })
  test('goes with its user', async () => {
    const { user, headers } = await w.signedIn()
    const { body } = await create(headers)
    await w.send('delete', `/users/${user.id}`)
    expect(await stored(body.$id)).toBeUndefined()
  })
})

describe('changing a push target', () => {
  test('sets the identifier, renews it, and names it by the device', async () => {
    const { user, session, headers } = await w.signedIn()
    const { body: made } = await create(headers)
    await w.db.update(targets).set({ expired: true }).where(eq(targets.id, made.$id))
    moment = new Date(NOW.getTime() + 1000)
    const identifier = token()
    const { status, body, trips } = await update(
      { ...headers, 'User-Agent': IPHONE },
      made.$id,
      identifier,
    )
    expect([status, trips]).toEqual([200, 3])
    expect(body).toEqual({
      ...made,
      identifier,
      name: 'Apple iPhone',
      expired: false,
      $updatedAt: wire(after(1)),
    })
    expect((await stored(made.$id))?.sessionId).toBe(session.id)
    expect(await eventsOf(user.id)).toEqual(['target.create', 'target.update'])
  })
  test('to what it is changes nothing', async () => {
    const { headers } = await w.signedIn()
    const { body: made } = await create(headers)
    moment = new Date(NOW.getTime() + 1000)
    expect((await update(headers, made.$id, made.identifier)).body).toEqual(made)
  })
  test('to a token that the device had in a session that was lost', async () => {
    const { user, headers } = await w.signedIn()
    const { body: made } = await create(headers)
    const { body: lost } = await create((await w.session(user.id)).headers)
    const { status, body } = await update(headers, made.$id, lost.identifier)
    expect([status, body.identifier]).toEqual([200, lost.identifier])
    expect(await stored(lost.$id)).toBeUndefined()
  })
  test('of nobody’s target leaves the lost one alone', async () => {
    const { user, headers } = await w.signedIn()
    const { body: lost } = await create((await w.session(user.id)).headers)
    expect((await update(headers, 'none', lost.identifier)).status).toBe(404)
    expect(await stored(lost.$id)).toBeDefined()
  })
  test('to an identifier in use is refused', async () => {
    const { headers } = await w.signedIn()
    const { body: made } = await create(headers)
    const { body: taken } = await create((await w.signedIn()).headers)
    const { status, body } = await update(headers, made.$id, taken.identifier)
    expect([status, body.type]).toEqual([409, 'user_target_already_exists'])
    expect((await stored(made.$id))?.identifier).toBe(made.identifier)
  })
  test('works under a JWT', async () => {
    const { headers } = await w.signedIn()
    const { body: made } = await create(headers)
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    const jwt = { 'X-Appwrite-JWT': body.jwt }
    expect((await update(jwt, made.$id, token())).status).toBe(200)
    expect((await remove(jwt, made.$id)).status).toBe(204)
  })
  test.each([[undefined], [''], ['x'.repeat(256)], [1]])('takes text, not %j', async (given) => {
    const { headers } = await w.signedIn()
    const { body: made } = await create(headers)
    const { status, body } = await update(headers, made.$id, given)
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
})

describe('whose push target it is', () => {
  /** Returns an ID that does not name a push target of the caller. */
  const OTHERS: [string, (userId: string) => Promise<string>][] = [
    ['nobody’s', async () => 'nothing'],
    ['another user’s', async () => (await create((await w.signedIn()).headers)).body.$id],
    [
      'an e-mail target of the user’s own',
      async (userId) => {
        const id = crypto.randomUUID().slice(0, 20)
        await w.db.insert(targets).values({
          ...{ id, userId, providerType: 'email', identifier: `${id}@example.com` },
          ...{ expired: false, createdAt: NOW, updatedAt: NOW },
        })
        return id
      },
    ],
  ]
  test.each(OTHERS)('decides: %s is not found', async (_, find) => {
    const { user, headers } = await w.signedIn()
    const id = await find(user.id)
    const before = await stored(id)
    for (const { status, body } of [
      await update(headers, id, token()),
      await remove(headers, id),
    ]) {
      expect([status, body.type]).toEqual([404, 'user_target_not_found'])
    }
    expect(await stored(id)).toEqual(before)
  })
  test('decides: a key that came alone finds none', async () => {
    const { body: made } = await create((await w.signedIn()).headers)
    const key = await w.key('targets.write')
    expect((await update(key, made.$id, token())).body.type).toBe('user_target_not_found')
    expect((await remove(key, made.$id)).body.type).toBe('user_target_not_found')
  })
})

test('a removed push target is gone', async () => {
  const { user, headers } = await w.signedIn()
  const { body } = await create(headers)
  const { status, bytes, trips } = await remove(headers, body.$id)
  expect([status, bytes.length, trips]).toEqual([204, 0, 3])
  expect(await stored(body.$id)).toBeUndefined()
  expect(await eventsOf(user.id)).toEqual(['target.create', 'target.delete'])
})

test('a guest has no push targets', async () => {
  const { status, body } = await create({})
  expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
})
