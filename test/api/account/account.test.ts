import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { identities, logs, memberships, sessions, targets, teams, users } from '#/db/schema'
import { verifyPassword } from '#/identity/passwords'
import {
  accountWorld,
  address,
  before,
  GUEST,
  PASSWORD,
  phoneNumber,
  sentTo,
  userNow,
  WRONG,
  withPassword,
} from '#test/support/account'
import { after, HOUR, TIME } from '#test/support/clock'
import { unboundJwt } from '#test/support/jwt'
import { NOW, ROOT, type World } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await accountWorld()
})

const create = (fields: Record<string, unknown>, headers: Record<string, string> = GUEST) =>
  w.send('post', '/account', { userId: 'unique()', password: PASSWORD, ...fields }, headers)
const patch = (field: string, body: unknown, headers: Record<string, string>) =>
  w.send('patch', `/account/${field}`, body, headers)
const identity = (userId: string, providerEmail: string) =>
  w.db.insert(identities).values({
    id: crypto.randomUUID().slice(0, 20),
    userId,
    provider: 'github',
    providerUid: crypto.randomUUID(),
    providerEmail,
    providerAccessToken: '',
    providerRefreshToken: '',
    createdAt: NOW,
    updatedAt: NOW,
  })

describe('signing up', () => {
  test('answers with the account as it is stored', async () => {
    const email = address()
    const { status, body, headers } = await create({ userId: 'ada', email, name: 'Ada' })
    expect(status).toBe(201)
    const [target] = await w.db.select().from(targets).where(eq(targets.userId, 'ada'))
    expect(body).toEqual({
      $id: 'ada',
      $createdAt: TIME,
      $updatedAt: TIME,
      name: 'Ada',
      registration: TIME,
      status: true,
      labels: [],
      passwordUpdate: TIME,
      email,
      phone: '',
      emailVerification: false,
      emailCanonical: email,
      emailIsFree: false,
      emailIsDisposable: false,
      emailIsCorporate: true,
      emailIsCanonical: true,
      phoneVerification: false,
      mfa: false,
      prefs: {},
      targets: [
        {
          $id: target?.id,
          $createdAt: TIME,
          $updatedAt: TIME,
          name: '',
          userId: 'ada',
          providerId: null,
          providerType: 'email',
          identifier: email,
          expired: false,
        },
      ],
      accessedAt: TIME,
      impersonator: false,
      impersonatorUserId: null,
    })
    const user = await userNow(w, 'ada')
    expect(user).toMatchObject({ hash: 'argon2', passwordHistory: [] })
    expect(await verifyPassword(PASSWORD, user)).toBe(true)
    expect(headers.getSetCookie()).toEqual([])
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, 'ada'))).toEqual([])
    expect(await sentTo(w, email)).toEqual([])
    const [entry] = await w.db.select().from(logs).where(eq(logs.userId, 'ada'))
    expect(entry).toMatchObject({ event: 'user.create', userEmail: email, userName: 'Ada' })
  })
  test('makes an ID, and takes the address in lower case', async () => {
    const email = address()
    const { body } = await create({ email: ` ${email.toUpperCase()} ` })
    expect(body).toMatchObject({ email, name: '' })
    expect(body.$id).toMatch(/^[0-9a-f]{20}$/)
  })
  test('starts a password history where the owner wants one', async () => {
    await w.set('passwordHistory', 3)
    const { body } = await create({ email: address() })
    await w.set('passwordHistory', 0)
    const user = await userNow(w, body.$id)
    expect(user.passwordHistory).toEqual([user.password])
  })
  test('leaves a target that is another user’s with that user', async () => {
    const email = address()
    const other = await w.user()
    await w.db.insert(targets).values({
      id: crypto.randomUUID().slice(0, 20),
      userId: other.id,
      providerType: 'email',
      identifier: email,
      expired: false,
      createdAt: NOW,
      updatedAt: NOW,
    })
    const { status, body } = await create({ email })
    expect([status, body.targets]).toEqual([201, []])
  })
  test('works while somebody is signed in, and for somebody else', async () => {
    const { user, headers } = await w.signedIn()
    const { status, body } = await create({ email: address() }, headers)
    expect(status).toBe(201)
    expect(body.$id).not.toBe(user.id)
  })
  test('refuses an ID or address in use', async () => {
    const taken = await withPassword(w)
    const byId = await create({ userId: taken.id, email: address() })
    const byAddress = await create({ email: taken.email.toUpperCase() })
    for (const { status, body } of [byId, byAddress]) {
      expect([status, body.type]).toEqual([409, 'user_already_exists'])
    }
  })
  test('refuses an address that somebody signs in with at a provider', async () => {
    const email = address()
    await identity((await w.user()).id, email)
    const { status, body } = await create({ email })
    expect([status, body.type]).toEqual([400, 'general_bad_request'])
  })
  test('refuses one user more than the owner allows, though not to a lower number', async () => {
    await w.set('userLimit', 1)
    await w.user()
    const { status, body } = await create({ email: address() })
    await w.set('userLimit', 0)
    expect([status, body.type]).toEqual([400, 'user_count_exceeded'])
  })
  test.each([
    ['a short password', { password: '1234567' }],
    ['a password of 257 bytes', { password: 'x'.repeat(257) }],
    ['no password', { password: null }],
    ['an empty name', { name: '' }],
    ['a long name', { name: 'x'.repeat(129) }],
    ['no address', { email: 'nobody' }],
    ['an address without a dotted domain', { email: 'a@localhost' }],
    ['an ID that is none', { userId: '_x' }],
  ])('refuses %s', async (_, fields) => {
    const { status, body } = await create({ email: address(), ...fields })
    expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  })
  test.each([
    ['passwordNumber', true, 'no digits here'],
    ['passwordUppercase', true, 'no capitals 1'],
    ['passwordMin', 30, 'twenty bytes at most'],
    ['passwordDictionary', true, 'password1'],
  ])('asks for what the owner sets by %s', async (name, value, password) => {
    await w.set(name, value)
    const refused = await create({ email: address(), password })
    await w.env.DB.prepare('delete from settings').run()
    expect([refused.status, refused.body.type]).toEqual([400, 'general_argument_invalid'])
    expect(refused.body.message).toMatch(/^Invalid `password` param: /)
  })
  test('refuses a password that contains the address where the owner wants that', async () => {
    await w.set('personalDataCheck', true)
    const email = address()
    const refused = await create({ email, password: `my ${email}!` })
    await w.set('personalDataCheck', false)
    expect([refused.status, refused.body.type]).toEqual([400, 'password_personal_data'])
  })
  test('can be switched off for all but keys', async () => {
    await w.set('method:email-password', false)
    const guest = await create({ email: address() })
    const key = await create({ email: address() }, ROOT)
    await w.set('method:email-password', true)
    expect([guest.status, guest.body.type]).toEqual([501, 'user_auth_method_unsupported'])
    expect(key.status).toBe(201)
  })
  test('is not possible on the reserved project', async () => {
    const { status, body } = await create({ email: address() }, { 'X-Appwrite-Project': 'console' })
    expect([status, body.type]).toEqual([404, 'project_not_found'])
  })
})

