import { z } from 'zod'
import { choiceModel, listModel, type Model, model } from '#/http/model'
import { type Extra, PROVIDERS, type Provider } from '#/identity/providers/catalog/fields'
import type { ProviderRow, ProviderValue } from '#/identity/providers/catalog/provider-settings'

const nameOf = ({ model, sdk }: Provider) => `oAuth2${model ?? sdk}`

/** Returns the shape of a field as answers show it. */
function shown(extra: Extra): z.ZodType<ProviderValue> {
  switch (extra.kind) {
    case 'text':
      return extra.hidden ? z.literal('') : z.string()
    case 'url':
    case 'domain':
    case 'base':
      return z.string()
    case 'prompt':
      return z.array(z.enum(extra.choices))
    case 'seconds':
      return z.int().nullable()
  }
}

const isHidden = ({ secretField, extras }: Provider, field: string) => {
  const extra = extras[field]
  return field === secretField || (extra?.kind === 'text' && extra.hidden === true)
}

/** Makes the model that providers with the same fields share. */
function providerModelOf(
  name: string,
  alike: readonly Provider[],
): Model<ProviderRow, z.ZodObject> {
  const { idField, secretField, extras } = alike[0] ?? { idField: '', secretField: '', extras: {} }
  const shape: z.ZodRawShape = {
    $id: z.enum(alike.map(({ id }) => id)),
    enabled: z.boolean(),
    [idField]: z.string(),
    ...(secretField === undefined ? {} : { [secretField]: z.literal('') }),
    ...Object.fromEntries(Object.entries(extras).map(([field, extra]) => [field, shown(extra)])),
  }
  return model(name, shape, ({ provider, enabled, values }: ProviderRow) => ({
    $id: provider.id,
    enabled,
    ...Object.fromEntries(
      Object.entries(values).map(([field, value]) => [
        field,
        isHidden(provider, field) ? '' : value,
      ]),
    ),
  }))
}

const models = new Map(
  [...Map.groupBy(PROVIDERS, nameOf)].map(([name, alike]) => [name, providerModelOf(name, alike)]),
)

/** Returns the model of a provider. */
export function providerModelFor(provider: Provider): Model<ProviderRow> {
  const found = models.get(nameOf(provider))
  if (!found) throw new Error(`The provider ${provider.id} has no model.`)
  return found
}

/** docs/contract/project.md §8.1. Secrets are never shown. */
export const providerModel = choiceModel('$id', [...models.values()], ({ provider }) =>
  providerModelFor(provider),
)
export const providerListModel = listModel('oAuth2ProviderList', 'providers', providerModel)
