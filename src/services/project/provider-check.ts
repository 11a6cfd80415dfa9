import { z } from 'zod'
import { basicAuth } from '#/lib/basic-auth'
import { log } from '#/lib/log'

const TIMEOUT_MS = 5000

/** Where a provider tells whether it knows a client, and how it wants to be asked. */
const CHECKS: Readonly<Record<string, { token: string; basic: boolean }>> = {
  github: { token: 'https://github.com/login/oauth/access_token', basic: false },
  huggingface: { token: 'https://huggingface.co/oauth/token', basic: true },
}

/** Errors that say that the client is unknown or that its secret is wrong (RFC 6749 §5.2). */
const REFUSALS = ['invalid_client', 'unauthorized_client', 'incorrect_client_credentials']

const answerSchema = z.object({ error: z.string() })

/**
 * Asks a provider that can tell whether it knows a client: it is sent a code that nobody has, and must
 * complain about the code alone (docs/contract/project.md §8.1). Others are taken at their owner's word.
 * @returns false also when the provider cannot be asked
 */
export async function isKnownClient(id: string, clientId: string, clientSecret: string) {
  const check = Object.hasOwn(CHECKS, id) ? CHECKS[id] : undefined
  if (!check) return true
  const code = { grant_type: 'authorization_code', code: 'none', redirect_uri: 'https://localhost' }
  const client = { client_id: clientId, client_secret: clientSecret }
  try {
    const answer = await fetch(check.token, {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        'User-Agent': 'Edgewrite',
        ...(check.basic ? { Authorization: basicAuth(clientId, clientSecret) } : {}),
      },
      body: new URLSearchParams(check.basic ? code : { ...code, ...client }),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const { error } = answerSchema.parse(await answer.json())
    return answer.status !== 404 && !REFUSALS.includes(error)
  } catch (cause) {
    log.error(`Whether ${id} knows the client could not be found out:`, cause)
    return false
  }
}
