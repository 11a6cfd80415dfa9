import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { vi } from 'vitest'
import { authenticators } from '#/db/schema'
import {
  address,
  codeIn,
  GUEST,
  type Headers_,
  linkIn,
  PASSWORD,
  phoneNumber,
  redeemedBy,
  sentTo,
  sessionHeader,
  withPassword,
} from '#test/support/account'
import { must } from '#test/support/claims'
import { epochSeconds } from '#test/support/clock'
import { identity, network, setUp, setUpOidc, signInAt } from '#test/support/oauth2'
import { acceptAs, founded, inviteTo, linkTo, readLink } from '#test/support/teams'
import { type Answer, NOW, ROOT, type World } from '#test/support/world'

/** Somebody who wants in. `sub` is who they are at the provider. */
export type Person = { id: string; email: string; phone: string; sub: string }

/** What a sign-in comes to: what opens the account, or the type of the refusal. */
export type Entry = { session: Headers_ } | { refused: string }

const pair = await generateKeyPair('RS256', { extractable: true })
const keySet = {
  keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }],
}

/** Sets up the providers that {@link WAYS} sign in at. */
export async function setUpProviders(w: World) {
  await setUpOidc(w)
  await setUp(w, 'google', { clientId: 'web-client', clientSecret: 's' })
}

const entryOf = (answer: Answer): Entry =>
  answer.status < 400 ? { session: sessionHeader(answer) } : { refused: answer.body.type }
const newest = async (w: World, to: string) => (await sentTo(w, to))[0] ?? { text: '' }

/** Asks for a secret, and exchanges it for a session. */
async function bySecret(
  w: World,
  sent: Headers_,
  path: string,
  body: object,
  read: (userId: string) => Promise<{ userId: string; secret: string }>,
): Promise<Entry> {
  const asked = await w.send('post', path, body, sent)
  if (asked.status >= 400) return { refused: asked.body.type }
  const given = await read(asked.body.userId)
  return entryOf(await w.send('post', '/account/sessions/token', given, sent))
}

/** Signs in at the provider `oidc`, where somebody's address is verified. */
async function atProvider(
  w: World,
  { sub, email }: Person,
  sent: Headers_,
  kind: 'sessions' | 'tokens',
) {
  const person = { sub, email, email_verified: true, name: 'Some Body' }
  const answer = await signInAt(w, person, { kind, headers: sent })
  if (answer.error) return { refused: String(answer.error.type) }
  if (kind === 'sessions') return entryOf(answer)
  // The app, where nobody is signed in: the other session is in the browser that went to the provider.
  const given = Object.fromEntries(answer.location.searchParams)
  return entryOf(await w.send('post', '/account/sessions/token', given, GUEST))
}

