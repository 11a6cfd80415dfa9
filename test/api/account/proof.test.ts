import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oneTimeSecrets, sessions, settings, users } from '#/db/schema'
import {
  accountWorld,
  address,
  codeIn,
  GUEST,
  linkIn,
  PASSWORD,
  redeemedBy,
  sentTo,
  sessionHeader,
  signIn,
  userNow,
} from '#test/support/account'
import { furnish, must, PROOFS, SQUATS, waysIn } from '#test/support/claims'
import { codeAt, enrol } from '#test/support/mfa'
import { heldQueue, makeHook } from '#test/support/webhooks'
import { NOW, ROOT, type World } from '#test/support/world'

const held = heldQueue()
let w: World
beforeEach(async () => {
  w = await accountWorld({ EVENTS: held.EVENTS })
})
afterEach(() => w.db.delete(settings))

const pairs = Object.keys(SQUATS).flatMap((squat) =>
  Object.keys(PROOFS).map((proof) => [squat, proof] as const),
)

/** Squats an address, furnishes the account, and has the address proven. */
async function scene(squat: string, proof: string) {
  const email = address()
  const squatter = await furnish(w, await (SQUATS[squat] ?? fail)(w, email), NOW)
  const before = await waysIn(w, squatter.userId)
  const proven = await (PROOFS[proof] ?? fail)(w, email, squatter)
  return { email, squatter, proven, before }
}
const fail = () => {
  throw new Error('There is no such way.')
}

describe.each(pairs)('%s, then %s', (squat, proof) => {
  test('leaves nothing of the squatter’s', { timeout: 120_000 }, async () => {
    const { email, squatter, proven, before } = await scene(squat, proof)
    const { userId, headers, jwt, phone } = squatter
    expect(before).toMatchObject({ sessions: 1, factors: 1 })
    const kept = squat === 'an account with a proven number that takes the address'
    const user = await userNow(w, userId)
    expect(user).toMatchObject({
      ...{ email, emailVerification: true, mfa: false, recoveryCodes: null },
      ...(kept ? { phone, phoneVerification: true } : { phone: null, phoneVerification: false }),
      passwordUpdate: proven.password ? NOW : null,
    })
    const byProvider = proof === 'a sign-in provider that vouches for it'
    expect(await waysIn(w, userId)).toEqual({
      sessions: proven.headers ? 1 : 0,
      identities: byProvider ? ['oidc'] : [],
      factors: 0,
      secrets: [],
      targets: expect.not.arrayContaining(['push', ...(kept ? [] : ['sms'])]),
    })
    expect((await w.send('get', '/account', undefined, headers)).status).toBe(401)
    expect((await w.send('get', '/account', undefined, { 'X-Appwrite-JWT': jwt })).status).toBe(401)
    expect((await signIn(w, email, squatter.password)).status).toBe(401)
    if (proven.password) expect((await signIn(w, email, proven.password)).status).toBe(201)
    if (proven.headers) {
      const { status, body } = await w.send('get', '/account', undefined, proven.headers)
      expect([status, body.$id]).toEqual([200, userId])
    }
    const notices = (await sentTo(w, email)).filter(({ subject }) => /Security/.test(subject))
    expect(notices).toHaveLength(1)
    expect(notices[0]?.text).toMatch(/Sessions were ended/)
    expect(notices[0]?.text).toMatch(/Second factors were removed/)
  })
})

test('webhooks are told what was removed', async () => {
  await makeHook(w, { events: ['users.*.update.claims'] })
  held.take()
  const { squatter, email } = await scene('a sign-up with a password', 'a code by mail')
  const told = held.take()
  expect(told.map(({ events }) => events[0])).toEqual([`users.${squatter.userId}.update.claims`])
  const [{ body } = { body: { text: '{}' } }] = told
  expect(JSON.parse('text' in body ? body.text : '')).toMatchObject({
    ...{ $id: squatter.userId, email, emailVerification: true, phone: '', mfa: false },
    removed: ['sessions', 'identities', 'factors', 'password', 'phone'],
  })
})

