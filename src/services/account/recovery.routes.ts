import { z } from 'zod'
import { randomDigits } from '#/auth/one-time'
import { randomHex } from '#/auth/secrets'
import { email } from '#/contact/email'
import { gather } from '#/db/gather'
import { ApiError } from '#/errors'
import { text, withDefault } from '#/http/params'
import { route } from '#/http/route'
import { uid } from '#/ids'
import { securityPhrase } from '#/mail/security-phrase'
import { sendTemplate } from '#/mail/send'
import { requireMail } from '#/services/account/carriers'
import { addRedirectCheck, secretLink } from '#/services/account/links'
import { deliver, issuedToken, storeSecret } from '#/services/account/one-time'
import { url } from '#/services/account/params'
import { grantRecovery, recover, userByEmail } from '#/services/account/recovery'
import { tokenModel } from '#/services/users/models'
import { password } from '#/services/users/params'

const LINK_SECONDS = 3600
const LINK_SECRET_LENGTH = 256
const CODE_SECONDS = 900
const CODE_DIGITS = 6

const issuing = {
  scopes: ['sessions.write'],
  limit: {
    limit: 10,
    windowSeconds: 3600,
    keys: ['url:{url},email:{param-email}', 'url:{url},ip:{ip}'],
  },
  event: 'users.[userId].recovery.[tokenId].create',
  audit: 'recovery.create',
  onConsole: 'project_not_found',
  status: 201,
  model: tokenModel,
} as const

const confirming = {
  scopes: ['sessions.write'],
  limit: { limit: 10, windowSeconds: 3600, keys: ['url:{url},userId:{param-userId}'] },
  event: 'users.[userId].recovery.[tokenId].update',
  audit: 'recovery.update',
  onConsole: 'project_not_found',
  input: { body: z.object({ userId: uid, secret: text(256), password }) },
  status: 200,
  model: tokenModel,
  errors: ['password_recently_used', 'user_invalid_token', 'user_not_found'],
} as const

export const createRecovery = route(
  {
    ...issuing,
    name: 'account.createRecovery',
    method: 'post',
    path: '/v1/account/recovery',
    input: { body: z.object({ email, url }) },
    errors: ['general_bad_request', 'general_smtp_disabled', 'user_blocked', 'user_not_found'],
  },
  async (c, { email, url }) => {
    const batch = gather(c.var.db)
    const redirect = addRedirectCheck(c, batch, url)
    const found = batch.add(userByEmail(c, email))
    await batch.run()
    await redirect()
    await requireMail(c)
    const user = grantRecovery(found()[0])
    const secret = randomHex(LINK_SECRET_LENGTH)
    const issued = await storeSecret(c, {
      userId: user.id,
      purpose: 'recovery',
      secret,
      address: email,
      ttlSeconds: LINK_SECONDS,
    })
    if (!issued) throw new ApiError('user_not_found')
    c.set('actor', user)
    await deliver(c, issued, () =>
      sendTemplate(c, {
        template: 'recovery',
        to: email,
        toName: user.name,
        variables: { redirect: secretLink(url, issued, secret) },
      }),
    )
    return issuedToken(issued, secret)
  },
)

export const updateRecovery = route(
  {
    ...confirming,
    name: 'account.updateRecovery',
    method: 'put',
    path: '/v1/account/recovery',
  },
  async (c, given) => recover(c, 'recovery', given),
)

export const createRecoveryOTP = route(
  {
    ...issuing,
    name: 'account.createRecoveryOTP',
    method: 'post',
    path: '/v1/account/recovery/otp',
    input: { body: z.object({ email, phrase: withDefault(z.boolean(), false) }) },
    errors: ['general_bad_request', 'general_smtp_disabled', 'user_blocked', 'user_not_found'],
  },
  async (c, { email, phrase }) => {
    await requireMail(c)
    const user = grantRecovery((await userByEmail(c, email))[0])
    const otp = randomDigits(CODE_DIGITS)
    const issued = await storeSecret(c, {
      userId: user.id,
      purpose: 'recovery-otp',
      secret: otp,
      address: email,
      ttlSeconds: CODE_SECONDS,
    })
    if (!issued) throw new ApiError('user_not_found')
    c.set('actor', user)
    const words = phrase ? securityPhrase() : ''
    await deliver(c, issued, () =>
      sendTemplate(c, {
        template: 'otpSession',
        to: email,
        toName: user.name,
        variables: { otp, phrase: words, codeFor: 'recovery' },
      }),
    )
    return issuedToken(issued, otp, words)
  },
)

export const updateRecoveryOTP = route(
  {
    ...confirming,
    name: 'account.updateRecoveryOTP',
    method: 'put',
    path: '/v1/account/recovery/otp',
  },
  async (c, given) => recover(c, 'recovery-otp', given),
)
