import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { signJwt } from '#/auth/jwt'
import { logs, type Session, sessions, targets, users } from '#/db/schema'
import { verifyPassword } from '#/identity/passwords'
import {
  accountWorld,
  address,
  before,
  GUEST,
  PASSWORD,
  sentTo,
  sessionHeader,
  signIn,
  signInAt,
  userNow,
  WRONG,
  withPassword,
} from '#test/support/account'
import { after, DAY, MINUTE, TIME, wire, YEAR } from '#test/support/clock'
import { unboundJwt } from '#test/support/jwt'
import { NOW, ROOT, type World } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await accountWorld()
})

const YEAR_LATER = wire(after(YEAR))
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
const storedOf = (userId: string): Promise<Session[]> =>
  w.db.select().from(sessions).where(eq(sessions.userId, userId)).orderBy(sessions.sequence)
const jwtOf = async (userId: string, sessionId: string) => ({
  'X-Appwrite-JWT': await signJwt(
    { userId, sessionId, exp: NOW.getTime() / 1000 + 60 },
    w.env.SECRET ?? '',
  ),
})

describe('signing in by password', () => {
  test('makes a session and shows it whole', async () => {
    const user = await withPassword(w)
    const { status, body } = await signIn(w, user.email.toUpperCase(), PASSWORD, {
      'User-Agent': CHROME,
      'CF-Connecting-IP': '203.0.113.9',
    })
    const [session] = await storedOf(user.id)
    expect(status).toBe(201)
    expect(body).toEqual({
      $id: session?.id,
      $createdAt: TIME,
      $updatedAt: TIME,
      userId: user.id,
      expire: YEAR_LATER,
      provider: 'email',
      providerUid: user.email,
      providerAccessToken: '',
      providerAccessTokenExpiry: '',
      providerRefreshToken: '',
      ip: '203.0.113.9',
      osCode: 'WIN',
      osName: 'Windows',
      osVersion: '10',
      clientType: 'browser',
      clientCode: 'CH',
      clientName: 'Chrome',
      clientVersion: '126.0',
      clientEngine: 'Blink',
      clientEngineVersion: '126.0.0.0',
      deviceName: 'desktop',
      deviceBrand: '',
      deviceModel: '',
      countryCode: '--',
      countryName: 'Unknown',
      current: true,
      factors: ['password'],
      secret: '',
      mfaUpdatedAt: '',
    })
    const [entry] = await w.db.select().from(logs).where(eq(logs.userId, user.id))
    expect(entry).toMatchObject({ event: 'session.create', ip: '203.0.113.9' })
  })
  test('takes three round trips before the answer, and one for the log', async () => {
    const user = await withPassword(w)
    const { status, trips } = await signIn(w, user.email)
    expect([status, trips]).toEqual([201, 4])
  })
  test('opens the account by the cookie, and stores no secret', async () => {
    const user = await withPassword(w)
    const answer = await signIn(w, user.email)
    const header = sessionHeader(answer)
    const { body } = await w.send('get', '/account', undefined, header)
    expect(body.$id).toBe(user.id)
    const { secret } = JSON.parse(atob(header['X-Appwrite-Session'] ?? ''))
    expect(secret).toMatch(/^[0-9a-f]{256}$/)
    expect(JSON.stringify(await storedOf(user.id))).not.toContain(secret)
  })
  test('tells the secret to keys alone', async () => {
    const user = await withPassword(w)
    const { body } = await signIn(w, user.email, PASSWORD, ROOT)
    expect(JSON.parse(atob(body.secret))).toMatchObject({ id: user.id })
    const opened = await w.send('get', '/account', undefined, { 'X-Appwrite-Session': body.secret })
    expect(opened.body.$id).toBe(user.id)
  })
  test('names the country in the language asked for', async () => {
    const user = await withPassword(w)
    const { body } = await signInAt(w, user.email, {
      country: 'DE',
      headers: { 'X-Appwrite-Locale': 'fr' },
    })
    expect([body.countryCode, body.countryName]).toEqual(['de', 'Allemagne'])
  })
  test('is refused while signed in, by session or JWT', async () => {
    const user = await withPassword(w)
    const { headers } = await w.session(user.id)
    for (const given of [headers, await unboundJwt(w, user.id)]) {
      const { status, body } = await signIn(w, user.email, PASSWORD, given)
      expect([status, body.type]).toEqual([401, 'user_session_already_exists'])
    }
  })
  test('is refused to a blocked user, but only with the right password', async () => {
    const user = await withPassword(w, { status: false })
    const right = await signIn(w, user.email)
    expect([right.status, right.body.type]).toEqual([403, 'user_blocked'])
    const wrong = await signIn(w, user.email, WRONG)
    expect([wrong.status, wrong.body.type]).toEqual([401, 'user_invalid_credentials'])
    expect(await storedOf(user.id)).toEqual([])
  })
  test('can be switched off for all but keys', async () => {
    const user = await withPassword(w)
    await w.set('method:email-password', false)
    const guest = await signIn(w, user.email)
    const key = await signIn(w, user.email, PASSWORD, ROOT)
    await w.set('method:email-password', true)
    expect([guest.body.type, key.status]).toEqual(['user_auth_method_unsupported', 201])
  })
  test('is not possible on the reserved project', async () => {
    const { status, body } = await signIn(w, address(), PASSWORD, { 'X-Appwrite-Project': '' })
    expect([status, body.type]).toEqual([404, 'project_not_found'])
  })
  test('works at the older path', async () => {
    const user = await withPassword(w)
    const given = { email: user.email, password: PASSWORD }
    expect((await w.send('post', '/account/sessions', given, GUEST)).status).toBe(201)
  })
  test('lasts as long as the owner says', async () => {
    const user = await withPassword(w)
    await w.set('sessionDurationSeconds', 60)
    const answer = await signIn(w, user.email)
    await w.set('sessionDurationSeconds', 31_536_000)
    expect(answer.body.expire).toBe(wire(after(MINUTE)))
    const at = async (ms: number) => {
      const later = await accountWorld({}, () => new Date(NOW.getTime() + ms))
      return (await later.send('get', '/account', undefined, sessionHeader(answer))).status
    }
    expect([await at(60_000), await at(60_001)]).toEqual([200, 401])
  })
  test('ends the oldest sessions beyond the limit', async () => {
    const user = await withPassword(w)
    const old = [await w.session(user.id), await w.session(user.id), await w.session(user.id)]
    await w.set('sessionLimit', 2)
    const { body } = await signIn(w, user.email)
    await w.set('sessionLimit', 10)
    const left = (await storedOf(user.id)).map(({ id }) => id)
    expect(left).toEqual([old[2]?.row.id, body.$id])
  })
})

