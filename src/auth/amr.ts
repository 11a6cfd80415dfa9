/** Methods that make a sign-in with a provider count as two factors (RFC 8176 §2). */
const STRONG: readonly unknown[] = ['mfa', 'otp', 'hwk', 'swk']

/** Checks whether a checked ID token says that more than one factor was shown. @param amr its claim, as sent */
export const saysMfa = (amr: unknown) =>
  Array.isArray(amr) && amr.some((one) => STRONG.includes(one))

/** The factors of a session that a sign-in with a provider opens. */
export const oauthFactors = (isMfa: boolean) => ['email', 'oauth2', ...(isMfa ? ['mfa'] : [])]
