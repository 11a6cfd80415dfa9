import type { Person } from '#/auth/caller'
import type { Policies } from '#/project/settings'
import type { Factors } from '#/services/users/models'

/** What tells which second factors somebody can use. */
export type FactorOwner = Pick<Person, 'hasTotp'> & {
  user: Pick<Person['user'], 'email' | 'emailVerification' | 'phone' | 'phoneVerification'>
}

/**
 * Tells which second factors somebody can use: what they have and have proved, as far as the owner allows it
 * (users contract 13, account contract 8).
 * @param recoveryCode whether unused recovery codes exist; no policy applies to them
 */
export const factorsOf = (
  { user, hasTotp }: FactorOwner,
  policies: Policies,
  recoveryCode = false,
): Factors => ({
  totp: policies.factorTotp && hasTotp,
  phone: policies.factorPhone && Boolean(user.phone) && user.phoneVerification,
  email: policies.factorEmail && Boolean(user.email) && user.emailVerification,
  recoveryCode,
  custom: policies.factorCustom,
})
