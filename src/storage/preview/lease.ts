import { and, eq, exists, lt, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { isPrivileged } from '#/auth/caller'
import { type Database, rawStatement } from '#/db'
import { type File, previewBudgets, variants } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'

type Ctx = Context<AppEnv>

/** How long one request may render before another takes over, unless it asks for more. */
const LEASE_MS = 30_000
/** How often a request that still renders asks for more, and how often at most. */
const RENEW_MS = 10_000
const MAX_RENEWALS = 9

/** The sole right to render a preview, until a time in milliseconds since the epoch. */
export type Lease = { key: string; until: number }

/**
 * Takes the sole right to render a preview, and a place in the bucket's budget, in one round trip. Differs:
 * upstream has no budget.
 * @returns undefined when another request holds the right
 * @throws `general_rate_limit_exceeded` when the budget is used up; keys have none
 */
export async function claim(
  c: Ctx,
  { bucketSequence }: File,
  key: string,
): Promise<Lease | undefined> {
  const { db, now, caller, settings } = c.var
  const month = now.toISOString().slice(0, 7)
  const budget = isPrivileged(caller) ? Number.MAX_SAFE_INTEGER : settings.PREVIEW_BUDGET
  const until = now.getTime() + LEASE_MS
  const thisBudget = and(
    eq(previewBudgets.bucketSequence, bucketSequence),
    eq(previewBudgets.month, month),
  )
  const [, won, , [holder]] = await db.batch([
    db.insert(previewBudgets).values({ bucketSequence, month, used: 0 }).onConflictDoNothing(),
    rawStatement(
      db,
      sql`
      insert into ${variants} (key, bucket_sequence, lease_until, created_at)
      select ${key}, ${bucketSequence}, ${until}, ${now.getTime()}
      from ${previewBudgets} where ${and(thisBudget, lt(previewBudgets.used, budget))}
      on conflict (key) do update set lease_until = excluded.lease_until
      where lease_until < ${now.getTime()} returning key`,
    ),
    db
      .update(previewBudgets)
      .set({ used: sql`${previewBudgets.used} + 1` })
      .where(and(thisBudget, exists(leaseOf(db, key, until)))),
    leaseOf(db, key),
  ])
  if (won.length > 0) return { key, until }
  if (holder && holder.leaseUntil >= now) return
  const nextMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)
  throw new ApiError(
    'general_rate_limit_exceeded',
    "The bucket's budget of new previews is used up for this month.",
    { headers: { 'Retry-After': `${Math.ceil((nextMonth - now.getTime()) / 1000)}` } },
  )
}

const leaseOf = (db: Database, key: string, until?: number) =>
  db
    .select({ leaseUntil: variants.leaseUntil })
    .from(variants)
    .where(until === undefined ? eq(variants.key, key) : held({ key, until }))

const held = ({ key, until }: Lease) =>
  and(eq(variants.key, key), eq(variants.leaseUntil, new Date(until)))

/** Releases the right, so that the next request renders; one that another took over stays. */
export async function release(db: Database, lease: Lease): Promise<void> {
  await db.delete(variants).where(held(lease))
}

/**
 * Waits for a rendering and renews its lease meanwhile. Time is counted in waits: the request's clock stands
 * still.
 * @param pause waits for some milliseconds, or until the signal comes
 * @throws `general_server_error` when the rendering does not end in 90 seconds
 */
export async function renewWhile<T>(
  db: Database,
  lease: Lease,
  work: Promise<T>,
  pause: (ms: number, options: { signal: AbortSignal }) => Promise<void> = (ms, options) =>
    scheduler.wait(ms, options),
): Promise<T> {
  const over = new AbortController()
  const outcome = work.finally(() => over.abort())
  const RUNNING = Symbol()
  for (let renewals = 0; renewals < MAX_RENEWALS; renewals++) {
    const waited = pause(RENEW_MS, over).then(
      () => RUNNING,
      () => RUNNING,
    )
    const first = await Promise.race([outcome, waited])
    if (first !== RUNNING || over.signal.aborted) return outcome
    const until = lease.until + RENEW_MS
    await db
      .update(variants)
      .set({ leaseUntil: new Date(until) })
      .where(held(lease))
    lease.until = until
  }
  outcome.catch(() => undefined) // nobody waits for it any more
  throw new ApiError('general_server_error', 'The preview took too long. Try again later.', {
    headers: { 'Retry-After': '5' },
  })
}
