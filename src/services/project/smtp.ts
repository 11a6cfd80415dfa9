import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { seal, unseal } from '#/auth/seal'
import { settings } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { log } from '#/lib/log'
import type { Message } from '#/messaging/mail/message'
import type { Sender } from '#/messaging/mail/project-mail'
import { isMailHost, SMTP_PASSWORD, smtpConfigOf } from '#/messaging/mail/project-mail'
import { verifySmtp } from '#/messaging/mail/smtp'
import { layout } from '#/messaging/mail/templates/layout'
import { escapeHtml } from '#/messaging/mail/templates/substitute'
import { readSettings, type Smtp } from '#/project/settings'
import {
  type Given,
  type ProjectRow,
  projectRows,
  readProject,
  smtpChanges,
  storeChanges,
} from '#/services/project/store'

type Ctx = Context<AppEnv>

const NEEDED = ['host', 'port', 'senderEmail'] as const

/** @throws `general_argument_invalid` naming what mails cannot be sent without */
export function requireComplete(smtp: Smtp) {
  const missing = NEEDED.find((name) => !smtp[name])
  if (missing) throw new ApiError('general_argument_invalid', `SMTP needs ${missing}.`)
}

const HIGHEST_PORT = 65_535

/** @throws `project_smtp_config_invalid` for what is no port; 0 clears it */
function requirePort(port: number | undefined) {
  if (port !== undefined && (port < 0 || port > HIGHEST_PORT)) {
    throw new ApiError('project_smtp_config_invalid', `There is no port ${port}.`)
  }
}

/** Checks whether the server lets the project in. */
async function answers(smtp: Smtp, password: string): Promise<boolean> {
  try {
    await verifySmtp(smtpConfigOf(smtp, password))
    return true
  } catch (cause) {
    log.error('The SMTP server did not let the project in:', cause)
    return false
  }
}

/**
 * Decides whether SMTP is on after a change. Whoever sends settings alone switches it on if they will do
 * (docs/contract/project.md §9.1).
 * @param asked what the request says
 * @throws `general_argument_invalid`, `project_smtp_config_invalid` when it is to be on and cannot be
 */
async function isEnabled(after: Smtp, password: string, asked: boolean | undefined) {
  if (after.enabled) requireComplete(after)
  if (asked === false || NEEDED.some((name) => !after[name])) return after.enabled
  if (await answers(after, password)) return true
  if (after.enabled) throw new ApiError('project_smtp_config_invalid')
  return false
}

/** Changes SMTP; undefined where somebody else has changed it meanwhile. */
export async function changeSmtp(c: Ctx, given: Given<Smtp>): Promise<ProjectRow | undefined> {
  const { db, now } = c.var
  const { SECRET } = c.var.settings
  requirePort(given.port)
  const before = await db.select().from(settings).where(isSmtp).orderBy(settings.name)
  const { smtp } = readSettings(before)
  const changed = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  )
  const after: Smtp = { ...smtp, ...changed }
  // One that was stored before this rule can still be switched off.
  const isUsed = given.host !== undefined || given.enabled !== false
  if (isUsed && after.host !== '' && !isMailHost(c.var.settings, after.host)) {
    throw new ApiError(
      'general_argument_invalid',
      'Invalid `host` param: must be a host on the public internet.',
    )
  }
  // A password sealed under another SECRET is as good as none: the server will say so.
  const known = (await unseal(smtp.password, SECRET, SMTP_PASSWORD)) ?? ''
  const password = given.password ?? known
  const enabled = await isEnabled(after, password, given.enabled)
  const sealed = password === known ? smtp.password : await seal(password, SECRET, SMTP_PASSWORD)
  const changes = smtpChanges({
    ...given,
    password: given.password === undefined ? undefined : sealed,
    enabled: enabled === smtp.enabled ? undefined : enabled,
  })
  if (changes.length === 0) return readProject(c, await projectRows(db))
  const { stamp, store } = storeChanges(db, now, changes, unchanged(before))
  const [, stored, rows] = await db.batch([stamp, store, projectRows(db)])
  return stored.length > 0 ? readProject(c, rows) : undefined
}

const isSmtp = sql`${settings.name} like 'smtp:%'`

/** Holds while what is stored of SMTP is still what was read: a check is good for what it has checked. */
const unchanged = (before: readonly { name: string; value: unknown }[]) =>
  sql`(select json_group_array(json_array(name, value)) from
    (select name, value from ${settings} where ${isSmtp} order by name)) =
    ${JSON.stringify(before.map(({ name, value }) => [name, JSON.stringify(value)]))}`

/** Returns the mail that shows whoever set SMTP up that it arrives, and from whom. */
export function testMail(project: string, to: string, sender: Sender, date: Date): Message {
  const { email: from, name: fromName, replyToEmail, replyToName } = sender
  const lines = [
    `This message shows that mails of ${project} arrive.`,
    `From: ${[fromName, from].filter(Boolean).join(' ')}`,
    `Replies to: ${[replyToName, replyToEmail || from].filter(Boolean).join(' ')}`,
  ]
  const subject = `Test mail of ${project}`
  const message = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')
  return {
    ...{ date, to, from, fromName, subject, text: lines.join('\n\n') },
    ...(replyToEmail ? { replyTo: replyToEmail, replyToName } : {}),
    html: layout({
      ...{ language: 'en', direction: 'ltr', title: subject, preview: '', message },
      footer: project,
    }),
  }
}
