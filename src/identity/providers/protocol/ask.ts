import { ApiError } from '#/errors'
import { log } from '#/lib/log'

const TIMEOUT_MS = 10_000
const MOST_BYTES = 256 * 1024 // tokens are stored, and a row has its limit

/** Some providers refuse whoever does not say what it is. */
const USER_AGENT = 'Edgewrite'

/** Reads an answer whole. @throws Error for one that is too long */
async function boundedText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of answer.body ?? []) {
    bytes += part.length
    if (bytes > MOST_BYTES) throw new Error(`The answer has more than ${MOST_BYTES} bytes.`)
    parts.push(part)
  }
  return new Blob(parts).text()
}

/** What a provider answered. */
export type Answer = { status: number; text: string }

/**
 * Asks a provider. Redirects are not followed: what a request carries is for one host alone.
 * @throws Error when it cannot be reached in time, or answers without end
 */
export async function ask(
  url: string,
  request: Pick<RequestInit, 'method' | 'headers' | 'body'> = {},
): Promise<Answer> {
  const headers = new Headers(request.headers)
  headers.set('User-Agent', USER_AGENT)
  if (!headers.has('accept')) headers.set('Accept', 'application/json')
  const answer = await fetch(url, {
    ...request,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  return { status: answer.status, text: await boundedText(answer) }
}

/** Longest part of a failure that clients are told. */
const LONGEST_REASON = 200

/**
 * Reports that a provider did not do its part: in the log, without what it sent, and shortly to the client.
 * @param reason what the client may know, such as an error code
 * @throws `user_oauth2_provider_failure`
 */
export function providerFailed(key: string, cause: unknown, reason = ''): never {
  log.error(`The sign-in provider ${key} failed: ${cause} ${reason}`)
  throw new ApiError(
    'user_oauth2_provider_failure',
    reason ? `The sign-in provider answered: ${reason.slice(0, LONGEST_REASON)}` : undefined,
    { cause },
  )
}
