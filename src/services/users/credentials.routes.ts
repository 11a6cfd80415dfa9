import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { gather } from '#/db/gather'
import { sessions, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { type UserRow, userModel } from '#/identity/models'
import { inUser, password } from '#/identity/params'
import { hashPassword } from '#/identity/passwords'
import {
  checkHistory,
  checkPersonalData,
  checkStrength,
  historyWith,
} from '#/identity/passwords/rules'
import { targetsOf } from '#/identity/sessions/sessions'
import { type AddressKind, addRivals, changeAddress, type Rivals } from '#/identity/users/addresses'
import { checkEmailPolicies, EMAIL_POLICY_ERRORS } from '#/identity/users/new-user'
import { changeUser, userById } from '#/identity/users/open'
import { email } from '#/lib/contact/email'
import { phone } from '#/lib/contact/phone'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

const TAKEN = {
  email: 'user_email_already_exists',
  phone: 'user_phone_already_exists',
} as const

/** How often a change starts anew because the address changed between reading and writing. */
const MOST_ATTEMPTS = 5

/** Refuses an address that cannot be a user's, in the contract's order. Throws as {@link replaceAddress}. */
async function refuseTaken(c: Ctx, kind: AddressKind, address: string, taken: Rivals) {
  if (taken.identity) throw new ApiError(TAKEN[kind])
  if (taken.target) throw new ApiError('user_target_already_exists')
  if (kind === 'email') await checkEmailPolicies(c, address)
  if (taken.user) throw new ApiError(TAKEN[kind])
}

/**
 * Changes an address of a user, in two round trips unless somebody else changes it at the same time.
 * @param address in lower case; '' takes it away
 * @throws `user_not_found`, `user_target_already_exists`, `user_email_already_exists`,
 * `user_phone_already_exists`, and as `checkEmailPolicies`
 */
async function replaceAddress(
  c: Ctx,
  userId: string,
  kind: AddressKind,
  address: string,
): Promise<UserRow> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const batch = gather(c.var.db)
    const found = batch.add(userById(c.var.db, userId))
    const rivals = address === '' ? undefined : addRivals(c, batch, userId, kind, address)
    await batch.run()
    const [user] = found()
    if (!user) throw new ApiError('user_not_found')
    if (rivals && user[kind] !== address) await refuseTaken(c, kind, address, rivals())
    const changed = await changeAddress(c, user, {
      ...{ kind, address, createsTarget: true },
      origin: 'owner',
    })
    if (changed) return changed
  }
  throw new ApiError(TAKEN[kind])
}

const noAddress = z.literal('')

export const updateEmail = route(
  {
    name: 'users.updateEmail',
    summary: "Change a user's e-mail address",
    description:
      'Sets or removes the e-mail address of a user, which is then unverified. API ' +
      'keys only. Links and codes that are open are void; sessions stay.',
    method: 'patch',
    path: '/v1/users/:userId/email',
    scopes: ['users.write'],
    event: 'users.[userId].update.email',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        email: z.union([noAddress, email], "must be an e-mail address or ''").meta({
          wire: { type: 'string', anyOf: [{ format: 'email' }, { const: '' }] },
          description: "New e-mail address, or '' to remove it.",
        }),
      }),
    },
    status: 200,
    model: userModel,
    errors: [
      'user_email_already_exists',
      ...EMAIL_POLICY_ERRORS,
      'user_not_found',
      'user_target_already_exists',
    ],
  },
  (c, { userId, email: address }) => replaceAddress(c, userId, 'email', address),
)

export const updatePhone = route(
  {
    name: 'users.updatePhone',
    summary: "Change a user's phone number",
    description:
      'Sets or removes the phone number of a user, which is then unverified. API keys ' +
      'only. Links and codes that are open are void; sessions stay.',
    method: 'patch',
    path: '/v1/users/:userId/phone',
    scopes: ['users.write'],
    event: 'users.[userId].update.phone',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        number: z.union([noAddress, phone], "must be a phone number or ''").meta({
          wire: { type: 'string', pattern: '^$|^\\+[1-9]\\d{6,14}$' },
          description: "New phone number, or '' to remove it.",
        }),
      }),
    },
    status: 200,
    model: userModel,
    errors: ['user_not_found', 'user_phone_already_exists', 'user_target_already_exists'],
  },
  (c, { userId, number }) => replaceAddress(c, userId, 'phone', number),
)

export const updatePassword = route(
  {
    name: 'users.updatePassword',
    summary: "Change a user's password",
    description:
      'Sets or removes the password of a user. API keys only. Links and codes that ' +
      "are open are void, and all sessions end if the project's policy says so.",
    method: 'patch',
    path: '/v1/users/:userId/password',
    scopes: ['users.write'],
    event: 'users.[userId].update.password',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        password: z.union([z.literal(''), password], 'must have 8 to 256 bytes, or none').meta({
          wire: { type: 'string', anyOf: [{ minLength: 8, maxLength: 256 }, { const: '' }] },
          description: "New password in plain text, or '' to remove it.",
        }),
      }),
    },
    status: 200,
    model: userModel,
    errors: ['password_personal_data', 'password_recently_used', 'user_not_found'],
  },
  async (c, { userId, password: plain }) => {
    if (plain !== '') await checkStrength(c, plain)
    const [user] = await userById(c.var.db, userId)
    if (!user) throw new ApiError('user_not_found')
    await checkPersonalData(c, plain, user)
    if (plain === '')
      return changeUser(c, userId, {
        ...{ password: '', passwordUpdate: c.var.now },
        passwordOrigin: 'owner',
      })
    await checkHistory(c, plain, user)
    const stored = await hashPassword(plain)
    return replacePassword(c, userId, {
      ...stored,
      passwordHistory: await historyWith(c, stored.password, user),
    })
  },
)

/** Stores a new password, and ends the user's sessions where the owner wants that, in one round trip. */
async function replacePassword(
  c: Ctx,
  userId: string,
  values: Partial<typeof users.$inferInsert>,
): Promise<UserRow> {
  const { db, now } = c.var
  const { policies } = await projectOf(c)
  const batch = gather(db)
  const changed = batch.add(
    db
      .update(users)
      .set(touched(users, { ...values, passwordUpdate: now, passwordOrigin: 'owner' }, now))
      .where(eq(users.id, userId))
      .returning(),
  )
  if (policies.invalidateSessions) batch.add(db.delete(sessions).where(eq(sessions.userId, userId)))
  const reachable = batch.add(targetsOf(c, userId))
  await batch.run()
  const [user] = changed()
  if (!user) throw new ApiError('user_not_found')
  return { user, targets: reachable() }
}
