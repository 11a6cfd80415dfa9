import { desc, eq } from 'drizzle-orm'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { vi } from 'vitest'
import { oneTimeSecrets, sessions, users } from '#/db/schema'
import { after, MINUTE, NOW } from '#test/support/clock'
import type { Emits, Scene } from '#test/support/events/ask'
import { network, setUp, setUpOidc, signInAt, somebody } from '#test/support/oauth2'

async function userOf(s: Scene, email: string) {
  const [user] = await s.db.select().from(users).where(eq(users.email, email))
  if (!user) throw new Error(`Nobody has ${email}.`)
  return user
}

const signsUp =
  (kind: 'sessions' | 'tokens'): Emits =>
  async (s) => {
    await setUpOidc(s)
    const person = somebody()
    s.take()
    const { location } = await signInAt(s, person, { kind })
    if (location.pathname !== '/ok') throw new Error(location.href)
    const { id, email } = await userOf(s, person.email)
    const isToken = kind === 'tokens'
    const table = isToken ? oneTimeSecrets : sessions
    const [row] = await s.db
      .select({ id: table.id })
      .from(table)
      .where(eq(table.userId, id))
      .orderBy(desc(table.sequence))
    const payload = { $id: row?.id, userId: id, secret: '' }
    return [
      [`users.${id}.create`, { $id: id, email, targets: [] }],
      [
        `users.${id}.${kind}.${row?.id}.create`,
        isToken ? payload : { ...payload, provider: 'oidc', providerAccessToken: 'access' },
      ],
    ]
  }

/** What sign-ins through providers tell. */
export const OAUTH2: Record<string, Emits> = {
  'account.oauth2Redirect with cookies': signsUp('sessions'),
  'account.oauth2Redirect with a token': signsUp('tokens'),
  'account.createIdTokenSession': async (s) => {
    await setUp(s, 'google', { clientId: 'web-client', clientSecret: 's' })
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
    const person = somebody()
    const idToken = await new SignJWT(person)
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer('https://accounts.google.com')
      .setAudience('web-client')
      .setIssuedAt(NOW)
      .setExpirationTime(after(5 * MINUTE))
      .sign(privateKey)
    network({ 'GET https://www.googleapis.com/oauth2/v3/certs': () => ({ body: { keys: [key] } }) })
    const given = { provider: 'google', idToken }
    const { body } = await s.ask('post', '/account/sessions/id-token', given, {})
    vi.restoreAllMocks()
    return [
      [`users.${body.userId}.create`, { $id: body.userId, email: person.email, targets: [] }],
      [`users.${body.userId}.sessions.${body.$id}.create`, body],
    ]
  },
}
