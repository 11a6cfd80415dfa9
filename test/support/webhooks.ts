import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { inject, vi } from 'vitest'
import type { Env } from '#/config/env'
import { type Webhook, webhooks } from '#/db/schema'
import { consume } from '#/events/consume'
import type { Delivery } from '#/events/delivery'
import type { Received } from '#test/support/receiver'
import { type Json, NOW, type World, world } from '#test/support/world'

/** Where the receiver of test/support/receiver.ts listens. */
export const receiver = inject('receiver')

/** What a development server has: without it nothing on this machine is told. */
export const LOCAL = { MAIL_OUTBOX: 'on' } as const

export const fresh = () => crypto.randomUUID().replaceAll('-', '')

/** Returns the requests that reached the receiver under a token. */
export const requestsTo = async (token: string) =>
  (await fetch(`${receiver}/seen/${token}`)).json<Received[]>()

/** Keeps what is sent instead of delivering it. */
export function heldQueue() {
  const calls: Delivery[][] = []
  const queue = {
    sendBatch: async (messages: Iterable<{ body: Delivery }>) => {
      calls.push([...messages].map(({ body }) => body))
    },
  }
  return {
    EVENTS: queue as unknown as Queue<Delivery>, // nothing else is called
    /** The messages of each call. */
    calls,
    /** Returns what was sent since it was last asked. */
    take: () => calls.splice(0).flat(),
  }
}

/** Returns a world without webhooks whose queue is held, and that may tell receivers on this machine. */
export async function hookWorld(overrides: Partial<Env> = {}) {
  const held = heldQueue()
  const w = await world({ ...LOCAL, EVENTS: held.EVENTS, ...overrides })
  await w.db.delete(webhooks)
  return { ...w, ...held }
}

/** Makes a webhook through the API. @returns its model, its key included */
export async function makeHook(w: World, fields: Json = {}): Promise<Json> {
  const { status, body } = await w.send('post', '/webhooks', {
    ...{ webhookId: 'unique()', url: `${receiver}/${fresh()}/200`, name: 'Hook' },
    events: ['users.*', 'teams.*', 'buckets.*'],
    ...fields,
  })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body
}

export async function rowOf(w: World, id: string): Promise<Webhook> {
  const [row] = await w.db.select().from(webhooks).where(eq(webhooks.id, id))
  if (!row) throw new Error('There is no such webhook.')
  return row
}

/**
 * Hands messages to the queue's consumer, as the queue does.
 * @param attempts how often they have been handed over, this time included
 * @returns by position: `acked`, or the delay of the retry in seconds
 */
export async function handOver(
  messages: readonly unknown[],
  { attempts = 1, overrides = {} as Partial<Env>, now = NOW } = {},
): Promise<('acked' | number)[]> {
  const batch = createMessageBatch(
    'edgewrite-events',
    messages.map((body, index) => ({ id: `${index}`, timestamp: now, attempts, body })),
  )
  const retries = batch.messages.map((message) => vi.spyOn(message, 'retry'))
  await consume(batch, { ...env, ...LOCAL, ...overrides } as unknown as Env, now)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext())
  return retries.map(({ mock }, index) => {
    if (explicitAcks.includes(`${index}`)) return 'acked'
    const delay = mock.calls[0]?.[0]?.delaySeconds
    const isRetried = retryMessages.some(({ msgId }) => msgId === `${index}`)
    if (!isRetried || delay === undefined) throw new Error('A message was left to itself.')
    return delay
  })
}

/** Signs as a receiver does that checks who sent what it got. */
export async function expectedSignature(secret: string, url: string, body: string) {
  const bytes = new TextEncoder()
  const key = await crypto.subtle.importKey(
    'raw',
    bytes.encode(secret),
    { name: 'HMAC', hash: 'SHA-1' },
    false,
    ['sign'],
  )
  const mac = await crypto.subtle.sign('HMAC', key, bytes.encode(`${url}${body}`))
  return btoa(String.fromCharCode(...new Uint8Array(mac)))
}
