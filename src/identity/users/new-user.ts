import { and, eq, exists, isNull, not, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Database } from '#/db'
import { type Batch, gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { counters, identities, type Origin, targets, users } from '#/db/schema'
import { ApiError } from '#/errors'
import { announce, NEW_USER } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import type { View } from '#/http/model'
import { type UserRow, userModel } from '#/identity/models'
import { NEW_OPTIONS } from '#/identity/passwords'
import { idFor, uniqueId } from '#/ids'
import { emailFacts } from '#/lib/contact/email'
import { projectOf } from '#/project/settings'
import { releaseNow, unreleased } from '#/storage/release'

type Ctx = Context<AppEnv>

/** A password as stored: the hash, its algorithm's name and its options (docs/contract/users.md §15.2). */
export type StoredPassword = {
  password: string | null
  hash: string
  hashOptions: Record<string, unknown>
}

/** What a password-less user says of its hash (docs/contract/users.md §4.2). */
export const NO_PASSWORD: StoredPassword = {
  password: null,
  hash: 'argon2',
  hashOptions: NEW_OPTIONS,
}

/** Who a new user is. */
export type NewUser = {
  /** An ID, or `unique()`. */
  userId: string
  email?: string | undefined
  phone?: string | undefined
  name?: string | undefined
  password?: StoredPassword
  emailVerification?: boolean
  /** On whose authority its addresses and password are there. */
  origin: Origin
  /** False: the password cannot be used to sign in, and counts as never set. */
  passwordCounts?: boolean
  /** When the user was seen; unset for one that somebody else made. */
  accessedAt?: Date
  /** Which addresses get a target. */
  targets: readonly ('email' | 'sms')[]
  /** What must hold as the user is stored. */
  when?: SQL
}

/** Returns what is stored of an e-mail address beside itself; all unset without one (docs/contract/users.md §16.2). */
export const emailColumns = (email: string | undefined) =>
  email
    ? { email, ...emailFacts(email) }
    : {
        email: null,
        emailCanonical: null,
        emailIsFree: null,
        emailIsDisposable: null,
        emailIsCorporate: null,
        emailIsCanonical: null,
      }

/** What {@link checkEmailPolicies} throws, for the routes that ask it. */
export const EMAIL_POLICY_ERRORS = [
  'user_email_disposable',
  'user_email_free',
  'user_email_not_canonical',
  'user_email_not_corporate',
] as const

/**
 * Refuses e-mail addresses that the owner does not want (docs/contract/project.md §7.3).
 * @throws `user_email_disposable`, `user_email_not_canonical`, `user_email_free`, `user_email_not_corporate`
 */
export async function checkEmailPolicies(c: Ctx, email: string) {
  const { policies } = await projectOf(c)
  const facts = emailFacts(email)
  if (policies.denyDisposableEmails && facts.emailIsDisposable) {
    throw new ApiError('user_email_disposable')
  }
  if (policies.denyAliasedEmails && !facts.emailIsCanonical) {
    throw new ApiError('user_email_not_canonical')
  }
  if (policies.denyFreeEmails && facts.emailIsFree) throw new ApiError('user_email_free')
  if (policies.onlyCorporateEmails && !facts.emailIsCorporate) {
    throw new ApiError('user_email_not_corporate')
  }
}

/**
 * Returns the statement that finds whose identity at a sign-in provider has an e-mail address, which is kept for a
 * user without one. Differs: upstream keeps it for whoever has another address by now, too.
 */
export const identityByEmail = (db: Database, email: string) =>
  db
    .select({ userId: identities.userId })
    .from(identities)
    .where(and(eq(identities.providerEmail, email), lacksEmail(db)))
    .limit(1)

/** Matches identities whose user has no e-mail address. */
export const lacksEmail = (db: Database) =>
  exists(
    db
      .select({ one: sql`1` })
      .from(users)
      .where(and(eq(users.id, identities.userId), isNull(users.email))),
  )

/** What stands in the way of a new user: who has its e-mail address elsewhere, how many there are. */
export type Surroundings = { identityOwner: string | undefined; users: number }

/**
 * Adds to a batch what looks at whatever stands in the way of a new user.
 * @returns reads it, and takes back what files and buckets still grant to a former user of the same ID
 */
export function addLookAround(
  { var: { db } }: Ctx,
  batch: Batch,
  { userId, email = '' }: { userId: string; email?: string | undefined },
): () => Promise<Surroundings> {
  const role = `user:${userId}` as const
  const identity = batch.add(identityByEmail(db, email))
  const left = batch.add(unreleased(db, role))
  const counter = batch.add(
    db.select({ count: counters.count }).from(counters).where(eq(counters.name, 'users')),
  )
  return async () => {
    if (left()[0]) await releaseNow(db, role)
    return {
      identityOwner: email ? identity()[0]?.userId : undefined,
      users: counter()[0]?.count ?? 0,
    }
  }
}

/**
 * Looks, in one round trip, at what stands in the way of a new user, and takes back what files and buckets
 * still grant to a former user of the same ID.
 */
export async function lookAround(
  c: Ctx,
  given: { userId: string; email?: string | undefined },
): Promise<Surroundings> {
  const batch = gather(c.var.db)
  const seen = addLookAround(c, batch, given)
  await batch.run()
  return seen()
}

/**
 * Refuses one more user than the owner allows; keys are not asked (docs/contract/auth.md §15.1).
 * @param count of users so far
 * @throws `user_count_exceeded`
 */
export async function checkUserLimit(c: Ctx, count: number) {
  const { policies } = await projectOf(c)
  if (policies.userLimit > 0 && count >= policies.userLimit) {
    throw new ApiError('user_count_exceeded')
  }
}

async function draftUser(c: Ctx, given: NewUser) {
  const { now } = c.var
  const { policies } = await projectOf(c)
  const stored = given.password ?? NO_PASSWORD
  const counts = stored.password !== null && given.passwordCounts !== false
  const row: typeof users.$inferInsert = {
    id: idFor(given.userId, now),
    name: given.name ?? '',
    ...emailColumns(given.email),
    phone: given.phone || null,
    ...stored,
    passwordHistory:
      counts && stored.password !== null && policies.passwordHistory > 0 ? [stored.password] : [],
    passwordUpdate: counts ? now : null,
    registration: now,
    status: true,
    labels: [],
    emailVerification: given.emailVerification ?? false,
    phoneVerification: false,
    mfa: false,
    prefs: {},
    impersonator: false,
    accessedAt: given.accessedAt ?? null,
    emailOrigin: given.email ? given.origin : null,
    phoneOrigin: given.phone ? given.origin : null,
    passwordOrigin: counts ? given.origin : null,
    createdAt: now,
    updatedAt: now,
  }
  return row
}

/** Returns the row of a target that mirrors an address of its user. */
export const newTarget = (
  { var: { now } }: Ctx,
  userId: string,
  providerType: 'email' | 'sms',
  identifier: string,
) => ({
  id: uniqueId(now),
  userId,
  providerType,
  identifier,
  expired: false,
  createdAt: now,
  updatedAt: now,
})

type Draft = Awaited<ReturnType<typeof draftUser>>

/** Condition that nobody has a new user's ID, e-mail or phone, and that a former user's grants are taken back. */
function isFree(db: Database, { id, email = null, phone = null }: Draft): SQL {
  const taken = [eq(users.id, id), sql`${users.email} = ${email}`, sql`${users.phone} = ${phone}`]
  const conditions = taken.map((same) =>
    not(exists(db.select({ one: sql`1` }).from(users).where(same))),
  )
  return and(...conditions, not(exists(unreleased(db, `user:${id}`)))) ?? sql`0`
}

/**
 * Condition that a new user was stored, not another of the same ID before, and that an address is no target yet.
 * Differs: upstream shows somebody else's target of the address among the new user's, in this one answer.
 */
function isNew(
  db: Database,
  { id, email = null, phone = null, createdAt }: Draft,
  address: string,
): SQL {
  const stored = and(
    eq(users.id, id),
    sql`${users.email} is ${email}`,
    sql`${users.phone} is ${phone}`,
    eq(users.createdAt, createdAt),
  )
  return (
    and(
      exists(db.select({ one: sql`1` }).from(users).where(stored)),
      not(exists(db.select({ one: sql`1` }).from(targets).where(eq(targets.identifier, address)))),
    ) ?? sql`0`
  )
}

/**
 * Returns the condition under which the project has room for one more user, which must hold in the statement that
 * stores it: of requests that have all counted before, only as many pass as there is room for. The owner's own calls
 * are not limited (docs/contract/auth.md §15.1).
 * @returns with it, what throws `user_count_exceeded` once the batch has run if there was no room
 */
async function limitOf(c: Ctx, batch: Batch, { origin }: NewUser) {
  const { userLimit } = (await projectOf(c)).policies
  if (userLimit === 0 || origin === 'owner') return { room: undefined, checkRoom: () => {} }
  const { db } = c.var
  const count = db
    .select({ count: counters.count })
    .from(counters)
    .where(eq(counters.name, 'users'))
  const before = batch.add(count)
  return {
    room: sql`coalesce((${count}), 0) < ${userLimit}`,
    checkRoom() {
      if ((before()[0]?.count ?? 0) >= userLimit) throw new ApiError('user_count_exceeded')
    },
  }
}

/**
 * Adds to a batch what stores a user with its targets, after {@link addLookAround}. An address that is
 * another's target already gives no new one (docs/contract/users.md §4.2). The row announces itself to webhooks.
 * @returns the ID it has if it is stored; `stored` reads the rows, undefined when the ID, e-mail or phone is
 * taken, and throws `user_count_exceeded` when the project has no room
 */
export async function addUser(
  c: Ctx,
  batch: Batch,
  given: NewUser,
): Promise<{ id: string; stored: () => UserRow | undefined }> {
  const { db } = c.var
  const row = await draftUser(c, given)
  const addresses = [
    ...(row.email && given.targets.includes('email') ? [['email', row.email] as const] : []),
    ...(row.phone && given.targets.includes('sms') ? [['sms', row.phone] as const] : []),
  ]
  const { room, checkRoom } = await limitOf(c, batch, given)
  const inserted = batch.add(
    insertIf(db, users, row, and(isFree(db, row), room, given.when) ?? sql`0`),
  )
  const reachable = addresses.map(([type, address]) => {
    const target = newTarget(c, row.id, type, address)
    return batch.add(insertIf(db, targets, target, isNew(db, row, address)))
  })
  batch.after(() => {
    const [user] = inserted()
    if (!user) return
    const payload = (view: View) => userModel.wire({ user, targets: [] }, view)
    announce(c, { template: NEW_USER, ids: { userId: user.id }, payload })
  })
  return {
    id: row.id,
    stored: () => {
      const [user] = inserted()
      if (!user) checkRoom()
      return user && { user, targets: reachable.flatMap((target) => target()) }
    },
  }
}

/**
 * Stores a user with its targets, in one round trip, after {@link lookAround}.
 * @returns undefined when the ID, e-mail or phone is taken
 */
export async function storeUser(c: Ctx, given: NewUser): Promise<UserRow | undefined> {
  const batch = gather(c.var.db)
  const { stored } = await addUser(c, batch, given)
  await batch.run()
  return stored()
}
