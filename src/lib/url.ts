/**
 * Matches what URL parsers drop or rewrite without a word: control characters and backslashes anywhere, blanks and
 * invisible characters at either end (WHATWG URL, "basic URL parser").
 */
const DISGUISED = /[\p{Cc}\p{Zl}\p{Zp}\\]|^[\p{Z}\p{Cf}]|[\p{Z}\p{Cf}]$/u

/**
 * Parses a URL. Whatever is checked and whatever is used must be what this returns, so that no two readers see
 * two addresses in one text.
 * @returns undefined for what is no absolute URL, and for a text that differs from what a parser makes of it
 */
export function parseUrl(text: string): URL | undefined {
  if (DISGUISED.test(text) || !text.isWellFormed() || !URL.canParse(text)) return
  return new URL(text)
}

/**
 * Returns a host in the one spelling that URLs have: lower case, punycode, addresses in their shortest form,
 * IPv6 in brackets.
 * @param host a name or an address, IPv6 with brackets or without
 * @returns undefined for what no URL can have as its host
 */
export function canonicalHost(host: string): string | undefined {
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const url = parseUrl(`http://${bracketed}/`)
  const isHostAlone =
    url?.pathname === '/' && !url.port && !url.username && !url.search && !url.hash
  return isHostAlone && !/[/?#@\p{Z}\p{Cf}]/u.test(host) ? url.hostname : undefined
}

/**
 * Reads user name and password of an address.
 * @returns nothing in the object where there is no user name; undefined where they are not UTF-8,
 * percent-encoded
 */
export function userInfo({ username, password }: URL) {
  if (!username) return {}
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch {
    return
  }
}
