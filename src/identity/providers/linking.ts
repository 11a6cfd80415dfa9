import { and, eq, exists, not, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Batch, gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { type Identity, identities, targets, type User, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { ApiError } from '#/errors'
import { takeBackUser } from '#/events/announce'
import type { AppEnv } from '#/http/context'
import { addSession, addToken, type Outcome } from '#/identity/providers/entries'
import { type Arrival, type Found, look } from '#/identity/providers/facts'
import { sealTokens } from '#/identity/providers/protocol/tokens'
import { decide, type Facts } from '#/identity/providers/rules'
import type { Proof } from '#/identity/users/claims'
import {
  addUser,
  checkEmailPolicies,
  checkUserLimit,
  emailColumns,
  newTarget,
} from '#/identity/users/new-user'
import { originFor } from '#/identity/users/origins'
import { addRemoval } from '#/identity/users/proof'
import { uniqueId } from '#/ids'
import { email as emailSchema } from '#/lib/contact/email'

type Ctx = Context<AppEnv>

/** How often another try may find that what was read has changed meanwhile. */
const TRIES = 3
const ONE = { one: sql`1` }

/**
 * Signs in, or up, with an account at a provider: rules and effects of docs/contract/account.md §11.3, steps 4 to 11.
 * What was read is checked again as it is written, all in one batch.
 * @param asToken whether the result is a secret instead of a session
 * @throws as `decide`, and `user_count_exceeded`, `general_invalid_email`, `user_already_exists`, and what the
 * owner's e-mail policies refuse
 */
export async function arrive(c: Ctx, arrival: Arrival, asToken: boolean): Promise<Outcome> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await look(c, arrival)
    const outcome = await enter(c, arrival, found, asToken)
    if (!outcome) continue
    c.set('actor', outcome.user)
    return outcome
  }
  throw new ApiError('user_already_exists')
}

/** Does what the rules say. @returns undefined when something has changed since it was read */
async function enter(
  c: Ctx,
  arrival: Arrival,
  found: Found,
  asToken: boolean,
): Promise<Outcome | undefined> {
  const { user, adopts } = decide(found.facts)
  const { email } = found.facts
  if (email !== '' && (!user || adopts)) await checkEmail(c, email)
  const batch = gather(c.var.db)
  const stored = user
    ? await updateUser(c, batch, arrival, found, { user, adopts })
    : await createUser(c, batch, found)
  const userId = user?.id ?? found.newId
  const identityId = await addIdentity(c, batch, arrival, found, userId)
  const mayEnter = exists(
    c.var.db
      .select(ONE)
      .from(identities)
      .where(and(eq(identities.id, identityId), eq(identities.userId, userId), isOpen(c, userId))),
  )
  const finish = await (asToken ? addToken : addSession)(
    c,
    batch,
    { ...arrival, userId, identityId },
    mayEnter,
  )
  if (!user) {
    const dropped = batch.add(dropUnlinked(c, userId, identityId))
    batch.after(() => dropped().length > 0 && takeBackUser(c, userId))
  }
  await batch.run()
  const now = stored()
  return now && finish(now)
}

/** Builds the statement that takes back a new user whose account could not be linked. */
const dropUnlinked = ({ var: { db } }: Ctx, userId: string, identityId: string) =>
  db
    .delete(users)
    .where(
      and(
        eq(users.id, userId),
        not(exists(db.select(ONE).from(identities).where(eq(identities.id, identityId)))),
      ),
    )
    .returning({ id: users.id })

/** Matches while the user is there and not blocked. */
const isOpen = ({ var: { db } }: Ctx, userId: string) =>
  exists(
    db
      .select(ONE)
      .from(users)
      .where(and(eq(users.id, userId), eq(users.status, true))),
  )

/** @throws `general_invalid_email`, and what the owner's policies refuse */
async function checkEmail(c: Ctx, email: string) {
  if (!emailSchema.safeParse(email).success) throw new ApiError('general_invalid_email')
  await checkEmailPolicies(c, email)
}

const LONGEST_NAME = 128
const shortened = (name: string) => [...name].slice(0, LONGEST_NAME).join('')

/** Adds to a batch what stores a new user. @throws `user_count_exceeded` */
async function createUser(c: Ctx, batch: Batch, { facts, newId, around }: Found) {
  await checkUserLimit(c, (await around()).users)
  const { profile, email } = facts
  const { stored } = await addUser(c, batch, {
    userId: newId,
    email: email || undefined,
    name: shortened(profile.name),
    emailVerification: profile.isVerified,
    origin: 'claim',
    accessedAt: c.var.now,
    targets: ['email'],
  })
  return () => stored()?.user
}

