import { and, eq, inArray, isNotNull, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Batch } from '#/db/gather'
import {
  authenticators,
  identities,
  oneTimeSecrets,
  type Purpose,
  sessions,
  targets,
  type User,
  users,
} from '#/db/schema'
import type { AppEnv } from '#/http/context'
import type { AddressKind } from '#/identity/users/addresses'
import { emailColumns, NO_PASSWORD } from '#/identity/users/new-user'
import { IS_PROVEN } from '#/identity/users/origins'

type Ctx = Context<AppEnv>

/** A proof that an address is somebody's. */
export type Proof = {
  /** As read just before. */
  user: User
  kind: AddressKind
  /** Whether a session of the account proves it; the request's own says when left out. */
  isInside?: boolean
  /** Holds, inside the batch, only if the proof counts. */
  when: SQL
  /** The secret that proves it, which stays. */
  secretId?: string
  /** The account at a sign-in provider that proves it, which stays. */
  identityId?: string
}

/** What a first proof can remove. */
export type Removable = 'password' | 'sessions' | 'factors' | 'identities' | AddressKind

/** What is removed, and the statement's rows: there are some if it was. */
export type Removal = { what: Removable; rows: () => readonly unknown[] }

/** Secrets that go with the claims; a server's tokens and team invitations are not the claimant's. */
const PENDING = [
  ...(['verification', 'verification-otp', 'recovery', 'recovery-otp', 'magic-url'] as const),
  ...(['email', 'phone', 'oauth2', 'challenge'] as const),
] as const

const ONE = { one: sql`1` }

/**
 * Holds for a first proof, in the user's row: the account's address is as it was read, and nobody has proved it.
 */
const firstProof = ({ user, kind, when }: Proof) =>
  and(
    eq(users.id, user.id),
    sql`${users[kind]} is ${user[kind]}`,
    sql`not ${kind === 'email' ? users.emailVerification : users.phoneVerification}`,
    sql`not ${IS_PROVEN}`,
    when,
  )

/** Matches what of a user's row was only claimed. */
const IN_ROW = {
  password: and(eq(users.passwordOrigin, 'claim'), isNotNull(users.passwordUpdate)),
  codes: and(eq(users.recoveryCodesOrigin, 'claim'), isNotNull(users.recoveryCodes)),
  mfa: and(eq(users.mfa, true), eq(users.mfaOrigin, 'claim')),
  email: and(eq(users.emailOrigin, 'claim'), isNotNull(users.email)),
  phone: and(eq(users.phoneOrigin, 'claim'), isNotNull(users.phone)),
}

/** Names the address that a proof says nothing of. */
const otherOf = ({ kind }: Proof): AddressKind => (kind === 'email' ? 'phone' : 'email')

/** Returns conditions on the tables that belong to a user. */
function claimsOf({ var: { db } }: Ctx, proof: Proof) {
  const isFirst = sql`exists ${db.select(ONE).from(users).where(firstProof(proof))}`
  const claimed = (table: typeof sessions | typeof identities | typeof authenticators) =>
    and(eq(table.userId, proof.user.id), eq(table.origin, 'claim'), isFirst)
  return {
    sessions: claimed(sessions),
    identities: and(claimed(identities), ne(identities.id, proof.identityId ?? '')),
    authenticators: claimed(authenticators),
  }
}

/** Returns the statement that deletes open secrets of a user. */
const dropSecrets = (
  { var: { db } }: Ctx,
  { user, secretId = '' }: Proof,
  purposes: readonly Purpose[],
  when: SQL,
) =>
  db
    .delete(oneTimeSecrets)
    .where(
      and(
        eq(oneTimeSecrets.userId, user.id),
        inArray(oneTimeSecrets.purpose, [...purposes]),
        isNull(oneTimeSecrets.usedAt),
        ne(oneTimeSecrets.id, secretId),
        when,
      ),
    )

/**
 * Adds to a batch the end of pending secrets, before their reasons go. Codes of an account on which nothing else was
 * set are the address's own, and stay.
 */
function addSecrets(c: Ctx, batch: Batch, proof: Proof) {
  const { db } = c.var
  const claims = claimsOf(c, proof)
  const inRow = (condition: SQL | undefined) =>
    sql`exists ${db
      .select(ONE)
      .from(users)
      .where(and(firstProof(proof), condition))}`
  const any = or(
    inRow(or(IN_ROW.password, IN_ROW.codes, IN_ROW.mfa, IN_ROW[otherOf(proof)])),
    sql`exists ${db.select(ONE).from(sessions).where(claims.sessions)}`,
    sql`exists ${db.select(ONE).from(identities).where(claims.identities)}`,
    sql`exists ${db.select(ONE).from(authenticators).where(claims.authenticators)}`,
  )
  batch.add(dropSecrets(c, proof, PENDING, any ?? sql`0`))
  batch.add(dropSecrets(c, proof, ['recovery-code'], inRow(IN_ROW.codes)))
}

/** Adds to a batch the end of what is claimed in the user's own row. */
function addRow({ var: { db, now } }: Ctx, batch: Batch, proof: Proof): Removal[] {
  const remove = (
    what: Removable,
    condition: SQL | undefined,
    values: Partial<typeof users.$inferInsert>,
  ): Removal => ({
    what,
    rows: batch.add(
      db
        .update(users)
        .set({ ...values, updatedAt: now })
        .where(and(firstProof(proof), condition))
        .returning({ id: users.id }),
    ),
  })
  const noPassword = { ...NO_PASSWORD, passwordHistory: [], passwordUpdate: null }
  const noPhone = { phone: null, phoneVerification: false, phoneOrigin: null }
  const noEmail = { ...emailColumns(undefined), emailVerification: false, emailOrigin: null }
  const other = otherOf(proof)
  const claimed = db
    .select({ address: users[other] })
    .from(users)
    .where(and(firstProof(proof), IN_ROW[other]))
  batch.add(
    db
      .delete(targets)
      .where(and(eq(targets.userId, proof.user.id), inArray(targets.identifier, claimed))),
  )
  return [
    remove('factors', IN_ROW.codes, { recoveryCodes: null, recoveryCodesOrigin: null }),
    remove('factors', IN_ROW.mfa, { mfa: false, mfaOrigin: null }),
    remove('password', IN_ROW.password, { ...noPassword, passwordOrigin: null }),
    remove(other, IN_ROW[other], other === 'phone' ? noPhone : noEmail),
  ]
}

/**
 * Adds to a batch the removal of all that guests and sessions set on an account before anybody proved that its
 * address is theirs. Each statement looks for itself whether this is the first proof: it comes before the statement
 * that marks the address as proven.
 */
export function addClaimRemoval(c: Ctx, batch: Batch, proof: Proof): Removal[] {
  const { db } = c.var
  const claims = claimsOf(c, proof)
  addSecrets(c, batch, proof)
  const open = db.delete(sessions).where(claims.sessions).returning({ id: sessions.id })
  const linked = db.delete(identities).where(claims.identities).returning({ id: identities.id })
  const enrolled = db
    .delete(authenticators)
    .where(claims.authenticators)
    .returning({ id: authenticators.id })
  return [
    { what: 'sessions', rows: batch.add(open) },
    { what: 'identities', rows: batch.add(linked) },
    { what: 'factors', rows: batch.add(enrolled) },
    ...addRow(c, batch, proof),
  ]
}
