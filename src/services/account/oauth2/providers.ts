import { API_PROVIDERS } from '#/services/account/oauth2/api-providers'
import { OPENID_PROVIDERS } from '#/services/account/oauth2/openid-providers'
import type { ProviderSpec } from '#/services/account/oauth2/provider'

/** Every sign-in provider that is known here, by the name that SDKs have for it (account contract 12). */
export const PROVIDERS: ReadonlyMap<string, ProviderSpec> = new Map(
  Object.entries({ ...OPENID_PROVIDERS, ...API_PROVIDERS }),
)
