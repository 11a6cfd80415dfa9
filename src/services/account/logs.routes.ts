import { z } from 'zod'
import { listParams } from '#/http/params'
import { route } from '#/http/route'
import { selfOf } from '#/services/account/self'
import { logPage, logStatements } from '#/services/users/logs'
import { logListModel } from '#/services/users/models'

const { queries, total } = listParams

/** Differs: upstream's server has dropped this route, but SDKs still have its method. */
export const listLogs = route(
  {
    name: 'account.listLogs',
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
