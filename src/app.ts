import type { Context, MiddlewareHandler } from 'hono'
import { Hono } from 'hono'
import { authenticate } from '#/auth/authenticate'
import { GUEST } from '#/auth/caller'
import { database } from '#/db'
import { type AppEnv, SettingsError, settingsOf } from '#/env'
import { ApiError, ERRORS } from '#/errors'
import { corsHeaders, originAllowed, refuseOrigin } from '#/http/origin'
import { reference } from '#/http/reference'
import { ROUTES } from '#/routes'

/** The API level that this server speaks; SDKs compare it with the one they were made for. */
export const API_VERSION = '1.9.6'

/** What a test may replace. */
export type Deps = { now: () => Date }

const HEADERS = { Server: 'Appwrite', 'X-Content-Type-Options': 'nosniff' }

/** Builds the application: the stages of auth contract 1 in their order, then every route. */
export function createApp(deps: Deps = { now: () => new Date() }) {
  const app = new Hono<AppEnv>({ getPath: normalPath })
  app.use(common(deps))
  app.onError((error, c) => sendError(c, error))
  app.notFound((c) => sendError(c, new ApiError('general_route_not_found')))
  app.route('/', reference)
  app.use('/v1/*', identify)
  for (const { spec, handlers } of ROUTES)
    app.on(spec.method.toUpperCase(), [spec.path], ...handlers)
  return app
}

/** Gives the path without empty segments: `//v1/storage/` is `/v1/storage`. */
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
    c.set('settings', settingsOf(c.env))
    c.set('db', database(c.env.DB))
    c.set('hasProject', false)
    await next()
    const { PLATFORMS, PROJECT_ID } = c.var.settings
    const echoed = origin && originAllowed(origin, PLATFORMS, PROJECT_ID) ? origin : undefined
    const secure = c.req.url.startsWith('https:')
    const added = {
      ...HEADERS,
      ...corsHeaders(echoed),
      ...(secure ? { 'Strict-Transport-Security': 'max-age=10886400' } : {}),
    }
    for (const [name, value] of Object.entries(added)) c.res.headers.set(name, value)
  }

/** Resolves project and caller, then checks origin and project (auth contract 1, stages 4 to 9). */
const identify: MiddlewareHandler<AppEnv> = async (c, next) => {
  const asked = askedProject(c)
  const { PROJECT_ID, PLATFORMS } = c.var.settings
  c.set('hasProject', asked === PROJECT_ID)
  const caller = await authenticate(c)
  const origin = c.req.header('origin')
  if (origin && !c.req.header('x-appwrite-key') && !originAllowed(origin, PLATFORMS, PROJECT_ID)) {
    refuseOrigin(origin)
  }
  if (asked && asked !== 'console' && asked !== PROJECT_ID) throw new ApiError('project_not_found')
  c.set('caller', caller)
  await next()
}

/** Query before header on reads, header before query on writes (auth contract 2). */
function askedProject(c: Context<AppEnv>) {
  const query = c.req.query('project')
  const header = c.req.header('x-appwrite-project')
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  return (reads ? query || header : header || query) ?? ''
}

const UNCACHED = {
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Expires: '0',
  Pragma: 'no-cache',
}

function sendError(c: Context<AppEnv>, error: Error) {
  const known = asApiError(error)
  const [status] = ERRORS[known.type]
  const body = { message: known.message, code: status, type: known.type, version: API_VERSION }
  for (const [name, value] of Object.entries({ ...UNCACHED, ...known.headers }))
    c.header(name, value)
  c.header('Content-Type', 'application/json; charset=UTF-8')
  return c.body(JSON.stringify(body), status)
}

/** Everything that is not an {@link ApiError} is logged whole and answered without its text. */
function asApiError(error: Error) {
  if (error instanceof ApiError) return error
  console.error(error)
  if (error instanceof SettingsError) return new ApiError('general_server_error', error.message)
  return new ApiError('general_unknown')
}
