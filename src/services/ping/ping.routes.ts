import { route } from '#/pipeline/route'
import { recordPing } from '#/project/ping'

/** Answers the first call that an app makes (docs/contract/health.md §1). */
export const get = route(
  {
    name: 'ping.get',
    summary: 'Check that the project can be reached',
    description: 'Answers with `Pong!` and counts the call in the project. Anybody may call it.',
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
