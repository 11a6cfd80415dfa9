import { sql } from 'drizzle-orm'
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { SecretHash } from '#/lib/secrets'
import {
  flag,
  folded,
  form,
  instant,
  json,
  type Plain,
  sequence,
  strings,
  timestamps,
  words,
} from './columns.ts'

/** API keys beside the deployment's own; the secret itself is never stored. */
export const keys = sqliteTable('keys', {
  sequence: sequence(),
  id: text().notNull().unique(),
  name: text().notNull(),
  nameForm: form(),
  nameWords: words(),
  nameFolded: folded('name').notNull(),
  secretHash: text().$type<SecretHash>().notNull().unique(),
  scopes: strings().notNull(),
  sdks: strings().notNull().default([]), // names of the SDKs that used it
  expiresAt: instant(),
  accessedAt: instant(),
  ...timestamps,
})
export type Key = Plain<typeof keys.$inferSelect>

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
  nameForm: form(),
  nameWords: words(),
  nameFolded: folded('name').notNull(),
  identifier: text().notNull(), // a hostname, or the ID of an app
  identifierForm: form(),
  identifierWords: words(),
  identifierFolded: folded('identifier').notNull(),
  ...timestamps,
})
export type Platform = Plain<typeof platforms.$inferSelect>

/** Row counts that triggers keep, so that an unfiltered `total` reads one row. */
export const counters = sqliteTable('counters', {
  name: text().primaryKey(),
  count: integer().notNull(),
})

/** Addresses that are told of events. */
export const webhooks = sqliteTable('webhooks', {
  sequence: sequence(),
  id: text().notNull().unique(),
  name: text().notNull(),
  nameForm: form(),
  nameWords: words(),
  nameFolded: folded('name').notNull(),
  url: text().notNull(),
  events: strings().notNull(),
  tls: flag().notNull(),
  authUsername: text().notNull(),
  authUsernameForm: form(),
  authUsernameWords: words(),
  authUsernameFolded: folded('auth_username').notNull(),
  authPassword: text().notNull(), // sealed
  secret: text().notNull(), // sealed; signs deliveries
  withSecrets: flag().notNull().default(true), // whether events may carry secrets that sign users in
  enabled: flag().notNull(),
  logs: text().notNull(), // of the last failed delivery
  attempts: integer().notNull(), // failed deliveries in a row
  ...timestamps,
})
export type Webhook = Plain<typeof webhooks.$inferSelect>

/** Values that the owner keeps with the project. */
export const variables = sqliteTable('variables', {
  sequence: sequence(),
  id: text().notNull().unique(),
  key: text().notNull().unique(),
  keyForm: form(),
  keyWords: words(),
  keyFolded: folded('key').notNull(),
  value: text().notNull(), // sealed
  secret: flag().notNull(),
  // Of these two every variable has the same; lists can be asked about them all the same.
  resourceType: text().generatedAlwaysAs(sql`'project'`, { mode: 'virtual' }),
  resourceId: text().generatedAlwaysAs(sql`''`, { mode: 'virtual' }),
  ...timestamps,
})
export type Variable = Plain<typeof variables.$inferSelect>

/** The owner's texts of mails, by template and language; '' is not set. */
export const emailTemplates = sqliteTable(
  'email_templates',
  {
    templateId: text().notNull(),
    locale: text().notNull(),
    subject: text().notNull(),
    message: text().notNull(),
    senderName: text().notNull(),
    senderEmail: text().notNull(),
    replyToName: text().notNull(),
    replyToEmail: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.templateId, t.locale] })],
)
export type EmailTemplate = typeof emailTemplates.$inferSelect

/** Sign-in providers as the owner set them up. */
export const oauthProviders = sqliteTable('oauth_providers', {
  id: text().primaryKey(), // the provider's key
  clientId: text().notNull(),
  secret: text().notNull(), // sealed JSON: the client secret and whatever else the provider needs
  enabled: flag().notNull(),
})
export type OAuthProvider = typeof oauthProviders.$inferSelect
