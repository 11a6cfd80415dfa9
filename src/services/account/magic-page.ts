import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '#/http/context'
import { randomHex } from '#/lib/secrets'

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 24rem; margin: 20vh auto 0; padding: 0 1.25rem; text-align: center }
  button { font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .5rem; color: #fff; background: #c2571f }
  button:disabled { opacity: .5 }
  small { opacity: .75 }`

/**
 * Signs in only at a press of the button: programs that look into mails open links, and would use it up. Whoever is
 * signed in already is named first, since the link may be somebody else's. The link leaves the address bar, and with
 * it the history; a page that is loaded again has it no more and says so.
 */
const SCRIPT = `
  const query = new URLSearchParams(location.search)
  const [project, userId, secret] = ['project', 'userId', 'secret'].map((name) => query.get(name) ?? '')
  history.replaceState(null, '', location.pathname)
  const button = document.querySelector('button')
  const note = document.querySelector('output')
  const hint = document.querySelector('small')

  async function call(method, path, body) {
    try {
      const answer = await fetch('../v1/account' + path, {
        method,
        credentials: 'include',
        headers: { 'Content-Type': 'application/json', 'X-Appwrite-Project': project },
        body: body && JSON.stringify(body),
      })
      return { isOk: answer.ok, told: await answer.json().catch(() => ({})) }
    } catch {
      return { isOk: false, told: { type: 'unreachable' } }
    }
  }

  function show(text, label, act) {
    note.textContent = text
    button.hidden = !label
    button.disabled = false
    button.textContent = label ?? ''
    button.onclick = async () => {
      button.disabled = true
      await act()
    }
  }

  const DONE = 'You can go back to the app.'
  const TEXTS = {
    user_invalid_token: 'This link was used before or has expired. Ask the app for a new one.',
    user_blocked: 'This account is blocked. Ask whoever runs the app.',
    user_auth_method_unsupported: 'The app does not take links any more. Sign in there in another way.',
    project_not_found: 'This link is not of this server. Ask the app for a new one.',
  }
  const TAKEN = {
    user_session_already_exists: 'somebody',
    user_more_factors_required: 'somebody who has not shown a second factor yet',
  }
  const AGAIN = {
    general_rate_limit_exceeded: 'There were too many tries. Wait a while, then try again.',
    unreachable: 'The server cannot be reached from this window. Check the connection and try again, or open the '
      + 'link of the mail in your browser.',
  }

  const nameOf = ({ name, email, phone }) => {
    const address = email || phone
    return name && address ? name + ' (' + address + ')' : name || address || 'a guest'
  }

  async function signIn() {
    const { isOk, told } = await call('POST', '/sessions/token', { userId, secret })
    if (isOk) return showSelf()
    if (TAKEN[told.type]) return offerSwitch(TAKEN[told.type])
    if (TEXTS[told.type]) return show(TEXTS[told.type])
    show(AGAIN[told.type] ?? 'That did not work: ' + (told.message ?? 'the server did not say why.'), 'Try again', signIn)
  }

  async function showSelf() {
    const { isOk, told } = await call('GET', '')
    hint.hidden = true
    if (TEXTS[told.type]) return show(TEXTS[told.type])
    show((isOk ? 'You are signed in as ' + nameOf(told) + '. ' : 'You are signed in. ') + DONE)
  }

  const offerSwitch = (who) =>
    show('In this browser, ' + who + ' is signed in. This link is for another account.', 'Switch account', async () => {
      await call('DELETE', '/sessions/current')
      await signIn()
    })

  async function start() {
    if (!project || !userId || !secret) {
      hint.hidden = true
      return show('This page knows its link only once, when it is opened from the mail. Open the link in the mail '
        + 'again; if it was used already, ask the app for a new one.')
    }
    const { isOk, told } = await call('GET', '')
    if (TAKEN[told.type]) return offerSwitch(TAKEN[told.type])
    if (isOk && told.$id !== userId) return offerSwitch(nameOf(told))
    if (isOk) return show('You are signed in as ' + nameOf(told) + ' already. ' + DONE)
    show('', 'Continue', signIn)
  }
  start()`

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
<p><output></output></p>
<p><button type="button" hidden></button></p>
<p><small>This signs in the window that you are looking at. If it belongs to your mail program, open the link in the
browser in which you use the app instead: it works once.</small></p>
<noscript>This page needs JavaScript. Open the link of the mail in a browser that has it.</noscript>
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
