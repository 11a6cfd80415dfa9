import type { Context, MiddlewareHandler } from 'hono'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { authenticate } from '#/auth/authenticate'
import { GUEST } from '#/auth/caller'
import { isAdminMode } from '#/auth/credentials'
import { clearLostSession } from '#/auth/session-cookies'
import { SettingsError, settingsOf } from '#/config/env'
import { requestDatabase } from '#/db'
import { ApiError, ERRORS, type ErrorType } from '#/errors'
import { type Body, hasSmallBody, readBody } from '#/http/body'
import { ownClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { corsHeaders, exposedHeaders, isOrigin, refuseOrigin } from '#/http/origin'
import { isSecure } from '#/http/public-url'
import { formatWarning } from '#/http/response-format'
import { log } from '#/lib/log'
import { API_VERSION } from '#/lib/version'
import { reference } from '#/pipeline/reference'
import { requestLog } from '#/pipeline/request-log'
import type { Route } from '#/pipeline/route'
import { DEFAULT_SETTINGS } from '#/project/settings'
import { OWN_ROUTES, ROUTES } from '#/routes'
import { magicPage } from '#/services/account/magic-page'
import { errorPage, oauth2Pages, wantsPage } from '#/services/account/oauth2-pages'
import { outbox } from '#/services/outbox/outbox'

/** What a test may replace. */
export type Deps = { now: () => Date }

const HEADERS = { Server: 'Appwrite', 'X-Content-Type-Options': 'nosniff' }

/** Builds the application: the stages of docs/contract/auth.md §1 in their order, then every route. */
export function createApp(deps: Deps = { now: () => new Date() }) {
  const app = new Hono<AppEnv>({ getPath: normalPath })
  app.use(requestLog(deps))
  app.use(common(deps))
  app.onError((error, c) => (isRefusal(error) ? error.getResponse() : sendError(c, error)))
  app.notFound((c) => sendError(c, new ApiError('general_route_not_found')))
  app.use(configure)
  app.route('/', reference(ROUTES))
  app.route('/', outbox)
  app.route('/', magicPage)
  app.route('/', oauth2Pages)
  const routes = [...ROUTES, ...OWN_ROUTES].toSorted(literalsFirst)
  const add = ({ spec, handlers }: Route) =>
    app.on(spec.method.toUpperCase(), [spec.path, ...(spec.aliases ?? [])], ...handlers)
  routes.filter(({ spec }) => spec.pipeline === 'none').forEach(add)
  app.use('/v1/*', identify)
  routes.filter(({ spec }) => spec.pipeline !== 'none').forEach(add)
  return app
}

/**
 * Orders paths so that at the first difference a literal comes before a parameter (docs/contract/auth.md §1, stage 3).
 */
function literalsFirst({ spec: a }: Route, { spec: b }: Route) {
  const [left, right] = [a, b].map(({ path }) => path.replace(/:\w+/g, '\uffff'))
  return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1
}

/** Returns the path without empty segments: `//v1/storage/` is `/v1/storage`. */
function normalPath(request: Request) {
  const path = new URL(request.url).pathname.replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Answers preflights, and puts the common headers on every other answer. */
const common =
  ({ now }: Deps): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const origin = c.req.header('origin')?.trim().toLowerCase()
    if (c.req.method === 'OPTIONS') {
      return c.body(null, 204, { ...HEADERS, ...corsHeaders(origin) })
    }
    c.set('now', now())
    c.set('caller', GUEST)
    c.set('project', DEFAULT_SETTINGS)
    c.set('hasProject', false)
    await next()
    const echoed =
      origin && isOrigin(c, origin, c.var.clients ?? ownClients(c)) ? origin : undefined
    const warning = formatWarning(c.req.header('x-appwrite-response-format'), API_VERSION)
    const added = {
      ...HEADERS,
      ...(isSecure(c) ? { 'Strict-Transport-Security': 'max-age=10886400' } : {}),
      ...(warning ? { 'X-Appwrite-Warning': warning } : {}),
    }
    for (const [name, value] of Object.entries(added)) c.res.headers.set(name, value)
    const cors = corsHeaders(echoed, exposedHeaders(c.res.headers))
    for (const [name, value] of Object.entries(cors)) c.res.headers.set(name, value)
  }

/** Reads the deployment's settings; a server without its secrets serves nothing. */
const configure: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.set('settings', settingsOf(c.env))
  c.set('db', requestDatabase(c.env.DB, c.var.settings.D1_REPLICAS === 'on'))
  await next()
}

