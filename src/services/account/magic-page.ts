import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '#/http/context'
import { randomHex } from '#/lib/secrets'

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 24rem; margin: 20vh auto 0; padding: 0 1.25rem; text-align: center }
  button { font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .5rem; color: #fff; background: #c2571f }
  button:disabled { opacity: .5 }`

/** Signs in only at a press of the button: programs that look into mails open links, and would use it up. */
const SCRIPT = `
  const query = new URLSearchParams(location.search)
  history.replaceState(null, '', location.pathname)
  const button = document.querySelector('button')
  const note = document.querySelector('output')
  button.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    const answer = await fetch('../v1/account/sessions/token', {
      method: 'POST',
      credentials: 'include',
      headers: {
        'Content-Type': 'application/json',
        'X-Appwrite-Project': query.get('project') ?? '',
      },
      body: JSON.stringify({ userId: query.get('userId'), secret: query.get('secret') }),
    }).catch(() => undefined)
    const { type } = answer && !answer.ok ? await answer.json().catch(() => ({})) : {}
    if (answer?.ok || type === 'user_session_already_exists') {
      note.textContent = 'You are signed in. You can go back to the app.'
    } else if (type === 'user_invalid_token') {
      note.textContent = 'This link was used before or has expired. Ask for a new one.'
    } else {
      note.textContent = 'That did not work. Try again later.'
      button.disabled = false
    }
  })`

const policy = (nonce: string) =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const page = (nonce: string) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>Sign in</title><style nonce="${nonce}">${raw(STYLE)}</style></head>
<body><main>
<h1>Sign in</h1>
<p><button type="button" hidden>Continue</button></p>
<p><output></output></p>
<noscript>This page needs JavaScript.</noscript>
</main><script nonce="${nonce}">${raw(SCRIPT)}</script></body></html>`

/**
 * Serves the page to which a magic link leads that was asked for without an address. Differs: upstream leads
 * to a page of its console, which is not here.
 */
export const magicPage = new Hono<AppEnv>().get('/auth/magic-url', (c) => {
  const nonce = randomHex(32)
  c.header('Content-Security-Policy', policy(nonce))
  c.header('Referrer-Policy', 'no-referrer')
  c.header('Cache-Control', 'no-store')
  return c.html(page(nonce))
})
