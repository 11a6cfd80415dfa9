import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { oneTimeSecrets, sessions, targets, users } from '#/db/schema'
import { verifyPassword } from '#/identity/passwords'
import {
  accountWorld,
  address,
  codeIn,
  GUEST,
  linkIn,
  messageTo,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  sentTo,
  sessionHeader,
  userNow,
  withPassword,
} from '#test/support/account'
import type { Answer, World } from '#test/support/world'

const PARALLEL = 50
const SLOW = 240_000

let w: World
beforeEach(async () => {
  w = await accountWorld()
})

const fifty = <T>(run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: PARALLEL }, (_, index) => run(index)))
/** Expects that one request has won and all others were told the same. */
function oneWinner<A extends Answer>(answers: A[], status: number, type: string): A {
  const winners = answers.filter((answer) => answer.status === status)
  const others = answers.filter((answer) => answer.status !== status)
  expect([winners.length, others.length]).toEqual([1, PARALLEL - 1])
  expect(new Set(others.map(({ body }) => body.type))).toEqual(new Set([type]))
  const [winner] = winners
  if (!winner) throw new Error('Nobody has won.')
  return winner
}
const unused = async (userId: string) =>
  (await w.db.select().from(oneTimeSecrets).where(eq(oneTimeSecrets.userId, userId))).filter(
    ({ usedAt }) => usedAt === null,
  )

describe('of 50 requests with one secret, one gets a session', () => {
  const start = (kind: string, fields: object) =>
    w.send('post', `/account/tokens/${kind}`, { userId: 'unique()', ...fields }, GUEST)
  test.each([
    [
      'a magic link',
      async () => {
        const email = address()
        await start('magic-url', { email })
        return redeemedBy(linkIn(await messageTo(w, email)))
      },
    ],
    [
      'a mailed code',
      async () => {
        const email = address()
        const { body } = await start('email', { email })
        return { userId: body.userId, secret: codeIn(await messageTo(w, email)) }
      },
    ],
    [
      'a code by SMS',
      async () => {
        const phone = phoneNumber()
        const { body } = await start('phone', { phone })
        return { userId: body.userId, secret: codeIn(await messageTo(w, phone)) }
      },
    ],
    [
      'a token of the server',
      async () => {
        const user = await w.user()
        const { body } = await w.send('post', `/users/${user.id}/tokens`, {})
        return { userId: user.id, secret: body.secret }
      },
    ],
  ] as const)('%s', async (_, issue) => {
    const given = await issue()
    const answers = await fifty(() => w.send('post', '/account/sessions/token', given, GUEST))
    const winner = oneWinner(answers, 201, 'user_invalid_token')
    const stored = await w.db.select().from(sessions).where(eq(sessions.userId, given.userId))
    expect(stored.map(({ id }) => id)).toEqual([winner.body.$id])
    const cookies = answers.flatMap(({ headers }) => headers.getSetCookie())
    expect(cookies).toHaveLength(2)
    const account = await w.send('get', '/account', undefined, sessionHeader(winner))
    expect(account.body.$id).toBe(given.userId)
    expect(await unused(given.userId)).toEqual([])
  })
})

describe('of 50 requests with one secret, one verifies', () => {
  test.each([
    ['/account/verifications/email', { email: true, url: 'http://localhost/' }],
    ['/account/verifications/email/otp', { email: true }],
    ['/account/verifications/phone', { email: false }],
  ] as const)('%s', async (path, { email, ...body }) => {
    const to = email ? address() : phoneNumber()
    const { user, headers } = await w.signedIn(email ? { email: to } : { phone: to })
    await w.send('post', path, body, headers)
    const message = await messageTo(w, to)
    const secret = 'url' in body ? redeemedBy(linkIn(message)).secret : codeIn(message)
    const answers = await fifty(() => w.send('put', path, { userId: user.id, secret }, GUEST))
    oneWinner(answers, 200, 'user_invalid_token')
    expect(await unused(user.id)).toEqual([])
  })
})

describe('of 50 requests with one secret, one sets its password', () => {
  test.each([
    ['/account/recovery', { url: 'http://localhost/' }],
    ['/account/recovery/otp', {}],
  ] as const)('%s', { timeout: SLOW }, async (path, body) => {
    const user = await withPassword(w)
    await w.send('post', path, { email: user.email, ...body }, GUEST)
    const message = await messageTo(w, user.email)
    const secret = 'url' in body ? redeemedBy(linkIn(message)).secret : codeIn(message)
    const passwordOf = (index: number) => `password number ${index}`
    const answers = await fifty((index) => {
      const given = { userId: user.id, secret, password: passwordOf(index) }
      return w.send('put', path, given, GUEST)
    })
    const winner = oneWinner(answers, 200, 'user_invalid_token')
    const now = await userNow(w, user.id)
    expect(await verifyPassword(passwordOf(answers.indexOf(winner)), now)).toBe(true)
    expect(await unused(user.id)).toEqual([])
  })
})

test('of 50 sign-ups with one address, one makes a user', { timeout: SLOW }, async () => {
  const email = address()
  const answers = await fifty((index) =>
    w.send('post', '/account', { userId: `racer-${index}`, email, password: PASSWORD }, GUEST),
  )
  const winner = oneWinner(answers, 201, 'user_already_exists')
  const stored = await w.db.select().from(users).where(eq(users.email, email))
  expect(stored.map(({ id }) => id)).toEqual([winner.body.$id])
  const reachable = await w.db.select().from(targets).where(eq(targets.identifier, email))
  expect(reachable.map(({ userId }) => userId)).toEqual([winner.body.$id])
})

test('50 who ask for a code at one new address are one user, and every code works', async () => {
  const email = address()
  const answers = await fifty(() =>
    w.send('post', '/account/tokens/email', { userId: 'unique()', email }, GUEST),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  const stored = await w.db.select().from(users).where(eq(users.email, email))
  expect(stored).toHaveLength(1)
  const userId = stored[0]?.id
  expect(new Set(answers.map(({ body }) => body.userId))).toEqual(new Set([userId]))
  const codes = (await sentTo(w, email)).map(codeIn)
  expect(codes).toHaveLength(PARALLEL)
  for (const secret of codes.slice(0, 3)) {
    const { status } = await w.send('post', '/account/sessions/token', { userId, secret }, GUEST)
    expect(status).toBe(201)
  }
})

test('50 sign-ins at a time leave as many sessions as the owner allows', {
  timeout: SLOW,
}, async () => {
  const user = await withPassword(w)
  const given = { email: user.email, password: PASSWORD }
  const answers = await fifty(() => w.send('post', '/account/sessions/email', given, GUEST))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  const stored = await w.db.select().from(sessions).where(eq(sessions.userId, user.id))
  expect(stored).toHaveLength(10)
})
