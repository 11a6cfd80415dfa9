import { applyD1Migrations, type D1Migration } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database
      BLOBS: R2Bucket
      IMAGES: ImagesBinding
      MIGRATIONS: D1Migration[]
      API_KEY: string
      SECRET: string
    }
  }
}

await applyD1Migrations(env.DB, env.MIGRATIONS)
