import { Secret, TOTP } from 'otpauth/slim'
import { expect } from 'vitest'
import { keptMessages } from '#/messaging/mail/outbox-store'
import type { World } from '#test/support/world'

type Headers_ = Record<string, string>

/** Returns what an authenticator shows at a moment. @param steps how many time steps later, or before */
export const codeAt = (secret: string, moment: Date, steps = 0) =>
  TOTP.generate({
    secret: Secret.fromBase32(secret),
    timestamp: moment.getTime() + steps * 30_000,
  })

/** Creates for somebody an authenticator that is not verified yet. @returns its secret */
export async function issue(w: World, headers: Headers_): Promise<string> {
  const { status, body } = await w.send('post', '/account/mfa/authenticators/totp', {}, headers)
  expect(status).toBe(200)
  return body.secret
}

/** Creates for somebody a verified authenticator; the code of this moment is used up by it. @returns its secret */
export async function enrol(w: World, headers: Headers_, moment: Date): Promise<string> {
  const secret = await issue(w, headers)
  const otp = codeAt(secret, moment)
  const { status } = await w.send('put', '/account/mfa/authenticators/totp', { otp }, headers)
  expect(status).toBe(200)
  return secret
}

/** Creates for somebody recovery codes. */
export async function recoveryCodes(w: World, headers: Headers_): Promise<string[]> {
  const { status, body } = await w.send('post', '/account/mfa/recovery-codes', {}, headers)
  expect(status).toBe(201)
  return body.recoveryCodes
}

/** Opens a challenge. @returns its ID */
export async function challenge(w: World, headers: Headers_, factor: string): Promise<string> {
  const { status, body } = await w.send('post', '/account/mfa/challenges', { factor }, headers)
  expect([status, body.type]).toEqual([201, undefined])
  return body.$id
}

/** Answers a challenge. */
export const answer = (w: World, headers: Headers_, challengeId: string, otp: string) =>
  w.send('put', '/account/mfa/challenges', { challengeId, otp }, headers)

/** Returns the newest code that was sent to somebody. */
export async function sentTo(w: World, to: string): Promise<string> {
  const message = (await keptMessages(w.db)).find((one) => one.to === to)
  const [code] = /\b\d{6}\b/.exec(message?.text ?? '') ?? []
  if (code === undefined) throw new Error(`Nothing with a code was sent to ${to}.`)
  return code
}
