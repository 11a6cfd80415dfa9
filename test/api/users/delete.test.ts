import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  authenticators,
  buckets,
  fileOwners,
  files,
  garbage,
  identities,
  logs,
  memberships,
  oneTimeSecrets,
  sessions,
  targets,
  teams,
  users,
} from '#/db/schema'
import { storeUser } from '#/identity/users/new-user'
import { sweep } from '#/jobs'
import { DEFAULT_SETTINGS } from '#/project/settings'
import { releaseRole } from '#/storage/release'
import { storeFiles } from '#test/support/lists'
import { storeIdentity, storeTarget } from '#test/support/users'
import { NOW, type World, world } from '#test/support/world'

const OWNED = [sessions, targets, identities, authenticators, oneTimeSecrets, memberships, logs]

let w: World
beforeEach(async () => {
  w = await world({}, () => NOW)
  for (const table of [users, teams, files, buckets, garbage, fileOwners, logs]) {
    await w.db.delete(table)
  }
  await w.db.delete(garbage)
})
const remove = (id: string) => w.send('delete', `/users/${id}`)

/** Stores a user who has one of everything. */
async function populate(id: string) {
  const user = await w.user({ id, email: `${id}@example.com`, name: `Name-${id}` })
  await w.session(id)
  await storeTarget(w, id, `${id}@example.com`)
  await storeIdentity(w, id)
  await w.send('post', `/users/${id}/tokens`)
  await w.send('patch', `/users/${id}/mfa/recovery-codes`)
  await w.db.insert(authenticators).values({
    ...{ id: `totp-${id}`, userId: id, type: 'totp', secret: '', verified: true, lastStep: 0 },
    ...{ createdAt: NOW, updatedAt: NOW },
  })
  await w.db.insert(logs).values({
    ...{ userId: id, userEmail: '', userName: '', event: 'x', resource: '', mode: '' },
    ...{ userType: 'user', ip: '', userAgent: '', countryCode: '--', time: NOW },
  })
  return user
}
/** Counts what is left of a user, table by table. */
const left = async (id: string) =>
  Promise.all(
    OWNED.map(
      async (table) => (await w.db.select().from(table).where(eq(table.userId, id))).length,
    ),
  )
const totals = async () =>
  Object.fromEntries((await w.db.select().from(teams)).map(({ id, total }) => [id, total]))

describe('a deleted user', () => {
  beforeEach(async () => {
    await populate('ann')
    await populate('bob')
    for (const id of ['red', 'blue']) await w.team({ id })
    await w.member('red', 'ann')
    await w.member('red', 'bob')
    await w.member('blue', 'ann', { confirm: false })
    await w.member('blue', 'bob')
  })
  test('takes all that it had along, in one statement, and nothing of anybody else', async () => {
    const others = await left('bob')
    expect(await left('ann')).toEqual([1, 1, 1, 1, 7, 2, 1])
    expect(await totals()).toEqual({ red: 2, blue: 1 })
    const { status, bytes, trips } = await remove('ann')
    expect([status, bytes.length, trips]).toEqual([204, 0, 1])
    expect(await left('ann')).toEqual([0, 0, 0, 0, 0, 0, 0])
    expect(await left('bob')).toEqual(others)
    expect(await totals()).toEqual({ red: 1, blue: 1 })
    expect((await w.send('get', '/users')).body).toMatchObject({
      total: 1,
      users: [{ $id: 'bob' }],
    })
    expect((await w.send('get', '/users?search=name-ann')).body.users).toMatchObject([
      { $id: 'bob' },
    ])
    expect((await w.send('get', '/users?search=ann')).body.total).toBe(0)
  })
  test('is gone for every later request', async () => {
    const { headers } = await w.session('ann')
    await w.send('patch', '/users/ann/impersonator', { impersonator: true })
    const { jwt } = (await w.send('post', '/users/ann/jwts')).body
    await remove('ann')
    for (const given of [headers, { 'X-Appwrite-JWT': jwt }]) {
      const { body } = await w.send('get', '/users', undefined, given)
      expect(body.type).toBe('general_unauthorized_scope')
    }
    for (const method of ['get', 'delete']) {
      const { status, body } = await w.send(method, '/users/ann')
      expect([status, body.type]).toEqual([404, 'user_not_found'])
    }
  })
  test('is deleted once, however many ask for it', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => remove('ann')))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404])
    expect(await totals()).toEqual({ red: 1, blue: 1 })
  })
  test('is whole or gone: a failure on the way changes nothing, and the next try ends it', async () => {
    const run = (sql: string) => w.env.DB.prepare(sql).run()
    await run(`create trigger failure before delete on memberships when old.user_id = 'ann' begin
      select raise(abort, 'as if the machine had stopped'); end`)
    const shown = vi.spyOn(console, 'error').mockReturnValue()
    const before = await left('ann')
    expect((await remove('ann')).status).toBe(500)
    expect(await left('ann')).toEqual(before)
    expect(shown).toHaveBeenCalledOnce()
    shown.mockRestore()
    expect(await totals()).toEqual({ red: 2, blue: 1 })
    expect((await w.send('get', '/users/ann')).status).toBe(200)
    await run('drop trigger failure')
    expect((await remove('ann')).status).toBe(204)
    expect(await left('ann')).toEqual([0, 0, 0, 0, 0, 0, 0])
  })
  test('frees its ID, e-mail address and phone number at once', async () => {
    await w.send('patch', '/users/ann/phone', { number: '+4915112345678' })
    await remove('ann')
    const { status, body } = await w.send('post', '/users', {
      ...{ userId: 'ann', email: 'ann@example.com', phone: '+4915112345678' },
    })
    expect([status, body.targets.length]).toEqual([201, 2])
    expect(await left('ann')).toEqual([0, 2, 0, 0, 0, 0, 0])
  })
  test('leaves nothing behind for what comes too late', async () => {
    await remove('ann')
    const late = await Promise.all([
      w.send('post', '/users/ann/sessions'),
      w.send('post', '/users/ann/tokens'),
      w.send('patch', '/users/ann/mfa/recovery-codes'),
      w.send('patch', '/users/ann/email', { email: 'x@example.com' }),
      w.send('post', '/users/ann/targets', {
        ...{ targetId: 't', providerType: 'push', identifier: 'x' },
      }),
    ])
    expect(late.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
    expect(await left('ann')).toEqual([0, 0, 0, 0, 0, 0, 0])
  })
})

