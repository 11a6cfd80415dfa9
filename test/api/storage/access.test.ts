import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { type Caller, GUEST, GUEST_SCOPES, keyCaller } from '#/auth/caller'
import { grantRoles } from '#/auth/roles'
import { settingsOf } from '#/config/env'
import { type Bucket, buckets, type File, files } from '#/db/schema'
import { ApiError, ERRORS, type ErrorType } from '#/errors'
import type { AppEnv } from '#/http/context'
import { ROUTES } from '#/routes'
import { grantBucket, grantChange, grantCreate, grantRead } from '#/services/storage/access'
import { after, MINUTE, TIME, wire } from '#test/support/clock'
import { storeFiles } from '#test/support/lists'
import { GUEST_HEADERS, NOW, type World, world } from '#test/support/world'

const ME: Caller = {
  kind: 'user',
  id: 'me',
  email: 'me@example.com',
  roles: [
    ...['any', 'users', 'user:me', 'users/verified', 'user:me/verified'],
    ...['team:red', 'member:m1', 'team:red/owner', 'label:vip'],
  ],
  scopes: GUEST_SCOPES,
}
const KEY = keyCaller('k', ['files.read', 'files.write'])

/** Runs the real routes for any caller, as there are no sessions to sign in with. */
function as(w: World, caller: Caller, now = NOW) {
  const app = new Hono<AppEnv>()
  app.use(async (c, next) => {
    c.set('now', now)
    c.set('caller', caller)
    c.set('settings', settingsOf(c.env))
    c.set('db', w.db)
    c.set('hasProject', true)
    await next()
  })
  app.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error
    return c.json({ type: error.type }, ERRORS[error.type][0])
  })
  for (const { spec, handlers } of ROUTES) {
    app.on(spec.method.toUpperCase(), [spec.path], ...handlers)
  }
  return async (method: string, path: string, body?: unknown) => {
    const form = body instanceof FormData
    const request = new Request(`http://localhost/v1/storage/buckets/${path}`, {
      method,
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
      headers: body === undefined || form ? {} : { 'Content-Type': 'application/json' },
    })
    const context = createExecutionContext()
    const response = await app.fetch(request, w.env, context)
    const bytes = new Uint8Array(await response.arrayBuffer())
    await waitOnExecutionContext(context)
    const json = response.headers.get('content-type')?.includes('json') && bytes.length > 0
    const parsed = json ? JSON.parse(new TextDecoder().decode(bytes)) : {}
    return { status: response.status, body: parsed, type: parsed.type }
  }
}

const upload = (fields: Record<string, string | string[]> = {}) => {
  const form = new FormData()
  form.set('fileId', 'unique()')
  form.set('file', new File(['hello'], 'a.txt'))
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) form.append(Array.isArray(value) ? `${name}[]` : name, one)
  }
  return form
}

/** Returns the type of the error that a function throws, or 'ok'. */
function outcome(run: () => unknown): ErrorType | 'ok' {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (error instanceof ApiError) return error.type
    throw error
  }
}

const bucketRow = (fields: Partial<Bucket> = {}): Bucket => ({
  sequence: 1,
  id: 'b',
  permissions: [],
  fileSecurity: false,
  name: 'b',
  enabled: true,
  maximumFileSize: 1,
  allowedFileExtensions: [],
  compression: 'none',
  encryption: true,
  antivirus: true,
  transformations: true,
  createdAt: NOW,
  updatedAt: NOW,
  ...fields,
})

const fileRow = (fields: Partial<File> = {}): File => ({
  sequence: 1,
  bucketSequence: 1,
  bucketId: 'b',
  id: 'f',
  permissions: [],
  name: 'f',
  uploadName: 'f',
  folder: '',
  signature: '',
  mimeType: '',
  sizeOriginal: 1,
  sizeActual: 1,
  chunksTotal: 1,
  chunksUploaded: 1,
  encryption: false,
  charset: null,
  compression: 'none',
  blobId: 'x',
  uploadId: null,
  starter: null,
  received: 0,
  firstReceived: 0,
  createdAt: NOW,
  updatedAt: NOW,
  ...fields,
})