/** Resolves project and caller, then checks origin and project (docs/contract/auth.md §1, stages 4 to 9). */
const identify: MiddlewareHandler<AppEnv> = async (c, next) => {
  const asked = await askedProject(c)
  // Differs: a key opens its own project without the header, which the PHP SDK leaves out of uploads.
  const isKeys = asked === '' && Boolean(c.req.header('x-appwrite-key'))
  c.set('hasProject', isKeys || asked === c.var.settings.PROJECT_ID)
  const { caller, self, lost, project, clients = ownClients(c) } = await authenticate(c)
  c.set('project', project)
  if (!c.var.hasProject && isConsole(asked) && isAdminMode(c))
    throw new ApiError('general_bad_request')
  if (c.var.hasProject && c.req.header('origin')) c.set('clients', clients)
  const origin = c.req.header('origin')
  if (origin && !c.req.header('x-appwrite-key') && !isOrigin(c, origin, clients))
    refuseOrigin(origin)
  if (!c.var.hasProject && !isConsole(asked)) throw new ApiError('project_not_found')
  c.set('caller', caller)
  c.set('self', self)
  c.set('lost', lost)
  await next()
  if (c.var.lost && c.var.lost !== 'ambiguous') clearLostSession(c)
}

const isConsole = (asked: string) => asked === '' || asked === 'console'

/**
 * Query before header on reads (docs/contract/auth.md §2). Differs on writes: the header comes before the body, so
 * that a body is read early only where nothing else names the project.
 */
async function askedProject(c: Context<AppEnv>): Promise<string> {
  const query = c.req.query('project')
  const header = c.req.header('x-appwrite-project')
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return query || header || ''
  if (header) return header
  // One that cannot be read names no project, and is refused with the other parameters.
  const { project } = hasSmallBody(c) ? await readBody(c).catch((): Body => ({})) : {}
  return typeof project === 'string' && project !== '' ? project : (query ?? '')
}

const UNCACHED = {
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Expires: '0',
  Pragma: 'no-cache',
}

function sendError(c: Context<AppEnv>, error: Error) {
  const known = explain(c, asApiError(error))
  const [status] = ERRORS[known.type]
  const body = {
    message: known.message,
    code: status,
    type: known.type,
    version: API_VERSION,
    // Differs: names the request, by which its line is found in the log.
    ...(status >= 500 ? { requestId: c.var.requestId } : {}),
  }
  for (const [name, value] of Object.entries({ ...UNCACHED, ...known.headers }))
    c.header(name, value)
  if (wantsPage(c)) return c.html(errorPage(c, body), status)
  c.header('Content-Type', 'application/json; charset=UTF-8')
  return c.body(JSON.stringify(body), status)
}

/** What a guest is refused that the user might not have been. */
const REFUSED_TO_GUESTS: readonly ErrorType[] = ['user_unauthorized', 'storage_file_already_exists']

/** Explains to whoever is blocked why they are refused as a guest is. */
const explain = (c: Context<AppEnv>, error: ApiError) =>
  c.get('lost') === 'blocked' && REFUSED_TO_GUESTS.includes(error.type)
    ? new ApiError('user_blocked', undefined, { cause: error })
    : error

/** Recognises an answer of a middleware of Hono's, such as the one that asks a browser for a password. */
const isRefusal = (error: Error): error is HTTPException =>
  error instanceof HTTPException && error.status < 500

/** Everything that is not an {@link ApiError} is logged whole and answered without its text. */
function asApiError(error: Error) {
  if (error instanceof ApiError) return error
  log.error(error)
  if (error instanceof SettingsError) return new ApiError('general_server_error', error.message)
  return new ApiError('general_unknown')
}
