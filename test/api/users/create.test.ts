import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { identities, targets, users } from '#/db/schema'
import { verifyPassword } from '#/identity/passwords'
import { TIME } from '#test/support/clock'
import { NOW, type World, world } from '#test/support/world'

const PASSWORD = 'correct horse battery'

let w: World
beforeEach(async () => {
  w = await world({}, () => NOW)
  await w.env.DB.batch([
    w.env.DB.prepare('delete from users'),
    w.env.DB.prepare('delete from identities'),
    w.env.DB.prepare('delete from settings'),
  ])
})
const create = (body: unknown) => w.send('post', '/users', body)
const outcome = async (body: unknown) => {
  const { status, body: answer } = await create(body)
  return [status, answer.type]
}
const countUsers = async () => (await w.db.select({ id: users.id }).from(users)).length
const identity = (userId: string, providerEmail: string) =>
  w.db.insert(identities).values({
    ...{ id: crypto.randomUUID().slice(0, 20), userId, provider: 'github', providerUid: userId },
    ...{ providerEmail, providerAccessToken: '', providerRefreshToken: '' },
    ...{ createdAt: NOW, updatedAt: NOW },
  })

test('stores a user and answers with every field of the contract', async () => {
  const { status, body } = await create({
    userId: 'ann',
    email: 'Ann.Smith+x@GMail.com',
    phone: '+4915112345678',
    password: PASSWORD,
    name: 'Ann Smith',
  })
  expect(status).toBe(201)
  const target = { $createdAt: TIME, $updatedAt: TIME, name: '', userId: 'ann', providerId: null }
  const id = expect.stringMatching(/^[0-9a-f]{20}$/)
  expect(body).toEqual({
    $id: 'ann',
    $createdAt: TIME,
    $updatedAt: TIME,
    name: 'Ann Smith',
    password: expect.stringMatching(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/),
    hash: 'argon2',
    hashOptions: { type: 'argon2', memory_cost: 7168, time_cost: 5, threads: 1 },
    registration: TIME,
    status: true,
    labels: [],
    passwordUpdate: TIME,
    email: 'ann.smith+x@gmail.com',
    phone: '+4915112345678',
    emailVerification: false,
    emailCanonical: 'annsmith@gmail.com',
    emailIsFree: true,
    emailIsDisposable: false,
    emailIsCorporate: false,
    emailIsCanonical: false,
    phoneVerification: false,
    mfa: false,
    prefs: {},
    targets: [
      {
        ...target,
        $id: id,
        providerType: 'email',
        identifier: 'ann.smith+x@gmail.com',
        expired: false,
      },
      { ...target, $id: id, providerType: 'sms', identifier: '+4915112345678', expired: false },
    ],
    accessedAt: '',
    impersonator: false,
    impersonatorUserId: null,
  })
  const [row] = await w.db.select().from(users).where(eq(users.id, 'ann'))
  expect(row).toMatchObject({ passwordHistory: [], recoveryCodes: null, accessedAt: null })
  expect(await verifyPassword(PASSWORD, { ...body, password: row?.password ?? '' })).toBe(true)
  expect((await w.send('get', '/users/ann')).body).toEqual(body)
})

test('needs nothing but an ID', async () => {
  const { status, body } = await create({
    userId: 'unique()',
    email: null,
    phone: null,
    name: null,
  })
  expect(status).toBe(201)
  expect(body).toMatchObject({
    $id: expect.stringMatching(/^[0-9a-f]{20}$/),
    name: '',
    password: null,
    hash: 'argon2',
    hashOptions: { type: 'argon2', memory_cost: 7168, time_cost: 5, threads: 1 },
    passwordUpdate: '',
    email: '',
    phone: '',
    emailCanonical: null,
    emailIsFree: null,
    emailIsDisposable: null,
    emailIsCorporate: null,
    emailIsCanonical: null,
    targets: [],
  })
  expect((await create({ userId: 'unique()' })).status).toBe(201)
  expect(await countUsers()).toBe(2)
})

