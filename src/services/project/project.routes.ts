import { z } from 'zod'
import { ApiError } from '#/errors'
import { onConsole, strict } from '#/pipeline/fields'
import { route } from '#/pipeline/route'
import { AUTH_METHODS, PROTOCOLS, SERVICES } from '#/project/settings'
import { projectModel } from '#/services/project/models'
import { changeProject, labelsChange, openProject, switchChange } from '#/services/project/store'

const PATH = '/v1/project'

export const get = route(
  {
    name: 'project.get',
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

/** Differs: a deployment is one project, and it is its operator who takes it down (project contract 3.2). */
export const deleteProject = route(
  {
    name: 'project.delete',
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
    method: 'put',
    path: `${PATH}/labels`,
    scopes: ['project.write'],
    onConsole,
    input: { body: z.object({ labels: z.array(label).max(MOST_LABELS) }) },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { labels }) => changeProject(c, labelsChange([...new Set(labels)])),
)

const enabled = { body: z.object({ enabled: strict }) }

export const updateAuthMethod = route(
  {
    name: 'project.updateAuthMethod',
    method: 'patch',
    path: `${PATH}/auth-methods/:methodId`,
    scopes: ['project.write'],
    event: 'authMethod.[methodId].update',
    onConsole,
    input: { param: z.object({ methodId: z.enum(AUTH_METHODS) }), ...enabled },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { methodId, enabled }) => changeProject(c, switchChange('method', methodId, enabled)),
)

export const updateService = route(
  {
    name: 'project.updateService',
    method: 'patch',
    path: `${PATH}/services/:serviceId`,
    aliases: [`${PATH}/services/:serviceId/status`],
    scopes: ['project.write'],
    event: 'services.[serviceId].update',
    onConsole,
    input: { param: z.object({ serviceId: z.enum(SERVICES) }), ...enabled },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { serviceId, enabled }) => changeProject(c, switchChange('service', serviceId, enabled)),
)

export const updateProtocol = route(
  {
    name: 'project.updateProtocol',
    method: 'patch',
    path: `${PATH}/protocols/:protocolId`,
    aliases: [`${PATH}/protocols/:protocolId/status`],
    scopes: ['project.write'],
    event: 'protocols.[protocolId].update',
    onConsole,
    input: { param: z.object({ protocolId: z.enum(PROTOCOLS) }), ...enabled },
    status: 200,
    model: projectModel,
    errors: [],
  },
  (c, { protocolId, enabled }) => changeProject(c, switchChange('protocol', protocolId, enabled)),
)
