import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { randomDigits } from '#/auth/one-time'
import { encodeSession } from '#/auth/session-cookies'
import { gather } from '#/db/gather'
import { mockNumbers } from '#/db/schema'
import { described, optional, withDefault } from '#/http/params'
import { url } from '#/http/url-param'
import { typed } from '#/identity/params'
import { requireMail, requireSms } from '#/identity/secrets/carriers'
import { addRedirectCheck, ownMagicPage, secretLink } from '#/identity/secrets/links'
import { deliver, issuedToken } from '#/identity/secrets/one-time'
import { addAsked } from '#/identity/secrets/passwordless'
import { exchange } from '#/identity/sessions/exchange'
import { sessionModel, tokenModel } from '#/identity/sessions/models'
import { EMAIL_POLICY_ERRORS } from '#/identity/users/new-user'
import { customId } from '#/ids'
import { email } from '#/lib/contact/email'
import { phone } from '#/lib/contact/phone'
import { randomHex } from '#/lib/secrets'
import { securityPhrase } from '#/messaging/mail/security-phrase'
import { sendTemplate } from '#/messaging/mail/send'
import { sendSms } from '#/messaging/sms/sms'
import { route } from '#/pipeline/route'

const HOUR_SECONDS = 3600
const CODE_SECONDS = 900
const CODE_DIGITS = 6
const LINK_SECRET_LENGTH = 64

const perHour = (limit: number, ...keys: string[]) => ({ limit, windowSeconds: HOUR_SECONDS, keys })
const phrase = described(
  withDefault(z.boolean(), false),
  'Whether to put two words into message and answer, for people to compare.',
)
const userId = customId.describe('ID for a new user, or `unique()`; a known address keeps its own.')

export const createMagicURLToken = route(
  {
    name: 'account.createMagicURLToken',
    summary: 'Send a magic link',
    description:
      'Mails a link that signs in, for one hour and once. Guests may call it; an ' +
      'unknown address makes a new user. Without `url` the link leads to a page of ' +
      'this server.',
    method: 'post',
    path: '/v1/account/tokens/magic-url',
    aliases: ['/v1/account/sessions/magic-url'],
    scopes: ['sessions.write'],
    authMethod: 'magic-url',
    limit: perHour(60, 'url:{url},email:{param-email}', 'url:{url},ip:{ip}'),
    event: 'users.[userId].create',
    audit: 'tokens.create',
    onConsole: 'project_not_found',
    input: { body: z.object({ userId, email, url: optional(url), phrase }) },
    status: 201,
    model: tokenModel,
    errors: [
      'general_invalid_email',
      'general_smtp_disabled',
      'user_already_exists',
      'user_count_exceeded',
      'user_email_already_exists',
      ...EMAIL_POLICY_ERRORS,
    ],
  },
  async (c, { userId, email, url, phrase }) => {
    const batch = gather(c.var.db)
    const redirect = url === undefined ? undefined : addRedirectCheck(c, batch, url)
    const store = addAsked(c, batch, {
      userId,
      column: 'email',
      address: email,
      purpose: 'magic-url',
      ttlSeconds: HOUR_SECONDS,
      targets: [],
      clash: 'user_email_already_exists',
    })
    await batch.run()
    await redirect?.()
    await requireMail(c)
    const secret = randomHex(LINK_SECRET_LENGTH)
    const { user, issued } = await store(secret)
    c.set('actor', user)
    const words = phrase ? securityPhrase() : ''
    await deliver(c, issued, () =>
      sendTemplate(c, {
        template: 'magicSession',
        to: email,
        toName: user.name,
        variables: {
          redirect: secretLink(url ?? ownMagicPage(c), issued, secret, {
            project: c.var.settings.PROJECT_ID,
          }),
          phrase: words,
        },
      }),
    )
    return issuedToken(issued, secret, words)
  },
)

