import { expect, test } from 'vitest'
import { world } from '#test/support/world'

/** What the strictest SDKs read of an answer (Python reads a type of each, and parses none that is empty). */
test('an answer without a body has a content type, and none of JSON', async () => {
  const w = await world()
  await w.user({ id: 'ann' })
  await w.team({ id: 'crew' })
  await w.bucket({ id: 'shelf' })
  for (const path of ['/users/ann', '/teams/crew', '/storage/buckets/shelf']) {
    const { status, headers, bytes } = await w.send('delete', path)
    expect([path, status, bytes.length, headers.get('content-type')]).toEqual([
      ...[path, 204, 0, 'text/plain; charset=UTF-8'],
    ])
  }
})

test('the hash options of every user name their type, also of rows from before', async () => {
  const w = await world()
  await w.user({ id: 'old', hash: 'sha', hashOptions: { version: 'sha1' } })
  await w.send('post', '/users/sha', {
    ...{ userId: 'new', email: 'new@example.com', password: 'ab'.repeat(32) },
    passwordVersion: 'sha256',
  })
  await w.send('post', '/users', { userId: 'bare', email: 'bare@example.com' })
  const { body } = await w.send('get', '/users')
  type Shown = { $id: string; hash: string; hashOptions: { type?: string } }
  const shown = body.users.map(({ $id, hash, hashOptions }: Shown) => [
    $id,
    hashOptions.type === hash,
  ])
  expect(Object.fromEntries(shown)).toEqual({ old: true, new: true, bare: true })
})
