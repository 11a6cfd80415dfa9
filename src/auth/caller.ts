import type { Membership, Session, Target, User } from '#/db/schema'

declare module '#/http/context' {
  interface Variables {
    caller: Caller
    /** Who is signed in, also beside a key. */
    self: Self | undefined
    /** Why there is nobody though the request shows a session. */
    lost: Lost | undefined
    /** Who did it, where that is not who was signed in at the start. */
    actor: User | undefined
  }
}

/** Says with whose rights a request runs. Roles decide on resources, scopes on endpoints. */
export type Caller =
  | { kind: 'guest'; roles: readonly string[]; scopes: ReadonlySet<string> }
  | {
      kind: 'user'
      id: string
      email: string
      roles: readonly string[]
      scopes: ReadonlySet<string>
    }
  | {
      kind: 'key'
      id: string
      roles: readonly string[]
      scopes: ReadonlySet<string>
      /** When the key stops being good; undefined: never. */
      expiresAt: Date | undefined
      /** Sequence of the stored key that it is, or that made it; undefined for the deployment's own. */
      origin: number | undefined
    }

/** A user with what decides on rights and gates; memberships are the confirmed ones. */
export type Person = {
  user: User
  targets: readonly Target[]
  memberships: readonly Membership[]
  hasTotp: boolean
}

/**
 * Who is signed in: by a session, or by a JWT, which has no current session. `acting` is somebody else
 * while `person` impersonates (docs/contract/auth.md §7.3).
 */
export type Self = { person: Person; acting: Person; session: Session | undefined }

/**
 * Why the session that a request shows makes nobody of it: it has ended or its user is gone, its user is blocked,
 * or there are good ones of different users.
 */
export type Lost = 'ended' | 'blocked' | 'ambiguous'

/** Scopes of a caller without credentials (docs/contract/auth.md §9.1). */
export const GUEST_SCOPES: ReadonlySet<string> = new Set([
  'global',
  'public',
  'sessions.write',
  'files.read',
  'files.write',
  'locale.read',
])

/** Scopes of a signed-in user (docs/contract/auth.md §9.1). */
const USER_SCOPES = [
  ...GUEST_SCOPES,
  ...['account', 'teams.read', 'teams.write', 'targets.read', 'targets.write'],
]

/** Scopes that every API key holds beside its own (docs/contract/auth.md §9.1). */
const KEY_BASE_SCOPES = ['global', 'health.read'] as const

/** Scopes that an API key can be given for the services served here (docs/contract/auth.md §9.1). */
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
  expiresAt: undefined,
  origin: undefined,
}

/** Builds the caller behind a stored or ephemeral key. */
export const keyCaller = (
  id: string,
  scopes: readonly string[],
  expiresAt?: Date,
  origin?: number,
): Caller => ({
  kind: 'key',
  id,
  roles: ['any', 'keys'],
  scopes: new Set([...scopes, ...KEY_BASE_SCOPES]),
  expiresAt,
  origin,
})

/** Returns a user's roles in the order in which messages show them (docs/contract/auth.md §8). */
export function rolesOf({ user, memberships }: Person): string[] {
  const state = user.emailVerification || user.phoneVerification ? 'verified' : 'unverified'
  return [
    ...['any', 'users', `user:${user.id}`, `users/${state}`, `user:${user.id}/${state}`],
    ...memberships.flatMap(({ id, teamId, roles }) => [
      `team:${teamId}`,
      `member:${id}`,
      ...roles.map((role) => `team:${teamId}/${role}`),
    ]),
    ...user.labels.map((label) => `label:${label}`),
  ]
}

/** Returns the caller behind a session or JWT: it has the rights of whoever it acts as. */
export const userCaller = ({ person, acting }: Self): Caller => ({
  kind: 'user',
  id: acting.user.id,
  email: acting.user.email ?? '',
  roles: rolesOf(acting),
  scopes: new Set([...USER_SCOPES, ...(person.user.impersonator ? ['users.read'] : [])]),
})

/** Checks whether permission checks are off for the caller (docs/contract/storage.md §1.1). */
export const isPrivileged = (caller: Caller) => caller.kind === 'key'

/** Returns the user's ID, or '' where no user stands behind the caller. */
export const userIdOf = (caller: Caller) => (caller.kind === 'user' ? caller.id : '')