describe('a hash of another algorithm', () => {
  const md5 = {
    hash: 'md5',
    hashOptions: { type: 'md5' },
    password: '0cc175b9c0f1b6a831c399e269772661',
  }
  test('becomes Argon2 at the first sign-in, and nothing else changes', async () => {
    // Of "message digest" (RFC 1321 A.5).
    const password = 'f96b697d7cb7938d525a2f31aaf161d0'
    const history = ['old']
    const passwordUpdate = new Date('2020-01-01')
    const user = await withPassword(w, {
      ...md5,
      password,
      passwordHistory: history,
      passwordUpdate,
    })
    expect((await signIn(w, user.email, 'message digest')).status).toBe(201)
    const now = await userNow(w, user.id)
    expect(now).toMatchObject({
      hash: 'argon2',
      hashOptions: { type: 'argon2', memory_cost: 7168, time_cost: 5, threads: 1 },
      passwordHistory: history,
      passwordUpdate,
    })
    expect(await verifyPassword('message digest', now)).toBe(true)
    expect((await signIn(w, user.email, 'message digest')).status).toBe(201)
  })
  test('stays after a wrong password', async () => {
    const user = await withPassword(w, md5)
    expect((await signIn(w, user.email, WRONG)).status).toBe(401)
    expect(await userNow(w, user.id)).toMatchObject(md5)
  })
  test('does not come back over a password set meanwhile', async () => {
    const password = 'f96b697d7cb7938d525a2f31aaf161d0'
    const user = await withPassword(w, { ...md5, password })
    before(w, 3, () =>
      w.db.update(users).set({ password: 'theirs' }).where(eq(users.id, user.id)).run(),
    )
    const { status, body } = await signIn(w, user.email, 'message digest')
    expect([status, body.type]).toEqual([401, 'user_invalid_credentials'])
    expect(await userNow(w, user.id)).toMatchObject({ password: 'theirs', hash: 'md5' })
    expect(await storedOf(user.id)).toEqual([])
  })
})

describe('between look-up and session', () => {
  test.each([
    ['blocked', (id: string) => w.db.update(users).set({ status: false }).where(eq(users.id, id))],
    ['deleted', (id: string) => w.db.delete(users).where(eq(users.id, id))],
    [
      'given another password',
      (id: string) => w.db.update(users).set({ password: 'x' }).where(eq(users.id, id)),
    ],
  ])('a user who is %s gets none', async (_, change) => {
    const user = await withPassword(w)
    before(w, 3, () => change(user.id).run())
    const { status, body, headers } = await signIn(w, user.email)
    expect([status, body.type]).toEqual([401, 'user_invalid_credentials'])
    expect(headers.getSetCookie()).toEqual([])
    expect(await storedOf(user.id)).toEqual([])
  })
})

