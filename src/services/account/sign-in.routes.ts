import { and, eq, exists, sql } from 'drizzle-orm'
import { z } from 'zod'
import { gather } from '#/db/gather'
import { counters, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { password } from '#/identity/params'
import { hashPassword, needsRehash, verifyPassword } from '#/identity/passwords'
import { sessionModel } from '#/identity/sessions/models'
import { addSignIn } from '#/identity/sessions/sign-in'
import { addUser, checkUserLimit, NO_PASSWORD } from '#/identity/users/new-user'
import { email } from '#/lib/contact/email'
import { randomHex } from '#/lib/secrets'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'

const event = 'users.[userId].sessions.[sessionId].create'

export const createEmailPasswordSession = route(
  {
    name: 'account.createEmailPasswordSession',
    summary: 'Sign in with e-mail address and password',
    description:
      'Opens a session for an e-mail address and its password. For callers who are ' +
      'signed out. An unknown address and a wrong password have the same answer.',
    method: 'post',
    path: '/v1/account/sessions/email',
    aliases: ['/v1/account/sessions'],
    scopes: ['sessions.write'],
    authMethod: 'email-password',
    signedOut: true,
    limit: {
      limit: 10,
      windowSeconds: 3600,
      keys: ['url:{url},email:{param-email}'],
      resetOn: [201],
    },
    event,
    audit: 'session.create',
    input: { body: z.object({ email, password }) },
    status: 201,
    model: sessionModel,
    errors: ['user_blocked', 'user_invalid_credentials'],
  },
  async (c, { email, password }) => {
    const { db, now } = c.var
    const [user] = await db.select().from(users).where(eq(users.email, email))
    // An unknown address costs the same as a wrong password.
    const stored = user?.passwordUpdate ? user : NO_PASSWORD
    const isRight = await verifyPassword(password, stored)
    if (!user || !isRight) throw new ApiError('user_invalid_credentials')
    if (!user.status) throw new ApiError('user_blocked')
    const isSame = and(eq(users.id, user.id), sql`${users.password} is ${user.password}`)
    const mayEnter = db
      .select({ one: sql`1` })
      .from(users)
      .where(and(isSame, eq(users.status, true)))
    const batch = gather(db)
    const start = await addSignIn(
      c,
      batch,
      { userId: user.id, provider: 'email', providerUid: email, factors: ['password'] },
      exists(mayEnter),
    )
    if (needsRehash(user.hash)) {
      const values = touched(users, await hashPassword(password), now)
      batch.add(db.update(users).set(values).where(isSame))
    }
    await batch.run()
    const session = start(user)
    // Deleted, blocked or given another password since the look-up.
    if (!session) throw new ApiError('user_invalid_credentials')
    return session
  },
)

/** Hex characters: 80 random bits, so that no session is opened for somebody else's ID. */
const ANONYMOUS_ID_LENGTH = 20

export const createAnonymousSession = route(
  {
    name: 'account.createAnonymousSession',
    summary: 'Sign in without an account',
    description:
      'Creates a user without any address, and a session for them. For callers who ' +
      'are signed out.',
    method: 'post',
    path: '/v1/account/sessions/anonymous',
    scopes: ['sessions.write'],
    authMethod: 'anonymous',
    signedOut: true,
    limit: { limit: 50, windowSeconds: 3600, keys: ['ip:{ip}'] },
    event: [event, 'users.[userId].create'],
    audit: 'session.create',
    onConsole: 'user_anonymous_console_prohibited',
    input: {},
    status: 201,
    model: sessionModel,
    errors: ['user_anonymous_console_prohibited', 'user_count_exceeded'],
  },
  async (c) => {
    const { db, now } = c.var
    const { policies } = await projectOf(c)
    if (policies.userLimit > 0) {
      const [counter] = await db.select().from(counters).where(eq(counters.name, 'users'))
      await checkUserLimit(c, counter?.count ?? 0)
    }
    const batch = gather(db)
    const userId = randomHex(ANONYMOUS_ID_LENGTH)
    const { stored } = await addUser(c, batch, {
      ...{ userId, accessedAt: now, targets: [] },
      origin: 'claim',
    })
    const signIn = { userId, provider: 'anonymous', factors: ['anonymous'] }
    const start = await addSignIn(c, batch, signIn, sql`true`)
    await batch.run()
    const user = stored()?.user
    const session = user && start(user)
    if (!session) throw new Error('An anonymous user was not stored.')
    return session
  },
)
