import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Database } from '#/db'
import { gather } from '#/db/gather'
import { settings } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import {
  ABOUT,
  DEFAULT_SETTINGS,
  type Policies,
  type ProjectSettings,
  readSettings,
  type Smtp,
  type SwitchKind,
  timeOf,
} from '#/project/settings'

/** Holds the project with all that its owner has set. */
export type ProjectRow = ProjectSettings & {
  id: string
  name: string
  labels: readonly string[]
  createdAt: Date
  updatedAt: Date
  seenAt: Date
}

/** A new value of one setting, and what it is while it is not stored. */
export type Change = { name: string; value: unknown; initial: unknown }

/** Returns a change for each value that is given. */
const changesOf = (values: object, initial: object, prefix = ''): Change[] =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({
      name: `${prefix}${name}`,
      value,
      initial: new Map(Object.entries(initial)).get(name),
    }))

/** Names values of which those left undefined stay as they are. */
export type Given<T> = { [K in keyof T]?: T[K] | undefined }

export const policyChanges = (values: Given<Policies>) =>
  changesOf(values, DEFAULT_SETTINGS.policies)

export const smtpChanges = (values: Given<Smtp>) =>
  changesOf(values, DEFAULT_SETTINGS.smtp, 'smtp:')

export const switchChange = (kind: SwitchKind, name: string, enabled: boolean): Change[] => [
  { name: `${kind}:${name}`, value: enabled, initial: true },
]

export const labelsChange = (labels: readonly string[]): Change[] => [
  { name: `${ABOUT}labels`, value: labels, initial: [] },
]

/** Returns the statement that {@link readProject} needs the rows of. */
export const projectRows = (db: Database) => db.select().from(settings)

const DAY_MS = 24 * 3600 * 1000

const asTexts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

/** Reads the project from all rows of settings. */
export function readProject(
  c: Context<AppEnv>,
  rows: readonly (typeof settings.$inferSelect)[],
): ProjectRow {
  const { settings: deployment, now } = c.var
  const stored = new Map(rows.map(({ name, value }) => [name, value]))
  const createdAt = timeOf(stored.get(`${ABOUT}createdAt`)) ?? new Date(0)
  return {
    ...readSettings(rows),
    id: deployment.PROJECT_ID,
    name: deployment.PROJECT_NAME,
    labels: asTexts(stored.get(`${ABOUT}labels`)),
    createdAt,
    updatedAt: timeOf(stored.get(`${ABOUT}updatedAt`)) ?? createdAt,
    // Differs: this very request is activity, and a day is as fine as the contract asks for.
    seenAt: new Date(now.getTime() - (now.getTime() % DAY_MS)),
  }
}

/** Builds the statement that moves the project's `$updatedAt`, if a condition holds at that moment. */
export const stampProject = (db: Database, now: Date, condition = sql`1`) =>
  db
    .insert(settings)
    .select(sql`select ${`${ABOUT}updatedAt`}, ${JSON.stringify(now.getTime())} where ${condition}`)
    .onConflictDoUpdate({ target: settings.name, set: { value: sql`excluded.value` } })

/**
 * Builds the statements that store settings, each value by itself, so that changes of different ones never
 * undo each other. The project's `$updatedAt` moves only where a value really changes.
 * @param guard condition under which they are stored
 */
export function storeChanges(db: Database, now: Date, changes: readonly Change[], guard = sql`1`) {
  const rows = JSON.stringify(
    changes.map(({ name, value, initial }) => [
      name,
      JSON.stringify(value),
      JSON.stringify(initial ?? null),
    ]),
  )
  const [name, value, initial] = [0, 1, 2].map((at) => sql.raw(`json_extract(c.value, '$[${at}]')`))
  const differs = sql`exists (select 1 from json_each(${rows}) c left join ${settings} s
    on s.name = ${name} where coalesce(s.value, ${initial}) <> ${value})`
  return {
    stamp: stampProject(db, now, sql`${differs} and ${guard}`),
    store: db
      .insert(settings)
      .select(sql`select ${name}, ${value} from json_each(${rows}) c where ${guard}`)
      .onConflictDoUpdate({ target: settings.name, set: { value: sql`excluded.value` } })
      .returning({ name: settings.name }),
  }
}

/** Stores settings and gives the project as it is then, in one round trip. */
export async function changeProject(
  c: Context<AppEnv>,
  changes: readonly Change[],
): Promise<ProjectRow> {
  const { db, now } = c.var
  const batch = gather(db)
  const { stamp, store } = storeChanges(db, now, changes)
  if (changes.length > 0) {
    batch.add(stamp)
    batch.add(store)
  }
  const rows = batch.add(projectRows(db))
  await batch.run()
  return readProject(c, rows())
}

/** Reads the project in one round trip. */
export const openProject = (c: Context<AppEnv>) => changeProject(c, [])
