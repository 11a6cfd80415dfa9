import { ApiError } from '#/errors'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const WEB_SCHEMES = [
  ...['http:', 'https:', 'chrome-extension:', 'moz-extension:', 'safari-web-extension:'],
  ...['ms-browser-extension:', 'tauri:'],
]
const APP_SCHEMES = ['exp:']

const parse = (url: string) => (URL.canParse(url) ? new URL(url) : undefined)

const hostAllowed = (hostname: string, platforms: readonly string[]) =>
  hostname !== '' &&
  [...LOOPBACK, ...platforms].some(
    (entry) =>
      entry === hostname ||
      entry === '*' ||
      (entry.startsWith('*') && hostname.endsWith(entry.slice(1))),
  )

/**
 * Tells whether an origin or redirect target belongs to a registered platform (auth contract 4.2, 4.3).
 * @param platforms hostnames; `*.example.com` stands for every subdomain
 */
export function originAllowed(url: string, platforms: readonly string[], projectId: string) {
  const { protocol, hostname } = parse(url.trim().toLowerCase()) ?? {}
  if (protocol === undefined || hostname === undefined) return false
  if (WEB_SCHEMES.includes(protocol)) return hostAllowed(hostname, platforms)
  return [...APP_SCHEMES, `appwrite-callback-${projectId.toLowerCase()}:`].includes(protocol)
}

const ALLOWED_HEADERS = [
  ...['Accept', 'Origin', 'Cookie', 'Set-Cookie', 'Content-Type', 'Content-Range', 'Range'],
  ...['Cache-Control', 'Expires', 'Pragma', 'If-None-Match', 'If-Modified-Since', 'If-Range'],
  ...['X-Fallback-Cookies', 'X-Requested-With', 'X-Forwarded-For', 'X-Forwarded-User-Agent'],
  ...['Project', 'Key', 'Dev-Key', 'Locale', 'Mode', 'JWT', 'Organization', 'Response-Format']
    .concat('Timeout', 'ID', 'Timestamp', 'Session', 'Platform', 'Impersonate-User-Id')
    .concat('Impersonate-User-Email', 'Impersonate-User-Phone')
    .map((name) => `X-Appwrite-${name}`),
  ...['Version', 'Name', 'Language', 'Platform', 'GraphQL', 'Profile'].map(
    (name) => `X-SDK-${name}`,
  ),
].join(', ')

/**
 * Gives the CORS headers of every answer (auth contract 4.1).
 * @param origin the request's, where it may be echoed; a preflight echoes any
 */
export const corsHeaders = (origin: string | undefined): Record<string, string> => ({
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': ALLOWED_HEADERS,
  'Access-Control-Expose-Headers': 'X-Appwrite-Session, X-Fallback-Cookies',
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Max-Age': '86400',
  Vary: 'Origin',
  ...(origin ? { 'Access-Control-Allow-Origin': origin } : {}),
})

/** @throws `general_unknown_origin` naming the host to register */
export function refuseOrigin(origin: string): never {
  const host = parse(origin)?.hostname || origin
  throw new ApiError(
    'general_unknown_origin',
    `The origin ${host} is not a platform of this project. Add its hostname to PLATFORMS.`,
  )
}
