import { route } from '#/pipeline/route'
import { recordPing } from '#/project/ping'

/** Answers the first call that an app makes (neighbours contract 1). */
export const get = route(
  {
    name: 'ping.get',
    method: 'get',
    path: '/v1/ping',
    scopes: ['global'],
    input: {},
    status: 200,
    produces: 'text/plain',
    errors: ['project_not_found'],
  },
  async (c) => {
    recordPing(c)
    return c.body('Pong!', 200, {
      'Content-Type': 'text/plain; charset=UTF-8',
      'Cache-Control': 'private, no-store',
    })
  },
)
