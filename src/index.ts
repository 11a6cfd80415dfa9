import { createApp } from '#/app'
import type { Env } from '#/env'
import { consume } from '#/events/consume'
import { sweep } from '#/jobs'

export { RateCounter } from '#/auth/rate-counter'

const app = createApp()

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => sweep(env, new Date()),
  queue: (batch, env) => consume(batch, env, new Date()),
} satisfies ExportedHandler<Env>
