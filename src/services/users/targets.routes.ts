import { and, eq, exists, ne, not, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Target, targets } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listStatements, pageOf } from '#/http/list'
import { described, listParams, optional } from '#/http/params'
import { targetListModel, targetModel } from '#/identity/models'
import { inUser, plainText } from '#/identity/params'
import { userExists } from '#/identity/users/open'
import { customIdOf, idFor, uid, uidOf } from '#/ids'
import { email } from '#/lib/contact/email'
import { isPhone } from '#/lib/contact/phone'
import { route } from '#/pipeline/route'

const PATH = '/v1/users/:userId/targets'
const TYPES = ['email', 'sms', 'push'] as const

const inTarget = inUser.extend({ targetId: uidOf('target') })

/** Which targets of a user a path names. */
const ofPath = ({ userId, targetId }: { userId: string; targetId: string }) =>
  and(eq(targets.id, targetId), eq(targets.userId, userId))

/**
 * Returns what a target of a type is stored under: an e-mail address in its normal form, anything else as given.
 * @throws `general_invalid_email`, `general_invalid_phone` for what messages of the type cannot be sent to
 */
function identifierOf(type: Target['providerType'], identifier: string): string {
  switch (type) {
    case 'email': {
      const { data } = email.safeParse(identifier)
      if (data === undefined) throw new ApiError('general_invalid_email')
      return data
    }
    case 'sms':
      if (!isPhone(identifier)) throw new ApiError('general_invalid_phone')
      return identifier
    case 'push':
      return identifier
  }
}

/** Accepts a type in any case: which are refused for it is told later (docs/contract/users.md §8.2). */
const providerType = z
  .string()
  .refine(
    (given) => TYPES.some((type) => type === given.toLowerCase()),
    'must be email, sms or push',
  )
  .meta({
    wire: { type: 'string', enum: [...TYPES], 'x-case-insensitive': true },
    description: 'What the identifier is.',
  })

export const createTarget = route(
  {
    name: 'users.createTarget',
    summary: 'Create a target for a user',
    description:
      'Creates an address that messages can be sent to, beside those of the user ' +
      'itself. API keys only. An identifier is a target once in the project.',
    method: 'post',
    path: PATH,
    scopes: ['users.write'],
    event: 'users.[userId].targets.[targetId].create',
    audit: 'target.create',
    input: {
      param: inUser,
      body: z.object({
        targetId: customIdOf('target'),
        providerType,
        identifier: described(plainText(255), 'E-mail address, phone number or push token.'),
        providerId: described(
          optional(uid),
          'ID of a provider of messages; there are none here, so it is dropped.',
        ),
        name: described(optional(plainText(128)), 'Name of the target.'),
      }),
    },
    status: 201,
    model: targetModel,
    errors: [
      'general_invalid_email',
      'general_invalid_phone',
      'provider_incorrect_type',
      'user_not_found',
      'user_target_already_exists',
    ],
  },
  async (c, { userId, targetId, providerType: given, identifier: address, name }) => {
    const { db, now } = c.var
    const type = TYPES.find((known) => known === given)
    if (!type) throw new ApiError('provider_incorrect_type')
    const identifier = identifierOf(type, address)
    const row: typeof targets.$inferInsert = {
      ...{ id: idFor(targetId, now), userId, providerType: type, identifier, name: name ?? null },
      providerId: null, // there are no providers of messages here, and an unknown one is dropped
      expired: false,
      createdAt: now,
      updatedAt: now,
    }
    const [[user], [target]] = await db.batch([
      userExists(db, userId),
      db.insert(targets).values(row).onConflictDoNothing().returning(),
    ])
    if (!user) throw new ApiError('user_not_found')
    if (!target) throw new ApiError('user_target_already_exists')
    return target
  },
)

/** Attributes that lists of targets filter and sort by (docs/contract/queries.md §8). */
const ATTRIBUTES = {
  userId: 'string',
  providerId: 'string',
  identifier: 'email',
  providerType: 'string',
} as const

