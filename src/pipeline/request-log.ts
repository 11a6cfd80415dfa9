import type { MiddlewareHandler } from 'hono'
import type { Env } from '#/config/env'
import type { AppEnv } from '#/http/context'
import { log } from '#/lib/log'
import { type LogFormat, withRequestContext } from '#/lib/request-context'
import { meteredBindings } from '#/pipeline/metering'

declare module '#/http/context' {
  interface Variables {
    /** Name of the route that answers, such as `users.get`; undefined where none does. */
    route: string | undefined
    requestId: string
  }
}

/** Returns the format that a deployment has set for its log; JSON for what is none. */
export const logFormat = ({ LOG }: Env): LogFormat =>
  LOG === 'pretty' || LOG === 'off' ? LOG : 'json'

const RAY = /^[0-9a-z-]{1,64}$/i

/**
 * Names each request, by Cloudflare's ray where it has one, and writes one line when it is answered: route, status,
 * duration in ms, what it cost and the kind of caller. Paths and queries are left out: they may hold secrets.
 */
export const requestLog =
  ({ now }: { now: () => Date }): MiddlewareHandler<AppEnv> =>
  (c, next) => {
    if (c.req.method === 'OPTIONS') return next() // preflights know neither a caller nor a route
    const ray = c.req.header('cf-ray') ?? ''
    const id = RAY.test(ray) ? ray : crypto.randomUUID()
    return withRequestContext({ id, format: logFormat(c.env) }, async (context) => {
      const start = now()
      c.env = meteredBindings(c.env)
      c.set('requestId', id)
      await next()
      c.res.headers.set('X-Request-Id', id)
      log.request('request', {
        method: c.req.method,
        route: c.get('route') ?? '-',
        status: c.res.status,
        ms: now().getTime() - start.getTime(),
        trips: context.trips,
        rowsRead: context.rowsRead,
        blobOperations: context.blobOperations,
        caller: c.get('caller')?.kind ?? '-',
      })
    })
  }