describe('the account', () => {
  test('is shown in one round trip, without the password', async () => {
    const { user, headers } = await w.signedIn({ email: address(), labels: ['vip'] })
    const { status, body, trips } = await w.send('get', '/account', undefined, headers)
    expect([status, trips]).toEqual([200, 1])
    expect(body).toMatchObject({ $id: user.id, email: user.email, labels: ['vip'], targets: [] })
    expect(Object.keys(body)).not.toContain('password')
  })
  test('is shown to a JWT', async () => {
    const user = await w.user()
    const { status, body } = await w.send(
      'get',
      '/account',
      undefined,
      await unboundJwt(w, user.id),
    )
    expect([status, body.$id]).toEqual([200, user.id])
  })
  test('is nobody’s without a session, nor a key’s', async () => {
    for (const headers of [GUEST, ROOT]) {
      const { status, body } = await w.send('get', '/account', undefined, headers)
      expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
    }
  })
  test('is the impersonated one’s, and says by whom', async () => {
    const { user, headers } = await w.signedIn({ impersonator: true })
    const other = await w.user({ email: address() })
    const as = { ...headers, 'X-Appwrite-Impersonate-User-Id': other.id }
    const { body, trips } = await w.send('get', '/account', undefined, as)
    expect(body).toMatchObject({ $id: other.id, impersonatorUserId: user.id })
    expect(trips).toBe(1)
    const plain = await w.send('get', '/account', undefined, headers)
    expect(plain.body).toMatchObject({ $id: user.id, impersonatorUserId: null, impersonator: true })
  })
  test('is refused to a blocked user', async () => {
    const { headers } = await w.signedIn({ status: false })
    const { status, body } = await w.send('get', '/account', undefined, headers)
    expect([status, body.type]).toEqual([403, 'user_blocked'])
  })
  test('lacks what an older format does not know', async () => {
    const { headers } = await w.signedIn()
    const old = { ...headers, 'X-Appwrite-Response-Format': '1.8.0' }
    const { body } = await w.send('get', '/account', undefined, old)
    expect(body).toHaveProperty('accessedAt')
    expect(body).not.toHaveProperty('impersonator')
  })
})

