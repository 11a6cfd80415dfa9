import { beforeAll, describe, expect, test } from 'vitest'
import { targets } from '#/db/schema'
import { q, sendList } from '#test/support/lists'
import { type World, world } from '#test/support/world'

let w: World
const person = (userId: string, email: string) => w.send('post', '/users', { userId, email })
const idsOf = async (...queries: string[]) => {
  const { status, body } = await sendList(w, '/users', queries)
  expect([status, body.message]).toEqual([200, undefined])
  return body.users.map(({ $id }: { $id: string }) => $id)
}

beforeAll(async () => {
  w = await world()
  expect((await person('mark', 'MarkBrown@Mozilla.ORG')).body.email).toBe('markbrown@mozilla.org')
  expect((await person('book', 'Info@BÜCHER.example')).body.email).toBe(
    'info@xn--bcher-kva.example',
  )
  expect((await person('kay', 'kay@example.com')).status).toBe(201)
  expect((await person('kelvin', '\u212aay@example.com')).status).toBe(201)
})

describe('one person, however the address is written', () => {
  test.each([
    ['equal', ['MarkBrown@Mozilla.ORG'], ['mark']],
    ['equal', ['info@bücher.example'], ['book']],
    ['equal', ['INFO@BU\u0308CHER.EXAMPLE', 'KAY@example.com'], ['book', 'kay']],
    ['equal', ['\u212aay@example.com'], ['kelvin']],
    ['notEqual', ['KAY@Example.com'], ['mark', 'book', 'kelvin']],
    ['between', ['MARKBROWN@mozilla.org', 'MarkBrown@mozilla.org'], ['mark']],
    ['contains', ['BROWN'], ['mark']],
  ])('is found by %s %j', async (method, values, expected) => {
    expect(await idsOf(q(method, 'email', ...values))).toEqual(expected)
  })

  test.each(['MARKBROWN@MOZILLA.ORG', ' markbrown@mozilla.org '])(
    'cannot sign up again as %j',
    async (email) => {
      expect((await person('unique()', email)).body.type).toBe('user_already_exists')
    },
  )

  test('is impersonated by any spelling of it', async () => {
    const admin = await w.signedIn({ impersonator: true })
    const { status, body } = await w.send('get', '/account', undefined, {
      ...admin.headers,
      'X-Appwrite-Impersonate-User-Email': 'MarkBrown@MOZILLA.org',
    })
    expect([status, body.$id]).toEqual([200, 'mark'])
  })
})

describe('saving an address that has not changed', () => {
  test('by a server keeps it, and its verification', async () => {
    await w.send('patch', '/users/kay/verification', { emailVerification: true })
    for (const email of ['kay@example.com', 'KAY@Example.com']) {
      const { status, body } = await w.send('patch', '/users/kay/email', { email })
      expect([status, body.email, body.emailVerification]).toEqual([200, 'kay@example.com', true])
    }
    expect((await person('other', 'other@example.com')).status).toBe(201)
    const taken = await w.send('patch', '/users/kay/email', { email: 'OTHER@example.com' })
    expect([taken.status, taken.body.type]).toEqual([409, 'user_target_already_exists'])
  })

  test('and a phone number likewise', async () => {
    await w.send('patch', '/users/kay/phone', { number: '+491701234567' })
    await w.send('patch', '/users/kay/verification/phone', { phoneVerification: true })
    const { status, body } = await w.send('patch', '/users/kay/phone', { number: '+491701234567' })
    expect([status, body.phoneVerification]).toEqual([200, true])
  })

  test('by its user keeps it as well', async () => {
    const made = await w.send(
      'post',
      '/account',
      { userId: 'own', email: 'Own@example.com', password: 'a good password' },
      {},
    )
    expect(made.status).toBe(201)
    const { headers } = await w.session('own')
    const body = { email: 'OWN@Example.com', password: 'a good password' }
    const saved = await w.send('patch', '/account/email', body, headers)
    expect([saved.status, saved.body.email]).toEqual([200, 'own@example.com'])
    expect(
      (await w.db.select().from(targets)).filter(({ userId }) => userId === 'own').length,
    ).toBe(1)
  })
})

test('a target of somebody is stored, found and taken in the normal form', async () => {
  const target = (targetId: string, identifier: string) =>
    w.send('post', '/users/kay/targets', { targetId, providerType: 'email', identifier })
  expect((await target('second', 'Second@Example.COM')).body.identifier).toBe('second@example.com')
  expect((await target('third', 'SECOND@example.com')).body.type).toBe('user_target_already_exists')
  const { body } = await sendList(w, '/users/kay/targets', [
    q('equal', 'identifier', 'SECOND@EXAMPLE.com'),
  ])
  expect(body.targets.map(({ $id }: { $id: string }) => $id)).toEqual(['second'])
  const moved = await w.send('patch', '/users/kay/targets/second', {
    identifier: 'NEW@example.com',
  })
  expect(moved.body.identifier).toBe('new@example.com')
})