describe('what was granted to a deleted user', () => {
  const GRANTS = ['read("user:ann")', 'update("user:ann/verified")', 'read("user:anna")']
  const KEPT = ['read("user:anna")']
  /** More than one round of taking back, and a bucket. */
  const COUNT = 501
  const read = async (headers: Record<string, string>) =>
    (await w.send('get', '/storage/buckets/b/files/f0', undefined, headers)).status
  const permissions = async () => {
    const rows = [...(await w.db.select().from(files)), ...(await w.db.select().from(buckets))]
    return [...new Set(rows.map(({ permissions }) => permissions.join()))]
  }
  beforeEach(async () => {
    await w.user({ id: 'ann' })
    const bucket = await w.bucket({ id: 'b', fileSecurity: true, permissions: GRANTS })
    const rows = Array.from({ length: COUNT }, (_, index) => ({
      id: `f${index}`,
      permissions: GRANTS,
    }))
    await storeFiles(w, bucket, rows)
    expect(await read((await w.session('ann')).headers)).toBe(200)
    await remove('ann')
  })
  test('opens nothing for a new user of the same ID, from the first moment', async () => {
    expect((await w.send('post', '/users', { userId: 'ann' })).status).toBe(201)
    expect(await read((await w.session('ann')).headers)).toBe(404)
    expect(await permissions()).toEqual([KEPT.join()])
    expect(await w.db.select().from(garbage)).toEqual([])
  })
  test('is taken back by the sweeper if nobody comes', async () => {
    expect(await permissions()).toEqual([GRANTS.join()])
    await sweep(w.env, NOW)
    expect(await permissions()).toEqual([KEPT.join()])
    expect(await w.db.select().from(garbage)).toEqual([])
  })
  test('is taken back to the end when a first round was the last of its kind', async () => {
    expect(await releaseRole(w.db, 'user:ann')).toBe(false)
    expect((await permissions()).sort()).toEqual([KEPT.join(), GRANTS.join()].sort())
    await sweep(w.env, NOW)
    expect(await permissions()).toEqual([KEPT.join()])
  })
  test('is not taken from a new user who was granted it anew', async () => {
    await w.send('post', '/users', { userId: 'ann' })
    await w.send('put', '/storage/buckets/b/files/f0', { permissions: ['read("user:ann")'] })
    expect(await releaseRole(w.db, 'user:ann')).toBe(true)
    await sweep(w.env, NOW)
    expect(await read((await w.session('ann')).headers)).toBe(200)
  })
  test('keeps a new user out who would be stored before it is taken back', async () => {
    const context = { var: { db: w.db, now: NOW, project: DEFAULT_SETTINGS }, set: () => undefined }
    const given = {
      ...{ userId: 'ann', email: 'ann@example.com', targets: ['email'] as const },
      origin: 'owner' as const,
    }
    expect(await storeUser(context as never, given)).toBeUndefined()
    expect(await w.db.select().from(users)).toEqual([])
    expect(await w.db.select().from(targets)).toEqual([])
  })
})
