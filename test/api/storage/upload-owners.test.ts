import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { buckets, fileParts, files, users } from '#/db/schema'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import { type Answer, GUEST_HEADERS, ROOT, type World, world } from '#test/support/world'

type Headers = Record<string, string>

const TAKEN = { status: 409, body: { type: 'storage_file_already_exists' } }
const TOTAL = CHUNK_BYTES + 10
const EVERYBODY = ['create("any")']

/** Sends the short second chunk of two. */
const tail = (
  w: World,
  bucketId: string,
  headers: Headers,
  { bytes = '0123456789', fields = {}, fileId = 'f' } = {},
) =>
  w.upload(bucketId, bytes, {
    fileId,
    id: fileId,
    headers,
    fields,
    range: `bytes ${CHUNK_BYTES}-${TOTAL - 1}/${TOTAL}`,
  })

/** Sends the first chunk of two, which is all zeros. */
const head = (w: World, bucketId: string, headers: Headers, fields = {}) =>
  w.upload(bucketId, new Uint8Array(CHUNK_BYTES), {
    fileId: 'f',
    headers,
    fields,
    range: `bytes 0-${CHUNK_BYTES - 1}/${TOTAL}`,
  })

/** Returns a world with people of every kind and a bucket where all of them may create files. */
async function people(fields: Partial<typeof buckets.$inferInsert> = {}) {
  const w = await world()
  const { id } = await w.bucket({ permissions: EVERYBODY, fileSecurity: true, ...fields })
  const { user, headers } = await w.signedIn()
  const callers: Record<string, Headers> = {
    owner: headers,
    'owner elsewhere': (await w.session(user.id)).headers,
    stranger: (await w.signedIn()).headers,
    key: await w.key('files.write'),
    'root key': { ...ROOT },
    guest: GUEST_HEADERS,
  }
  const impersonator = (await w.signedIn({ impersonator: true })).headers
  callers.impersonator = { ...impersonator, 'X-Appwrite-Impersonate-User-Id': user.id }
  callers['impersonator as themself'] = impersonator
  const by = (name: string) => callers[name] ?? {}
  return { w, id, user, by }
}

const rows = async (w: World, bucketId: string) => {
  const [file] = await w.db.select().from(files).where(eq(files.bucketId, bucketId))
  const parts = await w.db
    .select()
    .from(fileParts)
    .where(eq(fileParts.fileSequence, file?.sequence ?? 0))
  return { file, parts }
}

const own = ['owner', 'owner elsewhere', 'impersonator']
const keys = ['key', 'root key']
const others = ['stranger', 'impersonator as themself']
/** Who may go on with whose unfinished upload. */
const MAY: [starter: string, may: string[], mayNot: string[]][] = [
  ['owner', [...own, ...keys], [...others, 'guest']],
  ['impersonator', [...own, ...keys], [...others, 'guest']],
  ['key', keys, [...own, ...others, 'guest']],
  ['root key', keys, [...own, ...others, 'guest']],
  ['guest', ['guest'], [...own, ...others, ...keys]],
]

describe.each(MAY)('an unfinished upload of: %s', (starter, may, mayNot) => {
  test.each(may)('goes on by: %s', async (name) => {
    const { w, id, by } = await people()
    const fields = { permissions: starter === 'guest' ? ['read("any")'] : [] }
    expect((await tail(w, id, by(starter), { fields })).status).toBe(201)
    const { file: begun } = await rows(w, id)
    const answer = await head(w, id, by(name), { permissions: ['update("any")'] })
    expect(answer).toMatchObject({
      status: 201,
      body: { chunksUploaded: 2, $permissions: begun?.permissions },
    })
    expect((await rows(w, id)).file).toMatchObject({ sequence: begun?.sequence, uploadId: null })
  })
  test.each(mayNot)('is a taken ID for: %s', async (name) => {
    const { w, id, by } = await people()
    expect((await tail(w, id, by(starter))).status).toBe(201)
    const before = await rows(w, id)
    const tries = [
      () => tail(w, id, by(name)),
      () => tail(w, id, by(name), { bytes: 'other text' }),
      () => w.upload(id, 'whole', { fileId: 'f', headers: by(name) }),
      () => w.upload(id, 'a', { fileId: 'f', id: 'f', headers: by(name), range: 'bytes 0-0/2' }),
    ]
    for (const attempt of tries) expect(await attempt()).toMatchObject(TAKEN)
    expect(await rows(w, id)).toEqual(before)
  })
  // A key may read any file, and is answered with the finished one.
  const unread = mayNot.filter((name) => !keys.includes(name))
  test.each(unread)('answers as a finished file does: %s', async (name) => {
    const { w, id, by } = await people()
    await tail(w, id, by(starter))
    await w.upload(id, 'finished', { fileId: 'finished', headers: by(starter) })
    const shape = ({ status, body }: Answer) => [status, body]
    for (const send of [
      (fileId: string) => tail(w, id, by(name), { fileId }),
      (fileId: string) => w.upload(id, 'whole', { fileId, headers: by(name) }),
    ]) {
      expect(shape(await send('f'))).toEqual(shape(await send('finished')))
    }
  })
})