describe.each(Object.keys(PROOFS))('%s', (proof) => {
  const prove = async (email: string, userId: string, headers = GUEST) =>
    (PROOFS[proof] ?? fail)(w, email, { userId, headers, password: undefined })

  test('keeps what the owner has set', { timeout: 60_000 }, async () => {
    const email = address()
    const given = { userId: 'unique()', email, phone: undefined, password: PASSWORD }
    const { body: user } = await must(w.send('post', '/users', given, ROOT))
    const userId = user.$id
    await must(w.send('patch', `/users/${userId}/phone`, { number: '+4930111' }, ROOT))
    await must(w.send('patch', `/users/${userId}/mfa/recovery-codes`, {}, ROOT))
    const { body: session } = await must(w.send('post', `/users/${userId}/sessions`, {}, ROOT))
    const target = { targetId: 'unique()', providerType: 'push', identifier: crypto.randomUUID() }
    await must(w.send('post', `/users/${userId}/targets`, target, ROOT))
    const { body: token } = await must(w.send('post', `/users/${userId}/tokens`, {}, ROOT))
    const headers = { 'X-Appwrite-Session': session.secret }
    // Only a session asks for a verification link: its own stays as well.
    const proven = await prove(email, userId, headers)
    const kept = { phone: '+4930111', emailVerification: true }
    expect(await userNow(w, userId)).toMatchObject(kept)
    expect((await userNow(w, userId)).recoveryCodes).not.toBeNull()
    const isRecovery = proven.password !== undefined
    const { status } = await w.send('get', '/account', undefined, headers)
    expect(status).toBe(isRecovery ? 401 : 200)
    expect((await signIn(w, email, proven.password ?? PASSWORD)).status).toBe(201)
    const { targets } = await waysIn(w, userId)
    expect(targets).toEqual(expect.arrayContaining(['email', 'sms', 'push']))
    const exchanged = await w.send(
      ...(['post', '/account/sessions/token', { userId, secret: token.secret }, GUEST] as const),
    )
    expect(exchanged.status).toBe(isRecovery ? 401 : 201)
    // The server's change of a factor is mailed, and nothing else: nothing was removed.
    const notices = (await sentTo(w, email)).filter(({ subject }) => /Security/.test(subject))
    expect(notices.map(({ text }) => text)).toEqual([
      expect.stringMatching(/\n\nNew recovery codes were made[^\n]*\n\n/),
    ])
    await w.db.delete(users).where(eq(users.id, userId))
  })

  test('a second time removes nothing', { timeout: 60_000 }, async () => {
    const email = address()
    const { body: user } = await must(
      w.send('post', '/account', { userId: 'unique()', email, password: PASSWORD }, GUEST),
    )
    const headers = sessionHeader(await signIn(w, email))
    await must(w.send('post', '/account/verifications/email/otp', {}, headers))
    const secret = codeIn((await sentTo(w, email))[0] ?? { text: '' })
    const given = { userId: user.$id, secret }
    await must(w.send('put', '/account/verifications/email/otp', given, headers))
    await enrol(w, headers, NOW)
    if (proof.startsWith('a verification')) return
    const proven = await prove(email, user.$id, headers)
    const { factors } = await waysIn(w, user.$id)
    expect(factors).toBe(1)
    expect((await signIn(w, email, proven.password ?? PASSWORD)).status).toBe(201)
  })

  test('removes nothing where the owner has switched it off', { timeout: 60_000 }, async () => {
    const off = { enabled: false }
    await must(w.send('patch', '/project/policies/claim-removal', off, ROOT))
    const { squatter, proven } = await scene('a sign-up with a password', proof)
    const { factors, identities } = await waysIn(w, squatter.userId)
    expect([factors, identities[0]]).toEqual([1, 'github'])
    const { status } = await w.send('get', '/account', undefined, squatter.headers)
    expect(status).toBe(proven.password ? 401 : 200)
  })
})

test.each(['email', 'email/otp'])(
  'a session of the account proves %s and keeps all',
  async (kind) => {
    const email = address()
    const signedUp = await (SQUATS['a sign-up with a password'] ?? fail)(w, email)
    const { userId, headers } = signedUp
    await enrol(w, headers, NOW)
    const path = `/account/verifications/${kind}`
    await must(w.send('post', path, { url: 'http://localhost/' }, headers))
    const message = (await sentTo(w, email))[0] ?? { text: '' }
    const secret = kind === 'email' ? redeemedBy(linkIn(message)).secret : codeIn(message)
    await must(w.send('put', path, { userId, secret }, headers))
    expect(await waysIn(w, userId)).toMatchObject({ sessions: 1, factors: 1 })
    expect((await signIn(w, email)).status).toBe(201)
  },
)

