import { applyD1Migrations, type D1Migration } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { RateCounter } from '#/auth/rate-counter'
import { NOW } from '#test/support/clock'

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database
      BLOBS: R2Bucket
      IMAGES: ImagesBinding
      RATE_COUNTERS: DurableObjectNamespace<RateCounter>
      MIGRATIONS: D1Migration[]
      API_KEY: string
      SECRET: string
    }
  }
}

await applyD1Migrations(env.DB, env.MIGRATIONS)
// A migration stamps the project with the database's own clock, which no test can set.
await env.DB.prepare(`update settings set value = ?1 where name = 'project:createdAt'`)
  .bind(NOW.getTime())
  .run()
