import type { Context } from 'hono'
import type { AppEnv } from '#/env'
import { endpointsOf } from '#/services/account/oauth2/endpoints'
import type { Site } from '#/services/account/oauth2/protocol'
import type { Provider } from '#/services/account/oauth2/provider'

/**
 * Finds out where a provider is asked; loopback may be in development alone.
 * @throws `project_provider_disabled`, `user_oauth2_provider_failure`
 */
export async function siteOf({ var: { now, settings } }: Context<AppEnv>, provider: Provider) {
  const endpoints = await endpointsOf(provider, now, settings.MAIL_OUTBOX === 'on')
  return { provider, endpoints, now } satisfies Site
}
