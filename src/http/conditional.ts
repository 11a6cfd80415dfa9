/** What a client can name a version of a resource by (RFC 9110 §8.8); `etag` is strong and quoted. */
export type Validators = { etag: string; lastModified: Date }

const tags = (header: string): string[] => header.match(/(?:W\/)?"[^"]*"/g) ?? []
const weak = (tag: string) => tag.replace(/^W\//, '')

/** Header dates have whole seconds. */
const seconds = (date: Date) => Math.floor(date.getTime() / 1000)

const dateOf = (header: string | null) => {
  const time = header === null ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}

/**
 * Evaluates the preconditions of a read in the order of RFC 9110 §13.2.2.
 * @returns `not-modified` for a 304, `failed` for a 412
 */
export function preconditions(
  headers: Headers,
  { etag, lastModified }: Validators,
): 'ok' | 'not-modified' | 'failed' {
  const modified = seconds(lastModified)
  const match = headers.get('if-match')
  const unmodifiedSince = dateOf(headers.get('if-unmodified-since'))
  if (match !== null) {
    if (match.trim() !== '*' && !tags(match).includes(etag)) return 'failed'
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return 'failed'
  const noneMatch = headers.get('if-none-match')
  if (noneMatch !== null) {
    const same = noneMatch.trim() === '*' || tags(noneMatch).map(weak).includes(etag)
    return same ? 'not-modified' : 'ok'
  }
  const modifiedSince = dateOf(headers.get('if-modified-since'))
  return modifiedSince !== undefined && modified <= modifiedSince ? 'not-modified' : 'ok'
}

/** Checks whether a Range header counts: If-Range must name this very version (RFC 9110 §13.1.5). */
export function rangeApplies(headers: Headers, { etag, lastModified }: Validators): boolean {
  const header = headers.get('if-range')
  if (header === null) return true
  const value = header.trim()
  return value.includes('"') ? value === etag : dateOf(value) === seconds(lastModified)
}
