import type { Context } from 'hono'
import { isPrivileged } from '#/auth/caller'
import { knownDevice } from '#/auth/devices'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { networkOf, parseClientAddress } from '#/lib/client-address'
import { normalEmail } from '#/lib/contact/email'
import { log } from '#/lib/log'

/**
 * How often a route may be called: `keys` are templates with one counter each (docs/contract/auth.md §13). An
 * answer with a status of `resetOn` starts the count anew.
 */
export type RateLimit = {
  limit: number
  windowSeconds: number
  keys: readonly string[]
  /** How often one network may call it, whoever is signed in: for routes that send messages. */
  networkLimit?: number
  resetOn?: readonly number[]
}

const forwardedFor = (c: Context<AppEnv>) =>
  (c.req.header(c.var.settings.CLIENT_IP_HEADER) ?? '').split(',').map((part) => part.trim())

/**
 * Returns the caller's address: the first that the header names which the operator trusts, by default the edge's.
 * @returns '' where there is none, as in tests
 */
export const clientIp = (c: Context<AppEnv>) =>
  forwardedFor(c)
    .map(parseClientAddress)
    .find((address) => address !== undefined) ?? ''

/** Returns what the caller is counted by: their network, or how a proxy calls them that names no address. */
function clientKey(c: Context<AppEnv>): string {
  const [name = ''] = forwardedFor(c)
  return networkOf(clientIp(c) || (/^unknown$/i.test(name) ? '' : name))
}

/** Index of a chunk by its range, so that one large upload does not exhaust one counter. */
function chunkIndex(contentRange: string | undefined) {
  const [, start, end] = /(\d+)-(\d+)\//.exec(contentRange ?? '') ?? []
  return start === undefined
    ? ''
    : `${Math.floor(Number(start) / (Number(end) + 1 - Number(start)))}`
}

/** Prints a parameter for a key; all spellings of one e-mail address are one. */
function printParam(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null || value === '') return
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return name === 'email' ? normalEmail(text) : text.trim().toLowerCase()
}

type Params = Readonly<Record<string, unknown>>

/** What a key's address stands for. */
export type CountedBy = 'address' | 'addressAndUser' | 'addressAndProvenUser'

/**
 * Returns what a template's address stands for. Differs: upstream counts whoever is signed in by address alone, so
 * that all users of an app that renders on its server share one limit. Routes for guests go on by address alone. So do
 * users without a proven address where messages are sent: anybody can make as many of them as they like.
 */
function addressOf(c: Context<AppEnv>, template: string, by: CountedBy): string {
  const user = c.var.self?.person.user
  const isProven = user?.emailVerification || user?.phoneVerification
  const counts = by === 'addressAndUser' || (by === 'addressAndProvenUser' && isProven)
  return counts && user && !template.includes('{userId}')
    ? `${clientKey(c)},user:${user.id}`
    : clientKey(c)
}

/** Fills a key; `device` is what {@link knownDevice} names, '' for a stranger. */
function fill(
  template: string,
  c: Context<AppEnv>,
  route: string,
  params: Params,
  { device, by }: { device: string | undefined; by: CountedBy },
) {
  const values: Record<string, () => string> = {
    ip: () => addressOf(c, template, by),
    network: () => clientKey(c),
    method: () => c.req.method,
    // The contract has the host here: a client would have a count under each name of the deployment.
    url: () => `localhost${route}`,
    userId: () => c.var.self?.person.user.id ?? '',
    device: () => device ?? '',
    chunkId: () => chunkIndex(c.req.header('content-range')),
  }
  return template.replace(/\{([\w-]+)\}/g, (whole, name: string) =>
    name.startsWith('param-')
      ? (printParam(params[name.slice('param-'.length)], name.slice('param-'.length)) ?? whole)
      : (values[name]?.() ?? whole),
  )
}

/** Keys of counters are hashed by the platform; a long one says no more than its start. */
const LONGEST_KEY = 1000

const counterOf = (c: Context<AppEnv>, key: string) =>
  c.env.RATE_COUNTERS?.getByName(key.slice(0, LONGEST_KEY))

/**
 * Refuses a flood from one address at the location it reaches, before any counter is asked. The platform
 * counts there roughly and in windows of ten seconds; whoever keeps within the limits of routes never meets it.
 */
async function refuseFlood(c: Context<AppEnv>) {
  const key = clientKey(c)
  if (!key || !c.env.BURST_GUARD) return
  const { success } = await c.env.BURST_GUARD.limit({ key }).catch((cause) => {
    log.error('The burst guard failed open', cause)
    return { success: true }
  })
  if (success) return
  throw new ApiError('general_rate_limit_exceeded', undefined, { headers: { 'Retry-After': '10' } })
}

