import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '#/http/context'
import { API_VERSION } from '#/lib/version'
import { openApi } from '#/pipeline/openapi'
import type { Route } from '#/pipeline/route'

type Schema = Readonly<Record<string, unknown>> & {
  type?: string | readonly string[]
  $ref?: string
  items?: Schema
  enum?: readonly unknown[]
  description?: string
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
}
type Media = Readonly<
  Record<
    string,
    { schema: Schema; example?: unknown; examples?: Readonly<Record<string, { $ref: string }>> }
  >
>
type Parameter = {
  name: string
  in: string
  description?: string
  required: boolean
  schema: Schema
}
type Failure = { type: string; status: number; message: string }
type Operation = {
  operationId: string
  summary: string
  description: string
  tags: readonly string[]
  parameters: readonly Parameter[]
  requestBody?: { content: Media }
  responses: Readonly<Record<string, { description?: string; content?: Media }>>
  'x-scopes': readonly string[]
  'x-ratelimit'?: { limit: number; window: number }
  'x-errors': readonly Failure[]
}
type Document = {
  tags: readonly { name: string; description: string }[]
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  components: {
    schemas: Readonly<Record<string, Schema>>
    examples: Readonly<Record<string, { value: unknown }>>
  }
}

const STYLE = raw(`<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem }
  h2 { margin-top: 2.5rem; text-transform: capitalize }
  nav a { margin-right: 1rem; text-transform: capitalize }
  a { color: #c2531c }
  details { border: 1px solid #8884; border-radius: .5rem; margin: .5rem 0; padding: .5rem .9rem }
  summary { cursor: pointer; overflow-wrap: anywhere }
  summary b { display: inline-block; min-width: 4.5rem; color: #c2531c }
  td small { display: block }
  table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .9rem }
  th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid #8883; overflow-wrap: anywhere }
  code, summary { font-family: ui-monospace, monospace }
  summary span { float: right; font-family: system-ui, sans-serif; opacity: .75 }
  pre { background: #8881; border-radius: .5rem; font-size: .8rem; overflow: auto; padding: .6rem .8rem }
  small { opacity: .75 }
</style>`)

/** Keywords that bound a value, in the order and words in which the page tells them. */
const BOUNDS: readonly (readonly [keyword: string, label: string])[] = [
  ['default', 'default'],
  ['minimum', 'from'],
  ['maximum', 'to'],
  ['minLength', 'shortest'],
  ['maxLength', 'longest'],
  ['maxItems', 'most'],
  ['format', 'format'],
  ['pattern', 'pattern'],
]

/** Prints a text in which backticks mark code. */
const prose = (text: string) =>
  html`${text.split('`').map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`

const nameOf = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1)

/** Links to a model by its reference. */
const link = (reference: string) =>
  html`<a href="#model-${nameOf(reference)}">${nameOf(reference)}</a>`

function typeOf({ $ref, items, type }: Schema): ReturnType<typeof html> | string {
  if ($ref) return link($ref)
  if (items) return html`list of ${typeOf(items)}`
  return [type ?? 'any'].flat().join(' or ')
}

/** Returns what a value may be, beside its type. */
function boundsOf(schema: Schema): string {
  const bounds = BOUNDS.flatMap(([keyword, label]) =>
    schema[keyword] === undefined || schema[keyword] === Number.MAX_SAFE_INTEGER
      ? []
      : [`${label} ${JSON.stringify(schema[keyword])}`],
  )
  const values = schema.enum ? [`one of ${schema.enum.join(', ')}`] : []
  return [...values, ...bounds].join(', ')
}

const row = ({ name, in: place, description = '', required, schema }: Parameter) => html`<tr>
  <td><code>${name}</code>${required ? ' *' : ''}</td><td nowrap>${place}</td><td>${typeOf(schema)}</td>
  <td>${prose(description)} <small>${boundsOf(schema)}</small></td></tr>`

/** Returns all that an operation takes, wherever it stands. */
function parametersOf({ parameters, requestBody }: Operation): Parameter[] {
  const bodies = Object.values(requestBody?.content ?? {})
  const fields = bodies.flatMap(({ schema: { properties = {}, required = [] } }) =>
    Object.entries(properties).map(([name, { description = '', ...schema }]) => ({
      name,
      in: 'body',
      description,
      required: required.includes(name),
      schema,
    })),
  )
  return [...parameters, ...fields]
}

