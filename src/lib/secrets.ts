import { hex as base16 } from '@scure/base'

/** Marks the stored form of a secret, so that a plain one cannot be stored in its place. */
export type SecretHash = string & { readonly __brand: 'SecretHash' }

/** Prints bytes as lower-case hex. */
export const hex = (bytes: ArrayBuffer | Uint8Array) => base16.encode(new Uint8Array(bytes))

/**
 * Returns a random whole number from 0 up to `count`, each as likely as any other.
 * @param count from 1 to 256
 */
export function randomIndex(count: number): number {
  // What lies above the largest multiple of the count would favour the first ones.
  const limit = 256 - (256 % count)
  for (;;) {
    for (const byte of crypto.getRandomValues(new Uint8Array(8))) {
      if (byte < limit) return byte % count
    }
  }
}

/** Returns `length` random lower-case hex characters. */
export const randomHex = (length: number) =>
  hex(crypto.getRandomValues(new Uint8Array(Math.ceil(length / 2)))).slice(0, length)

/** Hashes a high-entropy secret for storage: SHA-256, hex. Not for passwords. */
export const hashSecret = async (secret: string): Promise<SecretHash> =>
  hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))) as SecretHash

/** Compares two secrets in time that does not depend on where they differ. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const encode = new TextEncoder()
  const [x, y] = await Promise.all(
    [a, b].map((text) => crypto.subtle.digest('SHA-256', encode.encode(text))),
  )
  return x !== undefined && y !== undefined && crypto.subtle.timingSafeEqual(x, y)
}
