import { describe, expect, test } from 'vitest'
import {
  MAX_CHALLENGES,
  MAX_WRONG_AT_ADDRESS,
  MAX_WRONG_CODES,
  MAX_WRONG_ON_DEVICE,
  MAX_WRONG_RECOVERY_CODES,
} from '#/auth/mfa-budget'
import { keptMessages } from '#/messaging/mail/outbox-store'
import { answer, challenge, codeAt, enrol, recoveryCodes } from '#test/support/mfa'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>

const HOUR_MS = 3600_000
const LATER = new Date(NOW.getTime() + HOUR_MS / 2)
let clients = 0
/** Returns a client's address that no other request comes from. */
const client = (): Headers_ => ({
  'CF-Connecting-IP': `10.${++clients >> 16}.${(clients >> 8) & 255}.${clients & 255}`,
})
const LIMITED = [429, 'general_rate_limit_exceeded']
const refusal = ({ status, body }: { status: number; body: { type: string } }) => [
  status,
  body.type,
]

/** Makes a user with an authenticator, which one session has shown; the clock goes on to a new code. */
async function scene() {
  const clock = { now: NOW }
  const w = await world({ MAIL_OUTBOX: 'on' }, () => clock.now)
  const email = `${crypto.randomUUID()}@example.com`
  const { user, headers } = await w.signedIn({ email, mfa: true })
  const secret = await enrol(w, headers, NOW)
  clock.now = LATER
  const stranger = async () => ({ ...(await w.session(user.id)).headers, ...client() })
  return { w, clock, user, email, headers, secret, stranger }
}

/** Guesses wrongly, each time from another client; ten times a challenge. @returns the answers' statuses */
async function guess(
  w: World,
  stranger: () => Promise<Headers_>,
  count: number,
  factor = 'totp',
): Promise<number[]> {
  const statuses: number[] = []
  let id = ''
  for (let tried = 0; tried < count; tried++) {
    const headers = await stranger()
    if (tried % 10 === 0) id = await challenge(w, headers, factor)
    statuses.push((await answer(w, headers, id, 'wrong!')).status)
  }
  return statuses
}

const noticesTo = async (w: World, to: string) =>
  (await keptMessages(w.db)).filter(
    (one) => one.to === to && one.subject.startsWith('Security notice'),
  )

test('twenty wrong codes do not lock out the holder, who comes from a new device', async () => {
  const { w, stranger, secret } = await scene()
  expect(new Set(await guess(w, stranger, 20))).toEqual(new Set([401]))
  const headers = await stranger()
  const id = await challenge(w, headers, 'totp')
  expect((await answer(w, headers, id, codeAt(secret, LATER))).status).toBe(200)
})