export const createEmailToken = route(
  {
    name: 'account.createEmailToken',
    summary: 'Send a sign-in code by e-mail',
    description:
      'Mails a code of six digits that signs in, for 15 minutes and once. Guests may ' +
      'call it; an unknown address makes a new user.',
    method: 'post',
    path: '/v1/account/tokens/email',
    scopes: ['sessions.write'],
    authMethod: 'email-otp',
    limit: perHour(10, 'url:{url},email:{param-email}', 'url:{url},ip:{ip}'),
    event: 'users.[userId].create',
    audit: 'tokens.create',
    input: { body: z.object({ userId, email, phrase }) },
    status: 201,
    model: tokenModel,
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'general_smtp_disabled',
      'user_already_exists',
      'user_count_exceeded',
      ...EMAIL_POLICY_ERRORS,
    ],
  },
  async (c, { userId, email, phrase }) => {
    await requireMail(c)
    const batch = gather(c.var.db)
    const store = addAsked(c, batch, {
      userId,
      column: 'email',
      address: email,
      purpose: 'email',
      ttlSeconds: CODE_SECONDS,
      targets: ['email'],
      clash: 'general_bad_request',
    })
    await batch.run()
    const otp = randomDigits(CODE_DIGITS)
    const { user, issued } = await store(otp)
    c.set('actor', user)
    const words = phrase ? securityPhrase() : ''
    await deliver(c, issued, () =>
      sendTemplate(c, {
        template: 'otpSession',
        to: email,
        toName: user.name,
        variables: { otp, phrase: words },
      }),
    )
    return issuedToken(issued, otp, words)
  },
)

export const createPhoneToken = route(
  {
    name: 'account.createPhoneToken',
    summary: 'Send a sign-in code by text message',
    description:
      'Texts a code of six digits that signs in, for 15 minutes and once. Guests may ' +
      'call it; an unknown number makes a new user.',
    method: 'post',
    path: '/v1/account/tokens/phone',
    aliases: ['/v1/account/sessions/phone'],
    scopes: ['sessions.write'],
    authMethod: 'phone',
    limit: perHour(10, 'url:{url},phone:{param-phone}', 'url:{url},ip:{ip}'),
    event: 'users.[userId].create',
    audit: 'tokens.create',
    input: { body: z.object({ userId, phone }) },
    status: 201,
    model: tokenModel,
    errors: [
      'general_invalid_phone',
      'general_phone_disabled',
      'user_already_exists',
      'user_count_exceeded',
    ],
  },
  async (c, { userId, phone }) => {
    requireSms(c)
    const batch = gather(c.var.db)
    const mock = batch.add(c.var.db.select().from(mockNumbers).where(eq(mockNumbers.number, phone)))
    const store = addAsked(c, batch, {
      userId,
      column: 'phone',
      address: phone,
      purpose: 'phone',
      ttlSeconds: CODE_SECONDS,
      targets: ['sms'],
      clash: 'general_bad_request',
    })
    await batch.run()
    const fixed = mock()[0]?.otp
    const otp = fixed ?? randomDigits(CODE_DIGITS)
    const { user, issued } = await store(otp)
    c.set('actor', user)
    if (fixed === undefined) await deliver(c, issued, () => sendSms(c, phone, otp))
    return issuedToken(issued, encodeSession({ id: user.id, secret: otp }))
  },
)

/** What the three ways to sign in with a secret share. */
const exchangeSpec = {
  scopes: ['sessions.write'],
  signedOut: true,
  event: 'users.[userId].sessions.[sessionId].create',
  audit: 'session.create',
  input: {
    body: z.object({
      userId: customId.describe('ID of the user, from the link or the answer.'),
      secret: described(typed(), 'The secret: from the link, the message or the server.'),
    }),
  },
  status: 201,
  model: sessionModel,
  errors: ['general_server_error', 'user_invalid_token'],
} as const
const exchangeLimit = perHour(10, 'ip:{ip},userId:{param-userId}')

export const createSession = route(
  {
    ...exchangeSpec,
    name: 'account.createSession',
    summary: 'Sign in with a secret',
    description:
      'Opens a session for a secret from a link, a code, a sign-in provider or a ' +
      'server, which works once. For callers who are signed out.',
    method: 'post',
    path: '/v1/account/sessions/token',
    limit: { ...exchangeLimit, resetOn: [201] },
  },
  exchange,
)

export const updateMagicURLSession = route(
  {
    ...exchangeSpec,
    name: 'account.updateMagicURLSession',
    summary: 'Sign in with a magic link',
    description:
      'Opens a session for the secret of a magic link, which works once. For callers ' +
      'who are signed out. An older form of `account.createSession`.',
    method: 'put',
    path: '/v1/account/sessions/magic-url',
    limit: { ...exchangeLimit, resetOn: [201] },
  },
  exchange,
)

export const updatePhoneSession = route(
  {
    ...exchangeSpec,
    name: 'account.updatePhoneSession',
    summary: 'Sign in with a phone code',
    description:
      'Opens a session for a code from a text message, which works once. For callers ' +
      'who are signed out. An older form of `account.createSession`.',
    method: 'put',
    path: '/v1/account/sessions/phone',
    limit: exchangeLimit,
  },
  exchange,
)