export const listTargets = route(
  {
    name: 'users.listTargets',
    summary: "List a user's targets",
    description:
      'Lists the addresses that messages to a user can go to. API keys and ' +
      'impersonators only.',
    method: 'get',
    path: PATH,
    scopes: ['users.read'],
    input: {
      param: inUser,
      query: z.object({ queries: listParams.queries, total: listParams.total }),
    },
    status: 200,
    model: targetListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid', 'user_not_found'],
  },
  async (c, { userId, ...params }) => {
    const { db } = c.var
    const list = listStatements(c, params, {
      table: targets,
      attributes: ATTRIBUTES,
      where: eq(targets.userId, userId),
      neverLegacy: true,
    })
    const [[user], ...results] = await db.batch([userExists(db, userId), ...list.statements])
    if (!user) throw new ApiError('user_not_found')
    return pageOf<Target>(list, results)
  },
)

export const getTarget = route(
  {
    name: 'users.getTarget',
    summary: 'Get a target of a user',
    description:
      'Returns one of the addresses that messages to a user can go to. API keys and ' +
      'impersonators only.',
    method: 'get',
    path: `${PATH}/:targetId`,
    scopes: ['users.read'],
    input: { param: inTarget },
    status: 200,
    model: targetModel,
    errors: ['user_not_found', 'user_target_not_found'],
  },
  async (c, path) => {
    const { db } = c.var
    const [[user], [target]] = await db.batch([
      userExists(db, path.userId),
      db.select().from(targets).where(ofPath(path)),
    ])
    if (!user) throw new ApiError('user_not_found')
    if (!target) throw new ApiError('user_target_not_found')
    return target
  },
)

export const updateTarget = route(
  {
    name: 'users.updateTarget',
    summary: 'Change a target of a user',
    description:
      'Changes what is given of a target; a new identifier counts as good again. API ' +
      'keys only. There are no providers of messages here, so any `providerId` is ' +
      'refused.',
    method: 'patch',
    path: `${PATH}/:targetId`,
    scopes: ['users.write'],
    event: 'users.[userId].targets.[targetId].update',
    audit: 'target.update',
    input: {
      param: inTarget,
      body: z.object({
        identifier: described(
          optional(plainText(255)),
          'New e-mail address, phone number or push token.',
        ),
        providerId: described(
          optional(uid),
          'ID of a provider of messages; there are none here, so it is refused.',
        ),
        name: described(optional(plainText(128)), 'New name of the target.'),
      }),
    },
    status: 200,
    model: targetModel,
    errors: [
      'general_invalid_email',
      'general_invalid_phone',
      'provider_incorrect_type', // no provider is known, so none is of another type
      'provider_not_found',
      'user_not_found',
      'user_target_already_exists',
      'user_target_not_found',
    ],
  },
  async (c, { identifier: given, providerId, name, ...path }) => {
    const { db, now } = c.var
    const [[user], [before]] = await db.batch([
      userExists(db, path.userId),
      db.select().from(targets).where(ofPath(path)),
    ])
    if (!user) throw new ApiError('user_not_found')
    if (!before) throw new ApiError('user_target_not_found')
    const identifier = given === undefined ? undefined : identifierOf(before.providerType, given)
    if (providerId !== undefined) throw new ApiError('provider_not_found')
    const another = db
      .select({ one: sql`1` })
      .from(targets)
      .where(and(eq(targets.identifier, identifier ?? ''), ne(targets.id, path.targetId)))
    const values = { identifier, name, expired: identifier === undefined ? undefined : false }
    const [target] = await db
      .update(targets)
      .set(touched(targets, values, now))
      .where(and(ofPath(path), identifier === undefined ? undefined : not(exists(another))))
      .returning()
    // Differs: upstream fails with 500.
    if (!target) throw new ApiError('user_target_already_exists')
    return target
  },
)

export const deleteTarget = route(
  {
    name: 'users.deleteTarget',
    summary: 'Delete a target of a user',
    description: 'Deletes a target. API keys only. The address of the user itself stays.',
    method: 'delete',
    path: `${PATH}/:targetId`,
    scopes: ['users.write'],
    event: 'users.[userId].targets.[targetId].delete',
    audit: 'target.delete',
    input: { param: inTarget },
    status: 204,
    errors: ['user_not_found', 'user_target_not_found'],
  },
  async (c, path) => {
    const { db } = c.var
    const [[user], [gone]] = await db.batch([
      userExists(db, path.userId),
      db.delete(targets).where(ofPath(path)).returning(),
    ])
    if (!user) throw new ApiError('user_not_found')
    if (!gone) throw new ApiError('user_target_not_found')
    tell(c, { payload: () => [] })
    return undefined
  },
)
