import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { authenticators, logs, sessions, settings, targets, users } from '#/db/schema'
import { before, userNow } from '#test/support/account'
import {
  comeBack,
  identitiesOf,
  identity,
  network,
  oauth2World,
  oidcFor,
  type Somebody,
  sessionOf,
  setUpOidc,
  setVariable,
  signInAt,
  somebody,
  start,
} from '#test/support/oauth2'
import { NOW, type World } from '#test/support/world'

let w: World
beforeAll(async () => {
  w = await oauth2World()
  await setUpOidc(w)
})
afterEach(() => vi.restoreAllMocks())

/** Returns whoever is signed in by an answer. */
async function meAfter(answer: Awaited<ReturnType<typeof signInAt>>) {
  expect(answer.location.href).toBe('http://localhost/ok')
  const { body } = await w.send('get', '/account', undefined, sessionOf(answer))
  return userNow(w, body.$id)
}

const failed = (type: string, code: number) => ({
  message: expect.stringMatching(/\w/),
  type,
  code,
})

const countUsers = async () => (await w.db.select({ id: users.id }).from(users)).length
const sessionsOf = (userId: string) =>
  w.db.select().from(sessions).where(eq(sessions.userId, userId))

describe('somebody new', () => {
  test.each([true, false])(
    'gets a user whose address is verified as the provider says: %s',
    async (verdict) => {
      const person = somebody({ email_verified: verdict })
      const upper = { ...person, email: person.email.toUpperCase() }
      const answer = await signInAt(w, upper)
      const me = await meAfter(answer)
      expect(me).toMatchObject({
        email: person.email,
        emailVerification: verdict,
        name: person.name,
        password: null,
        passwordUpdate: null,
        status: true,
        registration: NOW,
        accessedAt: NOW,
      })
      expect(await identitiesOf(w, me.id)).toMatchObject([
        {
          provider: 'oidc',
          providerUid: person.sub,
          providerEmail: person.email,
          providerAccessTokenExpiry: new Date(NOW.getTime() + 3600_000),
        },
      ])
      const reachable = await w.db.select().from(targets).where(eq(targets.userId, me.id))
      expect(reachable).toMatchObject([{ providerType: 'email', identifier: person.email }])
      expect(await sessionsOf(me.id)).toMatchObject([
        { provider: 'oidc', providerUid: person.sub, factors: ['email', 'oauth2'] },
      ])
      const entries = await w.db.select().from(logs).where(eq(logs.userId, me.id))
      expect(entries.map(({ event }) => event)).toEqual(['session.create'])
    },
  )

  test('keeps provider tokens sealed, and shows them to their user alone', async () => {
    const answer = await signInAt(w, somebody())
    const me = await meAfter(answer)
    const [stored] = await identitiesOf(w, me.id)
    const [session] = await sessionsOf(me.id)
    for (const row of [stored, session]) {
      expect(row?.providerAccessToken).not.toContain('access')
      expect(row?.providerRefreshToken).not.toContain('refresh')
    }
    const shown = { providerAccessToken: 'access', providerRefreshToken: 'refresh' }
    const mine = await w.send('get', '/account/identities', undefined, sessionOf(answer))
    expect(mine.body.identities).toMatchObject([{ ...shown, providerEmail: me.email }])
    const current = await w.send('get', '/account/sessions/current', undefined, sessionOf(answer))
    expect(current.body).toMatchObject(shown)
  })

  test('is refused beyond the owner’s limit, and leaves nothing behind', async () => {
    const count = await countUsers()
    await w.set('userLimit', count)
    const { error } = await signInAt(w, somebody())
    await w.db.delete(settings).where(eq(settings.name, 'userLimit'))
    expect(error).toEqual(failed('user_count_exceeded', 400))
    expect(await countUsers()).toBe(count)
  })

  test.each([
    ['denyDisposableEmails', 'x@mailinator.com', 'user_email_disposable'],
    ['denyAliasedEmails', 'a.b+c@gmail.com', 'user_email_not_canonical'],
    ['denyFreeEmails', 'somebody@gmail.com', 'user_email_free'],
    ['onlyCorporateEmails', 'somebody@gmail.com', 'user_email_not_corporate'],
  ])('is refused by %s', async (policy, email, type) => {
    await w.set(policy, true)
    const { error } = await signInAt(w, somebody({ email }))
    await w.db.delete(settings).where(eq(settings.name, policy))
    expect(error).toEqual(failed(type, 400))
    expect(await w.db.select().from(users).where(eq(users.email, email))).toEqual([])
  })

  test('gets in with whatever a provider tells at length: shortened, or left out', async () => {
    const long = { name: `Ann ${'😀'.repeat(5_000)}`, email: `${'a'.repeat(400)}@example.com` }
    const tokens = { access_token: 'a'.repeat(60_000), refresh_token: 'r'.repeat(60_000) }
    const person = somebody(long)
    const answer = await signInAt(w, person, { tokens })
    expect(answer.error).toBeNull()
    const me = await w.send('get', '/account', undefined, sessionOf(answer))
    expect(me.body.email).toBe('')
    expect([...me.body.name]).toHaveLength(128)
    expect(me.body.name.isWellFormed()).toBe(true)
    const session = await w.send('get', '/account/sessions/current', undefined, sessionOf(answer))
    expect(session.body.providerAccessToken).toBe(tokens.access_token)
    const again = await signInAt(w, person, { tokens })
    const same = await w.send('get', '/account', undefined, sessionOf(again))
    expect(same.body.$id).toBe(me.body.$id)
  })

  test('is refused with what is no address', async () => {
    const { error } = await signInAt(w, somebody({ email: 'not an address' }))
    expect(error).toEqual(failed('general_invalid_email', 400))
  })

  test('without an address gets a user without one, and is known again', async () => {
    const { email: _, ...person } = somebody()
    const me = await meAfter(await signInAt(w, person))
    expect(me).toMatchObject({ email: null, emailVerification: false, name: person.name })
    expect(await identitiesOf(w, me.id)).toMatchObject([
      { providerUid: person.sub, providerEmail: '' },
    ])
    expect(await w.db.select().from(targets).where(eq(targets.userId, me.id))).toEqual([])
    expect((await meAfter(await signInAt(w, person))).id).toBe(me.id)
    expect((await meAfter(await signInAt(w, { sub: somebody().sub }))).id).not.toBe(me.id)
  })

  test('is refused without an ID', async () => {
    const { sub: _, ...person } = somebody()
    expect((await signInAt(w, person)).error).toEqual(failed('user_missing_id', 400))
  })

  test('has a name that fits', async () => {
    const me = await meAfter(await signInAt(w, somebody({ name: `${'ä'.repeat(127)}🎈tail\0` })))
    expect(me.name).toBe(`${'ä'.repeat(127)}🎈`)
  })
})

