import { base64url } from 'jose'
import { z } from 'zod'
import { asDigits, asDouble, parseJson } from '#/lib/json'

const document = z.record(z.string(), z.unknown())
export type Document = z.output<typeof document>

const asDocument = (value: unknown): Document | undefined => document.safeParse(value).data

/** Parses an answer as JSON with exact numbers, else as a form, which some providers send. */
export function parseDocument(text: string): Document {
  try {
    return asDocument(parseJson(text)) ?? {}
  } catch {
    return Object.fromEntries(new URLSearchParams(text))
  }
}

const asText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** What a token endpoint answered, as RFC 6749 §5 writes it. */
export type TokenAnswer = { status: number; body: Document }

/** Finds the token where a provider keeps it deeper: in `authed_user` (Slack) or in `access_token` (Yammer). */
function flat(answer: Document): Document {
  const user = asDocument(answer.authed_user)
  const token = asDocument(answer.access_token)
  if (user && asText(user.access_token)) return { ...answer, ...user }
  return token ? { ...answer, access_token: token.token } : answer
}

/** Parses the claims of a JWT with exact numbers; of a token that is none there are none. */
export function parseClaims(token: string): Document {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = base64url.decode(payload)
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
    return asDocument(parseJson(text)) ?? {}
  } catch {
    return {} // opaque, as most are
  }
}

const seconds = (given: unknown) => {
  const value = asDouble(given)
  const number = Number(value)
  return value !== '' && value !== null && Number.isFinite(number) && number >= 0
    ? number
    : undefined
}

/** Names the error of an answer without a token, in whatever shape it is. */
const errorOf = ({ error, error_code, message }: Document) =>
  asText(error) ?? asText(asDocument(error)?.type) ?? asText(error_code) ?? asText(message)

/**
 * Returns what a token endpoint answered in the words of RFC 6749 §5.1 and §5.2: providers leave out the token
 * type, list scopes, answer an error with 200, or with text of their own.
 */
export function readTokenAnswer(status: number, text: string): TokenAnswer {
  const answer = flat(parseDocument(text))
  const access = asText(answer.access_token)
  if (status >= 300 || !access) {
    return {
      status: status >= 400 && status < 500 ? status : 400,
      body: { error: errorOf(answer) ?? `http_${status}` },
    }
  }
  const body = {
    access_token: access,
    token_type: 'bearer',
    expires_in: seconds(answer.expires_in),
    refresh_token: asText(answer.refresh_token),
    id_token: asText(answer.id_token),
  }
  return {
    status: 200,
    body: Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)),
  }
}

/**
 * Returns what of a token answer URLs and profiles may name: its texts and integers, and the owner before the
 * first dot.
 */
export function tokenFields(text: string): Record<string, string> {
  const answer = flat(parseDocument(text))
  const texts = Object.entries(answer).flatMap(([name, value]): [string, string][] => {
    const printed = typeof value === 'string' ? value : asDigits(value)
    return printed === undefined ? [] : [[name, printed]]
  })
  const [tokenOwner = ''] = (asText(answer.access_token) ?? '').split('.')
  return { ...Object.fromEntries(texts), tokenOwner }
}
