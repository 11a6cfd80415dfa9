import { createApp } from '#/app'
import type { Env } from '#/config/env'
import { consume } from '#/events/consume'
import { sweep } from '#/jobs'
import { redact } from '#/lib/redact'
import { withRequestContext } from '#/lib/request-context'
import { logFormat } from '#/pipeline/request-log'

export { RateCounter } from '#/auth/rate-counter'

const app = createApp()

/** Runs a job with an ID of its own in the log, and hands what it fails with to the platform, which logs it. */
async function guarded(env: Env, job: () => Promise<unknown>) {
  try {
    await withRequestContext({ id: crypto.randomUUID(), format: logFormat(env) }, job)
  } catch (error) {
    throw redact(error)
  }
}

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => guarded(env, () => sweep(env, new Date())),
  queue: (batch, env) => guarded(env, () => consume(batch, env, new Date())),
} satisfies ExportedHandler<Env>
