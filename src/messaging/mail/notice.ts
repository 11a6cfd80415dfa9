import type { Context } from 'hono'
import { isPrivileged } from '#/auth/caller'
import { clientIp, countIn } from '#/auth/rate-limit'
import type { User } from '#/db/schema'
import { userAgentOf } from '#/events/audit'
import type { AppEnv } from '#/http/context'
import { requestLocale } from '#/http/request-locale'
import { countryName, countryOf } from '#/lib/clients/geo'
import { parseUserAgent } from '#/lib/clients/user-agent'
import { log } from '#/lib/log'
import type { NoticeReason } from '#/messaging/mail/locales/locale'
import { ownSender } from '#/messaging/mail/project-mail'
import { type NoticeOrigin, renderNotice } from '#/messaging/mail/templates'
import { projectOf } from '#/project/settings'
import { commonVariables, mailConfigured, mailMoment, sendRendered } from './send.ts'

type Ctx = Context<AppEnv>

/** Bounds the security notices that one user gets in an hour, so that nobody floods a mailbox with them. */
const MAX_NOTICES = 20
const HOUR_SECONDS = 3600

/** From where a change came; undefined where a server made it, whose device tells nothing. */
function originOf(c: Ctx, locale: string): NoticeOrigin | undefined {
  if (isPrivileged(c.var.caller)) return
  const { clientName, osName } = parseUserAgent(userAgentOf(c))
  return {
    device: [clientName, osName].filter(Boolean).join(', ') || 'UNKNOWN',
    ipAddress: clientIp(c),
    country: countryName(countryOf(c.req.raw), locale),
    ...mailMoment(c.var.now, locale),
  }
}

async function send(c: Ctx, user: NoticeAddressee, reasons: readonly NoticeReason[]) {
  await projectOf(c)
  if (!user.email || !mailConfigured(c)) return
  const { count } = await countIn(c, `notices:${user.id}`, HOUR_SECONDS)
  if (count > MAX_NOTICES) return
  const locale = requestLocale(c)
  const variables = { ...commonVariables(c, user.name), ...originOf(c, locale) }
  await sendRendered(c, {
    to: user.email,
    toName: user.name,
    own: await ownSender(c),
    rendered: renderNotice(locale, reasons, variables),
  })
}

/** Whom a notice goes to; nobody without an address. */
export type NoticeAddressee = Pick<User, 'id' | 'email' | 'name'>

/** Whom a change of factors is reported to: whether the address is theirs decides. */
export type FactorOwner = NoticeAddressee & Pick<User, 'emailVerification' | 'emailOrigin'>

/**
 * Mails a user, after the answer, what has changed in the protection of the account. Not sent where no mail can
 * be; a failure is logged and keeps nothing else from happening.
 */
export function sendNotice(c: Ctx, user: NoticeAddressee, reasons: readonly NoticeReason[]) {
  if (!user.email || reasons.length === 0) return
  c.executionCtx.waitUntil(
    send(c, user, reasons).catch((cause) => log.error('A security notice was not sent:', cause)),
  )
}

/**
 * Mails a user, as {@link sendNotice}, a change of the account's factors. What a session changes is not mailed to
 * an address that it only claims: its holder has nothing to do with the account, until they prove the address.
 */
export function sendFactorNotice(c: Ctx, user: FactorOwner, reason: NoticeReason) {
  const isClaimed = user.emailOrigin === 'claim' && !user.emailVerification
  if (!isClaimed || isPrivileged(c.var.caller)) sendNotice(c, user, [reason])
}
