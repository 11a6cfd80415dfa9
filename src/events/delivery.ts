import { z } from 'zod'

declare module '#/config/env' {
  interface Bindings {
    /** Holds what webhooks are to be told. */
    EVENTS: Queue<Delivery>
  }
}

/** What waits in the queue: one event for one webhook. */
export const deliverySchema = z.object({
  /** Sequence of the webhook: a new one with an old ID gets nothing of what the old one waited for. */
  webhook: z.int(),
  /** Names of the event. */
  events: z.array(z.string()),
  /** Who did it; '' for keys and guests. */
  userId: z.string(),
  body: z.union([
    z.object({ text: z.string() }),
    /** The key of a body in the bucket. */
    z.object({ key: z.string() }),
  ]),
})
export type Delivery = z.output<typeof deliverySchema>
