import { beforeEach, describe, expect, test } from 'vitest'
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
  withPassword,
} from '#test/support/account'
import { answer, challenge, codeAt, enrol, recoveryCodes, sentTo } from '#test/support/mfa'
import { acceptAs, founded, inviteTo, linkTo, newEmail, readLink } from '#test/support/teams'
import { NOW, type World, world } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await accountWorld()
})

const inScript = (zero: number) => (code: string) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

/** Ways in which people write a secret of digits and letters. */
const SPELLINGS: [name: string, spell: (secret: string) => string][] = [
  ['blanks around it', (secret) => ` ${secret}\n`],
  ['a blank inside', (secret) => `${secret.slice(0, 3)} ${secret.slice(3)}`],
  ['a no-break space inside', (secret) => `${secret.slice(0, 3)}\u00a0${secret.slice(3)}`],
  ['a dash inside', (secret) => `${secret.slice(0, 3)}–${secret.slice(3)}`],
  ['a full stop behind it', (secret) => `${secret}.`],
  ['quotes', (secret) => `“${secret}”`],
  ['marks that nobody sees', (secret) => `\u200e${secret}\u200b`],
  ['full-width digits', inScript(0xff10)],
  ['Arabic-Indic digits', inScript(0x660)],
  ['Persian digits', inScript(0x6f0)],
  ['Devanagari digits', inScript(0x966)],
  ['capitals', (secret) => secret.toUpperCase()],
]

type Held = { secret: string; use: (secret: string) => Promise<number> }

/** Ways to get a secret and to use it; each asks for a new one. */
const HELD: Record<string, () => Promise<Held>> = {
  'a code by mail': async () => {
    const email = address()
    const { body } = await w.send(
      'post',
      '/account/tokens/email',
      { userId: 'unique()', email },
      GUEST,
    )
    const secret = codeIn(await messageTo(w, email))
    return { secret, use: opens('post', '/account/sessions/token', { userId: body.userId }) }
  },
  'a code by text message': async () => {
    const phone = phoneNumber()
    const { body } = await w.send(
      'post',
      '/account/tokens/phone',
      { userId: 'unique()', phone },
      GUEST,
    )
    const secret = codeIn(await messageTo(w, phone))
    return { secret, use: opens('put', '/account/sessions/phone', { userId: body.userId }) }
  },
  'a magic link': async () => {
    const email = address()
    const given = { userId: 'unique()', email, url: 'http://localhost/' }
    await w.send('post', '/account/tokens/magic-url', given, GUEST)
    const { userId, secret } = redeemedBy(linkIn(await messageTo(w, email)))
    return { secret, use: opens('put', '/account/sessions/magic-url', { userId }) }
  },
  'a recovery by link': async () => {
    const { email } = await withPassword(w)
    const given = { email, url: 'http://localhost/' }
    await w.send('post', '/account/recovery', given, GUEST)
    const { userId, secret } = redeemedBy(linkIn(await messageTo(w, email)))
    return { secret, use: opens('put', '/account/recovery', { userId, password: PASSWORD }) }
  },
  'a recovery by code': async () => {
    const { id: userId, email } = await withPassword(w)
    await w.send('post', '/account/recovery/otp', { email }, GUEST)
    const secret = codeIn(await messageTo(w, email))
    return { secret, use: opens('put', '/account/recovery/otp', { userId, password: PASSWORD }) }
  },
  'a verification by code': async () => {
    const { id: userId, email } = await withPassword(w)
    const { headers } = await w.session(userId)
    await w.send('post', '/account/verifications/email/otp', {}, headers)
    const secret = codeIn(await messageTo(w, email))
    return { secret, use: opens('put', '/account/verifications/email/otp', { userId }) }
  },
  'a verification by link': async () => {
    const { id: userId, email } = await withPassword(w)
    const { headers } = await w.session(userId)
    await w.send('post', '/account/verifications/email', { url: 'http://localhost/' }, headers)
    const { secret } = redeemedBy(linkIn(await messageTo(w, email)))
    return { secret, use: opens('put', '/account/verifications/email', { userId }) }
  },
  'a phone verification': async () => {
    const phone = phoneNumber()
    const { user, headers } = await w.signedIn({ phone })
    await w.send('post', '/account/verifications/phone', {}, headers)
    const secret = codeIn(await messageTo(w, phone))
    return { secret, use: opens('put', '/account/verifications/phone', { userId: user.id }) }
  },
  'a new authenticator': async () => {
    const { headers } = await w.signedIn()
    const { body } = await w.send('post', '/account/mfa/authenticators/totp', {}, headers)
    const use = async (otp: string) =>
      (await w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)).status
    return { secret: codeAt(body.secret, NOW), use }
  },
  'an authenticator': async () => {
    const { headers } = await w.signedIn()
    const secret = await enrol(w, headers, NOW)
    const challengeId = await challenge(w, headers, 'totp')
    const use = async (otp: string) => (await answer(w, headers, challengeId, otp)).status
    return { secret: codeAt(secret, NOW, 1), use }
  },
  'a second factor by mail': async () => {
    const email = address()
    const { headers } = await w.signedIn({ email, emailVerification: true })
    const challengeId = await challenge(w, headers, 'email')
    const use = async (otp: string) => (await answer(w, headers, challengeId, otp)).status
    return { secret: await sentTo(w, email), use }
  },
  'a recovery code': async () => {
    const { headers } = await w.signedIn()
    const [secret = ''] = await recoveryCodes(w, headers)
    const challengeId = await challenge(w, headers, 'recoveryCode')
    const use = async (otp: string) => (await answer(w, headers, challengeId, otp)).status
    return { secret, use }
  },
  'a token of the owner’s server': async () => {
    const { id: userId } = await w.user()
    const { body } = await w.send('post', `/users/${userId}/tokens`, { length: 12 })
    return { secret: body.secret, use: opens('post', '/account/sessions/token', { userId }) }
  },
  'an invitation': async () => {
    const { owner, at } = await founded(w)
    const email = newEmail()
    await inviteTo(w, at, owner.headers, { email })
    const fields = readLink(await linkTo(w, email))
    const use = async (secret: string) => (await acceptAs(w, { ...fields, secret })).status
    return { secret: fields.secret ?? '', use }
  },
}

