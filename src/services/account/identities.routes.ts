import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { identities } from '#/db/schema'
import { ApiError } from '#/errors'
import { listParams } from '#/http/params'
import { identityListModel } from '#/identity/models'
import { listIdentityRows, tellIdentity } from '#/identity/users/identities'
import { selfOf } from '#/identity/users/self'
import { uidOf } from '#/ids'
import { route } from '#/pipeline/route'

const { queries, total } = listParams

export const listIdentities = route(
  {
    name: 'account.listIdentities',
    summary: 'List identities',
    description: 'Lists the accounts at sign-in providers that the user has linked.',
    method: 'get',
    path: '/v1/account/identities',
    scopes: ['account'],
    input: { query: z.object({ queries, total }) },
    status: 200,
    model: identityListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  (c, params) => listIdentityRows(c, params, eq(identities.userId, selfOf(c).person.user.id)),
)

export const deleteIdentity = route(
  {
    name: 'account.deleteIdentity',
    summary: 'Unlink an identity',
    description:
      'Unlinks an account at a sign-in provider from the user. Sessions that came ' +
      'from it stay.',
    method: 'delete',
    path: '/v1/account/identities/:identityId',
    scopes: ['account'],
    event: 'users.[userId].identities.[identityId].delete',
    audit: 'identity.delete',
    input: { param: z.object({ identityId: uidOf('identity') }) },
    status: 204,
    errors: ['user_identity_not_found', 'user_unauthorized'],
  },
  async (c, { identityId }) => {
    const { db } = c.var
    const { user } = selfOf(c).person
    const named = eq(identities.id, identityId)
    const [[gone], [others]] = await db.batch([
      db
        .delete(identities)
        .where(and(named, eq(identities.userId, user.id)))
        .returning(),
      db.select({ id: identities.id }).from(identities).where(named),
    ])
    if (!gone) throw new ApiError(others ? 'user_unauthorized' : 'user_identity_not_found')
    tellIdentity(c, gone)
    return undefined
  },
)
