import { beforeEach, describe, expect, test } from 'vitest'
import { targets, users } from '#/db/schema'
import { ROUTES } from '#/routes'
import api from '#test/contract/api.json'
import { q, sendList } from '#test/support/lists'
import { ROOT, type World, world } from '#test/support/world'

let w: World
beforeEach(async () => {
  w = await world()
  for (const table of [users, targets]) await w.db.delete(table)
  await w.user({ id: 'ann' })
})
const JSON_HEADERS = { ...ROOT, 'Content-Type': 'application/json' }
const post = (body: Uint8Array | string, path = '/users') =>
  w.send(
    'post',
    path,
    typeof body === 'string' ? new TextEncoder().encode(body) : body,
    JSON_HEADERS,
  )
const countUsers = async () => (await w.db.select({ id: users.id }).from(users)).length

describe('bodies', () => {
  const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
  test.each<[string, Uint8Array | string]>([
    ['nothing', ''],
    ['text', '"bob"'],
    ['a list', '[{"userId":"bob"}]'],
    ['null', 'null'],
    ['half an object', '{"userId":"bob"'],
    ['a byte that is no UTF-8 in a name', latin1('{"userId":"bob","name":"\xe9"}')],
    ['a byte that is no UTF-8 in a password', latin1('{"userId":"bob","password":"12345678\xff"}')],
    ['an overlong encoding', latin1('{"userId":"bob","name":"\xc0\x80"}')],
    ['half of a surrogate pair in UTF-8', latin1('{"userId":"bob","name":"\xed\xa0\x80"}')],
    ['NUL between', '{"userId":"bob"}\0'],
    ['an ID within an object', '{"userId":{"$ne":null}}'],
    ['a list where text belongs', '{"userId":["bob"]}'],
    ['an e-mail address within an object', '{"userId":"bob","email":{"toString":"x"}}'],
    ['more than a mebibyte', JSON.stringify({ userId: 'bob', name: 'x'.repeat(1024 * 1024) })],
    ['lists in lists without end', `{"userId":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a key that is special to JavaScript', '{"__proto__":{"userId":"bob"}}'],
  ])('are refused as a parameter: %s', async (_, body) => {
    const { status, body: answer } = await post(body)
    expect([status, answer.type]).toEqual([400, 'general_argument_invalid'])
    expect(await countUsers()).toBe(1)
  })
  test('in UTF-8 arrive whole, with or without a mark at their start', async () => {
    const name = 'Zoë \u200d 名前 😀'
    expect((await post(`\ufeff${JSON.stringify({ userId: 'bob', name })}`)).body.name).toBe(name)
  })
  test('may be forms, whose values are text', async () => {
    const form = new FormData()
    for (const [key, value] of Object.entries({ userId: 'bob', name: 'Bob' })) form.set(key, value)
    const { status, body } = await w.send('post', '/users', form)
    expect([status, body.name]).toEqual([201, 'Bob'])
    const labels = new FormData()
    labels.append('labels[]', 'a')
    labels.append('labels[]', 'b')
    expect((await w.send('put', '/users/bob/labels', labels)).body.labels).toEqual(['a', 'b'])
  })
})

describe('paths', () => {
  test.each([
    ['%00', 400],
    ['ann%00', 400],
    ['ann%0A', 400],
    ['%ff', 400],
    ['ann%2F..%2Fbob', 400],
    ['.hidden', 400],
    ['a'.repeat(37), 400],
    ["ann'%20or%20'1'%3D'1", 400],
    ['ANN', 404],
  ])('/users/%s', async (id, expected) => {
    for (const method of ['get', 'delete']) {
      const { status, body } = await w.send(method, `/users/${id}`)
      expect([status, body.code]).toEqual([expected, expected])
    }
    expect(await countUsers()).toBe(1)
  })
})

describe('queries', () => {
  const LONG = 'x'.repeat(4000)
  test.each([
    ['a quote', q('equal', 'name', `'; drop table users; --`)],
    ['an attribute that is SQL', q('equal', 'name" or 1=1 --', 'x')],
    ['NUL', q('contains', 'name', '\0')],
    ['a long substring', q('contains', 'name', LONG)],
    ['wildcards', q('contains', 'name', '%_*')],
    ['500 values', q('equal', 'email', ...Array.from({ length: 500 }, (_, index) => `${index}`))],
    ['501 values', q('equal', 'email', ...Array.from({ length: 501 }, (_, index) => `${index}`))],
  ])('never find more than they say, and never fail: %s', async (_, query) => {
    const { status, body } = await sendList(w, '/users', [query])
    expect(status === 200 ? body.total : body.type).toBeOneOf([0, 'general_argument_invalid'])
  })
  test.each([
    '"',
    '""',
    'a"b',
    "'",
    '*',
    'NEAR(a b)',
    'scope : x',
    'text : ann',
    '-ann',
    '^ann',
    '\0',
  ])('searches are words, not a language: %s', async (term) => {
    const { status, body } = await w.send('get', `/users?search=${encodeURIComponent(term)}`)
    expect(status).toBe(200)
    // "ann" is the one word here that somebody has.
    expect(body.total).toBe(term.includes('ann') ? 1 : 0)
  })
})

describe('a stranger', () => {
  /** Returns a path in which every parameter is somebody or something. */
  const sample = (path: string) => path.replace(':userId', 'ann').replace(/:\w+/g, 'totp')
  const served = ROUTES.filter(({ spec }) => spec.name.startsWith('users.'))
  test.each(served.map(({ spec }) => [spec.name, spec] as const))(
    'gets nothing of %s: no guest, no user, no key of another kind',
    async (_, spec) => {
      const { headers } = await w.session('ann')
      const other = await w.key('teams.write', 'files.read', 'buckets.write', 'tokens.read')
      for (const caller of [{}, headers, other]) {
        const { status, body } = await w.send(spec.method, sample(spec.path), undefined, caller)
        expect([status, body.type]).toEqual([401, 'general_unauthorized_scope'])
      }
    },
  )
  test('finds every operation of the service behind a key', () => {
    const operations = Object.values<Record<string, { operationId: string }>>(api.paths)
    const named = operations.flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    expect(served.map(({ spec }) => spec.name).sort()).toEqual(
      named.filter((name) => name.startsWith('users.')).sort(),
    )
  })
})
