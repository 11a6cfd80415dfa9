import { isId } from '#/ids'

/** What may be done with something, and with which of its attributes. */
type Actions = Readonly<Record<string, readonly string[]>>
type Family = { actions: Actions; below: Readonly<Record<string, Actions>> }

const ALL: Actions = { create: [], update: [], delete: [] }

/** What can be subscribed to (docs/contract/project.md §14.3). */
const FAMILIES: Readonly<Record<string, Family>> = {
  users: {
    actions: {
      ...ALL,
      update: [
        ...['email', 'name', 'password', 'status', 'prefs', 'phone', 'mfa', 'labels'],
        ...['verification', 'impersonator', 'claims'],
      ],
    },
    below: {
      sessions: { create: [], delete: [] },
      recovery: { create: [], update: [] },
      verification: { create: [], update: [] },
      targets: ALL,
      tokens: { create: [] },
    },
  },
  teams: {
    actions: { ...ALL, update: ['prefs'] },
    below: { memberships: { ...ALL, update: ['status'] } },
  },
  buckets: { actions: ALL, below: { files: ALL } },
}

/** Looks something up without what every object inherits: `users.*.constructor` is no event. */
const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

function fits(actions: Actions, [action, attribute, ...more]: readonly string[]): boolean {
  if (action === undefined) return true
  const attributes = own(actions, action)
  if (!attributes || more.length > 0) return false
  return attribute === undefined || attributes.includes(attribute)
}

/** Checks whether a part of a pattern can stand for an ID: one that something can have, or `*` for any. */
const standsForId = (part: string | undefined) => part === '*' || (part !== undefined && isId(part))

/**
 * Checks whether a subscription can ever match an event.
 *
 * Differs: upstream takes patterns that never match, and those of services that are not here.
 */
export function isPattern(pattern: string): boolean {
  const [type = '', id, ...rest] = pattern.split('.')
  const family = own(FAMILIES, type)
  if (!family || !standsForId(id)) return false
  if (fits(family.actions, rest)) return true
  const [subtype = '', subId, ...tail] = rest
  const actions = own(family.below, subtype)
  return actions !== undefined && standsForId(subId) && fits(actions, tail)
}

/** Checks whether events of a template can be subscribed to at all; of keys, tokens and settings nobody is told. */
export const isSubscribable = (template: string) =>
  Object.hasOwn(FAMILIES, template.slice(0, template.indexOf('.')))
