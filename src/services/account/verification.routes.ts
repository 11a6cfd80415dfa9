import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { randomDigits } from '#/auth/one-time'
import { mockNumbers } from '#/db/schema'
import { tell } from '#/events/announce'
import { checkRedirect } from '#/http/origin'
import { described, withDefault } from '#/http/params'
import { url } from '#/http/url-param'
import { typed } from '#/identity/params'
import { requireMail, requireSms } from '#/identity/secrets/carriers'
import { mailCode, mailLink } from '#/identity/secrets/mailed'
import { deliver, issuedToken, storeSecret } from '#/identity/secrets/one-time'
import { confirmAddress, unverifiedEmail, unverifiedPhone } from '#/identity/secrets/verification'
import { tokenModel } from '#/identity/sessions/models'
import { goneMeanwhile } from '#/identity/users/self'
import { uidOf } from '#/ids'
import { sendSms } from '#/messaging/sms/sms'
import { route } from '#/pipeline/route'

const HOUR_SECONDS = 3600
const CODE_DIGITS = 6

const perHour = (...keys: string[]) => ({ limit: 10, windowSeconds: HOUR_SECONDS, keys })

const issuing = {
  scopes: ['account'],
  event: 'users.[userId].verification.[tokenId].create',
  audit: 'verification.create',
  status: 201,
  model: tokenModel,
} as const

const confirming = {
  scopes: ['public'],
  event: 'users.[userId].verification.[tokenId].update',
  audit: 'verification.update',
  input: {
    body: z.object({
      userId: uidOf('user'),
      secret: described(typed(), 'The secret, from the link or the message.'),
    }),
  },
  status: 200,
  model: tokenModel,
  errors: ['user_invalid_token', 'user_not_found'],
} as const

export const createEmailVerification = route(
  {
    ...issuing,
    name: 'account.createEmailVerification',
    summary: 'Send a link to verify the e-mail address',
    description: 'Mails the user a link that verifies their address, for one hour and once.',
    method: 'post',
    path: '/v1/account/verifications/email',
    aliases: ['/v1/account/verification'],
    limit: perHour('url:{url},userId:{userId}'),
    input: { body: z.object({ url }) },
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'general_smtp_disabled',
      'user_email_already_verified',
      'user_email_not_found',
    ],
  },
  async (c, { url }) => {
    await checkRedirect(c, 'url', url)
    await requireMail(c)
    const token = await mailLink(c, { ...unverifiedEmail(c), purpose: 'verification' }, url)
    if (!token) throw goneMeanwhile()
    return token
  },
)

export const updateEmailVerification = route(
  {
    ...confirming,
    name: 'account.updateEmailVerification',
    summary: 'Verify the e-mail address with a link',
    description:
      'Verifies an e-mail address by the secret of a link. Anybody who holds the ' +
      'secret may call it, API keys aside. The first proof removes what was only ' +
      'claimed.',
    method: 'put',
    path: '/v1/account/verifications/email',
    aliases: ['/v1/account/verification'],
    limit: perHour('url:{url},userId:{param-userId}'),
  },
  async (c, given) => confirmAddress(c, 'email', 'verification', given),
)

export const createEmailVerificationOTP = route(
  {
    ...issuing,
    name: 'account.createEmailVerificationOTP',
    summary: 'Send a code to verify the e-mail address',
    description:
      'Mails the user a code of six digits that verifies their address, for 15 ' +
      'minutes and once.',
    method: 'post',
    path: '/v1/account/verifications/email/otp',
    limit: perHour('url:{url},userId:{userId}'),
    input: {
      body: z.object({
        phrase: described(
          withDefault(z.boolean(), false),
          'Whether to put two words into message and answer, for people to compare.',
        ),
      }),
    },
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'general_smtp_disabled',
      'user_email_already_verified',
      'user_email_not_found',
    ],
  },
  async (c, { phrase }) => {
    await requireMail(c)
    const token = await mailCode(c, { ...unverifiedEmail(c), purpose: 'verification' }, phrase)
    if (!token) throw goneMeanwhile()
    return token
  },
)

export const updateEmailVerificationOTP = route(
  {
    ...confirming,
    name: 'account.updateEmailVerificationOTP',
    summary: 'Verify the e-mail address with a code',
    description:
      'Verifies an e-mail address by a code. Anybody who holds the code may call it, ' +
      'API keys aside. The first proof removes what was only claimed.',
    method: 'put',
    path: '/v1/account/verifications/email/otp',
    limit: perHour('url:{url},userId:{param-userId}'),
  },
  async (c, given) => confirmAddress(c, 'email', 'verification-otp', given),
)

export const createPhoneVerification = route(
  {
    ...issuing,
    name: 'account.createPhoneVerification',
    summary: 'Send a code to verify the phone number',
    description:
      'Texts the user a code of six digits that verifies their number, for one hour and once.',
    method: 'post',
    path: '/v1/account/verifications/phone',
    aliases: ['/v1/account/verification/phone'],
    authMethod: 'phone',
    limit: { ...perHour('url:{url},userId:{userId}', 'url:{url},ip:{ip}'), networkLimit: 100 },
    input: {},
    errors: [
      'general_invalid_phone',
      'general_phone_disabled',
      'user_phone_already_verified',
      'user_phone_not_found',
    ],
  },
  async (c) => {
    requireSms(c)
    const { user, address } = unverifiedPhone(c)
    const [mock] = await c.var.db.select().from(mockNumbers).where(eq(mockNumbers.number, address))
    const otp = mock?.otp ?? randomDigits(CODE_DIGITS)
    const issued = await storeSecret(c, {
      userId: user.id,
      purpose: 'phone',
      secret: otp,
      address,
      ttlSeconds: HOUR_SECONDS,
    })
    if (!issued) throw goneMeanwhile()
    if (!mock) await deliver(c, issued, () => sendSms(c, address, otp))
    tell(c, { payload: (view) => tokenModel.wire(issuedToken(issued, ''), view) })
    return issuedToken(issued, otp)
  },
)

export const updatePhoneVerification = route(
  {
    ...confirming,
    name: 'account.updatePhoneVerification',
    summary: 'Verify the phone number with a code',
    description:
      'Verifies a phone number by a code. Anybody who holds the code may call it, API ' +
      'keys aside.',
    method: 'put',
    path: '/v1/account/verifications/phone',
    aliases: ['/v1/account/verification/phone'],
    limit: perHour('userId:{param-userId}'),
  },
  async (c, given) => confirmAddress(c, 'phone', 'phone', given),
)
