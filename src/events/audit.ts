import type { Context } from 'hono'
import { clientIp } from '#/auth/rate-limit'
import { logs } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { countryOf } from '#/lib/clients/geo'

const LONGEST_USER_AGENT = 512

/**
 * Returns the client's user agent. A server that acts for a browser passes the browser's on, which only keys
 * may do (docs/contract/auth.md §3.1).
 */
export function userAgentOf(c: Context<AppEnv>): string {
  const forwarded = c.var.caller.kind === 'key' ? c.req.header('x-forwarded-user-agent') : undefined
  return (forwarded ?? c.req.header('user-agent') ?? '').slice(0, LONGEST_USER_AGENT) || 'UNKNOWN'
}

/**
 * Notes in a user's activity log what the user did, after the answer; what keys and guests do is in no
 * user's log (docs/contract/users.md §14).
 */
export function recordAction(c: Context<AppEnv>, event: string) {
  const { db, now, self, actor } = c.var
  const user = actor ?? self?.person.user
  if (!user) return
  const row = {
    userId: user.id,
    userEmail: user.email ?? '',
    userName: user.name,
    event,
    resource: `user/${user.id}`,
    mode: 'default',
    userType: 'user',
    ip: clientIp(c),
    userAgent: userAgentOf(c),
    countryCode: countryOf(c.req.raw),
    time: now,
  }
  c.executionCtx.waitUntil(db.insert(logs).values(row).run())
}
