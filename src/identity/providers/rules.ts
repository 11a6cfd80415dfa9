import type { User } from '#/db/schema'
import { ApiError } from '#/errors'
import type { Profile } from '#/identity/providers/protocol/profile'

/** What is known here when somebody comes from a sign-in provider. */
export type Facts = {
  profile: Profile
  /** The provider's e-mail address in its normal form; '' is none. */
  email: string
  /** Whose session may link the account at the provider. */
  self: User | undefined
  /** Who has this account at the provider. */
  byAccount: User | undefined
  /** Who has the e-mail address now. */
  byEmail: User | undefined
}

/** Who signs in: a user, whose missing address may be filled, or somebody new. */
export type Decision = { user: User; adopts: boolean } | { user: undefined; adopts: false }

/**
 * Decides who signs in with an account at a provider (docs/contract/account.md §11.3, steps 4 to 9). A person is found
 * by provider and account; an address leads to its holder of today alone, and only if the provider vouches for it.
 *
 * Differs: the account itself comes before everything else, also before a session; addresses that providers told
 * at former sign-ins count for nothing; an account needs no address. Upstream refuses the latter, and asks the
 * sessions of the account first, so that one which its user has unlinked still signs in.
 *
 * @throws `user_missing_id`, `user_already_exists`, `user_blocked`
 * @throws `general_bad_request` where an address leads to somebody but is not verified
 */
export function decide(facts: Facts): Decision {
  const { profile, email, byAccount, byEmail } = facts
  if (profile.id === '') throw new ApiError('user_missing_id')
  const user = byAccount ?? (facts.self ? link(facts.self, facts) : find(facts))
  if (!user) return { user, adopts: false }
  if (!user.status) throw new ApiError('user_blocked')
  return { user, adopts: email !== '' && user.email === null && !byEmail }
}

/** Lets whoever is signed in have the account, unless the provider vouches for an address of somebody else's. */
function link(self: User, { profile, byEmail }: Facts): User {
  if (profile.isVerified && byEmail && byEmail.id !== self.id) {
    throw new ApiError('user_already_exists')
  }
  return self
}

function find({ profile, byEmail }: Facts): User | undefined {
  if (byEmail && !profile.isVerified) {
    throw new ApiError(
      'general_bad_request',
      'A user with this address exists, and the sign-in provider does not vouch for it.',
    )
  }
  return byEmail
}
