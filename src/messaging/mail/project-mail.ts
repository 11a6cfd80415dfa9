import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { unseal } from '#/auth/seal'
import type { Settings } from '#/config/env'
import type { SmtpConfig } from '#/config/smtp-url'
import { emailTemplates } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { DEFAULT_LOCALE, isLocale, localeCodes } from '#/lib/locale'
import { isLoopback, kindOfHost } from '#/lib/public-host'
import { canonicalHost } from '#/lib/url'
import type { TemplateName } from '#/messaging/mail/locales/locale'
import type { CustomTemplate } from '#/messaging/mail/templates'
import { projectOf, type Smtp } from '#/project/settings'

/** Names what the password of the mail server is sealed for. */
export const SMTP_PASSWORD = 'smtp:password'

/**
 * Returns how the project's mail server is reached. Differs: without `secure` only a server on this machine is
 * spoken to in clear, any other one by STARTTLS.
 * @param password in clear
 */
export function smtpConfigOf({ host, port, username, secure }: Smtp, password: string): SmtpConfig {
  const plain = secure === '' && isLoopback(host)
  const security = secure === 'ssl' ? 'tls' : plain ? 'none' : 'starttls'
  const login = username ? { username, password } : {}
  return { host: canonicalHost(host) ?? host, port, security, ...login }
}

/**
 * Checks whether the project may have its mail server at a host: on the public internet, or where the deployment's
 * own setting has it; a development server may also use this very machine.
 */
export function isMailHost({ SMTP_URL, MAIL_OUTBOX }: Settings, host: string): boolean {
  const kind = kindOfHost(host)
  if (kind === 'name' || kind === 'address') return true
  if (kind === 'loopback' && MAIL_OUTBOX === 'on') return true
  const named = SMTP_URL && canonicalHost(SMTP_URL.host)
  return named !== undefined && named === canonicalHost(host)
}

/** Returns from whom the project's mails come. */
export const smtpSender = (smtp: Smtp): Sender => ({
  email: smtp.senderEmail,
  name: smtp.senderName,
  replyToEmail: smtp.replyToEmail,
  replyToName: smtp.replyToName,
})

/**
 * Returns the project's own mail server and sender.
 * @throws `general_smtp_disabled` when the password was sealed under another SECRET, or the server is internal
 */
export async function ownCarrier(c: Context<AppEnv>, smtp: Smtp) {
  const password = await unseal(smtp.password, c.var.settings.SECRET, SMTP_PASSWORD)
  if (password === undefined) {
    throw new ApiError('general_smtp_disabled', 'Set the password of the SMTP server again.')
  }
  if (!isMailHost(c.var.settings, smtp.host)) {
    throw new ApiError('general_smtp_disabled', 'The SMTP server is not on the public internet.')
  }
  return { smtp: smtpConfigOf(smtp, password), sender: smtpSender(smtp) }
}

/** Returns the project's own mail server and sender, or nothing without one. Throws as {@link ownCarrier}. */
export async function ownSender(c: Context<AppEnv>): Promise<OwnMail> {
  const { smtp } = await projectOf(c)
  return smtp.enabled ? ownCarrier(c, smtp) : {}
}

/** A statement takes 100 parameters. */
const MAX_CODES = 50

/**
 * Returns what the owner has set for a mail: nothing while the project has no mail server of its own, else
 * that, and the template in the closest language or in English (docs/contract/project.md §9.3, §10). Throws as
 * {@link ownCarrier}.
 * @param locale a language or a list of them
 */
export async function ownMail(
  c: Context<AppEnv>,
  template: TemplateName,
  locale: string,
): Promise<OwnMail> {
  const { smtp } = await projectOf(c)
  if (!smtp.enabled) return {}
  const codes = [...localeCodes(locale).filter(isLocale).slice(0, MAX_CODES), DEFAULT_LOCALE]
  const [custom] = await c.var.db
    .select()
    .from(emailTemplates)
    .where(and(eq(emailTemplates.templateId, template), inArray(emailTemplates.locale, codes)))
    .orderBy(sql`instr(${`,${codes.join(',')},`}, ',' || ${emailTemplates.locale} || ',')`)
    .limit(1)
  return { ...(await ownCarrier(c, smtp)), ...(custom ? { template: custom } : {}) }
}

/** From whom mails come and to whom answers go; '' is not set. */
export type Sender = { email: string; name: string; replyToEmail: string; replyToName: string }

/** What the owner has set for the project's mails; what is left out is the deployment's. */
export type OwnMail = {
  /** Carries the project's mails. */
  smtp?: SmtpConfig
  sender?: Sender
  /** Replaces the built-in text. */
  template?: CustomTemplate
}
