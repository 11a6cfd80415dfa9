import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { z } from 'zod'
import { oauthProviders } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { described, looseInteger, optional } from '#/http/params'
import { plainText } from '#/identity/params'
import {
  type Extra,
  PROVIDERS,
  type Provider,
  providerOf,
} from '#/identity/providers/catalog/fields'
import {
  isComplete,
  openProvider,
  type ProviderRow,
  type ProviderValue,
  providerRows,
  sealProvider,
  storeProvider,
} from '#/identity/providers/catalog/provider-settings'
import { asBase, isReachable } from '#/lib/provider-address'
import { parseUrl } from '#/lib/url'
import { hostname, onConsole, orEmpty, pageParams, strict } from '#/pipeline/fields'
import { type Route, route } from '#/pipeline/route'
import { isKnownClient } from '#/services/project/provider-check'
import {
  providerListModel,
  providerModel,
  providerModelFor,
} from '#/services/project/provider-models'
import { retrying } from '#/services/project/retry'
import { shortPage } from '#/services/project/short-list'
import { stampProject } from '#/services/project/store'

type Ctx = Context<AppEnv>

const PATH = '/v1/project/oauth2'
const LONGEST_ID = 256
const LONGEST_SECRET = 512

/** Providers that SDKs name and that cannot be set up. */
const UNSUPPORTED = ['yammer', 'mock', 'mock-unverified']

export const listOAuth2Providers = route(
  {
    name: 'project.listOAuth2Providers',
    summary: 'List sign-in providers',
    description:
      'Lists all sign-in providers, set up or not, without their secrets. API keys only.',
    method: 'get',
    path: PATH,
    scopes: ['project.oauth2.read'],
    onConsole,
    input: { query: z.object(pageParams) },
    status: 200,
    model: providerListModel,
    errors: ['general_query_invalid'],
  },
  async (c, params) => {
    const { total, rows: providers } = shortPage(c, params, PROVIDERS)
    const stored = new Map(
      (await c.var.db.select().from(oauthProviders)).map((row) => [row.id, row]),
    )
    const rows = providers.map((one) =>
      openProvider(one, stored.get(one.id), c.var.settings.SECRET),
    )
    return { total, rows: await Promise.all(rows) }
  },
)

export const getOAuth2Provider = route(
  {
    name: 'project.getOAuth2Provider',
    summary: 'Get a sign-in provider',
    description: 'Returns the settings of a sign-in provider, without its secrets. API keys only.',
    method: 'get',
    path: `${PATH}/:providerId`,
    scopes: ['project.oauth2.read'],
    onConsole,
    input: {
      param: z.object({
        providerId: described(
          z.enum([...PROVIDERS.map(({ id }) => id), ...UNSUPPORTED]),
          'Key of the sign-in provider.',
        ),
      }),
    },
    status: 200,
    model: providerModel,
    errors: ['project_provider_unsupported'],
  },
  async (c, { providerId }) => {
    const provider = providerOf(providerId)
    if (!provider) throw new ApiError('project_provider_unsupported')
    const [row] = await providerRows(c.var.db, providerId)
    return openProvider(provider, row, c.var.settings.SECRET)
  },
)

const isWeb = (text: string) => /^https?:\/\//i.test(text) && parseUrl(text) !== undefined

const url = z.string().refine(isWeb, 'must be an http or https address')

/**
 * Checks whether a sign-in could go to an address, on loopback in development alone. Differs: upstream takes
 * addresses that it can reach nothing at.
 */
const isUsable = (text: string) => isReachable(text, true)
/** Checks the same of where addresses begin; a name of one label is left to the sign-in, which says what is wrong. */
const isUsableBase = (text: string) => /^(?:[a-z0-9-]*)$/i.test(text) || isUsable(asBase(text))
const UNUSABLE = 'must be an https address on the public internet'

/** What a field may be changed to. */
function accepted(extra: Extra): z.ZodType<ProviderValue> {
  switch (extra.kind) {
    case 'text':
      return plainText(extra.max, 0)
    case 'base':
      return plainText(extra.max, 0)
        .refine(isUsableBase, UNUSABLE)
        .meta({ wire: { type: 'string', maxLength: extra.max } })
    case 'url':
      return orEmpty(url.refine(isUsable, UNUSABLE))
    case 'domain':
      return orEmpty(hostname.refine(isUsableBase, UNUSABLE))
    case 'prompt':
      return z
        .array(z.enum(extra.choices))
        .min(extra.least)
        .max(extra.choices.length)
        .refine((all) => all.length < 2 || !all.includes('none'), 'none goes with nothing else')
    case 'seconds':
      return looseInteger(0, Number.MAX_SAFE_INTEGER).meta({
        wire: { type: 'integer', minimum: 0, 'x-loose': true },
      })
  }
}

