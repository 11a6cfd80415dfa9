import { Secret, TOTP } from 'otpauth/slim'

const SECRET_BYTES = 64
const STEP_SECONDS = 30
/** Codes of one step before and one after are good too: clocks differ, and typing takes time (RFC 6238 §5.2). */
const STEPS_AROUND = 1

/** Makes a shared secret: Base32 of 64 random bytes, without padding (docs/contract/account.md §8). */
export const newTotpSecret = (): string => new Secret({ size: SECRET_BYTES }).base32

/** Prints a name for a label, in which a colon ends the issuer, also an encoded one (Key URI format, "Label"). */
const withoutColons = (name: string) => name.replace(/\s*:\s*/g, ' ').trim()

/**
 * Prints what authenticator apps read from a QR code (docs/contract/account.md §8). SHA-1, six digits and 30 seconds
 * are what they take where nothing else is said. Differs: upstream keeps colons in names, so that apps refuse the
 * picture or cut the name.
 * @param issuer name of the project @param label who the codes are for
 */
export function totpUri(issuer: string, label: string, secret: string): string {
  const [name, account] = [withoutColons(issuer), withoutColons(label)]
  const query = name && `issuer=${encodeURIComponent(name)}&`
  const path = [name, account].filter(Boolean).join(':')
  return `otpauth://totp/${encodeURIComponent(path)}?${query}secret=${secret}`
}

/**
 * Returns which time step a code belongs to: the present one, the one before or the one after.
 * @returns the number of the step (RFC 6238 §4.2), or undefined when the code is wrong
 */
export function stepOf(secret: string, code: string, now: Date): number | undefined {
  const timestamp = now.getTime()
  const totp = new TOTP({ secret: Secret.fromBase32(secret), period: STEP_SECONDS })
  const delta = totp.validate({ token: code, timestamp, window: STEPS_AROUND })
  return delta === null ? undefined : totp.counter({ timestamp }) + delta
}
