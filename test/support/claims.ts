import { and, eq, isNull } from 'drizzle-orm'
import { authenticators, identities, oneTimeSecrets, sessions, targets } from '#/db/schema'
import {
  address,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  messageTo,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  sentTo,
  sessionHeader,
  signIn,
} from '#test/support/account'
import { enrol, recoveryCodes } from '#test/support/mfa'
import { sessionOf, setUpOidc, signInAt, somebody } from '#test/support/oauth2'
import { acceptAs, founded, inviteTo, linkTo, readLink } from '#test/support/teams'
import { type Answer, type Json, NOW, ROOT, type World } from '#test/support/world'

/** Sends a request that must succeed. */
export async function must(answer: Promise<Answer>): Promise<Answer> {
  const given = await answer
  if (given.status >= 400) throw new Error(JSON.stringify(given.body))
  return given
}

/** Somebody's hold on an account that has an address which is not theirs. */
export type Squat = {
  userId: string
  headers: Headers_
  /** How the squatter signs in by password, if at all. */
  password: string | undefined
}

const post = (w: World, path: string, body: Json, headers = GUEST) =>
  must(w.send('post', path, body, headers))

async function signUp(w: World, email: string, headers: Headers_): Promise<Squat> {
  const { body } = await post(
    w,
    '/account',
    { userId: 'unique()', email, password: PASSWORD },
    headers,
  )
  const session = await must(signIn(w, email, PASSWORD, headers))
  return { userId: body.$id, headers: sessionHeader(session), password: PASSWORD }
}

const moveTo = (w: World, email: string, headers: Headers_) =>
  must(w.send('patch', '/account/email', { email, password: PASSWORD }, headers))

async function byPhone(w: World): Promise<Squat> {
  const phone = phoneNumber()
  const { body } = await post(w, '/account/tokens/phone', { userId: 'unique()', phone })
  const secret = codeIn(await messageTo(w, phone))
  const answer = await post(w, '/account/sessions/token', { userId: body.userId, secret })
  return { userId: body.userId, headers: sessionHeader(answer), password: undefined }
}

/** Ways to get hold of an account with somebody else's e-mail address. */
export const SQUATS: Record<string, (w: World, email: string) => Promise<Squat>> = {
  'a sign-up with a password': (w, email) => signUp(w, email, GUEST),
  'a sign-up by a server that acts for a guest': (w, email) => signUp(w, email, ROOT),
  'a guest’s account that takes the address': async (w, email) => {
    const answer = await post(w, '/account/sessions/anonymous', {})
    const headers = sessionHeader(answer)
    await moveTo(w, email, headers)
    return { userId: answer.body.userId, headers, password: PASSWORD }
  },
  'an account with a proven number that takes the address': async (w, email) => {
    const squat = await byPhone(w)
    await moveTo(w, email, squat.headers)
    return { ...squat, password: PASSWORD }
  },
  'an account with a proven address that changes to this one': async (w, email) => {
    const own = address()
    const squat = await signUp(w, own, GUEST)
    await post(w, '/account/verifications/email/otp', {}, squat.headers)
    const secret = codeIn(await messageTo(w, own))
    const given = { userId: squat.userId, secret }
    await must(w.send('put', '/account/verifications/email/otp', given, squat.headers))
    await moveTo(w, email, squat.headers)
    return squat
  },
  'an account of the owner’s that changes to this address': async (w, email) => {
    const own = address()
    const { body } = await post(
      w,
      '/users',
      { userId: 'unique()', email: own, password: PASSWORD },
      ROOT,
    )
    const headers = sessionHeader(await must(signIn(w, own)))
    await moveTo(w, email, headers)
    return { userId: body.$id, headers, password: PASSWORD }
  },
  'a sign-in provider that does not vouch for the address': async (w, email) => {
    await setUpOidc(w)
    const answer = await signInAt(w, somebody({ email, email_verified: false }))
    const headers = sessionOf(answer)
    const { body } = await w.send('get', '/account', undefined, headers)
    return { userId: body.$id, headers, password: undefined }
  },
}

