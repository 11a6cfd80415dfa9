import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, test } from 'vitest'
import { files, fileTokens, identities, keys, memberships, targets, users } from '#/db/schema'
import { q, sendList, storeFiles } from '#test/support/lists'
import { NOW, type World, world } from '#test/support/world'

let w: World

const COUNT = 23
const every = <T>(make: (index: number) => T) => Array.from({ length: COUNT }, (_, at) => make(at))
/** Every fourth row has a value, and some share theirs. */
const sparse = (index: number) =>
  index % 4 === 1 ? new Date(NOW.getTime() + (index % 8) * 1000) : null
const stamps = { createdAt: NOW, updatedAt: NOW }

beforeAll(async () => {
  w = await world()
  await w.user({ id: 'owner' })
  await w.team({ id: 'team' })
  const bucket = await w.bucket({ id: 'shelf' })
  await storeFiles(w, bucket, [{ id: 'file' }])
  const [file] = await w.db.select().from(files)
  for (const index of Array.from({ length: COUNT }).keys()) {
    const id = `u${(index * 7) % COUNT}`
    const when = sparse(index)
    await w.user({
      id,
      email: when && `${(index * 5) % COUNT}@example.com`,
      phone: when && `+4915200000${10 + index}`,
      passwordUpdate: when,
      accessedAt: when,
    })
    await w.member('team', id, { id: `m${index}`, joined: when })
    await w.db.insert(identities).values({
      ...{ id: `i${index}`, userId: id, provider: 'oidc', providerUid: `${index}` },
      ...{ providerEmail: '', providerAccessToken: '', providerRefreshToken: '' },
      ...{ providerAccessTokenExpiry: when, ...stamps },
    })
    await w.db.insert(targets).values({
      ...{ id: `t${index}`, userId: 'owner', providerType: 'push', identifier: `p${index}` },
      ...{ expired: false, providerId: when && `p${index % 3}`, name: when && `n${index % 3}` },
      ...stamps,
    })
    await w.key()
  }
  for (const [index, expiresAt] of every(sparse).entries()) {
    await w.db.insert(fileTokens).values({
      ...{ id: `k${index}`, fileId: 'file', fileSequence: file?.sequence ?? 0 },
      ...{ bucketId: 'shelf', bucketSequence: bucket.sequence, expiresAt, ...stamps },
    })
  }
  for (const [index, { id }] of (await w.db.select().from(keys)).entries()) {
    await w.env.DB.prepare('update keys set expires_at = ?1, accessed_at = ?1 where id = ?2')
      .bind(sparse(index)?.getTime() ?? null, id)
      .run()
  }
})

type Sorted = { id: string; sequence: number; value: string | number | null }
type Case = [path: string, list: string, attribute: string, rows: () => Promise<Sorted[]>]

const comparable = (value: Date | string | null) =>
  value instanceof Date ? value.getTime() : value
const user = (column: 'email' | 'phone' | 'passwordUpdate' | 'accessedAt'): Case => [
  '/users',
  'users',
  column,
  async () =>
    (await w.db.select().from(users)).map((row) => ({ ...row, value: comparable(row[column]) })),
]
const joined = async () =>
  (await w.db.select().from(memberships)).map((row) => ({ ...row, value: comparable(row.joined) }))
const key = (column: 'expiresAt' | 'accessedAt', attribute: string): Case => [
  '/project/keys',
  'keys',
  attribute,
  async () =>
    (await w.db.select().from(keys)).map((row) => ({ ...row, value: comparable(row[column]) })),
]

/** Every attribute of a list that a row may lack. */
const CASES: Case[] = [
  user('email'),
  user('phone'),
  user('passwordUpdate'),
  user('accessedAt'),
  ['/teams/team/memberships', 'memberships', 'joined', joined],
  [
    '/users/owner/targets',
    'targets',
    'providerId',
    async () =>
      (await w.db.select().from(targets).where(eq(targets.userId, 'owner'))).map((row) => ({
        ...row,
        value: row.providerId,
      })),
  ],
  [
    '/users/identities',
    'identities',
    'providerAccessTokenExpiry',
    async () =>
      (await w.db.select().from(identities)).map((row) => ({
        ...row,
        value: comparable(row.providerAccessTokenExpiry),
      })),
  ],
  [
    '/tokens/buckets/shelf/files/file',
    'tokens',
    'expire',
    async () =>
      (await w.db.select().from(fileTokens)).map((row) => ({
        ...row,
        value: comparable(row.expiresAt),
      })),
  ],
  key('expiresAt', 'expire'),
  key('accessedAt', 'accessedAt'),
]

