import type { Context } from 'hono'
import type { Purpose } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { changeByHeld, openHeld } from '#/identity/secrets/one-time'
import type { TokenRow } from '#/identity/sessions/models'
import type { AddressKind } from '#/identity/users/addresses'
import { selfOf } from '#/identity/users/self'
import { sendFactorNotice } from '#/messaging/mail/notice'

type Ctx = Context<AppEnv>

/**
 * Returns the e-mail address that whoever is signed in has still to verify.
 * @throws `user_email_not_found`, `user_email_already_verified`
 */
export function unverifiedEmail(c: Ctx) {
  const { user } = selfOf(c).person
  if (!user.email) throw new ApiError('user_email_not_found')
  if (user.emailVerification) throw new ApiError('user_email_already_verified')
  return { user, address: user.email }
}

/**
 * Returns the phone number that whoever is signed in has still to verify.
 * @throws `user_phone_not_found`, `user_phone_already_verified`
 */
export function unverifiedPhone(c: Ctx) {
  const { user } = selfOf(c).person
  if (!user.phone) throw new ApiError('user_phone_not_found')
  if (user.phoneVerification) throw new ApiError('user_phone_already_verified')
  return { user, address: user.phone }
}

/**
 * Marks an address as verified with a one-time secret that was sent to it.
 * @throws `user_not_found`, `user_invalid_token`
 */
export async function confirmAddress(
  c: Ctx,
  proves: AddressKind,
  purpose: Purpose,
  { userId, secret }: { userId: string; secret: string },
): Promise<TokenRow> {
  const opened = await openHeld(c, { userId, purposes: [purpose], secret })
  const token = await changeByHeld(c, opened, proves)
  // A proven number is a second factor.
  const isNew = proves === 'phone' && !opened.user.phoneVerification
  if (isNew) sendFactorNotice(c, opened.user, 'phoneConfirmed')
  return token
}
