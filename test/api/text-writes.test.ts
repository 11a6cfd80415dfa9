import { beforeAll, describe, expect, test } from 'vitest'
import { q, sendList } from '#test/support/lists'
import { type World, world } from '#test/support/world'

type Request = [method: 'post' | 'put' | 'patch', path: string, body: Record<string, unknown>]

/** Every way in which a client writes a text that lists fold: the text begins as one name and becomes another. */
const WRITES: [list: string, key: string, attribute: string, writes: Request[]][] = [
  [
    ...(['/users', 'users', 'name'] as const),
    [
      ['post', '/users', { userId: 'u', name: 'ПЁТР' }],
      ['patch', '/users/u/name', { name: 'МАРИЯ' }],
    ],
  ],
  [
    ...(['/users', 'users', 'email'] as const),
    [
      ['post', '/users', { userId: 'e', email: 'ПЁТР@example.com' }],
      ['patch', '/users/e/email', { email: 'МАРИЯ@example.com' }],
    ],
  ],
  [
    ...(['/users/u/targets', 'targets', 'identifier'] as const),
    [
      ['post', '/users/u/targets', target('ПЁТР@example.org')],
      ['patch', '/users/u/targets/t', { identifier: 'МАРИЯ@example.org' }],
    ],
  ],
  [
    ...(['/teams', 'teams', 'name'] as const),
    [
      ['post', '/teams', { teamId: 't', name: 'ПЁТР' }],
      ['put', '/teams/t', { name: 'МАРИЯ' }],
    ],
  ],
  [
    ...(['/storage/buckets', 'buckets', 'name'] as const),
    [
      ['post', '/storage/buckets', { bucketId: 'b', name: 'ПЁТР' }],
      ['put', '/storage/buckets/b', { name: 'МАРИЯ' }],
    ],
  ],
  [
    ...(['/project/keys', 'keys', 'name'] as const),
    [
      ['post', '/project/keys', { keyId: 'k', name: 'ПЁТР', scopes: ['users.read'] }],
      ['put', '/project/keys/k', { name: 'МАРИЯ', scopes: ['users.read'] }],
    ],
  ],
  [
    ...(['/project/platforms', 'platforms', 'name'] as const),
    [
      ['post', '/project/platforms/web', { platformId: 'p', name: 'ПЁТР', hostname: 'a.example' }],
      ['put', '/project/platforms/web/p', { name: 'МАРИЯ', hostname: 'a.example' }],
    ],
  ],
  [
    ...(['/webhooks', 'webhooks', 'name'] as const),
    [
      ['post', '/webhooks', { webhookId: 'w', ...hook('ПЁТР') }],
      ['put', '/webhooks/w', hook('МАРИЯ')],
    ],
  ],
]

function target(identifier: string) {
  return { targetId: 't', providerType: 'email', identifier }
}
function hook(name: string) {
  return { name, url: 'https://hooks.example.com/in', events: ['users.*.create'] }
}

let w: World
beforeAll(async () => {
  w = await world()
})

const found = async (list: string, key: string, ...queries: string[]): Promise<number> => {
  const { status, body } = await sendList(w, list, queries)
  expect(status, JSON.stringify(body)).toBe(200)
  return body[key].length
}

describe.each(WRITES)('%s: %s by %s', (list, key, attribute, writes) => {
  test('finds what was written last, in every spelling', async () => {
    for (const [index, [method, path, body]] of writes.entries()) {
      const { status, body: answer } = await w.send(method, path, body)
      expect(status, JSON.stringify(answer)).toBe(method === 'post' ? 201 : 200)
      const has = (text: string) => found(list, key, q('contains', attribute, text))
      expect([await has('петр'), await has('Мария')]).toEqual(index === 0 ? [1, 0] : [0, 1])
    }
  })
})

test('finds a user by the words of an e-mail address', async () => {
  const { body } = await w.send('get', `/users?search=${encodeURIComponent('Мар')}`)
  expect(body.users.map(({ $id }: { $id: string }) => $id)).toEqual(['u', 'e'])
})

test('finds an account by its name, and a file as it is uploaded and renamed', async () => {
  await w.send('post', '/account', {
    ...{ userId: 'own', email: 'own@example.com', password: 'correct horse' },
    name: 'ÉLODIE',
  })
  expect(await found('/users', 'users', q('startsWith', 'name', 'elo'))).toBe(1)
  const bucket = await w.bucket({ id: 'shelf' })
  const form = new FormData()
  form.append('fileId', 'f')
  form.append('file', new File(['text'], '東京ÜBER.txt'))
  const path = `/storage/buckets/${bucket.id}/files`
  expect((await w.send('post', path, form)).status).toBe(201)
  expect(await found(path, 'files', q('contains', 'name', '京uber'))).toBe(1)
  expect((await w.send('put', `${path}/f`, { name: '大阪.txt' })).status).toBe(200)
  expect(await found(path, 'files', q('contains', 'name', '京uber'))).toBe(0)
  const search = async (term: string) =>
    (await w.send('get', `${path}?search=${encodeURIComponent(term)}`)).body.total
  expect([await search('阪'), await search('京')]).toEqual([1, 0])
})
