import type { Context } from 'hono'
import { randomDigits } from '#/auth/one-time'
import type { User } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { secretLink } from '#/identity/secrets/links'
import { deliver, issuedToken, storeSecret } from '#/identity/secrets/one-time'
import type { TokenRow } from '#/identity/sessions/models'
import { randomHex } from '#/lib/secrets'
import { securityPhrase } from '#/messaging/mail/security-phrase'
import { sendTemplate } from '#/messaging/mail/send'

type Ctx = Context<AppEnv>

/** Who is to prove, by what is mailed, that an address is theirs, and what that is for. */
export type Addressee = {
  user: User
  address: string
  purpose: 'recovery' | 'verification'
}

const LINK_SECONDS = 3600
const LINK_SECRET_LENGTH = 256
const CODE_SECONDS = 900
const CODE_DIGITS = 6

/**
 * Mails a link with a secret, which is good for an hour (docs/contract/account.md §7).
 * @param url where it leads; one that is allowed to be redirected to
 * @returns the secret as answered; undefined when the user is gone
 * @throws `general_smtp_disabled`
 */
export async function mailLink(
  c: Ctx,
  { user, address, purpose }: Addressee,
  url: string,
): Promise<TokenRow | undefined> {
  const secret = randomHex(LINK_SECRET_LENGTH)
  const given = { userId: user.id, purpose, secret, address, ttlSeconds: LINK_SECONDS }
  const issued = await storeSecret(c, given)
  if (!issued) return
  await deliver(c, issued, () =>
    sendTemplate(c, {
      template: purpose,
      to: address,
      toName: user.name,
      variables: { redirect: secretLink(url, issued, secret) },
    }),
  )
  return issuedToken(issued, secret)
}

/**
 * Mails a code of six digits, which is good for a quarter of an hour.
 * @param phrase whether mail and answer have words by which they are known to belong together
 * @returns the secret as answered; undefined when the user is gone
 * @throws `general_smtp_disabled`
 */
export async function mailCode(
  c: Ctx,
  { user, address, purpose }: Addressee,
  phrase: boolean,
): Promise<TokenRow | undefined> {
  const otp = randomDigits(CODE_DIGITS)
  const issued = await storeSecret(c, {
    userId: user.id,
    purpose: `${purpose}-otp`,
    secret: otp,
    address,
    ttlSeconds: CODE_SECONDS,
  })
  if (!issued) return
  const words = phrase ? securityPhrase() : ''
  await deliver(c, issued, () =>
    sendTemplate(c, {
      template: 'otpSession',
      to: address,
      toName: user.name,
      variables: { otp, phrase: words, codeFor: purpose },
    }),
  )
  return issuedToken(issued, otp, words)
}
