import { eq } from 'drizzle-orm'
import { signJwt } from '#/auth/jwt'
import { sessions, users } from '#/db/schema'
import { after, epochSeconds } from '#test/support/clock'
import { PROJECT, type World } from '#test/support/world'

type Signed = Awaited<ReturnType<World['signedIn']>>

/** Ways in which a session comes to count no more. */
export const LOSSES: Record<string, (w: World, me: Signed) => Promise<unknown>> = {
  blocked: (w, { user }) => w.db.update(users).set({ status: false }).where(eq(users.id, user.id)),
  ended: (w, { session }) => w.db.delete(sessions).where(eq(sessions.id, session.id)),
  expired: (w, { session }) =>
    w.db
      .update(sessions)
      .set({ expiresAt: after(-1) })
      .where(eq(sessions.id, session.id)),
  'of a deleted user': (w, { user }) => w.send('delete', `/users/${user.id}`),
  'revoked by the server': (w, { user }) => w.send('delete', `/users/${user.id}/sessions`),
}

/** The value that clients keep of a session. */
export const encoded = ({ headers }: Pick<Signed, 'headers'>) => headers['X-Appwrite-Session'] ?? ''

const NAME = `a_session_${PROJECT}`

/** Prints cookies of our names: `plain` and `legacy`, each with its values in order. */
export const cookie = (plain: readonly string[], legacy: readonly string[] = []) => ({
  Cookie: [
    ...plain.map((value) => `${NAME}=${encodeURIComponent(value)}`),
    ...legacy.map((value) => `${NAME}_legacy=${encodeURIComponent(value)}`),
  ].join('; '),
})

/** Carriers of a session. */
export const CARRIERS: Record<string, (me: Signed, w: World) => Promise<Record<string, string>>> = {
  cookie: async (me) => cookie([encoded(me)]),
  'legacy cookie': async (me) => cookie([], [encoded(me)]),
  'both cookies': async (me) => cookie([encoded(me)], [encoded(me)]),
  header: async (me) => me.headers,
  'fallback header': async (me) => ({
    'X-Fallback-Cookies': JSON.stringify({ [NAME]: encoded(me) }),
  }),
  JWT: async ({ user, session }, w) => {
    const claims = { userId: user.id, sessionId: session.id, exp: epochSeconds() + 60 }
    return { 'X-Appwrite-JWT': await signJwt(claims, w.env.SECRET ?? '') }
  },
}

/** The names of session cookies that an answer clears, and whether it clears the fallback of the SDKs. */
export function clearedBy({ headers }: { headers: Headers }) {
  const gone = headers.getSetCookie().filter((line) => /^[^=]*=;/.test(line))
  return {
    cookies: [...new Set(gone.map((line) => line.split('=')[0]))].sort(),
    fallback: headers.get('x-fallback-cookies') === '[]',
  }
}
export const BOTH = [NAME, `${NAME}_legacy`]