describe('an anonymous session', () => {
  const enter = (headers = GUEST) => w.send('post', '/account/sessions/anonymous', {}, headers)
  test('makes a user of its own, in one round trip after the caller’s', async () => {
    const { status, body, headers, trips } = await enter()
    expect(status).toBe(201)
    expect(body).toMatchObject({ provider: 'anonymous', factors: ['anonymous'], current: true })
    expect(trips).toBe(3) // with the log entry, which is not waited for
    const user = await userNow(w, body.userId)
    expect(user).toMatchObject({ email: null, phone: null, name: '', passwordUpdate: null })
    expect(await w.db.select().from(targets).where(eq(targets.userId, user.id))).toEqual([])
    const account = await w.send('get', '/account', undefined, sessionHeader({ headers }))
    expect(account.body).toMatchObject({ $id: user.id, email: '', accessedAt: body.$createdAt })
  })
  test('is refused to somebody signed in', async () => {
    const { headers } = await w.signedIn()
    expect((await enter(headers)).body.type).toBe('user_session_already_exists')
  })
  test('is refused beyond the owner’s limit of users', async () => {
    await w.set('userLimit', 1)
    await w.user()
    const { status, body } = await enter()
    await w.set('userLimit', 0)
    expect([status, body.type]).toEqual([400, 'user_count_exceeded'])
  })
  test('is refused on the reserved project', async () => {
    const { status, body } = await enter({ 'X-Appwrite-Project': 'console' })
    expect([status, body.type]).toEqual([401, 'user_anonymous_console_prohibited'])
  })
})

