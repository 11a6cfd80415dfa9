import { and, eq, exists, ne, sql } from 'drizzle-orm'
import { z } from 'zod'
import { gather } from '#/db/gather'
import { sessions, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { characters, described, withDefault } from '#/http/params'
import { accountModel } from '#/identity/models'
import { password } from '#/identity/params'
import { checkOwner, newPassword } from '#/identity/passwords/own-password'
import { checkHistory, checkPersonalData, checkStrength } from '#/identity/passwords/rules'
import { accountOf, selfOf } from '#/identity/users/self'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'

const LONGEST_OLD_PASSWORD = 256

const oldPassword = z
  .string()
  .refine(
    (value) => characters(value) <= LONGEST_OLD_PASSWORD,
    `must have at most ${LONGEST_OLD_PASSWORD} characters`,
  )
  .meta({ wire: { type: 'string', maxLength: LONGEST_OLD_PASSWORD } })

export const updatePassword = route(
  {
    name: 'account.updatePassword',
    summary: "Change the account's password",
    description:
      'Sets the password of the user, who gives the old one if there is one. Open ' +
      "links and codes are void, and all other sessions end if the project's policy " +
      'says so.',
    method: 'patch',
    path: '/v1/account/password',
    scopes: ['account'],
    limit: { limit: 10, windowSeconds: 3600, keys: ['url:{url},ip:{ip}'] },
    event: 'users.[userId].update.password',
    audit: 'user.update',
    input: {
      body: z.object({
        password,
        oldPassword: described(
          withDefault(oldPassword, ''),
          'The present password, of users who have one.',
        ),
      }),
    },
    status: 200,
    model: accountModel,
    errors: ['password_personal_data', 'password_recently_used', 'user_invalid_credentials'],
  },
  async (c, { password, oldPassword }) => {
    const { db, now } = c.var
    const { person, session } = selfOf(c)
    const { user } = person
    await checkStrength(c, password)
    await checkOwner(c, user, oldPassword)
    await checkHistory(c, password, user)
    await checkPersonalData(c, password, user)
    const values = await newPassword(c, user, password)
    const { policies } = await projectOf(c)
    const batch = gather(db)
    const changed = batch.add(
      db
        .update(users)
        .set(touched(users, values, now))
        .where(and(eq(users.id, user.id), sql`${users.password} is ${user.password}`))
        .returning(),
    )
    if (policies.invalidateSessions && session) {
      const isChanged = exists(
        db
          .select({ one: sql`1` })
          .from(users)
          .where(and(eq(users.id, user.id), eq(users.password, values.password))),
      )
      batch.add(
        db
          .delete(sessions)
          .where(and(eq(sessions.userId, user.id), ne(sessions.id, session.id), isChanged)),
      )
    }
    await batch.run()
    const [row] = changed()
    // Somebody else has set another password since the old one was checked.
    if (!row) throw new ApiError('user_invalid_credentials')
    return accountOf(row, person.targets)
  },
)
