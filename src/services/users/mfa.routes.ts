import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { authenticators, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { described, text } from '#/http/params'
import { factorsOf } from '#/identity/factors/factors'
import {
  mfaChallengeSecretModel,
  mfaFactorsModel,
  mfaRecoveryCodesModel,
} from '#/identity/factors/models'
import {
  findRecoveryCodes,
  issueRecoveryCodes,
  unusedCodes,
} from '#/identity/factors/recovery-codes'
import { findChallenge } from '#/identity/factors/stored-challenges'
import { userModel } from '#/identity/models'
import { inUser } from '#/identity/params'
import { targetsOf } from '#/identity/sessions/sessions'
import { userById } from '#/identity/users/open'
import { sendFactorNotice } from '#/messaging/mail/notice'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'

const PATH = '/v1/users/:userId/mfa'

export const updateMFA = route(
  {
    name: 'users.updateMFA',
    summary: "Turn a user's second factor on or off",
    description:
      'Sets whether a user has to show a second factor. API keys only. It is asked ' +
      'for only where the user can show one.',
    method: 'patch',
    path: PATH,
    scopes: ['users.write'],
    event: 'users.[userId].update.mfa',
    audit: 'user.update',
    input: {
      param: inUser,
      body: z.object({
        mfa: described(z.boolean('must be true or false'), 'Whether a second factor is asked for.'),
      }),
    },
    status: 200,
    model: userModel,
    errors: ['user_not_found'],
  },
  async (c, { userId, mfa }) => {
    const { db, now } = c.var
    const [[before], [user], targets] = await db.batch([
      userById(db, userId),
      db
        .update(users)
        .set(touched(users, { mfa, mfaOrigin: 'owner' }, now))
        .where(eq(users.id, userId))
        .returning(),
      targetsOf(c, userId),
    ])
    if (!before || !user) throw new ApiError('user_not_found')
    if (before.mfa !== mfa) sendFactorNotice(c, user, mfa ? 'mfaOn' : 'mfaOff')
    return { user, targets }
  },
)

export const listMFAFactors = route(
  {
    name: 'users.listMFAFactors',
    summary: 'List the factors that a user can show',
    description:
      'Returns which second factors the user could be asked for. API keys and ' +
      'impersonators only.',
    method: 'get',
    path: `${PATH}/factors`,
    scopes: ['users.read'],
    input: { param: inUser },
    status: 200,
    model: mfaFactorsModel,
    errors: ['user_not_found'],
  },
  async (c, { userId }) => {
    const { db, now } = c.var
    const verified = and(eq(authenticators.userId, userId), eq(authenticators.verified, true))
    const [[user], totp, codes] = await db.batch([
      userById(db, userId),
      db.select({ one: sql`1` }).from(authenticators).where(verified),
      unusedCodes(db, userId, now),
    ])
    if (!user) throw new ApiError('user_not_found')
    await projectOf(c)
    return factorsOf(c, { user, hasTotp: totp.length > 0 }, codes.length > 0)
  },
)

const CODES = `${PATH}/recovery-codes`

export const getMFARecoveryCodes = route(
  {
    name: 'users.getMFARecoveryCodes',
    summary: "Get a user's recovery codes",
    description:
      'Returns the recovery codes of a user that are still unused. API keys and ' +
      'impersonators only.',
    method: 'get',
    path: CODES,
    scopes: ['users.read'],
    input: { param: inUser },
    status: 200,
    model: mfaRecoveryCodesModel,
    errors: ['user_not_found', 'user_recovery_codes_not_found'],
  },
  async (c, { userId }) => {
    const codes = await findRecoveryCodes(c, userId)
    if (codes.length === 0) throw new ApiError('user_recovery_codes_not_found')
    return codes
  },
)

export const createMFARecoveryCodes = route(
  {
    name: 'users.createMFARecoveryCodes',
    summary: 'Create recovery codes for a user',
    description: 'Creates six recovery codes for a user who has no unused ones. API keys only.',
    method: 'patch',
    path: CODES,
    scopes: ['users.write'],
    event: 'users.[userId].create.mfa.recovery-codes',
    audit: 'user.update',
    input: { param: inUser },
    status: 200,
    model: mfaRecoveryCodesModel,
    errors: ['user_not_found', 'user_recovery_codes_already_exists'],
  },
  (c, { userId }) => issueRecoveryCodes(c, userId, 'none', 'owner'),
)

export const updateMFARecoveryCodes = route(
  {
    name: 'users.updateMFARecoveryCodes',
    summary: "Replace a user's recovery codes",
    description: 'Replaces the recovery codes of a user by six new ones. API keys only.',
    method: 'put',
    path: CODES,
    scopes: ['users.write'],
    event: 'users.[userId].update.mfa.recovery-codes',
    audit: 'user.update',
    input: { param: inUser },
    status: 200,
    model: mfaRecoveryCodesModel,
    errors: ['user_not_found', 'user_recovery_codes_not_found'],
  },
  (c, { userId }) => issueRecoveryCodes(c, userId, 'some', 'owner'),
)

/** Accepts the one type of authenticator, in whatever case. */
const authenticatorType = z
  .string()
  .refine((given) => given.toLowerCase() === 'totp', 'must be totp')
  .meta({
    wire: { type: 'string', enum: ['totp'], 'x-case-insensitive': true },
    description: 'Kind of authenticator.',
  })

export const deleteMFAAuthenticator = route(
  {
    name: 'users.deleteMFAAuthenticator',
    summary: "Remove a user's authenticator",
    description:
      'Removes the authenticator app of a user. API keys only. Recovery codes stay, ' +
      'and so does the setting that asks for a second factor.',
    method: 'delete',
    path: `${PATH}/authenticators/:type`,
    scopes: ['users.write'],
    event: 'users.[userId].delete.mfa',
    audit: 'user.update',
    input: { param: inUser.extend({ type: authenticatorType }) },
    status: 204,
    errors: ['user_authenticator_not_found', 'user_not_found'],
  },
  async (c, { userId }) => {
    const { db } = c.var
    const [[user], [gone]] = await db.batch([
      userById(db, userId),
      db
        .delete(authenticators)
        .where(and(eq(authenticators.userId, userId), eq(authenticators.type, 'totp')))
        .returning({ verified: authenticators.verified }),
    ])
    if (!user) throw new ApiError('user_not_found')
    if (!gone) throw new ApiError('user_authenticator_not_found')
    if (gone.verified) sendFactorNotice(c, user, 'authenticatorRemoved')
    tell(c, { payload: () => [] })
    return undefined
  },
)

export const getMFAChallenge = route(
  {
    name: 'users.getMFAChallenge',
    summary: 'Get the code of a custom challenge',
    description:
      'Returns the code of an open challenge of the factor `custom`, for a server ' +
      'that delivers it itself. API keys and impersonators only.',
    method: 'get',
    path: `${PATH}/challenges/:challengeId`,
    scopes: ['users.read'],
    input: { param: inUser.extend({ challengeId: described(text(256), 'ID of the challenge.') }) },
    status: 200,
    model: mfaChallengeSecretModel,
    errors: ['user_invalid_token', 'user_not_found'],
  },
  (c, { userId, challengeId }) => findChallenge(c, userId, challengeId),
)
