/** The moment at which tests run where nothing else is said. */
export const DEFAULT_CLOCK = '2026-11-24T12:00:00Z'

const DAY_MS = 86_400_000

/** The other moments at which the tests of {@link TIMED} run. */
export const CLOCKS = {
  '400 days later': new Date(Date.parse(DEFAULT_CLOCK) + 400 * DAY_MS).toISOString(),
  'a leap day': '2028-02-29T12:00:00Z',
  'a second before a new year': '2027-12-31T23:59:59Z',
} as const

/**
 * The tests that depend on the day, the month or the year, on steps or windows of time, and on how long
 * something is good. Each takes seconds; those of many megabytes and many hashes are left out.
 */
export const TIMED = [
  'test/api/account/cookies.test.ts',
  'test/api/account/identities.test.ts',
  'test/api/account/impersonation.test.ts',
  'test/api/account/jwts.test.ts',
  'test/api/account/logs.test.ts',
  'test/api/account/mfa-authenticators.test.ts',
  'test/api/account/mfa-races.test.ts',
  'test/api/account/oauth2-id-token.test.ts',
  'test/api/account/oauth2-openid.test.ts',
  'test/api/account/oauth2-tokens.test.ts',
  'test/api/account/sessions.test.ts',
  'test/api/account/twin-cookies.test.ts',
  'test/api/callers.test.ts',
  'test/api/pipeline.test.ts',
  'test/api/project/keys.test.ts',
  'test/api/project/project.test.ts',
  'test/api/rate-limits.test.ts',
  'test/api/storage/tokens.test.ts',
  'test/api/teams/memberships.test.ts',
  'test/api/teams/teams.test.ts',
  'test/api/users/identities.test.ts',
  'test/api/users/list.test.ts',
  'test/api/users/profile.test.ts',
  'test/api/users/sessions.test.ts',
] as const

/** Tests that name days too, but take too long to run more than once, and why nothing is lost. */
export const LEFT_OUT: Record<string, string> = {
  'test/api/storage/previews.test.ts':
    'its months are literals, and its ages are days from the clock',
  'test/api/storage/uploads.test.ts': 'its ages are days from the clock',
}
