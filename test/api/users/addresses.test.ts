import { beforeEach, describe, expect, test } from 'vitest'
import { identities, targets, users } from '#/db/schema'
import { after, HOUR, TIME, wire } from '#test/support/clock'
import { storedUser, storeIdentity, storeTarget, targetsNow } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

const LATER = after(20 * HOUR)

let w: World
beforeEach(async () => {
  w = await world({}, () => LATER)
  await w.db.delete(users)
  await w.db.delete(identities)
  await w.env.DB.prepare('delete from settings').run()
})

const setEmail = (email: unknown, id = 'ann') => w.send('patch', `/users/${id}/email`, { email })
const setPhone = (number: unknown, id = 'ann') => w.send('patch', `/users/${id}/phone`, { number })

/** Both addresses work alike: what they are called, and two values of each. */
const KINDS = [
  {
    kind: 'email' as const,
    send: setEmail,
    type: 'email' as const,
    ...{ first: 'ann@example.com', second: 'ann@example.org', taken: 'user_email_already_exists' },
  },
  {
    kind: 'phone' as const,
    send: setPhone,
    type: 'sms' as const,
    ...{ first: '+4915112345678', second: '+4915187654321', taken: 'user_phone_already_exists' },
  },
]

describe.each(KINDS)('$kind', ({ kind, send, type, first, second, taken }) => {
  test('comes with a target, is not verified, and leaves everything else', async () => {
    await w.user({ id: 'ann', [`${kind}Verification`]: true })
    await w.session('ann')
    const { body: before } = await w.send('get', '/users/ann')
    const { status, body, trips } = await send(first)
    expect([status, trips]).toEqual([200, kind === 'email' ? 3 : 2])
    const facts = {
      emailCanonical: first,
      emailIsFree: false,
      emailIsDisposable: false,
      emailIsCorporate: true,
      emailIsCanonical: true,
    }
    expect(body).toEqual({
      ...before,
      ...(kind === 'email' ? facts : {}),
      [kind]: first,
      [`${kind}Verification`]: false,
      $updatedAt: wire(LATER),
      targets: [expect.objectContaining({ providerType: type, identifier: first })],
    })
    expect((await w.send('get', '/users/ann')).body).toEqual(body)
    expect((await w.send('get', '/users/ann/sessions')).body.total).toBe(1)
  })
  test('takes its target along, which keeps its ID, name and type', async () => {
    await w.user({ id: 'ann', [kind]: first })
    await storeTarget(w, 'ann', 'another', { id: 'push', providerType: 'push' })
    await storeTarget(w, 'ann', first, { id: 't', name: 'Mine', providerType: type, expired: true })
    const { body } = await send(second)
    const target = { identifier: second, name: 'Mine', providerType: type, expired: true }
    expect(body.targets).toMatchObject([
      { $id: 'push', identifier: 'another' },
      { $id: 't', ...target },
    ])
    expect(body.targets[0].$updatedAt).toBe(TIME)
    expect(body.targets[1].$updatedAt).toBe(wire(LATER))
  })
  test('goes away with its target, and with nobody else’s', async () => {
    await w.user({ id: 'ann', [kind]: first })
    await w.user({ id: 'bob', [kind]: second })
    await storeTarget(w, 'ann', first, { id: 't' })
    await storeTarget(w, 'ann', 'another', { id: 'kept' })
    const { status, body } = await send('')
    expect([status, body[kind]]).toEqual([200, ''])
    expect(body.targets.map(({ $id }: { $id: string }) => $id)).toEqual(['kept'])
    expect(await storedUser(w, 'ann')).toMatchObject({ [kind]: null, emailCanonical: null })
    // A second user without it does not collide with the first.
    expect((await send('', 'bob')).status).toBe(200)
    expect((await send(first, 'bob')).status).toBe(200)
  })
  test('is refused where a target has it, and stays where it is the user’s own already', async () => {
    await w.user({ id: 'ann', [kind]: first, [`${kind}Verification`]: true })
    await w.user({ id: 'bob', [kind]: second })
    await storeTarget(w, 'ann', first)
    await storeTarget(w, 'bob', second)
    const before = await storedUser(w, 'ann')
    const { status, body } = await send(second)
    expect([status, body.type]).toEqual([409, 'user_target_already_exists'])
    expect(await storedUser(w, 'ann')).toEqual(before)
    const same = await send(first)
    expect([same.status, same.body[kind], same.body[`${kind}Verification`]]).toEqual([
      ...[200, first, true],
    ])
    expect(await targetsNow(w, 'ann')).toMatchObject([{ identifier: first }])
  })
  test('is refused where another user has it without a target', async () => {
    await w.user({ id: 'ann' })
    await w.user({ id: 'bob', [kind]: first })
    const { status, body } = await send(first)
    expect([status, body.type]).toEqual([409, taken])
    expect(await targetsNow(w, 'ann')).toEqual([])
  })
  test('of nobody is not found, whatever else is wrong', async () => {
    await w.user({ id: 'bob', [kind]: first })
    await storeTarget(w, 'bob', first)
    for (const address of [first, second, '']) {
      const { status, body } = await send(address, 'nobody')
      expect([status, body.type]).toEqual([404, 'user_not_found'])
    }
  })
  test('goes to one of many who ask for it at once, with one target', async () => {
    for (let index = 0; index < 6; index++) await w.user({ id: `u${index}`, [kind]: null })
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => send(first, `u${index}`)),
    )
    const [won, ...lost] = answers.toSorted((a, b) => a.status - b.status)
    expect(won?.status).toBe(200)
    expect(lost.map(({ status }) => status)).toEqual(Array(5).fill(409))
    const owners = (await w.db.select().from(users)).filter((user) => user[kind] === first)
    const reached = await w.db.select().from(targets)
    expect(owners).toHaveLength(1)
    expect(reached.map(({ userId, identifier }) => [userId, identifier])).toEqual([
      [owners[0]?.id, first],
    ])
  })
  test('of one user, changed many times at once, ends with the target of what it is', async () => {
    await w.user({ id: 'ann', [kind]: first })
    await storeTarget(w, 'ann', first, { id: 't' })
    const wanted = Array.from({ length: 4 }, (_, index) =>
      kind === 'email' ? `a${index}@example.com` : `+491511234560${index}`,
    )
    const answers = await Promise.all(wanted.map((address) => send(address)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const user = await storedUser(w, 'ann')
    expect(await targetsNow(w, 'ann')).toMatchObject([{ id: 't', identifier: user[kind] }])
  })
})

