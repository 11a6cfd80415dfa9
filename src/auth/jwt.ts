import { sign, verify } from 'hono/jwt'

/** Signs claims as a compact HS256 JWT; the same claims always give the same text. */
export const signJwt = (claims: Record<string, unknown>, secret: string) =>
  sign(claims, secret, 'HS256')

/**
 * Verifies form, algorithm and signature, and `exp` with the leeway given.
 * @param leewaySeconds for how long after `exp` the JWT is still good
 * @returns the claims, or undefined when anything is wrong
 */
export async function verifyJwt(jwt: string, secret: string, now: Date, leewaySeconds = 0) {
  const claims = await verify(jwt, secret, {
    alg: 'HS256',
    exp: false,
    iat: false,
    nbf: false,
  }).catch(() => undefined)
  if (!claims) return
  const seconds = now.getTime() / 1000
  if (claims.exp !== undefined && !(Number(claims.exp) + leewaySeconds > seconds)) return
  if (claims.nbf !== undefined && !(Number(claims.nbf) <= seconds)) return
  return claims
}
