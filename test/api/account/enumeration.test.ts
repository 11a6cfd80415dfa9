import { beforeEach, describe, expect, test } from 'vitest'
import {
  accountWorld,
  address,
  GUEST,
  phoneNumber,
  signIn,
  WRONG,
  withPassword,
} from '#test/support/account'
import { type Answer, NOW, type World, world } from '#test/support/world'

/** The fastest of so many counts: others may have waited for the machine. */
const RUNS = 5

let w: World
beforeEach(async () => {
  w = await accountWorld()
})

/** Returns all of an answer that a client sees, but for what differs between any two. */
const seen = ({ status, body, headers }: Answer) => {
  const { 'x-request-id': _, ...others } = Object.fromEntries(headers)
  return { status, body, headers: others }
}

describe('signing in', () => {
  test('looks and costs the same with a wrong password, without an account, and without a password', async () => {
    const known = await withPassword(w)
    const blocked = await withPassword(w, { status: false })
    const imported = await withPassword(w, {
      hash: 'md5',
      password: 'f96b697d7cb7938d525a2f31aaf161d0',
    })
    const passwordless = await w.user({ email: address() })
    const addresses = [
      known.email,
      blocked.email,
      imported.email,
      passwordless.email ?? '',
      address(),
    ]
    const answers = []
    const times = []
    for (const email of addresses) {
      const runs = []
      for (let count = 0; count < RUNS; count++) {
        const start = performance.now()
        const answer = await signIn(w, email, WRONG)
        runs.push(performance.now() - start)
        answers.push({ ...seen(answer), trips: answer.trips })
      }
      times.push(Math.min(...runs))
    }
    const [first, ...others] = answers
    expect(first).toMatchObject({
      status: 401,
      body: { type: 'user_invalid_credentials' },
      trips: 2,
    })
    for (const other of others) expect(other).toEqual(first)
    console.info(`Milliseconds of refused sign-ins: ${times.map(Math.round).join(', ')}`)
    // Hashing is nearly all of it: whoever skips it is told by far.
    expect(Math.min(...times)).toBeGreaterThan(Math.max(...times) / 3)
  })
  test('counts tries for an address alike, whether it is known or not', async () => {
    w = await world({}, () => NOW)
    const known = await withPassword(w)
    const rates = []
    for (const email of [known.email, address()]) {
      let answer = await signIn(w, email, WRONG)
      for (let count = 0; count < 10; count++) answer = await signIn(w, email, WRONG)
      const { 'x-ratelimit-reset': _, ...headers } = seen(answer).headers
      rates.push({ ...seen(answer), headers })
    }
    expect(rates[0]).toEqual(rates[1])
    expect(rates[0]?.body.type).toBe('general_rate_limit_exceeded')
  })
})

describe('asking for a link or code', () => {
  test.each([
    ['magic-url', 'email', address],
    ['email', 'email', address],
    ['phone', 'phone', phoneNumber],
  ] as const)(
    'by %s looks and costs the same for a known and an unknown address',
    async (kind, column, make) => {
      const known = make()
      await w.user({ [column]: known })
      const answers = []
      for (const to of [known, make()]) {
        const given = { userId: 'unique()', [column]: to }
        const answer = await w.send('post', `/account/tokens/${kind}`, given, GUEST)
        const { $id, userId, ...rest } = answer.body
        expect([typeof $id, typeof userId]).toEqual(['string', 'string'])
        const { headers, status } = seen(answer)
        answers.push({ status, headers, rest, trips: answer.trips })
      }
      expect(answers[0]).toEqual(answers[1])
      expect(answers[0]?.status).toBe(201)
    },
  )
})

describe('redeeming', () => {
  test.each([
    ['post', '/account/sessions/token'],
    ['put', '/account/sessions/magic-url'],
    ['put', '/account/sessions/phone'],
  ])(
    '%s %s looks and costs the same for a wrong secret and an unknown user',
    async (method, path) => {
      const user = await withPassword(w)
      const answers = []
      for (const userId of [user.id, 'nobody', 'unique()']) {
        const answer = await w.send(method, path, { userId, secret: '000000' }, GUEST)
        answers.push({ ...seen(answer), trips: answer.trips })
      }
      const [first, ...others] = answers
      expect(first).toMatchObject({ status: 401, body: { type: 'user_invalid_token' }, trips: 2 })
      for (const other of others) expect(other).toEqual(first)
    },
  )
})

describe('what the contract tells', () => {
  test('recovery: who is unknown, who is blocked', async () => {
    for (const path of ['/account/recovery', '/account/recovery/otp']) {
      const given = { email: address(), url: 'http://localhost/' }
      expect((await w.send('post', path, given, GUEST)).body.type).toBe('user_not_found')
    }
  })
  test('sign-up: that an address is taken', async () => {
    const { email } = await withPassword(w)
    const given = { userId: 'unique()', email, password: WRONG }
    expect((await w.send('post', '/account', given, GUEST)).body.type).toBe('user_already_exists')
  })
})
