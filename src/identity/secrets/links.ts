import type { Context } from 'hono'
import type { Batch } from '#/db/gather'
import { platformRows, projectClients } from '#/http/clients'
import type { AppEnv } from '#/http/context'
import { printOptionalTime } from '#/http/model'
import { checkRedirect } from '#/http/origin'
import { publicUrl } from '#/http/public-url'

type Ctx = Context<AppEnv>

/**
 * Adds to a batch what is needed to check where a link leads, unless the request has read it already.
 * @returns checks it once the batch has run; throws `general_argument_invalid` for a stranger's address
 */
export function addRedirectCheck(c: Ctx, batch: Batch, url: string): () => Promise<void> {
  const platforms = c.var.clients ? undefined : batch.add(platformRows(c.var.db))
  return async () => {
    if (platforms) c.set('clients', projectClients(c, platforms()))
    await checkRedirect(c, 'url', url)
  }
}

const nameOf = (pair: string) => [...new URLSearchParams(pair).keys()][0] ?? ''

/**
 * Returns an address with parameters added to its query. Those of other names stay to the letter, as do port
 * and fragment; those of the same names are replaced.
 */
export function withQuery(address: string, params: Readonly<Record<string, string>>): string {
  const url = new URL(address)
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !Object.hasOwn(params, nameOf(pair)))
  url.search = [...kept, new URLSearchParams(params).toString()].join('&')
  return url.href
}

/** Returns the link with which somebody redeems a secret (docs/contract/account.md §5, §7). */
export const secretLink = (
  address: string,
  { userId, expiresAt }: { userId: string; expiresAt: Date | null },
  secret: string,
  more: Readonly<Record<string, string>> = {},
) => withQuery(address, { userId, secret, expire: printOptionalTime(expiresAt), ...more })

/** Returns the page of this server that ends a sign-in whose link has no address of its own. */
export const ownMagicPage = (c: Ctx) => publicUrl(c, '/auth/magic-url').href
