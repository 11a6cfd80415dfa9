import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { createApp } from '#/app'
import type { Env } from '#/config/env'
import { PROJECT, ROOT, world } from '#test/support/world'

/** Returns a database that notes which sessions are opened and which statements run outside of one. */
function watched() {
  const seen = { sessions: [] as string[], outside: 0, inside: 0 }
  const DB = {
    prepare: (query: string) => {
      seen.outside++
      return env.DB.prepare(query)
    },
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    withSession(constraint: string) {
      seen.sessions.push(constraint)
      const session = env.DB.withSession(constraint)
      return {
        prepare: (query: string) => {
          seen.inside++
          return session.prepare(query)
        },
        batch: (statements: D1PreparedStatement[]) => session.batch(statements),
      }
    },
  }
  return { DB: DB as never, seen }
}

const ask = async (settings: Partial<Env>, headers: Record<string, string>) => {
  const { DB, seen } = watched()
  const request = new Request('http://localhost/v1/storage/buckets', {
    headers: { 'X-Appwrite-Project': PROJECT, ...headers },
  })
  const context = createExecutionContext()
  const bindings = { ...env, ...settings, DB } as never
  const { status } = await createApp().fetch(request, bindings, context)
  await waitOnExecutionContext(context)
  return { status, seen }
}

test('with replicas, a request is one session that starts at the primary', async () => {
  const key = await (await world()).key('buckets.read')
  const { status, seen } = await ask({ D1_REPLICAS: 'on' }, key)
  expect([status, seen.sessions, seen.outside]).toEqual([200, ['first-primary'], 0])
  expect(seen.inside).toBeGreaterThan(1)
})

test('without replicas, there is no session', async () => {
  const { status, seen } = await ask({}, ROOT)
  expect([status, seen.sessions]).toEqual([200, []])
})
