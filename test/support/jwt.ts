import { signUserJwt, unboundRow } from '#/auth/unbound-jwt'
import { settingsOf } from '#/config/env'
import { oneTimeSecrets } from '#/db/schema'
import { NOW, type World } from '#test/support/world'

const SECONDS = 900

/** Makes a JWT that is bound to no session, whatever sessions its user has. @returns its header */
export async function unboundJwt(w: World, userId: string) {
  const c = { var: { db: w.db, now: NOW, settings: settingsOf(w.env) } } as never // all that both read
  const jwt = await signUserJwt(c, userId, '', SECONDS)
  await w.db.insert(oneTimeSecrets).values(await unboundRow(c, userId, jwt, SECONDS))
  return { 'X-Appwrite-JWT': jwt }
}
