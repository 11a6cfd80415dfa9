import { seal, unseal } from '#/auth/seal'
import type { Webhook } from '#/db/schema'

type Sealed = 'authPassword' | 'secret'

const context = (what: Sealed, id: string) => `webhook:${what}:${id}`

/** Seals a webhook's password, or the key that signs its deliveries. @param key the deployment's secret */
export const sealSecret = (what: Sealed, id: string, text: string, key: string) =>
  seal(text, key, context(what, id))

/**
 * Opens a webhook's password and the key that signs its deliveries.
 * @returns undefined when they were sealed under another secret of the deployment
 */
export async function openSecrets(
  { id, ...sealed }: Pick<Webhook, 'id' | Sealed>,
  key: string,
): Promise<Record<Sealed, string> | undefined> {
  const open = (what: Sealed) => unseal(sealed[what], key, context(what, id))
  const [authPassword, secret] = await Promise.all([open('authPassword'), open('secret')])
  return authPassword === undefined || secret === undefined ? undefined : { authPassword, secret }
}
