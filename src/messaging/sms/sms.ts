import type { Context } from 'hono'
import type { SmsConfig } from '#/config/sms-url'
import type { Database } from '#/db'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import {
  AddressRefused,
  CARRIER_TIMEOUT_MS,
  CarrierBusy,
  carrierFailed,
} from '#/messaging/mail/carrier'
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

/** Checks whether a carrier's answer says that it will never take a message for the number. */
type IsRefusal = (status: number, body: string) => boolean

/** Statuses with which a carrier refuses what a message says, not who sends it or when (RFC 9110 §15.5). */
const REFUSALS = [400, 422]
const refusesByStatus: IsRefusal = (status) => REFUSALS.includes(status)

/**
 * Twilio's errors about the number itself: not valid, cannot be reached, not a mobile one, has opted out
 * (twilio.com/docs/api/errors).
 */
const TWILIO_REFUSALS = [21211, 21214, 21217, 21610, 21614]
const refusesByCode: IsRefusal = (status, body) => {
  const [, code] = /"code"\s*:\s*(\d{5})\b/.exec(body) ?? []
  return status === 400 && TWILIO_REFUSALS.includes(Number(code))
}

/** Reads `Retry-After` (RFC 9110 §10.2.3) in seconds. @returns undefined where there is none, or a date */
function retrySeconds(answer: Response): number | undefined {
  const value = answer.headers.get('retry-after') ?? ''
  return /^\d{1,6}$/.test(value) ? Math.max(1, Number(value)) : undefined
}

/** Sends one request that is not redirected: what it carries is for this host alone. */
async function post(
  { url, authorization }: SmsConfig,
  headers: Readonly<Record<string, string>>,
  body: string | URLSearchParams,
  timeoutMs: number,
  isRefusal: IsRefusal,
): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...(authorization ? { Authorization: authorization } : {}), ...headers },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (answer.ok) return answer.body?.cancel()
  const text = await answer.text()
  const said = `The SMS carrier answered ${answer.status}: ${text.slice(0, LONGEST_REFUSAL)}`
  if (isRefusal(answer.status, text)) throw new AddressRefused(said)
  const seconds = retrySeconds(answer)
  throw seconds === undefined ? new Error(said) : new CarrierBusy(seconds, said)
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
    const body = new URLSearchParams({ To: to, Body: text, ...sender })
    return post(config, {}, body, timeoutMs, refusesByCode)
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
      refusesByStatus,
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
      carrierFailed('text message', error)
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

/** Checks whether text messages can be sent (docs/contract/account.md §5, §7, §8). */
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