test('an e-mail address is stored in lower case, with what is known of it', async () => {
  await w.user({ id: 'ann' })
  const { body } = await setEmail(' Ann.B+news@GoogleMail.COM ')
  expect(body).toMatchObject({
    email: 'ann.b+news@googlemail.com',
    emailCanonical: 'annb@gmail.com',
    emailIsFree: true,
    emailIsCorporate: false,
    emailIsCanonical: false,
  })
  expect((await setEmail('')).body).toMatchObject({
    email: '',
    emailCanonical: null,
    emailIsFree: null,
    emailIsDisposable: null,
    emailIsCorporate: null,
    emailIsCanonical: null,
  })
})

test('an e-mail address that another has at a sign-in provider is refused first; one’s own is not', async () => {
  await w.user({ id: 'ann' })
  await w.user({ id: 'bob' })
  await storeIdentity(w, 'bob', { providerEmail: 'x@example.com' })
  await storeTarget(w, 'bob', 'x@example.com')
  const { status, body } = await setEmail('x@example.com')
  expect([status, body.type]).toEqual([409, 'user_email_already_exists'])
  await storeIdentity(w, 'ann', { providerEmail: 'mine@example.com' })
  expect((await setEmail('mine@example.com')).status).toBe(200)
})

test('an e-mail address that somebody with another address has at a sign-in provider is free', async () => {
  await w.user({ id: 'ann' })
  await w.user({ id: 'bob', email: 'bob@example.com' })
  await storeIdentity(w, 'bob', { providerEmail: 'stale@example.com' })
  const { status, body } = await setEmail('stale@example.com')
  expect([status, body.email]).toEqual([200, 'stale@example.com'])
})

test.each([
  ['denyDisposableEmails', 'x@mailinator.com', 'user_email_disposable'],
  ['denyAliasedEmails', 'a.b@gmail.com', 'user_email_not_canonical'],
  ['denyFreeEmails', 'ab@gmail.com', 'user_email_free'],
  ['onlyCorporateEmails', 'ab@gmail.com', 'user_email_not_corporate'],
])('the owner’s rule %s holds for new e-mail addresses', async (name, email, type) => {
  await w.user({ id: 'ann' })
  await w.set(name, true)
  const { status, body } = await setEmail(email)
  expect([status, body.type]).toEqual([400, type])
  expect((await setEmail('')).status).toBe(200)
  expect((await setEmail('a@corp.example')).status).toBe(200)
})

test.each([
  [setEmail, 'a'],
  [setEmail, ' '],
  [setEmail, null],
  [setEmail, undefined],
  [setEmail, 'a\0@example.com'],
  [setPhone, '0151'],
  [setPhone, '+49 151 12345678'],
  [setPhone, 49151],
  [setPhone, null],
  [setPhone, undefined],
])('%o refuses %j', async (send, address) => {
  await w.user({ id: 'ann', email: 'ann@example.com' })
  const { status, body } = await send(address)
  expect([status, body.type]).toEqual([400, 'general_argument_invalid'])
  expect((await storedUser(w, 'ann')).updatedAt).toEqual(NOW)
})
