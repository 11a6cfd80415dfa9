import type { Context } from 'hono'
import type { SmsConfig } from '#/config/sms-url'
import type { Database } from '#/db'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { CARRIER_TIMEOUT_MS, carrierFailed } from '#/messaging/mail/carrier'
import { keep } from '#/messaging/mail/outbox-store'

/** Hands text messages to something that delivers them. */
export interface Sms {
  /**
   * Sends a text message; comes back when the carrier has it.
   * @param to E.164, with `+`
   * @throws Error for whatever kept it from that
   */
  send(to: string, text: string): Promise<void>
}

/** How much of a carrier's refusal is logged. */
const LONGEST_REFUSAL = 500

/** Sends one request that is not redirected: what it carries is for this host alone. */
async function post(
  { url, authorization }: SmsConfig,
  headers: Readonly<Record<string, string>>,
  body: string | URLSearchParams,
  timeoutMs: number,
): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...(authorization ? { Authorization: authorization } : {}), ...headers },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (answer.ok) return answer.body?.cancel()
  const reason = (await answer.text()).slice(0, LONGEST_REFUSAL)
  throw new Error(`The SMS carrier answered ${answer.status}: ${reason}`)
}

/**
 * Sends through Twilio (twilio.com/docs/messaging/api/message-resource).
 * @param from a number, a sender name, or the ID of a messaging service
 */
export const twilioSms = (
  config: SmsConfig,
  from: string,
  timeoutMs = CARRIER_TIMEOUT_MS,
): Sms => ({
  send: (to, text) => {
    const sender = /^MG[\da-f]{32}$/i.test(from) ? { MessagingServiceSid: from } : { From: from }
    return post(config, {}, new URLSearchParams({ To: to, Body: text, ...sender }), timeoutMs)
  },
})

/** Sends by posting `{from, to, message}` as JSON. */
export const httpSms = (
  config: SmsConfig,
  from: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs = CARRIER_TIMEOUT_MS,
): Sms => ({
  send: (to, message) =>
    post(
      config,
      { 'Content-Type': 'application/json', ...headers },
      JSON.stringify({ from, to, message }),
      timeoutMs,
    ),
})

/** Keeps text messages instead of sending them. @param now the moment of the request */
export const outboxSms = (db: Database, now: Date): Sms => ({
  send: (to, text) => keep(db, { kind: 'sms', to, text, createdAt: now }),
})

/** Reports the failures of a carrier as {@link carrierFailed} does. */
const reporting = (carrier: Sms): Sms => ({
  async send(to, text) {
    try {
      await carrier.send(to, text)
    } catch (error) {
      carrierFailed('general_phone_disabled', error)
    }
  },
})

type Ctx = Context<AppEnv>

/** Returns what sends text messages; undefined where nothing is set that could. */
function smsOf({ var: { settings, db, now } }: Ctx): Sms | undefined {
  const { SMS_URL, SMS_FROM = '', SMS_HEADERS = {}, MAIL_OUTBOX } = settings
  if (SMS_URL?.kind === 'twilio') return reporting(twilioSms(SMS_URL, SMS_FROM))
  if (SMS_URL) return reporting(httpSms(SMS_URL, SMS_FROM, SMS_HEADERS))
  return MAIL_OUTBOX === 'on' ? reporting(outboxSms(db, now)) : undefined
}

/** Checks whether text messages can be sent (account contract 5, 7, 8). */
export const smsConfigured = (c: Ctx): boolean => smsOf(c) !== undefined

/**
 * Hands a text message to the carrier; comes back once the carrier has it.
 * @throws `general_phone_disabled` when there is no carrier, or it fails
 */
export async function sendSms(c: Ctx, to: string, text: string): Promise<void> {
  const sms = smsOf(c)
  if (!sms) throw new ApiError('general_phone_disabled')
  await sms.send(to, text)
}
