import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { type Caller, GUEST, keyCaller, ROOT_KEY } from '#/auth/caller'
import { verifyJwt } from '#/auth/jwt'
import { hashSecret, sameSecret } from '#/auth/secrets'
import { keys } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'

const ephemeralClaims = z.object({
  projectId: z.string(),
  scopes: z.array(z.string()),
  exp: z.number(),
})

/**
 * Turns the credentials of a request into a caller, in at most one D1 round trip (auth contract 2, 7.1).
 * @throws `project_id_missing` when a key comes without its project's header
 * @throws `user_unauthorized` for an unknown key, `project_key_expired` for an expired one
 */
export async function authenticate(c: Context<AppEnv>): Promise<Caller> {
  const key = c.req.header('x-appwrite-key')
  if (!key || !c.var.hasProject) return GUEST
  if (c.req.header('x-appwrite-project') !== c.var.settings.PROJECT_ID) {
    throw new ApiError('project_id_missing')
  }
  const kind = key.includes('_') ? key.slice(0, key.indexOf('_')) : 'standard'
  if (await sameSecret(key, c.var.settings.API_KEY)) return ROOT_KEY
  if (kind === 'standard') return storedKey(c, key)
  if (kind === 'ephemeral' || kind === 'dynamic') return ephemeralKey(c, key.slice(kind.length + 1))
  return GUEST
}

async function storedKey({ var: { db, now } }: Context<AppEnv>, secret: string): Promise<Caller> {
  const [row] = await db
    .select()
    .from(keys)
    .where(eq(keys.secretHash, await hashSecret(secret)))
  if (!row) throw new ApiError('user_unauthorized', 'There is no API key with this secret.')
  if (row.expiresAt && row.expiresAt < now) throw new ApiError('project_key_expired')
  return keyCaller(row.id, row.scopes)
}

/** A bad, foreign or expired ephemeral key is a guest, not an error (auth contract 7.1). */
async function ephemeralKey(
  { var: { settings, now } }: Context<AppEnv>,
  jwt: string,
): Promise<Caller> {
  const claims = ephemeralClaims.safeParse(await verifyJwt(jwt, settings.SECRET, now))
  if (!claims.success || claims.data.projectId !== settings.PROJECT_ID) return GUEST
  return keyCaller('ephemeral', claims.data.scopes)
}