describe('sessions', () => {
  const get = (path: string, headers: Record<string, string>) =>
    w.send('get', `/account/sessions${path}`, undefined, headers)
  test('are listed oldest first, also expired ones, with the current one marked', async () => {
    const user = await w.user()
    const expired = await w.session(user.id, { expiresAt: new Date('2020-01-01') })
    const { row, headers } = await w.session(user.id)
    const other = await w.session(user.id)
    await w.session((await w.user()).id)
    const { status, body, trips } = await get('', headers)
    expect([status, trips, body.total]).toEqual([200, 2, 3])
    expect(body.sessions.map(({ $id }: { $id: string }) => $id)).toEqual([
      expired.row.id,
      row.id,
      other.row.id,
    ])
    expect(body.sessions.map(({ current }: { current: boolean }) => current)).toEqual([
      false,
      true,
      false,
    ])
    expect(new Set(body.sessions.map(({ secret }: { secret: string }) => secret))).toEqual(
      new Set(['']),
    )
  })
  test('are found by ID and as the current one', async () => {
    const user = await w.user()
    const { row, headers } = await w.session(user.id)
    const other = await w.session(user.id)
    expect((await get('/current', headers)).body).toMatchObject({ $id: row.id, current: true })
    expect((await get(`/${row.id}`, headers)).body).toMatchObject({ $id: row.id, current: true })
    const { body } = await get(`/${other.row.id}`, headers)
    expect(body).toMatchObject({ $id: other.row.id, current: false })
  })
  test('of others are not there, and a JWT has no current one', async () => {
    const user = await w.user()
    const { row, headers } = await w.session(user.id)
    const foreign = await w.session((await w.user()).id)
    const jwt = await jwtOf(user.id, row.id)
    const asked = [
      await get('/none', headers),
      await get(`/${foreign.row.id}`, headers),
      await get('/current', jwt),
      await w.send('patch', `/account/sessions/${foreign.row.id}`, {}, headers),
      await w.send('delete', `/account/sessions/${foreign.row.id}`, undefined, headers),
      await w.send('delete', '/account/sessions/current', undefined, jwt),
    ]
    for (const { status, body } of asked) {
      expect([status, body.type]).toEqual([404, 'user_session_not_found'])
    }
    expect(await storedOf(foreign.row.userId)).toHaveLength(1)
    expect((await get(`/${row.id}`, jwt)).body).toMatchObject({ $id: row.id, current: false })
  })
  test('are extended from now on', async () => {
    const user = await w.user()
    const { row, headers } = await w.session(user.id, { expiresAt: after(7 * DAY) })
    const {
      status,
      body,
      headers: sent,
    } = await w.send('patch', '/account/sessions/current', {}, headers)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      $id: row.id,
      expire: YEAR_LATER,
      current: false,
      countryName: '',
    })
    expect(sent.getSetCookie()).toEqual([])
    expect((await storedOf(user.id))[0]?.expiresAt).toEqual(after(YEAR))
  })
  test('of a provider that cannot be asked are not extended', async () => {
    const user = await w.user()
    const { headers } = await w.session(user.id, { providerRefreshToken: 'sealed' })
    const { status, body } = await w.send('patch', '/account/sessions/current', {}, headers)
    expect([status, body.type]).toEqual([400, 'project_provider_unsupported'])
    expect((await storedOf(user.id))[0]?.expiresAt).toEqual(after(70 * YEAR))
  })
  test('end one by one, with their push targets, and only the current one’s cookies', async () => {
    const user = await w.user()
    const { row, headers } = await w.session(user.id)
    const other = await w.session(user.id)
    for (const sessionId of [row.id, other.row.id]) {
      await w.db.insert(targets).values({
        id: `push-${sessionId.slice(0, 10)}`,
        userId: user.id,
        sessionId,
        providerType: 'push',
        identifier: sessionId,
        expired: false,
        createdAt: NOW,
        updatedAt: NOW,
      })
    }
    const second = await w.send('delete', `/account/sessions/${other.row.id}`, undefined, headers)
    expect([second.status, second.headers.getSetCookie()]).toEqual([204, []])
    const reachable = await w.db.select().from(targets).where(eq(targets.userId, user.id))
    expect(reachable.map(({ sessionId }) => sessionId)).toEqual([row.id])
    expect((await w.send('get', '/account', undefined, other.headers)).status).toBe(401)
    const last = await w.send('delete', '/account/sessions/current', undefined, headers)
    expect([last.status, last.headers.getSetCookie().length]).toEqual([204, 2])
    expect(last.headers.get('x-fallback-cookies')).toBe('[]')
    expect((await w.send('get', '/account', undefined, headers)).status).toBe(401)
  })
  test('end all at once, the current one too', async () => {
    const user = await w.user()
    const { headers } = await w.session(user.id)
    await w.session(user.id)
    const foreign = await w.session((await w.user()).id)
    const { status, headers: sent } = await w.send(
      'delete',
      '/account/sessions',
      undefined,
      headers,
    )
    expect([status, sent.getSetCookie().length]).toEqual([204, 2])
    expect(await storedOf(user.id)).toEqual([])
    expect(await storedOf(foreign.row.userId)).toHaveLength(1)
  })
  test('all end under a JWT too, which leaves cookies alone and is dead with them', async () => {
    const user = await w.user()
    const { row } = await w.session(user.id)
    const jwt = await jwtOf(user.id, row.id)
    const { status, headers } = await w.send('delete', '/account/sessions', undefined, jwt)
    expect([status, headers.getSetCookie()]).toEqual([204, []])
    expect((await w.send('get', '/account', undefined, jwt)).status).toBe(401)
  })
  test('that lack a second factor can only be ended', async () => {
    const user = await w.user({ email: address(), emailVerification: true, mfa: true })
    const { headers } = await w.session(user.id)
    expect((await get('', headers)).body.type).toBe('user_more_factors_required')
    const { status } = await w.send('delete', '/account/sessions/current', undefined, headers)
    expect(status).toBe(204)
  })
})

describe('a mail about a new session', () => {
  const alerted = async (run: () => Promise<unknown>) => {
    await w.set('sessionAlerts', true)
    await run()
    await w.set('sessionAlerts', false)
  }
  test('comes where there was another one, in the language asked for', async () => {
    const user = await withPassword(w, { name: 'Ada' })
    await w.session(user.id)
    await alerted(() =>
      signInAt(w, user.email, {
        country: 'DE',
        headers: {
          'User-Agent': CHROME,
          'CF-Connecting-IP': '203.0.113.9',
          'X-Appwrite-Locale': 'de',
        },
      }),
    )
    const clockTime = NOW.toISOString().slice(11, 19)
    const [mail] = await sentTo(w, user.email)
    for (const part of ['Ada', 'Chrome, Windows', '203.0.113.9', 'Deutschland', clockTime]) {
      expect(mail?.text).toContain(part)
    }
    expect(mail?.html).toContain('lang="de"')
  })
  test('does not come for the only session, nor where the owner wants none', async () => {
    const user = await withPassword(w)
    await alerted(() => signIn(w, user.email))
    await signIn(w, user.email)
    expect(await sentTo(w, user.email)).toEqual([])
  })
  test('that cannot be sent does not keep anybody out', async () => {
    w = await accountWorld({ MAIL_OUTBOX: 'off' })
    const user = await withPassword(w)
    await w.session(user.id)
    await alerted(async () => expect((await signIn(w, user.email)).status).toBe(201))
    w = await accountWorld({ SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@example.com' })
    await alerted(async () => expect((await signIn(w, user.email)).status).toBe(201))
  })
})