const UNAUTHORIZED = 'user_unauthorized'
const NO_FILE = 'storage_file_not_found'
const NO_BUCKET = 'storage_bucket_not_found'

/** docs/contract/storage.md §3.3: read, list (its total or its error), update and delete, create. */
const DECISIONS = [
  { fileSecurity: false, bucket: false, file: false, read: UNAUTHORIZED, list: UNAUTHORIZED },
  { fileSecurity: false, bucket: false, file: true, read: UNAUTHORIZED, list: UNAUTHORIZED },
  { fileSecurity: false, bucket: true, file: false, read: 'ok', list: 1 },
  { fileSecurity: false, bucket: true, file: true, read: 'ok', list: 1 },
  { fileSecurity: true, bucket: false, file: false, read: NO_FILE, list: 0 },
  { fileSecurity: true, bucket: false, file: true, read: 'ok', list: 1 },
  { fileSecurity: true, bucket: true, file: false, read: 'ok', list: 1 },
  { fileSecurity: true, bucket: true, file: true, read: 'ok', list: 1 },
].map((row) => ({
  ...row,
  change: row.read === 'ok' ? 'ok' : UNAUTHORIZED,
  missing: row.read === UNAUTHORIZED ? UNAUTHORIZED : NO_FILE,
  create: row.bucket ? 'ok' : UNAUTHORIZED,
}))

/** A role that the caller holds, and one that only others do. */
const CALLERS = [
  { name: 'guest', caller: GUEST, own: 'guests', other: 'users' },
  { name: 'user', caller: ME, own: 'user:me', other: 'guests' },
  { name: 'user by team role', caller: ME, own: 'team:red/owner', other: 'team:red/member' },
  { name: 'user by label', caller: ME, own: 'label:vip', other: 'label:vips' },
  { name: 'user as verified', caller: ME, own: 'users/verified', other: 'users/unverified' },
  { name: 'key', caller: KEY, own: 'guests', other: 'users' },
] as const

const CASES = CALLERS.flatMap((who) => DECISIONS.map((row) => ({ ...who, ...row }))).map((row) =>
  row.caller.kind === 'key'
    ? { ...row, read: 'ok', change: 'ok', create: 'ok', list: 1, missing: NO_FILE }
    : row,
)
type Case = (typeof CASES)[number]

/** Everything is granted to the other role, and what the case grants to the caller's as well. */
const granted = ({ own, other }: Case, action: string, isGranted: boolean) => [
  `${action}("${other}")`,
  ...(isGranted ? [`${action}("${own}")`] : []),
]