describe('deleting the account', () => {
  test('takes all that is the user’s with it, and leaves cookies alone', async () => {
    const { user, headers } = await w.signedIn({ email: address() })
    const team = await w.team()
    await w.member(team.id, user.id)
    await identity(user.id, address())
    const answer = await w.send('delete', '/account', undefined, headers)
    expect([answer.status, answer.bytes.length]).toEqual([204, 0])
    expect(answer.headers.getSetCookie()).toEqual([])
    for (const table of [sessions, memberships, identities, logs]) {
      expect(await w.db.select().from(table).where(eq(table.userId, user.id))).toEqual([])
    }
    expect(await w.db.select().from(users).where(eq(users.id, user.id))).toEqual([])
    const [left] = await w.db.select().from(teams).where(eq(teams.id, team.id))
    expect(left?.total).toBe(0)
    const again = await w.send('delete', '/account', undefined, headers)
    expect([again.status, again.body.type]).toEqual([401, 'general_unauthorized_scope'])
  })
  test('is done once by two requests at a time', async () => {
    const { headers } = await w.signedIn()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => w.send('delete', '/account', undefined, headers)),
    )
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    for (const { status, body } of answers.filter((answer) => answer.status !== 204)) {
      expect([404, 401]).toContain(status)
      expect(['user_not_found', 'general_unauthorized_scope']).toContain(body.type)
    }
  })
  test('deletes the impersonated user, and notes it with the impersonator', async () => {
    const { user, headers } = await w.signedIn({ impersonator: true })
    const other = await w.user()
    const as = { ...headers, 'X-Appwrite-Impersonate-User-Id': other.id }
    expect((await w.send('delete', '/account', undefined, as)).status).toBe(204)
    expect(await w.db.select().from(users).where(eq(users.id, other.id))).toEqual([])
    expect((await userNow(w, user.id)).id).toBe(user.id)
    const noted = await w.db.select().from(logs).where(eq(logs.userId, user.id))
    expect(noted.map(({ event }) => event)).toEqual(['user.delete'])
  })
})

describe('preferences', () => {
  test('are replaced whole, and shown bare', async () => {
    const { headers } = await w.signedIn({ prefs: { theme: 'dark', size: 3 } })
    const set = await patch('prefs', { prefs: { lang: 'de', deep: { a: [1] } } }, headers)
    expect([set.status, set.body.prefs]).toEqual([200, { lang: 'de', deep: { a: [1] } }])
    const got = await w.send('get', '/account/prefs', undefined, headers)
    expect([got.status, got.body, got.trips]).toEqual([200, { lang: 'de', deep: { a: [1] } }, 1])
  })
  test.each([[{}], [[]]])('%j empties them', async (prefs) => {
    const { headers } = await w.signedIn({ prefs: { theme: 'dark' } })
    expect((await patch('prefs', { prefs }, headers)).body.prefs).toEqual({})
  })
  test.each([['text'], [[1]], [null], [{ long: 'x'.repeat(65_536) }]])(
    'refuse a %#. kind',
    async (prefs) => {
      const { user, headers } = await w.signedIn({ prefs: { theme: 'dark' } })
      const { status, body } = await patch('prefs', { prefs }, headers)
      expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
      expect((await userNow(w, user.id)).prefs).toEqual({ theme: 'dark' })
    },
  )
})

