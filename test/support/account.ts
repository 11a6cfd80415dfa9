import { eq } from 'drizzle-orm'
import { type User, users } from '#/db/schema'
import { hashPassword } from '#/identity/passwords'
import { keptMessages } from '#/messaging/mail/outbox-store'
import { type Json, NOW, PROJECT, type World, world } from '#test/support/world'

export type Headers_ = Record<string, string>

export const PASSWORD = 'correct horse battery'
export const WRONG = 'wrong horse battery'

/** A guest: no key, no session. */
export const GUEST: Headers_ = {}

/** Returns an e-mail address that no other test uses. */
export const address = () => `user-${crypto.randomUUID()}@example.com`

let numbers = 0
/** Returns a phone number that no other test of the file uses. */
export const phoneNumber = () => `+49151${String(++numbers).padStart(8, '0')}`

/** Returns a Worker whose messages land in the outbox and whose limits are off. */
export const accountWorld = (
  overrides: Parameters<typeof world>[0] = {},
  clock: Parameters<typeof world>[1] = () => NOW,
) => world({ RATE_LIMITS: 'off', MAIL_OUTBOX: 'on', ...overrides }, clock)

const hashed = hashPassword(PASSWORD)

/** Stores a user who signs in with {@link PASSWORD}. @returns the row, and its e-mail address as text */
export async function withPassword(w: World, fields: Partial<typeof users.$inferInsert> = {}) {
  const email = fields.email ?? address()
  const user = await w.user({ ...(await hashed), passwordUpdate: NOW, ...fields, email })
  return { ...user, email }
}

/** Returns the row of a user as it is now. */
export async function userNow(w: World, id: string): Promise<User> {
  const [user] = await w.db.select().from(users).where(eq(users.id, id))
  if (!user) throw new Error(`There is no user ${id}.`)
  return user
}

/** Returns the messages that went to an address or number, newest first. */
export const sentTo = async (w: World, to: string) =>
  (await keptMessages(w.db)).filter((message) => message.to === to)

/** Returns the one message that went to an address or number. */
export async function messageTo(w: World, to: string) {
  const messages = await sentTo(w, to)
  const [message] = messages
  if (!message || messages.length > 1) throw new Error(`${messages.length} messages to ${to}.`)
  return message
}

/** Returns the six digits of a message. */
export function codeIn({ text }: { text: string }): string {
  const [code] = /\b\d{6}\b/.exec(text) ?? []
  if (code === undefined) throw new Error(`No code in: ${text}`)
  return code
}

/** Returns the link of a message. */
export function linkIn({ text }: { text: string }): URL {
  const [link] = /^\S+:\/\/\S+$/m.exec(text) ?? []
  if (link === undefined) throw new Error(`No link in: ${text}`)
  return new URL(link)
}

/** Returns what a link carries for its redemption. */
export const redeemedBy = (link: URL) => ({
  userId: link.searchParams.get('userId') ?? '',
  secret: link.searchParams.get('secret') ?? '',
})

/** Signs in by password. */
export const signIn = (w: World, email: string, password = PASSWORD, headers = GUEST) =>
  w.send('post', '/account/sessions/email', { email, password }, headers)

/** Signs in by password at another address of the server, or from a country. */
export async function signInAt(
  w: World,
  email: string,
  {
    origin = 'http://localhost',
    headers = {} as Headers_,
    country = undefined as string | undefined,
  },
) {
  const request = new Request(`${origin}/v1/account/sessions/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Appwrite-Project': PROJECT, ...headers },
    body: JSON.stringify({ email, password: PASSWORD }),
    ...(country ? { cf: { country } as CfProperties } : {}),
  })
  const { response, settle } = await w.raw(request)
  const body = await response.json<Json>()
  await settle()
  return { status: response.status, headers: response.headers, body }
}

/** Returns the header that opens a session just made, from its cookie. */
export function sessionHeader({ headers }: { headers: Headers }): Headers_ {
  const cookie = headers.getSetCookie().find((line) => line.startsWith('a_session_edgewrite='))
  const value = /=([^;]*)/.exec(cookie ?? '')?.[1]
  if (!value) throw new Error('No session was made.')
  return { 'X-Appwrite-Session': decodeURIComponent(value) }
}

/**
 * Runs something once, just before the `nth` round trip to D1 from now on. The first of a request reads who
 * it is from.
 */
export function before(w: World, nth: number, run: () => Promise<unknown>) {
  const db = w.env.DB
  const [prepare, batch] = [db.prepare.bind(db), db.batch.bind(db)]
  let count = 0
  const trip = async <T>(go: () => Promise<T>) => {
    if (++count === nth) await run()
    return go()
  }
  const watched = (statement: D1PreparedStatement): D1PreparedStatement => {
    const calls = {
      ...statement, // with what the world's own batch looks for
      bind: (...values: unknown[]) => watched(statement.bind(...values)),
      run: () => trip(() => statement.run()),
      all: () => trip(() => statement.all()),
      raw: () => trip(() => statement.raw()),
      first: () => trip(() => statement.first()),
    }
    return calls as never // Drizzle passes none of the arguments left out
  }
  Object.assign(db, {
    prepare: (query: string) => watched(prepare(query)),
    batch: (statements: D1PreparedStatement[]) => trip(() => batch(statements)),
  })
}