describe('somebody who comes again', () => {
  test('is found by the account, whatever its address is by now, and the tokens are renewed', async () => {
    const person = somebody()
    const me = await meAfter(await signInAt(w, person))
    const moved = somebody({ sub: person.sub, email_verified: false, name: 'Other' })
    const again = await signInAt(w, moved, { tokens: { access_token: 'newer', refresh_token: '' } })
    expect((await meAfter(again)).id).toBe(me.id)
    expect(await userNow(w, me.id)).toMatchObject({ email: person.email, name: person.name })
    const { body } = await w.send('get', '/account/identities', undefined, sessionOf(again))
    // What the provider has not given again stays.
    expect(body.identities).toMatchObject([
      {
        providerUid: person.sub,
        providerEmail: moved.email,
        providerAccessToken: 'newer',
        providerRefreshToken: 'refresh',
      },
    ])
    expect(await sessionsOf(me.id)).toHaveLength(2)
  })

  test('is found by the account also without an address', async () => {
    const user = await w.user({ email: null })
    const person = somebody()
    await identity(w, user.id, { providerUid: person.sub })
    const me = await meAfter(await signInAt(w, { sub: person.sub }))
    expect(me).toMatchObject({ id: user.id, email: null })
  })

  test('is refused while blocked', async () => {
    const user = await w.user({ status: false })
    const person = somebody()
    await identity(w, user.id, { providerUid: person.sub })
    expect((await signInAt(w, person)).error).toEqual(failed('user_blocked', 403))
    expect(await sessionsOf(user.id)).toEqual([])
  })

  test('keeps as many sessions as the owner allows', async () => {
    const person = somebody()
    const me = await meAfter(await signInAt(w, person))
    const [first] = await sessionsOf(me.id)
    await w.set('sessionLimit', 2)
    await signInAt(w, person)
    await signInAt(w, person)
    await w.db.delete(settings).where(eq(settings.name, 'sessionLimit'))
    const left = await sessionsOf(me.id)
    expect(left).toHaveLength(2)
    expect(left.map(({ id }) => id)).not.toContain(first?.id)
  })

  test('after unlinking is a stranger, though a session of the account lives on', async () => {
    const person = somebody({ email_verified: false })
    const answer = await signInAt(w, person)
    const me = await meAfter(answer)
    const [link] = await identitiesOf(w, me.id)
    await w.send('delete', `/account/identities/${link?.id}`, undefined, sessionOf(answer))
    expect((await signInAt(w, person)).error).toEqual(failed('general_bad_request', 400))
    expect(await identitiesOf(w, me.id)).toEqual([])
  })
})

