import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { type Webhook, webhooks } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { isPattern } from '#/events/patterns'
import { sealSecret } from '#/events/secrets'
import { isTarget } from '#/events/target'
import type { AppEnv } from '#/http/context'
import { listRows } from '#/http/list'
import { described, withDefault } from '#/http/params'
import { plainText } from '#/identity/params'
import { customIdOf, idFor, uidOf } from '#/ids'
import { randomHex } from '#/lib/secrets'
import { onConsole, pageParams, strict } from '#/pipeline/fields'
import { route } from '#/pipeline/route'
import { webhookListModel, webhookModel } from '#/services/webhooks/models'

type Ctx = Context<AppEnv>

const PATH = '/v1/webhooks'
const MOST_EVENTS = 100
const LONGEST_URL = 255
const SECRET_LENGTH = 128

const byId = z.object({ webhookId: uidOf('webhook') })

const pattern = z
  .string()
  .refine(isPattern, 'must name an event, such as users.*.create')
  .meta({ wire: { type: 'string' } })

/** An address; whether it may be told is checked by {@link checkTarget}, which knows where this server runs. */
const url = z
  .string()
  .max(LONGEST_URL, `has more than ${LONGEST_URL} characters`)
  .regex(/^https?:\/\//, 'must be an http or https address')
  .meta({ wire: { type: 'string', format: 'uri', pattern: '^https?://' } })

const password = plainText(256).meta({
  wire: { type: 'string', minLength: 1, maxLength: 256, format: 'password' },
})
/** What is before the first colon is the user name of Basic authentication (RFC 7617 §2). */
const username = plainText(256)
  .refine((value) => !value.includes(':'), 'must not have a colon')
  .meta({ wire: { type: 'string', minLength: 1, maxLength: 256 } })
const secret = described(
  withDefault(plainText(256, 8).nullable(), null),
  'Secret that signs the calls; left out, one is made.',
)

/** What create and update take alike; what is left out goes to its default (docs/contract/project.md §13.2). */
const fields = {
  name: described(plainText(128), 'Name of the webhook, for people.'),
  url: described(url, 'Address to call, on the public internet and without credentials in it.'),
  events: described(
    z.array(pattern).max(MOST_EVENTS),
    'Patterns of the events to call for, such as `users.*.create`.',
  ),
  enabled: described(withDefault(strict, true), 'Whether it is called.'),
  tls: described(
    withDefault(strict, false),
    'Kept for clients that set it; certificates are always checked.',
  ),
  authUsername: described(
    withDefault(username, ''),
    'User name for Basic authentication, without a colon.',
  ),
  authPassword: described(
    withDefault(password, ''),
    'Password for Basic authentication, which is never shown.',
  ),
}

/** @throws `general_argument_invalid` for an address that no webhook may have */
function checkTarget({ var: { settings } }: Ctx, address: string) {
  if (isTarget(address, settings.MAIL_OUTBOX === 'on')) return
  throw new ApiError(
    'general_argument_invalid',
    'Invalid `url` param: must be an http or https address of a public host, without user and password',
  )
}

/**
 * Checks whether events may carry secrets that sign users in. Differs: only where whoever says where they go
 * could sign users in anyway.
 */
const mayTellSecrets = ({ var: { caller } }: Ctx) => caller.scopes.has('users.write')

/** Returns a webhook without its secrets. */
const shown = (row: Webhook) => ({ ...row, secret: '' })

/** @throws `webhook_not_found` for no row */
function found(row: Webhook | undefined): Webhook {
  if (!row) throw new ApiError('webhook_not_found')
  return row
}

export const list = route(
  {
    name: 'webhooks.list',
    summary: 'List webhooks',
    description: 'Lists the webhooks without their secrets. API keys only.',
    method: 'get',
    path: PATH,
    scopes: ['webhooks.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: webhookListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  async (c, params) => {
    const { total, rows } = await listRows<Webhook>(c, params, {
      table: webhooks,
      attributes: {
        name: 'string',
        url: 'string',
        authUsername: 'string',
        tls: 'boolean',
        events: 'string[]',
        enabled: 'boolean',
        logs: 'string',
        attempts: 'integer',
      },
      neverLegacy: true,
    })
    return { total, rows: rows.map(shown) }
  },
)

export const create = route(
  {
    name: 'webhooks.create',
    summary: 'Create a webhook',
    description:
      'Creates a webhook, which is called by `POST` for each event that one of its ' +
      'patterns names. API keys only. The answer alone shows the secret that signs ' +
      'the calls.',
    method: 'post',
    path: PATH,
    scopes: ['webhooks.write'],
    event: 'webhooks.[webhookId].create',
    onConsole,
    input: { body: z.object({ webhookId: customIdOf('webhook'), ...fields, secret }) },
    status: 201,
    model: webhookModel,
    errors: ['webhook_already_exists'],
  },
  async (c, { webhookId, secret: given, authPassword, ...values }) => {
    const { db, now, settings } = c.var
    checkTarget(c, values.url)
    const id = idFor(webhookId, now)
    const secret = given ?? randomHex(SECRET_LENGTH)
    const [row] = await db
      .insert(webhooks)
      .values({
        id,
        ...values,
        authPassword: await sealSecret('authPassword', id, authPassword, settings.SECRET),
        secret: await sealSecret('secret', id, secret, settings.SECRET),
        withSecrets: mayTellSecrets(c),
        logs: '',
        attempts: 0,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing()
      .returning()
    if (!row) throw new ApiError('webhook_already_exists')
    return { ...row, secret }
  },
)

export const get = route(
  {
    name: 'webhooks.get',
    summary: 'Get a webhook',
    description:
      'Returns a webhook without its secrets; `logs` holds its last failure. API keys only.',
    method: 'get',
    path: `${PATH}/:webhookId`,
    scopes: ['webhooks.read'],
    onConsole,
    input: { param: byId },
    status: 200,
    model: webhookModel,
    errors: ['webhook_not_found'],
  },
  async (c, { webhookId }) => {
    const [row] = await c.var.db.select().from(webhooks).where(eq(webhooks.id, webhookId))
    return shown(found(row))
  },
)

export const update = route(
  {
    name: 'webhooks.update',
    summary: 'Replace a webhook',
    description:
      'Replaces the settings of a webhook; what is left out goes back to its default, ' +
      'and only the secret stays. API keys only. One that was disabled after failures ' +
      'starts anew.',
    method: 'put',
    path: `${PATH}/:webhookId`,
    scopes: ['webhooks.write'],
    event: 'webhooks.[webhookId].update',
    onConsole,
    input: { param: byId, body: z.object(fields) },
    status: 200,
    model: webhookModel,
    errors: ['webhook_not_found'],
  },
  async (c, { webhookId: id, authPassword, ...values }) => {
    const { db, now, settings } = c.var
    checkTarget(c, values.url)
    const sealed = await sealSecret('authPassword', id, authPassword, settings.SECRET)
    const changes = {
      ...values,
      authPassword: sealed,
      withSecrets: mayTellSecrets(c),
      // One that was switched off after failures starts anew.
      ...(values.enabled ? { attempts: 0 } : {}),
    }
    const [row] = await db
      .update(webhooks)
      .set(touched(webhooks, changes, now))
      .where(eq(webhooks.id, id))
      .returning()
    return shown(found(row))
  },
)

export const updateSecret = route(
  {
    name: 'webhooks.updateSecret',
    summary: "Replace a webhook's secret",
    description:
      'Replaces the secret that signs the calls, by the one given or a new one. API ' +
      'keys only. The answer alone shows it.',
    method: 'patch',
    path: `${PATH}/:webhookId/secret`,
    scopes: ['webhooks.write'],
    event: 'webhooks.[webhookId].update',
    onConsole,
    input: { param: byId, body: z.object({ secret }) },
    status: 200,
    model: webhookModel,
    errors: ['webhook_not_found'],
  },
  async (c, { webhookId: id, secret: given }) => {
    const { db, now, settings } = c.var
    const secret = given ?? randomHex(SECRET_LENGTH)
    const sealed = await sealSecret('secret', id, secret, settings.SECRET)
    const [row] = await db
      .update(webhooks)
      .set(touched(webhooks, { secret: sealed }, now))
      .where(eq(webhooks.id, id))
      .returning()
    return { ...found(row), secret }
  },
)

export const deleteWebhook = route(
  {
    name: 'webhooks.delete',
    summary: 'Delete a webhook',
    description: 'Deletes a webhook, which is not called from then on. API keys only.',
    method: 'delete',
    path: `${PATH}/:webhookId`,
    scopes: ['webhooks.write'],
    event: 'webhooks.[webhookId].delete',
    onConsole,
    input: { param: byId },
    status: 204,
    errors: ['webhook_not_found'],
  },
  async (c, { webhookId }) => {
    const gone = await c.var.db
      .delete(webhooks)
      .where(eq(webhooks.id, webhookId))
      .returning({ id: webhooks.id })
    if (gone.length === 0) throw new ApiError('webhook_not_found')
    return undefined
  },
)
