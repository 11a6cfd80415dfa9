import type { Context } from 'hono'
import { type Caller, GUEST, GUEST_SCOPES } from '#/auth/caller'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { publicHost } from '#/http/public-url'
import { canShowAny, lacksFactor } from '#/identity/factors/factors'
import type { AuthMethod } from '#/project/settings'

/** What a route asks of its caller beside a scope (docs/contract/auth.md §1, stages 11 to 18). */
export type Gates = {
  /** `service.method`; the service can be switched off. */
  name: string
  scopes: readonly [string, ...string[]]
  /** Only API keys pass, though others may hold the scope. */
  keyOnly?: true
  /** A way to sign in that the owner can switch off. */
  authMethod?: AuthMethod
  /** Refuses whoever is signed in already. */
  signedOut?: true
  /** Ends sessions: whoever is blocked may, and one that has ended already is no error. */
  signOut?: 'current' | 'all'
  /** `exempt`: open to sessions that lack a second factor; `fresh`: needs one shown in the last half hour. */
  mfa?: 'exempt' | 'fresh'
}

const LABELS = { guest: 'guests', user: 'users', key: 'applications' } as const

/** Services without a switch (docs/contract/project.md §6.2). */
const ALWAYS_ON = ['tokens', 'project', 'webhooks', 'ping']

const FRESH_MS = 1800 * 1000

/** @throws `general_service_disabled`, `general_api_disabled`; keys are never stopped */
function passSwitches({ caller, project }: AppEnv['Variables'], name: string) {
  if (caller.kind === 'key') return
  const [service = ''] = name.split('.')
  if (!ALWAYS_ON.includes(service) && project?.isOn('service', service) === false) {
    throw new ApiError('general_service_disabled')
  }
  if (project?.isOn('protocol', 'rest') === false) throw new ApiError('general_api_disabled')
}

function passScope(c: Context<AppEnv>, { scopes, keyOnly }: Gates) {
  const { caller } = c.var
  if (scopes.some((scope) => caller.scopes.has(scope)) && (!keyOnly || caller.kind === 'key'))
    return
  refuseScopes(c, scopes)
}

/**
 * Checks for a scope that a request needs beside that of its route, because of what it is about.
 * @throws `general_unauthorized_scope`
 */
export function requireScope(c: Context<AppEnv>, scope: string) {
  if (!c.var.caller.scopes.has(scope)) refuseScopes(c, [scope])
}

function refuseScopes(c: Context<AppEnv>, scopes: readonly string[]): never {
  const { caller } = c.var
  throw new ApiError(
    'general_unauthorized_scope',
    `${nameOf(c, caller)} (role: ${LABELS[caller.kind]}) missing scopes (${JSON.stringify(scopes)})`,
  )
}

function nameOf(c: Context<AppEnv>, caller: Caller) {
  if (caller.kind === 'key') {
    return `app.${c.var.settings.PROJECT_ID}@service.${publicHost(c)}`
  }
  return (caller.kind === 'user' && caller.email) || 'User'
}

const isForGuests = ({ scopes, keyOnly }: Gates) =>
  !keyOnly && scopes.some((scope) => GUEST_SCOPES.has(scope))

/**
 * Makes a guest of whoever is blocked on routes for guests, so that their cookie shuts nobody out of this browser.
 * Differs: upstream refuses them everywhere, and the cookie stays for a year. Whoever asks to act as somebody else
 * is no guest.
 */
function dropBlocked(c: Context<AppEnv>, gates: Gates) {
  const { self } = c.var
  if (!self || self.person.user.status || self.acting !== self.person) return
  if (!isForGuests(gates)) return
  if (c.var.caller.kind === 'user') c.set('caller', GUEST)
  c.set('self', undefined)
  c.set('lost', 'blocked')
}

/**
 * Checks switches, scope and the state of the user, before anything is counted or parsed.
 * @throws `general_service_disabled`, `general_api_disabled`, `general_unauthorized_scope`, `user_blocked`,
 * `user_more_factors_required`
 */
export function passGates(c: Context<AppEnv>, gates: Gates) {
  passSwitches(c.var, gates.name)
  dropBlocked(c, gates)
  if (gates.signOut === 'current' && c.var.lost && c.var.caller.kind === 'guest') return
  passScope(c, gates)
  const { self } = c.var
  if (!self) return
  // Differs: upstream asks only whoever is acted as, so that an impersonator who is blocked, or has shown one
  // factor of two, would pass in the name of somebody else.
  const people = [self.person, self.acting]
  const isBlocked = people.some(({ user }) => !user.status)
  if (isBlocked && !gates.signOut) throw new ApiError('user_blocked')
  const { session } = self
  if (gates.mfa === 'exempt' || !session) return
  if (people.some((one) => lacksFactor(c, one, session))) {
    throw new ApiError('user_more_factors_required')
  }
}

/**
 * Refuses a session that has not shown a second factor in the last half hour. Differs: whoever has one turned on
 * or set up and cannot show it, nor any other, passes, since nothing could be asked for.
 * @throws `user_challenge_required`
 */
export async function passFresh(c: Context<AppEnv>, isTurnedOn = false) {
  const { self, now } = c.var
  const shownAt = self?.session?.mfaUpdatedAt
  if (shownAt && now.getTime() - shownAt.getTime() <= FRESH_MS) return
  const isSetUp = isTurnedOn || self?.person.hasTotp
  if (self && isSetUp && !(await canShowAny(c, self.person))) return
  throw new ApiError('user_challenge_required')
}

/**
 * Checks what comes after the rate limit (docs/contract/auth.md §1, stage 18).
 * @throws `user_challenge_required`, `user_auth_method_unsupported`, `user_session_already_exists`
 */
export async function passGroups(c: Context<AppEnv>, { mfa, authMethod, signedOut }: Gates) {
  const { self, caller, project } = c.var
  if (mfa === 'fresh') await passFresh(c)
  if (authMethod && caller.kind !== 'key' && project?.isOn('method', authMethod) === false) {
    throw new ApiError('user_auth_method_unsupported')
  }
  if (signedOut && self) throw new ApiError('user_session_already_exists')
}