test('takes what a server may decide and nothing that the server owns', async () => {
  const { body } = await create({
    userId: 'mallory',
    name: 'M',
    ...{ $id: 'x', sequence: 1, status: false, labels: ['admin'], emailVerification: true },
    ...{ phoneVerification: true, mfa: true, impersonator: true, prefs: { a: 1 }, hash: 'md5' },
    ...{ hashOptions: { type: 'md5' }, passwordHistory: ['x'], recoveryCodes: 'x' },
    ...{ registration: '2001-01-01', passwordUpdate: '2001-01-01', accessedAt: '2001-01-01' },
    ...{ $createdAt: '2001-01-01', emailIsFree: true, targets: [{ identifier: 'x' }] },
  })
  expect(body).toMatchObject({
    $id: 'mallory',
    $createdAt: TIME,
    registration: TIME,
    status: true,
    labels: [],
    emailVerification: false,
    phoneVerification: false,
    mfa: false,
    impersonator: false,
    prefs: {},
    hash: 'argon2',
    passwordUpdate: '',
    accessedAt: '',
    emailIsFree: null,
    targets: [],
  })
})

describe('refuses as a parameter', () => {
  test.each<[string, Record<string, unknown>]>([
    ['no ID', {}],
    ['a malformed ID', { userId: '_a' }],
    ['an ID of 37 characters', { userId: 'a'.repeat(37) }],
    ['a number as ID', { userId: 5 }],
    ['an empty e-mail address', { userId: 'a', email: '' }],
    ['an e-mail address without a domain', { userId: 'a', email: 'a@localhost' }],
    ['an empty phone number', { userId: 'a', phone: '' }],
    ['a phone number of no country', { userId: 'a', phone: '+9991234567' }],
    ['an empty password', { userId: 'a', password: '' }],
    ['a password of 7 bytes', { userId: 'a', password: '1234567' }],
    ['a password of 257 bytes', { userId: 'a', password: `${'é'.repeat(128)}a` }],
    ['half of a surrogate pair in a password', { userId: 'a', password: 'abcdefgh\ud800' }],
    ['an empty name', { userId: 'a', name: '' }],
    ['a name of 129 characters', { userId: 'a', name: 'é'.repeat(129) }],
    ['NUL in a name', { userId: 'a', name: 'a\0b' }],
    ['half of a surrogate pair in a name', { userId: 'a', name: 'a\ud800' }],
  ])('%s', async (_, body) => {
    expect(await outcome(body)).toEqual([400, 'general_argument_invalid'])
    expect(await countUsers()).toBe(0)
  })
  test('the first of several, in the order of the contract', async () => {
    const bad = { userId: 'a', email: 'x', phone: 'x', password: 'x', name: '' }
    const { body } = await create(bad)
    expect(body.message).toContain('`email`')
  })
  test.each([
    ['passwordUppercase', true, 'lower case 1!', 'Upper case 1!'],
    ['passwordLowercase', true, 'UPPER CASE 1!', 'uPPER CASE 1!'],
    ['passwordNumber', true, 'no digits here!', '1 digit is here!'],
    ['passwordSymbols', true, 'no symbols 4 me', 'a symbol 4 me!'],
    ['passwordMin', 12, 'eleven char', 'twelve chars'],
    ['passwordDictionary', true, 'password', 'not in the list at all'],
  ])('a password against the rule %s', async (name, value, bad, good) => {
    await w.set(name, value)
    expect(await outcome({ userId: 'a', password: bad })).toEqual([400, 'general_argument_invalid'])
    expect(await outcome({ userId: 'a', password: good })).toEqual([201, undefined])
  })
})

describe('counts', () => {
  test('the characters of a name and the bytes of a password', async () => {
    const name = '😀'.repeat(128)
    const { status, body } = await create({ userId: 'a', name, password: 'é'.repeat(128) })
    expect([status, body.name]).toEqual([201, name])
  })
})

