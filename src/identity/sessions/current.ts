import type { Context } from 'hono'
import type { Person } from '#/auth/caller'
import type { Session } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'

/**
 * Returns who is signed in, never whom they impersonate (docs/contract/auth.md §7.3), and in which session.
 * @throws `user_session_not_found` under a JWT, which has no session of its own, and for a key that came alone
 */
export function currentSession({ var: { self } }: Context<AppEnv>): {
  person: Person
  session: Session
} {
  if (!self?.session) throw new ApiError('user_session_not_found')
  return { person: self.person, session: self.session }
}
