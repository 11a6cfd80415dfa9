import type { Delivery } from '#/events/delivery'
import { hookWorld, makeHook } from '#test/support/webhooks'
import { type Answer, type Json, ROOT } from '#test/support/world'

/** What a webhook is told: the name of the event, and what of its payload is expected. */
export type Told = [name: string, payload: Json]

export type Scene = Awaited<ReturnType<typeof listening>>
/** Sends a route's request. @returns what webhooks are to be told of it, in order */
export type Emits = (s: Scene) => Promise<Told[]>

/** Returns the name and the payload of what was sent. */
export const toldOf = (deliveries: readonly Delivery[]): [string, Json][] =>
  deliveries.map(({ events, body }) => [
    events[0] ?? '',
    'text' in body ? JSON.parse(body.text) : undefined,
  ])

/** Returns a world with one webhook that waits for everything. */
export async function listening() {
  const w = await hookWorld({ RATE_LIMITS: 'off' })
  await makeHook(w)
  return {
    ...w,
    /** Sends a request that must succeed; what was told before is forgotten. */
    async ask(
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = ROOT,
    ): Promise<Answer> {
      w.take()
      const answer = await w.send(method, path, body, headers)
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
      return answer
    },
  }
}