describe('the decision is that of the contract for each action', () => {
  const title =
    '$name, fileSecurity $fileSecurity, bucket grants $bucket, file grants $file: read $read'
  test.each(CASES)(title, (row) => {
    const bucket = (action: string) =>
      bucketRow({
        fileSecurity: row.fileSecurity,
        permissions: granted(row, action, row.bucket),
      })
    const file = (action: string) => fileRow({ permissions: granted(row, action, row.file) })
    const { caller } = row
    expect({
      read: outcome(() => grantRead(caller, bucket('read'), file('read'))),
      preview: outcome(() => grantRead(caller, bucket('read'), file('read'), { preview: true })),
      missing: outcome(() => grantRead(caller, bucket('read'), undefined)),
      update: outcome(() => grantChange(caller, 'update', bucket('update'), file('update'))),
      delete: outcome(() => grantChange(caller, 'delete', bucket('delete'), file('delete'))),
      missingUpdate: outcome(() => grantChange(caller, 'update', bucket('update'), undefined)),
      create: outcome(() => grantCreate(caller, bucket('create'))),
    }).toEqual({
      read: row.read,
      preview: row.read,
      missing: row.missing,
      update: row.change,
      delete: row.change,
      missingUpdate: row.missing,
      create: row.create,
    })
  })
  test('a permission for one action opens no other', () => {
    const all = ['create', 'read', 'update', 'delete']
    for (const action of all) {
      const bucket = bucketRow({ permissions: [`${action}("any")`] })
      const opened = {
        create: outcome(() => grantCreate(GUEST, bucket)),
        read: outcome(() => grantRead(GUEST, bucket, fileRow())),
        update: outcome(() => grantChange(GUEST, 'update', bucket, fileRow())),
        delete: outcome(() => grantChange(GUEST, 'delete', bucket, fileRow())),
      }
      expect(opened).toEqual(
        Object.fromEntries(all.map((one) => [one, one === action ? 'ok' : UNAUTHORIZED])),
      )
    }
  })
  test('file permissions never grant an upload', () => {
    const bucket = bucketRow({ fileSecurity: true, permissions: ['read("any")', 'update("any")'] })
    expect(outcome(() => grantCreate(GUEST, bucket))).toBe(UNAUTHORIZED)
  })
  test('a disabled bucket is missing for all but keys', () => {
    const all = ['create("any")', 'read("any")', 'update("any")', 'delete("any")']
    const bucket = bucketRow({ enabled: false, permissions: all })
    for (const caller of [GUEST, ME]) {
      expect([
        outcome(() => grantBucket(caller, bucket)),
        outcome(() => grantRead(caller, bucket, fileRow())),
        outcome(() => grantChange(caller, 'update', bucket, fileRow())),
        outcome(() => grantChange(caller, 'delete', bucket, fileRow())),
        outcome(() => grantCreate(caller, bucket)),
      ]).toEqual(Array(5).fill(NO_BUCKET))
    }
    expect(outcome(() => grantRead(KEY, bucket, fileRow()))).toBe('ok')
    expect(outcome(() => grantCreate(KEY, bucket))).toBe('ok')
    expect(outcome(() => grantRead(KEY, undefined, undefined))).toBe(NO_BUCKET)
  })
  test('transformations that are off stop previews before permissions are asked, but not for keys', () => {
    const off = { transformations: false }
    const preview = (caller: Caller, fields: Partial<Bucket>) =>
      outcome(() => grantRead(caller, bucketRow(fields), fileRow(), { preview: true }))
    const refused = 'storage_bucket_transformations_disabled'
    expect(preview(GUEST, off)).toBe(refused)
    expect(preview(ME, { ...off, permissions: ['read("any")'] })).toBe(refused)
    expect(preview(ME, { ...off, enabled: false })).toBe(NO_BUCKET)
    expect(preview(KEY, off)).toBe('ok')
    expect(outcome(() => grantRead(GUEST, bucketRow(off), fileRow()))).toBe(UNAUTHORIZED)
  })
  test('a token covers its own file and turns against every other', () => {
    const token = { tokenId: 't', bucketSequence: 1, fileSequence: 1, stale: false }
    const read = (fields: Partial<Bucket>, file: File | undefined, caller: Caller = GUEST) =>
      outcome(() => grantRead(caller, bucketRow(fields), file, { token }))
    const open = { permissions: ['read("any")'] }
    expect(read({}, fileRow())).toBe('ok')
    expect(read({ fileSecurity: true }, fileRow())).toBe('ok')
    expect(read(open, fileRow({ sequence: 2 }))).toBe(UNAUTHORIZED)
    expect(read(open, fileRow({ sequence: 2 }), KEY)).toBe(UNAUTHORIZED)
    expect(read(open, undefined)).toBe(UNAUTHORIZED)
    expect(read({ ...open, sequence: 9 }, fileRow({ sequence: 2 }))).toBe(UNAUTHORIZED)
    expect(read({ enabled: false }, fileRow())).toBe(NO_BUCKET)
  })
})

