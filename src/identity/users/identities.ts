import type { SQL } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Identity, identities } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import { type ListParams, listRows } from '#/http/list'
import type { Page } from '#/http/model'
import { identityModel } from '#/identity/models'
import { openTokens } from '#/identity/providers/protocol/tokens'

type Ctx = Context<AppEnv>

/** Returns an identity with its provider's tokens readable; '' for one that cannot be opened. */
export const openIdentity = async (c: Ctx, row: Identity): Promise<Identity> => ({
  ...row,
  ...(await openTokens(c, 'identity', row)),
})

/** Sets which identity the event of the route is about. */
export const tellIdentity = (c: Ctx, row: Identity) =>
  tell(c, { payload: async (view) => identityModel.wire(await openIdentity(c, row), view) })

/** Attributes that lists of identities filter and sort by (docs/contract/queries.md §8). */
const ATTRIBUTES = {
  userId: 'string',
  provider: 'string',
  providerUid: 'string',
  providerEmail: 'email',
  providerAccessTokenExpiry: 'datetime',
} as const

/**
 * Lists identities with their tokens readable, in one round trip.
 * @param where what the request cannot change
 * @throws `general_query_invalid` for any search: identities have no text (docs/contract/users.md §12)
 */
export async function listIdentityRows(
  c: Ctx,
  params: ListParams,
  where?: SQL,
): Promise<Page<Identity>> {
  const { total, rows } = await listRows<Identity>(c, params, {
    table: identities,
    attributes: ATTRIBUTES,
    where,
    search: () => {
      throw new ApiError('general_query_invalid', 'Identities have no text that can be searched.')
    },
  })
  return { total, rows: await Promise.all(rows.map((row) => openIdentity(c, row))) }
}
