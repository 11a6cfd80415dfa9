import { and, eq, ne, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { seal, unseal } from '#/auth/seal'
import { type Variable, variables } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { listRows } from '#/http/list'
import { described, optional, withDefault } from '#/http/params'
import { plainText } from '#/identity/params'
import { customIdOf, idFor, uidOf } from '#/ids'
import { onConsole, pageParams, strict } from '#/pipeline/fields'
import { requireScope } from '#/pipeline/gates'
import { route } from '#/pipeline/route'
import { variableListModel, variableModel } from '#/services/project/models'

type Ctx = Context<AppEnv>

const PATH = '/v1/project/variables'
const LONGEST_KEY = 255
const LONGEST_VALUE = 8192

const byId = z.object({ variableId: uidOf('variable') })

const sealed = (c: Ctx, id: string, value: string) =>
  seal(value, c.var.settings.SECRET, `variable:${id}`)

/** Starts the names of variables that set up sign-in providers, in any letter case. */
const PROVIDER_PREFIX = 'OAUTH2_'

const setsUpProvider = (key: string) => key.toUpperCase().startsWith(PROVIDER_PREFIX)

/**
 * Checks that the caller may change variables of these names. Differs: one that sets up a sign-in provider needs
 * the scope of those too, since whoever sets up a provider decides who gets in.
 * @throws `general_unauthorized_scope`
 */
function requireVariables(c: Ctx, ...names: readonly (string | undefined)[]) {
  if (names.some((name) => name !== undefined && setsUpProvider(name))) {
    requireScope(c, 'project.oauth2.write')
  }
}

/** Returns the row with its value in clear where it may be shown. @throws Error under another SECRET */
async function opened(c: Ctx, row: Variable): Promise<Variable> {
  const isHidden = setsUpProvider(row.key) && !c.var.caller.scopes.has('project.oauth2.read')
  if (row.secret || isHidden) return { ...row, value: '' }
  const value = await unseal(row.value, c.var.settings.SECRET, `variable:${row.id}`)
  if (value === undefined)
    throw new Error(`The variable ${row.id} was sealed under another SECRET.`)
  return { ...row, value }
}

export const listVariables = route(
  {
    name: 'project.listVariables',
    summary: 'List variables',
    description:
      'Lists the variables of the project. API keys only. Values of secret ones are ' +
      'left empty.',
    method: 'get',
    path: PATH,
    scopes: ['project.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: variableListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  async (c, params) => {
    const { total, rows } = await listRows<Variable>(c, params, {
      table: variables,
      attributes: {
        key: 'string',
        resourceType: 'string',
        resourceId: 'string',
        secret: 'boolean',
      },
      neverLegacy: true,
    })
    return { total, rows: await Promise.all(rows.map((row) => opened(c, row))) }
  },
)

export const createVariable = route(
  {
    name: 'project.createVariable',
    summary: 'Create a variable',
    description:
      'Stores a value under a key. API keys only. Keys that begin with `OAUTH2_` set ' +
      'up sign-in providers and need the scope `project.oauth2.write` besides.',
    method: 'post',
    path: PATH,
    scopes: ['project.write'],
    event: 'variables.[variableId].create',
    onConsole,
    input: {
      body: z.object({
        variableId: customIdOf('variable'),
        key: described(plainText(LONGEST_KEY), 'Key of the variable, unique in the project.'),
        value: described(plainText(LONGEST_VALUE, 0), 'The value, which is stored encrypted.'),
        secret: described(withDefault(strict, true), 'Whether the value is never shown again.'),
      }),
    },
    status: 201,
    model: variableModel,
    errors: ['variable_already_exists'],
  },
  async (c, { variableId, key, value, secret }) => {
    const { db, now } = c.var
    requireVariables(c, key)
    const id = idFor(variableId, now)
    const [row] = await db
      .insert(variables)
      .values({
        id,
        key,
        value: await sealed(c, id, value),
        secret,
        createdAt: now,
        updatedAt: now,
      })
      .onConflictDoNothing()
      .returning()
    if (!row) throw new ApiError('variable_already_exists')
    return { ...row, value }
  },
)

export const getVariable = route(
  {
    name: 'project.getVariable',
    summary: 'Get a variable',
    description: 'Returns a variable. API keys only. The value of a secret one is left empty.',
    method: 'get',
    path: `${PATH}/:variableId`,
    scopes: ['project.read'],
    onConsole,
    input: { param: byId },
    status: 200,
    model: variableModel,
    errors: ['variable_not_found'],
  },
  async (c, { variableId }) => {
    const [row] = await c.var.db.select().from(variables).where(eq(variables.id, variableId))
    if (!row) throw new ApiError('variable_not_found')
    return opened(c, row)
  },
)

export const updateVariable = route(
  {
    name: 'project.updateVariable',
    summary: 'Change a variable',
    description:
      'Changes what is given of a variable. API keys only. A secret one cannot be ' +
      'made readable again.',
    method: 'put',
    path: `${PATH}/:variableId`,
    scopes: ['project.write'],
    event: 'variables.[variableId].update',
    onConsole,
    input: {
      param: byId,
      body: z.object({
        key: described(
          optional(plainText(LONGEST_KEY, 0)),
          'Key of the variable, unique in the project.',
        ),
        value: described(
          optional(plainText(LONGEST_VALUE, 0)),
          'The value, which is stored encrypted.',
        ),
        secret: described(optional(strict), 'Whether the value is never shown again.'),
      }),
    },
    status: 200,
    model: variableModel,
    errors: [
      'general_argument_invalid',
      'variable_already_exists',
      'variable_cannot_unset_secret',
      'variable_not_found',
    ],
  },
  async (c, { variableId: id, key, value, secret }) => {
    const { db, now } = c.var
    const [before] = await db.select().from(variables).where(eq(variables.id, id))
    if (!before) throw new ApiError('variable_not_found')
    requireVariables(c, before.key, key)
    if (before.secret && secret === false) throw new ApiError('variable_cannot_unset_secret')
    if (key === undefined && value === undefined && secret === undefined) {
      throw new ApiError('general_argument_invalid', 'There is nothing to change.')
    }
    const isSame = value === (await unseal(before.value, c.var.settings.SECRET, `variable:${id}`))
    const changes = {
      key,
      value: value === undefined || isSame ? undefined : await sealed(c, id, value),
      secret,
    }
    const [[current], [row]] = await db.batch([
      db.select().from(variables).where(eq(variables.id, id)),
      db
        .update(variables)
        .set(touched(variables, changes, now))
        .where(
          and(
            eq(variables.id, id),
            eq(variables.key, before.key), // whose scope was checked
            isFree(c, id, key),
            mayBe(secret),
          ),
        )
        .returning(),
    ])
    if (row) return opened(c, row)
    if (!current) throw new ApiError('variable_not_found')
    requireVariables(c, current.key)
    if (current.secret && secret === false) throw new ApiError('variable_cannot_unset_secret')
    throw new ApiError('variable_already_exists')
  },
)

/** Holds while no other variable has the key. */
const isFree = ({ var: { db } }: Ctx, id: string, key: string | undefined) =>
  key === undefined
    ? undefined
    : sql`not exists ${db
        .select({ one: sql`1` })
        .from(variables)
        .where(and(eq(variables.key, key), ne(variables.id, id)))}`

/** Holds unless a secret value would be shown again. */
const mayBe = (secret: boolean | undefined) =>
  secret === false ? eq(variables.secret, false) : undefined

export const deleteVariable = route(
  {
    name: 'project.deleteVariable',
    summary: 'Delete a variable',
    description:
      'Deletes a variable. API keys only. Keys that begin with `OAUTH2_` need the ' +
      'scope `project.oauth2.write` besides.',
    method: 'delete',
    path: `${PATH}/:variableId`,
    scopes: ['project.write'],
    event: 'variables.[variableId].delete',
    onConsole,
    input: { param: byId },
    status: 204,
    errors: ['variable_not_found'],
  },
  async (c, { variableId }) => {
    const { db, caller } = c.var
    const named = eq(variables.id, variableId)
    const isOther = sql`upper(substr(${variables.key}, 1, ${PROVIDER_PREFIX.length})) <> ${PROVIDER_PREFIX}`
    const [[found], [gone]] = await db.batch([
      db.select({ key: variables.key }).from(variables).where(named),
      db
        .delete(variables)
        .where(and(named, caller.scopes.has('project.oauth2.write') ? undefined : isOther))
        .returning({ id: variables.id }),
    ])
    if (!found) throw new ApiError('variable_not_found')
    if (!gone) requireVariables(c, found.key)
    return undefined
  },
)