describe('roles that may be granted', () => {
  test.each([
    ...['any', 'users', 'user:me', 'users/verified', 'user:me/verified', 'team:red'],
    ...['member:m1', 'team:red/owner', 'label:vip'],
  ])('a user grants to %s, which it holds', (role) => {
    expect(outcome(() => grantRoles(ME, [`read("${role}")`]))).toBe('ok')
  })
  test.each([
    ...['guests', 'user:you', 'users/unverified', 'user:me/unverified', 'team:blue'],
    ...['team:red/member', 'member:m2', 'label:VIP'],
  ])('a user does not grant to %s, but a key does', (role) => {
    const list = ['read("any")', `delete("${role}")`]
    expect(outcome(() => grantRoles(ME, list))).toBe(UNAUTHORIZED)
    expect(outcome(() => grantRoles(KEY, list))).toBe('ok')
  })
  test('a guest grants to any and guests only', () => {
    expect(outcome(() => grantRoles(GUEST, ['read("any")', 'update("guests")']))).toBe('ok')
    expect(outcome(() => grantRoles(GUEST, ['read("users")']))).toBe(UNAUTHORIZED)
  })
  test('an upload and an update with a foreign role are refused and change nothing', async () => {
    const w = await world()
    const { id } = await w.bucket({ permissions: ['create("any")', 'update("any")'] })
    const me = as(w, ME)
    const refused = await me(
      'POST',
      `${id}/files`,
      upload({ permissions: ['write("users/unverified")'] }),
    )
    expect([refused.status, refused.type]).toEqual([401, UNAUTHORIZED])
    expect(await w.db.select().from(files).where(eq(files.bucketId, id))).toEqual([])
    const { body } = await me('POST', `${id}/files`, upload())
    const put = await me('PUT', `${id}/files/${body.$id}`, { permissions: ['read("guests")'] })
    expect([put.status, put.type]).toEqual([401, UNAUTHORIZED])
    const [row] = await w.db.select().from(files).where(eq(files.bucketId, id))
    expect(row?.permissions).toEqual(body.$permissions)
  })
})