describe('an address that somebody here has', () => {
  test('leads to its user when the provider vouches for it', async () => {
    const person = somebody()
    const user = await w.user({ email: person.email, name: '' })
    const me = await meAfter(await signInAt(w, person))
    expect(me).toMatchObject({ id: user.id, emailVerification: true, name: person.name })
    expect(await identitiesOf(w, user.id)).toHaveLength(1)
  })

  test.each([
    ['says no', false],
    ['says nothing', undefined],
    ['says it in words', 'yes'],
  ])('never does when the provider %s', async (_, verdict) => {
    const person = somebody()
    const user = await w.user({ email: person.email })
    const { email_verified: __, ...rest } = person
    const told = (verdict === undefined ? rest : { ...rest, email_verified: verdict }) as Somebody
    const answer = await signInAt(w, told)
    expect(answer.error).toEqual(failed('general_bad_request', 400))
    expect(answer.headers.getSetCookie().some((line) => line.startsWith('a_session'))).toBe(false)
    expect(await identitiesOf(w, user.id)).toEqual([])
    expect(await sessionsOf(user.id)).toEqual([])
    expect((await userNow(w, user.id)).emailVerification).toBe(false)
  })

  test.each([true, false])(
    'at another provider leads to nobody, vouched for or not: %s',
    async (verdict) => {
      const person = somebody({ email_verified: verdict })
      const user = await w.user()
      await identity(w, user.id, { provider: 'github', providerEmail: person.email })
      const me = await meAfter(await signInAt(w, person))
      expect(me.id).not.toBe(user.id)
      expect(me).toMatchObject({ email: person.email, emailVerification: verdict })
    },
  )

  test('and that moved on at the provider leads to its next holder', async () => {
    const first = somebody()
    const me = await meAfter(await signInAt(w, first))
    const moved = { ...first, email: somebody().email }
    await w.db.update(users).set({ email: moved.email }).where(eq(users.id, me.id))
    const next = await meAfter(await signInAt(w, somebody({ email: first.email })))
    expect(next.id).not.toBe(me.id)
    expect(next).toMatchObject({ email: first.email, emailVerification: true })
    expect((await meAfter(await signInAt(w, moved))).id).toBe(me.id)
    expect(await identitiesOf(w, me.id)).toMatchObject([{ providerEmail: moved.email }])
  })

  test('and that moved on does not keep its next holder from signing up', async () => {
    const first = somebody()
    const me = await meAfter(await signInAt(w, first))
    await w.db.update(users).set({ email: somebody().email }).where(eq(users.id, me.id))
    const given = { userId: 'unique()', email: first.email, password: 'correct horse battery' }
    expect((await w.send('post', '/account', given, {})).status).toBe(201)
  })

  test('of a blocked user signs nobody in', async () => {
    const person = somebody()
    const user = await w.user({ email: person.email, status: false })
    expect((await signInAt(w, person)).error).toEqual(failed('user_blocked', 403))
    expect(await identitiesOf(w, user.id)).toEqual([])
  })

  test('stays unverified where the provider vouches for another one', async () => {
    const user = await w.user({ email: somebody().email })
    const person = somebody()
    await identity(w, user.id, { providerUid: person.sub })
    await signInAt(w, person)
    expect((await userNow(w, user.id)).emailVerification).toBe(false)
  })
})

