import { z } from 'zod'
import { type Caller, isPrivileged } from '#/auth/caller'
import { ApiError } from '#/errors'

export const ACTIONS = ['create', 'read', 'update', 'delete'] as const
export type Action = (typeof ACTIONS)[number]

const ID = '[A-Za-z0-9][A-Za-z0-9._-]{0,35}'
const STATE = '(?:/(?:verified|unverified))?'
const ROLE = new RegExp(
  `^(?:any|guests|users${STATE}|user:${ID}${STATE}|team:${ID}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,80})?|member:${ID}|label:[A-Za-z0-9]{1,36})$`,
)
const PERMISSION = /^(create|read|update|delete|write)\("([^"]*)"\)$/

/** Prints the stored form of a permission (docs/contract/auth.md §9.3). */
export const permission = (action: Action, role: string) => `${action}("${role}")`

/** Checks whether any of the caller's roles is granted the action; always true for a key. */
export const allows = (caller: Caller, action: Action, permissions: readonly string[]) =>
  isPrivileged(caller) ||
  caller.roles.some((role) => permissions.includes(permission(action, role)))

/** Puts the actions that `write` stands for in its place and drops repeats (docs/contract/storage.md §3.1). */
const expand = (permissions: readonly string[], written: readonly Action[]) => [
  ...new Set(
    permissions.flatMap((text) =>
      text.startsWith('write(')
        ? written.map((action) => action + text.slice('write'.length))
        : [text],
    ),
  ),
]

/**
 * Accepts up to 100 permission strings and gives them with `write` expanded.
 * @param actions what a client may grant @param written what `write` stands for on this resource
 */
export const permissionList = (actions: readonly Action[], written: readonly Action[]) =>
  z
    .array(
      z.string().refine(
        (text) => {
          const [, action, role] = PERMISSION.exec(text) ?? []
          const known = action === 'write' || actions.some((one) => one === action)
          return known && role !== undefined && ROLE.test(role)
        },
        `must be like read("any"), with one of: ${[...actions, 'write'].join(', ')}`,
      ),
    )
    .max(100)
    .transform((permissions) => expand(permissions, written))

/**
 * Refuses permissions for roles that the caller does not hold; a key may grant any (docs/contract/auth.md §9.4).
 * @throws `user_unauthorized`
 */
export function grantRoles(caller: Caller, permissions: readonly string[]) {
  if (isPrivileged(caller)) return
  const held = new Set(caller.roles)
  for (const text of permissions) {
    const role = PERMISSION.exec(text)?.[2]
    if (role === undefined || !held.has(role)) {
      throw new ApiError(
        'user_unauthorized',
        `Permissions must be for one of your own roles: ${caller.roles.join(', ')}.`,
      )
    }
  }
}