/** Sets all that a session can set on an account. */
export async function furnish(w: World, squat: Squat, moment: Date) {
  const { headers, userId } = squat
  const phone = phoneNumber()
  const { body: account } = await w.send('get', '/account', undefined, headers)
  const password = squat.password ?? PASSWORD
  const hadPhone = account.phone !== ''
  if (!hadPhone) await must(w.send('patch', '/account/phone', { phone, password }, headers))
  await w.db.insert(targets).values({
    ...{ id: crypto.randomUUID(), userId, identifier: phone, providerType: 'sms', expired: false },
    ...{ createdAt: NOW, updatedAt: NOW },
  })
  await w.db.insert(identities).values({
    ...{ id: crypto.randomUUID(), userId, provider: 'github', providerUid: crypto.randomUUID() },
    ...{ providerEmail: '', providerAccessToken: '', providerRefreshToken: '', origin: 'claim' },
    ...{ createdAt: NOW, updatedAt: NOW },
  })
  const pushed = { targetId: 'unique()', identifier: crypto.randomUUID() }
  await must(w.send('post', '/account/targets/push', pushed, headers))
  await post(w, '/account/verifications/email/otp', {}, headers)
  await w.db.delete(oneTimeSecrets).where(eq(oneTimeSecrets.purpose, 'email'))
  const { body } = await must(w.send('post', '/account/jwts', {}, headers))
  await enrol(w, headers, moment)
  await recoveryCodes(w, headers)
  await must(w.send('patch', '/account/mfa', { mfa: true }, headers))
  return { ...squat, password, jwt: body.jwt as string, phone: hadPhone ? account.phone : phone }
}

/** What came of a proof: the header of a session, where it starts one. */
type Proven = { headers: Headers_ | undefined; password?: string }

const redeem = async (w: World, given: Json): Promise<Proven> => ({
  headers: sessionHeader(await post(w, '/account/sessions/token', given)),
})
const NEW_PASSWORD = 'another horse battery'
const redirect = { url: 'http://localhost/' }
const newest = async (w: World, to: string) => {
  const [message] = await sentTo(w, to)
  if (!message) throw new Error(`Nothing was sent to ${to}.`)
  return message
}

/** Ways in which somebody who has no session of the account proves an e-mail address. */
export const PROOFS: Record<string, (w: World, email: string, squat: Squat) => Promise<Proven>> = {
  'a magic link': async (w, email) => {
    await post(w, '/account/tokens/magic-url', { userId: 'unique()', email, ...redirect })
    return redeem(w, redeemedBy(linkIn(await newest(w, email))))
  },
  'a code by mail': async (w, email, { userId }) => {
    await post(w, '/account/tokens/email', { userId: 'unique()', email })
    return redeem(w, { userId, secret: codeIn(await newest(w, email)) })
  },
  'a sign-in provider that vouches for it': async (w, email) => {
    await setUpOidc(w)
    return { headers: sessionOf(await signInAt(w, somebody({ email }))) }
  },
  'an invitation to a team': async (w, email) => {
    const { at, owner } = await founded(w)
    await inviteTo(w, at, owner.headers, { email })
    return { headers: sessionHeader(await must(acceptAs(w, readLink(await linkTo(w, email))))) }
  },
  'a recovery link': async (w, email) => {
    await post(w, '/account/recovery', { email, ...redirect })
    const given = { ...redeemedBy(linkIn(await newest(w, email))), password: NEW_PASSWORD }
    await must(w.send('put', '/account/recovery', given, GUEST))
    return { headers: undefined, password: NEW_PASSWORD }
  },
  'a recovery code': async (w, email, { userId }) => {
    await post(w, '/account/recovery/otp', { email })
    const given = { userId, secret: codeIn(await newest(w, email)), password: NEW_PASSWORD }
    await must(w.send('put', '/account/recovery/otp', given, GUEST))
    return { headers: undefined, password: NEW_PASSWORD }
  },
  'a verification link that the squatter asked for': async (w, email, { headers }) => {
    await post(w, '/account/verifications/email', redirect, headers)
    const given = redeemedBy(linkIn(await newest(w, email)))
    await must(w.send('put', '/account/verifications/email', given, GUEST))
    return { headers: undefined }
  },
}

/** Reads all that opens an account. */
export async function waysIn(w: World, userId: string) {
  const { db } = w
  const [open, linked, enrolled, secrets, reachable] = await Promise.all([
    db.select().from(sessions).where(eq(sessions.userId, userId)),
    db.select().from(identities).where(eq(identities.userId, userId)),
    db.select().from(authenticators).where(eq(authenticators.userId, userId)),
    db
      .select()
      .from(oneTimeSecrets)
      .where(and(eq(oneTimeSecrets.userId, userId), isNull(oneTimeSecrets.usedAt))),
    db.select().from(targets).where(eq(targets.userId, userId)),
  ])
  return {
    sessions: open.length,
    identities: linked.map(({ provider }) => provider),
    factors: enrolled.length,
    secrets: secrets.map(({ purpose }) => purpose),
    targets: reachable.map(({ providerType }) => providerType),
  }
}