describe('somebody who is signed in', () => {
  test('links the account, and goes on in a new session with the old one’s push targets', async () => {
    const { user, session, headers } = await w.signedIn({ email: somebody().email, name: 'Old' })
    await w.db.insert(targets).values({
      id: crypto.randomUUID(),
      userId: user.id,
      sessionId: session.id,
      providerType: 'push',
      identifier: crypto.randomUUID(),
      expired: false,
      createdAt: NOW,
      updatedAt: NOW,
    })
    const person = somebody({ email_verified: false })
    const me = await meAfter(await signInAt(w, person, { headers }))
    expect(me).toMatchObject({ id: user.id, email: user.email, name: 'Old' })
    const [now, ...others] = await sessionsOf(user.id)
    expect([now?.provider, others]).toEqual(['oidc', []])
    const pushed = await w.db.select().from(targets).where(eq(targets.userId, user.id))
    expect(pushed.map(({ sessionId }) => sessionId)).toEqual([now?.id])
    expect(await identitiesOf(w, user.id)).toMatchObject([{ providerUid: person.sub }])
  })

  test.each([true, false])(
    'and has no address takes the provider’s, verified or not: %s',
    async (verdict) => {
      const { user, headers } = await w.signedIn({ email: null, name: '' })
      const person = somebody({ email_verified: verdict })
      const me = await meAfter(await signInAt(w, person, { headers }))
      expect(me).toMatchObject({
        id: user.id,
        email: person.email,
        emailVerification: verdict,
        emailCanonical: person.email,
        name: person.name,
      })
      const reachable = await w.db.select().from(targets).where(eq(targets.userId, user.id))
      expect(reachable).toMatchObject([{ providerType: 'email', identifier: person.email }])
    },
  )

  test('cannot link an address that is somebody else’s', async () => {
    const { user, session, headers } = await w.signedIn()
    const person = somebody()
    await w.user({ email: person.email })
    expect((await signInAt(w, person, { headers })).error).toEqual(
      failed('user_already_exists', 409),
    )
    expect(await identitiesOf(w, user.id)).toEqual([])
    // Nothing has come of it, so the old session goes on.
    expect((await sessionsOf(user.id)).map(({ id }) => id)).toEqual([session.id])
  })

  test('links an account whose address is somebody else’s if the provider does not vouch for it', async () => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const person = somebody({ email_verified: false })
    const other = await w.user({ email: person.email })
    const me = await meAfter(await signInAt(w, person, { headers }))
    expect(me).toMatchObject({ id: user.id, email: user.email })
    expect(await identitiesOf(w, other.id)).toEqual([])
    expect(await identitiesOf(w, user.id)).toMatchObject([{ providerUid: person.sub }])
  })

  test('with an account that is somebody else’s becomes that user, and is signed out before', async () => {
    const { user, session, headers } = await w.signedIn()
    await w.db.insert(targets).values({
      ...{ id: crypto.randomUUID(), userId: user.id, sessionId: session.id, expired: false },
      ...{ providerType: 'push', identifier: crypto.randomUUID(), createdAt: NOW, updatedAt: NOW },
    })
    const other = await w.user()
    const person = somebody()
    await identity(w, other.id, { providerUid: person.sub })
    const answer = await signInAt(w, person, { headers })
    expect((await meAfter(answer)).id).toBe(other.id)
    expect([await identitiesOf(w, user.id), await sessionsOf(user.id)]).toEqual([[], []])
    expect(await w.db.select().from(targets).where(eq(targets.userId, user.id))).toEqual([])
    const others = await w.db.select().from(targets).where(eq(targets.userId, other.id))
    expect(others.filter(({ providerType }) => providerType === 'push')).toEqual([])
  })

  test('may have several accounts at one provider', async () => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const first = await signInAt(w, somebody(), { headers })
    await signInAt(w, somebody(), { headers: sessionOf(first) })
    expect(await identitiesOf(w, user.id)).toHaveLength(2)
  })

  test('links to itself, not to whom it impersonates', async () => {
    const { user, headers } = await w.signedIn({ impersonator: true })
    const other = await w.user()
    await signInAt(w, somebody(), {
      headers: { ...headers, 'X-Appwrite-Impersonate-User-Id': other.id },
    })
    expect([await identitiesOf(w, user.id), await identitiesOf(w, other.id)]).toMatchObject([
      [{ provider: 'oidc' }],
      [],
    ])
  })
})

