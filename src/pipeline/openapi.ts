import { z } from 'zod'
import { ERRORS, type ErrorType } from '#/errors'
import type { Model } from '#/http/model'
import { exampleBody, exampleOf } from '#/pipeline/examples'
import type { AnySpec, Route } from '#/pipeline/route'

type Json = Record<string, unknown>

const serviceOf = ({ name }: AnySpec) => name.slice(0, name.indexOf('.'))

/** Types that any route may answer with, before its handler runs. */
const GENERAL: readonly ErrorType[] = [
  'general_argument_invalid',
  'general_rate_limit_exceeded',
  'general_unauthorized_scope',
  'general_unknown',
  'general_unknown_origin',
  'project_id_missing',
  'project_key_expired',
  'project_not_found',
  'user_unauthorized',
]

const ERROR_SCHEMA = {
  type: 'object',
  properties: {
    message: { type: 'string' },
    code: { type: 'integer' },
    type: { type: 'string', enum: Object.keys(ERRORS) },
    version: { type: 'string' },
    requestId: { type: 'string', description: 'of a 5xx: names the request in the log' },
  },
  required: ['message', 'code', 'type', 'version'],
  additionalProperties: false,
}

/** Writes "this or null" as one schema of two types, as the contract does. */
function foldNull(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(foldNull)
  const folded = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, foldNull(value)]),
  )
  const [only, ...others] = Array.isArray(folded.anyOf)
    ? folded.anyOf.filter(({ type }: Json) => type !== 'null')
    : []
  if (!only || others.length > 0 || !only.type) return folded
  const { anyOf: _, ...rest } = folded
  return { ...only, ...rest, type: [only.type, 'null'].flat() }
}

/**
 * Prints a parameter or model as JSON Schema; `wire` metadata says what a looser parser stands for, `fallback` what
 * is taken for a parameter that is left out.
 */
const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: printed }) => {
      const { wire, description, examples, fallback } = z.globalRegistry.get(zodSchema) ?? {}
      if (wire) {
        for (const key of Object.keys(printed)) delete printed[key as keyof typeof printed]
        Object.assign(printed, wire)
        if (description) printed.description = description
        if (Array.isArray(examples)) printed.examples = examples
      }
      delete printed.fallback
      if (fallback !== undefined) printed.default = fallback
    },
  })
  return foldNull(rest) as Json
}

const properties = (schema: z.ZodObject) => {
  const { properties, required } = jsonSchema(schema, 'input') as {
    properties: Record<string, Json>
    required?: string[]
  }
  return { properties: properties ?? {}, required: required ?? [] }
}

const parameters = (place: 'path' | 'query', schema: z.ZodObject | undefined) => {
  if (!schema) return []
  const shape = properties(schema)
  return Object.entries(shape.properties).map(([name, { description, ...parameter }]) => ({
    name,
    in: place,
    description,
    required: place === 'path' || shape.required.includes(name),
    schema: parameter,
  }))
}

/** Lists the headers that operations take beside those of every request, with what each is for. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-range': 'Which bytes of the whole file this chunk is: `bytes START-END/TOTAL`.',
  range: 'Which bytes to send: one range, also open-ended or a suffix.',
  'x-appwrite-id': "ID of the file that this chunk continues, from the first chunk's answer.",
}

const headers = (names: readonly string[] = []) =>
  names.map((name) => ({
    name,
    in: 'header',
    description: HEADERS[name],
    required: false,
    schema: { type: 'string' },
  }))

function requestBody({ input, streamed }: AnySpec): Json {
  if (streamed) {
    const { properties: fields, required } = properties(streamed.shape)
    const description = 'The file, with its name, or one chunk of it.'
    const file = { [streamed.file]: { type: 'string', format: 'binary', description } }
    const schema = {
      type: 'object',
      properties: { ...fields, ...file },
      required: [...required, streamed.file],
    }
    return { requestBody: { required: true, content: { [streamed.contentType]: { schema } } } }
  }
  if (!input.body) return {}
  const { properties: fields, required } = properties(input.body)
  const schema = {
    type: 'object',
    properties: fields,
    ...(required.length > 0 ? { required } : {}),
  }
  const example = exampleBody(fields, required)
  return {
    requestBody: {
      required: required.length > 0,
      content: { 'application/json': { schema, example } },
    },
  }
}

const reference = ({ name, variants }: Pick<Model<never>, 'name' | 'variants'>): Json =>
  variants ? { oneOf: variants.map(reference) } : { $ref: `#/components/schemas/${name}` }

/** Returns the schema of an answer that is not JSON: text, or else bytes. */
const bytesOr = (type: string): Json =>
  type.startsWith('text/') ? { type: 'string' } : { type: 'string', format: 'binary' }

