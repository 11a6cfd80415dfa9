import type { User } from '#/db/schema'
import { ApiError } from '#/errors'
import type { Profile } from '#/services/account/oauth2/profile'

/** What is known here when somebody comes from a sign-in provider. */
export type Facts = {
  profile: Profile
  /** The provider's e-mail address in lower case; '' is none. */
  email: string
  /** Whether users of this provider have no address. */
  isEmailless: boolean
  /** Who is signed in already. */
  self: User | undefined
  /** Who has this account at the provider. */
  byAccount: User | undefined
  /** Who has the e-mail address. */
  byEmail: User | undefined
  /** Who has an account at any provider with the e-mail address, the oldest first. */
  emailOwners: readonly string[]
  /** The first of those. */
  byIdentityEmail: User | undefined
}

/** Says who signs in: a user, whose missing address may be filled, or somebody new. */
export type Decision = { user: User; adopts: boolean } | { user: undefined; adopts: false }

/**
 * Decides who signs in with an account at a provider (account contract 11.3, steps 4 to 9). An address that
 * the provider does not vouch for never leads to somebody else's user.
 *
 * Differs: the account itself comes before everything else, also without an e-mail address. Upstream asks the
 * sessions of the account first, so that one which its user has unlinked still signs in.
 *
 * @throws `user_missing_id`, `user_already_exists`, `user_unauthorized` without an e-mail address,
 * `general_bad_request` where an address leads to somebody but is not verified, `user_blocked`
 */
export function decide(facts: Facts): Decision {
  if (facts.profile.id === '') throw new ApiError('user_missing_id')
  const user = facts.self ? link(facts.self, facts) : find(facts)
  if (!user) return { user, adopts: false }
  if (!user.status) throw new ApiError('user_blocked')
  const { email, byAccount, byEmail, emailOwners } = facts
  const adopts = email !== '' && user.email === null
  if (adopts && byEmail && byEmail.id !== user.id) throw new ApiError('user_already_exists')
  if (byAccount?.id !== user.id && emailOwners.some((id) => id !== user.id)) {
    throw new ApiError('general_bad_request', 'Another user signs in with this address.')
  }
  return { user, adopts }
}

/** Lets whoever is signed in have the account, unless it or its address is somebody else's. */
function link(self: User, { byAccount, byEmail, emailOwners }: Facts): User {
  const others = [byAccount?.id, byEmail?.id, ...emailOwners]
  if (others.some((id) => id !== undefined && id !== self.id)) {
    throw new ApiError('user_already_exists')
  }
  return self
}

function find(facts: Facts): User | undefined {
  const { profile, email, isEmailless, byAccount, byEmail, byIdentityEmail } = facts
  if (byAccount) return byAccount
  if (email === '' && isEmailless) return undefined
  if (email === '') {
    throw new ApiError('user_unauthorized', 'The sign-in provider told no e-mail address.')
  }
  const holder = byEmail ?? byIdentityEmail
  if (holder && !profile.isVerified) {
    throw new ApiError(
      'general_bad_request',
      'A user with this address exists, and the sign-in provider does not vouch for it.',
    )
  }
  return holder
}