describe('a starter', () => {
  test('whose ID a new user got is somebody else', async () => {
    const { w, id, user, by } = await people()
    await tail(w, id, by('owner'))
    await w.db.delete(users).where(eq(users.id, user.id))
    const heir = await w.signedIn({ id: user.id })
    expect(await tail(w, id, heir.headers)).toMatchObject(TAKEN)
    expect((await tail(w, id, by('key'))).status).toBe(201)
  })
  test('who is blocked, or may not create files any more, does not go on', async () => {
    const { w, id, user, by } = await people({ permissions: [`create("user:x")`] })
    await w.db.update(buckets).set({ permissions: EVERYBODY }).where(eq(buckets.id, id))
    await tail(w, id, by('owner'))
    await w.db.update(buckets).set({ permissions: [] }).where(eq(buckets.id, id))
    expect(await tail(w, id, by('owner'))).toMatchObject({
      status: 401,
      body: { type: 'user_unauthorized' },
    })
    await w.db.update(buckets).set({ permissions: EVERYBODY }).where(eq(buckets.id, id))
    await w.db.update(users).set({ status: false }).where(eq(users.id, user.id))
    expect(await tail(w, id, by('owner'))).toMatchObject({ body: { type: 'user_blocked' } })
    expect((await tail(w, id, by('key'))).status).toBe(201)
  })
  test('is forgotten with a deleted file: the ID is free for anybody', async () => {
    const { w, id, by } = await people()
    await tail(w, id, by('owner'))
    expect(
      (await w.send('delete', `/storage/buckets/${id}/files/f`, undefined, by('owner'))).status,
    ).toBe(204)
    expect((await tail(w, id, by('stranger'))).status).toBe(201)
    expect(await tail(w, id, by('owner'))).toMatchObject(TAKEN)
  })
  test('that was not kept leaves the upload to keys', async () => {
    const { w, id, by } = await people()
    await tail(w, id, by('owner'))
    await w.db.update(files).set({ starter: null }).where(eq(files.bucketId, id))
    await w.db.update(fileParts).set({ digest: null })
    for (const name of ['owner', 'stranger', 'guest']) {
      expect(await tail(w, id, by(name))).toMatchObject(TAKEN)
    }
    expect((await tail(w, id, by('key'))).status).toBe(201)
    const { parts } = await rows(w, id)
    expect(parts.map(({ digest }) => typeof digest)).toEqual(['string'])
  })
  test('of an ID in another bucket has no say here', async () => {
    const { w, id, by } = await people()
    const other = await w.bucket({ permissions: EVERYBODY })
    await tail(w, id, by('owner'))
    const before = await rows(w, id)
    expect((await tail(w, other.id, by('stranger'))).status).toBe(201)
    expect(await rows(w, id)).toEqual(before)
  })
})

describe('a chunk for a finished file', () => {
  const chunk = (w: World, bucketId: string, headers: Headers) =>
    w.upload(bucketId, 'x', { fileId: 'f', id: 'f', headers, range: 'bytes 0-0/1' })

  test.each([
    ['its owner', { fileSecurity: true }, 'owner', 200],
    ['a key', { fileSecurity: true }, 'key', 200],
    ['a stranger', { fileSecurity: true }, 'stranger', 409],
    ['a guest', { fileSecurity: true }, 'guest', 409],
    ['its owner where file permissions are off', { fileSecurity: false }, 'owner', 409],
    [
      'a guest who may read the bucket',
      { fileSecurity: false, permissions: [...EVERYBODY, 'read("any")'] },
      'guest',
      200,
    ],
  ])('by %s', async (_, fields, name, status) => {
    const { w, id, by } = await people(fields)
    await w.upload(id, 'finished', { fileId: 'f', headers: by('owner') })
    const before = await rows(w, id)
    const answer = await chunk(w, id, by(name))
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject(
      status === 200 ? { $id: 'f', sizeOriginal: 8 } : { type: 'storage_file_already_exists' },
    )
    expect(await rows(w, id)).toEqual(before)
  })
})
