import { z } from 'zod'
import { gather } from '#/db/gather'
import { ApiError } from '#/errors'
import { described, withDefault } from '#/http/params'
import { url } from '#/http/url-param'
import { password, typed } from '#/identity/params'
import { requireMail } from '#/identity/secrets/carriers'
import { addRedirectCheck } from '#/identity/secrets/links'
import { mailCode, mailLink } from '#/identity/secrets/mailed'
import { grantRecovery, recover, userByEmail } from '#/identity/secrets/recovery'
import { tokenModel } from '#/identity/sessions/models'
import { uidOf } from '#/ids'
import { email } from '#/lib/contact/email'
import { route } from '#/pipeline/route'

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
  input: {
    body: z.object({
      userId: uidOf('user'),
      secret: described(typed(), 'The secret, from the link or the mail.'),
      password,
    }),
  },
  status: 200,
  model: tokenModel,
  errors: ['password_recently_used', 'user_invalid_token', 'user_not_found'],
} as const

export const createRecovery = route(
  {
    ...issuing,
    name: 'account.createRecovery',
    summary: 'Send a link to recover the password',
    description:
      'Mails a link with which to set a new password, for one hour and once. Guests ' +
      'may call it; an unknown address is 404.',
    method: 'post',
    path: '/v1/account/recovery',
    input: { body: z.object({ email, url }) },
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'general_smtp_disabled',
      'user_blocked',
      'user_not_found',
    ],
  },
  async (c, { email, url }) => {
    const batch = gather(c.var.db)
    const redirect = addRedirectCheck(c, batch, url)
    const found = batch.add(userByEmail(c, email))
    await batch.run()
    await redirect()
    await requireMail(c)
    const user = grantRecovery(found()[0])
    c.set('actor', user)
    const token = await mailLink(c, { user, address: email, purpose: 'recovery' }, url)
    if (!token) throw new ApiError('user_not_found')
    return token
  },
)

export const updateRecovery = route(
  {
    ...confirming,
    name: 'account.updateRecovery',
    summary: 'Set a new password with a recovery link',
    description:
      'Sets the password for the secret of a recovery link, and verifies the e-mail ' +
      'address. Guests may call it. A password that is refused leaves the secret ' +
      'good; no session is opened.',
    method: 'put',
    path: '/v1/account/recovery',
  },
  async (c, given) => recover(c, 'recovery', given),
)

export const createRecoveryOTP = route(
  {
    ...issuing,
    name: 'account.createRecoveryOTP',
    summary: 'Send a code to recover the password',
    description:
      'Mails a code of six digits with which to set a new password, for 15 minutes ' +
      'and once. Guests may call it; an unknown address is 404.',
    method: 'post',
    path: '/v1/account/recovery/otp',
    input: {
      body: z.object({
        email,
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
      'user_blocked',
      'user_not_found',
    ],
  },
  async (c, { email, phrase }) => {
    await requireMail(c)
    const user = grantRecovery((await userByEmail(c, email))[0])
    c.set('actor', user)
    const token = await mailCode(c, { user, address: email, purpose: 'recovery' }, phrase)
    if (!token) throw new ApiError('user_not_found')
    return token
  },
)

export const updateRecoveryOTP = route(
  {
    ...confirming,
    name: 'account.updateRecoveryOTP',
    summary: 'Set a new password with a recovery code',
    description:
      'Sets the password for a recovery code, and verifies the e-mail address. Guests ' +
      'may call it. A password that is refused leaves the code good; no session is ' +
      'opened.',
    method: 'put',
    path: '/v1/account/recovery/otp',
  },
  async (c, given) => recover(c, 'recovery-otp', given),
)
