import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { clearSessionCookies } from '#/auth/session-cookies'
import { users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { recordAction } from '#/events/audit'
import { described, optional } from '#/http/params'
import { accountModel, preferencesModel } from '#/identity/models'
import { password, plainText } from '#/identity/params'
import { hashPassword } from '#/identity/passwords'
import { checkPersonalData, checkStrength } from '#/identity/passwords/rules'
import { unlessLastOwnerAnywhere } from '#/identity/teams/owners'
import {
  checkEmailPolicies,
  checkUserLimit,
  EMAIL_POLICY_ERRORS,
  lookAround,
  storeUser,
} from '#/identity/users/new-user'
import { preferences } from '#/identity/users/preferences'
import { accountOf, goneMeanwhile, selfOf, updateSelf } from '#/identity/users/self'
import { customIdOf, idFor } from '#/ids'
import { email } from '#/lib/contact/email'
import { route } from '#/pipeline/route'

export const create = route(
  {
    name: 'account.create',
    summary: 'Sign up',
    description:
      'Creates a user with e-mail address and password. Guests may call it. The ' +
      'address is unverified, nothing is mailed and no session is opened; until ' +
      'somebody proves the address it is only claimed.',
    method: 'post',
    path: '/v1/account',
    scopes: ['sessions.write'],
    authMethod: 'email-password',
    limit: { limit: 10, windowSeconds: 3600, keys: ['url:{url},ip:{ip}'] },
    event: 'users.[userId].create',
    audit: 'user.create',
    input: {
      body: z.object({
        userId: customIdOf('user'),
        email,
        password,
        name: described(optional(plainText(128)), 'Name of the user.'),
      }),
    },
    status: 201,
    model: accountModel,
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'password_personal_data',
      'user_already_exists',
      'user_count_exceeded',
      ...EMAIL_POLICY_ERRORS,
    ],
  },
  async (c, { userId, email, password, name }) => {
    await checkStrength(c, password)
    const id = idFor(userId, c.var.now)
    const around = await lookAround(c, { userId: id, email })
    await checkUserLimit(c, around.users)
    if (around.identityOwner) throw new ApiError('general_bad_request')
    await checkPersonalData(c, password, { id, email, ...(name ? { name } : {}) })
    await checkEmailPolicies(c, email)
    const stored = await storeUser(c, {
      userId: id,
      email,
      name,
      password: await hashPassword(password),
      accessedAt: c.var.now,
      origin: 'claim',
      targets: ['email'],
    })
    if (!stored) throw new ApiError('user_already_exists')
    c.set('actor', stored.user)
    return accountOf(stored.user, stored.targets)
  },
)

export const get = route(
  {
    name: 'account.get',
    summary: 'Get the account',
    description: 'Returns the account of the user, or of the user who is impersonated.',
    method: 'get',
    path: '/v1/account',
    scopes: ['account'],
    input: {},
    status: 200,
    model: accountModel,
    errors: ['user_not_found'],
  },
  async (c) => {
    const { acting, person } = selfOf(c)
    const impersonatorUserId = acting === person ? null : person.user.id
    return { ...accountOf(acting.user, acting.targets), impersonatorUserId }
  },
)

export const deleteAccount = route(
  {
    name: 'account.delete',
    summary: 'Delete the account',
    description:
      'Deletes the account of the user with everything that belongs to it. ID and ' +
      'addresses are free at once.',
    method: 'delete',
    path: '/v1/account',
    scopes: ['account'],
    input: {},
    status: 204,
    errors: ['user_deletion_prohibited', 'user_not_found'],
  },
  async (c) => {
    const { acting, person } = selfOf(c)
    const { db } = c.var
    const stays = eq(users.id, acting.user.id)
    const mayGo = await unlessLastOwnerAnywhere(c, acting)
    const [[gone], [left]] = await db.batch([
      db.delete(users).where(and(stays, mayGo)).returning({ id: users.id }),
      db.select({ id: users.id }).from(users).where(stays),
    ])
    if (!gone) throw new ApiError(left ? 'user_deletion_prohibited' : 'user_not_found')
    // A user's log goes with the user; only an impersonator has one left to write to.
    if (acting !== person) recordAction(c, 'user.delete')
    return undefined
  },
)

export const getPrefs = route(
  {
    name: 'account.getPrefs',
    summary: "Get the account's preferences",
    description: 'Returns the preferences of the user.',
    method: 'get',
    path: '/v1/account/prefs',
    scopes: ['account'],
    input: {},
    status: 200,
    model: preferencesModel,
    errors: [],
  },
  async (c) => selfOf(c).person.user.prefs,
)

export const updatePrefs = route(
  {
    name: 'account.updatePrefs',
    summary: "Replace the account's preferences",
    description: 'Replaces the preferences of the user as a whole and returns the account.',
    method: 'patch',
    path: '/v1/account/prefs',
    scopes: ['account'],
    event: 'users.[userId].update.prefs',
    input: { body: z.object({ prefs: preferences }) },
    status: 200,
    model: accountModel,
    errors: [],
  },
  async (c, { prefs }) => updateSelf(c, { prefs }),
)

export const updateName = route(
  {
    name: 'account.updateName',
    summary: "Change the account's name",
    description: 'Changes the name of the user.',
    method: 'patch',
    path: '/v1/account/name',
    scopes: ['account'],
    event: 'users.[userId].update.name',
    audit: 'user.update',
    input: { body: z.object({ name: described(plainText(128), 'New name.') }) },
    status: 200,
    model: accountModel,
    errors: [],
  },
  async (c, { name }) => updateSelf(c, { name }),
)

export const updateStatus = route(
  {
    name: 'account.updateStatus',
    summary: 'Block the account',
    description:
      'Blocks the account of the user, who cannot undo it: an API key can. Session ' +
      'cookies are cleared, and sessions open nothing from then on.',
    method: 'patch',
    path: '/v1/account/status',
    scopes: ['account'],
    event: 'users.[userId].update.status',
    audit: 'user.update',
    input: {},
    status: 200,
    model: accountModel,
    errors: ['user_deletion_prohibited'],
  },
  async (c) => {
    const { db, now } = c.var
    const { person } = selfOf(c)
    const stays = eq(users.id, person.user.id)
    const mayGo = await unlessLastOwnerAnywhere(c, person)
    const [[blocked], [left]] = await db.batch([
      db
        .update(users)
        .set(touched(users, { status: false }, now))
        .where(and(stays, mayGo))
        .returning(),
      db.select({ id: users.id }).from(users).where(stays),
    ])
    if (!blocked) throw left ? new ApiError('user_deletion_prohibited') : goneMeanwhile()
    clearSessionCookies(c)
    return accountOf(blocked, person.targets)
  },
)
