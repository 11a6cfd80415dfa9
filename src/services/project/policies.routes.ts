import { z } from 'zod'
import { listModel } from '#/http/model'
import { described } from '#/http/params'
import { onConsole, pageParams } from '#/pipeline/fields'
import { type Route, route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'
import { projectModel } from '#/services/project/models'
import {
  type OwnPolicyId,
  POLICY_IDS,
  type PolicyId,
  policyBody,
  policyModel,
  policyModelFor,
  policySpec,
  policyValues,
} from '#/services/project/policies'
import { shortPage } from '#/services/project/short-list'
import { changeProject, policyChanges } from '#/services/project/store'

export const PATH = '/v1/project/policies'
export const READ = ['policies.read', 'project.policies.read'] as const
const WRITE = ['policies.write', 'project.policies.write'] as const

export const listPolicies = route(
  {
    name: 'project.listPolicies',
    summary: 'List policies',
    description:
      'Lists the policies of the project. API keys only. Those that Appwrite does not ' +
      'have are left out.',
    method: 'get',
    path: PATH,
    scopes: READ,
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: listModel('policyList', 'policies', policyModel),
    errors: ['general_query_invalid'],
  },
  async (c, params) => {
    const { policies } = await projectOf(c)
    return shortPage(
      c,
      params,
      POLICY_IDS.map((id) => ({ id, policies })),
    )
  },
)

export const getPolicy = route(
  {
    name: 'project.getPolicy',
    summary: 'Get a policy',
    description: 'Returns one policy of the project. API keys only.',
    method: 'get',
    path: `${PATH}/:policyId`,
    scopes: READ,
    onConsole,
    input: { param: z.object({ policyId: described(z.enum(POLICY_IDS), 'Name of the policy.') }) },
    status: 200,
    model: policyModel,
    errors: [],
  },
  async (c, { policyId: id }) => ({ id, policies: (await projectOf(c)).policies }),
)

/** Makes the route that changes a policy. */
export function updatePolicy(id: PolicyId | OwnPolicyId): Route {
  const { method: name, summary, effect, silent, answersItself } = policySpec(id)
  const spec = {
    name,
    summary,
    description: `${effect} API keys only.`,
    method: 'patch',
    path: `${PATH}/${id}`,
    scopes: WRITE,
    onConsole,
    input: { body: policyBody(id) },
    status: 200,
    errors: [],
    ...(silent ? {} : { event: 'projects.[projectId].policies.[policy].update' }),
  } as const
  const change = (c: Parameters<typeof changeProject>[0], given: Record<string, unknown>) =>
    changeProject(c, policyChanges(policyValues(id, given)))
  return answersItself
    ? route({ ...spec, model: policyModelFor(id) }, async (c, given) => ({
        id,
        policies: (await change(c, given)).policies,
      }))
    : route({ ...spec, model: projectModel }, change)
}

/** One route for each policy. */
export const updates = POLICY_IDS.map(updatePolicy)