describe('the routes take the decision', () => {
  const picked = CASES.filter(({ name }) => ['guest', 'user', 'key'].includes(name))
  test.each(picked)(
    '$name, fileSecurity $fileSecurity, bucket grants $bucket, file grants $file: read $read',
    async (row) => {
      const w = await world()
      const { fileSecurity } = row
      const perms = (isGranted: boolean) =>
        ['create', 'read', 'update', 'delete'].flatMap((action) => granted(row, action, isGranted))
      const bucket = await w.bucket({ fileSecurity, permissions: perms(row.bucket) })
      await w.upload(bucket.id, 'hello', { fileId: 'f', name: 'a.txt' })
      await w.db
        .update(files)
        .set({ permissions: perms(row.file) })
        .where(eq(files.bucketSequence, bucket.sequence))
      const send = as(w, row.caller)
      const at = `${bucket.id}/files/f`
      const seen: Record<string, unknown> = {}
      for (const suffix of ['', '/download', '/view', '/preview']) {
        seen[suffix] = (await send('GET', at + suffix)).type ?? 'ok'
      }
      expect(seen).toEqual(
        Object.fromEntries(['', '/download', '/view', '/preview'].map((one) => [one, row.read])),
      )
      const list = await send('GET', `${bucket.id}/files`)
      expect(list.type ?? list.body.total).toBe(row.list)
      expect(list.body.files?.length ?? 0).toBe(typeof row.list === 'number' ? row.list : 0)
      expect((await send('POST', `${bucket.id}/files`, upload())).type ?? 'ok').toBe(row.create)
      expect((await send('PUT', at, { name: 'b.txt' })).type ?? 'ok').toBe(row.change)
      expect((await send('DELETE', at)).type ?? 'ok').toBe(row.change)
      expect((await send('PUT', `${bucket.id}/files/gone`, {})).type).toBe(row.missing)
      expect((await send('GET', `${bucket.id}/files/gone`)).type).toBe(row.missing)
      const left = await w.db.select().from(files).where(eq(files.id, 'f'))
      const mine = left.filter(({ bucketSequence }) => bucketSequence === bucket.sequence)
      expect(mine.map(({ name }) => name)).toEqual(row.change === 'ok' ? [] : ['a.txt'])
    },
  )
  test('a refusal has the status of its type over HTTP', async () => {
    const w = await world()
    const closed = await w.bucket()
    const secured = await w.bucket({ fileSecurity: true })
    const disabled = await w.bucket({ enabled: false, permissions: ['read("any")'] })
    const off = await w.bucket({ transformations: false, permissions: ['read("any")'] })
    for (const { id } of [closed, secured, disabled, off]) await w.upload(id, 'x', { fileId: 'f' })
    const get = async (id: string, suffix = '') => {
      const { status, body } = await w.send(
        'get',
        `/storage/buckets/${id}/files/f${suffix}`,
        undefined,
        GUEST_HEADERS,
      )
      return [status, body?.type]
    }
    for (const suffix of ['', '/download', '/view', '/preview']) {
      expect(await get(closed.id, suffix)).toEqual([401, UNAUTHORIZED])
      expect(await get(secured.id, suffix)).toEqual([404, NO_FILE])
      expect(await get(disabled.id, suffix)).toEqual([404, NO_BUCKET])
      expect(await get('nowhere', suffix)).toEqual([404, NO_BUCKET])
    }
    expect(await get(off.id, '/preview')).toEqual([403, 'storage_bucket_transformations_disabled'])
    expect((await get(off.id, '/view'))[0]).toBe(200)
    const byKey = async (id: string, suffix: string) =>
      (await w.send('get', `/storage/buckets/${id}/files/f${suffix}`)).status
    expect(await byKey(disabled.id, '/view')).toBe(200)
    expect(await byKey(off.id, '/preview')).toBe(200)
    expect((await w.upload(disabled.id, 'x')).status).toBe(201)
  })
  test('a stranger in a bucket with file security counts nothing, also with a search', async () => {
    const w = await world()
    const { id } = await w.bucket({ fileSecurity: true })
    await w.upload(id, 'x', { fileId: 'secret', name: 'secret.txt' })
    for (const query of [
      '',
      '?search=secret',
      '?queries[]=%7B%22method%22:%22limit%22,%22values%22:[1]%7D',
    ]) {
      const path = `/storage/buckets/${id}/files${query}`
      const { body } = await w.send('get', path, undefined, GUEST_HEADERS)
      expect(body).toEqual({ total: 0, files: [] })
    }
  })
  test('a hidden file is no cursor', async () => {
    const w = await world()
    const { id } = await w.bucket({ fileSecurity: true })
    await w.upload(id, 'x', { fileId: 'hidden' })
    await w.upload(id, 'x', { fileId: 'shown', fields: { permissions: ['read("any")'] } })
    const cursor = JSON.stringify({ method: 'cursorAfter', values: ['hidden'] })
    const path = `/storage/buckets/${id}/files?queries[]=${encodeURIComponent(cursor)}`
    const answer = await w.send('get', path, undefined, GUEST_HEADERS)
    expect(answer).toMatchObject({ status: 400, body: { type: 'general_cursor_not_found' } })
  })
  test('toggling file security takes effect at once', async () => {
    const w = await world()
    const bucket = await w.bucket()
    await w.upload(bucket.id, 'x', { fileId: 'f', fields: { permissions: ['read("any")'] } })
    const path = `/storage/buckets/${bucket.id}/files/f`
    const status = async () => (await w.send('get', path, undefined, GUEST_HEADERS)).status
    expect(await status()).toBe(401)
    await w.send('put', `/storage/buckets/${bucket.id}`, { name: 'B', fileSecurity: true })
    expect(await status()).toBe(200)
    await w.send('put', `/storage/buckets/${bucket.id}`, { name: 'B' })
    expect(await status()).toBe(401)
  })
})

