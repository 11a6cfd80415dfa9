import { describe, expect, test } from 'vitest'
import { API_VERSION } from '#/lib/version'
import { openApi, openApiPath } from '#/pipeline/openapi'
import { ROUTES } from '#/routes'
import api from '#test/contract/api-project.json'
import type { Json } from '#test/support/world'

const contract = api as Json
const own = openApi(ROUTES, API_VERSION) as Json

/** Errors that are meant: the README names each difference. */
const MORE_THAN_CONTRACT: Record<string, readonly string[]> = {
  // A deployment is one project.
  'project.delete': ['general_access_forbidden'],
  // A key gives no rights that it lacks.
  'project.createEphemeralKey': ['key_creation_denied'],
  'project.updateKey': ['key_creation_denied'],
  // The password was sealed under another SECRET.
  'project.createSMTPTest': ['general_smtp_disabled'],
}

/** Errors that cannot arise: a deployment always has its project, and a row goes in one statement. */
const CANNOT_ARISE = ['project_not_found', 'general_server_error', 'database_query_order_null']

/** Operations of hosted projects. */
const NOT_HERE = ['project.updateOAuth2Server']

/** Values that only SDKs know, and that are taken here. */
const TAKEN = ['project.createKey', 'project.createEphemeralKey', 'project.updateKey'].concat(
  'project.getPolicy',
)

/** Longest identifiers: the contract says 256 and refuses what has 256. */
const IDENTIFIERS = ['bundleIdentifier', 'applicationId', 'packageIdentifierName', 'packageName']

const operations = Object.entries<Json>(contract.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, operation]) => ({ path, method, operation })),
)
const service = (name: string) => name.split('.')[0] ?? ''
const served = ROUTES.map(({ spec }) => spec).filter(({ name }) =>
  ['project', 'webhooks'].includes(service(name)),
)
const services = new Set(served.map(({ name }) => service(name)))

test('every operation of these services is served, and nothing else', () => {
  const expected = operations
    .map(({ operation }) => operation.operationId)
    .filter((name) => services.has(service(name)) && !NOT_HERE.includes(name))
  expect(served.map(({ name }) => name).sort()).toEqual(expected.sort())
})

/** Reads what tells a parameter apart: type, bounds, choices, and the same of its items. */
function facts(schema: Json, name: string, operation: string): Json {
  if (schema === undefined) return undefined
  const types = [schema.type].flat().filter((type) => type !== 'null')
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, format, pattern } = schema
  const more = TAKEN.includes(operation) ? (schema['x-sdk-only-enum'] ?? []) : []
  const choices =
    schema.enum && [...schema.enum, ...more].filter((one) => one !== null && one !== '')
  return {
    types,
    ...{ minLength: minLength || undefined, minItems: minItems || undefined },
    ...{ minimum, maximum, maxItems, format, pattern },
    maxLength: IDENTIFIERS.includes(name) && maxLength === 256 ? 255 : maxLength,
    choices: choices?.sort(),
    items: facts(schema.items, name, operation),
  }
}

const shapesOf = (operation: Json, id: string) => {
  const body = operation.requestBody?.content['application/json'].schema ?? {}
  const isRequired = (name: string) => (body.required ?? []).includes(name)
  const isNullable = ({ type }: Json) => [type].flat().includes('null')
  return {
    parameters: Object.fromEntries(
      (operation.parameters ?? []).map((one: Json) => [
        `${one.in} ${one.name} ${one.required}`,
        facts(one.schema, one.name, id),
      ]),
    ),
    body: Object.fromEntries(
      Object.entries<Json>(body.properties ?? {}).map(([name, schema]) => [
        name,
        // `null` is as good as nothing for whatever may be left out (docs/contract/project.md §1.4).
        { ...facts(schema, name, id), isNullable: isRequired(name) && isNullable(schema) },
      ]),
    ),
    required: [...(body.required ?? [])].sort(),
  }
}

const modelsOf = ({ responses }: Json) =>
  Object.values<Json>(responses)
    .flatMap((response) => Object.values<Json>(response.content ?? {}))
    .flatMap(({ schema }) => (schema.oneOf ?? [schema]).map((one: Json) => one.$ref))
    .sort()

describe.each(served.map((spec) => [spec.name, spec] as const))('%s', (name, spec) => {
  const { path, method, operation } = operations.find(
    ({ operation }) => operation.operationId === name,
  ) ?? { path: '', method: '', operation: {} as Json }
  const mine = own.paths[openApiPath(spec.path)]?.[spec.method]

  test('has path, method, aliases, scopes and events of the contract', () => {
    expect([openApiPath(spec.path), spec.method]).toEqual([path, method])
    expect(mine['x-path-aliases']).toEqual(operation['x-path-aliases'])
    expect(mine['x-scopes']).toEqual(operation['x-scopes'])
    expect(mine['x-events']).toEqual(operation['x-events'])
    expect(mine['x-ratelimit']).toBeUndefined()
  })
  test('takes the parameters of the contract', () => {
    expect(shapesOf(mine, name)).toEqual(shapesOf(operation, name))
  })
  test('answers with the statuses and models of the contract', () => {
    expect(Object.keys(mine.responses)).toEqual(Object.keys(operation.responses))
    expect(modelsOf(mine)).toEqual(modelsOf(operation))
  })
  test('throws the errors of the contract', () => {
    const theirs = [...(operation['x-errors'] ?? []), ...(MORE_THAN_CONTRACT[name] ?? [])]
    const expected = theirs.filter((type) => !CANNOT_ARISE.includes(type))
    expect([...new Set<string>(spec.errors)].sort()).toEqual([...new Set(expected)].sort())
  })
})

const models = Object.keys(contract.components.schemas).filter(
  (name) => own.components.schemas[name] !== undefined && name !== 'error',
)

test('every model of the Project service is there', () => {
  const missing = Object.keys(contract.components.schemas).filter(
    (name) => !models.includes(name) && !/^(error|webhook|webhookList)$/.test(name),
  )
  expect(missing).toEqual([])
})

test.each(models)('the model %s has the fields of the contract, in their order', (name) => {
  const [mine, theirs] = [own.components.schemas[name], contract.components.schemas[name]]
  const items = (schema: Json) =>
    (schema?.oneOf ?? [schema]).map((one: Json) => one?.$ref ?? one?.type).sort()
  const shape = (schema: Json) =>
    Object.entries<Json>(schema.properties)
      .filter(([, value]) => value['x-status'] !== 'sdk-only')
      .filter(([key]) => key !== 'onboarding') // one of two shapes; strict SDKs read an object
      .map(([key, value]) => [
        key,
        value.type ?? (typeof value.const === 'string' ? 'string' : undefined),
        items(value.items),
      ])
  expect(shape(mine)).toEqual(shape(theirs))
  const optional = Object.entries<Json>(theirs.properties)
    .filter(([, value]) => value['x-status'] === 'wire-only')
    .map(([key]) => key)
  expect([...mine.required].sort()).toEqual([...theirs.required, ...optional].sort())
})
