import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { settings } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { PINGED_AT } from '#/project/settings'

/** Stores the moment of the project's first ping; later ones change nothing (docs/contract/health.md §1). */
export function recordPing(c: Context<AppEnv>) {
  if (!c.var.project?.pingedAt) c.executionCtx.waitUntil(storePing(c))
}

/** Looks before it writes: for the deployment's own key, the project's settings have not been read. */
async function storePing({ var: { db, now, project } }: Context<AppEnv>) {
  const seen = db.select({ name: settings.name }).from(settings).where(eq(settings.name, PINGED_AT))
  if (!project && (await seen)[0]) return
  await db.insert(settings).values({ name: PINGED_AT, value: now.getTime() }).onConflictDoNothing()
}
