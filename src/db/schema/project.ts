import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { SecretHash } from '#/auth/secrets'
import { instant, json, sequence, strings, timestamps } from './columns.ts'

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

/** What the owner has set; what is not here has its default. One row a value, so that changes never collide. */
export const settings = sqliteTable('settings', {
  name: text().primaryKey(),
  value: json<unknown>().notNull(),
})

/** Where the project's clients run; their hosts and schemes may call and be redirected to. */
export const platforms = sqliteTable('platforms', {
  sequence: sequence(),
  id: text().notNull().unique(),
  type: text({ enum: ['web', 'apple', 'android', 'windows', 'linux'] }).notNull(),
  name: text().notNull(),
  identifier: text().notNull(), // a hostname, or the ID of an app
  ...timestamps,
})
export type Platform = typeof platforms.$inferSelect

/** Row counts that triggers keep, so that an unfiltered `total` reads one row. */
export const counters = sqliteTable('counters', {
  name: text().primaryKey(),
  count: integer().notNull(),
})
