import { env } from 'cloudflare:workers'
import { type Handler, Hono } from 'hono'
import PostalMime from 'postal-mime'
import { inject } from 'vitest'
import { createApp } from '#/app'
import { GUEST } from '#/auth/caller'
import { type Env, settingsOf } from '#/config/env'
import { database } from '#/db'
import { ApiError, ERRORS } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { ReceivedMail, ReceivedRequest } from '#test/support/smtp'

export const carriers = inject('carriers')

/** Returns an address that no other test uses. @param local begins it */
export const freshAddress = (local = 'bob') => `${local}-${crypto.randomUUID()}@example.com`

/** Returns the mails that reached an address, parsed, and what the server saw of their connection. */
export async function mailsTo(address: string) {
  const answer = await fetch(`${carriers.http}/mails/${address}`)
  const mails = await answer.json<ReceivedMail[]>()
  return Promise.all(
    mails.map(async ({ raw, ...seen }) => {
      const source = atob(raw)
      return { ...seen, source, mail: await PostalMime.parse(bytesOf(source)) }
    }),
  )
}

const bytesOf = (binary: string) => Uint8Array.from(binary, (character) => character.charCodeAt(0))

/** Returns the one mail that reached an address. */
export async function mailTo(address: string) {
  const mails = await mailsTo(address)
  const [mail] = mails
  if (!mail || mails.length > 1) throw new Error(`${mails.length} mails reached ${address}.`)
  return mail
}

/** Returns the requests that reached the SMS carrier with `part` in their path. */
export const requestsTo = async (part: string) =>
  (await fetch(`${carriers.http}/requests/${part}`)).json<ReceivedRequest[]>()

/** The moment of every request to {@link mailWorld}. */
export const NOW = new Date('2026-11-24T12:34:56.000Z')

/** Returns a Worker with these settings, and one whose only endpoint does what `handle` says. */
export function mailWorld(overrides: Record<string, unknown>, handle?: Handler<AppEnv>) {
  const bindings = { ...env, ...overrides } as unknown as Env
  const db = database(env.DB)
  const app = new Hono<AppEnv>()
  app.use(async (c, next) => {
    c.set('settings', settingsOf(c.env))
    c.set('db', db)
    c.set('now', NOW)
    c.set('caller', GUEST)
    await next()
  })
  app.onError((error, c) => {
    if (!(error instanceof ApiError)) return c.json({ message: error.message, type: 'none' }, 500)
    return c.json({ message: error.message, type: error.type }, ERRORS[error.type][0])
  })
  if (handle) app.post('/send', handle)
  return {
    db,
    async fetch(path: string, init: RequestInit = {}, origin = 'http://localhost') {
      const whole = createApp({ now: () => NOW })
      const response = await whole.fetch(new Request(`${origin}${path}`, init), bindings)
      return { status: response.status, headers: response.headers, text: await response.text() }
    },
    /** Runs the endpoint. */
    async send(headers: Record<string, string> = {}) {
      const request = new Request('http://api.example.com/send', { method: 'POST', headers })
      const response = await app.fetch(request, bindings)
      const body = await response.text()
      return { status: response.status, body: body ? JSON.parse(body) : undefined }
    },
  }
}
