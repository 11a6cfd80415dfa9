import { createApp } from '#/app'
import type { Env } from '#/config/env'

/** What the last request cost: statements that run alone carry no figures, so that it tells of batches. */
let rowsRead = 0
let trips = 0

function counting(d1: D1Database): D1Database {
  return {
    prepare: (query) => d1.prepare(query),
    async batch<T>(statements: D1PreparedStatement[]) {
      trips++
      const results = await d1.batch<T>(statements)
      for (const { meta } of results) rowsRead += meta.rows_read
      return results
    },
    exec: (query) => d1.exec(query),
    withSession: (constraint) => d1.withSession(constraint),
    dump: () => d1.dump(),
  }
}

const app = createApp()
let counted: Env | undefined

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext) {
    counted ??= { ...env, DB: counting(env.DB) }
    rowsRead = 0
    trips = 0
    const answer = await app.fetch(request, counted, context)
    const headers = new Headers(answer.headers)
    headers.set('X-Rows-Read', `${rowsRead}`)
    headers.set('X-Trips', `${trips}`)
    return new Response(answer.body, { status: answer.status, headers })
  },
}
