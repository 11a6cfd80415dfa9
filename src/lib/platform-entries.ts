import { canonicalHost, parseUrl } from '#/lib/url'

/** Schemes of pages whose host says whose they are. */
export const WEB_SCHEMES = [
  ...['http', 'https', 'chrome-extension', 'moz-extension', 'safari-web-extension'],
  ...['ms-browser-extension', 'tauri'],
]
/** Schemes that app shells of many makers share; their hosts count only as the owner has registered them. */
export const SHELL_SCHEMES = ['capacitor', 'ionic', 'app', 'exp', 'exps']

/** Schemes of which a page may be on any host, or that run code where they are opened. */
const UNLISTED = ['http', 'https', 'javascript', 'data', 'vbscript', 'blob', 'about']

/**
 * Reads what `PLATFORMS` lists: hosts, also as whole origins, and schemes as `myapp://`. Schemes whose hosts count
 * are hosts here.
 */
export function listed(entries: readonly string[]) {
  const hosts: string[] = []
  const schemes: string[] = []
  for (const entry of entries) {
    const [, scheme, rest = entry] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/.exec(entry) ?? []
    const countsHost = !scheme || [...WEB_SCHEMES, ...SHELL_SCHEMES].includes(scheme)
    if (countsHost && rest !== '') hosts.push(hostIn(rest))
    else if (scheme && !UNLISTED.includes(scheme)) schemes.push(scheme)
  }
  return { hosts, schemes }
}

/** Checks whether an origin can match an entry of `PLATFORMS`. */
export function canMatch(entry: string): boolean {
  const { hosts, schemes } = listed([entry])
  return schemes.length > 0 || hosts.some((host) => host === '*' || isOriginHost(host))
}

/** Checks whether an origin can have a host, or one that `*` at the start of it stands for. */
export function isOriginHost(host: string): boolean {
  const rest = canonicalHost(host.replace(/^\*\.?/, '')) ?? ''
  // URLs take more characters than any name has, such as the comma of a list.
  return /^(?:[a-z0-9._-]+|\[[0-9a-f:]+\])$/.test(rest)
}

/** Returns the host of an entry that goes on with a port or a path. */
const hostIn = (text: string) => parseUrl(`http://${text}`)?.hostname ?? text
