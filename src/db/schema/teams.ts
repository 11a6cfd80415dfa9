import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import {
  flag,
  folded,
  form,
  freeForm,
  instant,
  type Plain,
  sequence,
  strings,
  timestamps,
  unfolded,
  words,
} from './columns.ts'

export const teams = sqliteTable(
  'teams',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    name: text().notNull(),
    nameForm: form(),
    nameWords: words(),
    nameFolded: folded('name').notNull(),
    total: integer().notNull(), // confirmed members; triggers keep it
    prefs: freeForm().notNull(),
    createdBy: text(), // the user who made it; null for a key, and once that user is deleted
    ...timestamps,
  },
  (t) => [
    index('teams_by_name').on(t.name, t.sequence),
    index('teams_by_folded_name').on(t.nameFolded, t.name, t.sequence),
    index('teams_unfolded').on(t.sequence).where(unfolded('name')),
    index('teams_by_created').on(t.createdAt, t.sequence),
    index('teams_by_creator').on(t.createdBy),
  ],
)
export type Team = Plain<typeof teams.$inferSelect>

export const memberships = sqliteTable(
  'memberships',
  {
    sequence: sequence(),
    id: text().notNull().unique(),
    teamId: text().notNull(),
    userId: text().notNull(),
    roles: strings().notNull(),
    invited: instant(),
    joined: instant(),
    confirm: flag().notNull(),
    ...timestamps,
  },
  (t) => [
    uniqueIndex('memberships_by_team').on(t.teamId, t.userId),
    index('memberships_of_team').on(t.teamId, t.sequence),
    index('memberships_of_user').on(t.userId, t.sequence),
    // Role names have no quotes in them: the text is the role.
    index('memberships_of_owners')
      .on(t.teamId, t.userId)
      .where(sql`confirm and instr(roles, '"owner"') > 0`),
  ],
)
export type Membership = typeof memberships.$inferSelect
