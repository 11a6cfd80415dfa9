import type { Context } from 'hono'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { UserRow } from '#/identity/models'
import { checkPersonalData } from '#/identity/passwords/rules'
import {
  checkEmailPolicies,
  EMAIL_POLICY_ERRORS,
  lookAround,
  type NewUser,
  type StoredPassword,
  storeUser,
} from '#/identity/users/new-user'
import { idFor } from '#/ids'

/** What {@link createUser} refuses a user with. */
export const CREATE_ERRORS = [
  'password_personal_data',
  'user_already_exists',
  'user_email_already_exists',
  ...EMAIL_POLICY_ERRORS,
] as const

/**
 * Makes a user for a server, in two round trips (docs/contract/users.md §4.2).
 * @param shown the password, or the hash, as sent; undefined where there is none
 * @param stored makes what is stored of it, once nothing else refuses the user
 * @throws `user_email_already_exists` for an e-mail address that somebody has at a sign-in provider
 * @throws `password_personal_data`, and as {@link checkEmailPolicies}
 * @throws `user_already_exists` when the ID, e-mail address or phone number is taken
 */
export async function createUser(
  c: Context<AppEnv>,
  given: Pick<NewUser, 'userId' | 'email' | 'phone' | 'name'>,
  shown: string | undefined,
  stored: (() => Promise<StoredPassword>) | undefined,
): Promise<UserRow> {
  const { email, phone, name = '' } = given
  const id = idFor(given.userId, c.var.now)
  const { identityOwner } = await lookAround(c, { userId: id, email })
  if (identityOwner) throw new ApiError('user_email_already_exists')
  if (shown !== undefined) {
    await checkPersonalData(c, shown, { id, name, email: email ?? null, phone: phone ?? null })
  }
  if (email) await checkEmailPolicies(c, email)
  const user = await storeUser(c, {
    ...{ userId: id, email, phone, name, origin: 'owner' },
    ...(stored ? { password: await stored() } : {}),
    targets: ['email', 'sms'],
  })
  if (!user) throw new ApiError('user_already_exists')
  return user
}
