import { expect, test } from 'vitest'
import type { AnySpec } from '#/pipeline/route'
import { ROUTES } from '#/routes'
import { NOW, PROJECT, type World, world } from '#test/support/world'

type Headers_ = Record<string, string>

const MALFORMED: [type: string, body: string][] = [
  ['application/json', '{"a":1,}'],
  ['application/x-www-form-urlencoded', 'a=%zz'],
  ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'],
]

async function send(w: World, spec: AnySpec, headers: Headers_, [type, body]: [string, string]) {
  const path = spec.path
    .replace(':provider', 'oidc')
    .replace(':projectId', PROJECT)
    .replaceAll(/:\w+/g, 'none')
  const { response, settle } = await w.raw(
    new Request(`http://localhost${path}`, {
      method: spec.method.toUpperCase(),
      headers: { ...headers, 'X-Appwrite-Project': PROJECT, 'Content-Type': type },
      body,
    }),
  )
  await response.text()
  await settle()
  return [response.status, Number(response.headers.get('X-RateLimit-Remaining') ?? Number.NaN)]
}

let addresses = 0
const address = () => ({ 'CF-Connecting-IP': `198.51.100.${++addresses}` })

/** Keys alone have the scope of tokens, and keys are not counted. */
const limited = ROUTES.map(({ spec }) => spec)
  .filter(({ limit, method }) => limit !== undefined && method !== 'get')
  .filter(({ scopes }) => !scopes.includes('tokens.write'))
  .map((spec) => [spec.name, spec] as const)

test('there are such routes', () => {
  expect(limited.length).toBeGreaterThan(20)
})

test.each(limited)('a malformed body counts against the limit of %s', async (_, spec) => {
  const w = await world()
  for (const malformed of MALFORMED) {
    const shown = { factors: ['password', 'totp'], mfaUpdatedAt: NOW }
    const { id } = await w.user()
    const session = (await w.session(id, shown)).headers
    let counted = Number.NaN
    for (const headers of [session, {}]) {
      const from = { ...headers, ...address() }
      const [first, left = Number.NaN] = await send(w, spec, from, malformed)
      if (first !== 400 && !spec.streamed) continue
      const [, then = Number.NaN] = await send(w, spec, from, malformed)
      counted = left - then
      break
    }
    expect([malformed[1], counted]).toEqual([malformed[1], 1])
  }
})

test('nothing but malformed bodies ends in 429, and well-formed ones then as well', async () => {
  const w = await world()
  const spec = ROUTES.find(({ spec }) => spec.name === 'account.create')?.spec as AnySpec
  const from = address()
  const [malformed = ['', '']] = MALFORMED
  const statuses = []
  for (let count = 0; count <= (spec.limit?.limit ?? 0); count++) {
    statuses.push((await send(w, spec, from, malformed))[0])
  }
  expect(statuses).toEqual([...Array(spec.limit?.limit).fill(400), 429])
  const [whole] = await send(w, spec, from, ['application/json', '{}'])
  expect(whole).toBe(429)
})
