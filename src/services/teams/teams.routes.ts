import { eq, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { isPrivileged } from '#/auth/caller'
import { type Team, teams } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import { listRows, searchIn } from '#/http/list'
import { described, listParams, withDefault } from '#/http/params'
import { type Preferences, preferencesModel } from '#/identity/models'
import { plainText } from '#/identity/params'
import { grantOwner, OWNER, openOwnTeam, openTeam } from '#/identity/teams/access'
import { teamListModel, teamModel } from '#/identity/teams/models'
import { storeTeam } from '#/identity/teams/new-team'
import { preferences } from '#/identity/users/preferences'
import { customIdOf, idFor, uid, uidOf } from '#/ids'
import { route } from '#/pipeline/route'

type Ctx = Context<AppEnv>

const one = '/v1/teams/:teamId'
const inTeam = z.object({ teamId: uidOf('team') })
const name = described(plainText(128), 'Name of the team.')

export const create = route(
  {
    name: 'teams.create',
    summary: 'Create a team',
    description:
      'Creates a team. A user becomes its first member and an owner; a team that an ' +
      'API key creates has no members.',
    method: 'post',
    path: '/v1/teams',
    scopes: ['teams.write'],
    event: 'teams.[teamId].create',
    input: {
      body: z.object({
        teamId: customIdOf('team'),
        name,
        roles: described(
          withDefault(z.array(uid).max(100), [OWNER]),
          'Roles of the user who creates it, to which `owner` is added.',
        ),
      }),
    },
    status: 201,
    model: teamModel,
    errors: ['general_resource_blocked', 'team_already_exists'],
  },
  async (c, { teamId, name, roles }) => {
    const { caller, now } = c.var
    return storeTeam(c, {
      id: idFor(teamId, now),
      name,
      ...(caller.kind === 'user' ? { founder: { userId: caller.id, roles } } : {}),
    })
  },
)

/** Matches the teams that the caller may read: a user's own; undefined for a key, which reads all. */
function readable({ var: { caller, self } }: Ctx) {
  if (isPrivileged(caller)) return
  const ids = self?.acting.memberships.map(({ teamId }) => teamId) ?? []
  return sql`${teams.id} in (select value from json_each(${JSON.stringify(ids)}))`
}

export const list = route(
  {
    name: 'teams.list',
    summary: 'List teams',
    description:
      'Lists the teams that the user is a member of; API keys see all. The search ' +
      'looks at IDs and names.',
    method: 'get',
    path: '/v1/teams',
    scopes: ['teams.read'],
    input: { query: z.object(listParams) },
    status: 200,
    model: teamListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  (c, params) =>
    listRows<Team>(c, params, {
      table: teams,
      attributes: { name: 'string', total: 'integer' },
      where: readable(c),
      search: (term) => searchIn(teams.sequence, 'teams_search', term),
      counter: isPrivileged(c.var.caller) ? sql`'teams'` : undefined,
    }),
)

export const get = route(
  {
    name: 'teams.get',
    summary: 'Get a team',
    description:
      'Returns a team to its members and to API keys. For everybody else it does not exist.',
    method: 'get',
    path: one,
    scopes: ['teams.read'],
    input: { param: inTeam },
    status: 200,
    model: teamModel,
    errors: ['team_not_found'],
  },
  (c, { teamId }) => openTeam(c, teamId),
)

/** Changes a team that was opened. @throws `team_not_found` when it was deleted meanwhile */
async function change(
  { var: { db, now } }: Ctx,
  { sequence }: Team,
  values: { name: string } | { prefs: Preferences },
): Promise<Team> {
  const [updated] = await db
    .update(teams)
    .set(touched(teams, values, now))
    .where(eq(teams.sequence, sequence))
    .returning()
  if (!updated) throw new ApiError('team_not_found')
  return updated
}

export const updateName = route(
  {
    name: 'teams.updateName',
    summary: 'Rename a team',
    description: 'Changes the name of a team. Owners and API keys only.',
    method: 'put',
    path: one,
    scopes: ['teams.write'],
    event: 'teams.[teamId].update',
    input: { param: inTeam, body: z.object({ name }) },
    status: 200,
    model: teamModel,
    errors: ['team_not_found'],
  },
  async (c, { teamId, name }) => {
    const team = await openTeam(c, teamId)
    if (name === team.name) return team // whoever may read may change nothing (docs/contract/auth.md §9.5)
    grantOwner(c.var.caller, team.id)
    return change(c, team, { name })
  },
)

export const deleteTeam = route(
  {
    name: 'teams.delete',
    summary: 'Delete a team',
    description:
      'Deletes a team with its memberships. Owners and API keys only. What files and ' +
      'buckets granted to the team is taken back in the background.',
    method: 'delete',
    path: one,
    scopes: ['teams.write'],
    event: 'teams.[teamId].delete',
    input: { param: inTeam },
    status: 204,
    errors: ['team_not_found'],
  },
  async (c, { teamId }) => {
    const { db } = c.var
    const { sequence } = await openOwnTeam(c, teamId)
    // Triggers take the memberships along, and have the sweeper take back what files grant to the team.
    const [gone] = await db.delete(teams).where(eq(teams.sequence, sequence)).returning()
    if (!gone) throw new ApiError('team_not_found')
    tell(c, { payload: (view) => teamModel.wire(gone, view) })
    return undefined
  },
)

export const getPrefs = route(
  {
    name: 'teams.getPrefs',
    summary: "Get a team's preferences",
    description:
      'Returns the preferences that the members of a team share. Members and API keys only.',
    method: 'get',
    path: `${one}/prefs`,
    scopes: ['teams.read'],
    input: { param: inTeam },
    status: 200,
    model: preferencesModel,
    errors: ['document_invalid_structure', 'team_not_found'],
  },
  async (c, { teamId }) => (await openTeam(c, teamId)).prefs,
)

/**
 * Refuses preferences whose keys mean something else in a document (docs/contract/teams.md §3.6).
 * @throws `document_invalid_structure`
 */
function checkStructure({ $id = '', $permissions = [] }: Preferences) {
  if (typeof $id !== 'string' || !Array.isArray($permissions)) {
    throw new ApiError('document_invalid_structure')
  }
}

export const updatePrefs = route(
  {
    name: 'teams.updatePrefs',
    summary: "Replace a team's preferences",
    description: 'Replaces the preferences of a team as a whole. Owners and API keys only.',
    method: 'put',
    path: `${one}/prefs`,
    scopes: ['teams.write'],
    event: 'teams.[teamId].update.prefs',
    input: { param: inTeam, body: z.object({ prefs: preferences }) },
    status: 200,
    model: preferencesModel,
    errors: ['document_invalid_structure', 'team_not_found'],
  },
  async (c, { teamId, prefs }) => {
    checkStructure(prefs)
    const team = await openOwnTeam(c, teamId)
    return (await change(c, team, { prefs })).prefs
  },
)
