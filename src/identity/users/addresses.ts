import { and, eq, exists, ne, not, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Database } from '#/db'
import type { Batch } from '#/db/gather'
import { gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { identities, type Origin, targets, type User, users } from '#/db/schema'
import { touched } from '#/db/touch'
import type { AppEnv } from '#/http/context'
import type { UserRow } from '#/identity/models'
import { targetsOf } from '#/identity/sessions/sessions'
import { emailColumns, lacksEmail, newTarget } from '#/identity/users/new-user'
import { sendNotice } from '#/messaging/mail/notice'

type Ctx = Context<AppEnv>

/** Names an address of a user as its column does. */
export type AddressKind = 'email' | 'phone'

const ONE = { one: sql`1` }

/**
 * Builds the selects of what an address can belong to, beside a user who wants it. Differs: upstream counts a
 * provider's address also where its user has another one by now.
 */
function rivals(db: Database, userId: string, kind: AddressKind, address: string) {
  const ofAnother = and(
    eq(identities.providerEmail, address),
    ne(identities.userId, userId),
    lacksEmail(db),
  )
  return {
    user: db
      .select(ONE)
      .from(users)
      .where(and(eq(users[kind], address), ne(users.id, userId))),
    target: db.select(ONE).from(targets).where(eq(targets.identifier, address)),
    identity: db
      .select(ONE)
      .from(identities)
      .where(kind === 'email' ? ofAnother : sql`0`)
      .limit(1),
  }
}

/** Returns what has an address: another user, any target, another user's account at a sign-in provider. */
export type Rivals = { user: boolean; target: boolean; identity: boolean }

/** Adds to a batch what looks for whatever has an address. @param address not '' */
export function addRivals(
  { var: { db } }: Ctx,
  batch: Batch,
  userId: string,
  kind: AddressKind,
  address: string,
): () => Rivals {
  const found = rivals(db, userId, kind, address)
  const [user, target, identity] = [found.user, found.target, found.identity].map((one) =>
    batch.add(one),
  )
  const isFound = (rows?: () => unknown[]) => (rows?.().length ?? 0) > 0
  return () => ({ user: isFound(user), target: isFound(target), identity: isFound(identity) })
}

/** What a user's address becomes. */
export type AddressChange = {
  kind: AddressKind
  /** In lower case; '' takes the address away. */
  address: string
  /** What else changes with it. */
  values?: Parameters<typeof touched<typeof users>>[1]
  /** On whose authority the address is there. */
  origin: Origin | SQL<Origin>
  /** Whether an address without a target gets one. */
  createsTarget: boolean
}

/**
 * Changes an address of a user, which is not verified from then on, and the target that mirrors it, in one
 * round trip (docs/contract/users.md §6.1, §6.2).
 * Differs: an address that the user has already stays as it is, verified or not.
 * @param before the user as read just before
 * @returns undefined when somebody has the address by now, or the user's own has changed meanwhile
 */
export async function changeAddress(
  c: Ctx,
  before: User,
  { kind, address, values = {}, createsTarget, origin }: AddressChange,
): Promise<UserRow | undefined> {
  const { db, now } = c.var
  const found = rivals(db, before.id, kind, address)
  const isFree =
    address === '' || address === before[kind]
      ? undefined
      : and(not(exists(found.user)), not(exists(found.target)), not(exists(found.identity)))
  const columns = address === before[kind] ? {} : unprovenColumns(kind, address, origin)
  const batch = gather(db)
  const changed = batch.add(
    db
      .update(users)
      .set(touched(users, { ...columns, ...values }, now))
      .where(and(eq(users.id, before.id), sql`${users[kind]} is ${before[kind]}`, isFree))
      .returning(),
  )
  const isChanged = exists(
    db
      .select(ONE)
      .from(users)
      .where(and(eq(users.id, before.id), sql`${users[kind]} is ${address || null}`)),
  )
  mirror(c, batch, before, { kind, address, createsTarget, origin }, isChanged)
  const reachable = batch.add(targetsOf(c, before.id))
  await batch.run()
  const [user] = changed()
  if (user && user[kind] !== before[kind]) tellOwner(c, before, kind)
  return user && { user, targets: reachable() }
}

/** Notifies a user of the change of a proven address, which is a second factor; at the old one if it is an e-mail. */
function tellOwner(c: Ctx, before: User, kind: AddressKind) {
  const isProven = kind === 'email' ? before.emailVerification : before.phoneVerification
  if (!isProven || !before[kind]) return
  sendNotice(c, before, [kind === 'email' ? 'emailChanged' : 'phoneChanged'])
}

/** Returns the columns of an address that nobody has proven. */
function unprovenColumns(kind: AddressKind, address: string, origin: Origin | SQL<Origin>) {
  const by = address ? origin : null
  return kind === 'email'
    ? { ...emailColumns(address), emailVerification: false, emailOrigin: by }
    : { phone: address || null, phoneVerification: false, phoneOrigin: by }
}

/** Adds to a batch what makes the targets follow an address that has changed. */
function mirror(
  c: Ctx,
  batch: Batch,
  before: Pick<User, 'id' | AddressKind>,
  { kind, address, createsTarget }: AddressChange,
  isChanged: SQL,
) {
  const { db, now } = c.var
  const ofOld = and(eq(targets.userId, before.id), eq(targets.identifier, before[kind] ?? ''))
  if (address === '') {
    batch.add(db.delete(targets).where(and(ofOld, isChanged)))
    return
  }
  const isFree = not(exists(rivals(db, before.id, kind, address).target))
  batch.add(
    db
      .update(targets)
      .set(touched(targets, { identifier: address }, now))
      .where(and(ofOld, isChanged, isFree)),
  )
  if (!createsTarget) return
  const target = newTarget(c, before.id, kind === 'email' ? 'email' : 'sms', address)
  batch.add(insertIf(db, targets, target, and(isChanged, isFree) ?? sql`0`))
}
