import { base64 } from '@scure/base'
import type { Settings } from '#/config/env'
import type { Delivery } from '#/events/delivery'
import { basicAuth } from '#/lib/basic-auth'
import { API_VERSION } from '#/lib/version'

/** A webhook as a delivery needs it, with its password and key opened. */
export type Receiver = {
  id: string
  name: string
  url: string
  authUsername: string
  authPassword: string
  secret: string
}

const TIMEOUT_MS = 15_000
/** How much of an answer that refuses a delivery is kept (docs/contract/project.md §13.3). */
const LONGEST_ANSWER_BYTES = 10_000

const encoder = new TextEncoder()

/**
 * Signs a delivery, so that the receiver knows who sent it.
 * @returns base64 of the HMAC-SHA1 of address and body (RFC 2104; docs/contract/project.md §13.3)
 */
export async function signatureOf(secret: string, url: string, body: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    'raw',
    encoder.encode(secret),
    { name: 'HMAC', hash: 'SHA-1' },
    false,
    ['sign'],
  )
  return base64.encode(
    new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(url + body))),
  )
}

/** Writes what a header cannot hold percent-encoded: all but the printable characters of ASCII. */
const printable = (text: string) =>
  text.toWellFormed().replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character))

/** Names this server, and whom to turn to where it sends what it should not. */
const userAgent = ({ MAIL_FROM, PUBLIC_URL }: Settings) => {
  const contact = MAIL_FROM?.email ?? PUBLIC_URL
  return `Appwrite-Server v${API_VERSION} (Edgewrite${contact ? `; abuse: ${printable(contact)}` : ''})`
}

const basic = ({ authUsername, authPassword }: Receiver) =>
  authUsername && authPassword
    ? { Authorization: basicAuth(authUsername, authPassword) }
    : undefined

/** Returns the first bytes of an answer as text, and leaves the rest unread. */
async function beginningOf({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  for (let left = LONGEST_ANSWER_BYTES; left > 0; ) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    text += decoder.decode(value.subarray(0, left), { stream: true })
    left -= value.length
  }
  await reader.cancel()
  return text
}

/** Returns where an answer wants to be followed to, so that the webhook's owner can set that address. */
const whereTo = ({ status, headers }: Response) => {
  const location = status < 400 && headers.get('location')
  return location ? ` to ${location}: redirects are not followed` : ''
}

/**
 * Posts one event to a webhook (docs/contract/project.md §13.3). Redirects are not followed.
 *
 * Differs: upstream takes a redirect for success though nothing was delivered, and reads answers to their end and
 * fails with one of over 5 MiB; here a redirect is a failure, and nothing is read of answers that accept.
 * Certificates are always verified, whatever `tls` says: the platform's `fetch` knows no other way.
 *
 * @param timeoutMs until the answer, and as much of it as is kept, is there
 * @returns undefined when it was accepted; else what went wrong, for the webhook's owner
 */
export async function post(
  receiver: Receiver,
  { events, userId }: Pick<Delivery, 'events' | 'userId'>,
  body: string,
  settings: Settings,
  timeoutMs = TIMEOUT_MS,
): Promise<string | undefined> {
  const { url } = receiver
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': userAgent(settings),
        'X-Appwrite-Webhook-Id': receiver.id,
        'X-Appwrite-Webhook-Name': printable(receiver.name),
        'X-Appwrite-Webhook-Events': events.join(','),
        'X-Appwrite-Webhook-User-Id': userId,
        'X-Appwrite-Webhook-Project-Id': settings.PROJECT_ID,
        'X-Appwrite-Webhook-Signature': await signatureOf(receiver.secret, url, body),
        ...basic(receiver),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (answer.status >= 300) {
      return `POST ${url}\nStatus ${answer.status}${whereTo(answer)}\n\n${await beginningOf(answer)}`
    }
    await answer.body?.cancel()
    return
  } catch (error) {
    const reason = error instanceof Error ? error.message : `${error}`
    return `POST ${url}\n${reason}\n\nEvents: ${events.join(', ')}`
  }
}
