import { describe, expect, test } from 'vitest'
import type { User } from '#/db/schema'
import {
  address,
  codeIn,
  type Headers_,
  messageTo,
  PASSWORD,
  phoneNumber,
  signIn,
  WRONG,
  withPassword,
} from '#test/support/account'
import { NOW, ROOT, type World, world } from '#test/support/world'

const limited = () => world({ MAIL_OUTBOX: 'on' }, () => NOW)
let addresses = 0
/** Returns a client's address that no other test uses. */
const client = (): Headers_ => ({ 'CF-Connecting-IP': `192.0.2.${++addresses}` })
const remaining = ({ headers }: { headers: Headers }) =>
  Number(headers.get('x-ratelimit-remaining'))
const askCode = (w: World, email: string, headers: Headers_) =>
  w.send('post', '/account/tokens/email', { userId: 'unique()', email }, headers)
async function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  const answers = []
  for (let index = 0; index < count; index++) answers.push(await run())
  return answers
}

test('signing in is counted by address, from wherever, and starts anew with a success', async () => {
  const w = await limited()
  const { email } = await withPassword(w)
  const wrong = () => signIn(w, email, WRONG, client())
  const first = await times(9, wrong)
  expect(first.map(remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
  expect((await signIn(w, email.toUpperCase(), PASSWORD, client())).status).toBe(201)
  const second = await times(11, wrong)
  expect(second.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429])
  const right = await signIn(w, email, PASSWORD, client())
  expect([right.status, right.body.type]).toEqual([429, 'general_rate_limit_exceeded'])
  expect((await signIn(w, email, PASSWORD, ROOT)).status).toBe(201)
})

test('the older path shares the limit', async () => {
  const w = await limited()
  const email = address()
  await times(10, () => signIn(w, email, WRONG, client()))
  const given = { email, password: WRONG }
  expect((await w.send('post', '/account/sessions', given, client())).status).toBe(429)
})

test('requests that are not even valid are counted', async () => {
  const w = await limited()
  const email = address()
  const answers = await times(11, () => signIn(w, email, 'short', client()))
  expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(400), 429])
})

test('codes are counted by address of the mailbox and of the client', async () => {
  const w = await limited()
  const email = address()
  const toOne = await times(11, () => askCode(w, email, client()))
  expect(toOne.map(({ status }) => status)).toEqual([...Array(10).fill(201), 429])
  const from = client()
  const fromOne = await times(11, () => askCode(w, address(), from))
  expect(fromOne.map(({ status }) => status)).toEqual([...Array(10).fill(201), 429])
})

test('redeeming is counted by client and user, and starts anew with a success', async () => {
  const w = await limited()
  const email = address()
  const user = await w.user({ email })
  const from = client()
  const redeem = (secret: string) =>
    w.send('post', '/account/sessions/token', { userId: user.id, secret }, from)
  await times(9, () => redeem('a secret too long to be guessed by anybody'))
  await askCode(w, email, client())
  expect((await redeem(codeIn(await messageTo(w, email)))).status).toBe(201)
  const again = await times(11, () => redeem('a secret too long to be guessed by anybody'))
  expect(again.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429])
})

test.each([
  ['/account/recovery'],
  ['/account/recovery/otp'],
  ['/account/verifications/email'],
  ['/account/verifications/email/otp'],
  ['/account/verifications/phone'],
])('%s: nobody tries a user’s secrets from many clients', async (path) => {
  const w = await limited()
  const user = await w.user()
  const given = { userId: user.id, secret: '000000', password: PASSWORD }
  const answers = await times(11, () => w.send('put', path, given, client()))
  expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429])
})

const PASSWORD_GUESSES = [
  ['patch', '/account/email', { email: 'somebody@example.com', password: WRONG }],
  ['patch', '/account/phone', { phone: '+4915100000000', password: WRONG }],
  ['patch', '/account/password', { oldPassword: WRONG, password: PASSWORD }],
] as const

