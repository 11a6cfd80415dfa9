import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { readForm } from '#/http/multipart'
import { gatherQuery } from '#/http/params'
import { asDouble, isJsonObject, parseJson } from '#/lib/json'

declare module '#/http/context' {
  interface Variables {
    /** The parameters of the body, once something has read them; see {@link readBody}. */
    body: Promise<Body> | undefined
  }
}

type Ctx = Context<AppEnv>

/** Bounds a JSON or form body; files are read as streams and have their own limit. */
export const MAX_BODY_BYTES = 1024 * 1024

/** The parameters of a body. Numbers within objects keep their digits, see {@link parseJson}. */
export type Body = Readonly<Record<string, unknown>>

const refused = (detail: string) => new ApiError('general_argument_invalid', detail)

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw refused(`The body has more than ${MAX_BODY_BYTES} bytes.`)
  },
})

/**
 * Reads the parameters of a body, once a request. Zero bytes are no parameters, whatever type they claim.
 *
 * Differs: a malformed body is refused, where upstream takes it for an empty set of parameters
 * (docs/contract/auth.md §12) and so removes what an optional parameter would have kept.
 *
 * @throws `general_argument_invalid` for a body that is too large, or not a form or JSON object as its type says
 */
export function readBody(c: Ctx): Promise<Body> {
  const body = c.var.body ?? parseBody(c)
  c.set('body', body)
  return body
}

async function parseBody(c: Ctx): Promise<Body> {
  await limitBody(c, async () => {})
  const type = c.req.header('content-type') ?? ''
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (bytes.length === 0) return {}
  if (/^multipart\/form-data(?![^\s;])/i.test(type)) return parseMultipart(type, bytes)
  if (/^application\/x-www-form-urlencoded(?![^\s;])/i.test(type)) return parseUrlEncoded(bytes)
  return parseObject(bytes)
}

/** Returns the parameters of a form; a file would stand for a value that the route never sees. */
async function parseMultipart(type: string, bytes: Uint8Array<ArrayBuffer>): Promise<Body> {
  const refuseFile = () => {
    throw refused('The form has a file, which nothing here takes.')
  }
  const init = { method: 'POST', headers: { 'content-type': type }, body: bytes }
  const { fields } = await readForm(new Request('http://localhost', init), {
    open: refuseFile,
    skip: refuseFile,
    write: async () => {},
  })
  return gatherQuery(Object.fromEntries(fields))
}

const decode = (bytes: Uint8Array) => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw refused('The body is not valid UTF-8.')
  }
}

/** Decodes a name or value of a form (URL Standard §5.1), which has to be whole. */
function decodeField(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw refused('The form is malformed: it has a bad percent-encoding.')
  }
}

function parseUrlEncoded(bytes: Uint8Array): Body {
  const text = decode(bytes)
  // What `curl -d '{…}'` sends would be one long name without a value.
  if (/^\s*[{[]/.test(text)) throw refused('The body is not a form, as its Content-Type says.')
  const fields = new Map<string, string[]>()
  for (const pair of text.split('&').filter(Boolean)) {
    const [name = '', ...rest] = pair.split('=')
    const key = decodeField(name)
    fields.set(key, [...(fields.get(key) ?? []), decodeField(rest.join('='))])
  }
  return gatherQuery(Object.fromEntries(fields))
}

/** Parses JSON, which is UTF-8 (RFC 8259 §8.1). `[]` is how PHP spells an object without fields. */
function parseObject(bytes: Uint8Array): Body {
  const value = parseWhole(decode(bytes))
  if (Array.isArray(value) && value.length === 0) return {}
  if (!isJsonObject(value)) throw refused('The body is not a JSON object.')
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, typed(inner)]))
}

function parseWhole(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    // The parser's own message would repeat what was sent, a password perhaps.
    const isDeep = error instanceof RangeError
    throw refused(isDeep ? 'The body is nested too deeply.' : 'The body is not valid JSON.')
  }
}

/** Returns a parameter as its schema reads it: only free-form objects keep digits that a double has not. */
const typed = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(typed) : asDouble(value)

/** Checks whether a body may be read before anything is known of the request; files are never touched. */
export const hasSmallBody = (c: Ctx) =>
  /^application\//i.test(c.req.header('content-type') ?? '') &&
  Number(c.req.header('content-length') ?? Number.NaN) <= MAX_BODY_BYTES
