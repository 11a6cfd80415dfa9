import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Membership, memberships, teams } from '#/db/schema'
import { ApiError } from '#/errors'
import { listStatements, pageOf, searchIn } from '#/http/list'
import { listParams } from '#/http/params'
import { inUser } from '#/identity/params'
import { logListModel } from '#/identity/sessions/models'
import { MEMBERSHIP_ATTRIBUTES, membershipListModel, revealed } from '#/identity/teams/models'
import { logPage, logStatements } from '#/identity/users/logs'
import { userById, userExists } from '#/identity/users/open'
import { route } from '#/pipeline/route'

const teamName = sql<string>`(${sql`select ${teams.name} from ${teams} where ${teams.id} = ${memberships.teamId}`})`

export const listMemberships = route(
  {
    name: 'users.listMemberships',
    summary: "List a user's memberships",
    description:
      'Lists the memberships of a user, pending ones too. API keys and impersonators ' +
      'only. `total` counts the items of the page.',
    method: 'get',
    path: '/v1/users/:userId/memberships',
    scopes: ['users.read'],
    input: { param: inUser, query: z.object(listParams) },
    status: 200,
    model: membershipListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid', 'user_not_found'],
  },
  async (c, { userId, ...params }) => {
    const { db } = c.var
    const list = listStatements(
      c,
      // The total is the size of the page (docs/contract/users.md §11): there is nothing to count.
      { ...params, total: false },
      {
        table: memberships,
        attributes: MEMBERSHIP_ATTRIBUTES,
        where: eq(memberships.userId, userId),
        extra: { teamName: teamName.as('team_name') },
        search: (term) => searchIn(memberships.sequence, 'memberships_search', term),
        neverLegacy: true,
      },
    )
    const [[user], ...results] = await db.batch([userById(db, userId), ...list.statements])
    if (!user) throw new ApiError('user_not_found')
    const { rows } = pageOf<Membership & { teamName: string }>(list, results)
    return {
      total: params.total ? rows.length : 0,
      rows: rows.map(({ teamName, ...membership }) => revealed(membership, teamName, user)),
    }
  },
)

/** Differs: upstream's server has dropped this route, but SDKs still have its method. */
export const listLogs = route(
  {
    name: 'users.listLogs',
    summary: "List a user's activity",
    description:
      'Lists what a user did by session or JWT in the last 90 days, newest first. API ' +
      'keys and impersonators only. Queries take `limit` and `offset` alone.',
    method: 'get',
    path: '/v1/users/:userId/logs',
    scopes: ['users.read'],
    input: {
      param: inUser,
      query: z.object({ queries: listParams.queries, total: listParams.total }),
    },
    status: 200,
    model: logListModel,
    errors: ['general_query_invalid', 'user_not_found'],
  },
  async (c, { userId, ...params }) => {
    const { db } = c.var
    const [[user], rows, counts] = await db.batch([
      userExists(db, userId),
      ...logStatements(c, userId, params),
    ])
    if (!user) throw new ApiError('user_not_found')
    return logPage(rows, counts)
  },
)
