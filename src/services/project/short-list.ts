import type { Context } from 'hono'
import type { AppEnv } from '#/http/context'
import { queriesOf } from '#/http/list'
import type { Page } from '#/http/model'
import { parseQueries } from '#/queries/parse'

/** Holds which part of a short list is asked for. */
export type ShortListParams = { queries?: string[] | undefined; total: boolean }

/**
 * Reads the queries of a list that takes nothing but limit and offset; without a limit it is all of it
 * (docs/contract/project.md §1.5).
 * @throws `general_argument_invalid` for any other query
 */
export const sliceOf = (c: Context<AppEnv>, params: ShortListParams) =>
  parseQueries(
    queriesOf(c, params, { neverLegacy: true }),
    {},
    'offset-only',
    Number.MAX_SAFE_INTEGER,
  )

/** Cuts the part that is asked for out of a list that is there in full. Throws as {@link sliceOf}. */
export function shortPage<Row>(
  c: Context<AppEnv>,
  params: ShortListParams,
  all: readonly Row[],
): Page<Row> {
  const { limit, offset } = sliceOf(c, params)
  return { total: params.total ? all.length : 0, rows: all.slice(offset, offset + limit) }
}
