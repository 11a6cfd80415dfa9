import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { SecretHash } from '#/auth/secrets'
import { instant, sequence, strings, timestamps } from './columns.ts'

/** API keys beside the deployment's own; the secret itself is never stored. */
export const keys = sqliteTable('keys', {
  sequence: sequence(),
  id: text().notNull().unique(),
  name: text().notNull(),
  secretHash: text().$type<SecretHash>().notNull().unique(),
  scopes: strings().notNull(),
  expiresAt: instant(),
  accessedAt: instant(),
  ...timestamps,
})
export type Key = typeof keys.$inferSelect

/** Requests counted per rate-limit key and window. */
export const rateCounters = sqliteTable(
  'rate_counters',
  {
    key: text().notNull(),
    windowStart: integer().notNull(), // epoch seconds
    windowEnd: integer().notNull(),
    count: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.windowStart] })],
)

/** Row counts that triggers keep, so that an unfiltered `total` reads one row. */
export const counters = sqliteTable('counters', {
  name: text().primaryKey(),
  count: integer().notNull(),
})
