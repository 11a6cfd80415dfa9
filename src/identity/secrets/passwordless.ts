import { and, eq, exists, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { oneTimeRow } from '#/auth/one-time'
import { type Batch, gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { type OneTimeSecret, oneTimeSecrets, type Purpose, type User, users } from '#/db/schema'
import { ApiError, type ErrorType } from '#/errors'
import type { AppEnv } from '#/http/context'
import type { Issued } from '#/identity/secrets/one-time'
import {
  addLookAround,
  addUser,
  checkEmailPolicies,
  checkUserLimit,
  type NewUser,
  type Surroundings,
} from '#/identity/users/new-user'
import { idFor } from '#/ids'

type Ctx = Context<AppEnv>

/** To which address somebody wants a secret that signs in. */
export type Asked = {
  /** An ID for a new user, or `unique()`; of no meaning for a known address. */
  userId: string
  column: 'email' | 'phone'
  address: string
  purpose: Purpose
  ttlSeconds: number
  /** What kind of target a new user gets. */
  targets: NewUser['targets']
  /** What is thrown when somebody else signs in with the address at a provider. */
  clash: ErrorType
}

/** A secret's row and whom it signs in. */
export type SignInSecret = { user: User; issued: Issued }

/** How often another try may find that the address has changed hands meanwhile. */
const TRIES = 3

/**
 * Adds to a batch the look for whoever has an address and for what stands in the way of a new user; it is the
 * same work whether there is such a user or not.
 * @returns stores a secret for that user, or for a new one, in one more round trip, once the batch has run;
 * throws `user_count_exceeded`, the clash, what the owner's e-mail policies refuse, and `user_already_exists`
 * when the ID for a new user is taken
 */
export function addAsked(
  c: Ctx,
  batch: Batch,
  asked: Asked,
): (secret: string) => Promise<SignInSecret> {
  const { db, now } = c.var
  const id = idFor(asked.userId, now)
  const email = asked.column === 'email' ? asked.address : undefined
  const known = batch.add(holderOf(c, asked))
  const around = addLookAround(c, batch, { userId: id, email })
  return async (secret) => {
    let [user] = known()
    for (let tries = 0; tries < TRIES; tries++) {
      const round = gather(db)
      const added = user
        ? { id: user.id, stored: undefined }
        : await addNewUser(c, round, { ...asked, userId: id }, await around())
      const userId = added.id
      const row = await oneTimeRow(c, {
        userId,
        purpose: asked.purpose,
        secret,
        ref: asked.address,
        ttlSeconds: asked.ttlSeconds,
      })
      const stored = round.add<OneTimeSecret[]>(
        insertIf(db, oneTimeSecrets, row, isHolder(c, asked, userId)),
      )
      const holder = round.add(holderOf(c, asked))
      await round.run()
      const wasKnown = user !== undefined
      const [issued] = stored()
      ;[user] = holder()
      if (issued && user) return { user, issued }
      if (!user && !wasKnown) {
        added.stored?.() // throws where the project has no room
        break
      }
    }
    throw new ApiError('user_already_exists')
  }
}

/** Builds the statement that finds whoever has the address. */
const holderOf = ({ var: { db } }: Ctx, { column, address }: Asked) =>
  db.select().from(users).where(eq(users[column], address))

/** Matches while the user has the address: a user of the same ID who does not must not get its secret. */
const isHolder = ({ var: { db } }: Ctx, { column, address }: Asked, userId: string) =>
  exists(
    db
      .select({ one: sql`1` })
      .from(users)
      .where(and(eq(users.id, userId), eq(users[column], address))),
  )

/** Adds to a batch what stores a new user, if nothing stands in the way. Returns as `addUser`. */
async function addNewUser(c: Ctx, batch: Batch, asked: Asked, around: Surroundings) {
  await checkUserLimit(c, around.users)
  if (around.identityOwner) throw new ApiError(asked.clash)
  if (asked.column === 'email') await checkEmailPolicies(c, asked.address)
  return addUser(c, batch, {
    userId: asked.userId,
    [asked.column]: asked.address,
    accessedAt: c.var.now,
    origin: 'claim',
    targets: asked.targets,
  })
}
