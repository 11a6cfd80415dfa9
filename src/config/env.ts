import { z } from 'zod'
import { parseSmsUrl } from '#/config/sms-url'
import { parseSmtpUrl } from '#/config/smtp-url'
import { parseAddress } from '#/lib/contact/address'
import { log } from '#/lib/log'
import { canMatch } from '#/lib/platform-entries'
import { projectIdFault } from '#/lib/project-id'
import { settingsFaults } from '#/lib/settings-faults'
import { parseUrl } from '#/lib/url'

/** The bindings of the Worker. A module whose class or messages a binding carries declares that one itself. */
export interface Bindings {
  DB: D1Database
  BLOBS: R2Bucket
  IMAGES: ImagesBinding
  /** Counts roughly and cheaply what one address sends to one location; without it nothing is refused early. */
  BURST_GUARD?: RateLimit
  /** Sends mails where there is no SMTP server; needs MAIL_FROM. */
  EMAIL?: SendEmail
}

/** What the platform hands to the Worker: bindings, vars and secrets. */
export type Env = Bindings & Partial<Record<keyof z.input<typeof settingsSchema>, string>>

/** Largest file that 10,000 equal parts of 5 MiB can hold (R2 multipart limits). */
const LARGEST_FILE_BYTES = 10_000 * 5 * 1024 * 1024

/** Values that stand in published example files; a server that holds one of them is open to anyone. */
const KNOWN_SECRETS = ['change-me-to-at-least-32-random-characters', 'standard_change-me']

const secret = (minLength: number) =>
  z
    .string('is missing')
    .min(minLength, `has fewer than ${minLength} characters`)
    .refine((value) => !KNOWN_SECRETS.includes(value), 'is the published example value')

const hostnames = z.string().transform((list) =>
  list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean),
)

/** Accepts text that `read` understands. */
const readable = <T>(read: (text: string) => T | undefined, problem: string) =>
  z
    .string()
    .transform((text, check) => {
      const value = read(text.trim())
      if (value === undefined) check.addIssue(problem)
      return value
    })
    .optional()

/** Reads where clients reach this server; the default port and a slash at the end say nothing. */
function parsePublicUrl(text: string): string | undefined {
  const url = parseUrl(text)
  if (!url || !/^https?:$/.test(url.protocol)) return
  if (url.username || url.password || url.search || url.hash) return
  return url.href.replace(/\/+$/, '')
}

const HEADER = /^[\w!#$%&'*+.^`|~-]{1,100}$/

const headersSchema = z.record(
  z.string().regex(HEADER),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/),
)

/** Reads a JSON object of header names and values (RFC 9110 §5). */
function parseHeaders(text: string): Record<string, string> | undefined {
  try {
    return headersSchema.parse(JSON.parse(text))
  } catch {
    return
  }
}

const settingsShape = z.object({
  PROJECT_ID: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/)
    .default('edgewrite'),
  PROJECT_NAME: z.string().min(1).default('Edgewrite'),
  PUBLIC_URL: readable(parsePublicUrl, 'must be an http or https address without query'),
  API_KEY: secret(16),
  SECRET: secret(32),
  PLATFORMS: hostnames.default([]),
  STORAGE_MAX_FILE_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(LARGEST_FILE_BYTES)
    .default(5 * 1024 ** 3),
  PREVIEW_BUDGET: z.coerce.number().int().min(0).default(10_000),
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
  D1_REPLICAS: z.enum(['on', 'off']).default('off'),
  /** Whether `X-Forwarded-Proto` and `-Host` are a proxy's, and not a client's. */
  TRUST_FORWARDED: z.enum(['on', 'off']).default('off'),
  CLIENT_IP_HEADER: z.string().regex(HEADER, 'is no name of a header').default('CF-Connecting-IP'),
  SMTP_URL: readable(
    parseSmtpUrl,
    'must be smtp://user:password@host:587 or smtps://user:password@host:465, special characters percent-encoded',
  ),
  MAIL_FROM: readable(parseAddress, 'must be an address, or a name and <address>'),
  SMS_URL: readable(parseSmsUrl, 'must be twilio://SID:TOKEN@api.twilio.com or an https address'),
  SMS_FROM: readable((text) => text, ''),
  SMS_HEADERS: readable(parseHeaders, 'must be a JSON object of header names and values'),
  /** How the log is written; `off` leaves out the line of each request, and is for tests. */
  LOG: z.enum(['json', 'pretty', 'off']).default('json'),
  /** Set by the development server alone: messages are kept to be read instead of being sent. */
  MAIL_OUTBOX: z.enum(['on', 'off']).default('off'),
  /** Set by the development server alone, for its proxy: files say that they are not compressed, redirects name no host. */
  IDENTITY_ENCODING: z.enum(['on', 'off']).default('off'),
})

/** A carrier on this machine, as development has it, takes mails from anybody. */
const needsSender = ({ SMTP_URL }: z.output<typeof settingsShape>) =>
  SMTP_URL !== undefined && SMTP_URL.security !== 'none'

const settingsSchema = settingsShape.check(({ value, issues }) => {
  const miss = (name: 'MAIL_FROM' | 'SMS_FROM', needed: string) =>
    issues.push({
      code: 'custom',
      input: value,
      path: [name],
      message: `is missing; ${needed} needs it`,
    })
  if (value.MAIL_FROM === undefined && needsSender(value)) miss('MAIL_FROM', 'SMTP_URL')
  if (value.SMS_FROM === undefined && value.SMS_URL?.kind === 'twilio') miss('SMS_FROM', 'SMS_URL')
})

/** Holds the operator's settings, checked and with defaults filled in. */
export type Settings = z.output<typeof settingsSchema>

/** Thrown when the deployment is not configured; the message names each setting, never its value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

const isBlank = (value: unknown) => typeof value === 'string' && value.trim() === ''

const parsed = new WeakMap<object, Settings>()

/** Logs which settings cannot take effect. */
function warnOfFaults(env: Env, given: readonly [string, unknown][], { PLATFORMS }: Settings) {
  const faults = settingsFaults({
    names: given.flatMap(([name, value]) => (typeof value === 'string' ? [name] : [])),
    known: Object.keys(settingsShape.shape),
    deadPlatforms: PLATFORMS.filter((entry) => !canMatch(entry)),
    hasMailer: env.EMAIL !== undefined,
  })
  for (const fault of faults) log.warn(fault)
}

/**
 * Parses the settings once per isolate.
 * @throws {SettingsError} when a secret is missing, short or a published example, or a value is malformed
 */
export function settingsOf(env: Env): Settings {
  const known = parsed.get(env)
  if (known) return known
  // A setting left empty is one that is not set.
  const given = Object.entries(env).filter(([, value]) => !isBlank(value))
  const result = settingsSchema.safeParse(Object.fromEntries(given))
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new SettingsError(`Edgewrite is not configured: ${problems.join('; ')}.`)
  }
  const fault = projectIdFault(result.data.PROJECT_ID)
  // A new deployment is refused before it is there: see `src/cli`.
  if (fault !== undefined) log.warn(fault)
  warnOfFaults(env, given, result.data)
  parsed.set(env, result.data)
  return result.data
}