describe('list visibility', () => {
  const ROLES = [
    ...['any', 'guests', 'users', 'users/verified', 'users/unverified', 'user:a', 'user:b'],
    ...['user:a/verified', 'team:t', 'team:t/owner', 'team:t/own', 'member:m', 'label:l', 'user:A'],
  ]
  /** Returns a pseudo-random sequence of numbers below a bound; the same for the same seed. */
  const random = (seed: number) => {
    let state = seed
    return (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((state / 2 ** 31) * below)
    }
  }
  test.each([1, 2, 3, 4].map((seed) => [seed]))(
    'is that of single reads for random roles and permissions (seed %i)',
    async (seed) => {
      const next = random(seed)
      const some = (count: number) =>
        Array.from({ length: count }, () => ROLES[next(ROLES.length)] ?? '')
      const w = await world()
      const bucket = await w.bucket({ fileSecurity: true, permissions: ['update("any")'] })
      const made = Array.from({ length: 40 }, (_, index) => ({
        id: `f${index}`,
        permissions: some(next(4)).map(
          (role) => `${['read', 'read', 'update', 'delete'][next(4)]}("${role}")`,
        ),
      }))
      await storeFiles(w, bucket, made)
      // A change of permissions must reach the list as well.
      for (const { id } of made.slice(0, 10)) {
        await w.send('put', `/storage/buckets/${bucket.id}/files/${id}`, {
          permissions: some(next(3)).map((role) => `read("${role}")`),
        })
      }
      const rows = await w.db
        .select()
        .from(files)
        .where(eq(files.bucketSequence, bucket.sequence))
        .orderBy(files.sequence)
      for (let round = 0; round < 8; round++) {
        const caller: Caller = { ...ME, roles: some(next(5)) }
        const readable = rows
          .filter((row) => outcome(() => grantRead(caller, bucket, row)) === 'ok')
          .map(({ id }) => id)
        const limit = encodeURIComponent(JSON.stringify({ method: 'limit', values: [100] }))
        const { body } = await as(w, caller)('GET', `${bucket.id}/files?queries[]=${limit}`)
        expect(body.files.map(({ $id }: { $id: string }) => $id)).toEqual(readable)
        expect(body.total).toBe(readable.length)
      }
    },
  )
})

describe('default permissions', () => {
  const open = { permissions: ['create("any")'] }
  test('a user owns what it uploads', async () => {
    const w = await world()
    const { id } = await w.bucket(open)
    const own = ['read("user:me")', 'update("user:me")', 'delete("user:me")']
    const { status, body } = await as(w, ME)('POST', `${id}/files`, upload())
    expect([status, body.$permissions]).toEqual([201, own])
    const [row] = await w.db.select().from(files).where(eq(files.bucketId, id))
    expect(row?.permissions).toEqual(own)
  })
  test('a guest and a key give none', async () => {
    const w = await world()
    const { id } = await w.bucket(open)
    expect((await w.upload(id, 'x', { headers: GUEST_HEADERS })).body.$permissions).toEqual([])
    expect((await w.upload(id, 'x')).body.$permissions).toEqual([])
  })
  test('write is expanded in place and repeats are dropped', async () => {
    const w = await world()
    const { id } = await w.bucket()
    const permissions = ['write("any")', 'read("any")', 'delete("any")', 'read("any")']
    const { body } = await w.upload(id, 'x', { fileId: 'f', fields: { permissions } })
    expect(body.$permissions).toEqual(['update("any")', 'delete("any")', 'read("any")'])
    const put = await w.send('put', `/storage/buckets/${id}/files/f`, {
      permissions: ['read("users")', 'write("users")', 'create("users")'],
    })
    expect(put.body.$permissions).toEqual([
      ...['read("users")', 'update("users")', 'delete("users")', 'create("users")'],
    ])
    const made = await w.send('post', '/storage/buckets', {
      bucketId: 'unique()',
      name: 'B',
      permissions: ['update("any")', 'write("any")', 'read("users")'],
    })
    expect(made.body.$permissions).toEqual([
      ...['update("any")', 'create("any")', 'delete("any")', 'read("users")'],
    ])
  })
  test('one hundred permissions are stored and one more is refused', async () => {
    const w = await world()
    const { id } = await w.bucket()
    await w.upload(id, 'x', { fileId: 'f' })
    const many = (count: number) => Array.from({ length: count }, (_, n) => `read("user:u${n}")`)
    const path = `/storage/buckets/${id}/files/f`
    expect((await w.send('put', path, { permissions: many(100) })).body.$permissions).toEqual(
      many(100),
    )
    expect(await w.send('put', path, { permissions: many(101) })).toMatchObject({
      status: 400,
      body: { type: 'general_argument_invalid' },
    })
  })
})

