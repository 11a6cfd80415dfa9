import type { Route } from '#/pipeline/route'
import * as account from '#/services/account/account.routes'
import * as accountAuthenticators from '#/services/account/authenticators.routes'
import * as accountChallenges from '#/services/account/challenges.routes'
import * as accountContact from '#/services/account/contact.routes'
import * as accountIdToken from '#/services/account/id-token.routes'
import * as accountIdentities from '#/services/account/identities.routes'
import * as accountJwts from '#/services/account/jwts.routes'
import * as accountLogs from '#/services/account/logs.routes'
import * as accountMfa from '#/services/account/mfa.routes'
import * as accountOAuth2 from '#/services/account/oauth2.routes'
import * as accountPassword from '#/services/account/password.routes'
import * as accountPushTargets from '#/services/account/push-targets.routes'
import * as accountRecovery from '#/services/account/recovery.routes'
import * as accountRecoveryCodes from '#/services/account/recovery-codes.routes'
import * as accountSessions from '#/services/account/sessions.routes'
import * as accountSignIn from '#/services/account/sign-in.routes'
import * as accountTokens from '#/services/account/tokens.routes'
import * as accountVerification from '#/services/account/verification.routes'
import * as health from '#/services/health/health.routes'
import * as ping from '#/services/ping/ping.routes'
import * as projectKeys from '#/services/project/keys.routes'
import * as projectMockPhones from '#/services/project/mock-phones.routes'
import * as projectOAuth2 from '#/services/project/oauth2.routes'
import { OWN_POLICY_ROUTES } from '#/services/project/own-policies.routes'
import * as projectPlatforms from '#/services/project/platforms.routes'
import * as projectPolicies from '#/services/project/policies.routes'
import * as project from '#/services/project/project.routes'
import * as projectSmtp from '#/services/project/smtp.routes'
import * as projectTemplates from '#/services/project/templates.routes'
import * as projectVariables from '#/services/project/variables.routes'
import * as buckets from '#/services/storage/buckets.routes'
import * as downloads from '#/services/storage/downloads.routes'
import * as files from '#/services/storage/files.routes'
import * as previews from '#/services/storage/previews.routes'
import * as tokens from '#/services/storage/tokens.routes'
import * as memberships from '#/services/teams/memberships.routes'
import * as teams from '#/services/teams/teams.routes'
import * as userActivity from '#/services/users/activity.routes'
import * as userCredentials from '#/services/users/credentials.routes'
import * as userIdentities from '#/services/users/identities.routes'
import * as userImports from '#/services/users/imports.routes'
import * as userMfa from '#/services/users/mfa.routes'
import * as userProfile from '#/services/users/profile.routes'
import * as userSessions from '#/services/users/sessions.routes'
import * as userTargets from '#/services/users/targets.routes'
import * as users from '#/services/users/users.routes'
import * as webhooks from '#/services/webhooks/webhooks.routes'

/** Lists every route of the API. */
export const ROUTES: readonly Route[] = [
  buckets,
  files,
  downloads,
  previews,
  tokens,
  account,
  accountAuthenticators,
  accountContact,
  accountIdToken,
  accountOAuth2,
  accountPassword,
  accountRecovery,
  accountSessions,
  accountSignIn,
  accountTokens,
  accountVerification,
  accountChallenges,
  accountMfa,
  accountPushTargets,
  accountRecoveryCodes,
  accountIdentities,
  accountJwts,
  users,
  userImports,
  userProfile,
  userCredentials,
  userTargets,
  userSessions,
  userIdentities,
  userMfa,
  userActivity,
  teams,
  memberships,
  accountLogs,
  project,
  projectKeys,
  projectPlatforms,
  projectPolicies,
  projectOAuth2,
  projectSmtp,
  projectTemplates,
  projectMockPhones,
  projectVariables,
  webhooks,
  ping,
  health,
].flatMap((service) => Object.values<unknown>(service).flat().filter(isRoute))

/** Lists routes that no SDK knows: they are in no document of the API. */
export const OWN_ROUTES: readonly Route[] = OWN_POLICY_ROUTES

function isRoute(exported: unknown): exported is Route {
  return typeof exported === 'object' && exported !== null && 'handlers' in exported
}
