import type { Context } from 'hono'
import { z } from 'zod'
import { gather } from '#/db/gather'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { accountModel } from '#/identity/models'
import { password } from '#/identity/params'
import { checkOwner, firstPassword } from '#/identity/passwords/own-password'
import { type AddressKind, addRivals, changeAddress } from '#/identity/users/addresses'
import { checkEmailPolicies, EMAIL_POLICY_ERRORS } from '#/identity/users/new-user'
import { ownOrigin } from '#/identity/users/origins'
import { accountOf, selfOf } from '#/identity/users/self'
import { email } from '#/lib/contact/email'
import { phone } from '#/lib/contact/phone'
import { route } from '#/pipeline/route'

/** Finds what else has an address, in one round trip. */
async function rivalsOf(c: Context<AppEnv>, kind: AddressKind, address: string) {
  const batch = gather(c.var.db)
  const rivals = addRivals(c, batch, selfOf(c).person.user.id, kind, address)
  await batch.run()
  return rivals()
}

/**
 * Sets another address for whoever is signed in; the password sent becomes the user's own if it is the first.
 * @returns undefined when the address is taken, or the user's own has changed meanwhile
 */
async function moveTo(c: Context<AppEnv>, kind: AddressKind, address: string, password: string) {
  const { user } = selfOf(c).person
  const values = await firstPassword(c, user, password)
  const row = await changeAddress(c, user, {
    ...{ kind, address, values, createsTarget: false },
    // Nobody but the mailbox speaks for an e-mail address; a phone number is an addition to a proven account.
    origin: kind === 'email' ? 'claim' : ownOrigin(),
  })
  return row && accountOf(row.user, row.targets)
}

/** @throws `general_bad_request`, `user_target_already_exists`, and as {@link checkEmailPolicies} */
async function refuseTakenEmail(c: Context<AppEnv>, email: string) {
  const { identity, target } = await rivalsOf(c, 'email', email)
  if (identity) throw new ApiError('general_bad_request')
  await checkEmailPolicies(c, email)
  if (target) throw new ApiError('user_target_already_exists')
}

export const updateEmail = route(
  {
    name: 'account.updateEmail',
    summary: "Change the account's e-mail address",
    description:
      'Changes the e-mail address of the user, which is then unverified. Whoever has ' +
      'a password gives it; for an anonymous account the one given becomes the first. ' +
      'Unlike with Appwrite, the present address is accepted.',
    method: 'patch',
    path: '/v1/account/email',
    scopes: ['account'],
    event: 'users.[userId].update.email',
    audit: 'user.update',
    input: { body: z.object({ email, password }) },
    status: 200,
    model: accountModel,
    errors: [
      'general_bad_request',
      'general_invalid_email',
      ...EMAIL_POLICY_ERRORS,
      'user_invalid_credentials',
      'user_target_already_exists',
    ],
  },
  async (c, { email, password }) => {
    const { user } = selfOf(c).person
    await checkOwner(c, user, password)
    if (email !== user.email) await refuseTakenEmail(c, email)
    const account = await moveTo(c, 'email', email, password)
    if (!account) throw new ApiError('general_bad_request')
    return account
  },
)

export const updatePhone = route(
  {
    name: 'account.updatePhone',
    summary: "Change the account's phone number",
    description:
      'Changes the phone number of the user, which is then unverified. Whoever has a ' +
      'password gives it; for an account without one the one given becomes the first.',
    method: 'patch',
    path: '/v1/account/phone',
    scopes: ['account'],
    event: 'users.[userId].update.phone',
    audit: 'user.update',
    input: { body: z.object({ phone, password }) },
    status: 200,
    model: accountModel,
    errors: ['user_invalid_credentials', 'user_phone_already_exists', 'user_target_already_exists'],
  },
  async (c, { phone, password }) => {
    const { user } = selfOf(c).person
    await checkOwner(c, user, password)
    if (phone !== user.phone) {
      const { target } = await rivalsOf(c, 'phone', phone)
      if (target) throw new ApiError('user_target_already_exists')
    }
    const account = await moveTo(c, 'phone', phone, password)
    if (!account) throw new ApiError('user_phone_already_exists')
    return account
  },
)
