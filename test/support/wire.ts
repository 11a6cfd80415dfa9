import { API_VERSION } from '#/lib/version'
import { openApi, openApiPath } from '#/pipeline/openapi'
import type { AnySpec } from '#/pipeline/route'
import { OWN_ROUTES, ROUTES } from '#/routes'
import api from '#test/contract/api.json'
import ownersApi from '#test/contract/api-project.json'
import { misfits } from '#test/support/schema'
import type { Json } from '#test/support/world'

const own = openApi([...ROUTES, ...OWN_ROUTES], API_VERSION) as Json
const documents = [own, api as Json, ownersApi as Json]

const patternOf = (path: string) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`)
/** Literal paths come before those with parameters, as they do in the app. */
const routes = [...ROUTES, ...OWN_ROUTES]
  .map(({ spec }) => spec)
  .toSorted((a, b) => (a.path.replace(/:/g, '~') < b.path.replace(/:/g, '~') ? -1 : 1))
  .map((spec) => ({ spec, patterns: [spec.path, ...(spec.aliases ?? [])].map(patternOf) }))

/** Returns the route that a request is for. */
export function routeOf({ method, url }: Request): AnySpec | undefined {
  const path = new URL(url).pathname
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase()
  return routes.find(
    ({ spec, patterns }) => spec.method === asked && patterns.some((one) => one.test(path)),
  )?.spec
}

const JSON_TYPE = 'application/json; charset=UTF-8'

/** Returns the JSON schema of an answer in a document; undefined where the document has none. */
const schemaIn = (document: Json, { path, method }: AnySpec, status: number): Json =>
  document.paths[openApiPath(path)]?.[method]?.responses?.[status]?.content?.['application/json']
    ?.schema

/** What an answer without a model may be: nothing, a page, a file, or a redirect. */
function flawsOfPlain({ status, headers }: Response, text: string): string[] {
  const type = headers.get('content-type')
  if (status === 204) {
    return [
      ...(type === 'text/plain; charset=UTF-8' ? [] : [`a 204 of type ${type}`]),
      ...(text === '' ? [] : ['a 204 with a body']),
    ]
  }
  if (status >= 300) return headers.get('location') || status === 304 ? [] : ['no location']
  return type ? [] : ['no content type']
}

function flawsOfJson(spec: AnySpec, status: number, type: string | null, body: Json): string[] {
  const schemas =
    status >= 400
      ? [[own, { $ref: '#/components/schemas/error' }]]
      : documents.map((document) => [document, schemaIn(document, spec, status)])
  const found = schemas.flatMap(([document, schema]) =>
    schema ? misfits(document, schema, body) : [],
  )
  return [...(type === JSON_TYPE ? [] : [`JSON of type ${type}`]), ...found].filter(
    (flaw) => !MEANT.some((meant) => meant.test(flaw)),
  )
}

/** Differs: the secret of a key is shown once (README). */
const MEANT = [/^\$(\.keys\[\d+\])?\.secret is ""$/]

/**
 * Holds an answer to what the strictest SDK reads: a media type always, JSON that fits its model in this server's
 * document and in the contract's, nothing at all in a 204.
 * @returns what it could not read
 */
export async function flawsOf(spec: AnySpec, response: Response): Promise<string[]> {
  const { status } = response
  const type = response.headers.get('content-type')
  const bytes = await response.arrayBuffer()
  const text = new TextDecoder().decode(bytes)
  const isPage = status >= 400 && type?.startsWith('text/html')
  const isPlain = status < 400 && (status >= 204 || !spec.model)
  if (isPage) return []
  return isPlain ? flawsOfPlain(response, text) : flawsOfJson(spec, status, type, JSON.parse(text))
}
