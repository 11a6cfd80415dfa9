import type { Route } from '#/http/route'
import * as buckets from '#/services/storage/buckets.routes'
import * as files from '#/services/storage/files.routes'
import * as previews from '#/services/storage/previews.routes'
import * as tokens from '#/services/storage/tokens.routes'

/** Lists every route of the API. */
export const ROUTES: readonly Route[] = [buckets, files, previews, tokens].flatMap((service) =>
  Object.values(service).filter(isRoute),
)

function isRoute(exported: unknown): exported is Route {
  return typeof exported === 'object' && exported !== null && 'handlers' in exported
}
