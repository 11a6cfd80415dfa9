import type { Provider } from '#/identity/providers/catalog/provider'
import { type Document, parseClaims } from '#/identity/providers/protocol/answers'
import type { Endpoints } from '#/identity/providers/protocol/endpoints'
import { printId } from '#/identity/providers/protocol/profile'
import { asDouble } from '#/lib/json'

type Site = { provider: Provider; endpoints: Endpoints; now: Date }
type Granted = { claims: Document | undefined; fields: Readonly<Record<string, string>> }

/** Stands in an issuer for any tenant of Entra, whose tokens name theirs as `tid`. */
const TENANT = '{tenantid}'

/** Checks whether an ID token is of an issuer, for a client, and still good (OpenID Connect Core §3.1.3.7). */
function holds({ iss, tid, aud, exp }: Document, { provider, endpoints, now }: Site): boolean {
  const { usualIssuer } = endpoints
  if (!usualIssuer) return false
  const tenant = typeof tid === 'string' && /^[\w-]+$/.test(tid) ? tid : ''
  const audiences = Array.isArray(aud) ? aud : [aud]
  const seconds = Number(asDouble(exp) ?? 0)
  return (
    iss === usualIssuer.replace(TENANT, tenant) &&
    audiences.length === 1 &&
    audiences[0] === provider.clientId &&
    seconds * 1000 > now.getTime()
  )
}

/**
 * Returns the claims that complete a profile: of an ID token that was checked, or that came along and holds, since
 * it comes from the provider itself over TLS. Any tenant may write its own directory, so that none vouches.
 * @param document whose profile it is
 */
export function claimsBeside(
  site: Site,
  { claims, fields }: Granted,
  document: Document,
): Document {
  if (site.endpoints.issuer) return claims ?? {}
  const told = parseClaims(fields.id_token ?? '')
  const isOwn = printId(told.sub) !== '' && printId(told.sub) === printId(document.sub)
  if (!isOwn || !holds(told, site)) return {}
  const { email_verified: _, ...rest } = told
  return site.endpoints.usualIssuer?.includes(TENANT) ? rest : told
}
