import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { isPrivileged, userIdOf } from '#/auth/caller'
import { rateCounters } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'

/** Says how often a route may be called: `keys` are templates with one counter each (auth contract 13). */
export type RateLimit = { limit: number; windowSeconds: number; keys: readonly string[] }

/**
 * Gives the caller's address: the header that the operator trusts, by default the edge's own.
 * @returns '' where there is none, as in tests
 */
export const clientIp = (c: Context<AppEnv>) => {
  const header = c.req.header(c.var.settings.CLIENT_IP_HEADER) ?? ''
  return (header.split(',')[0] ?? '').trim()
}

/** Index of a chunk by its range, so that one large upload does not exhaust one counter. */
function chunkIndex(contentRange: string | undefined) {
  const [, start, end] = /(\d+)-(\d+)\//.exec(contentRange ?? '') ?? []
  return start === undefined
    ? ''
    : `${Math.floor(Number(start) / (Number(end) + 1 - Number(start)))}`
}

function fill(template: string, c: Context<AppEnv>, route: string) {
  const values: Record<string, () => string> = {
    ip: () => clientIp(c),
    method: () => c.req.method,
    url: () => new URL(c.req.url).hostname + route,
    userId: () => userIdOf(c.var.caller),
    chunkId: () => chunkIndex(c.req.header('content-range')),
  }
  return template.replace(/\{([\w-]+)\}/g, (whole, name: string) => values[name]?.() ?? whole)
}

const increment = (c: Context<AppEnv>, key: string, windowStart: number, windowEnd: number) =>
  c.var.db
    .insert(rateCounters)
    .values({ key, windowStart, windowEnd, count: 1 })
    .onConflictDoUpdate({
      target: [rateCounters.key, rateCounters.windowStart],
      set: { count: sql`${rateCounters.count} + 1` },
    })
    .returning({ count: rateCounters.count })

/**
 * Counts a request against its limits and sets the `X-RateLimit-*` headers. Keys are never refused nor
 * counted; a counter that cannot be reached lets the request through.
 * @throws `general_rate_limit_exceeded` for the request after the last one allowed in the window
 */
export async function countRequest(
  c: Context<AppEnv>,
  { limit, windowSeconds, keys }: RateLimit,
  route: string,
) {
  const seconds = Math.floor(c.var.now.getTime() / 1000)
  const windowStart = seconds - (seconds % windowSeconds)
  const windowEnd = windowStart + windowSeconds
  const exempt = isPrivileged(c.var.caller) || c.var.settings.RATE_LIMITS === 'off'
  const counts = exempt
    ? [1]
    : await Promise.all(
        keys.map((key) => increment(c, fill(key, c, route), windowStart, windowEnd).get()),
      )
        .then((rows) => rows.map(({ count }) => count))
        .catch((cause) => {
          console.error('The rate limiter failed open', cause)
          return [1]
        })
  const count = Math.max(...counts)
  c.header('X-RateLimit-Limit', `${limit}`)
  c.header('X-RateLimit-Remaining', `${Math.max(0, limit - count)}`)
  c.header('X-RateLimit-Reset', `${windowEnd}`)
  if (count > limit) throw new ApiError('general_rate_limit_exceeded')
}
