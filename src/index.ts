import { createApp } from '#/app'
import type { Env } from '#/config/env'
import { consume } from '#/events/consume'
import { sweep } from '#/jobs'
import { redact } from '#/lib/redact'

export { RateCounter } from '#/auth/rate-counter'

const app = createApp()

/** Hands what a job fails with to the platform, which logs it. */
async function guarded(job: Promise<unknown>) {
  try {
    await job
  } catch (error) {
    throw redact(error)
  }
}

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => guarded(sweep(env, new Date())),
  queue: (batch, env) => guarded(consume(batch, env, new Date())),
} satisfies ExportedHandler<Env>