test('of 20 proofs at once, one removes and tells', { timeout: 60_000 }, async () => {
  const email = address()
  const { userId } = await (SQUATS['a sign-up with a password'] ?? fail)(w, email)
  const secrets: string[] = []
  for (let count = 0; count < 20; count++) {
    const { body } = await must(w.send('post', `/account/tokens/email`, { userId, email }, ROOT))
    secrets.push(body.secret)
  }
  const answers = await Promise.all(
    secrets.map((secret) => w.send('post', '/account/sessions/token', { userId, secret }, GUEST)),
  )
  const entered = answers.filter(({ status }) => status === 201)
  expect(entered).toHaveLength(1)
  const left = await w.db.select().from(sessions).where(eq(sessions.userId, userId))
  expect(left.map(({ id }) => id)).toEqual(entered.map(({ body }) => body.$id))
  expect((await sentTo(w, email)).filter(({ subject }) => /Security/.test(subject))).toHaveLength(1)
})

test('a wrong code removes nothing', async () => {
  const email = address()
  const { userId, headers } = await (SQUATS['a sign-up with a password'] ?? fail)(w, email)
  await must(w.send('post', '/account/tokens/email', { userId, email }, GUEST))
  const given = { userId, secret: 'wrong0' }
  expect((await w.send('post', '/account/sessions/token', given, GUEST)).status).toBe(401)
  expect((await w.send('get', '/account', undefined, headers)).status).toBe(200)
})

describe('a phone number', () => {
  const byPhone = async (phone: string) => {
    await must(w.send('post', '/account/tokens/phone', { userId: 'unique()', phone }, GUEST))
    const { id: userId } = (await w.db.select().from(users).where(eq(users.phone, phone)))[0] ?? {
      id: '',
    }
    const secret = codeIn((await sentTo(w, phone))[0] ?? { text: '' })
    return must(w.send('post', '/account/sessions/token', { userId, secret }, GUEST))
  }
  test('that its holder proves ends what was claimed, the e-mail address too', async () => {
    const [email, phone] = [address(), '+4930222']
    const { userId, headers } = await (SQUATS['a sign-up with a password'] ?? fail)(w, email)
    await must(w.send('patch', '/account/phone', { phone, password: PASSWORD }, headers))
    await byPhone(phone)
    expect(await userNow(w, userId)).toMatchObject({
      ...{ email: null, phone, phoneVerification: true, passwordUpdate: null },
    })
    expect((await w.send('get', '/account', undefined, headers)).status).toBe(401)
    expect((await sentTo(w, email)).filter(({ subject }) => /Security/.test(subject))).toEqual([])
  })
  test('added to an account whose e-mail address is proven ends nothing', async () => {
    const [email, phone] = [address(), '+4930333']
    const { userId, headers } = await (SQUATS['a sign-up with a password'] ?? fail)(w, email)
    await must(w.send('patch', `/users/${userId}/verification`, { emailVerification: true }, ROOT))
    const secret = await enrol(w, headers, NOW)
    await must(w.send('patch', '/account/phone', { phone, password: PASSWORD }, headers))
    await byPhone(phone)
    expect(codeAt(secret, NOW)).toHaveLength(6)
    expect(await waysIn(w, userId)).toMatchObject({ sessions: 2, factors: 1 })
    expect((await signIn(w, email)).status).toBe(201)
  })
})

test('what was there before origins were recorded stays', async () => {
  const user = await w.user({ email: address(), phone: '+4930444' })
  await w.session(user.id)
  await (PROOFS['a code by mail'] ?? fail)(w, user.email ?? '', {
    ...{ userId: user.id, headers: GUEST, password: undefined },
  })
  expect(await waysIn(w, user.id)).toMatchObject({ sessions: 2 })
  expect(await userNow(w, user.id)).toMatchObject({ phone: '+4930444' })
})

test('the policy is off and on again, for keys that may write policies', async () => {
  const path = '/project/policies/claim-removal'
  expect((await w.send('get', path)).body).toEqual({ $id: 'claim-removal', enabled: true })
  const key = await w.key('users.write')
  expect((await w.send('patch', path, { enabled: false }, key)).status).toBe(401)
  await must(w.send('patch', path, { enabled: false }))
  expect((await w.send('get', path)).body).toEqual({ $id: 'claim-removal', enabled: false })
  await w.db.delete(oneTimeSecrets)
})