const answers = ({ responses }: Operation) =>
  Object.entries(responses)
    .filter(([status]) => status !== 'default')
    .map(([status, { content = {} }]) => {
      const [[type, media] = []] = Object.entries(content)
      const reference = media?.schema.$ref
      return html`<br>${status} ${reference ? link(reference) : (type ?? 'without a body')}`
    })

const failures = (errors: readonly Failure[]) => html`<table>
  <tr><th>Error</th><th>Type</th><th>Message</th></tr>${errors.map(
    ({ type, status, message }) =>
      html`<tr><td>${status}</td><td><code>${type}</code></td><td>${message}</td></tr>`,
  )}</table>`

type Examples = Document['components']['examples']

const json = (title: string, value: unknown) =>
  html`<p>${title}</p><pre>${JSON.stringify(value, null, 2)}</pre>`

/** Shows a body to send and what comes back, where they are JSON. */
function exchanged({ requestBody, responses }: Operation, examples: Examples) {
  const sent = requestBody?.content['application/json']?.example
  const answered = Object.values(responses).flatMap(({ content }) =>
    Object.keys(content?.['application/json']?.examples ?? {}),
  )[0]
  const received = answered === undefined ? undefined : examples[answered]?.value
  return html`${sent === undefined ? '' : json('To send, for example:', sent)}
    ${received === undefined ? '' : json('An answer, for example:', received)}`
}

const entry = (method: string, path: string, operation: Operation, examples: Examples) => {
  const parameters = parametersOf(operation)
  const limit = operation['x-ratelimit']
  return html`<details id="${operation.operationId}">
  <summary><b>${method.toUpperCase()}</b> ${path} <span>${operation.summary}</span></summary>
  <p>${prose(operation.description)}</p>
  ${parameters.length > 0 ? html`<table><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>${parameters.map(row)}</table>` : ''}
  <p>Operation: <code>${operation.operationId}</code><br>Scope: <code>${operation['x-scopes'].join(' or ') || 'none'}</code>
  ${limit ? html`<br>Limit: ${limit.limit} in ${limit.window} s` : ''}
  ${answers(operation)}</p>
  ${operation['x-errors'].length > 0 ? failures(operation['x-errors']) : ''}
  ${exchanged(operation, examples)}
</details>`
}

const model = ([name, { properties = {} }]: [
  string,
  Schema,
]) => html`<details id="model-${name}" open>
  <summary>${name}</summary>
  <table>${Object.entries(properties).map(
    ([field, schema]) =>
      html`<tr><td><code>${field}</code></td><td>${typeOf(schema)}</td><td><small>${boundsOf(schema)}</small></td></tr>`,
  )}</table>
</details>`

const page = ({ paths, components, tags }: Document) => {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const services = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? '')
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Edgewrite API</title>${STYLE}</head>
<body>
<h1>Edgewrite API</h1>
<p>Every operation below <code>/v1</code>, as the Appwrite SDKs call it; * marks what must be given.
The same as data: <a href="/openapi.json">openapi.json</a>.</p>
<nav>${tags.map(({ name }) => html`<a href="#${name}">${name}</a>`)}<a href="#models">models</a></nav>
${tags.map(
  ({ name, description }) =>
    html`<h2 id="${name}">${name}</h2><p>${description}</p>${services
      .get(name)
      ?.map(({ path, method, operation }) => entry(method, path, operation, components.examples))}`,
)}
<h2 id="models">models</h2>${Object.entries(components.schemas).map(model)}
</body></html>`
}

/** Serves the OpenAPI document of `routes` and a page to read it by, each built once; neither needs a project. */
export function reference(routes: readonly Route[]) {
  let documentText: string | undefined
  let pageText: ReturnType<typeof page> | undefined // building it takes many times as long as sending it
  const openApiText = () => {
    documentText ??= JSON.stringify(openApi(routes, API_VERSION))
    return documentText
  }
  return new Hono<AppEnv>()
    .get('/openapi.json', (c) => c.body(openApiText(), 200, { 'Content-Type': 'application/json' }))
    .get('/', (c) => c.redirect('/reference'))
    .get('/reference', (c) => {
      c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
      pageText ??= page(JSON.parse(openApiText()) as Document) // printed by openApi
      return c.html(pageText)
    })
}
