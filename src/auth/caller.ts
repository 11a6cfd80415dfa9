/** Says on whose behalf a request runs. Roles decide on resources, scopes on endpoints. */
export type Caller =
  | { kind: 'guest'; roles: readonly string[]; scopes: ReadonlySet<string> }
  | {
      kind: 'user'
      id: string
      email: string
      roles: readonly string[]
      scopes: ReadonlySet<string>
    }
  | { kind: 'key'; id: string; roles: readonly string[]; scopes: ReadonlySet<string> }

/** Scopes of a caller without credentials (auth contract 9.1). */
export const GUEST_SCOPES: ReadonlySet<string> = new Set([
  'global',
  'public',
  'sessions.write',
  'files.read',
  'files.write',
  'locale.read',
])

/** Scopes that every API key holds beside its own (auth contract 9.1). */
const KEY_BASE_SCOPES = ['global', 'health.read'] as const

/** Scopes that an API key can be given for the services served here (auth contract 9.1). */
export const KEY_SCOPES = [
  ...['users', 'sessions', 'teams', 'buckets', 'files', 'tokens', 'targets', 'project', 'keys'],
  ...[
    'platforms',
    'mocks',
    'policies',
    'project.policies',
    'project.oauth2',
    'templates',
    'webhooks',
  ],
].flatMap((resource) => [`${resource}.read`, `${resource}.write`])

/** Scopes of the deployment's own key: all that a key can be given. */
const ROOT_SCOPES: ReadonlySet<string> = new Set([
  ...KEY_SCOPES,
  ...KEY_BASE_SCOPES,
  'locale.read',
  'avatars.read',
])

export const GUEST: Caller = { kind: 'guest', roles: ['any', 'guests'], scopes: GUEST_SCOPES }

/** The caller behind the deployment's own key, `API_KEY`. */
export const ROOT_KEY: Caller = {
  kind: 'key',
  id: 'root',
  roles: ['any', 'keys'],
  scopes: ROOT_SCOPES,
}

/** Gives the caller behind a stored key. */
export const keyCaller = (id: string, scopes: readonly string[]): Caller => ({
  kind: 'key',
  id,
  roles: ['any', 'keys'],
  scopes: new Set([...scopes, ...KEY_BASE_SCOPES]),
})

/** Tells whether permission checks are off for the caller (storage contract 1.1). */
export const isPrivileged = (caller: Caller) => caller.kind === 'key'

/** Gives the user's ID, or '' where no user stands behind the caller. */
export const userIdOf = (caller: Caller) => (caller.kind === 'user' ? caller.id : '')
