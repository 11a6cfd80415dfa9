import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { userIdOf } from '#/auth/caller'
import { webhooks } from '#/db/schema'
import type { Happening } from '#/events/announce'
import { storeBody } from '#/events/bodies'
import type { Delivery } from '#/events/delivery'
import { namesOf, placeholdersOf } from '#/events/names'
import type { AppEnv } from '#/http/context'
import type { View } from '#/http/model'
import { log } from '#/lib/log'

type Ctx = Context<AppEnv>

/**
 * Tokens of these events are told with their secret, for servers that mail them themselves
 * (docs/contract/project.md §14.5).
 */
const WITH_SECRET = [
  ...['users.[userId].recovery.[tokenId].create', 'users.[userId].verification.[tokenId].create'],
]

/** No more webhooks are told of one event (docs/contract/project.md §13.2). */
const MOST_WEBHOOKS = 1000
/** A message of the queue has 128,000 bytes at most, some of them the platform's own (Queues limits). */
const LONGEST_MESSAGE_BYTES = 120_000
/** One call takes 100 messages and 256,000 bytes (Queues limits). */
const MOST_MESSAGES = 100
const MOST_BYTES = 240_000

const bytesOf = (text: string) => new TextEncoder().encode(text).length

/**
 * Sends webhooks what happened while the request ran. The answer waits for none of it: whether any webhook is
 * enabled has come with the project's settings, and where those were not read, for the deployment's own key, it is
 * asked after the answer.
 */
export function tellWebhooks(c: Ctx, viewOf: (c: Ctx) => View) {
  const { happenings = [], project } = c.var
  if (happenings.length === 0 || project?.hasWebhooks === false) return
  const sent = afterAnswer().then(() => send(c, happenings, viewOf(c)))
  c.executionCtx.waitUntil(
    sent.catch((cause) => {
      const templates = happenings.map(({ template }) => template).join(', ')
      log.error(`Webhooks were not told of ${templates}:`, cause)
    }),
  )
}

/** Ends in a later turn of the event loop, when the answer is on its way. */
export const afterAnswer = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

type Occurrence = { names: string[]; body: string }

/** Returns the names and the body of what happened. @throws where an ID of the template cannot be known */
async function occurrenceOf(
  c: Ctx,
  { template, ids, payload }: Happening,
  view: View,
): Promise<Occurrence> {
  const told = await payload(view)
  const fields = (typeof told === 'object' && told !== null ? told : {}) as Record<string, unknown>
  const own = placeholdersOf(template).at(-1)
  const idOf = (placeholder: string): string => {
    const known =
      ids[placeholder] ??
      fields[placeholder === own ? '$id' : placeholder] ??
      (placeholder === 'userId' ? c.var.self?.person.user.id : undefined)
    if (typeof known !== 'string') throw new Error(`${template} was told without ${placeholder}.`)
    return known
  }
  return { names: namesOf(template, idOf), body: JSON.stringify(told) }
}

/** Matches webhooks that wait for one of these names. */
const waitsFor = (names: readonly string[]): SQL =>
  sql`exists (select 1 from json_each(${webhooks.events}) where value in
    (select value from json_each(${JSON.stringify(names)})))`

async function send(c: Ctx, happenings: readonly Happening[], view: View) {
  const { db, actor, caller } = c.var
  const userId = actor?.id ?? userIdOf(caller)
  for (const happening of happenings) {
    const occurrence = await occurrenceOf(c, happening, { ...view, privileged: false })
    const found = await db
      .select({ sequence: webhooks.sequence, withSecrets: webhooks.withSecrets })
      .from(webhooks)
      .where(and(eq(webhooks.enabled, true), waitsFor(occurrence.names)))
      .orderBy(webhooks.sequence)
      .limit(MOST_WEBHOOKS)
    const hasSecret = WITH_SECRET.includes(happening.template)
    const trusted = found.filter(({ withSecrets }) => hasSecret && withSecrets)
    const others = found.filter(({ withSecrets }) => !(hasSecret && withSecrets))
    if (others.length > 0) await enqueue(c, others, userId, occurrence)
    if (trusted.length === 0) continue
    const whole = await occurrenceOf(c, happening, { ...view, privileged: true })
    await enqueue(c, trusted, userId, whole)
  }
}

/** Puts one delivery a webhook into the queue. */
async function enqueue(
  { env: { EVENTS, BLOBS }, var: { now } }: Ctx,
  found: readonly { sequence: number }[],
  userId: string,
  { names: events, body: text }: Occurrence,
) {
  const shared = { events, userId }
  const inline = { ...shared, webhook: Number.MAX_SAFE_INTEGER, body: { text } }
  let body: Delivery['body'] = { text }
  let size = bytesOf(JSON.stringify(inline))
  if (size > LONGEST_MESSAGE_BYTES) {
    body = { key: await storeBody(BLOBS, text, now) }
    size = bytesOf(JSON.stringify({ ...inline, body }))
  }
  const atOnce = Math.max(1, Math.min(MOST_MESSAGES, Math.floor(MOST_BYTES / size)))
  for (let from = 0; from < found.length; from += atOnce) {
    const messages = found
      .slice(from, from + atOnce)
      .map(({ sequence: webhook }) => ({ body: { ...shared, webhook, body } }))
    await EVENTS.sendBatch(messages)
  }
}
