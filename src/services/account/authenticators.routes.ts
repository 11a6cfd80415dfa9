import { z } from 'zod'
import { rememberDevice } from '#/auth/devices'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { described } from '#/http/params'
import {
  dropAuthenticator,
  findAuthenticator,
  isCodeUnused,
  issueAuthenticator,
  readCode,
  useCode,
} from '#/identity/factors/authenticators'
import { accountModel } from '#/identity/models'
import { typed } from '#/identity/params'
import { currentSession } from '#/identity/sessions/current'
import { addFactors, isSessionOpen } from '#/identity/sessions/session-factors'
import { accountOf, selfOf } from '#/identity/users/self'
import { sendFactorNotice } from '#/messaging/mail/notice'
import { route } from '#/pipeline/route'
import { mfaTypeModel } from '#/services/account/mfa-models'

/** Accepts the one type of authenticator, in whatever case. */
const type = z
  .string()
  .refine((given) => given.toLowerCase() === 'totp', 'must be totp')
  .meta({
    wire: { type: 'string', enum: ['totp'], 'x-case-insensitive': true },
    description: 'Kind of authenticator.',
  })

const path = '/v1/account/mfa/authenticators/:type'

export const createMFAAuthenticator = route(
  {
    name: 'account.createMFAAuthenticator',
    summary: 'Add an authenticator',
    description:
      'Creates the secret for an authenticator app, which this answer alone shows. It ' +
      'counts once a code has been shown.',
    method: 'post',
    path,
    scopes: ['account'],
    event: 'users.[userId].update.mfa',
    audit: 'user.update',
    input: { param: z.object({ type }) },
    status: 200,
    model: mfaTypeModel,
    errors: ['general_argument_invalid', 'user_authenticator_already_verified'],
  },
  async (c) => {
    const shown = await issueAuthenticator(c, selfOf(c).person.user)
    if (!shown) throw new ApiError('user_authenticator_already_verified')
    return shown
  },
)

export const updateMFAAuthenticator = route(
  {
    name: 'account.updateMFAAuthenticator',
    summary: 'Verify an authenticator',
    description:
      'Verifies an authenticator app by one of its codes, and adds the factor to the ' +
      'current session.',
    method: 'put',
    path,
    scopes: ['account'],
    event: 'users.[userId].update.mfa',
    audit: 'user.update',
    input: {
      param: z.object({ type }),
      body: z.object({ otp: described(typed(), 'Code that the app shows.') }),
    },
    status: 200,
    model: accountModel,
    errors: [
      'user_authenticator_already_verified',
      'user_authenticator_not_found',
      'user_invalid_token',
      'user_session_not_found',
    ],
  },
  async (c, { otp }) => {
    const { person, session } = currentSession(c)
    const { user, targets } = person
    const [authenticator] = await findAuthenticator(c, user.id)
    if (!authenticator) throw new ApiError('user_authenticator_not_found')
    if (authenticator.verified) throw new ApiError('user_authenticator_already_verified')
    const shown = await readCode(c, authenticator, otp)
    if (!shown) throw new ApiError('user_invalid_token')
    // Both under one condition, and the session first: what the code adds to it goes with using the code.
    const [, [used]] = await c.var.db.batch([
      addFactors(c, session.id, ['totp'], { when: isCodeUnused(c, shown) }),
      useCode(c, shown, isSessionOpen(c, session.id)),
    ])
    if (!used) throw new ApiError('user_invalid_token')
    await rememberDevice(c, user.id)
    sendFactorNotice(c, user, 'authenticatorAdded')
    return accountOf(user, targets)
  },
)

export const deleteMFAAuthenticator = route(
  {
    name: 'account.deleteMFAAuthenticator',
    summary: 'Remove an authenticator',
    description:
      'Removes the authenticator app of the user. The session must have answered a ' +
      'challenge in the last 30 minutes.',
    method: 'delete',
    path,
    scopes: ['account'],
    mfa: 'fresh',
    event: 'users.[userId].delete.mfa',
    audit: 'user.update',
    input: { param: z.object({ type }) },
    status: 204,
    errors: ['user_authenticator_not_found'],
  },
  async (c) => {
    const { user } = selfOf(c).person
    const [gone] = await dropAuthenticator(c, user.id)
    if (!gone) throw new ApiError('user_authenticator_not_found')
    if (gone.verified) sendFactorNotice(c, user, 'authenticatorRemoved')
    tell(c, { payload: () => [] })
    return undefined
  },
)
