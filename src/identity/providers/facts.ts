import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { gather } from '#/db/gather'
import { type Identity, identities, type User, users } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import type { Tokens } from '#/identity/providers/protocol/authorization-code'
import type { Profile } from '#/identity/providers/protocol/profile'
import type { Facts } from '#/identity/providers/rules'
import { addLookAround, type Surroundings } from '#/identity/users/new-user'
import { uniqueId } from '#/ids'
import { normalEmail } from '#/lib/contact/email'

type Ctx = Context<AppEnv>

/** Who came from which provider, and what the provider has given for them. */
export type Arrival = {
  provider: string
  profile: Profile
  tokens: Tokens
  /** Whose session may link the account, if nobody has it. */
  self: User | undefined
  /** Whether the provider's checked ID token says that more than one factor was shown. */
  isMfa: boolean
}

/** What the database knows of somebody who arrives. */
export type Found = {
  facts: Facts
  identity: Identity | undefined
  newId: string
  around: () => Promise<Surroundings>
}

/** Reads it in one round trip. */
export async function look(c: Ctx, { provider, profile, self }: Arrival): Promise<Found> {
  const { db, now } = c.var
  const email = normalEmail(profile.email)
  const newId = uniqueId(now)
  const account = and(eq(identities.provider, provider), eq(identities.providerUid, profile.id))
  const owner = db.select({ userId: identities.userId }).from(identities).where(account)
  const batch = gather(db)
  const identity = batch.add(db.select().from(identities).where(account))
  const byAccount = batch.add(db.select().from(users).where(inArray(users.id, owner)))
  const byEmail = batch.add(
    db
      .select()
      .from(users)
      .where(email === '' ? sql`0` : eq(users.email, email)),
  )
  const around = addLookAround(c, batch, { userId: newId })
  await batch.run()
  return {
    facts: { profile, email, self, byAccount: byAccount()[0], byEmail: byEmail()[0] },
    identity: identity()[0],
    newId,
    around,
  }
}
