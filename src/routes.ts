import type { Route } from '#/http/route'
import * as buckets from '#/services/storage/buckets.routes'
import * as files from '#/services/storage/files.routes'
import * as previews from '#/services/storage/previews.routes'
import * as tokens from '#/services/storage/tokens.routes'
import * as userActivity from '#/services/users/activity.routes'
import * as userCredentials from '#/services/users/credentials.routes'
import * as userIdentities from '#/services/users/identities.routes'
import * as userImports from '#/services/users/imports.routes'
import * as userMfa from '#/services/users/mfa.routes'
import * as userProfile from '#/services/users/profile.routes'
import * as userSessions from '#/services/users/sessions.routes'
import * as userTargets from '#/services/users/targets.routes'
import * as users from '#/services/users/users.routes'

/** Lists every route of the API. */
export const ROUTES: readonly Route[] = [
  buckets,
  files,
  previews,
  tokens,
  users,
  userImports,
  userProfile,
  userCredentials,
  userTargets,
  userSessions,
  userIdentities,
  userMfa,
  userActivity,
].flatMap((service) => Object.values(service).filter(isRoute))

function isRoute(exported: unknown): exported is Route {
  return typeof exported === 'object' && exported !== null && 'handlers' in exported
}
