import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { seal } from '#/auth/seal'
import { identities, logs, sessions } from '#/db/schema'
import { after, DAY, TIME, wire } from '#test/support/clock'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>

let w: World
beforeEach(async () => {
  w = await world({ RATE_LIMITS: 'off' }, () => NOW)
})
/** Stores an identity, its tokens sealed as they are when somebody signs in through a provider. */
async function identity(userId: string, fields: Partial<typeof identities.$inferInsert> = {}) {
  const id = fields.id ?? crypto.randomUUID().slice(0, 20)
  const sealed = (what: string, text: string) =>
    seal(text, w.env.SECRET ?? '', `identity:${what}:${id}`)
  const [row] = await w.db
    .insert(identities)
    .values({
      ...{ id, userId, provider: 'github', providerUid: crypto.randomUUID() },
      providerEmail: 'me@example.com',
      providerAccessToken: await sealed('access', 'the access token'),
      providerAccessTokenExpiry: after(40 * DAY),
      providerRefreshToken: await sealed('refresh', 'the refresh token'),
      createdAt: NOW,
      updatedAt: NOW,
      ...fields,
    })
    .returning()
  if (!row) throw new Error('No identity was stored.')
  return row
}
const list = (headers: Headers_, query = '') =>
  w.send('get', `/account/identities${query}`, undefined, headers)
const queries = (...wire: [method: string, attribute: string, ...values: unknown[]][]) =>
  `?${wire
    .map(([method, attribute, ...values], index) => {
      const given = attribute ? { method, attribute, values } : { method, values }
      return `queries[${index}]=${encodeURIComponent(JSON.stringify(given))}`
    })
    .join('&')}`
const ids = async (headers: Headers_, query = '') => {
  const { status, body } = await list(headers, query)
  expect([status, body.type]).toEqual([200, undefined])
  return body.identities.map(({ $id }: { $id: string }) => $id)
}

describe('the list of identities', () => {
  test('shows the own ones with their tokens, in one round trip beside the caller', async () => {
    const { user, headers } = await w.signedIn()
    const row = await identity(user.id)
    await identity((await w.user()).id)
    const { status, body, trips } = await list(headers)
    expect([status, trips]).toEqual([200, 2])
    expect(body).toEqual({
      total: 1,
      identities: [
        {
          $id: row.id,
          $createdAt: TIME,
          $updatedAt: TIME,
          userId: user.id,
          provider: 'github',
          providerUid: row.providerUid,
          providerEmail: 'me@example.com',
          providerAccessToken: 'the access token',
          providerAccessTokenExpiry: wire(after(40 * DAY)),
          providerRefreshToken: 'the refresh token',
          providerIdToken: '',
        },
      ],
    })
    expect(JSON.stringify(row)).not.toMatch(/the (access|refresh) token/)
  })
  test('filters, sorts and pages', async () => {
    const { user, headers } = await w.signedIn()
    await identity(user.id, { id: `a-${user.id.slice(0, 8)}`, provider: 'github' })
    await identity(user.id, { id: `b-${user.id.slice(0, 8)}`, provider: 'google' })
    await identity(user.id, { id: `c-${user.id.slice(0, 8)}`, provider: 'apple' })
    const [a, b, c] = await ids(headers)
    expect(await ids(headers, queries(['equal', 'provider', 'google']))).toEqual([b])
    expect(await ids(headers, queries(['orderAsc', 'provider']))).toEqual([c, a, b])
    expect(await ids(headers, queries(['cursorAfter', '', a], ['limit', '', 1]))).toEqual([b])
    expect((await list(headers, '?total=false')).body.total).toBe(0)
  })
  test('cannot be asked for those of others', async () => {
    const { headers } = await w.signedIn()
    const other = await w.user()
    const { id } = await identity(other.id)
    expect(await ids(headers, queries(['equal', 'userId', other.id]))).toEqual([])
    const { body } = await list(headers, queries(['cursorAfter', '', id]))
    expect(body.type).toBe('general_cursor_not_found')
  })
  test('of a JWT caller is its own', async () => {
    const { user, headers } = await w.signedIn()
    const { id } = await identity(user.id)
    const { body } = await w.send('post', '/account/jwts', {}, headers)
    expect(await ids({ 'X-Appwrite-JWT': body.jwt })).toEqual([id])
  })
  test.each([
    ['an attribute that is not listed', ['equal', 'providerAccessToken', 'x']],
    ['a select', ['select', '', 'provider']],
  ] as const)('refuses %s', async (_, [method, attribute, value]) => {
    const { headers } = await w.signedIn()
    const { status, body } = await list(headers, queries([method, attribute, value]))
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
})

describe('removing an identity', () => {
  const remove = (headers: Headers_, id: string) =>
    w.send('delete', `/account/identities/${id}`, undefined, headers)
  test('forgets it, keeps its sessions, and is logged', async () => {
    const { user, headers } = await w.signedIn()
    const { id } = await identity(user.id)
    const { row: session } = await w.session(user.id, { provider: 'github' })
    const { status, bytes, trips } = await remove(headers, id)
    expect([status, bytes.length, trips]).toEqual([204, 0, 3])
    expect(await ids(headers)).toEqual([])
    expect(await w.db.select().from(sessions).where(eq(sessions.id, session.id))).toHaveLength(1)
    const [entry] = await w.db.select().from(logs).where(eq(logs.userId, user.id))
    expect(entry?.event).toBe('identity.delete')
  })
  test('that is not there answers 404', async () => {
    const { headers } = await w.signedIn()
    const { status, body } = await remove(headers, 'nothing')
    expect([status, body.type]).toEqual([404, 'user_identity_not_found'])
  })
  test('of somebody else answers 401 and leaves it', async () => {
    const { headers } = await w.signedIn()
    const { id } = await identity((await w.user()).id)
    const { status, body } = await remove(headers, id)
    expect([status, body.type]).toEqual([401, 'user_unauthorized'])
    expect(await w.db.select().from(identities).where(eq(identities.id, id))).toHaveLength(1)
  })
  test('takes an ID alone', async () => {
    const { headers } = await w.signedIn()
    const { status, body } = await remove(headers, '.x')
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
})
