import { type Env, type Settings, SettingsError } from '#/config/env'
import type { SmtpConfig } from '#/config/smtp-url'
import type { Database } from '#/db'
import { isSendable } from '#/lib/contact/address'
import type { Mailer, Message } from '#/messaging/mail/message'
import { oneLine } from '#/messaging/mail/templates/substitute'
import { AddressRefused, CARRIER_TIMEOUT_MS, carrierFailed } from './carrier.ts'
import { outboxMailer } from './outbox-store.ts'
import { smtpMailer } from './smtp.ts'

/** Sends mails through Cloudflare's Email Service (developers.cloudflare.com/email-service/api/send-emails/workers-api). */
export const bindingMailer = (binding: SendEmail, timeoutMs = CARRIER_TIMEOUT_MS): Mailer => ({
  async send({ to, from, fromName = '', replyTo, replyToName = '', subject, html, text }) {
    const sent = binding.send({
      to,
      from: { email: from, name: fromName },
      ...(replyTo ? { replyTo: { email: replyTo, name: replyToName } } : {}),
      subject,
      html,
      text,
    })
    const timeout = AbortSignal.timeout(timeoutMs)
    const tooLate = new Promise<never>((_, reject) => {
      timeout.addEventListener('abort', () =>
        reject(new Error('The e-mail binding took too long.')),
      )
    })
    await Promise.race([sent, tooLate]).catch((cause) => {
      if (/\bE_RECIPIENT_SUPPRESSED\b/.test(`${Object(cause).code} ${cause}`)) {
        throw new AddressRefused('The e-mail binding sends nothing to this address.', { cause })
      }
      throw cause
    })
  },
})

/** Puts the texts of headers on one line each; refuses an address that is more than an address. */
function checked(message: Message): Message {
  for (const address of [message.to, message.from, message.replyTo]) {
    if (address && !isSendable(address)) throw new Error('A mail cannot be sent to this address.')
  }
  return {
    ...message,
    subject: oneLine(message.subject),
    toName: oneLine(message.toName ?? ''),
    fromName: oneLine(message.fromName ?? ''),
    replyToName: oneLine(message.replyToName ?? ''),
  }
}

/** Checks each mail before a carrier gets it, and reports its failures as {@link carrierFailed} does. */
export const reporting = (carrier: Mailer): Mailer => ({
  async send(message) {
    try {
      await carrier.send(checked(message))
    } catch (error) {
      carrierFailed('mail', error)
    }
  },
})

/** Returns the carrier of the deployment: SMTP where it is set, else the outbox, else the e-mail binding. */
function carrierOf(env: Pick<Env, 'EMAIL'>, settings: Settings, db: Database): Mailer | undefined {
  if (settings.SMTP_URL) return smtpMailer(settings.SMTP_URL)
  if (settings.MAIL_OUTBOX === 'on') return outboxMailer(db)
  if (!env.EMAIL) return
  if (settings.MAIL_FROM) return bindingMailer(env.EMAIL)
  throw new SettingsError('Edgewrite is not configured: MAIL_FROM is missing; EMAIL needs it.')
}

/**
 * Returns what sends mails; undefined where nothing is set that could.
 * @param own the project's own server, which comes before the deployment's
 */
export function mailerOf(
  env: Pick<Env, 'EMAIL'>,
  settings: Settings,
  db: Database,
  own?: SmtpConfig,
): Mailer | undefined {
  const carrier = own ? smtpMailer(own) : carrierOf(env, settings, db)
  return carrier && reporting(carrier)
}
