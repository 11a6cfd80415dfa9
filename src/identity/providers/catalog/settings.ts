import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { unseal } from '#/auth/seal'
import type { Batch } from '#/db/gather'
import { type OAuthProvider, type Variable, variables } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import {
  isCustomName,
  readCustom,
  UNSUPPORTED,
  variableOf,
} from '#/identity/providers/catalog/custom'
import type { Provider } from '#/identity/providers/catalog/provider'
import { providerRows, signInSettings } from '#/identity/providers/catalog/provider-settings'
import { PROVIDERS } from '#/identity/providers/catalog/providers'

type Ctx = Context<AppEnv>

/** A provider as the owner has set it up; one that is switched off can still renew tokens. */
export type SetUp = { provider: Provider; isEnabled: boolean }

async function fromRow(c: Ctx, row: OAuthProvider): Promise<SetUp | undefined> {
  const spec = PROVIDERS.get(row.id)
  const settings = spec && (await signInSettings({ ...row, enabled: true }, c.var.settings.SECRET))
  return settings && { provider: { ...settings, key: row.id, spec }, isEnabled: row.enabled }
}

/** Reads a project variable's value. @throws `project_provider_disabled` under another SECRET */
export async function openVariable(c: Ctx, { id, key, value }: Variable): Promise<string> {
  const text = await unseal(value, c.var.settings.SECRET, `variable:${id}`)
  if (text !== undefined) return text
  throw new ApiError(
    'project_provider_disabled',
    `The variable ${key} was sealed under another SECRET: set it again.`,
  )
}

/** Builds the statement that finds a project variable. */
export const variableRows = ({ var: { db } }: Ctx, key: string) =>
  db.select().from(variables).where(eq(variables.key, key))

/**
 * Adds to a batch what loads a provider: what the project's settings say of it, else the project variable of
 * its name.
 * @returns reads it once the batch has run; throws `general_argument_invalid` for a name that no provider has,
 * `project_provider_unsupported` for one that is not known here, and `project_provider_disabled` for one that
 * is not set up
 */
export function addProvider(c: Ctx, batch: Batch, key: string): () => Promise<SetUp> {
  const rows = batch.add(providerRows(c.var.db, key))
  const byVariable = isCustomName(key) ? batch.add(variableRows(c, variableOf(key))) : undefined
  return async () => {
    const [row] = rows()
    const setUp = row && (await fromRow(c, row))
    if (setUp) return setUp
    const [variable] = byVariable?.() ?? []
    if (variable) {
      return { provider: readCustom(key, await openVariable(c, variable)), isEnabled: true }
    }
    if (PROVIDERS.has(key)) throw new ApiError('project_provider_disabled')
    if (row || UNSUPPORTED.includes(key)) throw new ApiError('project_provider_unsupported')
    throw new ApiError(
      'general_argument_invalid',
      'Invalid `provider` param: no sign-in provider has this name.',
    )
  }
}