describe('the name', () => {
  test('changes, and only a change moves the time', async () => {
    const { user, headers } = await w.signedIn({ name: 'Old', updatedAt: new Date(1) })
    const same = await patch('name', { name: 'Old' }, headers)
    expect(same.body.$updatedAt).toBe('1970-01-01T00:00:00.001+00:00')
    const { status, body } = await patch('name', { name: 'New' }, headers)
    expect([status, body.name, body.$updatedAt]).toEqual([200, 'New', TIME])
    expect((await userNow(w, user.id)).name).toBe('New')
  })
  test.each([[''], ['x'.repeat(129)], [null]])('is not %#', async (name) => {
    const { headers } = await w.signedIn()
    expect((await patch('name', { name }, headers)).body.type).toBe('general_argument_invalid')
  })
  test('of a user deleted meanwhile is refused as to a guest', async () => {
    const { user, headers } = await w.signedIn()
    before(w, 2, () => w.db.delete(users).where(eq(users.id, user.id)))
    const { status, body } = await patch('name', { name: 'New' }, headers)
    expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
  })
  test('of the impersonator changes, not of whom it impersonates', async () => {
    const { user, headers } = await w.signedIn({ impersonator: true })
    const other = await w.user({ name: 'Other' })
    const as = { ...headers, 'X-Appwrite-Impersonate-User-Id': other.id }
    const { body } = await patch('name', { name: 'Mine' }, as)
    expect([body.$id, body.name]).toEqual([user.id, 'Mine'])
    expect((await userNow(w, other.id)).name).toBe('Other')
  })
})

describe('the e-mail address', () => {
  const signedIn = async (fields = {}) => {
    const user = await withPassword(w, fields)
    return { user, headers: (await w.session(user.id)).headers }
  }
  test('changes with the password, is not verified, and takes its target along', async () => {
    const { body: made } = await create({ email: address() })
    const { headers } = await w.session(made.$id)
    await w.db.update(users).set({ emailVerification: true }).where(eq(users.id, made.$id))
    const email = `Some.Name+tag@gmail.com`
    const { status, body } = await patch('email', { email, password: PASSWORD }, headers)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      email: 'some.name+tag@gmail.com',
      emailVerification: false,
      emailCanonical: 'somename@gmail.com',
      emailIsFree: true,
      emailIsCanonical: false,
      emailIsCorporate: false,
    })
    expect(body.targets).toEqual([
      { ...made.targets[0], identifier: 'some.name+tag@gmail.com', $updatedAt: TIME },
    ])
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, made.$id))).toHaveLength(1)
  })
  test('gives an anonymous user its first password, and no target', async () => {
    const { user, headers } = await w.signedIn({ email: null, passwordUpdate: null })
    const email = address()
    const { status, body } = await patch('email', { email, password: PASSWORD }, headers)
    expect([status, body.email, body.passwordUpdate, body.targets]).toEqual([200, email, TIME, []])
    expect(await verifyPassword(PASSWORD, await userNow(w, user.id))).toBe(true)
    const again = await patch('email', { email: address(), password: WRONG }, headers)
    expect([again.status, again.body.type]).toEqual([401, 'user_invalid_credentials'])
  })
  test('stays with a wrong password', async () => {
    const { user, headers } = await signedIn()
    const { status, body } = await patch('email', { email: address(), password: WRONG }, headers)
    expect([status, body.type]).toEqual([401, 'user_invalid_credentials'])
    expect((await userNow(w, user.id)).email).toBe(user.email)
  })
  test('is refused where it is a target of somebody else', async () => {
    const { body: made } = await create({ email: address() })
    const { headers } = await w.session(made.$id)
    const other = await create({ email: address() })
    const { email } = other.body
    const { status, body } = await patch('email', { email, password: PASSWORD }, headers)
    expect([status, body.type]).toEqual([409, 'user_target_already_exists'])
  })
  test('is refused where a user has it without a target, or an identity', async () => {
    const { headers } = await signedIn()
    const taken = await withPassword(w)
    const { id } = await w.user({ email: null })
    const claimed = address()
    await identity(id, claimed)
    for (const email of [taken.email, claimed]) {
      const { status, body } = await patch('email', { email, password: PASSWORD }, headers)
      expect([status, body.type]).toEqual([400, 'general_bad_request'])
    }
  })
  test('may be one that a provider told of a user who has another', async () => {
    const { headers } = await signedIn()
    const other = await withPassword(w)
    const left = address()
    await identity(other.id, left)
    expect((await patch('email', { email: left, password: PASSWORD }, headers)).status).toBe(200)
  })
  test('may be the one of an own identity', async () => {
    const { user, headers } = await signedIn()
    const email = address()
    await identity(user.id, email)
    expect((await patch('email', { email, password: PASSWORD }, headers)).status).toBe(200)
  })
  test.each([
    ['denyFreeEmails', 'somebody@gmail.com', 'user_email_free'],
    ['denyAliasedEmails', 'some.body@gmail.com', 'user_email_not_canonical'],
    ['onlyCorporateEmails', 'somebody@gmail.com', 'user_email_not_corporate'],
    ['denyDisposableEmails', 'somebody@mailinator.com', 'user_email_disposable'],
  ])('is checked by the policy %s', async (name, email, type) => {
    const { headers } = await signedIn()
    await w.set(name, true)
    const { status, body } = await patch('email', { email, password: PASSWORD }, headers)
    await w.set(name, false)
    expect([status, body.type]).toEqual([400, type])
  })
  test('goes to one of two who want it at the same time', async () => {
    const email = address()
    const both = [await signedIn(), await signedIn()]
    const answers = await Promise.all(
      both.map(({ headers }) => patch('email', { email, password: PASSWORD }, headers)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })
})

