import { API_PROVIDERS } from '#/identity/providers/catalog/api-providers'
import { OPENID_PROVIDERS } from '#/identity/providers/catalog/openid-providers'
import type { ProviderSpec } from '#/identity/providers/catalog/provider'

/** Every sign-in provider that is known here, by the name that SDKs have for it (docs/contract/account.md §12). */
export const PROVIDERS: ReadonlyMap<string, ProviderSpec> = new Map(
  Object.entries({ ...OPENID_PROVIDERS, ...API_PROVIDERS }),
)
