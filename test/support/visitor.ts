import { type Json, PROJECT, type World } from '#test/support/world'

type Cookie = { name: string; value: string; domain: string; isHostOnly: boolean; secure: boolean }

/** Parses a `Set-Cookie` as browsers do (RFC 6265 §5.3). @returns undefined for what they refuse */
function parseCookie(line: string, at: URL): (Cookie & { isGone: boolean }) | undefined {
  const [pair = '', ...rest] = line.split('; ')
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? []
  const attributes = new Map(
    rest.map((one) => [one.split('=')[0]?.toLowerCase(), one.slice(one.indexOf('=') + 1)]),
  )
  const domain = attributes.get('domain')?.replace(/^\./, '')
  const secure = attributes.has('secure')
  const isForeign =
    domain !== undefined && at.hostname !== domain && !at.hostname.endsWith(`.${domain}`)
  const isUnsafe = secure && at.protocol !== 'https:'
  const isBare = attributes.get('samesite') === 'None' && !secure
  const isBadHost = name.startsWith('__Host-') && (!secure || domain !== undefined)
  if (isForeign || isUnsafe || isBare || isBadHost) return
  return {
    ...{ name, value: decodeURIComponent(value), secure, isGone: value === '' },
    ...{ domain: domain ?? at.hostname, isHostOnly: domain === undefined },
  }
}

/** How requests reach the Worker: what a proxy passes on. @returns address and headers of the inside */
export type Inward = (url: URL, headers: Headers) => URL

/**
 * Returns a browser with a cookie jar of its own. It knows the public addresses alone; its requests go through
 * `proxy`.
 */
export function visitor(w: World, proxy: Inward) {
  const jar = new Map<string, Cookie>()
  const isFor = (url: URL) => (cookie: Cookie) =>
    (url.hostname === cookie.domain ||
      (!cookie.isHostOnly && url.hostname.endsWith(`.${cookie.domain}`))) &&
    (!cookie.secure || url.protocol === 'https:')
  const keep = (url: URL, lines: readonly string[]) => {
    for (const line of lines) {
      const cookie = parseCookie(line, url)
      if (!cookie) continue
      const key = `${cookie.name} ${cookie.domain} ${cookie.isHostOnly}`
      if (cookie.isGone) jar.delete(key)
      else jar.set(key, cookie)
    }
  }

  async function visit(address: string | URL, init: RequestInit = {}) {
    const url = new URL(address)
    const headers = new Headers(init.headers)
    const cookies = [...jar.values()].filter(isFor(url))
    if (cookies.length > 0)
      headers.set(
        'Cookie',
        cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; '),
      )
    const inside = proxy(url, headers)
    const { response, settle } = await w.raw(
      new Request(inside, { ...init, headers, redirect: 'manual' }),
    )
    const text = await response.text()
    await settle()
    keep(url, response.headers.getSetCookie())
    const isJson = response.headers.get('content-type')?.includes('json')
    const body: Json = isJson ? JSON.parse(text) : undefined
    return { url, status: response.status, headers: response.headers, body, text }
  }

  return {
    cookies: () => [...jar.values()],
    visit,
    /** Follows redirects while they stay on a host. */
    async follow(address: string | URL) {
      let answer = await visit(address)
      const { origin } = answer.url
      for (let hops = 0; hops < 5; hops++) {
        const next = answer.headers.get('location')
        if (next === null || new URL(next, answer.url).origin !== origin) return answer
        answer = await visit(new URL(next, answer.url))
      }
      throw new Error('Too many redirects.')
    },
    /** Calls the API as the web SDK does. */
    call: (base: string, method: string, path: string, body?: object, headers: object = {}) =>
      visit(`${base}/v1${path}`, {
        method,
        headers: {
          'X-Appwrite-Project': PROJECT,
          ...(body ? { 'Content-Type': 'application/json' } : {}),
          ...headers,
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
  }
}
export type Visitor = ReturnType<typeof visitor>