describe('the phone number', () => {
  test('changes with the password, is not verified, and takes its target along', async () => {
    const old = phoneNumber()
    const user = await withPassword(w, { phone: old, phoneVerification: true })
    const { headers } = await w.session(user.id)
    await w.db.insert(targets).values({
      id: 'sms-target',
      userId: user.id,
      providerType: 'sms',
      identifier: old,
      expired: false,
      createdAt: NOW,
      updatedAt: NOW,
    })
    const phone = phoneNumber()
    const { status, body } = await patch('phone', { phone, password: PASSWORD }, headers)
    expect(status).toBe(200)
    expect(body).toMatchObject({ phone, phoneVerification: false })
    expect(body.targets).toMatchObject([{ $id: 'sms-target', identifier: phone }])
    const again = await patch('phone', { phone, password: PASSWORD }, headers)
    expect([again.status, again.body.phone]).toEqual([200, phone])
  })
  test('is refused with a wrong password, and where another user has it', async () => {
    const user = await withPassword(w)
    const { headers } = await w.session(user.id)
    const taken = await w.user({ phone: phoneNumber() })
    const wrong = await patch('phone', { phone: phoneNumber(), password: WRONG }, headers)
    expect([wrong.status, wrong.body.type]).toEqual([401, 'user_invalid_credentials'])
    const double = await patch('phone', { phone: taken.phone, password: PASSWORD }, headers)
    expect([double.status, double.body.type]).toEqual([409, 'user_phone_already_exists'])
  })
  test('of a user without password makes the one sent the first', async () => {
    const { user, headers } = await w.signedIn({ email: address(), passwordUpdate: null })
    const { status } = await patch('phone', { phone: phoneNumber(), password: PASSWORD }, headers)
    expect(status).toBe(200)
    expect(await verifyPassword(PASSWORD, await userNow(w, user.id))).toBe(true)
  })
})

