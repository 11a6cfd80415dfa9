import { describe, expect, test } from 'vitest'
import { importHash } from '#/identity/passwords'
import { API_VERSION } from '#/lib/version'
import { openApi, openApiPath } from '#/pipeline/openapi'
import { ROUTES } from '#/routes'
import type { Json } from '#test/support/world'

const own = openApi(ROUTES, API_VERSION) as Json
const specs = ROUTES.map(({ spec }) => [spec.name, spec] as const)
const operationOf = ({ path, method }: { path: string; method: string }) =>
  own.paths[openApiPath(path)][method]
const bodyOf = (spec: { path: string; method: string }) =>
  operationOf(spec).requestBody.content['application/json'].example

describe('the example of a body is taken by', () => {
  test.each(specs.filter(([, { input }]) => input.body))('%s', (_, spec) => {
    expect(spec.input.body?.safeParse(bodyOf(spec)).error?.issues ?? []).toEqual([])
  })
})

describe('the example of an answer is one of the model of', () => {
  test.each(specs.filter(([, { model }]) => model))('%s', (_, spec) => {
    const [answer] = Object.values<Json>(operationOf(spec).responses)
    const names = Object.keys(answer.content['application/json'].examples)
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const example = own.components.examples[name].value
      expect(spec.model?.schema.safeParse(example).error?.issues ?? []).toEqual([])
    }
  })
})

const imports = ROUTES.map(({ spec }) => spec).filter(({ path }) =>
  /^\/v1\/users\/(argon2|bcrypt|md5|phpass|sha|scrypt|scrypt-modified)$/.test(path),
)

test('the example of each import is a hash of its kind', () => {
  expect(imports).toHaveLength(7)
  for (const spec of imports) {
    const kind = spec.path.slice('/v1/users/'.length) as Parameters<typeof importHash>[0]
    expect(importHash(kind, bodyOf(spec)).password).toBe(bodyOf(spec).password)
  }
})