/** Redeems a secret as a guest. */
const opens =
  (method: string, path: string, fields: Record<string, unknown>): Held['use'] =>
  async (secret) =>
    (await w.send(method, path, { ...fields, secret }, GUEST)).status

describe.each(Object.entries(HELD))('%s', (_, ask) => {
  test.each(SPELLINGS)('works with %s, once', async (_, spell) => {
    const { secret, use } = await ask()
    expect(await use(spell(secret))).toBeLessThan(300)
    expect(await use(secret)).toBeGreaterThanOrEqual(400)
  })
  test('is wrong with a letter or digit more, less or other', async () => {
    const { secret, use } = await ask()
    const last = secret.endsWith('1') ? '2' : '1'
    for (const wrong of [
      `${secret}0`,
      `x${secret}`,
      secret.slice(1),
      `${secret.slice(0, -1)}${last}`,
    ]) {
      const status = wrong.length > 256 ? 400 : 401
      expect([wrong, await use(wrong)]).toEqual([wrong, status])
    }
    expect(await use(secret)).toBeLessThan(300)
  })
})

test('blanks around a wrong code make it no longer one that cannot be guessed', async () => {
  const limited = await world({ MAIL_OUTBOX: 'on' })
  const { id: userId } = await limited.user()
  const statuses = []
  for (let index = 0; index < 21; index++) {
    const secret = `${' '.repeat(40)}${100_000 + index}${'-'.repeat(index)}`
    const from = { 'CF-Connecting-IP': `203.0.113.${index + 1}` }
    const { status } = await limited.send(
      'post',
      '/account/sessions/token',
      { userId, secret },
      from,
    )
    statuses.push(status)
  }
  expect(statuses).toEqual([...Array(20).fill(401), 429])
})
