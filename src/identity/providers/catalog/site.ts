import type { Context } from 'hono'
import type { AppEnv } from '#/http/context'
import type { Provider } from '#/identity/providers/catalog/provider'
import type { Site } from '#/identity/providers/protocol/authorization-code'
import { endpointsOf } from '#/identity/providers/protocol/endpoints'

/**
 * Finds out where a provider is asked; loopback may be in development alone.
 * @throws `project_provider_disabled`, `user_oauth2_provider_failure`
 */
export async function siteOf({ var: { now, settings } }: Context<AppEnv>, provider: Provider) {
  const endpoints = await endpointsOf(provider, now, settings.MAIL_OUTBOX === 'on')
  return { provider, endpoints, now } satisfies Site
}
