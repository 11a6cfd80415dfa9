import { onConsole } from '#/pipeline/fields'
import { type Route, route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'
import { OWN_POLICY_IDS, type OwnPolicyId, policyModelFor } from '#/services/project/policies'
import { PATH, READ, updatePolicy } from '#/services/project/policies.routes'

/** Builds the route that shows a policy which Appwrite does not have. */
const getPolicy = (id: OwnPolicyId): Route =>
  route(
    {
      name: 'project.getPolicy',
      summary: `Get the policy ${id}`,
      description: 'Returns a policy that Appwrite does not have. API keys only.',
      method: 'get',
      path: `${PATH}/${id}`,
      scopes: READ,
      onConsole,
      input: {},
      status: 200,
      model: policyModelFor(id),
      errors: [],
    },
    async (c) => ({ id, policies: (await projectOf(c)).policies }),
  )

/** Lists the routes of policies that Appwrite does not have. */
export const OWN_POLICY_ROUTES = OWN_POLICY_IDS.flatMap((id) => [getPolicy(id), updatePolicy(id)])
