import { and, eq, exists, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { oauthFactors } from '#/auth/amr'
import { signJwt, verifyJwt } from '#/auth/jwt'
import { hashOneTime, isRedeemable, redeem } from '#/auth/one-time'
import { gather } from '#/db/gather'
import { identities, oneTimeSecrets, users } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { TOKEN_SECONDS } from '#/identity/providers/entries'
import type { SessionRow } from '#/identity/sessions/models'
import { addSignIn } from '#/identity/sessions/sign-in'
import { openIdentity } from '#/identity/users/identities'

type Ctx = Context<AppEnv>

const claimsSchema = z.object({ secret: z.string(), provider: z.string() })

/** Wraps a secret for its minute in an address (docs/contract/account.md §11.3, step 11): at most 256 characters. */
export const wrapSecret = ({ var: { settings, now } }: Ctx, secret: string, provider: string) =>
  signJwt(
    { secret, provider, exp: Math.floor(now.getTime() / 1000) + TOKEN_SECONDS },
    settings.SECRET,
  )

/**
 * Signs in with a secret that a sign-in with a provider has ended with, once, while the account is linked.
 * @returns undefined for a secret that is not wrapped
 * @throws `user_invalid_token`
 */
export async function exchangeWrapped(
  c: Ctx,
  { userId, secret: wrapped }: { userId: string; secret: string },
): Promise<SessionRow | undefined> {
  const { db, now, settings } = c.var
  const claims = wrapped.includes('.') && (await verifyJwt(wrapped, settings.SECRET, now))
  if (!claims) return
  const { data } = claimsSchema.safeParse(claims)
  if (!data) throw new ApiError('user_invalid_token')
  const secretHash = await hashOneTime(data.secret, userId, settings.SECRET)
  const given = { userId, purposes: ['oauth2'] as const, secretHash }
  const linked = and(
    eq(identities.userId, userId),
    eq(identities.provider, data.provider),
    sql`${identities.id} in (select ${oneTimeSecrets.ref} from ${oneTimeSecrets}
      where ${oneTimeSecrets.userId} = ${userId} and ${oneTimeSecrets.secretHash} = ${secretHash})`,
  )
  const [[user], [identity], [kept]] = await db.batch([
    db.select().from(users).where(eq(users.id, userId)),
    db.select().from(identities).where(linked),
    db
      .select({ note: oneTimeSecrets.sealed })
      .from(oneTimeSecrets)
      .where(
        and(
          eq(oneTimeSecrets.userId, userId),
          eq(oneTimeSecrets.purpose, 'oauth2'),
          eq(oneTimeSecrets.secretHash, secretHash),
        ),
      ),
  ])
  if (!user || !identity) throw new ApiError('user_invalid_token')
  const { providerAccessToken, providerRefreshToken } = await openIdentity(c, identity)
  const isLinked = exists(db.select({ one: sql`1` }).from(identities).where(linked))
  const batch = gather(db)
  const start = await addSignIn(
    c,
    batch,
    {
      userId,
      provider: data.provider,
      providerUid: identity.providerUid,
      factors: oauthFactors(kept !== undefined && kept.note !== null),
      tokens: {
        access: providerAccessToken,
        accessExpiry: identity.providerAccessTokenExpiry,
        refresh: providerRefreshToken,
      },
    },
    sql`(${isRedeemable(c, given)} and ${isLinked})`,
  )
  const redeemed = batch.add(redeem(c, given, isLinked))
  await batch.run()
  const session = redeemed().length > 0 ? start(user) : undefined
  if (!session) throw new ApiError('user_invalid_token')
  return { ...session, providerAccessToken, providerRefreshToken }
}