describe('a bucket', () => {
  const stored = async (w: World, id: string) =>
    (await w.db.select().from(buckets).where(eq(buckets.id, id)))[0]
  const DEFAULTS = {
    permissions: [],
    fileSecurity: false,
    enabled: true,
    maximumFileSize: 5 * 1024 ** 3,
    allowedFileExtensions: [],
    compression: 'none',
    encryption: true,
    antivirus: true,
    transformations: true,
  }
  const UNUSUAL = {
    fileSecurity: true,
    enabled: false,
    maximumFileSize: 77,
    allowedFileExtensions: ['png'],
    compression: 'gzip' as const,
    encryption: false,
    antivirus: false,
    transformations: false,
  }

  test('is created with the defaults', async () => {
    const w = await world({}, () => NOW)
    const { status, body } = await w.send('post', '/storage/buckets', {
      bucketId: 'defaults',
      name: 'Defaults',
    })
    const { permissions, ...settings } = DEFAULTS
    expect([status, body]).toEqual([
      201,
      {
        $id: 'defaults',
        $createdAt: TIME,
        $updatedAt: TIME,
        $permissions: permissions,
        name: 'Defaults',
        ...settings,
        totalSize: 0,
      },
    ])
    expect(await stored(w, 'defaults')).toMatchObject({ ...DEFAULTS, createdAt: NOW })
  })
  test('keeps its permissions and resets all else that an update leaves out', async () => {
    const later = new Date(NOW.getTime() + 5000)
    const w = await world({}, () => later)
    const { id, sequence } = await w.bucket({ ...UNUSUAL, permissions: ['read("any")'] })
    const { status } = await w.send('put', `/storage/buckets/${id}`, { name: 'New' })
    expect(status).toBe(200)
    expect(await stored(w, id)).toEqual({
      ...DEFAULTS,
      id,
      sequence,
      ...{ name: 'New', nameForm: null, nameWords: null, nameFolded: 'new' },
      permissions: ['read("any")'],
      createdAt: NOW,
      updatedAt: later,
    })
  })
  test('keeps size, compression and encryption for null', async () => {
    const w = await world()
    const { id } = await w.bucket({ ...UNUSUAL, permissions: ['read("any")'] })
    await w.send('put', `/storage/buckets/${id}`, {
      name: 'New',
      maximumFileSize: null,
      compression: null,
      encryption: null,
      permissions: null,
    })
    expect(await stored(w, id)).toMatchObject({
      maximumFileSize: 77,
      compression: 'gzip',
      encryption: false,
      permissions: ['read("any")'],
    })
  })
  test('takes null for another setting as left out', async () => {
    const w = await world()
    const { id } = await w.bucket(UNUSUAL)
    const { status } = await w.send('put', `/storage/buckets/${id}`, {
      name: 'New',
      fileSecurity: null,
      enabled: null,
      allowedFileExtensions: null,
      antivirus: null,
      transformations: null,
    })
    expect(status).toBe(200)
    expect(await stored(w, id)).toMatchObject(DEFAULTS)
  })
  test('loses its permissions to an empty list', async () => {
    const w = await world()
    const { id } = await w.bucket({ permissions: ['read("any")'] })
    await w.send('put', `/storage/buckets/${id}`, { name: 'New', permissions: [] })
    expect((await stored(w, id))?.permissions).toEqual([])
  })
  test.each([
    ['name', {}],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(129) }],
    ['maximumFileSize', { name: 'x', maximumFileSize: 0 }],
    ['maximumFileSize', { name: 'x', maximumFileSize: 5 * 1024 ** 3 + 1 }],
    ['maximumFileSize', { name: 'x', maximumFileSize: 1.5 }],
    ['compression', { name: 'x', compression: 'GZIP' }],
    ['enabled', { name: 'x', enabled: 'yes' }],
    ['permissions', { name: 'x', permissions: 'read("any")' }],
    ['permissions', { name: 'x', permissions: ['*'] }],
    ['permissions', { name: 'x', permissions: [1] }],
    ['allowedFileExtensions', { name: 'x', allowedFileExtensions: [''] }],
    ['allowedFileExtensions', { name: 'x', allowedFileExtensions: Array(101).fill('a') }],
  ])('stays as it is after a bad %s: %o', async (parameter, body) => {
    const w = await world()
    const bucket = await w.bucket({ permissions: ['read("any")'] })
    for (const [method, path, more] of [
      ['put', `/storage/buckets/${bucket.id}`, {}],
      ['post', '/storage/buckets', { bucketId: 'refused' }],
    ] as const) {
      const answer = await w.send(method, path, { ...more, ...body })
      expect(answer).toMatchObject({ status: 400, body: { type: 'general_argument_invalid' } })
      expect(answer.body.message).toMatch(new RegExp(`["\`]${parameter}["\`]`))
    }
    expect(await stored(w, bucket.id)).toEqual(bucket)
    expect(await stored(w, 'refused')).toBeUndefined()
  })
  test('is not there: 404 for read, update and delete', async () => {
    const w = await world()
    for (const method of ['get', 'put', 'delete']) {
      const body = method === 'put' ? { name: 'x' } : undefined
      expect(await w.send(method, '/storage/buckets/nowhere', body)).toMatchObject({
        status: 404,
        body: { type: NO_BUCKET },
      })
    }
  })
})

