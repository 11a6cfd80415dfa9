import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { instant, sequence } from './columns.ts'

/** Messages of a server under development, which are kept to be read instead of being sent. */
export const outbox = sqliteTable('outbox', {
  sequence: sequence(),
  kind: text({ enum: ['mail', 'sms'] }).notNull(),
  to: text().notNull(),
  subject: text().notNull(), // '' for a text message, as is html
  text: text().notNull(),
  html: text().notNull(),
  createdAt: instant().notNull(),
})
export type OutboxMessage = typeof outbox.$inferSelect
