import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import { API_VERSION } from '#/app'
import type { AppEnv } from '#/env'
import { openApi, openApiPath } from '#/http/openapi'
import type { AnySpec } from '#/http/route'
import { ROUTES } from '#/routes'

const STYLE = raw(`<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem }
  h2 { margin-top: 2.5rem; text-transform: capitalize }
  details { border: 1px solid #8884; border-radius: .5rem; margin: .5rem 0; padding: .5rem .9rem }
  summary { cursor: pointer; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
  summary b { display: inline-block; min-width: 4.5rem; color: #e0672c }
  dt { font-family: ui-monospace, monospace; font-weight: 600; margin-top: .5rem }
  dd { margin: 0; opacity: .85; overflow-wrap: anywhere }
  code { font-family: ui-monospace, monospace }
</style>`)

const shapeOf = (spec: AnySpec) => ({
  ...spec.input.param?.shape,
  ...spec.input.query?.shape,
  ...spec.input.body?.shape,
  ...spec.streamed?.shape.shape,
})

const entry = (spec: AnySpec) => html`<details>
  <summary><b>${spec.method.toUpperCase()}</b> ${openApiPath(spec.path)} <code>${spec.name}</code></summary>
  <dl>
    <dt>Scope</dt><dd>${spec.scopes.join(' or ')}</dd>
    <dt>Parameters</dt><dd>${Object.keys(shapeOf(spec)).join(', ') || 'none'}</dd>
    <dt>Answers</dt><dd>${[spec.status].flat().join(', ')} ${spec.model?.name ?? spec.produces ?? ''}</dd>
    ${spec.limit ? html`<dt>Limit</dt><dd>${spec.limit.limit} in ${spec.limit.windowSeconds} s</dd>` : ''}
    <dt>Errors</dt><dd>${spec.errors.join(', ')}</dd>
  </dl>
</details>`

const page = () => {
  const services = Map.groupBy(
    ROUTES.map(({ spec }) => spec),
    ({ name }) => name.split('.')[0] ?? '',
  )
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Edgewrite API</title>${STYLE}</head>
<body>
<h1>Edgewrite API</h1>
<p>Every operation below <code>/v1</code>, as the Appwrite SDKs call it. The same as data:
<a href="/openapi.json">openapi.json</a>.</p>
${[...services].map(([service, specs]) => html`<h2>${service}</h2>${specs.map(entry)}`)}
</body></html>`
}

/** Serves the OpenAPI document and a page to read it by; neither needs a project. */
export const reference = new Hono<AppEnv>()
  .get('/openapi.json', (c) => c.json(openApi(ROUTES, API_VERSION)))
  .get('/', (c) => c.redirect('/reference'))
  .get('/reference', (c) => c.html(page()))
