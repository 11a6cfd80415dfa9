import { z } from 'zod'
import { rememberDevice } from '#/auth/devices'
import { countAnswer, countChallenge } from '#/auth/mfa-budget'
import { ApiError } from '#/errors'
import { described, text } from '#/http/params'
import { findAuthenticator } from '#/identity/factors/authenticators'
import {
  acceptAnswer,
  checkPolicy,
  findChallenge,
  issueChallenge,
  readAnswer,
} from '#/identity/factors/challenges'
import { FACTORS } from '#/identity/factors/factors'
import { typed } from '#/identity/params'
import { currentSession } from '#/identity/sessions/current'
import { sessionModel } from '#/identity/sessions/models'
import { openSession } from '#/identity/sessions/sessions'
import { selfOf } from '#/identity/users/self'
import { sendFactorNotice, sendNotice } from '#/messaging/mail/notice'
import { route } from '#/pipeline/route'
import { mfaChallengeModel } from '#/services/account/mfa-models'

const NAMES = FACTORS.map((factor) => factor.toLowerCase())
const canonical = (given: string) =>
  FACTORS.find((factor) => factor.toLowerCase() === given.toLowerCase())

/** Accepts a factor in whatever case and gives its name as sessions have it (docs/contract/auth.md §16). */
const factorName = z
  .string()
  .transform((given, check) => {
    const factor = canonical(given)
    if (factor) return factor
    check.addIssue(`must be one of: ${FACTORS.join(', ')}`)
    return z.NEVER
  })
  .meta({
    wire: { type: 'string', enum: NAMES, 'x-case-insensitive': true },
    description: 'Factor to be shown.',
  })

const path = '/v1/account/mfa/challenges'
const aliases = ['/v1/account/mfa/challenge']

export const createMFAChallenge = route(
  {
    name: 'account.createMFAChallenge',
    summary: 'Start a challenge for a second factor',
    description:
      'Starts a challenge, and sends the code if the factor is an address. A session ' +
      'that lacks the factor may call it.',
    method: 'post',
    path,
    aliases,
    scopes: ['account'],
    mfa: 'exempt',
    limit: {
      limit: 10,
      windowSeconds: 3600,
      keys: ['url:{url},userId:{userId},ip:{ip},device:{device}'],
    },
    event: 'users.[userId].challenges.[challengeId].create',
    audit: 'challenge.create',
    input: { body: z.object({ factor: factorName }) },
    status: 201,
    model: mfaChallengeModel,
    errors: [
      'general_bad_request',
      'general_invalid_email',
      'general_invalid_phone',
      'general_phone_disabled',
      'general_smtp_disabled',
      'user_auth_method_unsupported',
      'user_email_not_found',
      'user_email_not_verified',
      'user_phone_not_found',
      'user_phone_not_verified',
    ],
  },
  async (c, { factor }) => {
    const { person } = selfOf(c)
    await checkPolicy(c, factor)
    await countChallenge(c, person.user.id)
    return issueChallenge(c, person, factor)
  },
)

export const updateMFAChallenge = route(
  {
    name: 'account.updateMFAChallenge',
    summary: 'Answer a challenge with a code',
    description:
      'Adds the factor to the current session if the code is right. A session that ' +
      'lacks the factor may call it. Wrong codes are counted by challenge, network ' +
      'and account.',
    method: 'put',
    path,
    aliases,
    scopes: ['account'],
    mfa: 'exempt',
    limit: { limit: 10, windowSeconds: 3600, keys: ['url:{url},challengeId:{param-challengeId}'] },
    event: 'users.[userId].sessions.[sessionId].create',
    audit: 'challenge.update',
    input: {
      body: z.object({
        challengeId: described(text(256), 'ID of the challenge.'),
        otp: described(typed(), 'The code.'),
      }),
    },
    status: 200,
    model: sessionModel,
    errors: ['user_auth_method_unsupported', 'user_invalid_token', 'user_session_not_found'],
  },
  async (c, { challengeId: id, otp }) => {
    const { person, session } = currentSession(c)
    const userId = person.user.id
    const [[challenge], [authenticator]] = await c.var.db.batch([
      findChallenge(c, userId, id),
      findAuthenticator(c, userId),
    ])
    const factor = challenge && canonical(challenge.ref)
    if (factor) await checkPolicy(c, factor)
    const counted = await countAnswer(c, userId, factor === 'recoveryCode' ? factor : 'code')
    const answered = factor && (await readAnswer(c, { userId, id, factor, otp }, authenticator))
    const challenged = answered && (await acceptAnswer(c, session, factor, answered))
    if (!challenged) {
      if (counted.isLast) {
        const reason = factor === 'recoveryCode' ? 'wrongRecoveryCodes' : 'wrongCodes'
        sendNotice(c, person.user, [reason])
      }
      throw new ApiError('user_invalid_token')
    }
    c.executionCtx.waitUntil(counted.right())
    await rememberDevice(c, userId)
    if (factor === 'recoveryCode') sendFactorNotice(c, person.user, 'recoveryCodeUsed')
    return { ...(await openSession(c, challenged)), current: false, countryName: '' }
  },
)