describe('the password', () => {
  const NEXT = 'another horse battery'
  test('changes with the old one, and ends all other sessions', async () => {
    const user = await withPassword(w)
    const { row: current, headers } = await w.session(user.id)
    await w.session(user.id)
    const given = { password: NEXT, oldPassword: PASSWORD }
    const { status, body } = await patch('password', given, headers)
    expect([status, body.passwordUpdate]).toEqual([200, TIME])
    expect(await verifyPassword(NEXT, await userNow(w, user.id))).toBe(true)
    const left = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
    expect(left.map(({ id }) => id)).toEqual([current.id])
  })
  test('leaves all sessions where the owner wants that, and under a JWT', async () => {
    const user = await withPassword(w)
    const { headers } = await w.session(user.id)
    await w.session(user.id)
    await w.set('invalidateSessions', false)
    await patch('password', { password: NEXT, oldPassword: PASSWORD }, headers)
    await w.set('invalidateSessions', true)
    const jwt = await unboundJwt(w, user.id)
    const again = await patch('password', { password: PASSWORD, oldPassword: NEXT }, jwt)
    expect(again.status).toBe(200)
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, user.id))).toHaveLength(2)
  })
  test.each([[{ oldPassword: WRONG }], [{ oldPassword: '' }], [{}]])(
    'stays with %j',
    async (old) => {
      const user = await withPassword(w)
      const { headers } = await w.session(user.id)
      const { status, body } = await patch('password', { password: NEXT, ...old }, headers)
      expect([status, body.type]).toEqual([401, 'user_invalid_credentials'])
      expect((await userNow(w, user.id)).password).toBe(user.password)
    },
  )
  test('needs no old one where none was ever set', async () => {
    const { user, headers } = await w.signedIn({ passwordUpdate: null })
    expect((await patch('password', { password: NEXT }, headers)).status).toBe(200)
    expect(await verifyPassword(NEXT, await userNow(w, user.id))).toBe(true)
  })
  test('is none of the last ones, as far as the owner remembers them', async () => {
    await w.set('passwordHistory', 2)
    const { body: made } = await create({ email: address() })
    const { headers } = await w.session(made.$id)
    const change = (password: string, oldPassword: string) =>
      patch('password', { password, oldPassword }, headers)
    const again = await change(PASSWORD, PASSWORD)
    const second = await change('second horse battery', PASSWORD)
    const back = await change(PASSWORD, 'second horse battery')
    const third = await change('third horse battery', 'second horse battery')
    const user = await userNow(w, made.$id)
    const forgotten = await change(PASSWORD, 'third horse battery')
    await w.set('passwordHistory', 0)
    expect([again.body.type, back.body.type]).toEqual(Array(2).fill('password_recently_used'))
    expect([second.status, third.status, forgotten.status]).toEqual([200, 200, 200])
    expect(user.passwordHistory).toHaveLength(2)
    expect(user.passwordHistory.at(-1)).toBe(user.password)
  })
  test('is not the one in use, also where it was set before a history was kept', async () => {
    const user = await withPassword(w)
    const { headers } = await w.session(user.id)
    const change = (password: string, oldPassword: string) =>
      patch('password', { password, oldPassword }, headers)
    await w.set('passwordHistory', 2)
    const same = await change(PASSWORD, PASSWORD)
    const second = await change('second horse battery', PASSWORD)
    const back = await change(PASSWORD, 'second horse battery')
    await w.set('passwordHistory', 0)
    expect([same.body.type, back.body.type]).toEqual(Array(2).fill('password_recently_used'))
    expect(second.status).toBe(200)
    expect((await userNow(w, user.id)).passwordHistory).toHaveLength(2)
  })
  test('may be the first one of somebody whom nobody gave one', async () => {
    await w.set('passwordHistory', 2)
    const user = await withPassword(w, { passwordUpdate: null })
    const { headers } = await w.session(user.id)
    const { status } = await patch('password', { password: PASSWORD }, headers)
    await w.set('passwordHistory', 0)
    expect([status, (await userNow(w, user.id)).passwordHistory]).toEqual([
      200,
      [expect.any(String)],
    ])
  })
  test('is nothing personal where the owner wants that', async () => {
    const user = await withPassword(w, { name: 'Grace Hopper' })
    const { headers } = await w.session(user.id)
    await w.set('personalDataCheck', true)
    const given = { password: 'i am grace hopper!', oldPassword: PASSWORD }
    const { status, body } = await patch('password', given, headers)
    await w.set('personalDataCheck', false)
    expect([status, body.type]).toEqual([400, 'password_personal_data'])
    expect(body.message).toBe('The password contains the name of the user.')
  })
  test('set by somebody else meanwhile is not overwritten', async () => {
    const user = await withPassword(w)
    const { headers } = await w.session(user.id)
    await w.session(user.id)
    before(w, 2, () =>
      w.db.update(users).set({ password: 'theirs' }).where(eq(users.id, user.id)).run(),
    )
    const given = { password: NEXT, oldPassword: PASSWORD }
    const { status, body } = await patch('password', given, headers)
    expect([status, body.type]).toEqual([401, 'user_invalid_credentials'])
    expect((await userNow(w, user.id)).password).toBe('theirs')
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, user.id))).toHaveLength(2)
  })
})

describe('blocking oneself', () => {
  test('clears the cookies and shuts every session out, for good', async () => {
    const { user, headers } = await w.signedIn()
    const { status, body, headers: sent } = await patch('status', {}, headers)
    expect([status, body.status]).toEqual([200, false])
    expect(sent.getSetCookie()).toHaveLength(2)
    for (const cookie of sent.getSetCookie()) {
      expect(cookie).toMatch(/^a_session_edgewrite(_legacy)?=;/)
      expect(cookie).toContain(`Expires=${after(-HOUR).toUTCString()}`)
    }
    expect(sent.get('x-fallback-cookies')).toBe('[]')
    const refused = await w.send('get', '/account', undefined, headers)
    expect([refused.status, refused.body.type]).toEqual([403, 'user_blocked'])
    expect((await patch('status', {}, headers)).body.type).toBe('user_blocked')
    expect(await w.db.select().from(sessions).where(eq(sessions.userId, user.id))).toHaveLength(1)
  })
})
