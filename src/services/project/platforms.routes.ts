import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { type Platform, platforms } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { listRows } from '#/http/list'
import { described, optional } from '#/http/params'
import { customIdOf, idFor, uidOf } from '#/ids'
import { onConsole, pageParams, visibleText } from '#/pipeline/fields'
import { type Route, route } from '#/pipeline/route'
import {
  PLATFORM_TYPES,
  PLATFORMS,
  platformListModel,
  platformModel,
  platformModelFor,
} from '#/services/project/platforms'

const PATH = '/v1/project/platforms'

const byId = z.object({ platformId: uidOf('platform') })
const name = described(visibleText(128), 'Name of the app, for people.')

/** Attributes that lists filter and sort by; each type's own name of the identifier stands for it. */
const IDENTIFIERS = PLATFORM_TYPES.map((type) => PLATFORMS[type].field)

export const listPlatforms = route(
  {
    name: 'project.listPlatforms',
    summary: 'List platforms',
    description:
      'Lists the apps that may call the project and be redirected to. API keys only. ' +
      'Unlike with Appwrite, queries may filter by any identifier.',
    method: 'get',
    path: PATH,
    scopes: ['platforms.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: platformListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  (c, params) =>
    listRows<Platform>(c, params, {
      table: platforms,
      attributes: {
        type: 'string',
        name: 'string',
        // Differs: upstream documents the identifiers of apps as attributes but refuses them.
        ...Object.fromEntries(IDENTIFIERS.map((field) => [field, 'string' as const])),
      },
      columns: Object.fromEntries(IDENTIFIERS.map((field) => [field, platforms.identifier])),
      neverLegacy: true,
    }),
)

export const getPlatform = route(
  {
    name: 'project.getPlatform',
    summary: 'Get a platform',
    description:
      'Returns one of the apps that may call the project and be redirected to. API ' + 'keys only.',
    method: 'get',
    path: `${PATH}/:platformId`,
    scopes: ['platforms.read'],
    onConsole,
    input: { param: byId },
    status: 200,
    model: platformModel,
    errors: ['platform_not_found'],
  },
  async (c, { platformId }) => {
    const [row] = await c.var.db.select().from(platforms).where(eq(platforms.id, platformId))
    if (!row) throw new ApiError('platform_not_found')
    return row
  },
)

/** @throws `general_bad_request` for a host name of nothing but blanks */
function refuseBlank(type: Platform['type'], identifier: string | undefined) {
  if (type === 'web' && identifier?.trim() === '') throw new ApiError('general_bad_request')
}

const blankError = (type: Platform['type']) =>
  type === 'web' ? (['general_bad_request'] as const) : []

const article = (noun: string) => `${/^[AEIOU]/.test(noun) ? 'an' : 'a'} ${noun}`

/** Makes the route that registers a client of a type. */
function createPlatform(type: Platform['type']): Route {
  const { title, noun, field, accepts } = PLATFORMS[type]
  return route(
    {
      name: `project.create${title}Platform`,
      summary: `Register ${article(noun)}`,
      description: `Registers ${article(noun)}, which may then call the project and be redirected to. API keys only.`,
      method: 'post',
      path: `${PATH}/${type}`,
      scopes: ['platforms.write'],
      event: 'platforms.[platformId].create',
      onConsole,
      input: { body: z.object({ platformId: customIdOf('platform'), name, [field]: accepts }) },
      status: 201,
      model: platformModelFor(type),
      errors: [...blankError(type), 'platform_already_exists'],
    },
    async (c, { platformId = '', name = '', [field]: identifier = '' }) => {
      const { db, now } = c.var
      refuseBlank(type, identifier)
      const [row] = await db
        .insert(platforms)
        .values({
          id: idFor(platformId, now),
          type,
          name,
          identifier,
          createdAt: now,
          updatedAt: now,
        })
        .onConflictDoNothing()
        .returning()
      if (!row) throw new ApiError('platform_already_exists')
      return row
    },
  )
}

/** Makes the route that changes a client of a type; a web one may keep its host name by leaving it out. */
function updatePlatform(type: Platform['type']): Route {
  const { title, noun, field, accepts } = PLATFORMS[type]
  const changed: z.ZodType<string | undefined> = type === 'web' ? optional(accepts) : accepts
  return route(
    {
      name: `project.update${title}Platform`,
      summary: `Change ${article(noun)}`,
      description: `Changes the name and the \`${field}\` of ${article(noun)}. API keys only.`,
      method: 'put',
      path: `${PATH}/${type}/:platformId`,
      scopes: ['platforms.write'],
      event: 'platforms.[platformId].update',
      onConsole,
      input: { param: byId, body: z.object({ name, [field]: changed }) },
      status: 200,
      model: platformModelFor(type),
      errors: [...blankError(type), 'platform_method_unsupported', 'platform_not_found'],
    },
    async (c, { platformId = '', name, [field]: identifier }) => {
      const { db, now } = c.var
      refuseBlank(type, identifier)
      const [[known], [row]] = await db.batch([
        db.select({ type: platforms.type }).from(platforms).where(eq(platforms.id, platformId)),
        db
          .update(platforms)
          .set(touched(platforms, { name, identifier }, now))
          .where(and(eq(platforms.id, platformId), eq(platforms.type, type)))
          .returning(),
      ])
      if (!known) throw new ApiError('platform_not_found')
      // Differs: upstream does not look at the type where the host name is left out.
      if (!row) throw new ApiError('platform_method_unsupported')
      return row
    },
  )
}

/** Two routes for each type of client. */
export const byType = PLATFORM_TYPES.flatMap((type) => [createPlatform(type), updatePlatform(type)])

export const deletePlatform = route(
  {
    name: 'project.deletePlatform',
    summary: 'Delete a platform',
    description:
      'Removes an app, whose origin is refused from then on. API keys only. Sessions stay.',
    method: 'delete',
    path: `${PATH}/:platformId`,
    scopes: ['platforms.write'],
    event: 'platforms.[platformId].delete',
    onConsole,
    input: { param: byId },
    status: 204,
    errors: ['platform_not_found'],
  },
  async (c, { platformId }) => {
    const [gone] = await c.var.db
      .delete(platforms)
      .where(eq(platforms.id, platformId))
      .returning({ id: platforms.id })
    if (!gone) throw new ApiError('platform_not_found')
    return undefined
  },
)
