import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { GUEST_SCOPES } from '#/auth/caller'
import { sessions } from '#/db/schema'
import { ROUTES } from '#/routes'
import { accountWorld, address, PASSWORD, userNow, withPassword } from '#test/support/account'
import { BOTH, CARRIERS, clearedBy, cookie, encoded, LOSSES } from '#test/support/lost'
import { setUpOidc } from '#test/support/oauth2'
import { NOW, PROJECT, ROOT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
const CASES = Object.keys(LOSSES).flatMap((loss) =>
  Object.keys(CARRIERS).map((carrier): [string, string] => [loss, carrier]),
)
const hasCookie = (carrier: string) => carrier.includes('cookie')
const isCleared = (carrier: string) => hasCookie(carrier) || carrier.startsWith('fallback')

/** Loses a session, and returns what its bearer goes on sending. */
async function lost(w: World, loss: string, carrier: string) {
  const me = await w.signedIn()
  const headers = (await CARRIERS[carrier]?.(me, w)) ?? {}
  await LOSSES[loss]?.(w, me)
  return { me, headers }
}

/** What guests do; each answers with this status. */
const AS_GUEST: Record<
  string,
  [
    status: number,
    run: (w: World, headers: Headers_) => Promise<{ status: number; headers: Headers }>,
  ]
> = {
  'signs in as somebody else': [
    201,
    async (w, headers) => {
      const { email } = await withPassword(w)
      return w.send('post', '/account/sessions/email', { email, password: PASSWORD }, headers)
    },
  ],
  'signs in anonymously': [
    201,
    (w, headers) => w.send('post', '/account/sessions/anonymous', {}, headers),
  ],
  'signs up': [
    201,
    (w, headers) => {
      const body = { userId: 'unique()', email: address(), password: PASSWORD }
      return w.send('post', '/account', body, headers)
    },
  ],
  'asks for a code': [
    201,
    (w, headers) => {
      const body = { userId: 'unique()', email: address() }
      return w.send('post', '/account/tokens/email', body, headers)
    },
  ],
  'recovers another account': [
    201,
    async (w, headers) => {
      const { email } = await withPassword(w)
      return w.send('post', '/account/recovery', { email, url: 'http://localhost/' }, headers)
    },
  ],
  'sets out to a provider': [
    301,
    async (w, headers) => {
      await setUpOidc(w)
      return w.send('get', `/account/sessions/oauth2/oidc?project=${PROJECT}`, undefined, headers)
    },
  ],
  'reads a public file': [
    200,
    async (w, headers) => {
      const { id } = await w.bucket({ permissions: ['read("any")'] })
      await w.upload(id, 'hello', { fileId: 'a' })
      return w.send('get', `/storage/buckets/${id}/files/a/view`, undefined, headers)
    },
  ],
  'uploads where guests may': [
    201,
    async (w, headers) => {
      const { id } = await w.bucket({ permissions: ['create("guests")'] })
      return w.upload(id, 'hello', { headers })
    },
  ],
}

describe.each(CASES)('whoever shows a session that is %s, by %s', (loss, carrier) => {
  const slow = ['signs in as somebody else', 'signs up'] // a password is hashed
  const actions = Object.entries(AS_GUEST).filter(
    ([name]) => !slow.includes(name) || ['both cookies', 'header'].includes(carrier),
  )
  test.each(actions)('%s', async (_, [status, run]) => {
    const w = await accountWorld()
    const { headers } = await lost(w, loss, carrier)
    const answer = await run(w, headers)
    expect(answer.status).toBe(status)
    const handsOut = answer.headers.getSetCookie().some((line) => /^a_session_\w+=[^;]/.test(line))
    if (handsOut) return
    expect(clearedBy(answer).cookies).toEqual(isCleared(carrier) ? BOTH : [])
    expect(clearedBy(answer).fallback).toBe(isCleared(carrier))
  })
  test('is told what is wrong where a user is needed', async () => {
    const w = await accountWorld()
    const { headers } = await lost(w, loss, carrier)
    for (const [method, path, body] of [
      ['get', '/account', undefined],
      ['patch', '/account/prefs', { prefs: {} }],
      ['get', '/teams', undefined],
      ['post', '/account/jwts', {}],
    ] as const) {
      const answer = await w.send(method, path, body, headers)
      const refusal =
        loss === 'blocked' ? [403, 'user_blocked'] : [401, 'general_unauthorized_scope']
      expect([answer.status, answer.body.type, answer.trips]).toEqual([...refusal, 1])
      const isGone = loss !== 'blocked' && isCleared(carrier)
      expect(clearedBy(answer).cookies).toEqual(isGone ? BOTH : [])
    }
  })
  test('signs out', async () => {
    const w = await accountWorld()
    const { me, headers } = await lost(w, loss, carrier)
    const answer = await w.send('delete', '/account/sessions/current', undefined, headers)
    // A JWT has no session of its own, whoever it is for.
    const isJwtOfSomebody = loss === 'blocked' && carrier === 'JWT'
    expect([answer.status, answer.body?.type]).toEqual(
      isJwtOfSomebody ? [404, 'user_session_not_found'] : [204, undefined],
    )
    if (isJwtOfSomebody) return
    expect(clearedBy(answer)).toEqual({ cookies: BOTH, fallback: true })
    const left = await w.db.select().from(sessions).where(eq(sessions.id, me.session.id))
    expect(left).toHaveLength(loss === 'expired' ? 1 : 0)
  })
  test('signs out by the ID of the session', async () => {
    const w = await accountWorld()
    const { me, headers } = await lost(w, loss, carrier)
    const answer = await w.send('delete', `/account/sessions/${me.session.id}`, undefined, headers)
    expect(answer.status).toBe(204)
  })
})

test.each(Object.keys(LOSSES))('a session that is %s ends none of another user', async (loss) => {
  const w = await accountWorld()
  const other = await w.signedIn()
  const { headers } = await lost(w, loss, 'cookie')
  const path = `/account/sessions/${other.session.id}`
  const answer = await w.send('delete', path, undefined, headers)
  expect([answer.status, answer.body.type]).toEqual(
    loss === 'blocked' ? [404, 'user_session_not_found'] : [401, 'general_unauthorized_scope'],
  )
  expect((await w.send('get', '/account', undefined, other.headers)).status).toBe(200)
})

test('signing out everywhere is for whoever proves who they are', async () => {
  const w = await accountWorld()
  for (const loss of Object.keys(LOSSES)) {
    const { me, headers } = await lost(w, loss, 'cookie')
    const { headers: elsewhere, row } =
      loss === 'of a deleted user' ? { headers: {}, row: undefined } : await w.session(me.user.id)
    const answer = await w.send('delete', '/account/sessions', undefined, headers)
    expect([loss, answer.status]).toEqual([loss, loss === 'blocked' ? 204 : 401])
    expect(clearedBy(answer).cookies).toEqual(BOTH)
    if (!row) continue
    const { status } = await w.send('get', '/account', undefined, elsewhere)
    expect([loss, status]).toEqual([loss, loss === 'blocked' ? 401 : 200])
  }
})

test('a guest who shows no session has none to sign out of', async () => {
  const w = await accountWorld()
  for (const headers of [{}, cookie(['nonsense']), { 'X-Appwrite-Mode': 'admin' }]) {
    const answer = await w.send('delete', '/account/sessions/current', undefined, headers)
    expect([answer.status, answer.body.type]).toEqual([401, 'general_unauthorized_scope'])
  }
})

const forGuests = ROUTES.filter(
  ({ spec }) =>
    spec.pipeline !== 'none' &&
    !spec.keyOnly &&
    spec.scopes.some((scope) => GUEST_SCOPES.has(scope)),
)
test.each(forGuests.map(({ spec }) => [spec.name, spec] as const))(
  '%s answers whoever is blocked as it does a guest',
  async (_, { method, path }) => {
    const w = await world({ RATE_LIMITS: 'off' })
    const me = await w.signedIn({ status: false })
    const at = path.replace(/:\w+/g, 'x')
    const ask = async (headers: Headers_) => {
      const { status, body } = await w.send(method, at, method === 'get' ? undefined : {}, headers)
      return [status, body?.type]
    }
    const asGuest = await ask({})
    expect(asGuest[1]).not.toBe('general_unauthorized_scope')
    // Whoever is refused as a guest is told that it is because of the block.
    const expected = asGuest[1] === 'user_unauthorized' ? [403, 'user_blocked'] : asGuest
    expect(await ask(cookie([encoded(me)]))).toEqual(expected)
  },
)

test('what a guest may not do is refused to the blocked as such', async () => {
  const w = await world()
  const { headers } = await w.signedIn({ status: false })
  const { id } = await w.bucket({ permissions: ['create("users")'] })
  const upload = await w.upload(id, 'x', { headers })
  expect([upload.status, upload.body.type]).toEqual([403, 'user_blocked'])
})

test('a key beside a session that no longer counts keeps its rights', async () => {
  const w = await world()
  for (const loss of Object.keys(LOSSES)) {
    const { headers } = await lost(w, loss, 'header')
    const { id } = await w.bucket({})
    await w.upload(id, 'hello', { fileId: 'a' })
    const path = `/storage/buckets/${id}/files/a`
    expect((await w.send('get', path, undefined, { ...headers, ...ROOT })).status).toBe(200)
  }
})

test('the answer to a lost session is in no shared cache', async () => {
  const w = await world()
  const { id } = await w.bucket({ permissions: ['read("any")'] })
  await w.upload(id, 'hello', { fileId: 'a' })
  const { headers } = await lost(w, 'blocked', 'cookie')
  const answer = await w.send('get', `/storage/buckets/${id}/files/a/view`, undefined, headers)
  expect(answer.headers.get('cache-control')).not.toContain('public')
})

test('a blocked session counts again once its user is let in', async () => {
  const w = await world()
  const { user, headers } = await w.signedIn({ status: false })
  expect((await w.send('get', '/account', undefined, headers)).status).toBe(403)
  await w.send('patch', `/users/${user.id}/status`, { status: true })
  expect((await userNow(w, user.id)).status).toBe(true)
  expect((await w.send('get', '/account', undefined, headers)).status).toBe(200)
})

test('an expired session is not taken for one that ends now', async () => {
  const w = await world()
  const user = await w.user()
  const { headers } = await w.session(user.id, { expiresAt: NOW })
  expect((await w.send('get', '/account', undefined, headers)).status).toBe(200)
})