/** Refers to an example of each model that an answer can be. */
const shown = ({ name, variants }: Pick<Model<never>, 'name' | 'variants'>): Json =>
  Object.fromEntries(
    (variants ?? [{ name }]).map((one) => [
      one.name,
      { $ref: `#/components/examples/${one.name}` },
    ]),
  )

function success(spec: AnySpec): Json {
  const content = spec.model
    ? { 'application/json': { schema: reference(spec.model), examples: shown(spec.model) } }
    : spec.produces
      ? { [spec.produces]: { schema: bytesOr(spec.produces) } }
      : undefined
  const statuses = typeof spec.status === 'number' ? [spec.status] : spec.status
  return Object.fromEntries(
    statuses.map((status) => [status, { description: 'Success', ...(content ? { content } : {}) }]),
  )
}

/** Describes the services, by the first part of their operations' names. */
const SERVICES: Readonly<Record<string, string>> = {
  storage: 'Buckets and the files in them: uploads, downloads and previews of images.',
  tokens: 'Secrets that each open one file to whoever holds them.',
  account:
    'What people do with their own account: sign up, sign in, prove an address, add a factor.',
  users: 'What a server does with the users of the project, for API keys.',
  teams: 'Teams, invitations and memberships, from which roles follow.',
  project: "The project's settings, policies, keys, platforms and mail, for API keys.",
  webhooks: 'Addresses that hear of what happens in the project, for API keys.',
  ping: 'Whether the project can be reached.',
  health: 'Which version of the API is spoken.',
}

const tags = (routes: readonly Route[]) =>
  [...new Set(routes.map(({ spec }) => serviceOf(spec)))].map((name) => ({
    name,
    description: SERVICES[name],
  }))

/** Returns the path as OpenAPI writes it, without the version prefix. */
export const openApiPath = (path: string) => path.replace('/v1', '').replace(/:(\w+)/g, '{$1}')

const operation = (spec: AnySpec): Json => ({
  operationId: spec.name,
  summary: spec.summary,
  description: spec.description,
  tags: [serviceOf(spec)],
  parameters: [
    ...parameters('path', spec.input.param),
    ...parameters('query', spec.input.query),
    ...headers(spec.headers),
  ],
  ...requestBody(spec),
  responses: { ...success(spec), default: { $ref: '#/components/responses/Error' } },
  'x-scopes': spec.scopes,
  ...(spec.limit
    ? {
        'x-ratelimit': {
          limit: spec.limit.limit,
          window: spec.limit.windowSeconds,
          key: spec.limit.keys,
          ...(spec.limit.networkLimit ? { networkLimit: spec.limit.networkLimit } : {}),
          ...(spec.limit.resetOn ? { resetOn: spec.limit.resetOn } : {}),
        },
      }
    : {}),
  ...(spec.event ? { 'x-events': [spec.event].flat() } : {}),
  ...(spec.aliases ? { 'x-path-aliases': spec.aliases.map(openApiPath) } : {}),
  'x-errors': spec.errors.map((type) => ({
    type,
    status: ERRORS[type][0],
    message: ERRORS[type][1],
  })),
})

/** Returns the models of all routes and of the lists' items, by name. */
function schemas(routes: readonly Route[]): Record<string, Json> {
  const found: Record<string, Json> = { error: ERROR_SCHEMA }
  for (const { spec } of routes) {
    if (!spec.model) continue
    const { $defs, ...schema } = jsonSchema(spec.model.schema, 'output') as { $defs?: Json }
    Object.assign(found, $defs)
    if (spec.model.variants) continue
    found[spec.model.name] = JSON.parse(
      JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/'),
    )
  }
  for (const schema of Object.values(found)) delete schema.id
  return found
}

/** Returns an example of each model. */
const examples = (models: Record<string, Json>): Json =>
  Object.fromEntries(
    Object.entries(models).map(([name, schema]) => [
      name,
      { value: exampleOf(name, schema, models) },
    ]),
  )

/** Builds the OpenAPI 3.1 document of the routes; nothing in it is written twice. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const { spec } of routes) {
    const path = openApiPath(spec.path)
    paths[path] = { ...paths[path], [spec.method]: operation(spec) }
  }
  const models = schemas(routes)
  return {
    openapi: '3.1.0',
    info: { title: 'Edgewrite', version },
    servers: [{ url: '/v1' }],
    tags: tags(routes),
    paths,
    components: {
      schemas: models,
      examples: examples(models),
      responses: {
        Error: {
          description: `An error. Any route may answer: ${GENERAL.join(', ')}.`,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/error' } } },
        },
      },
      securitySchemes: {
        Project: { type: 'apiKey', name: 'X-Appwrite-Project', in: 'header' },
        Key: { type: 'apiKey', name: 'X-Appwrite-Key', in: 'header' },
      },
    },
    security: [{ Project: [], Key: [] }, { Project: [] }],
  }
}
