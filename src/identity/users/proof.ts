import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Batch } from '#/db/gather'
import { type User, users } from '#/db/schema'
import { touched } from '#/db/touch'
import { announce } from '#/events/announce'
import { afterAnswer } from '#/events/dispatch'
import type { AppEnv } from '#/http/context'
import { userModel } from '#/identity/models'
import { addClaimRemoval, type Proof, type Removable } from '#/identity/users/claims'
import { openUser } from '#/identity/users/open'
import type { NoticeReason } from '#/messaging/mail/locales/locale'
import { sendNotice } from '#/messaging/mail/notice'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

const nothing = () => {}

/**
 * Adds to a batch, before what marks an address as proven, the removal of what was only claimed: at the first proof,
 * by anybody but a session of the account, unless the owner has switched it off. What the owner set stays.
 *
 * Differs: upstream removes nothing, so that whoever signs up with somebody else's address waits for them inside.
 *
 * @returns announces and mails what was removed, once the batch has run
 */
export async function addRemoval(c: Ctx, batch: Batch, proof: Proof): Promise<() => void> {
  const { user, kind } = proof
  const { policies } = await projectOf(c)
  const { isInside = c.var.self?.person.user.id === user.id } = proof
  const isProven = kind === 'email' ? user.emailVerification : user.phoneVerification
  if (isInside || isProven || !policies.removeClaims) return nothing
  const removals = addClaimRemoval(c, batch, proof)
  return () => {
    const removed = removals.flatMap(({ what, rows }) => (rows().length > 0 ? [what] : []))
    if (removed.length > 0) report(c, user, [...new Set(removed)])
  }
}

/**
 * Adds to a batch what marks an address as proven, after the removal of what was only claimed.
 * @param values what else changes in the user's row
 * @returns as {@link addRemoval}
 */
export async function addProof(
  c: Ctx,
  batch: Batch,
  proof: Proof,
  values: Parameters<typeof touched<typeof users>>[1] = {},
): Promise<() => void> {
  const { db, now } = c.var
  const { user, kind, when } = proof
  const finish = await addRemoval(c, batch, proof)
  const proven = kind === 'email' ? { emailVerification: true } : { phoneVerification: true }
  batch.add(
    db
      .update(users)
      .set(touched(users, { ...proven, ...values }, now))
      .where(and(eq(users.id, user.id), when)),
  )
  return finish
}

/** What a notice says of each. */
const REASONS: Readonly<Record<Removable, NoticeReason | undefined>> = {
  password: 'passwordRemoved',
  sessions: 'sessionsEnded',
  factors: 'factorsRemoved',
  identities: 'identitiesRemoved',
  phone: 'phoneRemoved',
  email: undefined, // nobody is left who could be mailed
}

/** Announces what was removed, and mails the user, after the answer: it waits for neither. */
function report(c: Ctx, user: User, removed: readonly Removable[]) {
  announce(c, {
    template: 'users.[userId].update.claims',
    ids: { userId: user.id },
    payload: async (view) => ({ ...userModel.wire(await openUser(c, user.id), view), removed }),
  })
  const reasons = removed.flatMap((what) => REASONS[what] ?? [])
  const email = removed.includes('email') ? null : user.email
  const notice = ['addressProven', ...reasons, 'secretsVoided'] as const
  c.executionCtx.waitUntil(afterAnswer().then(() => sendNotice(c, { ...user, email }, notice)))
}
