import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { oneTimeSecrets, users } from '#/db/schema'
import {
  accountWorld,
  address,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  PASSWORD,
  redeemedBy,
  sentTo,
  withPassword,
} from '#test/support/account'
import { must } from '#test/support/claims'
import { acceptAs, founded, inviteTo, linkTo, readLink } from '#test/support/teams'
import { type Json, ROOT, type World } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await accountWorld()
})

type Person = { id: string; email: string; headers: Headers_ }
type Use = () => Promise<{ status: number }>
const redirect = { url: 'http://localhost/' }
const newest = async (to: string) => (await sentTo(w, to))[0] ?? { text: '' }

/** Sends a secret. @returns what uses it */
const SECRETS: Record<string, (person: Person) => Promise<Use>> = {
  'a recovery link': async ({ email }) => {
    await must(w.send('post', '/account/recovery', { email, ...redirect }, GUEST))
    const given = { ...redeemedBy(linkIn(await newest(email))), password: 'another horse battery' }
    return () => w.send('put', '/account/recovery', given, GUEST)
  },
  'a recovery code': async ({ id: userId, email }) => {
    await must(w.send('post', '/account/recovery/otp', { email }, GUEST))
    const secret = codeIn(await newest(email))
    const given = { userId, secret, password: 'another horse battery' }
    return () => w.send('put', '/account/recovery/otp', given, GUEST)
  },
  'a magic link': async ({ email }) => {
    const given = { userId: 'unique()', email, ...redirect }
    await must(w.send('post', '/account/tokens/magic-url', given, GUEST))
    const redeemed = redeemedBy(linkIn(await newest(email)))
    return () => w.send('post', '/account/sessions/token', redeemed, GUEST)
  },
  'a code by mail': async ({ id: userId, email }) => {
    await must(w.send('post', '/account/tokens/email', { userId: 'unique()', email }, GUEST))
    const secret = codeIn(await newest(email))
    return () => w.send('post', '/account/sessions/token', { userId, secret }, GUEST)
  },
  'a token of the server': async ({ id: userId }) => {
    const { body } = await must(w.send('post', `/users/${userId}/tokens`, {}, ROOT))
    return () => w.send('post', '/account/sessions/token', { userId, secret: body.secret }, GUEST)
  },
  'a verification link': async ({ email, headers }) => {
    await must(w.send('post', '/account/verifications/email', redirect, headers))
    const given = redeemedBy(linkIn(await newest(email)))
    return () => w.send('put', '/account/verifications/email', given, GUEST)
  },
}

/** Makes a change of the account that what was sent before must not survive. */
const CHANGES: Record<string, (person: Person) => Promise<unknown>> = {
  'account.updatePassword': ({ headers }) =>
    w.send(
      'patch',
      '/account/password',
      { password: 'a new horse battery', oldPassword: PASSWORD },
      headers,
    ),
  'users.updatePassword': ({ id }) =>
    w.send('patch', `/users/${id}/password`, { password: 'a new horse battery' }, ROOT),
  'users.updatePassword, none': ({ id }) =>
    w.send('patch', `/users/${id}/password`, { password: '' }, ROOT),
  'account.updateRecovery': async (person) =>
    (await (SECRETS['a recovery link'] ?? none)(person))(),
  'users.updateStatus, off and on': async ({ id }) => {
    for (const status of [false, true])
      await w.send('patch', `/users/${id}/status`, { status }, ROOT)
  },
  'account.updateStatus': async ({ id, headers }) => {
    await must(w.send('patch', '/account/status', {}, headers))
    await w.send('patch', `/users/${id}/status`, { status: true }, ROOT)
  },
  'account.updateEmail': ({ headers }) =>
    w.send('patch', '/account/email', { email: address(), password: PASSWORD }, headers),
  'users.updateEmail, none': ({ id }) => w.send('patch', `/users/${id}/email`, { email: '' }, ROOT),
  'users.updatePhone': ({ id }) => w.send('patch', `/users/${id}/phone`, { number: '' }, ROOT),
}
const none = async (): Promise<Use> => {
  throw new Error('There is no such secret.')
}

let numbers = 0
async function person(): Promise<Person> {
  const phone = `+4930${1000 + ++numbers}`
  const user = await withPassword(w, { phone })
  const { headers } = await w.session(user.id)
  return { id: user.id, email: user.email, headers }
}

describe.each(Object.keys(SECRETS))('%s', (secret) => {
  test('works while nothing changes', async () => {
    const use = await (SECRETS[secret] ?? none)(await person())
    expect((await use()).status).toBeLessThan(300)
  })
  test.each(Object.keys(CHANGES))('is void after %s', async (change) => {
    const somebody = await person()
    const use = await (SECRETS[secret] ?? none)(somebody)
    await CHANGES[change]?.(somebody)
    expect((await use()).status).toBe(401)
  })
})

test.each(['users.updateName', 'account.updatePrefs', 'a sign-in that hashes anew'])(
  'survives %s',
  async (what) => {
    const somebody = await person()
    const use = await (SECRETS['a magic link'] ?? none)(somebody)
    if (what === 'users.updateName') {
      await must(w.send('patch', `/users/${somebody.id}/name`, { name: 'Ada' }, ROOT))
    } else if (what === 'account.updatePrefs') {
      await must(w.send('patch', '/account/prefs', { prefs: { a: 1 } }, somebody.headers))
    } else {
      const old = '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'
      const values = { password: old, hash: 'bcrypt', hashOptions: {} }
      await w.db.update(users).set(values).where(eq(users.id, somebody.id))
      const given = { email: somebody.email, password: 'abc123xyz' }
      await must(w.send('post', '/account/sessions/email', given, GUEST))
    }
    expect((await use()).status).toBe(201)
  },
)

describe('an open invitation', () => {
  async function invited() {
    const somebody = await person()
    const { at, owner } = await founded(w)
    await inviteTo(w, at, owner.headers, { email: somebody.email })
    return { ...somebody, link: readLink(await linkTo(w, somebody.email)) }
  }
  test.each(['users.updatePassword, none', 'users.updateStatus, off and on', 'users.updatePhone'])(
    'is for its user’s own session after %s',
    async (change) => {
      const somebody = await invited()
      await CHANGES[change]?.(somebody)
      const refused: { status: number; body: Json } = await acceptAs(w, somebody.link)
      expect([refused.status, refused.body.type]).toEqual([401, 'team_invalid_secret'])
      const { headers } = await w.session(somebody.id)
      expect((await acceptAs(w, somebody.link, headers)).status).toBe(200)
    },
  )
  test('ends with the address', async () => {
    const somebody = await invited()
    await CHANGES['account.updateEmail']?.(somebody)
    const { headers } = await w.session(somebody.id)
    for (const by of [GUEST, headers]) {
      const { status, body } = await acceptAs(w, somebody.link, by)
      expect([status, body.type]).toEqual([401, 'team_invalid_secret'])
    }
  })
})

test('recovery codes and used secrets stay', async () => {
  const somebody = await person()
  await must(w.send('patch', `/users/${somebody.id}/mfa/recovery-codes`, {}, ROOT))
  const use = await (SECRETS['a code by mail'] ?? none)(somebody)
  await use()
  await CHANGES['users.updatePassword']?.(somebody)
  const left = await w.db
    .select()
    .from(oneTimeSecrets)
    .where(eq(oneTimeSecrets.userId, somebody.id))
  expect(left.map(({ purpose }) => purpose).sort()).toEqual([
    'email',
    ...Array.from({ length: 6 }, () => 'recovery-code'),
  ])
})
