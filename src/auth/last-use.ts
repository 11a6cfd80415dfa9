import { eq, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Key, keys } from '#/db/schema'
import type { AppEnv } from '#/http/context'

const REFRESH_MS = 24 * 3600 * 1000

/** Checks whether a use is to be recorded: once in 24 hours at most, so that reads do not write. */
export const isStale = (accessedAt: Date | null, now: Date) =>
  now.getTime() - (accessedAt?.getTime() ?? 0) > REFRESH_MS

/** Names that SDKs give of themselves; others are not recorded, so that a key's list stays short. */
const SDKS: ReadonlySet<string> = new Set([
  ...['.NET', 'Android', 'Apple', 'Command Line', 'Console', 'Dart', 'Deno', 'Flutter', 'Go'],
  ...['GraphQL', 'Kotlin', 'Node.js', 'PHP', 'Python', 'React Native', 'REST', 'Ruby', 'Rust'],
  ...['Swift', 'Unity', 'Web'],
])

/** Stamps a key as seen, once a day at most, and with each SDK that uses it (docs/contract/auth.md §7.1). */
export function recordKeyUse(c: Context<AppEnv>, { id, accessedAt, sdks }: Key) {
  const { db, now } = c.var
  const name = c.req.header('x-sdk-name') ?? ''
  const isNew = SDKS.has(name) && !sdks.includes(name)
  if (!isNew && !isStale(accessedAt, now)) return
  const added = sql`case when exists (select 1 from json_each(${keys.sdks}) where value = ${name})
    then ${keys.sdks} else json_insert(${keys.sdks}, '$[#]', ${name}) end`
  const seen = db
    .update(keys)
    .set({ accessedAt: now, ...(isNew ? { sdks: added } : {}) })
    .where(eq(keys.id, id))
  c.executionCtx.waitUntil(seen.run())
}
