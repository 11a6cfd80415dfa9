import { eq, exists, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Database } from '#/db'
import { settings, webhooks } from '#/db/schema'
import type { AppEnv } from '#/http/context'

declare module '#/http/context' {
  interface Variables {
    /** What the owner has set; not read yet for the deployment's own key. See {@link projectOf}. */
    project: ProjectSettings | undefined
  }
}

/** Ways to sign in that the owner can switch off (docs/contract/auth.md §15.2). */
export const AUTH_METHODS = [
  'email-password',
  'magic-url',
  'email-otp',
  'anonymous',
  'invites',
  'jwt',
  'phone',
] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** Services that the owner can switch off, also those that are not here (docs/contract/project.md §6.2). */
export const SERVICES = [
  ...(['account', 'avatars', 'databases', 'tablesdb', 'locale', 'health', 'project'] as const),
  ...(['storage', 'teams', 'users', 'vcs', 'sites', 'functions', 'proxy', 'graphql'] as const),
  ...(['migrations', 'messaging', 'advisor'] as const),
] as const

/** Protocols that the owner can switch off; of these only REST is spoken here (docs/contract/project.md §6.3). */
export const PROTOCOLS = ['rest', 'graphql', 'websocket'] as const

const YEAR_SECONDS = 31_536_000

const off = z.boolean().default(false)
const on = z.boolean().default(true)

/** What a new project starts with, and what each value may be (docs/contract/project.md §2, §7.2). */
const policiesSchema = z.object({
  userLimit: z.int().min(0).max(10_000).default(0), // 0: none
  teamLimit: z.int().min(0).max(10_000).default(100), // made by one user; 0: none
  sessionLimit: z.int().min(1).max(100).default(10),
  sessionDurationSeconds: z.int().min(60).max(YEAR_SECONDS).default(YEAR_SECONDS),
  sessionAlerts: off,
  invalidateSessions: on,
  removeClaims: on,
  linkIdentities: on,
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

/** What the project's own mail server may be; '' and 0 are not set (docs/contract/project.md §9.1). */
const smtpSchema = z.object({
  enabled: off,
  host: z.string().default(''),
  port: z.int().default(0),
  username: z.string().default(''),
  password: z.string().default(''), // sealed
  senderEmail: z.string().default(''),
  senderName: z.string().default(''),
  replyToEmail: z.string().default(''),
  replyToName: z.string().default(''),
  secure: z.enum(['', 'tls', 'ssl']).default(''), // tls: STARTTLS, ssl: TLS from the start
})

/** The project's own mail server and sender. */
export type Smtp = z.output<typeof smtpSchema>

/** What the owner has set, as one request sees it. */
export type ProjectSettings = {
  policies: Policies
  smtp: Smtp
  /** Checks whether a way to sign in, a service or a protocol is on; all are until switched off. */
  isOn: (kind: SwitchKind, name: string) => boolean
  /** Whether any webhook is enabled: events of other projects need not be looked into. */
  hasWebhooks: boolean
  /** When an app called first. */
  pingedAt: Date | undefined
}

/** What kinds of things can be switched off. */
export type SwitchKind = 'method' | 'service' | 'protocol'

/** Starts the names of rows that say what the project is called and when it changed: they rule nothing. */
export const ABOUT = 'project:'

/** Names the row that holds the moment of the first ping. */
export const PINGED_AT = 'ping:first'

/** Names the row that is there while a webhook is enabled; it is not stored, so that it is never wrong. */
const WEBHOOKS = 'webhooks:enabled'

/** Returns the statement that {@link readSettings} needs the rows of. */
export const settingsRows = (db: Database) =>
  db
    .select()
    .from(settings)
    .where(sql`${settings.name} not like ${`${ABOUT}%`}`)
    .unionAll(
      db
        .select({ name: sql<string>`${WEBHOOKS}`.as('name'), value: sql`'true'`.as('value') })
        .from(sql`(select 1)`)
        .where(exists(db.select({ one: sql`1` }).from(webhooks).where(eq(webhooks.enabled, true)))),
    )

/** Keeps what fits a shape; what is not stored, or is of no use, has its default. */
function fitting<T extends z.ZodRawShape>(
  shape: z.ZodObject<T>,
  stored: (name: string) => unknown,
): z.output<z.ZodObject<T>> {
  const given: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(shape.shape)) {
    const result = z.safeParse(schema, stored(name))
    if (result.success) given[name] = result.data
  }
  return shape.parse(given)
}

/** Reads a stored moment. @returns undefined where nothing of use is stored */
export const timeOf = (value: unknown) => (typeof value === 'number' ? new Date(value) : undefined)

/** Reads the settings of a project; what is not stored, or is of no use, has its default. */
export function readSettings(rows: readonly { name: string; value: unknown }[]): ProjectSettings {
  const stored = new Map(rows.map(({ name, value }) => [name, value]))
  return {
    policies: fitting(policiesSchema, (name) => stored.get(name)),
    smtp: fitting(smtpSchema, (name) => stored.get(`smtp:${name}`)),
    isOn: (kind, name) => stored.get(`${kind}:${name}`) !== false,
    hasWebhooks: stored.get(WEBHOOKS) === true,
    pingedAt: timeOf(stored.get(PINGED_AT)),
  }
}

/** Returns what the owner has set, as it stood when the request began, or now where that was not read. */
export async function projectOf(c: Context<AppEnv>): Promise<ProjectSettings> {
  const project = c.var.project ?? readSettings(await settingsRows(c.var.db))
  c.set('project', project)
  return project
}

/** The settings of a project whose owner has set nothing. */
export const DEFAULT_SETTINGS = readSettings([])