describe('once an account has its wrong codes of an hour', () => {
  test('strangers are refused, whatever their address, and sessions that have passed go on', async () => {
    const { w, clock, email, headers, stranger, secret } = await scene()
    expect(new Set(await guess(w, stranger, MAX_WRONG_CODES))).toEqual(new Set([401]))
    const late = await stranger()
    const id = await challenge(w, late, 'totp')
    const refused = await answer(w, late, id, codeAt(secret, LATER))
    expect(refusal(refused)).toEqual(LIMITED)
    expect(refused.headers.get('retry-after')).toBe('1800')
    const own = await challenge(w, headers, 'totp')
    expect((await answer(w, headers, own, codeAt(secret, LATER))).status).toBe(200)
    const [notice, ...more] = (await noticesTo(w, email)).filter(({ text }) =>
      text.includes('Too many wrong codes'),
    )
    expect(more).toEqual([])
    expect(notice?.text).toContain('IP address: 10.')
    // The hour is over.
    clock.now = new Date(NOW.getTime() + HOUR_MS)
    const again = await challenge(w, late, 'totp')
    expect((await answer(w, late, again, codeAt(secret, clock.now))).status).toBe(200)
  })

  test('a device that has passed is known by its cookie, with a new session and address', async () => {
    const { w, stranger, secret, user } = await scene()
    const first = await stranger()
    const id = await challenge(w, first, 'totp')
    const { headers: answered } = await answer(w, first, id, codeAt(secret, LATER, -1))
    const [cookie = ''] = answered.getSetCookie()
    expect(cookie).toMatch(/^a_mfa_edgewrite_[^=]+=[^;]+; Max-Age=31536000; Path=\/; HttpOnly/)
    await guess(w, stranger, MAX_WRONG_CODES)
    const [pair = ''] = cookie.split(';')
    const device = { ...(await stranger()), Cookie: pair }
    const own = await challenge(w, device, 'totp')
    expect((await answer(w, device, own, codeAt(secret, LATER))).status).toBe(200)
    // The cookie is of no use to anybody else, nor is a made one.
    const other = await w.signedIn({ email: `${crypto.randomUUID()}@example.com`, mfa: true })
    await enrol(w, other.headers, LATER)
    const guessing = async () => ({ ...(await w.session(other.user.id)).headers, ...client() })
    await guess(w, guessing, MAX_WRONG_CODES)
    const name = pair.slice(0, pair.indexOf('=')).replace(user.id, other.user.id)
    for (const value of [pair.slice(pair.indexOf('=') + 1), 'AAAA', btoa('x'.repeat(60))]) {
      const forged = { ...(await guessing()), Cookie: `${name}=${value}` }
      const theirs = await challenge(w, forged, 'totp')
      expect(refusal(await answer(w, forged, theirs, 'wrong!'))).toEqual(LIMITED)
    }
  })

  test('recovery codes still work, and the other way round', async () => {
    const { w, headers, stranger, secret } = await scene()
    const [code = ''] = await recoveryCodes(w, headers)
    await guess(w, stranger, MAX_WRONG_CODES)
    const lost = await stranger()
    const id = await challenge(w, lost, 'recoveryCode')
    expect((await answer(w, lost, id, code)).status).toBe(200)
    const second = await scene()
    const [other = ''] = await recoveryCodes(second.w, second.headers)
    const wrong = await guess(second.w, second.stranger, MAX_WRONG_RECOVERY_CODES, 'recoveryCode')
    expect(new Set(wrong)).toEqual(new Set([401]))
    const late = await second.stranger()
    const spent = await challenge(second.w, late, 'recoveryCode')
    expect(refusal(await answer(second.w, late, spent, other))).toEqual(LIMITED)
    const open = await challenge(second.w, late, 'totp')
    expect((await answer(second.w, late, open, codeAt(second.secret, LATER))).status).toBe(200)
    expect(secret).not.toBe(second.secret)
    const told = await noticesTo(second.w, second.email)
    expect(told.filter(({ text }) => text.includes('wrong recovery codes'))).toHaveLength(1)
  })
})

test('right answers are not counted', async () => {
  const { w, stranger, secret, clock } = await scene()
  const before = await guess(w, stranger, MAX_WRONG_CODES - 1)
  expect(before.at(-1)).toBe(401)
  for (const step of [0, 1]) {
    clock.now = new Date(LATER.getTime() + step * 30_000)
    const headers = await stranger()
    const id = await challenge(w, headers, 'totp')
    expect((await answer(w, headers, id, codeAt(secret, clock.now))).status).toBe(200)
  }
  expect(await guess(w, stranger, 1)).toEqual([401])
})

test('one address guesses at all accounts together', async () => {
  const { w, user, headers, secret } = await scene()
  const at = client()
  let last = 0
  for (let count = 0; count <= MAX_WRONG_AT_ADDRESS; count++) {
    const other = count % 10 === 0 ? await w.signedIn({ mfa: true }) : undefined
    const guessing = { ...(other ?? (await w.session(user.id))).headers, ...at }
    last = (await answer(w, guessing, `x${count}`, 'wrong!')).status
    expect(last).toBe(count < MAX_WRONG_AT_ADDRESS ? 401 : 429)
  }
  // The holder's own session goes on from the same address.
  const own = { ...headers, ...at }
  const id = await challenge(w, own, 'totp')
  expect((await answer(w, own, id, codeAt(secret, LATER))).status).toBe(200)
})