/**
 * Adds to a batch what a known user gains: an address and a name that are missing, and the provider's word for
 * the address; none is ever taken away.
 */
async function updateUser(
  c: Ctx,
  batch: Batch,
  arrival: Arrival,
  { facts: { profile, email }, identity }: Found,
  { user, adopts }: { user: User; adopts: boolean },
): Promise<() => User | undefined> {
  const { db, now } = c.var
  const isProven = profile.isVerified && user.email === email
  const values = {
    ...(adopts
      ? {
          ...{ ...emailColumns(email), emailOrigin: 'claim' as const },
          emailVerification: profile.isVerified,
        }
      : {}),
    ...(isProven ? { emailVerification: true } : {}),
    ...(user.name === '' && profile.name !== '' ? { name: shortened(profile.name) } : {}),
  }
  const isTaken = exists(
    db
      .select(ONE)
      .from(sql`${users} other`)
      .where(sql`other.email = ${email} and other.id <> ${user.id}`),
  )
  const same = and(
    eq(users.id, user.id),
    eq(users.status, true),
    sql`${users.email} is ${user.email}`,
    adopts ? not(isTaken) : undefined,
  )
  const proof: Proof = {
    ...{ user, kind: 'email', isInside: arrival.self?.id === user.id },
    when: and(same, canLink(c, arrival, identity)) ?? sql`0`,
    ...(identity ? { identityId: identity.id } : {}),
  }
  const report = isProven ? await addRemoval(c, batch, proof) : undefined
  const updated = batch.add<User[]>(
    db
      .update(users)
      .set(touched(users, values, now))
      .where(same)
      .returning(),
  )
  if (adopts) {
    const isFree = not(exists(db.select(ONE).from(targets).where(eq(targets.identifier, email))))
    const has = exists(
      db
        .select(ONE)
        .from(users)
        .where(and(eq(users.id, user.id), eq(users.email, email))),
    )
    const target = newTarget(c, user.id, 'email', email)
    batch.add(insertIf(db, targets, target, and(isFree, has) ?? sql`0`))
  }
  return () => {
    report?.()
    return updated()[0]
  }
}

/** Holds while the account at the provider is whose it was when it was looked for. */
function canLink({ var: { db } }: Ctx, { provider, profile }: Arrival, known?: Identity) {
  const same = and(eq(identities.provider, provider), eq(identities.providerUid, profile.id))
  return known
    ? exists(
        db
          .select(ONE)
          .from(identities)
          .where(and(same, eq(identities.id, known.id), eq(identities.userId, known.userId))),
      )
    : not(exists(db.select(ONE).from(identities).where(same)))
}

/**
 * Adds to a batch what links the account to the user, or renews its tokens.
 * @returns the identity's ID
 */
async function addIdentity(
  c: Ctx,
  batch: Batch,
  { provider, profile, tokens }: Arrival,
  { facts, identity }: Found,
  userId: string,
): Promise<string> {
  const { db, now } = c.var
  const id = identity?.id ?? uniqueId(now)
  const { providerAccessToken, providerRefreshToken } = await sealTokens(c, 'identity', id, tokens)
  const access = { providerAccessToken, providerAccessTokenExpiry: tokens.accessExpiry }
  if (identity) {
    // What the provider has not given this time stays as it is, but for the address.
    const given = {
      providerEmail: facts.email,
      ...(tokens.access ? access : {}),
      ...(tokens.refresh ? { providerRefreshToken } : {}),
    }
    batch.add(
      db
        .update(identities)
        .set(touched(identities, given, now))
        .where(and(eq(identities.id, id), eq(identities.userId, userId))),
    )
    return id
  }
  const { email } = facts
  const sameAccount = db
    .select(ONE)
    .from(identities)
    .where(and(eq(identities.provider, provider), eq(identities.providerUid, profile.id)))
  const row = {
    id,
    userId,
    provider,
    providerUid: profile.id,
    providerEmail: email,
    ...access,
    providerRefreshToken,
    origin: originFor(userId),
    createdAt: now,
    updatedAt: now,
  }
  const condition = and(
    // The user still is who was found by the address, or was found signed in.
    isStill(c, userId, facts),
    isOpen(c, userId),
    not(exists(sameAccount)),
  )
  batch.add(insertIf(db, identities, row, condition ?? sql`0`))
  return id
}

/** Matches while the user has the address that it was found by. */
function isStill(
  { var: { db } }: Ctx,
  userId: string,
  { email, self, byEmail }: Facts,
): SQL | undefined {
  if (self || email === '' || byEmail?.id !== userId) return undefined
  return exists(
    db
      .select(ONE)
      .from(users)
      .where(and(eq(users.id, userId), eq(users.email, email))),
  )
}
