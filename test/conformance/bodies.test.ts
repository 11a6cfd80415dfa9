import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { users } from '#/db/schema'
import { ROUTES } from '#/routes'
import { NOW, PROJECT, ROOT, type World, world } from '#test/support/world'

const encoder = new TextEncoder()
const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data; boundary=b'
const part = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`

/** Bodies that are not what their type says, and a word of the answer's message. */
const MALFORMED: [name: string, type: string, body: string | Uint8Array, message: RegExp][] = [
  ['a comma too many', JSON_TYPE, '{"a":1,}', /not valid JSON/],
  ['nothing but an opening brace', JSON_TYPE, '{', /not valid JSON/],
  ['white space', JSON_TYPE, ' \n', /not valid JSON/],
  ['two objects', JSON_TYPE, '{}{}', /not valid JSON/],
  ['a comment', JSON_TYPE, '{} // none', /not valid JSON/],
  ['single quotes', JSON_TYPE, "{'a':1}", /not valid JSON/],
  ['NaN', JSON_TYPE, '{"a":NaN}', /not valid JSON/],
  ['a control character', JSON_TYPE, '{"a":"\n"}', /not valid JSON/],
  ['a form called JSON', JSON_TYPE, 'a=1', /not valid JSON/],
  ['JSON of no type', 'text/plain', '{"a":1,}', /not valid JSON/],
  ['a list', JSON_TYPE, '[1]', /not a JSON object/],
  ['null', JSON_TYPE, 'null', /not a JSON object/],
  ['a number', JSON_TYPE, '1', /not a JSON object/],
  ['a number beyond doubles', JSON_TYPE, '12345678901234567891', /not a JSON object/],
  ['text', JSON_TYPE, '"a"', /not a JSON object/],
  ['truth', JSON_TYPE, 'true', /not a JSON object/],
  ['JSON without end', JSON_TYPE, `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, /too deeply/],
  [
    'Latin-1',
    JSON_TYPE,
    Uint8Array.of(0x7b, 0x22, 0xfc, 0x22, 0x3a, 0x31, 0x7d),
    /not valid UTF-8/,
  ],
  ['UTF-16', `${JSON_TYPE}; charset=utf-16`, Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), /UTF-8/],
  ['a surrogate in UTF-8', JSON_TYPE, Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /UTF-8/],
  ['half an escape', FORM, 'a=%4', /percent-encoding/],
  ['a bare percent sign', FORM, 'a=100%', /percent-encoding/],
  ['an escape that is none', FORM, '%zz=1', /percent-encoding/],
  ['an escape that is not UTF-8', FORM, 'a=%ff', /percent-encoding/],
  ['bytes that are not UTF-8', FORM, Uint8Array.of(0x61, 0x3d, 0xff), /not valid UTF-8/],
  ['JSON called a form', FORM, '{"a":1}', /not a form/],
  ['no boundary', 'multipart/form-data', part('name="a"', '1'), /boundary/],
  ['another boundary', MULTIPART, part('name="a"', '1').replace('--b', '--c'), /ends too early/],
  ['a part without an end', MULTIPART, part('name="a"', '1'), /ends too early/],
  ['a part without a name', MULTIPART, `${part('x="a"', '1')}--b--`, /malformed/],
  ['JSON called multipart', MULTIPART, '{"a":1}', /ends too early/],
]

const writing = ROUTES.filter(({ spec }) => spec.method !== 'get').map(({ spec }) => spec)

let w: World
let callers: Record<string, string>[]
beforeAll(async () => {
  w = await world({ RATE_LIMITS: 'off' }, () => NOW)
})

/** Stores somebody whom no route before has changed. */
beforeEach(async () => {
  await w.db.delete(users)
  const { id } = await w.user({ id: 'ann', email: 'ann@example.com' })
  const { headers } = await w.session(id, { factors: ['password', 'totp'], mfaUpdatedAt: NOW })
  callers = [{ ...ROOT }, headers, {}]
})

/** Sends a body as those who may call the route, and gives the answer of the first who gets to its body. */
async function send(spec: (typeof writing)[number], type: string, body: string | Uint8Array) {
  const path = spec.path
    .replace(':projectId', PROJECT)
    .replace(':provider', 'oidc')
    .replaceAll(/:\w+/g, 'ann')
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  let last = { status: 0, type: '', message: '' }
  for (const headers of callers) {
    const { response, settle } = await w.raw(
      new Request(`http://localhost${path}`, {
        method: spec.method.toUpperCase(),
        headers: { ...headers, 'X-Appwrite-Project': PROJECT, 'Content-Type': type },
        body: bytes.slice(),
      }),
    )
    const text = await response.text()
    await settle()
    const isJson = response.headers.get('content-type')?.includes('json')
    const answer = isJson && text !== '' ? JSON.parse(text) : { message: text }
    last = { status: response.status, type: answer.type ?? '', message: answer.message ?? '' }
    if (last.status < 400 || last.status === 400) return last
  }
  return last
}

describe.each(writing.map((spec) => [spec.name, spec] as const))('%s', (_, spec) => {
  // An upload reads a form as a stream, after its headers: those cases are in test/api/storage.
  const cases = spec.streamed ? MALFORMED.filter(([, type]) => type !== MULTIPART) : MALFORMED
  test('refuses every body that is not what it says', async () => {
    const wrong = []
    for (const [name, type, body, message] of cases) {
      const answer = await send(spec, type, body)
      const isPage = spec.pipeline === 'none' // errors of the callback are pages
      const isRefused = isPage || answer.type === 'general_argument_invalid'
      if (answer.status !== 400 || !isRefused || !message.test(answer.message))
        wrong.push([name, answer])
    }
    expect(wrong).toEqual([])
  })
  test('takes an empty list for an object, and zero bytes of any type for no body', async () => {
    const wrong = []
    for (const [type, body] of [
      [JSON_TYPE, '[]'],
      [JSON_TYPE, '{}'],
      ['text/plain', '{}'],
      [JSON_TYPE, ''],
      [FORM, ''],
      ['multipart/form-data', ''],
      [MULTIPART, ''],
      ['image/png', ''],
    ] as const) {
      const answer = await send(spec, type, body)
      if (/^The (body|form)/.test(answer.message) && answer.status === 400)
        wrong.push([type, body, answer])
    }
    expect(wrong).toEqual([])
  })
})
