import type { Context } from 'hono'
import { settings } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { PINGED_AT } from '#/project/settings'

/** Stores the moment of the project's first ping; later ones change nothing (docs/contract/health.md §1). */
export function recordPing(c: Context<AppEnv>) {
  const { db, now, project } = c.var
  if (project?.pingedAt) return
  const first = db
    .insert(settings)
    .values({ name: PINGED_AT, value: now.getTime() })
    .onConflictDoNothing()
  c.executionCtx.waitUntil(first.run())
}
