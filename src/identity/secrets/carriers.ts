import type { Context } from 'hono'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { mailConfigured } from '#/messaging/mail/send'
import { smsConfigured } from '#/messaging/sms/sms'
import { projectOf } from '#/project/settings'

/**
 * Refuses what needs a mail where none can be sent; the project may have a server of its own.
 * @throws `general_smtp_disabled`
 */
export async function requireMail(c: Context<AppEnv>) {
  await projectOf(c)
  if (!mailConfigured(c)) throw new ApiError('general_smtp_disabled')
}

/**
 * Refuses what needs a text message where none can be sent, also to numbers that get none
 * (docs/contract/account.md §14).
 * @throws `general_phone_disabled`
 */
export function requireSms(c: Context<AppEnv>) {
  if (!smsConfigured(c)) throw new ApiError('general_phone_disabled')
}
