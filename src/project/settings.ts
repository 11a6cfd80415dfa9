import type { Context } from 'hono'
import { z } from 'zod'
import type { Database } from '#/db'
import { settings } from '#/db/schema'
import type { AppEnv } from '#/env'

/** Ways to sign in that the owner can switch off (auth contract 15.2). */
export const AUTH_METHODS = [
  ...([
    'email-password',
    'magic-url',
    'email-otp',
    'anonymous',
    'invites',
    'jwt',
    'phone',
  ] as const),
] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

const YEAR_SECONDS = 31_536_000

const off = z.boolean().default(false)
const on = z.boolean().default(true)

/** What a new project starts with, and what each value may be (project contract 2 and 7.2). */
const policiesSchema = z.object({
  userLimit: z.int().min(0).max(10_000).default(0), // 0: none
  sessionLimit: z.int().min(1).max(100).default(10),
  sessionDurationSeconds: z.int().min(60).max(YEAR_SECONDS).default(YEAR_SECONDS),
  sessionAlerts: off,
  invalidateSessions: on,
  passwordHistory: z.int().min(0).max(20).default(0), // 0: off
  passwordDictionary: off,
  personalDataCheck: off,
  passwordMin: z.int().min(8).max(256).default(8), // bytes
  passwordUppercase: off,
  passwordLowercase: off,
  passwordNumber: off,
  passwordSymbols: off,
  memberUserId: off,
  memberUserName: off,
  memberUserEmail: off,
  memberUserPhone: off,
  memberMfa: off,
  memberAccessedAt: off,
  factorTotp: on,
  factorEmail: on,
  factorPhone: on,
  factorCustom: off,
  denyDisposableEmails: off,
  denyAliasedEmails: off,
  denyFreeEmails: off,
  onlyCorporateEmails: off,
})

/** Rules that the owner has set for users, passwords, sessions and memberships. */
export type Policies = z.output<typeof policiesSchema>
export type PolicyName = keyof Policies

/** What the owner has set, as one request sees it. */
export type ProjectSettings = {
  policies: Policies
  /** Tells whether a way to sign in, a service or a protocol is on; all are until switched off. */
  isOn: (kind: 'method' | 'service' | 'protocol', name: string) => boolean
}

/** Gives the statement that {@link readSettings} needs the rows of. */
export const settingsRows = (db: Database) => db.select().from(settings)

/** Reads the settings of a project; what is not stored, or is of no use, has its default. */
export function readSettings(rows: readonly { name: string; value: unknown }[]): ProjectSettings {
  const stored = new Map(rows.map(({ name, value }) => [name, value]))
  const given: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(policiesSchema.shape)) {
    const result = schema.safeParse(stored.get(name))
    if (result.success) given[name] = result.data
  }
  return {
    policies: policiesSchema.parse(given),
    isOn: (kind, name) => stored.get(`${kind}:${name}`) !== false,
  }
}

/** Gives what the owner has set, as it stood when the request began, or now where that was not read. */
export async function projectOf(c: Context<AppEnv>): Promise<ProjectSettings> {
  const project = c.var.project ?? readSettings(await settingsRows(c.var.db))
  c.set('project', project)
  return project
}

/** The settings of a project whose owner has set nothing. */
export const DEFAULT_SETTINGS = readSettings([])