/** The key of a route's limit for one network. */
const NETWORK_KEY = 'url:{url},network:{network}'

async function hits(c: Context<AppEnv>, keys: readonly string[], start: number, seconds: number) {
  try {
    return await Promise.all(keys.map((key) => counterOf(c, key)?.hit(start, seconds) ?? 1))
  } catch (cause) {
    log.error('The rate limiter failed open', cause)
    return [1]
  }
}

/**
 * Counts a request against its limits and sets the `X-RateLimit-*` headers. Keys are never refused nor
 * counted; a counter that cannot be reached lets the request through.
 * @param route path template: aliases of a route share its counters
 * @param params of the request, for keys that name one
 * @param by what the address of a key stands for
 * @returns starts the count anew, to be called after an answer that the limit resets on
 * @throws `general_rate_limit_exceeded` for the request after the last one allowed in the window
 */
export async function countRequest(
  c: Context<AppEnv>,
  { limit, windowSeconds, keys, networkLimit }: RateLimit,
  route: string,
  params: Params = {},
  by: CountedBy = 'address',
): Promise<() => Promise<void>> {
  const seconds = Math.floor(c.var.now.getTime() / 1000)
  const windowStart = seconds - (seconds % windowSeconds)
  const windowEnd = windowStart + windowSeconds
  const exempt = isPrivileged(c.var.caller) || c.var.settings.RATE_LIMITS === 'off'
  if (!exempt) await refuseFlood(c)
  const device = keys.some((key) => key.includes('{device}')) ? await knownDevice(c) : undefined
  const templates = networkLimit === undefined ? keys : [...keys, NETWORK_KEY]
  const counted =
    by === 'addressAndUser' && networkLimit !== undefined ? 'addressAndProvenUser' : by
  const filled = exempt
    ? []
    : templates.map((key) => fill(key, c, route, params, { device, by: counted }))
  const counts = await hits(c, filled, windowStart, windowSeconds)
  const left = counts.map(
    (count, index) => (index < keys.length ? limit : (networkLimit ?? limit)) - count,
  )
  const remaining = Math.min(limit - 1, ...left)
  c.header('X-RateLimit-Limit', `${limit}`)
  c.header('X-RateLimit-Remaining', `${Math.max(0, remaining)}`)
  c.header('X-RateLimit-Reset', `${windowEnd}`)
  if (remaining < 0) throw refuseUntil(c, windowEnd)
  return async () => {
    await Promise.all(filled.map((key) => counterOf(c, key)?.reset()))
  }
}

/** How often somebody may be wrong about one person's password or code in an hour, from wherever. */
const MOST_GUESSES = 20
const HOUR_SECONDS = 3600

/**
 * Counts a guess at what one person alone knows, without headers; keys are exempt. Differs: the contract bounds
 * guesses by the client's address or by the challenge, of which there can be many, and some not at all.
 * @param what is guessed, and whose it is
 * @returns starts the count anew, to be called once it was right
 * @throws `general_rate_limit_exceeded` for whatever comes after the last guess allowed
 */
export async function countGuess(c: Context<AppEnv>, what: string): Promise<() => Promise<void>> {
  if (isPrivileged(c.var.caller) || c.var.settings.RATE_LIMITS === 'off') return async () => {}
  const seconds = Math.floor(c.var.now.getTime() / 1000)
  const start = seconds - (seconds % HOUR_SECONDS)
  const [count = 1] = await hits(c, [what], start, HOUR_SECONDS)
  if (count > MOST_GUESSES) throw refuseUntil(c, start + HOUR_SECONDS)
  return async () => {
    await counterOf(c, what)?.reset()
  }
}

/**
 * Counts one in a window, without headers, whoever the caller is. A counter that cannot be reached counts one.
 * @returns how many there are, this one included, the end of the window in epoch seconds, and what takes this one
 * back
 */
export async function countIn(c: Context<AppEnv>, key: string, windowSeconds: number) {
  const seconds = Math.floor(c.var.now.getTime() / 1000)
  const start = seconds - (seconds % windowSeconds)
  const isOff = c.var.settings.RATE_LIMITS === 'off'
  const [count = 1] = isOff ? [1] : await hits(c, [key], start, windowSeconds)
  const forget = async () => {
    if (!isOff) await counterOf(c, key)?.undo(start)
  }
  return { count, windowEnd: start + windowSeconds, forget }
}

/** Builds the refusal of a request that comes before a window ends. @param windowEnd in epoch seconds */
export const refuseUntil = (c: Context<AppEnv>, windowEnd: number) =>
  new ApiError('general_rate_limit_exceeded', undefined, {
    headers: {
      'Retry-After': `${Math.max(1, windowEnd - Math.floor(c.var.now.getTime() / 1000))}`,
    },
  })