describe('a file', () => {
  const later = new Date(NOW.getTime() + 60_000)
  const scene = async () => {
    let clock = NOW
    const w = await world({}, () => clock)
    const { id } = await w.bucket()
    await w.upload(id, 'x', {
      fileId: 'f',
      name: 'a.txt',
      fields: { permissions: ['read("any")'] },
    })
    clock = later
    const row = async () => (await w.db.select().from(files).where(eq(files.bucketId, id)))[0]
    const put = (body: unknown) => w.send('put', `/storage/buckets/${id}/files/f`, body)
    return { put, row, before: await row() }
  }

  test.each([
    [{ name: 'b.txt' }, { name: 'b.txt' }],
    [{ permissions: ['read("users")'] }, { permissions: ['read("users")'] }],
    [{ permissions: [] }, { permissions: [] }],
    [{ name: 'b.txt', permissions: null }, { name: 'b.txt' }],
    [{ name: null, permissions: [] }, { permissions: [] }],
  ])('changes by %j only in what is named, and in its time', async (body, changes) => {
    const { put, row, before } = await scene()
    const answer = await put(body)
    expect(answer.status).toBe(200)
    expect(answer.body.$updatedAt).toBe(wire(after(MINUTE)))
    const { name } = { ...before, ...changes }
    const expected = { ...before, ...changes, nameFolded: name, updatedAt: later }
    expect(await row()).toEqual(expected)
  })
  test.each([
    [{}],
    [{ name: null, permissions: null }],
    [{ name: 'a.txt' }],
    [{ permissions: ['read("any")'] }],
    [{ name: 'a.txt', permissions: ['read("any")', 'read("any")'], folder: 'moved' }],
  ])('keeps its time after %j, which changes nothing', async (body) => {
    const { put, row, before } = await scene()
    const answer = await put(body)
    expect([answer.status, answer.body.$updatedAt]).toEqual([200, TIME])
    expect(await row()).toEqual(before)
  })
  test.each([
    [{ name: '' }],
    [{ name: 'x'.repeat(129) }],
    [{ permissions: 'read("any")' }],
    [{ permissions: ['read("any"'] }],
  ])('refuses %j', async (body) => {
    const { put, row, before } = await scene()
    expect(await put(body)).toMatchObject({
      status: 400,
      body: { type: 'general_argument_invalid' },
    })
    expect(await row()).toEqual(before)
  })
})
