import { parse } from 'hono/utils/cookie'
import { z } from 'zod'

/** What a session's holder shows: whose it is, and the secret whose hash is stored (docs/contract/auth.md §5.1). */
export type SessionToken = { id: string; secret: string }

const tokenSchema = z.object({ id: z.string().default(''), secret: z.string().default('') })

/** Reads a session token; what is not one counts as nothing. */
function decodeSession(encoded: string | undefined): SessionToken | undefined {
  if (!encoded) return
  try {
    const { data } = tokenSchema.safeParse(JSON.parse(atob(encoded)))
    return data && (data.id || data.secret) ? data : undefined
  } catch {
    return // not base64 or not JSON: nothing was supplied
  }
}

/** Returns the names of a session's two cookies; the second is the one for old browsers. */
export const cookieNames = (projectId: string): readonly [name: string, legacy: string] => {
  const name = `a_session_${projectId}`.toLowerCase()
  return [name, `${name}_legacy`]
}

/** Returns every value of a cookie in a `Cookie` header, in its order; names are of any letter case. */
function valuesOf(header: string | null, name: string): string[] {
  return (header ?? '').split(';').flatMap((pair) => {
    const [found] = Object.entries(parse(pair))
    return found && found[0].toLowerCase() === name ? [found[1]] : []
  })
}

function fallbackCookie(header: string | null, projectId: string): string | undefined {
  if (!header) return
  try {
    const { data } = z.record(z.string(), z.string()).safeParse(JSON.parse(header))
    return data?.[`a_session_${projectId}`]
  } catch {
    return // not JSON: nothing was supplied
  }
}

/**
 * How narrow the claim of a carrier is. A script sets the header for this request alone. Nobody but this server
 * writes the cookie `_legacy`, so that a session under that name is one it handed to this browser. The other
 * cookie may be of a server-rendering app on the parent domain, and the fallback header of an earlier sign-in.
 */
const CLAIMS = { header: 3, legacy: 2, cookie: 1, fallback: 1 } as const

/** A session token of a request, with the narrowest claim that it came with. */
export type ShownSession = SessionToken & { claim: number }

/** Tokens looked at in one request; browsers send two of one person, and two of a twin. */
export const MAX_SHOWN = 8

/**
 * Collects the session tokens of a request, narrowest claim first: header, cookies, fallback header. Differs: all
 * of them are looked up, where upstream takes the first that holds anything (docs/contract/auth.md §5.2).
 * @returns at most {@link MAX_SHOWN} different tokens, and whether only the fallback header was left to look at
 */
export function shownSessions(headers: Headers, projectId: string) {
  const [name, legacy] = cookieNames(projectId)
  const cookies = headers.get('cookie')
  const fallback = fallbackCookie(headers.get('x-fallback-cookies'), projectId)
  const carried: [number, (string | undefined)[]][] = [
    [CLAIMS.header, [headers.get('x-appwrite-session') ?? undefined]],
    [CLAIMS.legacy, valuesOf(cookies, legacy)],
    [CLAIMS.cookie, valuesOf(cookies, name)],
    [CLAIMS.fallback, [fallback]],
  ]
  const shown = new Map<string, ShownSession>()
  let isFallback = true
  for (const [index, [claim, values]] of carried.entries()) {
    for (const token of values.map(decodeSession)) {
      if (!token) continue
      if (index < carried.length - 1) isFallback = false
      const key = JSON.stringify(token)
      if (!shown.has(key) && shown.size < MAX_SHOWN) shown.set(key, { ...token, claim })
    }
  }
  return { sessions: [...shown.values()], isFallback }
}

/** Returns whether a request carries session cookies, and whether they are more than the pair of one sign-in. */
export function carriedCookies(headers: Headers, projectId: string) {
  const [plain, legacy] = cookieNames(projectId).map((name) =>
    valuesOf(headers.get('cookie'), name),
  )
  const values = [...(plain ?? []), ...(legacy ?? [])]
  const isPair = plain?.length === 1 && legacy?.length === 1 && plain[0] === legacy[0]
  return { any: values.length > 0, twins: values.length > 0 && !isPair }
}

/**
 * Chooses among the good sessions of a request: those with the narrowest claim, if they are of one user, and of
 * these the latest. Good ones of different users with equal claims are nobody's: a page of another host of the
 * domain can set cookies too, and their order proves nothing.
 * @returns undefined where none is good, `'ambiguous'` where no user can be proved
 */
export function chooseSession<Good extends { claim: number; userId: string; sequence: number }>(
  good: readonly Good[],
): Good | 'ambiguous' | undefined {
  const narrowest = Math.max(...good.map(({ claim }) => claim))
  const [first, ...others] = good
    .filter(({ claim }) => claim === narrowest)
    .toSorted((a, b) => b.sequence - a.sequence)
  return first && others.some(({ userId }) => userId !== first.userId) ? 'ambiguous' : first
}
