import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { seal, unseal } from '#/auth/seal'
import type { Database } from '#/db'
import { type OAuthProvider, oauthProviders } from '#/db/schema'
import { type Extra, type Provider, providerOf } from '#/identity/providers/catalog/fields'
import { log } from '#/lib/log'

/** What a field of a provider can hold; `null` is a number that is not set. */
const valueSchema = z.union([z.string(), z.number(), z.null(), z.array(z.string())])
export type ProviderValue = z.output<typeof valueSchema>
export type ProviderValues = Readonly<Record<string, ProviderValue>>

/** A provider as its owner has set it up, by the names of its fields on the wire, secrets included. */
export type ProviderRow = { provider: Provider; enabled: boolean; values: ProviderValues }

const sealedSchema = z.record(z.string(), valueSchema)

const contextOf = (id: string) => `oauth2:${id}`

/** Returns what a field holds that was never set. */
function initialOf(extra: Extra): ProviderValue {
  switch (extra.kind) {
    case 'text':
    case 'url':
    case 'domain':
    case 'base':
      return ''
    case 'prompt':
      return [...extra.initial]
    case 'seconds':
      return null
  }
}

function initialValues({ idField, secretField, extras }: Provider): ProviderValues {
  return {
    [idField]: '',
    ...(secretField === undefined ? {} : { [secretField]: '' }),
    ...Object.fromEntries(Object.entries(extras).map(([name, extra]) => [name, initialOf(extra)])),
  }
}

/**
 * Reads how a provider is set up. What was sealed under another SECRET is lost: of such a provider no more
 * than its ID is known, and it is off until it is set up anew.
 * @param row what is stored of it; undefined: nothing
 * @param secret the deployment's
 */
export async function openProvider(
  provider: Provider,
  row: OAuthProvider | undefined,
  secret: string,
): Promise<ProviderRow> {
  const initial = initialValues(provider)
  if (!row) return { provider, enabled: false, values: initial }
  const sealed = await unseal(row.secret, secret, contextOf(provider.id))
  if (sealed === undefined) {
    log.error(`The settings of ${provider.id} were sealed under another SECRET.`)
    return { provider, enabled: false, values: { ...initial, [provider.idField]: row.clientId } }
  }
  const stored = sealedSchema.parse(JSON.parse(sealed))
  const values = { ...initial, ...stored, [provider.idField]: row.clientId }
  return { provider, enabled: row.enabled, values }
}

/** Seals how a provider is set up, to be stored. */
export async function sealProvider(
  { provider, enabled, values }: ProviderRow,
  secret: string,
): Promise<OAuthProvider> {
  const { [provider.idField]: clientId, ...rest } = values
  return {
    id: provider.id,
    clientId: `${clientId ?? ''}`,
    secret: await seal(JSON.stringify(rest), secret, contextOf(provider.id)),
    enabled,
  }
}

/** Checks whether a provider has all that it cannot do without (docs/contract/project.md §8.1). */
export const isComplete = ({ provider, values }: Pick<ProviderRow, 'provider' | 'values'>) =>
  provider.needs.some((fields) =>
    fields.every((field) => typeof values[field] === 'string' && values[field] !== ''),
  )

/**
 * Builds the statement that loads what is stored of a provider.
 * @param sealed loads it only as long as its settings are these
 */
export const providerRows = (db: Database, id: string, sealed?: string) =>
  db
    .select()
    .from(oauthProviders)
    .where(
      and(
        eq(oauthProviders.id, id),
        sealed === undefined ? undefined : eq(oauthProviders.secret, sealed),
      ),
    )

/** Builds the statement that stores a provider if what is stored is still `before`. */
export const storeProvider = (
  db: Database,
  before: OAuthProvider | undefined,
  after: OAuthProvider,
) =>
  before
    ? db
        .update(oauthProviders)
        .set(after)
        .where(
          and(
            eq(oauthProviders.id, before.id),
            eq(oauthProviders.clientId, before.clientId),
            eq(oauthProviders.secret, before.secret), // sealed anew each time, so never twice the same
            eq(oauthProviders.enabled, before.enabled),
          ),
        )
        .returning()
    : db.insert(oauthProviders).values(after).onConflictDoNothing().returning()

/** A provider as a sign-in needs it. `extras` holds what is set, by the names of docs/contract/account.md §12. */
export type ProviderSettings = {
  clientId: string
  clientSecret: string
  extras: Readonly<Record<string, string>>
  prompt: readonly string[]
  maxAgeSeconds: number | undefined
}

const asText = (value: ProviderValue | undefined) => (typeof value === 'string' ? value : '')

/**
 * Returns what a sign-in needs to know of a provider.
 * @param row what is stored of it
 * @param secret the deployment's
 * @returns undefined for a provider that is unknown, switched off, incomplete, or sealed under another SECRET
 */
export async function signInSettings(
  row: OAuthProvider,
  secret: string,
): Promise<ProviderSettings | undefined> {
  const provider = providerOf(row.id)
  if (!provider || !row.enabled) return
  const { values } = await openProvider(provider, row, secret)
  if (!isComplete({ provider, values })) return
  const extras = Object.entries(provider.extras).flatMap(([name, extra]) => {
    const value = 'key' in extra ? asText(values[name]) : ''
    return 'key' in extra && value !== '' ? [[extra.key, value] as const] : []
  })
  const all = Object.values(values)
  return {
    clientId: asText(values[provider.idField]),
    clientSecret: asText(values[provider.secretField ?? '']),
    extras: Object.fromEntries(extras),
    prompt: all.find((value) => Array.isArray(value)) ?? [],
    maxAgeSeconds: all.find((value) => typeof value === 'number'),
  }
}
