import type { Context } from 'hono'
import { ApiError } from '#/errors'
import {
  type Clients,
  isClient,
  isRedirectTarget,
  platformRows,
  projectClients,
  spelled,
} from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { requestUrl } from '#/http/public-url'
import { parseUrl } from '#/lib/url'

/**
 * Checks whether an origin may call: a client's, or that of the very host that is called, whose pages are this
 * server's own.
 */
export function isOrigin(c: Context<AppEnv>, origin: string, clients: Clients): boolean {
  if (isClient(origin, clients)) return true
  const { protocol = '', hostname = '' } = parseUrl(origin) ?? {}
  // No browser sends Expo's: it names an app in development, which CORS does not bind.
  if (protocol === 'exp:') return c.var.hasProject
  return /^https?:$/.test(protocol) && spelled(hostname) === spelled(requestUrl(c).hostname)
}

/**
 * Refuses a redirect target that is no client of the project, so that no secret is sent to a stranger.
 * @param name of the parameter that holds the URL
 * @throws `general_argument_invalid`
 */
export async function checkRedirect(c: Context<AppEnv>, name: string, url: string) {
  const clients = c.var.clients ?? projectClients(c, await platformRows(c.var.db))
  c.set('clients', clients)
  if (isRedirectTarget(url, clients)) return
  throw new ApiError(
    'general_argument_invalid',
    `Invalid \`${name}\` param: its host is not a registered platform of this project.`,
  )
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

const EXPOSED = ['X-Appwrite-Session', 'X-Fallback-Cookies']
/** What a script needs to follow, check and go on with a download. */
const FILE_EXPOSED = [
  ...['Accept-Ranges', 'Content-Disposition', 'Content-Length', 'Content-Range'],
  ...['ETag', 'X-Appwrite-Cache'],
]
/** Headers that a script may read wherever they are. */
const OPTIONAL_EXPOSED = ['Retry-After', 'X-Appwrite-Warning']

/**
 * Returns the names of headers that scripts of allowed origins may read. Differs: upstream exposes the first two
 * alone, so that no script can tell how much of a file is there.
 */
export function exposedHeaders(answer: Headers): string {
  const isFile = answer.has('ETag') || answer.has('Content-Range')
  const others = OPTIONAL_EXPOSED.filter((name) => answer.has(name))
  return [...EXPOSED, ...(isFile ? FILE_EXPOSED : []), ...others].join(', ')
}

/**
 * Returns the CORS headers of every answer (docs/contract/auth.md §4.1).
 * @param origin the request's, where it may be echoed; a preflight echoes any
 * @param exposed as {@link exposedHeaders} has them
 */
export const corsHeaders = (
  origin: string | undefined,
  exposed = EXPOSED.join(', '),
): Record<string, string> => ({
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': ALLOWED_HEADERS,
  'Access-Control-Expose-Headers': exposed,
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Max-Age': '86400',
  Vary: 'Origin',
  ...(origin ? { 'Access-Control-Allow-Origin': origin } : {}),
})

/** @throws `general_unknown_origin` naming the host to register */
export function refuseOrigin(origin: string): never {
  const host = parseUrl(origin)?.hostname || origin
  throw new ApiError(
    'general_unknown_origin',
    `The origin ${host} is not a platform of this project. Add its hostname to PLATFORMS.`,
  )
}