describe('somebody else signs in while a session is in the browser', () => {
  const ends = { success: 'http://localhost/ok', failure: 'http://localhost/no' }

  test.each(['known', 'unknown'])('by a flow that ends with a token: %s', async (kind) => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const person = somebody()
    const known = kind === 'known' ? await w.user() : undefined
    if (known) await identity(w, known.id, { providerUid: person.sub })
    const answer = await signInAt(w, person, { kind: 'tokens', headers })
    const userId = answer.location.searchParams.get('userId') ?? ''
    expect(userId).not.toBe(user.id)
    if (known) expect(userId).toBe(known.id)
    expect(await identitiesOf(w, user.id)).toEqual([])
    const secret = answer.location.searchParams.get('secret') ?? ''
    const { status, body } = await w.send('post', '/account/sessions/token', { userId, secret }, {})
    expect([status, body.userId]).toEqual([201, userId])
  })

  type Case = [name: string, begin: 'mine' | 'none' | 'another', more: Record<string, string>]
  const CASES: Case[] = [
    ['that began without one', 'none', {}],
    ['that began with another one', 'another', {}],
    ['that another site began', 'mine', { Referer: 'https://evil.example.com/' }],
    ['that another site began in silence', 'mine', { 'Sec-Fetch-Site': 'cross-site' }],
  ]
  test.each(CASES)('by a flow %s', async (_, begin, more) => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const other = await w.session(user.id)
    const sent = { mine: headers, none: {}, another: other.headers }[begin]
    const begun = await start(w, { query: ends, headers: { ...sent, ...more } })
    const person = somebody()
    oidcFor(person)
    const answer = await comeBack(w, begun, { headers })
    vi.restoreAllMocks()
    const location = new URL(answer.headers.get('location') ?? '')
    const me = await meAfter({ ...answer, location, error: null })
    expect([me.id === user.id, me.email]).toEqual([false, person.email])
    expect(await identitiesOf(w, user.id)).toEqual([])
  })

  test('links nothing where the owner has switched it off', async () => {
    const off = await w.send('patch', '/project/policies/identity-linking', { enabled: false })
    expect(off.status).toBe(200)
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const me = await meAfter(await signInAt(w, somebody(), { headers }))
    await w.db.delete(settings).where(eq(settings.name, 'linkIdentities'))
    expect(me.id).not.toBe(user.id)
    expect(await identitiesOf(w, user.id)).toEqual([])
  })

  test.each([
    ['email', { email: 'kept' }],
    ['phone', { phone: '+4930111222' }],
    ['password', { password: 'hash' }],
  ])('whoever came as a guest and has %s by now is none any more', async (_, fields) => {
    const { body, headers } = await w.send('post', '/account/sessions/anonymous', {}, {})
    const own = 'email' in fields ? { email: somebody().email } : fields
    await w.db.update(users).set(own).where(eq(users.id, body.userId))
    const begun = await start(w, { query: ends })
    oidcFor(somebody())
    const answer = await comeBack(w, begun, { headers: sessionOf({ headers }) })
    vi.restoreAllMocks()
    const location = new URL(answer.headers.get('location') ?? '')
    expect((await meAfter({ ...answer, location, error: null })).id).not.toBe(body.userId)
    expect(await identitiesOf(w, body.userId)).toEqual([])
  })

  test('a page of the project begins a flow that links', async () => {
    const { user, headers } = await w.signedIn({ email: somebody().email })
    const begun = await start(w, {
      query: ends,
      headers: { ...headers, Referer: 'http://localhost/app', 'Sec-Fetch-Site': 'cross-site' },
    })
    oidcFor(somebody())
    const answer = await comeBack(w, begun, { headers })
    vi.restoreAllMocks()
    const location = new URL(answer.headers.get('location') ?? '')
    expect((await meAfter({ ...answer, location, error: null })).id).toBe(user.id)
    expect(await identitiesOf(w, user.id)).toHaveLength(1)
  })

  test('a guest’s account becomes that of whoever signs in', async () => {
    const { body, headers } = await w.send('post', '/account/sessions/anonymous', {}, {})
    const person = somebody()
    const me = await meAfter(await signInAt(w, person, { headers: sessionOf({ headers }) }))
    expect(me).toMatchObject({ id: body.userId, email: person.email, emailVerification: true })
  })
})

