import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Person } from '#/auth/caller'
import { usable } from '#/auth/one-time'
import { proofsOf } from '#/auth/session-proofs'
import { oneTimeSecrets, type Session } from '#/db/schema'
import type { AppEnv } from '#/http/context'
import { mailerOf } from '#/messaging/mail/mailer'
import { smsConfigured } from '#/messaging/sms/sms'
import { DEFAULT_SETTINGS, type PolicyName } from '#/project/settings'

type Ctx = Context<AppEnv>

/** What somebody can be challenged to show (docs/contract/account.md §8). */
export const FACTORS = ['email', 'phone', 'totp', 'recoveryCode', 'custom'] as const
export type Factor = (typeof FACTORS)[number]

/** Of each factor whether it can be shown. */
export type Factors = Record<Factor, boolean>

/** The policy that allows a factor; recovery codes are always allowed. */
export const FACTOR_POLICIES: Record<Factor, PolicyName | undefined> = {
  email: 'factorEmail',
  phone: 'factorPhone',
  totp: 'factorTotp',
  recoveryCode: undefined,
  custom: 'factorCustom',
}

/** What decides which second factors somebody has. */
export type FactorOwner = Pick<Person, 'hasTotp'> & {
  user: Pick<Person['user'], 'email' | 'emailVerification' | 'phone' | 'phoneVerification'>
}

const canMail = ({ env, var: { settings, db, project } }: Ctx) =>
  project?.smtp.enabled === true || mailerOf(env, settings, db) !== undefined

/**
 * Returns which second factors somebody can show now: those that they have and have proved, that the owner
 * allows and whose codes can be sent. The gate, the list and the challenge all go by it. Differs: upstream's
 * gate also asks for factors that policies switch off and for addresses that are gone.
 * @param recoveryCode whether unused recovery codes exist
 */
export function factorsOf(c: Ctx, { user, hasTotp }: FactorOwner, recoveryCode = false): Factors {
  const { policies } = c.var.project ?? DEFAULT_SETTINGS
  return {
    totp: policies.factorTotp && hasTotp,
    phone:
      policies.factorPhone && Boolean(user.phone) && user.phoneVerification && smsConfigured(c),
    email: policies.factorEmail && Boolean(user.email) && user.emailVerification && canMail(c),
    recoveryCode,
    custom: policies.factorCustom,
  }
}

/**
 * Checks whether a session must show one more factor before it may act for a person: only where the person can
 * show one that the session has not shown. Recovery codes stand in for a factor and are none to ask for.
 */
export function lacksFactor(
  c: Ctx,
  person: Person,
  { factors }: Pick<Session, 'factors'>,
): boolean {
  const shown = proofsOf(factors)
  if (!person.user.mfa || shown.length > 1) return false
  const can = factorsOf(c, person)
  return FACTORS.some((factor) => can[factor] && !shown.includes(factor))
}

/** Checks whether somebody can show any second factor at all; recovery codes are looked for where nothing else is. */
export async function canShowAny(c: Ctx, person: Person): Promise<boolean> {
  if (Object.values(factorsOf(c, person)).includes(true)) return true
  if (!person.user.recoveryCodes) return false
  const { db, now } = c.var
  const codes = await db
    .select({ id: oneTimeSecrets.id })
    .from(oneTimeSecrets)
    .where(
      and(
        eq(oneTimeSecrets.userId, person.user.id),
        eq(oneTimeSecrets.purpose, 'recovery-code'),
        usable(now),
      ),
    )
    .limit(1)
  return codes.length > 0
}
