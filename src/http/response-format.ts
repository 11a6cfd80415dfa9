/** The newest format that the pinned SDKs name; they count their versions apart from the server's. */
const NEWEST_KNOWN = '2.3.0'

/** Reads `1.5`, `v1.5.0` or `1.5.0-rc1` as numbers; undefined where the text starts with none. */
function numbersOf(version: string): number[] | undefined {
  const [, digits] = /^\s*v?(\d{1,9}(?:\.\d{1,9}){0,3})/i.exec(version) ?? []
  return digits?.split('.').map(Number)
}

/** Orders two versions by their numbers, missing ones being 0. @returns below 0, 0 or above 0 */
function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function compareTexts(header: string | undefined, version: string): number {
  const asked = header === undefined ? undefined : numbersOf(header)
  const known = numbersOf(version)
  return asked && known ? compare(asked, known) : 0
}

/**
 * Checks whether `X-Appwrite-Response-Format` asks for a format from before `version`. A header that is
 * missing or names no version asks for the newest one (docs/contract/queries.md §10).
 */
export const olderThan = (header: string | undefined, version: string): boolean =>
  compareTexts(header, version) < 0

/**
 * Returns the `X-Appwrite-Warning` for a client made for a newer server (docs/contract/queries.md §10).
 * @param serverVersion the version that this server reports of itself
 * @returns undefined when there is nothing to warn of
 */
export const formatWarning = (
  header: string | undefined,
  serverVersion: string,
): string | undefined =>
  compareTexts(header, serverVersion) > 0 && compareTexts(header, NEWEST_KNOWN) > 0
    ? `The client was made for a newer version than this server's, which is ${serverVersion}.`
    : undefined