test('whoever got hold of a session guesses its password 20 times an hour, until it is right', async () => {
  const w = await limited()
  const { id } = await withPassword(w)
  const { headers } = await w.session(id)
  let count = 0
  const guess = async () => {
    const [method, path, body] = PASSWORD_GUESSES[count++ % PASSWORD_GUESSES.length] ?? []
    return w.send(method ?? '', path ?? '', body, { ...headers, ...client() })
  }
  const first = await times(19, guess)
  expect(first.map(({ status }) => status)).toEqual(Array(19).fill(401))
  const right = { email: address(), password: PASSWORD }
  const changed = await w.send('patch', '/account/email', right, { ...headers, ...client() })
  expect(changed.status).toBe(200)
  const second = await times(21, guess)
  expect(second.map(({ status }) => status)).toEqual([...Array(20).fill(401), 429])
  const wait = Number(second.at(-1)?.headers.get('retry-after'))
  expect(wait).toBe(3600 - (Math.floor(NOW.getTime() / 1000) % 3600))
  // Others are not held up, nor is who signs in.
  const { id: other } = await withPassword(w)
  const theirs = { ...(await w.session(other)).headers, ...client() }
  expect((await w.send('patch', '/account/email', right, theirs)).status).toBe(400)
  expect((await signIn(w, right.email, PASSWORD, client())).status).toBe(201)
})

test.each([
  ['proven', true],
  ['unproven', false],
])(
  '%s users of an app that renders on its server have each a limit of their own',
  async (_, is) => {
    const w = await limited()
    const server = client()
    const ann = await w.signedIn({ email: address(), emailVerification: is })
    const bob = await w.signedIn({ phone: phoneNumber(), phoneVerification: is })
    const extend = (headers: Record<string, string>) =>
      w.send('patch', '/account/sessions/current', {}, { ...headers, ...server })
    const first = await times(11, () => extend(ann.headers))
    expect(first.map(({ status }) => status)).toEqual([...Array(10).fill(200), 429])
    expect((await extend(bob.headers)).status).toBe(200)
    // The other of Ann's sessions shares her limit; a route for guests goes on by address alone.
    expect((await extend((await w.session(ann.user.id)).headers)).status).toBe(429)
    const signUp = (headers: Record<string, string>) =>
      w.send('post', '/account/tokens/email', { userId: 'unique()', email: address() }, headers)
    const asAnn = await times(5, () => signUp({ ...ann.headers, ...server }))
    const asBob = await times(6, () => signUp({ ...bob.headers, ...server }))
    expect([...asAnn, ...asBob].map(({ status }) => status)).toEqual([...Array(10).fill(201), 429])
  },
)

/** Signs in somebody new who has proven nothing, and sends their number a code. */
async function verifyNewNumber(w: World, from: Headers_, fields: Partial<User> = {}) {
  const { headers } = await w.signedIn({ phone: phoneNumber(), ...fields })
  return w.send('post', '/account/verifications/phone', undefined, { ...headers, ...from })
}

/** Signs in somebody new, who founds a team and invites a stranger. */
async function inviteStranger(w: World, from: Headers_, fields: Partial<User> = {}) {
  const { headers } = await w.signedIn(fields)
  const team = { teamId: 'unique()', name: 'Team' }
  const { body } = await w.send('post', '/teams', team, { ...headers, ...from })
  const given = { email: address(), roles: [], url: 'http://localhost/join' }
  return w.send('post', `/teams/${body.$id}/memberships`, given, { ...headers, ...from })
}

describe.each([
  ['codes to phone numbers', verifyNewNumber],
  ['invitations', inviteStranger],
] as const)('%s', (_, act) => {
  test('are ten an hour for all at one address who have proven nothing', async () => {
    const w = await limited()
    const from = client()
    const answers = await times(11, () => act(w, from))
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(201), 429])
    expect(answers.map(remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0])
    expect((await act(w, client())).status).toBe(201)
  })
  test('are a hundred an hour from one network, whoever sends them', async () => {
    const w = await limited()
    const from = client()
    const proven = () => act(w, from, { email: address(), emailVerification: true })
    const answers = await times(101, proven)
    expect(answers.map(({ status }) => status)).toEqual([...Array(100).fill(201), 429])
    expect(answers.slice(88, 93).map(remaining)).toEqual([9, 9, 9, 8, 7])
  })
})
