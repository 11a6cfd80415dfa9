import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { spentSecrets } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { hashSecret } from '#/lib/secrets'

type Ctx = Context<AppEnv>

/**
 * Uses a signed value that works once: of all requests that hold it, exactly one succeeds.
 * @param kind what it is; the same text of another kind is another value
 * @param until when its signature ends, up to when its use is remembered
 * @returns what makes it usable again, for a use that failed; undefined when it was used before
 */
export async function spend(
  { var: { db } }: Ctx,
  kind: string,
  value: string,
  until: Date,
): Promise<(() => Promise<void>) | undefined> {
  const hash = await hashSecret(`${kind}:${value}`)
  const row = { hash, expiresAt: until }
  const [spent] = await db.insert(spentSecrets).values(row).onConflictDoNothing().returning()
  if (!spent) return
  return async () => void (await db.delete(spentSecrets).where(eq(spentSecrets.hash, hash)))
}
