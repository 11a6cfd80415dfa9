import { describe, expect, test } from 'vitest'
import { API_VERSION } from '#/lib/version'
import { openApi, openApiPath } from '#/pipeline/openapi'
import { ROUTES } from '#/routes'
import type { Json } from '#test/support/world'

const own = openApi(ROUTES, API_VERSION) as Json

const serviceOf = ({ name }: { name: string }) => name.slice(0, name.indexOf('.'))
const specs = ROUTES.map(({ spec }) => spec)

/** Lists the parameters of an operation with their descriptions, wherever they stand. */
const described = ({ parameters, requestBody }: Json): [string, string | undefined][] => [
  ...parameters.map(({ name, description }: Json) => [name, description]),
  ...Object.values<Json>(requestBody?.content ?? {}).flatMap(({ schema }) =>
    Object.entries<Json>(schema.properties).map(([name, { description }]) => [name, description]),
  ),
]

/** Checks whether a text is made of one to three sentences. */
const isProse = (text: string | undefined) =>
  text !== undefined &&
  /^[A-Z“"`].*\.$/su.test(text) &&
  (text.match(/\.(?=\s|$)/g) ?? []).length <= 4

describe.each(specs.map((spec) => [spec.name, spec] as const))('%s', (_, spec) => {
  const operation = own.paths[openApiPath(spec.path)][spec.method]

  test('has a summary of one line', () => {
    expect(spec.summary).toMatch(/^[A-Z][^\n]{4,59}$/)
    expect(spec.summary).not.toMatch(/[.!?\s]$/)
    expect(operation.summary).toBe(spec.summary)
  })
  test('has a description that says more than its summary', () => {
    expect(spec.description).toSatisfy(isProse)
    expect(spec.description?.length).toBeGreaterThan(spec.summary?.length ?? 0)
    expect(operation.description).toBe(spec.description)
  })
  test('describes each parameter', () => {
    const bare = described(operation).filter(
      ([name, text]) => !text?.endsWith('.') || text.toLowerCase() === `${name.toLowerCase()}.`,
    )
    expect(bare).toEqual([])
  })
})

test('no two operations of a service have the same summary', () => {
  const seen = specs.map((spec) => `${serviceOf(spec)}: ${spec.summary}`)
  expect(seen.filter((summary, at) => seen.indexOf(summary) !== at)).toEqual([])
})

test('every service is described', () => {
  const services = [...new Set(ROUTES.map(({ spec }) => serviceOf(spec)))]
  expect(own.tags.map(({ name }: Json) => name)).toEqual(services)
  for (const { description } of own.tags) expect(description).toMatch(/^[A-Z].+\.$/)
})
