import type { Context } from 'hono'
import { isPrivileged } from '#/auth/caller'
import { knownDevice } from '#/auth/devices'
import { clientIp, countIn, refuseUntil } from '#/auth/rate-limit'
import type { AppEnv } from '#/http/context'
import { networkOf } from '#/lib/client-address'

type Ctx = Context<AppEnv>

const HOUR_SECONDS = 3600

/** Wrong codes an hour for an account, by all sessions and devices that have not shown its second factor before. */
export const MAX_WRONG_CODES = 100
/** Wrong recovery codes an hour, as above: a budget of their own. */
export const MAX_WRONG_RECOVERY_CODES = 100
/** Wrong codes an hour from one client address, for whatever accounts. */
export const MAX_WRONG_AT_ADDRESS = 50
/** Wrong codes an hour of one session or device that has shown the account's second factor before. */
export const MAX_WRONG_ON_DEVICE = 20
/** Challenges an hour for an account, by all sessions and devices that have not shown its second factor before. */
export const MAX_CHALLENGES = 50

/** What a code stands for; recovery codes are counted apart. */
export type CodeKind = 'code' | 'recoveryCode'

/** An answer that was let through. */
export type Counted = {
  /** Takes the answer out of the count again: it was right. */
  right: () => Promise<void>
  /** Whether it was the account's last one for the hour, if it is wrong. */
  isLast: boolean
}

type Budget = { key: string; max: number }

/** Takes one of each budget in order, stopping at the first that is spent. @throws `general_rate_limit_exceeded` */
async function take(c: Ctx, budgets: readonly Budget[]): Promise<Counted> {
  const undo: (() => Promise<void>)[] = []
  let isLast = false
  for (const { key, max } of budgets) {
    const { count, windowEnd, forget } = await countIn(c, key, HOUR_SECONDS)
    if (count > max) throw refuseUntil(c, windowEnd)
    undo.push(forget)
    isLast = count === max
  }
  return { isLast, right: async () => void (await Promise.all(undo.map((one) => one()))) }
}

/**
 * Counts an answer to a challenge before it is looked at: by client address and by account, or, where the session
 * or device has shown the account's second factor before, by that alone, so that nobody else's guesses lock it
 * out. Each challenge has a limit of its own beside it. Differs: upstream counts by challenge only.
 * @throws `general_rate_limit_exceeded` once a budget is spent
 */
export async function countAnswer(c: Ctx, userId: string, kind: CodeKind): Promise<Counted> {
  const device = await knownDevice(c)
  if (device) {
    const key = `mfa:${kind}:${userId}:${device}`
    return { ...(await take(c, [{ key, max: MAX_WRONG_ON_DEVICE }])), isLast: false }
  }
  const network = isPrivileged(c.var.caller) ? '' : networkOf(clientIp(c))
  const max = kind === 'code' ? MAX_WRONG_CODES : MAX_WRONG_RECOVERY_CODES
  return take(c, [
    ...(network ? [{ key: `mfa:address:${network}`, max: MAX_WRONG_AT_ADDRESS }] : []),
    { key: `mfa:${kind}:${userId}`, max },
  ])
}

/**
 * Counts a challenge against the account's budget, unless a session or device makes it that has shown the
 * account's second factor before.
 * @throws `general_rate_limit_exceeded` once the budget is spent
 */
export async function countChallenge(c: Ctx, userId: string) {
  if (await knownDevice(c)) return
  await take(c, [{ key: `mfa:challenges:${userId}`, max: MAX_CHALLENGES }])
}
