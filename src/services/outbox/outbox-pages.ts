import { html, raw } from 'hono/html'
import type { OutboxMessage } from '#/db/schema/mail'

const STYLE = raw(`<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; overflow-wrap: anywhere }
  table { width: 100%; border-collapse: collapse }
  th, td { text-align: start; padding: .55rem .5rem; border-bottom: 1px solid #8884; vertical-align: top }
  th { font-size: .85rem; opacity: .75 }
  time, .kind { white-space: nowrap; font-variant-numeric: tabular-nums }
  iframe { width: 100%; height: 40rem; border: 1px solid #8884; border-radius: .5rem; background: #fff }
  pre { white-space: pre-wrap; border: 1px solid #8884; border-radius: .5rem; padding: .9rem }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem }
  dt { opacity: .75 } dd { margin: 0 }
</style>`)

const page = (title: string, body: unknown) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>${STYLE}</head>
<body>${body}</body></html>`

const time = (date: Date) => {
  const iso = date.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`
}

const LONGEST_SHOWN = 80

/** Returns what a message is recognised by in a list. */
const summary = ({ subject, text }: OutboxMessage) => {
  const shown = subject || text
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown
}

const row = (message: OutboxMessage) => html`<tr>
<td class="kind">${message.kind}</td>
<td>${message.to}</td>
<td><a href="/outbox/${message.sequence}">${summary(message) || '(empty)'}</a></td>
<td>${time(message.createdAt)}</td>
</tr>`

/** Lists messages in the order given. */
export const listPage = (messages: readonly OutboxMessage[]) =>
  page(
    'Outbox',
    html`<h1>Outbox</h1>
<p>Mails and text messages that this server would have sent. Nothing left this machine. The same as data:
<a href="/outbox.json">outbox.json</a>.</p>
${
  messages.length === 0
    ? html`<p>There are none yet.</p>`
    : html`<table>
<thead><tr><th>Kind</th><th>To</th><th>Message</th><th>Time</th></tr></thead>
<tbody>${messages.map(row)}</tbody></table>`
}`,
  )

/** Returns the web addresses in a text, each once. */
export const linksIn = (text: string): string[] => [
  ...new Set(text.match(/\bhttps?:\/\/[^\s<>"']+/g) ?? []),
]

/** Shows a message: as mail programs do, without scripts, and as text. */
export function messagePage(message: OutboxMessage) {
  const links = linksIn(message.text)
  const name = message.subject || `Text message to ${message.to}`
  return page(
    name,
    html`<p><a href="/outbox">Outbox</a></p>
<h1>${name}</h1>
<dl><dt>To</dt><dd>${message.to}</dd><dt>Time</dt><dd>${time(message.createdAt)}</dd></dl>
${
  links.length > 0
    ? html`<h2>Links</h2><ul>${links.map((link) => html`<li><a href="${link}" rel="noreferrer">${link}</a></li>`)}</ul>`
    : ''
}
${
  message.html
    ? html`<h2>Message</h2>
<iframe title="The message" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${message.html}"></iframe>`
    : ''
}
<h2>Text</h2>
<pre dir="auto">${message.text}</pre>`,
  )
}
