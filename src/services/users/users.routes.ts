import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { nested } from '#/db/nested'
import { type Target, targets, type User, users } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listRows, searchIn } from '#/http/list'
import { described, listParams, optional } from '#/http/params'
import { userListModel, userModel } from '#/identity/models'
import { inUser, password, plainText } from '#/identity/params'
import { hashPassword } from '#/identity/passwords'
import { checkStrength } from '#/identity/passwords/rules'
import { MOST_LISTED, targetsOf } from '#/identity/sessions/sessions'
import { CREATE_ERRORS, createUser } from '#/identity/users/create'
import { openUser } from '#/identity/users/open'
import { customIdOf } from '#/ids'
import { email } from '#/lib/contact/email'
import { phone } from '#/lib/contact/phone'
import { route } from '#/pipeline/route'

export const create = route(
  {
    name: 'users.create',
    summary: 'Create a user',
    description:
      'Creates a user, of whom only the ID has to be known. API keys only. Neither a ' +
      'session is made nor a message sent, and the limit of users does not apply.',
    method: 'post',
    path: '/v1/users',
    scopes: ['users.write'],
    event: 'users.[userId].create',
    audit: 'user.create',
    input: {
      body: z.object({
        userId: customIdOf('user'),
        email: optional(email),
        phone: optional(phone),
        password: described(
          password.nullish(),
          'Password in plain text, which is stored as a hash.',
        ),
        name: described(optional(plainText(128)), 'Name of the user.'),
      }),
    },
    status: 201,
    model: userModel,
    errors: CREATE_ERRORS,
  },
  async (c, { password: plain, ...given }) => {
    if (plain) await checkStrength(c, plain)
    // A null is no password, but a rule on personal data refuses it, unlike one left out.
    const shown = plain === null ? '' : plain
    return createUser(c, given, shown, plain ? () => hashPassword(plain) : undefined)
  },
)

/** Attributes that lists of users filter and sort by (docs/contract/queries.md §8). */
const ATTRIBUTES = {
  name: 'string',
  email: 'email',
  phone: 'string',
  status: 'boolean',
  labels: 'string[]',
  passwordUpdate: 'datetime',
  registration: 'datetime',
  emailVerification: 'boolean',
  phoneVerification: 'boolean',
  accessedAt: 'datetime',
  impersonator: 'boolean',
} as const

const targetsOfRow = nested(
  targets,
  sql`where ${targets.userId} = ${users.id} order by ${targets.sequence} limit ${MOST_LISTED}`,
  'targets',
)

export const list = route(
  {
    name: 'users.list',
    summary: 'List users',
    description:
      'Lists users with their targets. API keys and impersonators only; password ' +
      'hashes are shown to API keys alone. The search looks at IDs, names, addresses ' +
      'and labels.',
    method: 'get',
    path: '/v1/users',
    scopes: ['users.read'],
    input: { query: z.object(listParams) },
    status: 200,
    model: userListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  async (c, params) => {
    const { total, rows } = await listRows<User & { targets: Target[] }>(c, params, {
      table: users,
      attributes: ATTRIBUTES,
      extra: { targets: targetsOfRow },
      search: (term, bounds) => searchIn(users.sequence, 'users_search', term, undefined, bounds),
      counter: sql`'users'`,
    })
    return { total, rows: rows.map(({ targets, ...user }) => ({ user, targets })) }
  },
)

export const get = route(
  {
    name: 'users.get',
    summary: 'Get a user',
    description:
      'Returns a user with their targets. API keys and impersonators only; the ' +
      'password hash is shown to API keys alone.',
    method: 'get',
    path: '/v1/users/:userId',
    scopes: ['users.read'],
    input: { param: inUser },
    status: 200,
    model: userModel,
    errors: ['user_not_found'],
  },
  (c, { userId }) => openUser(c, userId),
)

export const deleteUser = route(
  {
    name: 'users.delete',
    summary: 'Delete a user',
    description:
      'Deletes a user with their sessions, targets, identities, memberships and ' +
      'activity log. API keys only. ID and addresses are free at once.',
    method: 'delete',
    path: '/v1/users/:userId',
    scopes: ['users.write'],
    event: 'users.[userId].delete',
    audit: 'user.delete',
    input: { param: inUser },
    status: 204,
    errors: ['user_not_found'],
  },
  async (c, { userId }) => {
    // Triggers delete in the same statement all that the user has, and repair the totals of teams.
    const { db } = c.var
    const [targets, [gone]] = await db.batch([
      targetsOf(c, userId),
      db.delete(users).where(eq(users.id, userId)).returning(),
    ])
    if (!gone) throw new ApiError('user_not_found')
    tell(c, { payload: (view) => userModel.wire({ user: gone, targets }, view) })
    return undefined
  },
)
