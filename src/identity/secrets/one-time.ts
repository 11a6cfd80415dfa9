import { and, eq, exists, or, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { hashOneTime, isRedeemedBy, oneTimeRow, redeem, usable } from '#/auth/one-time'
import { type Batch, gather } from '#/db/gather'
import { type OneTimeSecret, oneTimeSecrets, type Purpose, type User, users } from '#/db/schema'
import type { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { takeBackUser } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import type { TokenRow } from '#/identity/sessions/models'
import type { AddressKind } from '#/identity/users/addresses'
import { dropBareUser } from '#/identity/users/bare-user'
import { addProof } from '#/identity/users/proof'
import { randomHex } from '#/lib/secrets'

type Ctx = Context<AppEnv>

/** What of a secret's row tells who it is for, when it ends, and how it is answered with. */
export type Issued = Pick<OneTimeSecret, 'id' | 'userId' | 'createdAt'> & { expiresAt: Date | null }

/** Returns a secret as issued; whoever may see it gets it as `secret` (docs/contract/users.md §2.4). */
export const issuedToken = (row: Issued, secret: string, phrase = ''): TokenRow => ({
  id: row.id,
  userId: row.userId,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  secret,
  phrase,
})

/** Returns a secret as redeemed: what is left of it is its hash (docs/contract/account.md §7). */
const redeemedToken = (row: OneTimeSecret): TokenRow => issuedToken(row, row.secretHash)

/**
 * Stores a secret for a user.
 * @param address where it is sent; it is of no use once the user has another one
 * @returns its row; undefined when the user is gone
 */
export async function storeSecret(
  c: Ctx,
  given: {
    userId: string
    purpose: Purpose
    secret: string
    address: string
    ttlSeconds: number
  },
): Promise<Issued | undefined> {
  const { address, ...rest } = given
  const values = await oneTimeRow(c, { ...rest, ref: address })
  const [row] = await c.var.db.insert(oneTimeSecrets).values(values).returning()
  return row
}

/**
 * Sends a stored secret. If that fails nobody will ever hold it, so it goes before the failure is reported, and with
 * it a user who was made for it: one at a mistyped address would stand in the way of the right sign-up.
 * @throws whatever the carrier's module throws
 */
export async function deliver(
  c: Ctx,
  { id, userId }: { id: string; userId: string },
  send: () => Promise<void>,
) {
  try {
    await send()
  } catch (error) {
    const { db } = c.var
    const [, dropped] = await db.batch([
      db.delete(oneTimeSecrets).where(eq(oneTimeSecrets.id, id)),
      dropBareUser(c, userId),
    ])
    if (dropped.length > 0) takeBackUser(c, userId)
    throw error
  }
}

/**
 * Finds the secret that somebody holds and the user it is said to be for, in one round trip, and leaves it
 * as it is. Differs: upstream takes a secret that went to an address which the user has given up since.
 */
export async function findHeld(
  { var: { db, now, settings } }: Ctx,
  given: { userId: string; purposes: readonly Purpose[]; secret: string },
): Promise<{ user: User | undefined; held: OneTimeSecret | undefined }> {
  const secretHash = await hashOneTime(given.secret, given.userId, settings.SECRET)
  const address = (column: typeof users.email | typeof users.phone) =>
    db.select({ address: column }).from(users).where(eq(users.id, given.userId))
  const [[user], [held]] = await db.batch([
    db.select().from(users).where(eq(users.id, given.userId)),
    db
      .select()
      .from(oneTimeSecrets)
      .where(
        and(
          eq(oneTimeSecrets.userId, given.userId),
          eq(oneTimeSecrets.secretHash, secretHash),
          sql`${oneTimeSecrets.purpose} in (select value from json_each(${JSON.stringify(given.purposes)}))`,
          sql`${oneTimeSecrets.ref} in ('', ${address(users.email)}, ${address(users.phone)})`,
          usable(now),
        ),
      )
      .orderBy(oneTimeSecrets.sequence)
      .limit(1),
  ])
  return { user, held }
}

/**
 * Finds the secret that somebody holds, and its user.
 * @throws `user_not_found`, then `user_invalid_token`
 */
export async function openHeld(
  c: Ctx,
  given: { userId: string; purposes: readonly Purpose[]; secret: string },
): Promise<{ user: User; held: OneTimeSecret }> {
  const { user, held } = await findHeld(c, given)
  if (!user) throw new ApiError('user_not_found')
  if (!held) throw new ApiError('user_invalid_token')
  return { user, held }
}

/** Matches only while the address that a secret was sent to is still its user's. */
const addressStays = ({ var: { db } }: Ctx, { userId, ref }: OneTimeSecret): SQL =>
  ref === ''
    ? sql`true`
    : exists(
        db
          .select({ one: sql`1` })
          .from(users)
          .where(and(eq(users.id, userId), or(eq(users.email, ref), eq(users.phone, ref)))),
      )

const NAME_LENGTH = 32

/**
 * Adds to a batch the redemption of a secret found before. It comes first in its batch, since what follows may void
 * the secrets that are open: of all requests that hold the secret, exactly one redeems it.
 * @returns the condition under which the others happen, and the secret as redeemed, once the batch has run
 */
export function addRedemption(c: Ctx, batch: Batch, held: OneTimeSecret) {
  const usedBy = randomHex(NAME_LENGTH)
  const { id, userId, purpose } = held
  const given = { userId, purposes: [purpose], id }
  const rows = batch.add(redeem(c, given, addressStays(c, held), usedBy))
  return { isDone: isRedeemedBy(c, userId, usedBy), redeemed: () => rows()[0] }
}

/**
 * Changes a user by redeeming a secret found before, in one transaction: of all requests that hold the secret
 * exactly one does.
 * @param proves which address it proves
 * @param also adds to the batch what else is to happen, under the condition that it gets
 * @returns the secret as redeemed @throws `user_invalid_token`
 */
export async function changeByHeld(
  c: Ctx,
  { user, held }: { user: User; held: OneTimeSecret },
  proves: AddressKind,
  values: Parameters<typeof touched<typeof users>>[1] = {},
  also: (batch: Batch, isDone: SQL) => void = () => {},
): Promise<TokenRow> {
  const { db } = c.var
  const batch = gather(db)
  const { isDone, redeemed } = addRedemption(c, batch, held)
  const proof = { user, kind: proves, when: isDone, secretId: held.id }
  const report = await addProof(c, batch, proof, values)
  also(batch, isDone)
  await batch.run()
  const row = redeemed()
  if (!row) throw new ApiError('user_invalid_token')
  c.set('actor', user)
  report()
  return redeemedToken(row)
}
