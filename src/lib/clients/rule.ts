/** Recognises one thing in a user agent. */
export type Rule = {
  readonly code: string
  readonly name: string
  /** Patterns that must all match. */
  readonly when: readonly RegExp[]
  /** Captures the version; without it, the first pattern does. */
  readonly version?: RegExp
}

/** Returns the first rule whose patterns all match. */
export const firstMatch = <R extends { readonly when: readonly RegExp[] }>(
  rules: readonly R[],
  text: string,
): R | undefined => rules.find(({ when }) => when.every((pattern) => pattern.test(text)))

/** Returns what the first group of a match that took part captured, or ''. */
export const capture = (pattern: RegExp | undefined, text: string): string =>
  pattern?.exec(text)?.slice(1).find(Boolean) ?? ''

/** Returns the version a rule finds, with dots between its numbers. */
export const versionBy = (
  { version, when: [first] }: Omit<Rule, 'code' | 'name'>,
  text: string,
): string =>
  capture(version ?? first, text)
    .replaceAll('_', '.')
    .replace(/\.$/, '')

/** Cuts a version to major and minor. */
export const twoParts = (version: string): string => version.split('.', 2).join('.')
