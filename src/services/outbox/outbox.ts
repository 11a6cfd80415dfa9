import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { outbox as table } from '#/db/schema/mail'
import { ApiError } from '#/errors'
import { ownClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { isOrigin } from '#/http/origin'
import { requestUrl } from '#/http/public-url'
import { isLoopback } from '#/lib/public-host'
import { sameSecret } from '#/lib/secrets'
import { keptMessage, keptMessages } from '#/messaging/mail/outbox-store'
import { listPage, messagePage } from './outbox-pages.ts'

/** Holds what the pages may do: show themselves, and what a mail shows. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/** Asks a browser for the deployment's own key, as the password of any name. */
const askForKey = basicAuth({
  realm: 'Edgewrite outbox',
  verifyUser: (_, password, c: Context<AppEnv>) => sameSecret(password, c.var.settings.API_KEY),
})

/**
 * Lets in a developer at this machine, and whoever holds the deployment's own key: a branch's copy keeps its
 * mails too. A name that is not loopback's may be anybody's, set to point here (DNS rebinding).
 */
const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.var.settings.MAIL_OUTBOX !== 'on') throw new ApiError('general_route_not_found')
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  const isHere = c.var.settings.PUBLIC_URL === undefined && isLoopback(requestUrl(c).hostname)
  return isHere ? next() : askForKey(c, next)
}

/** Serves the messages that a server under development kept instead of sending them, newest first. */
export const outbox = new Hono<AppEnv>()
  .use('/outbox', guard)
  .use('/outbox.json', guard)
  .use('/outbox/*', guard)
  .get('/outbox', async (c) => c.html(listPage(await keptMessages(c.var.db))))
  .get('/outbox.json', async (c) => {
    const messages = await keptMessages(c.var.db)
    return c.json(messages.map(({ sequence: id, ...message }) => ({ id, ...message })))
  })
  .get('/outbox/:id{\\d{1,15}}', async (c) => {
    const message = await keptMessage(c.var.db, Number(c.req.param('id')))
    if (!message) throw new ApiError('general_route_not_found', 'There is no such message.')
    return c.html(messagePage(message))
  })
  .delete('/outbox', async (c) => {
    const origin = c.req.header('origin')
    if (origin && !isOrigin(c, origin, ownClients(c))) throw new ApiError('general_unknown_origin')
    await c.var.db.delete(table)
    return c.body(null, 204)
  })
