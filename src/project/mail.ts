import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { unseal } from '#/auth/seal'
import { emailTemplates } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { DEFAULT_LOCALE } from '#/locale'
import { isLoopback } from '#/mail/carrier'
import type { TemplateName } from '#/mail/locales/locale'
import type { OwnMail, Sender } from '#/mail/send'
import type { SmtpConfig } from '#/mail/smtp-config'
import { projectOf, type Smtp } from '#/project/settings'

/** Names what the password of the mail server is sealed for. */
export const SMTP_PASSWORD = 'smtp:password'

/**
 * Gives how the project's mail server is reached. Differs: without `secure` only a server on this machine is
 * spoken to in clear, any other one by STARTTLS.
 * @param password in clear
 */
export function smtpConfigOf({ host, port, username, secure }: Smtp, password: string): SmtpConfig {
  const plain = secure === '' && isLoopback(host)
  const security = secure === 'ssl' ? 'tls' : plain ? 'none' : 'starttls'
  return { host, port, security, ...(username ? { username, password } : {}) }
}

/** Gives from whom the project's mails come. */
export const smtpSender = (smtp: Smtp): Sender => ({
  email: smtp.senderEmail,
  name: smtp.senderName,
  replyToEmail: smtp.replyToEmail,
  replyToName: smtp.replyToName,
})

/**
 * Gives the project's own mail server and sender.
 * @throws `general_smtp_disabled` when the password was sealed under another SECRET
 */
export async function ownCarrier(c: Context<AppEnv>, smtp: Smtp) {
  const password = await unseal(smtp.password, c.var.settings.SECRET, SMTP_PASSWORD)
  if (password === undefined) {
    throw new ApiError('general_smtp_disabled', 'Set the password of the SMTP server again.')
  }
  return { smtp: smtpConfigOf(smtp, password), sender: smtpSender(smtp) }
}

/** Returns the project's own mail server and sender, or nothing without one. Throws as {@link ownCarrier}. */
export async function ownSender(c: Context<AppEnv>): Promise<OwnMail> {
  const { smtp } = await projectOf(c)
  return smtp.enabled ? ownCarrier(c, smtp) : {}
}

/**
 * Gives what the owner has set for a mail: nothing while the project has no mail server of its own, else
 * that, and the template for the locale or for English (project contract 9.3, 10). Throws as
 * {@link ownCarrier}.
 */
export async function ownMail(
  c: Context<AppEnv>,
  template: TemplateName,
  locale: string,
): Promise<OwnMail> {
  const { smtp } = await projectOf(c)
  if (!smtp.enabled) return {}
  const [custom] = await c.var.db
    .select()
    .from(emailTemplates)
    .where(
      and(
        eq(emailTemplates.templateId, template),
        inArray(emailTemplates.locale, [locale, DEFAULT_LOCALE]),
      ),
    )
    .orderBy(sql`${emailTemplates.locale} = ${locale} desc`)
    .limit(1)
  return { ...(await ownCarrier(c, smtp)), ...(custom ? { template: custom } : {}) }
}
