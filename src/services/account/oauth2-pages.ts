import type { Context } from 'hono'
import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '#/http/context'
import { OWN_PAGES } from '#/identity/providers/own-pages'
import { randomHex } from '#/lib/secrets'

type Ctx = Context<AppEnv>

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 28rem; margin: 20vh auto 0; padding: 0 1.25rem; text-align: center; overflow-wrap: anywhere }
  a { display: inline-block; padding: .6rem 1.4rem; border-radius: .5rem; color: #fff; background: #c2571f; text-decoration: none }
  code { opacity: .7 }`

/** Sends the browser to the app at once; where that needs a tap, the link is there. */
const SCRIPT = `location.replace(document.querySelector('a').href)`

/** Answers with a small page that loads nothing and is kept nowhere. */
function page(c: Ctx, title: string, content: unknown, script = '') {
  const nonce = randomHex(32)
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  c.header('Content-Security-Policy', policy)
  c.header('Referrer-Policy', 'no-referrer')
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${title}</title><style nonce="${nonce}">${raw(STYLE)}</style></head>
<body><main>
<h1>${title}</h1>
${content}
</main>${script ? html`<script nonce="${nonce}">${raw(script)}</script>` : ''}</body></html>`
}

/** Returns the routes that browsers navigate to, also where they have no handler yet to say so. */
const NAVIGATED = /^\/+v1\/+account\/+(?:sessions|tokens)\/+oauth2\/./

/** Checks whether an error is shown as a page: on OAuth2 routes, unless the client asks for JSON. */
export function wantsPage(c: Ctx): boolean {
  const accept = c.req.header('accept') ?? ''
  const wantsJson = accept.includes('application/json') && !accept.includes('text/html')
  return NAVIGATED.test(new URL(c.req.url).pathname) && !wantsJson
}

/** Shows an error to somebody who was to sign in. */
export const errorPage = (c: Ctx, error: { message: string; type: string }) =>
  page(
    c,
    'The sign-in did not work',
    html`<p>${error.message}</p>
<p>Go back to the app and try again.</p>
<p><code>${error.type}</code></p>`,
  )

/**
 * Returns the page that hands the end of a sign-in to a native app: its query string goes to the app's own
 * scheme. Only to an app of this project: other schemes are nobody's here.
 */
function handOver(c: Ctx, title: string, sentence: string) {
  const { search, searchParams } = new URL(c.req.url)
  const { PROJECT_ID } = c.var.settings
  c.header('Cache-Control', 'no-store')
  if (searchParams.get('project') !== PROJECT_ID) {
    return c.html(page(c, title, html`<p>${sentence} You can close this page.</p>`))
  }
  const target = `appwrite-callback-${PROJECT_ID}://${search}`
  const content = html`<p>${sentence}</p><p><a href="${target}">Open the app</a></p>`
  return c.html(page(c, title, content, SCRIPT))
}

/**
 * Serves the pages that end a sign-in for which no other address was given, as native SDKs do. Differs:
 * upstream has them in its console, which is not here.
 */
export const oauth2Pages = new Hono<AppEnv>()
  .get(OWN_PAGES.success, (c) => handOver(c, 'Signed in', 'You are signed in.'))
  .get(OWN_PAGES.failure, (c) =>
    handOver(c, 'The sign-in did not work', 'Go back to the app and try again.'),
  )