describe('whoever lacks a second factor', () => {
  const ends = { success: 'http://localhost/ok', failure: 'http://localhost/no' }
  const enrolled = (userId: string) =>
    w.db.insert(authenticators).values({
      ...{ id: crypto.randomUUID(), userId, type: 'totp', secret: '', lastStep: 0 },
      ...{ verified: true, createdAt: NOW, updatedAt: NOW },
    })
  /** Signs somebody in with their password alone, where a code of an authenticator is asked for as well. */
  async function half(fields = { mfa: true }) {
    const signedIn = await w.signedIn({ email: somebody().email, ...fields })
    await enrolled(signedIn.user.id)
    return signedIn
  }
  const waits = (headers: Record<string, string>) => w.send('get', '/account', undefined, headers)

  test.each(['sessions', 'tokens'] as const)(
    'keeps nobody else from signing in in their browser (%s)',
    async (kind) => {
      const { user, headers } = await half()
      expect((await waits(headers)).body.type).toBe('user_more_factors_required')
      const person = somebody()
      const known = await w.user({ email: person.email, emailVerification: true })
      await identity(w, known.id, { providerUid: person.sub, providerEmail: person.email })
      const answer = await signInAt(w, person, { kind, headers })
      expect([answer.status, answer.error]).toEqual([301, null])
      if (kind === 'sessions') expect((await meAfter(answer)).id).toBe(known.id)
      else expect(answer.location.searchParams.get('userId')).toBe(known.id)
      expect(await identitiesOf(w, user.id)).toEqual([])
    },
  )
  test.each(['sessions', 'tokens'] as const)(
    'links no account at a provider (%s)',
    async (kind) => {
      const { user, headers } = await half()
      const answer = await signInAt(w, somebody(), { kind, headers })
      expect([answer.status, answer.error]).toEqual([301, null])
      if (kind === 'sessions') expect((await meAfter(answer)).id).not.toBe(user.id)
      expect(await identitiesOf(w, user.id)).toEqual([])
    },
  )
  test.each(['before the provider', 'after it'])('links none by lacking it %s', async (when) => {
    const { user, headers } = await half({ mfa: false })
    const switchMfa = (mfa: boolean) => w.db.update(users).set({ mfa }).where(eq(users.id, user.id))
    await switchMfa(when === 'before the provider')
    const begun = await start(w, { query: ends, headers })
    await switchMfa(when === 'after it')
    oidcFor(somebody())
    const answer = await comeBack(w, begun, { headers })
    vi.restoreAllMocks()
    const location = new URL(answer.headers.get('location') ?? '')
    expect((await meAfter({ ...answer, location, error: null })).id).not.toBe(user.id)
    expect(await identitiesOf(w, user.id)).toEqual([])
  })
  test('links none to the account of a guest', async () => {
    const { body, headers } = await w.send('post', '/account/sessions/anonymous', {}, {})
    await w.db.update(users).set({ mfa: true }).where(eq(users.id, body.userId))
    await enrolled(body.userId)
    const answer = await signInAt(w, somebody(), { headers: sessionOf({ headers }) })
    expect((await meAfter(answer)).id).not.toBe(body.userId)
    expect(await identitiesOf(w, body.userId)).toEqual([])
  })
})