/** Sorts rows plainly: a missing value is the least, ties go by creation. */
const plainly = (rows: readonly Sorted[], sign: 1 | -1) =>
  rows
    .toSorted((left, right) => {
      const [a, b] = [left.value ?? '', right.value ?? '']
      return (a < b ? -sign : a > b ? sign : 0) || left.sequence - right.sequence
    })
    .map(({ id }) => id)

describe.each(CASES)('%s: %s by %s', (path, list, attribute, rows) => {
  const page = async (...queries: string[]): Promise<string[]> => {
    const { status, body } = await sendList(w, path, queries)
    expect(status, JSON.stringify(body)).toBe(200)
    return body[list].map(({ $id }: { $id: string }) => $id)
  }
  test.each([
    ['orderAsc', 1],
    ['orderDesc', -1],
  ] as const)('%s pages through all rows, both ways', async (method, sign) => {
    const expected = plainly(await rows(), sign)
    expect(expected.length).toBeGreaterThanOrEqual(COUNT)
    const order = q(method, attribute)
    const limit = q('limit', '', 3)
    const forwards = await page(order, limit)
    while (forwards.length < expected.length) {
      const next = await page(order, limit, q('cursorAfter', '', forwards.at(-1)))
      if (next.length === 0) break
      forwards.push(...next)
    }
    expect(forwards).toEqual(expected)
    const backwards: string[] = expected.slice(-1)
    while (backwards.length < expected.length) {
      const next = await page(order, limit, q('cursorBefore', '', backwards[0]))
      if (next.length === 0) break
      backwards.unshift(...next)
    }
    expect(backwards).toEqual(expected)
  })
})

test('an order by what rows may lack combines with offset, filter, search and a second order', async () => {
  const all = await w.db.select().from(users)
  const filtered = all.filter(({ id }) => id.startsWith('u1'))
  const expected = plainly(
    filtered.map((row) => ({ ...row, value: row.phone })),
    -1,
  )
  const orders = [q('orderDesc', 'phone'), q('startsWith', '$id', 'u1')]
  const ids = async (...queries: string[]) =>
    (await sendList(w, '/users', [...orders, ...queries])).body.users.map(
      ({ $id }: { $id: string }) => $id,
    )
  const first = q('cursorAfter', '', expected[0])
  expect(await ids(first, q('offset', '', 2), q('limit', '', 4))).toEqual(expected.slice(3, 7))
  const twice = (
    await sendList(w, '/users', [
      ...[q('orderAsc', 'accessedAt'), q('orderDesc', 'email'), q('cursorAfter', '', 'owner')],
      q('limit', '', 100),
    ])
  ).body.users as { $id: string }[]
  const rank = all
    .toSorted((a, b) => {
      const [at, bt] = [a.accessedAt?.getTime() ?? 0, b.accessedAt?.getTime() ?? 0]
      if (at !== bt) return at - bt
      const [ae, be] = [a.email ?? '', b.email ?? '']
      return ae < be ? 1 : ae > be ? -1 : a.sequence - b.sequence
    })
    .map(({ id }) => id)
  expect(twice.map(({ $id }) => $id)).toEqual(rank.slice(rank.indexOf('owner') + 1))
})

test('reads a page, not the rows before its cursor', async () => {
  const big = await world()
  const many = Array.from({ length: 1500 }, (_, index) => index)
  for (const start of [0, 500, 1000]) {
    await big.env.DB.batch(
      many.slice(start, start + 500).map((index) =>
        big.env.DB.prepare(
          `insert into users (id, name, email, hash, hash_options, password_history, registration, status, labels,
             email_verification, phone_verification, mfa, prefs, impersonator, created_at, updated_at)
           values (?1, 'n', ?2, 'argon2', '{}', '[]', 0, 1, '[]', 0, 0, 0, '{}', 0, 0, 0)`,
        ).bind(
          `big${index}`,
          index % 2 ? `big${String(index).padStart(4, '0')}@example.com` : null,
        ),
      ),
    )
  }
  for (const [order, cursor] of [
    ['orderAsc', 'big801'],
    ['orderDesc', 'big801'],
    ['orderDesc', 'big800'],
  ] as const) {
    for (const method of ['cursorAfter', 'cursorBefore']) {
      const queries = [q(order, 'email'), q(method, '', cursor), q('limit', '', 10)]
      const { status, body } = await sendList(big, '/users', [...queries], { more: 'total=false' })
      expect([status, body.users?.length]).toEqual([200, 10])
      expect([order, method, cursor, big.rowsRead() < 100, big.rowsRead()]).toEqual([
        ...[order, method, cursor, true],
        big.rowsRead(),
      ])
    }
  }
})
