import { z } from 'zod'
import { model } from '#/http/model'
import { API_VERSION } from '#/lib/version'
import { route } from '#/pipeline/route'

const versionModel = model('healthVersion', { version: z.string() }, (version: string) => ({
  version,
}))

/** Which API level is spoken: command line tools ask before they know a project (docs/contract/health.md §2). */
export const getVersion = route(
  {
    name: 'health.getVersion',
    summary: 'Get the version of the API',
    description:
      'Returns the level of the API that is spoken here, for tools that compare it ' +
      'with their own. Anybody may call it, also without a project.',
    method: 'get',
    path: '/v1/health/version',
    scopes: ['public'],
    onConsole: 'serve',
    input: {},
    status: 200,
    model: versionModel,
    errors: [],
  },
  async () => API_VERSION,
)