describe('providers that tell no address', () => {
  test('make users without one, and know them again', async () => {
    await setVariable(w, 'OAUTH2_TIKTOK', '{"clientId":"c","clientSecret":"s"}')
    const openId = crypto.randomUUID()
    const enter = async () => {
      const begun = await start(w, {
        provider: 'tiktok',
        query: { success: 'http://localhost/ok' },
      })
      network({
        'POST https://open.tiktokapis.com/v2/oauth/token/': () => ({ body: { access_token: 'a' } }),
        'GET https://open.tiktokapis.com/v2/user/info/': () => ({
          body: { data: { user: { open_id: openId, display_name: 'Ada' } } },
        }),
      })
      const answer = await comeBack(w, begun, { provider: 'tiktok' })
      vi.restoreAllMocks()
      const { body } = await w.send('get', '/account', undefined, sessionOf(answer))
      return body
    }
    const first = await enter()
    expect(first).toMatchObject({ email: '', name: 'Ada', targets: [] })
    expect((await enter()).$id).toBe(first.$id)
  })
})

describe('what changes between looking and writing', () => {
  /** Signs in while something happens just before the batch that writes. */
  async function during(person: Somebody, run: () => Promise<unknown>) {
    const other = await oauth2World()
    const begun = await start(other, {
      query: { success: 'http://localhost/ok', failure: 'http://localhost/no' },
    })
    oidcFor(person)
    // Trips of the redirect: who it is, the provider, the look around, and the writing.
    const query = new URLSearchParams({ state: begun.state, code: 'code', project: 'edgewrite' })
    before(other, 4, run)
    const { response, settle } = await other.raw(
      new Request(`http://localhost/v1/account/sessions/oauth2/oidc/redirect?${query}`, {
        headers: { Cookie: begun.cookie },
      }),
    )
    await settle()
    return new URL(response.headers.get('location') ?? '')
  }

  test('an address taken meanwhile is decided on anew', async () => {
    const person = somebody({ email_verified: false })
    const location = await during(person, () => w.user({ email: person.email }))
    expect(JSON.parse(location.searchParams.get('error') ?? '')).toEqual(
      failed('general_bad_request', 400),
    )
    const [holder, ...others] = await w.db.select().from(users).where(eq(users.email, person.email))
    expect([holder && (await identitiesOf(w, holder.id)), others]).toEqual([[], []])
  })

  test('an account linked meanwhile signs in whom it was linked to, and makes no second user', async () => {
    const person = somebody()
    let rival = ''
    const location = await during(person, async () => {
      const user = await w.user({ email: somebody().email })
      rival = user.id
      await identity(w, user.id, { providerUid: person.sub, providerEmail: person.email })
    })
    expect(location.href).toBe('http://localhost/ok')
    expect(await sessionsOf(rival)).toHaveLength(1)
    expect(await w.db.select().from(users).where(eq(users.email, person.email))).toEqual([])
  })

  test('a user blocked meanwhile gets no session', async () => {
    const person = somebody()
    const user = await w.user({ email: person.email })
    const location = await during(person, () =>
      w.db.update(users).set({ status: false }).where(eq(users.id, user.id)),
    )
    expect(JSON.parse(location.searchParams.get('error') ?? '')).toEqual(
      failed('user_blocked', 403),
    )
    expect([await sessionsOf(user.id), await identitiesOf(w, user.id)]).toEqual([[], []])
  })

  test('an address given up meanwhile does not lead to its former user', async () => {
    const person = somebody()
    const user = await w.user({ email: person.email })
    const location = await during(person, () =>
      w.db.update(users).set({ email: null }).where(eq(users.id, user.id)),
    )
    expect(location.href).toBe('http://localhost/ok')
    expect(await identitiesOf(w, user.id)).toEqual([])
    const [now] = await w.db.select().from(users).where(eq(users.email, person.email))
    expect(now?.id).not.toBe(user.id)
  })
})
