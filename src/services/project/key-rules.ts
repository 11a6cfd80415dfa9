import { type Caller, ROOT_KEY } from '#/auth/caller'
import { ApiError } from '#/errors'

/**
 * Refuses to let a key give rights that it lacks, or to let one that expires make something that outlives
 * it, itself included. Differs: upstream lets whoever may write keys give any scope for any time
 * (docs/contract/project.md §4.3).
 * @param expiresAt of what is made; undefined: never
 * @throws `key_creation_denied` unless the deployment's own key asks
 */
export function refuseWidening(
  caller: Caller,
  scopes: readonly string[],
  expiresAt: Date | undefined,
) {
  if (caller === ROOT_KEY) return
  const lacking = scopes.find((scope) => !caller.scopes.has(scope))
  if (lacking !== undefined) {
    throw new ApiError('key_creation_denied', `This key lacks the scope ${lacking} itself.`)
  }
  const end = caller.kind === 'key' ? caller.expiresAt : undefined
  if (end && !(expiresAt && expiresAt <= end)) {
    throw new ApiError('key_creation_denied', 'This key cannot make one that outlives it.')
  }
}