async function byIdToken(w: World, { sub, email }: Person, sent: Headers_): Promise<Entry> {
  network({ 'GET https://www.googleapis.com/oauth2/v3/certs': () => ({ body: keySet }) })
  const idToken = await new SignJWT({ sub, email, email_verified: true, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer('https://accounts.google.com')
    .setAudience('web-client')
    .setIssuedAt(epochSeconds())
    .setExpirationTime(epochSeconds() + 300)
    .sign(pair.privateKey)
  const answer = await w.send(
    'post',
    '/account/sessions/id-token',
    { provider: 'google', idToken },
    sent,
  )
  vi.restoreAllMocks()
  return entryOf(answer)
}

async function byInvitation(w: World, { email }: Person, sent: Headers_): Promise<Entry> {
  const { at, owner } = await founded(w)
  const invited = await inviteTo(w, at, owner.headers, { email })
  if (invited.status >= 400) return { refused: invited.body.type }
  const answer = await acceptAs(w, readLink(await linkTo(w, email)), sent)
  return entryOf(answer)
}

type Way = (w: World, person: Person, sent: Headers_) => Promise<Entry>

/** Every way to sign in, by the words of the contract. `sent` carries the session of somebody else, or nothing. */
export const WAYS: Record<string, Way> = {
  'password (4.1)': async (w, { email }, sent) =>
    entryOf(await w.send('post', '/account/sessions/email', { email, password: PASSWORD }, sent)),
  'anonymous (4.2)': async (w, _, sent) =>
    entryOf(await w.send('post', '/account/sessions/anonymous', {}, sent)),
  'magic link (5)': (w, { email }, sent) =>
    bySecret(w, sent, '/account/tokens/magic-url', { userId: 'unique()', email }, async () =>
      redeemedBy(linkIn(await newest(w, email))),
    ),
  'e-mail code (5)': (w, { email }, sent) =>
    bySecret(w, sent, '/account/tokens/email', { userId: 'unique()', email }, async (userId) => ({
      userId,
      secret: codeIn(await newest(w, email)),
    })),
  'phone code (5)': (w, { phone }, sent) =>
    bySecret(w, sent, '/account/tokens/phone', { userId: 'unique()', phone }, async (userId) => ({
      userId,
      secret: codeIn(await newest(w, phone)),
    })),
  'provider, session (11)': (w, person, sent) => atProvider(w, person, sent, 'sessions'),
  'provider, token (11)': (w, person, sent) => atProvider(w, person, sent, 'tokens'),
  'ID token (11.4)': byIdToken,
  'invitation by mail ([teams.md](teams.md))': byInvitation,
  'token of a server ([users.md](users.md))': async (w, { id: userId }, sent) => {
    const { status, body } = await w.send('post', `/users/${userId}/tokens`, {}, ROOT)
    if (status >= 400) return { refused: body.type }
    const given = { userId, secret: body.secret }
    return entryOf(await w.send('post', '/account/sessions/token', given, sent))
  },
  'session of a server': async (w, { id }) => {
    const { status, body } = await w.send('post', `/users/${id}/sessions`, {}, ROOT)
    return status >= 400
      ? { refused: body.type }
      : { session: { 'X-Appwrite-Session': body.secret } }
  },
  'JWT of a server': async (w, { id }) => {
    const { status, body } = await w.send('post', `/users/${id}/jwts`, {}, ROOT)
    return status >= 400 ? { refused: body.type } : { session: { 'X-Appwrite-JWT': body.jwt } }
  },
}

const VERIFIED = { emailVerification: true, phoneVerification: true }

/** Stores somebody who has a password, a number and accounts at the providers. */
async function stored(w: World, fields: object): Promise<Person> {
  const [phone, sub] = [phoneNumber(), `sub-${crypto.randomUUID()}`]
  const { id, email } = await withPassword(w, { phone, ...fields })
  for (const provider of ['oidc', 'google'])
    await identity(w, id, { provider, providerUid: sub, providerEmail: email })
  return { id, email, phone, sub }
}

async function withTotp(w: World, person: Person) {
  await w.db.insert(authenticators).values({
    id: crypto.randomUUID(),
    userId: person.id,
    type: 'totp',
    verified: true,
    secret: '',
    lastStep: 0,
    createdAt: NOW,
    updatedAt: NOW,
  })
  return person
}

/** Every state of somebody who wants in. */
export const STATES: Record<string, (w: World) => Promise<Person>> = {
  new: async () => ({
    id: crypto.randomUUID(),
    email: address(),
    phone: phoneNumber(),
    sub: `sub-${crypto.randomUUID()}`,
  }),
  verified: (w) => stored(w, VERIFIED),
  unverified: (w) => stored(w, {}),
  blocked: (w) => stored(w, { ...VERIFIED, status: false }),
  'reset pending': async (w) => {
    const person = await stored(w, VERIFIED)
    const given = { email: person.email, url: 'http://localhost/' }
    await must(w.send('post', '/account/recovery', given, GUEST))
    return person
  },
  'MFA, no factor': (w) => stored(w, { mfa: true }),
  'MFA, one: e-mail': (w) => stored(w, { emailVerification: true, mfa: true }),
  'MFA, two: e-mail, TOTP': async (w) =>
    withTotp(w, await stored(w, { emailVerification: true, mfa: true })),
  'somebody else signed in': (w) => stored(w, VERIFIED),
  deleted: async (w) => {
    const person = await stored(w, VERIFIED)
    await must(w.send('delete', `/users/${person.id}`, undefined, ROOT))
    return person
  },
}
