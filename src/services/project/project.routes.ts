import { z } from 'zod'
import { ApiError } from '#/errors'
import { described } from '#/http/params'
import { onConsole, strict } from '#/pipeline/fields'
import { route } from '#/pipeline/route'
import { AUTH_METHODS, PROTOCOLS, SERVICES } from '#/project/settings'
import { projectModel } from '#/services/project/models'
import { changeProject, labelsChange, openProject, switchChange } from '#/services/project/store'

const PATH = '/v1/project'

export const get = route(
  {
    name: 'project.get',
    summary: 'Get the project',
    description: 'Returns the settings of the project, without its secrets. API keys only.',
    method: 'get',
    path: PATH,
    scopes: ['project.read'],
    onConsole,
    input: {},
    status: 200,
    model: projectModel,
    errors: [],
  },
  openProject,
)

/** Differs: a deployment is one project, and it is its operator who takes it down (docs/contract/project.md §3.2). */
export const deleteProject = route(
  {
    name: 'project.delete',
    summary: 'Delete the project',
    description:
      'Is always refused: a project goes with its deployment, which only its operator ' +
      'can take down. API keys only, and unlike with Appwrite none may.',
    method: 'delete',
    path: PATH,
    scopes: ['project.write'],
    onConsole,
    input: {},
    status: 204,
    errors: ['general_access_forbidden'],
  },
  async () => {
    throw new ApiError(
      'general_access_forbidden',
      'A project goes with its deployment: delete the Worker, its database and its bucket.',
    )
  },
)

const label = z
  .string()
  .min(1)
  .max(36)
  .regex(/^[A-Za-z0-9]+$/, 'must be ASCII letters and digits')
const MOST_LABELS = 1000

export const updateLabels = route(
  {
    name: 'project.updateLabels',
    summary: "Replace the project's labels",
    description:
      'Replaces the labels of the project, which have no effect of their own. API ' +
      'keys only. Repeats are dropped.',
    method: 'put',
    path: `${PATH}/labels`,
    scopes: ['project.write'],
    onConsole,
    input: {
      body: z.object({
        labels: described(
          z.array(label).max(MOST_LABELS),
          'The labels, in place of the present ones.',
        ),
      }),
    },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { labels }) => changeProject(c, labelsChange([...new Set(labels)])),
)

const enabled = {
  body: z.object({
    enabled: strict.describe('Whether users and guests pass; API keys always do.'),
  }),
}

export const updateAuthMethod = route(
  {
    name: 'project.updateAuthMethod',
    summary: 'Turn a sign-in method on or off',
    description:
      'Sets whether users can sign in by a method. API keys only, and they pass the ' +
      'switch themselves. Sessions and secrets that are there already stay good.',
    method: 'patch',
    path: `${PATH}/auth-methods/:methodId`,
    scopes: ['project.write'],
    event: 'authMethod.[methodId].update',
    onConsole,
    input: {
      param: z.object({ methodId: described(z.enum(AUTH_METHODS), 'Name of the method.') }),
      ...enabled,
    },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { methodId, enabled }) => changeProject(c, switchChange('method', methodId, enabled)),
)

export const updateService = route(
  {
    name: 'project.updateService',
    summary: 'Turn a service on or off',
    description:
      'Sets whether users and guests can call a service. API keys only, and they pass ' +
      'the switch themselves. Services that are not here are accepted without effect.',
    method: 'patch',
    path: `${PATH}/services/:serviceId`,
    aliases: [`${PATH}/services/:serviceId/status`],
    scopes: ['project.write'],
    event: 'services.[serviceId].update',
    onConsole,
    input: {
      param: z.object({ serviceId: described(z.enum(SERVICES), 'Name of the service.') }),
      ...enabled,
    },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { serviceId, enabled }) => changeProject(c, switchChange('service', serviceId, enabled)),
)

export const updateProtocol = route(
  {
    name: 'project.updateProtocol',
    summary: 'Turn a protocol on or off',
    description:
      'Sets whether users and guests can call the API by a protocol. API keys only, ' +
      'and they pass the switch themselves. Only `rest` has an effect here.',
    method: 'patch',
    path: `${PATH}/protocols/:protocolId`,
    aliases: [`${PATH}/protocols/:protocolId/status`],
    scopes: ['project.write'],
    event: 'protocols.[protocolId].update',
    onConsole,
    input: {
      param: z.object({ protocolId: described(z.enum(PROTOCOLS), 'Name of the protocol.') }),
      ...enabled,
    },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { protocolId, enabled }) => changeProject(c, switchChange('protocol', protocolId, enabled)),
)
