import type { Context } from 'hono'
import type { User } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { isReused } from '#/identity/passwords'
import { isCommon, personalDataIn, weakness } from '#/identity/passwords/policy'
import type { Policies } from '#/project/settings'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

const strengthOf = (policies: Policies) => ({
  min: policies.passwordMin,
  uppercase: policies.passwordUppercase,
  lowercase: policies.passwordLowercase,
  number: policies.passwordNumber,
  symbols: policies.passwordSymbols,
})

/**
 * Checks a new password against the owner's rules for strength and common passwords (docs/contract/users.md §4.3).
 * @throws `general_argument_invalid`, as for any parameter
 */
export async function checkStrength(c: Ctx, password: string) {
  const { policies } = await projectOf(c)
  const problem =
    weakness(password, strengthOf(policies)) ??
    (policies.passwordDictionary && isCommon(password) ? 'is one of the most common passwords' : '')
  if (problem) {
    throw new ApiError('general_argument_invalid', `Invalid \`password\` param: it ${problem}.`)
  }
}

/** Checks a new password against what is known of its user. @throws `password_personal_data` */
export async function checkPersonalData(
  c: Ctx,
  password: string,
  user: { id: string; email?: string | null; name?: string; phone?: string | null },
) {
  const { policies } = await projectOf(c)
  if (!policies.personalDataCheck) return
  const found = personalDataIn(password, user)
  if (found === undefined) return
  const text = found && `The password contains ${found}.`
  throw new ApiError('password_personal_data', text || undefined)
}

/** Returns the hashes that a new password may not match: the history, and the password in use, which it may lack. */
const remembered = ({ passwordHistory, password, passwordUpdate }: User) =>
  password && passwordUpdate && !passwordHistory.includes(password)
    ? [...passwordHistory, password]
    : passwordHistory

/**
 * Checks a new password against the user's last ones, by the user's present algorithm (docs/contract/users.md §6.4).
 * Differs: the one in use counts also where it was set while no history was kept.
 * @throws `password_recently_used`
 */
export async function checkHistory(c: Ctx, password: string, user: User) {
  const { policies } = await projectOf(c)
  if (policies.passwordHistory === 0) return
  const last = remembered(user).slice(-policies.passwordHistory)
  if (await isReused(password, last, user)) throw new ApiError('password_recently_used')
}

/** Returns the history with a new hash at its end, as long as the owner's rule keeps it. */
export async function historyWith(c: Ctx, hash: string, user: User): Promise<string[]> {
  const { policies } = await projectOf(c)
  const kept = policies.passwordHistory
  return kept === 0 ? user.passwordHistory : [...remembered(user), hash].slice(-kept)
}
