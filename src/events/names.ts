/** Templates that are called otherwise here, so that no name reaches subscribers of something else. */
const RENAMED: ReadonlyMap<string, readonly string[]> = new Map([
  // Differs: upstream's names of these two reach whoever waits for new users, or for any update.
  ['users.[userId].create.mfa.recovery-codes', ['users.[userId].update.mfa']],
  ['users.[userId].update.mfa.recovery-codes', ['users.[userId].update.mfa']],
  // Differs: upstream's name alone misses whoever waits for sessions to be deleted.
  [
    'users.[userId].sessions.delete',
    ['users.[userId].sessions.delete', 'users.[userId].sessions.*.delete'],
  ],
])

const ANY = '*'
const PLACEHOLDER = /^\[(\w+)\]$/

const isId = (segment: string) => segment === ANY || PLACEHOLDER.test(segment)

/**
 * Returns a template and its shorter forms, the longest first: without attribute, without action, and each parent.
 *
 * Differs: upstream shortens `users.[userId].delete.mfa` to a name that says that the user was deleted.
 */
function formsOf(template: string): string[][] {
  const segments = template.split('.')
  const forms = segments.flatMap((last, index) => {
    const isWhole = index === segments.length - 1
    const isForm = isWhole || isId(last) || last === 'create' || last === 'update'
    return isForm ? [segments.slice(0, index + 1)] : []
  })
  return forms.reverse()
}

/** Returns every way to write a form: each ID as it is, or `*`. */
const spellings = (form: readonly string[], idOf: (placeholder: string) => string) =>
  form.reduce<string[]>((names, segment) => {
    const placeholder = PLACEHOLDER.exec(segment)?.[1]
    const texts = placeholder === undefined ? [segment] : [idOf(placeholder), ANY]
    return names.length === 0
      ? texts
      : names.flatMap((name) => texts.map((text) => `${name}.${text}`))
  }, [])

/** Returns the placeholders of a template, such as `userId`, in order. */
export const placeholdersOf = (template: string): string[] =>
  [...template.matchAll(/\[(\w+)\]/g)].flatMap(([, name]) => name ?? [])

/**
 * Returns all names under which subscribers may wait for one occurrence (docs/contract/project.md §14.2).
 * @param template such as `users.[userId].update.email`
 * @param idOf gives the ID that stands for a placeholder
 */
export const namesOf = (template: string, idOf: (placeholder: string) => string): string[] => [
  ...new Set(
    (RENAMED.get(template) ?? [template]).flatMap(formsOf).flatMap((form) => spellings(form, idOf)),
  ),
]
