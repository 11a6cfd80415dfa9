import type { Context } from 'hono'
import { countGuess } from '#/auth/rate-limit'
import { gather } from '#/db/gather'
import type { Origin, Purpose } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { exchangeWrapped } from '#/identity/providers/exchange'
import { addRedemption, findHeld } from '#/identity/secrets/one-time'
import type { SessionRow } from '#/identity/sessions/models'
import { addSignIn } from '#/identity/sessions/sign-in'
import type { AddressKind } from '#/identity/users/addresses'
import { addProof } from '#/identity/users/proof'

type Ctx = Context<AppEnv>

/** What signing in with a secret makes: the session (docs/contract/account.md §2), and a proven address. */
type Outcome = {
  provider: string
  factors: readonly string[]
  proves?: AddressKind
  /** On whose authority the session is there; the account's state decides when left out. */
  origin?: Origin
}

const OUTCOMES = new Map<Purpose, Outcome>([
  ['generic', { provider: 'token', factors: ['token'], origin: 'owner' }],
  ['magic-url', { provider: 'magic-url', factors: ['email'], proves: 'email' }],
  ['email', { provider: 'token', factors: ['email'], proves: 'email' }],
  ['phone', { provider: 'phone', factors: ['phone'], proves: 'phone' }],
])

/** Secrets from this length on cannot be guessed. */
const LONG = 32

/**
 * Signs in with a one-time secret. Checked, effects and redemption are one batch: of all requests that hold
 * the secret one gets a session, and the secret is not spent if that fails. Blocked users are not refused
 * (docs/contract/account.md §4.3). All clients together have a bounded number of guesses at a short code.
 *
 * @throws `user_invalid_token`, also for a user who does not exist
 */
export async function exchange(
  c: Ctx,
  { userId, secret }: { userId: string; secret: string },
): Promise<SessionRow> {
  const { db } = c.var
  const byProvider = await exchangeWrapped(c, { userId, secret })
  if (byProvider) return byProvider
  const forget = secret.length < LONG ? await countGuess(c, `code:${userId}`) : undefined
  const { user, held } = await findHeld(c, { userId, purposes: [...OUTCOMES.keys()], secret })
  const outcome = held && OUTCOMES.get(held.purpose)
  if (!user || !held || !outcome) throw new ApiError('user_invalid_token')
  const { proves, ...how } = outcome
  const batch = gather(db)
  const { isDone, redeemed } = addRedemption(c, batch, held)
  const proof = proves && { user, kind: proves, when: isDone, secretId: held.id }
  const report = proof && (await addProof(c, batch, proof))
  const start = await addSignIn(c, batch, { userId, ...how }, isDone)
  await batch.run()
  const session = redeemed() ? start(user) : undefined
  if (!session) throw new ApiError('user_invalid_token')
  report?.()
  if (forget) c.executionCtx.waitUntil(forget())
  return session
}
