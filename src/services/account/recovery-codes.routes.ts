import { ApiError } from '#/errors'
import { mfaRecoveryCodesModel } from '#/identity/factors/models'
import { issueRecoveryCodes, readRecoveryCodes } from '#/identity/factors/recovery-codes'
import { ownOrigin } from '#/identity/users/origins'
import { selfOf } from '#/identity/users/self'
import { route } from '#/pipeline/route'

const path = '/v1/account/mfa/recovery-codes'

export const createMFARecoveryCodes = route(
  {
    name: 'account.createMFARecoveryCodes',
    summary: 'Create recovery codes',
    description:
      'Creates six recovery codes, each of which stands in for a factor once. Refused ' +
      'while unused ones are there.',
    method: 'post',
    path,
    scopes: ['account'],
    event: 'users.[userId].update.mfa',
    audit: 'user.update',
    input: {},
    status: 201,
    model: mfaRecoveryCodesModel,
    errors: ['user_recovery_codes_already_exists'],
  },
  async (c) => issueRecoveryCodes(c, selfOf(c).person.user.id, 'none', ownOrigin()),
)

export const getMFARecoveryCodes = route(
  {
    name: 'account.getMFARecoveryCodes',
    summary: 'Get the recovery codes',
    description:
      'Returns the recovery codes that are still unused. The session must have ' +
      'answered a challenge in the last 30 minutes.',
    method: 'get',
    path,
    scopes: ['account'],
    mfa: 'fresh',
    input: {},
    status: 200,
    model: mfaRecoveryCodesModel,
    errors: ['user_recovery_codes_not_found'],
  },
  async (c) => {
    const codes = await readRecoveryCodes(c, selfOf(c).person.user)
    if (codes.length === 0) throw new ApiError('user_recovery_codes_not_found')
    return codes
  },
)

export const updateMFARecoveryCodes = route(
  {
    name: 'account.updateMFARecoveryCodes',
    summary: 'Replace the recovery codes',
    description:
      'Replaces the recovery codes by six new ones. The session must have answered a ' +
      'challenge in the last 30 minutes.',
    method: 'patch',
    path,
    scopes: ['account'],
    mfa: 'fresh',
    event: 'users.[userId].update.mfa',
    audit: 'user.update',
    input: {},
    status: 200,
    model: mfaRecoveryCodesModel,
    errors: ['user_recovery_codes_not_found'],
  },
  async (c) => issueRecoveryCodes(c, selfOf(c).person.user.id, 'some', ownOrigin()),
)
