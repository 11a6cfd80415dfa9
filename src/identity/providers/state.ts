import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from 'oauth4webapi'
import { z } from 'zod'
import { seal, unseal } from '#/auth/seal'
import { spend } from '#/auth/spent'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { isSecure } from '#/http/public-url'
import { sameSecret } from '#/lib/secrets'

type Ctx = Context<AppEnv>

/** What a sign-in that is under way is to end with. */
export type Flow = {
  provider: string
  /** Where the browser goes in the end; '' for this server's own page. */
  success: string
  failure: string
  /** Whether it ends with a token instead of a session. */
  asToken: boolean
  /** The session that it began with, and that may link the account; '' is none. */
  session: string
}

/** Accepts a sealed state; names are short because providers bound its length. */
const stateSchema = z.object({
  p: z.string(),
  s: z.string(),
  f: z.string(),
  t: z.boolean(),
  e: z.int(), // seconds since 1970
  c: z.string(), // SHA-256 of the verifier, as PKCE prints it (RFC 7636 §4.2)
  l: z.string().default(''), // left out where it is ''
  v: z.string().optional(), // the verifier itself, where no cookie holds it
})
type State = z.output<typeof stateSchema>

/** How long somebody may take at the provider. */
const TTL_SECONDS = 1800
/** Longest state that the callback takes (docs/contract/account.md §11.2). */
const LONGEST_STATE = 2048

const CONTEXT = 'oauth2:state'

const toUrlSafe = (base64: string) =>
  base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/** Undoes {@link toUrlSafe}; undefined for what is no base64url. */
function fromUrlSafe(text: string): string | undefined {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return
  return text.replaceAll('-', '+').replaceAll('_', '/')
}

/**
 * Names the cookie of one flow, so that several can run side by side. `__Host-` keeps neighbouring domains
 * from setting it (RFC 6265bis §4.1.3.2).
 */
const cookieName = (c: Ctx, challenge: string) =>
  `${isSecure(c) ? '__Host-' : ''}oauth2_${challenge.slice(0, 16)}`

/** What goes to the provider with the request, all made of one secret that the browser alone holds. */
export type Started = { state: string; challenge: string; nonce: string }

/** Returns the nonce that an ID token has to repeat: it follows from the secret and does not tell it. */
const nonceOf = (verifier: string) => calculatePKCECodeChallenge(`nonce:${verifier}`)

/**
 * Starts a flow. Its secret stays in a cookie of the browser that has asked, so that nobody can have somebody
 * else finish it; the state that travels through the provider is sealed. Differs: upstream's state is neither
 * signed nor bound to a browser.
 * @param isBound false where a server asks for its user: its browser gets no cookie from here, so the secret
 * is in the state, which only whoever has the server's key can make
 * @param crossSite true where the provider comes back with a form instead of a redirect
 * @throws `general_argument_invalid` when the addresses are too long to be carried
 */
export async function startFlow(
  c: Ctx,
  { provider, success, failure, asToken, session }: Flow,
  { isBound, crossSite }: { isBound: boolean; crossSite: boolean },
): Promise<Started> {
  const verifier = generateRandomCodeVerifier()
  const challenge = await calculatePKCECodeChallenge(verifier)
  const state: z.input<typeof stateSchema> = {
    p: provider,
    s: success,
    f: failure,
    t: asToken,
    ...(session ? { l: session } : {}),
    e: Math.floor(c.var.now.getTime() / 1000) + TTL_SECONDS,
    c: challenge,
    ...(isBound ? {} : { v: verifier }),
  }
  const sealed = toUrlSafe(await seal(JSON.stringify(state), c.var.settings.SECRET, CONTEXT))
  if (sealed.length > LONGEST_STATE) {
    throw new ApiError(
      'general_argument_invalid',
      'Invalid `success` param: together with `failure` it is too long.',
    )
  }
  if (isBound) {
    setCookie(c, cookieName(c, challenge), verifier, {
      path: '/',
      httpOnly: true,
      secure: isSecure(c),
      maxAge: TTL_SECONDS,
      sameSite: crossSite && isSecure(c) ? 'None' : 'Lax',
    })
  }
  return { state: sealed, challenge, nonce: await nonceOf(verifier) }
}

/** A state that was made here, whether it is still good or not. */
export type Opened = Flow & { claim: () => Promise<Claimed> }

/** The secret of a flow, in the hands of the browser that has started it. */
export type Claimed = { verifier: string; nonce: string }

/**
 * Opens a state.
 * @returns undefined for one that was not made here or is for another provider
 */
export async function openFlow(
  c: Ctx,
  provider: string,
  state: string,
): Promise<Opened | undefined> {
  const sealed = fromUrlSafe(state)
  const text = sealed && (await unseal(sealed, c.var.settings.SECRET, CONTEXT))
  if (!text) return
  const opened = stateSchema.parse(JSON.parse(text))
  if (opened.p !== provider) return
  const { s: success, f: failure, t: asToken, l: session } = opened
  return { provider, success, failure, asToken, session, claim: () => claim(c, opened) }
}

/**
 * Takes the secret of a flow, which works once.
 * @throws `general_bad_request` when the flow is over, or another browser has started it
 */
async function claim(c: Ctx, { c: challenge, e: ends, v: carried }: State): Promise<Claimed> {
  const name = cookieName(c, challenge)
  const verifier = carried ?? getCookie(c, name) ?? ''
  if (carried === undefined) {
    setCookie(c, name, '', { path: '/', httpOnly: true, secure: isSecure(c), maxAge: 0 })
  }
  if (ends < c.var.now.getTime() / 1000) {
    throw new ApiError('general_bad_request', 'The sign-in took too long. Start it again.')
  }
  const isOwn =
    verifier !== '' && (await sameSecret(await calculatePKCECodeChallenge(verifier), challenge))
  // A state is spent whatever comes of it: the code that came with it works once at the provider as well.
  if (!isOwn || !(await spend(c, 'oauth2-state', challenge, new Date(ends * 1000)))) {
    throw new ApiError(
      'general_bad_request',
      'The sign-in was not started in this browser, or is finished. Start it again.',
    )
  }
  return { verifier, nonce: await nonceOf(verifier) }
}
