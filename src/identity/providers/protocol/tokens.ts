import type { Context } from 'hono'
import { seal, unseal } from '#/auth/seal'
import type { AppEnv } from '#/http/context'

type Ctx = Context<AppEnv>

/** Names what keeps the tokens of a sign-in provider. */
type Keeper = 'session' | 'identity'

/** The tokens as columns. */
type TokenColumns = { providerAccessToken: string; providerRefreshToken: string }

const context = (keeper: Keeper, what: 'access' | 'refresh', id: string) =>
  `${keeper}:${what}:${id}`

/** Seals the tokens of a sign-in provider for what keeps them. @param id of the session or identity */
export async function sealTokens(
  { var: { settings } }: Ctx,
  keeper: Keeper,
  id: string,
  tokens: { access: string; refresh: string },
): Promise<TokenColumns> {
  const [providerAccessToken, providerRefreshToken] = await Promise.all([
    seal(tokens.access, settings.SECRET, context(keeper, 'access', id)),
    seal(tokens.refresh, settings.SECRET, context(keeper, 'refresh', id)),
  ])
  return { providerAccessToken, providerRefreshToken }
}

/** Returns the tokens of a sign-in provider readable; '' for one that cannot be opened. */
export async function openTokens(
  { var: { settings } }: Ctx,
  keeper: Keeper,
  row: TokenColumns & { id: string },
): Promise<TokenColumns> {
  const [access, refresh] = await Promise.all([
    unseal(row.providerAccessToken, settings.SECRET, context(keeper, 'access', row.id)),
    unseal(row.providerRefreshToken, settings.SECRET, context(keeper, 'refresh', row.id)),
  ])
  return { providerAccessToken: access ?? '', providerRefreshToken: refresh ?? '' }
}
