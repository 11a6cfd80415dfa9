import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { identities } from '#/db/schema'
import { ApiError } from '#/errors'
import { listParams } from '#/http/params'
import { identityListModel } from '#/identity/models'
import { listIdentityRows, tellIdentity } from '#/identity/users/identities'
import { uidOf } from '#/ids'
import { route } from '#/pipeline/route'

export const listIdentities = route(
  {
    name: 'users.listIdentities',
    summary: 'List identities',
    description:
      'Lists the accounts at sign-in providers that users have linked. API keys and ' +
      'impersonators only. Identities have no text, so `search` is refused.',
    method: 'get',
    path: '/v1/users/identities',
    scopes: ['users.read'],
    input: { query: z.object(listParams) },
    status: 200,
    model: identityListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  (c, params) => listIdentityRows(c, params),
)

export const deleteIdentity = route(
  {
    name: 'users.deleteIdentity',
    summary: 'Delete an identity',
    description:
      'Unlinks an account at a sign-in provider from its user. API keys only. ' +
      'Sessions that came from it stay.',
    method: 'delete',
    path: '/v1/users/identities/:identityId',
    scopes: ['users.write'],
    event: 'users.[userId].identities.[identityId].delete',
    audit: 'identity.delete',
    input: { param: z.object({ identityId: uidOf('identity') }) },
    status: 204,
    errors: ['user_identity_not_found'],
  },
  async (c, { identityId }) => {
    const [gone] = await c.var.db
      .delete(identities)
      .where(eq(identities.id, identityId))
      .returning()
    if (!gone) throw new ApiError('user_identity_not_found')
    tellIdentity(c, gone)
    return undefined
  },
)
