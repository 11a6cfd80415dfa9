import { and, eq, exists, gt, ne, not, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Context } from 'hono'
import { z } from 'zod'
import { insertIf } from '#/db/insert-if'
import { type Session, sessions, targets } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { userAgentOf } from '#/events/audit'
import type { AppEnv } from '#/http/context'
import { described, optional } from '#/http/params'
import { targetModel } from '#/identity/models'
import { plainText } from '#/identity/params'
import { currentSession } from '#/identity/sessions/current'
import { customIdOf, idFor, uid, uidOf } from '#/ids'
import { parseUserAgent } from '#/lib/clients/user-agent'
import { route } from '#/pipeline/route'

type Ctx = Context<AppEnv>

const identifier = described(plainText(255), 'Push token of the device.')

/** Names a device by the program that asks; a single space while nothing is known (docs/contract/account.md §10). */
function deviceName(c: Ctx): string {
  const { deviceBrand, deviceModel } = parseUserAgent(userAgentOf(c))
  return `${deviceBrand} ${deviceModel}`
}

/**
 * Matches one push target of whoever is signed in; a key that came alone has none.
 * Differs: upstream matches targets of every type, by which somebody could take over the address of another.
 */
const own = ({ var: { self } }: Ctx, targetId: string) =>
  and(
    eq(targets.id, targetId),
    eq(targets.userId, self?.person.user.id ?? ''),
    eq(targets.providerType, 'push'),
  )

/**
 * Builds the statement that removes push targets of a token whose device has lost their session: it has ended, or
 * is another one of the same user. The token is good for this device still, and would be refused for ever.
 * Differs: upstream keeps such targets.
 * @param session of the device that shows the token now
 */
function dropLost(
  { var: { db, now } }: Ctx,
  session: Pick<Session, 'id' | 'userId'>,
  identifier: string,
  when: SQL,
) {
  const goesOn = db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, targets.sessionId), gt(sessions.expiresAt, now)))
  return db
    .delete(targets)
    .where(
      and(
        eq(targets.identifier, identifier),
        eq(targets.providerType, 'push'),
        ne(targets.sessionId, session.id),
        or(eq(targets.userId, session.userId), not(exists(goesOn))),
        when,
      ),
    )
}

export const createPushTarget = route(
  {
    name: 'account.createPushTarget',
    summary: 'Register a device for push messages',
    description:
      'Stores the push token of a device, which belongs to the current session and ' +
      'goes with it.',
    method: 'post',
    path: '/v1/account/targets/push',
    scopes: ['targets.write'],
    event: 'users.[userId].targets.[targetId].create',
    audit: 'target.create',
    input: {
      body: z.object({
        targetId: customIdOf('target'),
        identifier,
        providerId: described(optional(uid), 'ID of a provider of messages, which is only stored.'),
      }),
    },
    status: 201,
    model: targetModel,
    errors: ['user_session_not_found', 'user_target_already_exists'],
  },
  async (c, { targetId, identifier, providerId }) => {
    const { db, now } = c.var
    const { person, session } = currentSession(c)
    const row = {
      id: idFor(targetId, now),
      userId: person.user.id,
      sessionId: session.id,
      name: deviceName(c),
      providerId: providerId ?? null,
      providerType: 'push' as const,
      identifier,
      expired: false,
      createdAt: now,
      updatedAt: now,
    }
    const same = or(eq(targets.id, row.id), eq(targets.identifier, identifier))
    const stillOpen = db
      .select({ id: sessions.id })
      .from(sessions)
      .where(eq(sessions.id, session.id))
    const taken = exists(db.select({ id: targets.id }).from(targets).where(same))
    const other = alias(targets, 'other')
    const hasId = db
      .select({ id: other.id })
      .from(other)
      .where(and(eq(other.id, row.id), ne(other.identifier, identifier)))
    const mayReplace = sql`${exists(stillOpen)} and ${not(exists(hasId))}`
    // A target of a session that ended meanwhile would never be removed.
    const [, [target], [open]] = await db.batch([
      dropLost(c, session, identifier, mayReplace),
      insertIf(db, targets, row, sql`${exists(stillOpen)} and ${not(taken)}`),
      stillOpen,
    ])
    if (target) return target
    throw new ApiError(open ? 'user_target_already_exists' : 'user_session_not_found')
  },
)

/** Matches while no other target has the identifier. */
function isFree({ var: { db } }: Ctx, targetId: string, identifier: string): SQL {
  const other = alias(targets, 'other')
  return not(
    exists(
      db
        .select({ id: other.id })
        .from(other)
        .where(and(eq(other.identifier, identifier), ne(other.id, targetId))),
    ),
  )
}

export const updatePushTarget = route(
  {
    name: 'account.updatePushTarget',
    summary: 'Change the token of a push target',
    description:
      'Replaces the push token of a device. Only push targets of the user are found, ' +
      'unlike with Appwrite.',
    method: 'put',
    path: '/v1/account/targets/:targetId/push',
    scopes: ['targets.write'],
    event: 'users.[userId].targets.[targetId].update',
    audit: 'target.update',
    input: { param: z.object({ targetId: uidOf('target') }), body: z.object({ identifier }) },
    status: 200,
    model: targetModel,
    errors: ['user_target_already_exists', 'user_target_not_found'],
  },
  async (c, { targetId, identifier }) => {
    const { db, now } = c.var
    const values = { identifier, expired: false, name: deviceName(c) }
    const session = c.var.self?.session
    const other = alias(targets, 'other')
    const isOwn = db
      .select({ id: other.id })
      .from(other)
      .where(and(eq(other.id, targetId), eq(other.userId, session?.userId ?? '')))
    const lost = and(ne(targets.id, targetId), exists(isOwn)) ?? sql`0`
    const [, [target], [found]] = await db.batch([
      dropLost(c, session ?? { id: '', userId: '' }, identifier, session ? lost : sql`0`),
      db
        .update(targets)
        .set(touched(targets, values, now))
        .where(and(own(c, targetId), isFree(c, targetId, identifier)))
        .returning(),
      db.select({ id: targets.id }).from(targets).where(own(c, targetId)),
    ])
    if (target) return target
    // Differs: upstream fails with 500 where another target has the identifier.
    throw new ApiError(found ? 'user_target_already_exists' : 'user_target_not_found')
  },
)

export const deletePushTarget = route(
  {
    name: 'account.deletePushTarget',
    summary: 'Remove a push target',
    description:
      'Deletes a push target of the user. Only push targets are found, unlike with Appwrite.',
    method: 'delete',
    path: '/v1/account/targets/:targetId/push',
    scopes: ['targets.write'],
    event: 'users.[userId].targets.[targetId].delete',
    audit: 'target.delete',
    input: { param: z.object({ targetId: uidOf('target') }) },
    status: 204,
    errors: ['user_target_not_found'],
  },
  async (c, { targetId }) => {
    const [gone] = await c.var.db.delete(targets).where(own(c, targetId)).returning()
    if (!gone) throw new ApiError('user_target_not_found')
    tell(c, { payload: (view) => targetModel.wire(gone, view) })
    return undefined
  },
)
