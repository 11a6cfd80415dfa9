import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { ROOT_KEY } from '#/auth/caller'
import { signJwt } from '#/auth/jwt'
import { type Key, keys } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { listRows } from '#/http/list'
import { described, looseInteger, optional } from '#/http/params'
import { plainText } from '#/identity/params'
import { customIdOf, idFor, uidOf, uniqueId } from '#/ids'
import { hashSecret, randomHex } from '#/lib/secrets'
import { dateTime, onConsole, pageParams } from '#/pipeline/fields'
import { route } from '#/pipeline/route'
import { refuseWidening } from '#/services/project/key-rules'
import { ephemeralKeyModel, keyListModel, keyModel } from '#/services/project/models'
import { ASSIGNABLE_SCOPES } from '#/services/project/scopes'

const PATH = '/v1/project/keys'
const MOST_SCOPES = 200
const SECRET_LENGTH = 256
const LONGEST_LIFE_SECONDS = 3600

const byId = z.object({ keyId: uidOf('API key') })
const scopes = described(
  z.array(z.enum(ASSIGNABLE_SCOPES)).max(MOST_SCOPES),
  'Scopes that the key holds.',
)

/** What create and update take alike; without `expire` a key is good for ever (docs/contract/project.md §4.2). */
const fields = {
  name: described(plainText(128), 'Name of the key, for people.'),
  scopes,
  expire: described(optional(dateTime), 'When the key ends; left out, never.'),
}

export const listKeys = route(
  {
    name: 'project.listKeys',
    summary: 'List API keys',
    description:
      'Lists the stored API keys, without their secrets. API keys only. A page has ' +
      '5,000 items by default.',
    method: 'get',
    path: PATH,
    scopes: ['keys.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: keyListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  (c, params) =>
    listRows<Key>(c, params, {
      table: keys,
      attributes: {
        expire: 'datetime',
        accessedAt: 'datetime',
        name: 'string',
        scopes: 'string[]',
      },
      columns: { expire: keys.expiresAt },
      neverLegacy: true,
      defaultLimit: 5000,
    }),
)

export const createKey = route(
  {
    name: 'project.createKey',
    summary: 'Create an API key',
    description:
      "Creates a key, whose secret this answer alone shows. Only the deployment's own " +
      'key may.',
    method: 'post',
    path: PATH,
    scopes: ['keys.write'],
    event: 'keys.[keyId].create',
    onConsole,
    input: { body: z.object({ keyId: customIdOf('API key'), ...fields }) },
    status: 201,
    model: keyModel,
    errors: ['key_already_exists', 'key_creation_denied'],
  },
  async (c, { keyId, name, scopes, expire }) => {
    const { db, now, caller } = c.var
    // The caller itself, not its ID: a stored key may have any.
    if (caller !== ROOT_KEY) throw new ApiError('key_creation_denied')
    const secret = `standard_${randomHex(SECRET_LENGTH)}`
    const [row] = await db
      .insert(keys)
      .values({
        id: idFor(keyId, now),
        name,
        secretHash: await hashSecret(secret),
        scopes,
        expiresAt: expire ?? null,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing()
      .returning()
    if (!row) throw new ApiError('key_already_exists')
    return { ...row, secret }
  },
)

export const createEphemeralKey = route(
  {
    name: 'project.createEphemeralKey',
    summary: 'Create an API key for up to an hour',
    description:
      'Signs a short-lived key that is not stored. API keys only. Unlike with ' +
      'Appwrite, it gets no scope that its maker lacks, and ends with it.',
    method: 'post',
    path: `${PATH}/ephemeral`,
    scopes: ['keys.write'],
    event: 'keys.[keyId].create',
    onConsole,
    input: {
      body: z.object({
        scopes,
        duration: described(
          looseInteger(1, LONGEST_LIFE_SECONDS),
          'How long the key is good for, in seconds.',
        ),
      }),
    },
    status: 201,
    model: ephemeralKeyModel,
    errors: ['key_creation_denied'],
  },
  async (c, { scopes, duration }) => {
    const { now, caller, settings } = c.var
    const exp = Math.floor(now.getTime() / 1000) + duration
    const expiresAt = new Date(exp * 1000)
    refuseWidening(caller, scopes, expiresAt)
    const origin = caller.kind === 'key' ? caller.origin : undefined
    const jwt = await signJwt(
      {
        ...{ projectId: settings.PROJECT_ID, scopes, exp },
        ...(origin === undefined ? {} : { origin }),
      },
      settings.SECRET,
    )
    return {
      id: uniqueId(now),
      name: '',
      scopes,
      sdks: [],
      expiresAt,
      accessedAt: null,
      createdAt: now,
      updatedAt: now,
      secret: `ephemeral_${jwt}`,
    }
  },
)

export const getKey = route(
  {
    name: 'project.getKey',
    summary: 'Get an API key',
    description: 'Returns a stored key without its secret. API keys only.',
    method: 'get',
    path: `${PATH}/:keyId`,
    scopes: ['keys.read'],
    onConsole,
    input: { param: byId },
    status: 200,
    model: keyModel,
    errors: ['key_not_found'],
  },
  async (c, { keyId }) => {
    const [row] = await c.var.db.select().from(keys).where(eq(keys.id, keyId))
    if (!row) throw new ApiError('key_not_found')
    return row
  },
)

export const updateKey = route(
  {
    name: 'project.updateKey',
    summary: 'Replace what an API key may do',
    description:
      'Replaces name, scopes and expiry of a key; without `expire` it never ends. API ' +
      'keys only. Unlike with Appwrite, none can grant what it lacks itself.',
    method: 'put',
    path: `${PATH}/:keyId`,
    scopes: ['keys.write'],
    event: 'keys.[keyId].update',
    onConsole,
    input: { param: byId, body: z.object(fields) },
    status: 200,
    model: keyModel,
    errors: ['key_creation_denied', 'key_not_found'],
  },
  async (c, { keyId, name, scopes, expire }) => {
    const { db, now, caller } = c.var
    refuseWidening(caller, scopes, expire)
    const [row] = await db
      .update(keys)
      .set(touched(keys, { name, scopes, expiresAt: expire ?? null }, now))
      .where(eq(keys.id, keyId))
      .returning()
    if (!row) throw new ApiError('key_not_found')
    return row
  },
)

export const deleteKey = route(
  {
    name: 'project.deleteKey',
    summary: 'Delete an API key',
    description:
      'Deletes a key, which opens nothing from then on. API keys only. Ephemeral keys ' +
      'that it made end with it.',
    method: 'delete',
    path: `${PATH}/:keyId`,
    scopes: ['keys.write'],
    event: 'keys.[keyId].delete',
    onConsole,
    input: { param: byId },
    status: 204,
    errors: ['key_not_found'],
  },
  async (c, { keyId }) => {
    const [gone] = await c.var.db.delete(keys).where(eq(keys.id, keyId)).returning({ id: keys.id })
    if (!gone) throw new ApiError('key_not_found')
    return undefined
  },
)
