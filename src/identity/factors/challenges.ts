import { and, eq, exists, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Context } from 'hono'
import type { Person } from '#/auth/caller'
import {
  hashOneTime,
  isRedeemable,
  type OneTime,
  oneTimeRow,
  randomDigits,
  redeem,
  usable,
} from '#/auth/one-time'
import { gather } from '#/db/gather'
import { insertIf } from '#/db/insert-if'
import { type Authenticator, oneTimeSecrets, type Session, users } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { isCodeUnused, readCode, useCode } from '#/identity/factors/authenticators'
import { FACTOR_POLICIES, type Factor } from '#/identity/factors/factors'
import { CUSTOM_FACTOR, sealChallengeCode } from '#/identity/factors/stored-challenges'
import { deliver } from '#/identity/secrets/one-time'
import { addFactors, isSessionOpen } from '#/identity/sessions/session-factors'
import { trimAfterPass } from '#/identity/sessions/sessions'
import { goneMeanwhile } from '#/identity/users/self'
import { randomHex } from '#/lib/secrets'
import { mailConfigured, sendTemplate } from '#/messaging/mail/send'
import { sendSms, smsConfigured } from '#/messaging/sms/sms'
import { projectOf } from '#/project/settings'

type Ctx = Context<AppEnv>

const TTL_SECONDS = 3600
const CODE_DIGITS = 6
const PURPOSES = ['challenge'] as const

/** Refuses a factor that the owner does not allow. @throws `user_auth_method_unsupported` */
export async function checkPolicy(c: Ctx, factor: Factor) {
  const policy = FACTOR_POLICIES[factor]
  if (policy && !(await projectOf(c)).policies[policy]) {
    throw new ApiError('user_auth_method_unsupported')
  }
}

/**
 * Returns how a challenge's code reaches the user; undefined where it is sent nowhere.
 * @throws `general_phone_disabled`, `user_phone_not_found`, `user_phone_not_verified`
 * @throws `general_smtp_disabled`, `user_email_not_found`, `user_email_not_verified`
 */
function carrierOf(c: Ctx, { user }: Person, factor: Factor) {
  const { email, phone, name } = user
  if (factor === 'phone') {
    if (!smsConfigured(c)) throw new ApiError('general_phone_disabled')
    if (!phone) throw new ApiError('user_phone_not_found')
    if (!user.phoneVerification) throw new ApiError('user_phone_not_verified')
    return (otp: string) => sendSms(c, phone, otp)
  }
  if (factor === 'email') {
    if (!mailConfigured(c)) throw new ApiError('general_smtp_disabled')
    if (!email) throw new ApiError('user_email_not_found')
    if (!user.emailVerification) throw new ApiError('user_email_not_verified')
    return (otp: string) =>
      sendTemplate(c, { template: 'mfaChallenge', to: email, toName: name, variables: { otp } })
  }
  return
}

/** Factors whose code the challenge itself holds; the others are shown by what the user has. */
const hasCode = (factor: Factor) =>
  factor === 'email' || factor === 'phone' || factor === CUSTOM_FACTOR

/**
 * Challenges somebody to show a factor: stores the challenge, then sends its code where it has one.
 * @throws as {@link carrierOf}, and as the carrier does
 */
export async function issueChallenge(c: Ctx, person: Person, factor: Factor) {
  const { db, now } = c.var
  const userId = person.user.id
  const send = carrierOf(c, person, factor)
  const secret = hasCode(factor) ? randomDigits(CODE_DIGITS) : randomHex(64)
  const row = {
    ...(await oneTimeRow(c, { userId, purpose: 'challenge', ref: factor, secret })),
    expiresAt: new Date(now.getTime() + TTL_SECONDS * 1000),
  }
  const sealed = factor === CUSTOM_FACTOR ? await sealChallengeCode(c, userId, secret) : null
  // A code is void with the address that it goes to, also with one that changes at this moment.
  const { email, phone } = person.user
  const stays = db
    .select({ id: users.id })
    .from(users)
    .where(
      and(eq(users.id, userId), sql`${users.email} is ${email}`, sql`${users.phone} is ${phone}`),
    )
  const [stored] = await insertIf(db, oneTimeSecrets, { ...row, sealed }, exists(stays))
  if (!stored) throw goneMeanwhile()
  if (send) await deliver(c, row, () => send(secret))
  return row
}

/** Builds the statement that finds an open challenge of a user. */
export const findChallenge = ({ var: { db, now } }: Ctx, userId: string, id: string) =>
  db
    .select({ ref: oneTimeSecrets.ref })
    .from(oneTimeSecrets)
    .where(
      and(
        eq(oneTimeSecrets.id, id),
        eq(oneTimeSecrets.userId, userId),
        eq(oneTimeSecrets.purpose, 'challenge'),
        usable(now),
      ),
    )

/**
 * What an answer to a challenge comes to: the challenge itself, named with its code where it has one, and
 * the code of something else that is used beside it.
 */
export type Answered = {
  challenge: OneTime
  code?: { isUnused: SQL; use: (when: SQL) => BatchItem<'sqlite'> & PromiseLike<unknown> }
}

/** Reads an answer. @returns undefined when it is plainly wrong */
export async function readAnswer(
  c: Ctx,
  given: { userId: string; id: string; factor: Factor; otp: string },
  authenticator: Authenticator | undefined,
): Promise<Answered | undefined> {
  const { userId, id, factor, otp } = given
  const challenge = { userId, purposes: PURPOSES, ref: factor, id }
  if (factor === 'totp') {
    const shown = authenticator?.verified ? await readCode(c, authenticator, otp) : undefined
    return (
      shown && {
        challenge,
        code: { isUnused: isCodeUnused(c, shown), use: (when) => useCode(c, shown, when) },
      }
    )
  }
  const secretHash = await hashOneTime(otp, userId, c.var.settings.SECRET)
  if (factor !== 'recoveryCode') return { challenge: { ...challenge, secretHash } }
  const code: OneTime = { userId, purposes: ['recovery-code'], secretHash }
  return {
    challenge,
    code: { isUnused: isRedeemable(c, code), use: (when) => redeem(c, code, when) },
  }
}

/** Holds while the statement before it in its batch has changed a row (SQLite, `changes()`). */
const JUST_CHANGED = sql`changes() = 1`

/**
 * Adds the factor to the session and uses up what was shown, in one transaction: of all requests that hold the
 * same answer exactly one succeeds, and one that fails uses up nothing.
 * @returns the session, or undefined when the answer is wrong, used up or expired
 */
export async function acceptAnswer(
  c: Ctx,
  session: Session,
  factor: Factor,
  { challenge, code }: Answered,
): Promise<Session | undefined> {
  const { policies } = await projectOf(c)
  const batch = gather(c.var.db)
  const isOpen = isRedeemable(c, challenge)
  const isHere = isSessionOpen(c, session.id)
  // The session comes first, while neither is used up; then the code, while the challenge is still open.
  const when = and(isOpen, code?.isUnused)
  const rows = batch.add(addFactors(c, session.id, [factor], { challenged: true, when }))
  if (code) batch.add(code.use(sql`${isOpen} and ${isHere}`))
  batch.add(redeem(c, challenge, code ? JUST_CHANGED : isHere))
  batch.add(trimAfterPass(c, session, policies.sessionLimit))
  await batch.run()
  return rows()[0]
}
