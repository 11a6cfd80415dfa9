import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { logs, sessions, settings, targets, users } from '#/db/schema'
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

/** Gives whoever is signed in by an answer. */
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

  test('is refused with what is no address', async () => {
    const { error } = await signInAt(w, somebody({ email: 'not an address' }))
    expect(error).toEqual(failed('general_invalid_email', 400))
  })

  test('is refused without an address', async () => {
    const { email: _, ...person } = somebody()
    expect((await signInAt(w, person)).error).toEqual(failed('user_unauthorized', 401))
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
        providerEmail: person.email,
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

  test('at another provider leads to its user when this one vouches for it', async () => {
    const person = somebody()
    const user = await w.user()
    await identity(w, user.id, { provider: 'github', providerEmail: person.email })
    const me = await meAfter(await signInAt(w, person))
    expect(me).toMatchObject({ id: user.id, email: person.email, emailVerification: true })
  })

  test('at another provider never does when this one does not', async () => {
    const person = somebody({ email_verified: false })
    const user = await w.user()
    await identity(w, user.id, { provider: 'github', providerEmail: person.email })
    expect((await signInAt(w, person)).error).toEqual(failed('general_bad_request', 400))
    expect(await identitiesOf(w, user.id)).toHaveLength(1)
  })

  test('and that is somebody else’s at another provider links nobody', async () => {
    const person = somebody()
    const [holder, other] = [await w.user({ email: person.email }), await w.user()]
    await identity(w, other.id, { provider: 'github', providerEmail: person.email })
    expect((await signInAt(w, person)).error).toEqual(failed('general_bad_request', 400))
    expect(await identitiesOf(w, holder.id)).toEqual([])
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

  test.each([
    [
      'the account',
      async (other: string, person: Required<Somebody>) => {
        await identity(w, other, { providerUid: person.sub })
      },
    ],
    [
      'the address',
      async (other: string, person: Required<Somebody>) => {
        await w.db.update(users).set({ email: person.email }).where(eq(users.id, other))
      },
    ],
    [
      'the address at another provider',
      async (other: string, person: Required<Somebody>) => {
        await identity(w, other, { provider: 'github', providerEmail: person.email })
      },
    ],
  ])('cannot link what is somebody else’s: %s', async (_, give) => {
    const { user, session, headers } = await w.signedIn()
    const other = await w.user()
    const person = somebody()
    await give(other.id, person)
    expect((await signInAt(w, person, { headers })).error).toEqual(
      failed('user_already_exists', 409),
    )
    expect(await identitiesOf(w, user.id)).toEqual([])
    // Nothing has come of it, so the old session goes on.
    expect((await sessionsOf(user.id)).map(({ id }) => id)).toEqual([session.id])
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
