import { z } from 'zod'
import { listParams } from '#/http/params'
import { logListModel } from '#/identity/sessions/models'
import { logPage, logStatements } from '#/identity/users/logs'
import { selfOf } from '#/identity/users/self'
import { route } from '#/pipeline/route'

const { queries, total } = listParams

/** Differs: upstream's server has dropped this route, but SDKs still have its method. */
export const listLogs = route(
  {
    name: 'account.listLogs',
    summary: 'List activity',
    description:
      'Lists what the user did by session or JWT in the last 90 days, newest first. ' +
      'Queries take `limit` and `offset` alone.',
    method: 'get',
    path: '/v1/account/logs',
    scopes: ['account'],
    input: { query: z.object({ queries, total }) },
    status: 200,
    model: logListModel,
    errors: ['general_query_invalid'],
  },
  async (c, params) => {
    const statements = logStatements(c, selfOf(c).person.user.id, params)
    return logPage(...(await c.var.db.batch(statements)))
  },
)
