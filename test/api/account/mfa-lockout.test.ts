import { and, eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { authenticators, oneTimeSecrets, users } from '#/db/schema'
import { keptMessages } from '#/messaging/mail/outbox-store'
import {
  address,
  codeIn,
  GUEST,
  linkIn,
  messageTo,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  sessionHeader,
  signIn,
  withPassword,
} from '#test/support/account'
import { answer, challenge, codeAt, enrol, recoveryCodes, sentTo } from '#test/support/mfa'
import { NOW, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>
type Person = { id: string; email: string; phone: string; again: () => Promise<Headers_> }

const STEP_MS = 30_000
let w: World
let moment: Date
beforeEach(async () => {
  moment = NOW
  w = await world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on' }, () => moment)
  await w.env.DB.prepare('delete from settings').run()
})

const LOCKED = [401, 'user_more_factors_required']
const FRESH = [401, 'user_challenge_required']
const told = ({ status, body }: { status: number; body: { type?: string } }) => [status, body?.type]
const whoAmI = (headers: Headers_) => w.send('get', '/account', undefined, headers)
const setMfa = (mfa: boolean, headers: Headers_) =>
  w.send('patch', '/account/mfa', { mfa }, headers)
const exchange = async (userId: string, secret: string) =>
  sessionHeader(await w.send('post', '/account/sessions/token', { userId, secret }, GUEST))
const known = async (email = address(), phone = phoneNumber()) => {
  const verified = { emailVerification: true, phoneVerification: false }
  return w.user({ email, phone, ...verified })
}

/** Every way to sign in that leaves a session with one proof. */
const WAYS: Record<string, () => Promise<Person>> = {
  'a mailed code': async () => {
    const user = await known()
    const email = user.email ?? ''
    const again = async () => {
      await w.env.DB.prepare('delete from outbox').run()
      await w.send('post', '/account/tokens/email', { userId: 'unique()', email }, GUEST)
      return exchange(user.id, codeIn(await messageTo(w, email)))
    }
    return { id: user.id, email, phone: '', again }
  },
  'a magic link': async () => {
    const user = await known()
    const email = user.email ?? ''
    const again = async () => {
      await w.env.DB.prepare('delete from outbox').run()
      await w.send('post', '/account/tokens/magic-url', { userId: 'unique()', email }, GUEST)
      return exchange(user.id, redeemedBy(linkIn(await messageTo(w, email))).secret ?? '')
    }
    return { id: user.id, email, phone: '', again }
  },
  'a texted code': async () => {
    const phone = phoneNumber()
    const again = async () => {
      await w.env.DB.prepare('delete from outbox').run()
      const given = { userId: 'unique()', phone }
      const { body } = await w.send('post', '/account/tokens/phone', given, GUEST)
      return exchange(body.userId, codeIn(await messageTo(w, phone)))
    }
    await again()
    const [user] = await w.db.select().from(users).where(eq(users.phone, phone))
    return { id: user?.id ?? '', email: '', phone, again }
  },
  'a token of the server': async () => {
    const user = await w.user()
    const again = async () => {
      const { body } = await w.send('post', `/users/${user.id}/tokens`, {})
      return exchange(user.id, body.secret)
    }
    return { id: user.id, email: '', phone: '', again }
  },
  'a session of the server': async () => {
    const user = await w.user()
    const again = async () => {
      const { body } = await w.send('post', `/users/${user.id}/sessions`, {})
      return { 'X-Appwrite-Session': body.secret as string }
    }
    return { id: user.id, email: '', phone: '', again }
  },
  'an unproven password': async () => {
    const { id, email } = await withPassword(w)
    return { id, email, phone: '', again: async () => sessionHeader(await signIn(w, email)) }
  },
}

describe.each(Object.keys(WAYS))('whoever signs in by %s', (way) => {
  const arrive = async () => {
    const person = await WAYS[way]?.()
    if (!person) throw new Error('There is no such way.')
    return person
  }

  test.each(['the user', 'a server'])(
    'and has no other factor gets in when %s turns MFA on',
    async (who) => {
      const person = await arrive()
      const first = await person.again()
      const on =
        who === 'a server'
          ? await w.send('patch', `/users/${person.id}/mfa`, { mfa: true })
          : await setMfa(true, first)
      expect([on.status, on.body.mfa]).toEqual([200, true])
      const second = await person.again()
      for (const headers of [first, second]) {
        expect((await whoAmI(headers)).status).toBe(200)
        expect((await w.send('get', '/account/mfa/factors', undefined, headers)).status).toBe(200)
      }
      // It can enrol, and then the next session is asked.
      const secret = await enrol(w, first, NOW)
      expect((await whoAmI(first)).status).toBe(200)
      const third = await person.again()
      expect(told(await whoAmI(third))).toEqual(LOCKED)
      moment = new Date(NOW.getTime() + STEP_MS)
      const id = await challenge(w, third, 'totp')
      expect((await answer(w, third, id, codeAt(secret, moment))).status).toBe(200)
      expect((await whoAmI(third)).status).toBe(200)
      // Switched off by policy, the only other factor locks nobody out.
      await w.set('factorTotp', false)
      expect((await whoAmI(await person.again())).status).toBe(200)
      await w.set('factorTotp', true)
      expect(told(await whoAmI(await person.again()))).toEqual(LOCKED)
    },
  )

  test('gets in again with a recovery code, whatever else is lost', async () => {
    const person = await arrive()
    const first = await person.again()
    await enrol(w, first, NOW)
    await setMfa(true, first)
    const [code = ''] = await recoveryCodes(w, first)
    const second = await person.again()
    expect(told(await whoAmI(second))).toEqual(LOCKED)
    const id = await challenge(w, second, 'recoveryCode')
    expect((await answer(w, second, id, code)).status).toBe(200)
    expect((await whoAmI(second)).status).toBe(200)
  })
})

test('a second proof of another kind counts, of the same kind does not', async () => {
  const phone = phoneNumber()
  const user = await w.user({
    email: address(),
    emailVerification: true,
    phone,
    phoneVerification: true,
    mfa: true,
  })
  const { headers } = await w.session(user.id, { provider: 'token', factors: ['email'] })
  const byMail = await challenge(w, headers, 'email')
  expect((await answer(w, headers, byMail, await sentTo(w, user.email ?? ''))).status).toBe(200)
  expect(told(await whoAmI(headers))).toEqual(LOCKED)
  const byPhone = await challenge(w, headers, 'phone')
  expect((await answer(w, headers, byPhone, await sentTo(w, phone))).status).toBe(200)
  expect((await whoAmI(headers)).status).toBe(200)
})

test('an invitation that signs in is no other way than a mailed code', async () => {
  const email = address()
  const team = await w.team()
  const owner = await w.signedIn()
  await w.member(team.id, owner.user.id, { roles: ['owner'] })
  const given = { email, roles: [], url: 'http://localhost/' }
  const { body } = await w.send('post', `/teams/${team.id}/memberships`, given, owner.headers)
  const secret = linkIn(await messageTo(w, email)).searchParams.get('secret')
  const path = `/teams/${team.id}/memberships/${body.$id}/status`
  const accepted = await w.send('patch', path, { userId: body.userId, secret }, GUEST)
  const headers = sessionHeader(accepted)
  expect((await setMfa(true, headers)).status).toBe(200)
  expect((await whoAmI(headers)).status).toBe(200)
})

test('without a carrier for its code, a factor is neither listed nor asked for', async () => {
  const user = await known()
  await w.db.update(users).set({ mfa: true, phoneVerification: true }).where(eq(users.id, user.id))
  const { headers } = await w.session(user.id)
  const silent = await world({ RATE_LIMITS: 'off' }, () => NOW)
  const ask = (path: string) => silent.send('get', path, undefined, headers)
  expect((await ask('/account')).status).toBe(200)
  expect((await ask('/account/mfa/factors')).body).toMatchObject({ email: false, phone: false })
  expect(told(await whoAmI(headers))).toEqual(LOCKED)
})

test('a factor of the owner’s own making is asked for while it is allowed', async () => {
  const { headers } = await w.signedIn({ mfa: true })
  expect((await whoAmI(headers)).status).toBe(200)
  await w.set('factorCustom', true)
  expect(told(await whoAmI(headers))).toEqual(LOCKED)
})

describe('switching MFA off', () => {
  test('asks for a fresh challenge, as removing a factor does', async () => {
    const user = await known()
    const { headers } = await w.session(user.id)
    await setMfa(true, headers)
    expect(told(await setMfa(false, headers))).toEqual(FRESH)
    expect((await whoAmI(headers)).body.mfa).toBe(true)
    const id = await challenge(w, headers, 'email')
    await answer(w, headers, id, await sentTo(w, user.email ?? ''))
    expect((await setMfa(false, headers)).body.mfa).toBe(false)
  })
  test('works in a session whose only proof is shown anew', async () => {
    const user = await known()
    const { headers } = await w.session(user.id, { factors: ['email'] })
    await setMfa(true, headers)
    expect(told(await setMfa(false, headers))).toEqual(FRESH)
    const id = await challenge(w, headers, 'email')
    await answer(w, headers, id, await sentTo(w, user.email ?? ''))
    expect((await setMfa(false, headers)).status).toBe(200)
  })
  test('asks nobody who has nothing to show', async () => {
    const { user, headers } = await w.signedIn()
    await setMfa(true, headers)
    expect((await setMfa(false, headers)).status).toBe(200)
    await recoveryCodes(w, headers)
    await setMfa(true, headers)
    expect(told(await setMfa(false, headers))).toEqual(FRESH)
    const codes = and(
      eq(oneTimeSecrets.userId, user.id),
      eq(oneTimeSecrets.purpose, 'recovery-code'),
    )
    await w.db.update(oneTimeSecrets).set({ usedAt: NOW }).where(codes)
    expect((await setMfa(false, headers)).status).toBe(200)
  })
  test('that is off already changes nothing and asks for nothing', async () => {
    await w.env.DB.prepare('delete from outbox').run()
    const user = await known()
    const { headers } = await w.session(user.id)
    expect((await setMfa(false, headers)).status).toBe(200)
    expect(await keptMessages(w.db)).toEqual([])
  })
})

describe('the owner is told by mail', () => {
  const notices = async (to: string) =>
    (await keptMessages(w.db))
      .filter((one) => one.to === to && one.subject.startsWith('Security notice'))
      .map(({ text }) => text)
      .reverse()
  const fresh = { mfaUpdatedAt: NOW }
  beforeEach(() => w.env.DB.prepare('delete from outbox').run())

  test('of everything that the user changes', async () => {
    const user = await known()
    const to = user.email ?? ''
    const { headers } = await w.session(user.id, fresh)
    await setMfa(true, headers)
    await setMfa(true, headers)
    await enrol(w, headers, NOW)
    const [code = ''] = await recoveryCodes(w, headers)
    await w.send('patch', '/account/mfa/recovery-codes', {}, headers)
    await w.send('delete', '/account/mfa/authenticators/totp', undefined, headers)
    await setMfa(false, headers)
    const lines = (await notices(to)).map((text) => text.split('\n').slice(4, 7).join(' '))
    expect(lines).toEqual([
      expect.stringContaining('Two-step sign-in was turned on.'),
      expect.stringContaining('An authenticator app was added.'),
      expect.stringContaining('New recovery codes were made'),
      expect.stringContaining('New recovery codes were made'),
      expect.stringContaining('The authenticator app was removed.'),
      expect.stringContaining('Two-step sign-in was turned off.'),
    ])
    expect(code).not.toBe('')
    expect((await notices(to)).join()).not.toContain(code)
  })
  test('of a phone number that is confirmed, which is a factor from then on', async () => {
    const user = await known()
    const { headers } = await w.session(user.id)
    const path = '/account/verifications/phone'
    await w.send('post', path, {}, headers)
    const given = { userId: user.id, secret: codeIn(await messageTo(w, user.phone ?? '')) }
    expect((await w.send('put', path, given, headers)).status).toBe(200)
    expect(await notices(user.email ?? '')).toEqual([
      expect.stringContaining('A phone number was confirmed.'),
    ])
    const { body } = await w.send('get', '/account/mfa/factors', undefined, headers)
    expect(body.phone).toBe(true)
  })
  test('of a recovery code that is used', async () => {
    const user = await known()
    const { headers } = await w.session(user.id)
    const [code = ''] = await recoveryCodes(w, headers)
    await answer(w, headers, await challenge(w, headers, 'recoveryCode'), code)
    expect((await notices(user.email ?? '')).at(-1)).toContain('A recovery code was used.')
  })
  test('of everything that a server changes, without the server’s device', async () => {
    const user = await known()
    const at = `/users/${user.id}`
    await w.send('patch', `${at}/mfa`, { mfa: true })
    await w.send('patch', `${at}/mfa`, { mfa: true })
    await w.send('patch', `${at}/mfa/recovery-codes`)
    await w.db.insert(authenticators).values({
      ...{ id: user.id, userId: user.id, type: 'totp', secret: '', verified: true, lastStep: 0 },
      ...{ createdAt: NOW, updatedAt: NOW },
    })
    await w.send('delete', `${at}/mfa/authenticators/totp`)
    await w.send('patch', `${at}/mfa`, { mfa: false })
    const texts = await notices(user.email ?? '')
    expect(texts).toHaveLength(4)
    expect(texts.join()).not.toContain('IP address')
  })
  test('but not at an address that a session only claims, unless a server makes the change', async () => {
    const email = address()
    const given = { userId: 'unique()', email, password: PASSWORD }
    const { body } = await w.send('post', '/account', given, GUEST)
    const headers = sessionHeader(await signIn(w, email))
    await setMfa(true, headers)
    await enrol(w, headers, NOW)
    await recoveryCodes(w, headers)
    await w.send('delete', '/account/mfa/authenticators/totp', undefined, headers)
    expect(await notices(email)).toEqual([])
    await w.send('patch', `/users/${body.$id}/mfa`, { mfa: false })
    expect(await notices(email)).toHaveLength(1)
    await w.send('patch', `/users/${body.$id}/verification`, { emailVerification: true })
    await setMfa(true, headers)
    expect(await notices(email)).toHaveLength(2)
  })
  test('at the old address when it changes, and of a phone number', async () => {
    const [old, next] = [address(), address()]
    const { id } = await withPassword(w, {
      ...{ email: old, emailVerification: true },
      ...{ phone: phoneNumber(), phoneVerification: true },
    })
    const { headers } = await w.session(id)
    const change = { password: PASSWORD }
    await w.send('patch', '/account/phone', { ...change, phone: phoneNumber() }, headers)
    await w.send('patch', '/account/email', { ...change, email: next }, headers)
    const texts = await notices(old)
    expect(texts[0]).toContain('The phone number was changed.')
    expect(texts[1]).toContain('The e-mail address was changed.')
    expect(await notices(next)).toEqual([])
  })
  test('twenty times an hour at most', async () => {
    const limited = await world({ MAIL_OUTBOX: 'on' }, () => NOW)
    const user = await known()
    for (let count = 0; count < 24; count++) {
      await limited.send('patch', `/users/${user.id}/mfa`, { mfa: count % 2 === 0 })
    }
    expect(await notices(user.email ?? '')).toHaveLength(20)
  })
})
