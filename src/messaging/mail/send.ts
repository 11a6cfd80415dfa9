import type { Context } from 'hono'
import type { Settings } from '#/config/env'
import { ApiError } from '#/errors'
import { userAgentOf } from '#/events/audit'
import type { AppEnv } from '#/http/context'
import { publicHost } from '#/http/public-url'
import { requestLocale } from '#/http/request-locale'
import { parseUserAgent } from '#/lib/clients/user-agent'
import { mailLocale } from '#/messaging/mail/locales'
import type { TemplateName } from '#/messaging/mail/locales/locale'
import type { OwnMail, Sender } from '#/messaging/mail/project-mail'
import { ownMail } from '#/messaging/mail/project-mail'
import {
  type Agent,
  type CommonVariables,
  type RenderedMail,
  renderTemplate,
  type TemplateVariables,
} from '#/messaging/mail/templates'
import { mailerOf } from './mailer.ts'

/** Which mail goes to whom. */
export type TemplateMail<Name extends TemplateName> = {
  template: Name
  to: string
  /** The addressee's name; '' where there is none. */
  toName: string
  variables: TemplateVariables[Name]
  /** A language or a list of them; the request's when left out. */
  locale?: string
  /** Taken in place of what is stored. */
  own?: OwnMail
}

type Ctx = Context<AppEnv>

/** Returns who sends where the project's owner has set nobody. */
const deploymentSender = ({ MAIL_FROM, PROJECT_NAME }: Settings): Sender => ({
  email: MAIL_FROM?.email ?? 'edgewrite@localhost', // only carriers on this machine do without MAIL_FROM
  name: MAIL_FROM?.name || PROJECT_NAME,
  replyToEmail: '',
  replyToName: '',
})

/** Returns each field from the first that has it: template, project, deployment (docs/contract/project.md §9.3, §10). */
function senderOf(settings: Settings, { sender, template }: OwnMail) {
  const base = sender?.email ? sender : deploymentSender(settings)
  const replyTo = template?.replyToEmail || sender?.replyToEmail
  const replyToName = template?.replyToName || sender?.replyToName
  return {
    from: template?.senderEmail || base.email,
    fromName: template?.senderName || sender?.name || base.name,
    ...(replyTo ? { replyTo, replyToName: replyToName ?? '' } : {}),
  }
}

/** What a request was made, as mails show it (docs/contract/account.md §13). */
function agentOf(c: Ctx): Agent {
  const { deviceBrand, clientName, osName } = parseUserAgent(userAgentOf(c))
  return { agentDevice: deviceBrand || 'UNKNOWN', agentClient: clientName, agentOs: osName }
}

/** Returns what every mail may show. @param user the addressee's name */
export function commonVariables(c: Ctx, user: string): CommonVariables {
  const { PROJECT_NAME: project } = c.var.settings
  const host = publicHost(c)
  return { ...agentOf(c), user, project, host, year: `${c.var.now.getUTCFullYear()}` }
}

/**
 * Returns a moment as mails show it, in UTC.
 * @param locale a language or a list of them; the date is in the one that mails are in
 * @returns month and day, and hours to seconds
 */
export const mailMoment = (moment: Date, locale: string) => ({
  date: new Intl.DateTimeFormat(mailLocale(locale).code, {
    month: 'long',
    day: 'numeric',
    timeZone: 'UTC',
  }).format(moment),
  time: moment.toISOString().slice(11, 19),
})

/** Checks whether mails can be sent: the first check of each endpoint that sends one (docs/contract/account.md §17). */
export const mailConfigured = (c: Ctx, own?: OwnMail): boolean =>
  c.var.project?.smtp.enabled === true ||
  mailerOf(c.env, c.var.settings, c.var.db, own?.smtp) !== undefined

/**
 * Renders a mail and hands it to the carrier; comes back once the carrier has it. Project, host, year and
 * the client's program are filled in.
 * @throws `general_smtp_disabled` when there is no carrier, or it fails
 */
export async function sendTemplate<Name extends TemplateName>(
  c: Ctx,
  mail: TemplateMail<Name>,
): Promise<void> {
  const locale = mail.locale ?? requestLocale(c)
  const own = mail.own ?? (await ownMail(c, mail.template, locale))
  const variables = { ...commonVariables(c, mail.toName), ...mail.variables }
  const rendered = renderTemplate(mail.template, locale, variables, own.template)
  await sendRendered(c, { to: mail.to, toName: mail.toName, own, rendered })
}

/**
 * Hands a rendered mail to the carrier; comes back once the carrier has it.
 * @throws `general_smtp_disabled` when there is no carrier, or it fails
 */
export async function sendRendered(
  c: Ctx,
  {
    own,
    rendered,
    ...addressee
  }: { to: string; toName: string; own: OwnMail; rendered: RenderedMail },
): Promise<void> {
  const { settings, db, now } = c.var
  const mailer = mailerOf(c.env, settings, db, own.smtp)
  if (!mailer) throw new ApiError('general_smtp_disabled')
  await mailer.send({ date: now, ...addressee, ...senderOf(settings, own), ...rendered })
}