test('a session that has passed guesses no more often than its own budget', async () => {
  const { w, headers } = await scene()
  const statuses = []
  for (let count = 0; count <= MAX_WRONG_ON_DEVICE; count++) {
    statuses.push((await answer(w, { ...headers, ...client() }, `x${count}`, 'wrong!')).status)
  }
  expect(statuses).toEqual([...Array(MAX_WRONG_ON_DEVICE).fill(401), 429])
})

test('challenges that strangers make lock nobody out who has passed', async () => {
  const { w, headers, stranger, secret } = await scene()
  const open = async () =>
    (await w.send('post', '/account/mfa/challenges', { factor: 'totp' }, await stranger())).status
  for (let count = 0; count < MAX_CHALLENGES; count++) expect(await open()).toBe(201)
  expect(await open()).toBe(429)
  const id = await challenge(w, headers, 'totp')
  expect((await answer(w, headers, id, codeAt(secret, LATER))).status).toBe(200)
})

describe('beyond the limit of sessions', () => {
  const PASSWORD = 'a long password'
  const signIn = (w: World, email: string) =>
    w.send('post', '/account/sessions/email', { email, password: PASSWORD }, {})
  async function crowd(mfa: boolean) {
    const w = await world({ MAIL_OUTBOX: 'on', RATE_LIMITS: 'off' }, () => NOW)
    await w.set('sessionLimit', 2)
    const email = `${crypto.randomUUID()}@example.com`
    const made = await w.send('post', '/users', { userId: 'unique()', email, password: PASSWORD })
    const id = made.body.$id
    await w.send('patch', `/users/${id}/verification`, { emailVerification: true })
    await w.send('patch', `/users/${id}/mfa`, { mfa })
    const passed = [
      await w.session(id, { factors: ['password', 'email'] }),
      await w.session(id, { factors: ['email'], mfaUpdatedAt: NOW }),
    ]
    const left = async () => (await w.send('get', `/users/${id}/sessions`)).body.sessions
    return { w, email, id, passed: passed.map(({ row }) => row.id), left }
  }
  const idsOf = (sessions: { $id: string }[]) => sessions.map(({ $id }) => $id)

  test('a password alone ends no session that has shown a second factor', async () => {
    const { w, email, passed, left } = await crowd(true)
    const first = await signIn(w, email)
    expect(idsOf(await left())).toEqual([...passed, first.body.$id])
    const second = await signIn(w, email)
    expect(idsOf(await left())).toEqual([...passed, second.body.$id])
  })

  test('a session that shows its second factor takes the place of the oldest', async () => {
    const { w, email, passed, left } = await crowd(true)
    const { body, headers } = await signIn(w, email)
    const cookie = headers.getSetCookie().at(-1)?.split(';')[0] ?? ''
    const own = { Cookie: cookie }
    const id = await challenge(w, own, 'email')
    const mail = (await keptMessages(w.db)).find((one) => one.to === email)
    expect((await answer(w, own, id, 'wrong!')).status).toBe(401)
    expect(idsOf(await left())).toEqual([...passed, body.$id])
    const [code = ''] = /\b\d{6}\b/.exec(mail?.text ?? '') ?? []
    expect((await answer(w, own, id, code)).status).toBe(200)
    expect(idsOf(await left())).toEqual([passed[1], body.$id])
  })

  test('the oldest goes where the user asks for no second factor', async () => {
    const { w, email, passed, left } = await crowd(false)
    const { body } = await signIn(w, email)
    expect(idsOf(await left())).toEqual([passed[1], body.$id])
  })
})
