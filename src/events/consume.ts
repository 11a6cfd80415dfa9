import { and, eq, type SQL, sql } from 'drizzle-orm'
import { type Env, type Settings, settingsOf } from '#/config/env'
import { type Database, database } from '#/db'
import { gather } from '#/db/gather'
import { type Webhook, webhooks } from '#/db/schema'
import { readBody } from '#/events/bodies'
import { type Delivery, deliverySchema } from '#/events/delivery'
import { post } from '#/events/post'
import { openSecrets } from '#/events/secrets'
import { isTarget } from '#/events/target'
import { log } from '#/lib/log'

/**
 * How long a delivery waits before each further try; after the last one it has failed.
 *
 * Differs: upstream tries once. A receiver that is being restarted misses nothing here.
 */
export const RETRY_DELAYS_SECONDS = [2, 10, 60, 600, 3600] as const

/** A webhook with as many failed deliveries in a row is switched off (docs/contract/project.md §13.3). */
export const MOST_FAILURES = 10

/** What became of a delivery. `dropped`: nobody is to be told any more, or what was to be told is gone. */
type Outcome = { kind: 'accepted' } | { kind: 'dropped' } | { kind: 'refused'; log: string }

type Work = { message: Message<unknown>; delivery: Delivery }
type Done = Work & { outcome: Outcome }

/**
 * Delivers a batch of the queue. What is accepted leaves the queue first: if the database fails then, nothing is
 * told twice but what has to be tried again anyway.
 * @param now when the batch arrived
 */
export async function consume(batch: MessageBatch<unknown>, env: Env, now: Date) {
  const settings = settingsOf(env)
  const db = database(env.DB)
  const works = batch.messages.flatMap((message) => {
    const { data: delivery } = deliverySchema.safeParse(message.body)
    if (delivery) return [{ message, delivery }]
    log.error('A message of the queue is no delivery:', message.id)
    message.ack()
    return []
  })
  const rows = await enabledOf(db, works)
  const done = await Promise.all(
    works.map(async ({ message, delivery }): Promise<Done> => {
      const outcome = await deliver(env, settings, rows.get(delivery.webhook), delivery)
      if (outcome.kind !== 'refused') message.ack()
      return { message, delivery, outcome }
    }),
  )
  await record(db, done, now)
  for (const { message, outcome } of done) {
    if (outcome.kind !== 'refused') continue
    const delaySeconds = delayOf(message)
    if (delaySeconds === undefined) message.ack()
    else message.retry({ delaySeconds })
  }
}

/** Returns how long a refused delivery waits; undefined when it has failed. */
const delayOf = ({ attempts }: Message<unknown>): number | undefined =>
  RETRY_DELAYS_SECONDS[attempts - 1]

/** Loads the webhooks of deliveries as they are now; what is disabled, or gone, is not told. */
async function enabledOf(db: Database, works: readonly Work[]): Promise<Map<number, Webhook>> {
  const asked = JSON.stringify(works.map(({ delivery }) => delivery.webhook))
  const rows = await db
    .select()
    .from(webhooks)
    .where(
      and(
        sql`${webhooks.sequence} in (select value from json_each(${asked}))`,
        eq(webhooks.enabled, true),
      ),
    )
  return new Map(rows.map((row) => [row.sequence, row]))
}

async function deliver(
  { BLOBS }: Env,
  settings: Settings,
  webhook: Webhook | undefined,
  delivery: Delivery,
): Promise<Outcome> {
  if (!webhook) return { kind: 'dropped' }
  const { id, url } = webhook
  if (!isTarget(url, settings.MAIL_OUTBOX === 'on')) {
    log.warn(`The webhook ${id} was not told: its address is internal.`)
    return { kind: 'dropped' }
  }
  const { body } = delivery
  const text = 'text' in body ? body.text : await readBody(BLOBS, body.key)
  if (text === undefined) {
    log.error(`The webhook ${id} was not told: what waited for it is gone.`, delivery.events)
    return { kind: 'dropped' }
  }
  const secrets = await openSecrets(webhook, settings.SECRET)
  if (!secrets) return { kind: 'refused', log: UNREADABLE }
  const refusal = await post({ ...webhook, ...secrets }, delivery, text, settings)
  return refusal === undefined ? { kind: 'accepted' } : { kind: 'refused', log: refusal }
}

const UNREADABLE =
  'The signing key and the password cannot be read: they were stored under another SECRET of the server. Set both again.'

/**
 * Counts failures in a row: one that was accepted starts anew, one that has finally failed is noted, and the tenth
 * switches the webhook off. Each is one statement, so that no two deliveries count as one.
 */
async function record(db: Database, done: readonly Done[], now: Date) {
  const batch = gather(db)
  const named = ({ delivery }: Done): SQL => eq(webhooks.sequence, delivery.webhook)
  const failures = done.flatMap((one) => {
    const { message, outcome } = one
    if (outcome.kind === 'accepted') {
      const counted = and(named(one), sql`${webhooks.attempts} > 0`)
      batch.add(db.update(webhooks).set({ attempts: 0, updatedAt: now }).where(counted))
    }
    if (outcome.kind !== 'refused' || delayOf(message) !== undefined) return []
    const attempts = sql`${webhooks.attempts} + 1`
    const enabled = sql`${webhooks.enabled} and ${attempts} < ${MOST_FAILURES}`
    return batch.add(
      db
        .update(webhooks)
        .set({ attempts, enabled, logs: outcome.log, updatedAt: now })
        .where(named(one))
        .returning({ id: webhooks.id, attempts: webhooks.attempts }),
    )
  })
  await batch.run()
  for (const { id, attempts } of failures.flatMap((rows) => rows())) {
    // Differs: upstream mails the owners; a deployment knows no address of its owner.
    if (attempts >= MOST_FAILURES) log.error(`The webhook ${id} is off: ${attempts} failures.`)
  }
}