describe('refuses', () => {
  test('an ID, an e-mail address or a phone number that is taken', async () => {
    await create({ userId: 'a', email: 'a@example.com', phone: '+4915112345678' })
    const taken = [409, 'user_already_exists']
    expect(await outcome({ userId: 'a' })).toEqual(taken)
    expect(await outcome({ userId: 'b', email: 'A@EXAMPLE.com' })).toEqual(taken)
    expect(await outcome({ userId: 'b', phone: '+4915112345678' })).toEqual(taken)
    expect(await countUsers()).toBe(1)
  })
  test('an e-mail address that somebody has at a sign-in provider, before all else', async () => {
    await w.user({ id: 'owner' })
    await identity('owner', 'a@example.com')
    await w.set('personalDataCheck', true)
    const given = { userId: 'owner', email: 'a@example.com', password: 'a@example.com' }
    expect(await outcome(given)).toEqual([409, 'user_email_already_exists'])
  })
  test.each([
    [{ userId: 'personal', password: 'my-PERSONAL-data' }],
    [{ userId: 'a', email: 'somebody@example.com', password: 'x-somebody@example.com' }],
    [{ userId: 'a', email: 'somebody@example.com', password: 'SomeBody-x' }],
    [{ userId: 'a', name: 'Ann Smith', password: 'i am ann smith' }],
    [{ userId: 'a', phone: '+4915112345678', password: 'x4915112345678' }],
    [{ userId: 'a', password: null }],
  ])('personal data in a password where the owner wants that: %j', async (given) => {
    await w.set('personalDataCheck', true)
    expect(await outcome(given)).toEqual([400, 'password_personal_data'])
    expect(await countUsers()).toBe(0)
  })
  test('no user without a password for personal data', async () => {
    await w.set('personalDataCheck', true)
    expect(await outcome({ userId: 'x' })).toEqual([201, undefined])
  })
  test.each([
    ['denyDisposableEmails', 'x@mailinator.com', 'user_email_disposable'],
    ['denyAliasedEmails', 'a.b@gmail.com', 'user_email_not_canonical'],
    ['denyFreeEmails', 'ab@gmail.com', 'user_email_free'],
    ['onlyCorporateEmails', 'ab@gmail.com', 'user_email_not_corporate'],
  ])('an e-mail address by the rule %s', async (name, email, type) => {
    expect(await outcome({ userId: 'before', email })).toEqual([201, undefined])
    await w.db.delete(users)
    await w.set(name, true)
    expect(await outcome({ userId: 'a', email })).toEqual([400, type])
    expect(await outcome({ userId: 'a', email: 'a@corp.example' })).toEqual([201, undefined])
  })
  test('no user for the limit that holds for sign-ups', async () => {
    await w.set('userLimit', 1)
    await w.user()
    expect(await outcome({ userId: 'a' })).toEqual([201, undefined])
  })
})

test('gives no second target for an address that is a target already', async () => {
  const other = await w.user({ id: 'other' })
  await w.db.insert(targets).values({
    ...{ id: 't', userId: other.id, providerType: 'email', identifier: 'a@example.com' },
    ...{ expired: false, createdAt: NOW, updatedAt: NOW },
  })
  const { status, body } = await create({ userId: 'a', email: 'a@example.com' })
  expect([status, body.email, body.targets]).toEqual([201, 'a@example.com', []])
})

test('keeps the first hash in the history where the owner keeps one', async () => {
  await w.set('passwordHistory', 3)
  const { body } = await create({ userId: 'a', password: PASSWORD })
  await create({ userId: 'b' })
  const rows = await w.db.select().from(users)
  expect(rows.map(({ passwordHistory }) => passwordHistory)).toEqual([[body.password], []])
})

test('lets one of many that ask for the same ID at once have it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      create({ userId: 'race', email: `r${index}@example.com` }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
  const rows = await w.db.select().from(targets).where(eq(targets.userId, 'race'))
  expect(rows).toHaveLength(1)
})
