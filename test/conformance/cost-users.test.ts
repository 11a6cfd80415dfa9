import { expect, test } from 'vitest'
import { targets, users } from '#/db/schema'
import { fillUsers, queries } from '#test/support/crowd'
import { q } from '#test/support/lists'
import { storeIdentity, storeTarget } from '#test/support/users'
import { type Answer, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
type Run = (w: World, headers: Headers_) => Promise<Answer & { trips: number }>

const get =
  (path: string): Run =>
  (w, headers) =>
    w.send('get', path, undefined, headers)
const send =
  (method: string, path: string, body?: unknown): Run =>
  (w, headers) =>
    w.send(method, path, body, headers)
const ann = (path: string) => `/users/ann/${path}`
const PASSWORD = 'some password'

/** Requests by a stored key, which costs the caller's round trip, and how many trips each may take. */
const REQUESTS: [name: string, most: number, run: Run][] = [
  [
    'create',
    3,
    send('post', '/users', { userId: 'new', email: 'new@example.com', password: PASSWORD }),
  ],
  [
    'createMD5User',
    3,
    send('post', '/users/md5', {
      ...{
        userId: 'brought',
        email: 'b@example.com',
        password: '5f4dcc3b5aa765d61d8327deb882cf99',
      },
    }),
  ],
  ['list', 2, get('/users')],
  [
    'list, filter and search',
    2,
    get(`/users?search=example&${queries(q('equal', 'status', true))}`),
  ],
  ['list, next page', 2, get(`/users?${queries(q('cursorAfter', '', 'ann'))}`)],
  ['get', 2, get('/users/ann')],
  ['updateEmail', 3, send('patch', ann('email'), { email: 'ann@example.org' })],
  ['updatePhone', 3, send('patch', ann('phone'), { number: '+4915112345678' })],
  ['updateName', 2, send('patch', ann('name'), { name: 'Ann' })],
  ['updateStatus', 2, send('patch', ann('status'), { status: false })],
  ['updateLabels', 2, send('put', ann('labels'), { labels: ['vip'] })],
  ['updateImpersonator', 2, send('patch', ann('impersonator'), { impersonator: false })],
  ['updateEmailVerification', 2, send('patch', ann('verification'), { emailVerification: true })],
  [
    'updatePhoneVerification',
    2,
    send('patch', ann('verification/phone'), { phoneVerification: true }),
  ],
  ['getPrefs', 2, get(ann('prefs'))],
  ['updatePrefs', 2, send('patch', ann('prefs'), { prefs: { a: 1 } })],
  ['listTargets', 2, get(ann('targets'))],
  [
    'createTarget',
    2,
    send('post', ann('targets'), { targetId: 'p', providerType: 'push', identifier: 'device' }),
  ],
  ['getTarget', 2, get(ann('targets/p'))],
  ['updateTarget', 3, send('patch', ann('targets/p'), { identifier: 'device 2' })],
  ['deleteTarget', 2, send('delete', ann('targets/p'))],
  ['createSession', 2, send('post', ann('sessions'))],
  ['listSessions', 2, get(ann('sessions'))],
  ['createToken', 2, send('post', ann('tokens'))],
  ['createJWT', 2, send('post', ann('jwts'))],
  ['deleteSession', 2, send('delete', ann('sessions/s'))],
  ['deleteSessions', 2, send('delete', ann('sessions'))],
  ['listMemberships', 2, get(`${ann('memberships')}?search=ann`)],
  ['listLogs', 2, get(ann('logs'))],
  ['listIdentities', 2, get('/users/identities')],
  ['deleteIdentity', 2, send('delete', '/users/identities/link')],
  ['updateMFA', 2, send('patch', ann('mfa'), { mfa: true })],
  ['listMFAFactors', 2, get(ann('mfa/factors'))],
  ['createMFARecoveryCodes', 2, send('patch', ann('mfa/recovery-codes'))],
  ['getMFARecoveryCodes', 2, get(ann('mfa/recovery-codes'))],
  ['updateMFARecoveryCodes', 2, send('put', ann('mfa/recovery-codes'))],
  ['updatePassword', 3, send('patch', ann('password'), { password: PASSWORD })],
  ['updatePassword, history', 3, send('patch', ann('password'), { password: 'another one' })],
  ['delete', 2, send('delete', '/users/ann')],
]

test('D1 round trips stay within their budget: 2 for reads, 3 for writes', async () => {
  const w = await world()
  await w.set('passwordHistory', 5)
  await w.user({ id: 'ann', email: 'ann@example.com' })
  await storeTarget(w, 'ann', 'ann@example.com')
  await storeIdentity(w, 'ann', { id: 'link' })
  await w.session('ann', { id: 's' })
  await w.team({ id: 'team' })
  await w.member('team', 'ann')
  const headers = await w.key('users.read', 'users.write')
  await w.send('get', '/users', undefined, headers) // the key's first use of a day is noted
  const rows: string[] = []
  for (const [name, most, run] of REQUESTS) {
    const { trips, status } = await run(w, headers)
    rows.push(`${name.padEnd(26)}${trips}`)
    expect(status, name).toBeLessThan(300)
    expect(trips, name).toBeLessThanOrEqual(most)
  }
  console.info(`D1 round trips, the caller's key included\n${rows.join('\n')}`)
})

test('rows read do not grow with the number of users', { timeout: 240_000 }, async () => {
  const w = await world()
  await w.db.delete(users)
  await w.db.delete(targets)
  const read: Record<string, number>[] = []
  let stored = 0
  for (const count of [1_000, 100_000]) {
    await fillUsers(w.env.DB, stored, count)
    stored = count
    const cost: Record<string, number> = {}
    const ask = async (name: string, path: string, found: number, total: number | undefined) => {
      const { status, body } = await w.send('get', path)
      expect([status, body.users?.length ?? 1, body.total], name).toEqual([200, found, total])
      for (const user of body.users ?? [body]) expect(user.targets).toHaveLength(1)
      cost[name] = w.rowsRead()
    }
    const most = Math.min(count, 5000)
    const listed = (...list: string[]) => `/users?${queries(...list)}`
    await ask('get', '/users/u500', 1, undefined)
    await ask('first page', '/users', 25, most)
    await ask('next page', listed(q('cursorAfter', '', 'u500')), 25, most)
    await ask('page before', listed(q('cursorBefore', '', 'u500')), 25, most)
    await ask('newest first', listed(q('orderDesc', '$createdAt')), 25, most)
    await ask(
      'newest, next',
      listed(q('orderDesc', '$createdAt'), q('cursorAfter', '', 'u500')),
      25,
      most,
    )
    await ask('by e-mail', listed(q('equal', 'email', 'mail77@example.com')), 1, 1)
    await ask('by phone', listed(q('equal', 'phone', '+4915100000077')), 1, 1)
    await ask('by name', listed(q('equal', 'name', 'Name 77')), 1, 1)
    await ask('by some names', listed(q('equal', 'name', 'Name 77', 'Name 78', 'x')), 2, 2)
    await ask('by IDs', listed(q('equal', '$id', 'u1', 'u2')), 2, 2)
    await ask('ordered by name', listed(q('orderAsc', 'name')), 25, most)
    await ask('search, one hit', '/users?search=%22mail777%22', 1, 1)
    await ask('search, one hit by ID', '/users?search=%22u777%22', 1, 1)
    read.push(cost)
    // What everybody has is counted up to the cap of totals and read no further than the page shows.
    await ask('search, all hit', '/users?search=example', 25, most)
    await ask(
      'search, all hit, next',
      `/users?search=example&${queries(q('cursorAfter', '', 'u500'))}`,
      25,
      most,
    )
    for (const name of ['search, all hit', 'search, all hit, next']) {
      expect(cost[name], name).toBeLessThanOrEqual(4 * most)
      delete cost[name]
    }
  }
  const [small = {}, large = {}] = read
  console.info(
    `D1 rows read with 1,000 and 100,000 users\n${Object.keys(small)
      .map((name) => `${name.padEnd(24)}${small[name]} ${large[name]}`)
      .join('\n')}`,
  )
  for (const [name, rows] of Object.entries(small)) {
    expect(large[name], name).toBeLessThanOrEqual(rows + 12)
  }
})
