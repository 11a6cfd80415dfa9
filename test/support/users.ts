import { eq } from 'drizzle-orm'
import { identities, targets, users } from '#/db/schema'
import { NOW, type World } from '#test/support/world'

/** Stores a target of a user, an e-mail address unless told otherwise. @returns its row */
export async function storeTarget(
  w: World,
  userId: string,
  identifier: string,
  fields: Partial<typeof targets.$inferInsert> = {},
) {
  const [row] = await w.db
    .insert(targets)
    .values({
      ...{
        id: crypto.randomUUID().slice(0, 20),
        userId,
        identifier,
        providerType: 'email' as const,
      },
      ...{ expired: false, createdAt: NOW, updatedAt: NOW },
      ...fields,
    })
    .returning()
  if (!row) throw new Error('No target was stored.')
  return row
}

/** Stores a user's account at a sign-in provider. @returns its row */
export async function storeIdentity(
  w: World,
  userId: string,
  fields: Partial<typeof identities.$inferInsert> = {},
) {
  const [row] = await w.db
    .insert(identities)
    .values({
      ...{ id: crypto.randomUUID().slice(0, 20), userId, provider: 'github' },
      ...{ providerUid: crypto.randomUUID(), providerEmail: '' },
      ...{ providerAccessToken: '', providerRefreshToken: '', createdAt: NOW, updatedAt: NOW },
      ...fields,
    })
    .returning()
  if (!row) throw new Error('No identity was stored.')
  return row
}

/** Returns a user's row as it is now. */
export async function storedUser(w: World, userId: string) {
  const [row] = await w.db.select().from(users).where(eq(users.id, userId))
  if (!row) throw new Error(`There is no user ${userId}.`)
  return row
}

/** Returns identifier and ID of a user's targets, oldest first. */
export const targetsNow = (w: World, userId: string) =>
  w.db
    .select({ id: targets.id, identifier: targets.identifier, type: targets.providerType })
    .from(targets)
    .where(eq(targets.userId, userId))
    .orderBy(targets.sequence)