/** Describes the settings beside ID and secret, by the names of their fields. */
const EXTRAS: Readonly<Record<string, string>> = {
  authorizationServerId: 'ID of the authorization server, if it is not the default one.',
  authorizationURL: 'Address that users are sent to.',
  domain: 'Domain of the organisation.',
  endpoint: 'Address of the installation.',
  keyId: 'ID of the private key.',
  maxAge: 'Seconds after which the provider asks for the credentials again.',
  p8File: 'Text of the `.p8` file with the private key, which is never shown.',
  prompt: 'What the provider asks its users for each time.',
  realmName: 'Name of the realm.',
  teamId: 'ID of the developer team.',
  tenant: 'Tenant whose users may sign in.',
  tokenURL: 'Address that codes are redeemed at.',
  userInfoURL: 'Address that tells who the user is.',
  wellKnownURL: 'Address of the discovery document.',
}

/** Names providers for people, by the SDKs' names, where those are others. */
const TITLES: Readonly<Record<string, string>> = {
  Gitlab: 'GitLab',
  HuggingFace: 'Hugging Face',
  Linkedin: 'LinkedIn',
  Oidc: 'OpenID Connect',
  Paypal: 'PayPal',
  PaypalSandbox: 'the PayPal sandbox',
  TradeshiftSandbox: 'the Tradeshift sandbox',
}

/** Lists what a provider cannot do without. */
const needsOf = ({ needs }: Provider) =>
  needs.map((fields) => fields.map((field) => `\`${field}\``).join(', ')).join('; or ')

const titleOf = ({ sdk }: Provider) => TITLES[sdk] ?? sdk

const bodyOf = (provider: Provider) => {
  const { idField, secretField, extras } = provider
  const secret = described(
    optional(plainText(LONGEST_SECRET, 0)),
    `Secret of the client at ${titleOf(provider)}, which is never shown.`,
  )
  return z.object({
    [idField]: described(
      optional(plainText(LONGEST_ID, 0)),
      `ID of the client at ${titleOf(provider)}.`,
    ),
    ...(secretField === undefined ? {} : { [secretField]: secret }),
    ...Object.fromEntries(
      Object.entries(extras).map(([field, extra]) => [
        field,
        described(optional(accepted(extra)), EXTRAS[field] ?? ''),
      ]),
    ),
    enabled: described(
      optional(strict),
      'Whether users can sign in with it; left out, it is on once it has all that it needs.',
    ),
  })
}

/**
 * Decides whether a provider is on after a change. Whoever sends credentials alone switches it on if they
 * will do (docs/contract/project.md §8.2). Differs: one that is no longer complete is switched off.
 * @param asked what the request says
 * @throws `general_argument_invalid` when it is to be on and cannot be
 */
async function isEnabled(after: ProviderRow, asked: boolean | undefined): Promise<boolean> {
  if (asked === false) return false
  const { provider, values } = after
  const complete = isComplete(after)
  const [id, secret] = [values[provider.idField], values[provider.secretField ?? '']]
  if (complete && (await isKnownClient(provider.id, `${id ?? ''}`, `${secret ?? ''}`))) return true
  if (asked) {
    throw new ApiError(
      'general_argument_invalid',
      complete
        ? `${provider.sdk} does not know this client, or could not be asked.`
        : `${provider.sdk} needs ${needsOf(provider)}.`,
    )
  }
  return complete && after.enabled
}

/** Changes a provider; undefined where somebody else has changed it meanwhile. */
async function change(c: Ctx, provider: Provider, given: Record<string, unknown>) {
  const { db, now, settings } = c.var
  const [before] = await providerRows(db, provider.id)
  const { values, enabled } = await openProvider(provider, before, settings.SECRET)
  const changed = Object.entries(given).filter(
    ([name, value]) => name in values && value !== undefined,
  ) as [string, ProviderValue][] // which the body's schema has checked
  const after = { provider, enabled, values: { ...values, ...Object.fromEntries(changed) } }
  const asked = typeof given.enabled === 'boolean' ? given.enabled : undefined
  const row = { ...after, enabled: await isEnabled(after, asked) }
  const isSame = JSON.stringify([row.enabled, row.values]) === JSON.stringify([enabled, values])
  if (isSame) return row
  const sealed = await sealProvider(row, settings.SECRET)
  const isStored = sql`exists ${providerRows(db, provider.id, sealed.secret)}`
  const [[stored]] = await db.batch([
    storeProvider(db, before, sealed),
    stampProject(db, now, isStored),
  ])
  return stored && row
}

/** Makes the route that changes a provider. */
const updateProvider = (provider: Provider): Route =>
  route(
    {
      name: `project.updateOAuth2${provider.sdk}`,
      summary: `Set up sign-in with ${titleOf(provider)}`,
      description: `Changes the settings of sign-in with ${titleOf(provider)}; what is left out stays. API keys only. It needs ${needsOf(provider)}.`,
      method: 'patch',
      path: `${PATH}/${provider.id}`,
      scopes: ['project.oauth2.write'],
      event: 'oauth2.[providerId].update',
      onConsole,
      input: { body: bodyOf(provider) },
      status: 200,
      model: providerModelFor(provider),
      errors: ['general_argument_invalid'],
    },
    (c, given) => retrying(() => change(c, provider, given)),
  )

/** One route for each provider. */
export const updates = PROVIDERS.map(updateProvider)
