import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { fileParts, files, garbage } from '#/db/schema'
import { sweep } from '#/jobs'
import { blobKey, erasePrefix } from '#/storage/blob-keys'
import { CHUNK_BYTES } from '#/storage/upload/slicer'
import { md5 } from '#test/support/hash'
import { GUEST_HEADERS, NOW, ROOT, type World, world } from '#test/support/world'

type Bytes = Uint8Array<ArrayBuffer>
type Headers = Record<string, string>

const text = (value: string): Bytes => Uint8Array.from(new TextEncoder().encode(value))
const later = (days: number) => new Date(NOW.getTime() + days * 24 * 3600_000)
const TAKEN = [409, 'storage_file_already_exists']

const sendPart = (
  w: World,
  bucketId: string,
  {
    bytes,
    start,
    total,
    headers = ROOT as Headers,
    fields = {},
  }: {
    bytes: Bytes
    start: number
    total: number
    headers?: Headers
    fields?: Record<string, string | string[]>
  },
) =>
  w.upload(bucketId, bytes, {
    fileId: 'f',
    headers,
    fields,
    range: `bytes ${start}-${start + bytes.length - 1}/${total}`,
  })

async function empty() {
  const w = await world({ RATE_LIMITS: 'off' }, () => NOW)
  await erasePrefix(w.env.BLOBS, '')
  await w.db.delete(files)
  await w.db.delete(garbage)
  const { id } = await w.bucket({ permissions: ['create("any")', 'read("any")'] })
  return { w, id }
}

const download = async (w: World, id: string) =>
  (await w.send('get', `/storage/buckets/${id}/files/f/download`)).bytes

/** Checks that only the file is left in R2, and nothing of what came before it. */
async function isAlone(w: World, bytes: Bytes, id: string) {
  const [row] = await w.db.select().from(files).where(eq(files.bucketId, id))
  expect(row).toMatchObject({
    uploadId: null,
    starter: null,
    signature: await md5(bytes),
    sizeOriginal: bytes.length,
  })
  expect(await md5(await download(w, id))).toBe(await md5(bytes))
  await sweep(w.env, NOW)
  expect(await w.db.select().from(garbage)).toEqual([])
  expect(await w.db.select().from(fileParts)).toEqual([])
  const { objects } = await w.env.BLOBS.list()
  expect(objects.map(({ key }) => key)).toEqual([blobKey(row?.blobId ?? '')])
}

describe('another file under the ID of an unfinished one', () => {
  const total = CHUNK_BYTES + 6
  const zeros = new Uint8Array(CHUNK_BYTES)
  const ones = new Uint8Array(CHUNK_BYTES).fill(1)
  const first = { bytes: zeros, start: 0, total }
  const joined = (head: Bytes, tail: string): Bytes => Uint8Array.from([...head, ...text(tail)])

  test('sent whole takes its place, and its chunks go', async () => {
    const { w, id } = await empty()
    const fields = { permissions: ['read("any")'], folder: 'a' }
    expect((await sendPart(w, id, { ...first, fields })).status).toBe(201)
    const [old] = await w.db.select().from(files)
    const answer = await w.upload(id, 'whole', { fileId: 'f', name: 'b.txt' })
    expect(answer).toMatchObject({
      status: 201,
      trips: 2,
      body: { name: 'b.txt', folder: '', $permissions: [], sizeOriginal: 5, chunksTotal: 1 },
    })
    expect(await w.db.select().from(garbage)).toMatchObject([
      { kind: 'blob', ref: old?.blobId, uploadId: old?.uploadId },
    ])
    await isAlone(w, text('whole'), id)
  })
  test('in chunks of the same total starts anew with its first chunk', async () => {
    const { w, id } = await empty()
    await sendPart(w, id, { bytes: text('tail-a'), start: CHUNK_BYTES, total })
    await sendPart(w, id, { ...first, total: total + 1, bytes: ones })
    await sendPart(w, id, { ...first, bytes: ones })
    const [old] = await w.db.select().from(files)
    const begun = await sendPart(w, id, { ...first, fields: { folder: 'b' } })
    expect(begun).toMatchObject({ status: 201, body: { chunksUploaded: 1, folder: 'b/' } })
    const [anew] = await w.db.select().from(files)
    expect(anew?.sequence).not.toBe(old?.sequence)
    expect((await w.db.select().from(garbage)).map(({ uploadId }) => uploadId)).toContain(
      old?.uploadId,
    )
    const last = await sendPart(w, id, { bytes: text('tail-b'), start: CHUNK_BYTES, total })
    expect(last).toMatchObject({ status: 201, body: { chunksUploaded: 2 } })
    await isAlone(w, joined(zeros, 'tail-b'), id)
  })
  test('of another total starts anew with any chunk', async () => {
    const { w, id } = await empty()
    await sendPart(w, id, first)
    const answer = await sendPart(w, id, {
      bytes: text('tail-bb'),
      start: CHUNK_BYTES,
      total: total + 1,
    })
    expect(answer).toMatchObject({
      status: 201,
      body: { chunksUploaded: 1, chunksTotal: 2, sizeOriginal: total + 1 },
    })
    await sendPart(w, id, { bytes: ones, start: 0, total: total + 1 })
    await isAlone(w, joined(ones, 'tail-bb'), id)
  })
  test('loses the chunks that came before its first one, as soon as a later one differs', async () => {
    const { w, id } = await empty()
    const three = 2 * CHUNK_BYTES + 6
    const middle = { start: CHUNK_BYTES, total: three }
    const end = { bytes: text('tail-a'), start: 2 * CHUNK_BYTES, total: three }
    await sendPart(w, id, end)
    await sendPart(w, id, { bytes: zeros, start: 0, total: three })
    const other = await sendPart(w, id, { ...end, bytes: text('tail-b') })
    expect(other).toMatchObject({ status: 201, body: { chunksUploaded: 2 } })
    const last = await sendPart(w, id, { ...middle, bytes: ones })
    expect(last).toMatchObject({ status: 201, body: { chunksUploaded: 3 } })
    await isAlone(w, Uint8Array.from([...zeros, ...ones, ...text('tail-b')]), id)
  })
  test('a repeat sends nothing to R2 and changes nothing that can be seen', async () => {
    const { w, id } = await empty()
    await sendPart(w, id, first)
    const [part] = await w.db.select().from(fileParts)
    const again = await sendPart(w, id, first)
    expect(again).toMatchObject({ status: 201, trips: 2, body: { chunksUploaded: 1 } })
    const [after] = await w.db.select().from(fileParts)
    expect(after).toMatchObject({ etag: part?.etag, version: part?.version, digest: part?.digest })
    await sendPart(w, id, { bytes: text('tail-a'), start: CHUNK_BYTES, total })
    await isAlone(w, joined(zeros, 'tail-a'), id)
  })
})

describe('a service that fails', () => {
  const tiny = { bytes: text('ab'), start: 0, total: 2 }
  /** Lets one call to R2 fail, before or after it has had its effect. */
  const failing = (w: World, method: 'complete' | 'uploadPart', after: boolean) => {
    let left = 1
    const broken = new Proxy(w.env.BLOBS, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'resumeMultipartUpload') {
          return typeof value === 'function' ? value.bind(target) : value
        }
        return (...given: [string, string]) => {
          const upload = target.resumeMultipartUpload(...given)
          const fail = async (run: () => Promise<unknown>) => {
            if (left-- <= 0) return run()
            if (after) await run()
            throw new Error('R2 is away. (10001)')
          }
          return {
            abort: () => upload.abort(),
            complete: (parts: R2UploadedPart[]) =>
              method === 'complete' ? fail(() => upload.complete(parts)) : upload.complete(parts),
            uploadPart: (number: number, bytes: Bytes) =>
              method === 'uploadPart'
                ? fail(() => upload.uploadPart(number, bytes))
                : upload.uploadPart(number, bytes),
          }
        }
      },
    })
    w.env.BLOBS = broken
  }
  test.each([
    ['complete', false, 500],
    ['complete', true, 201],
    ['uploadPart', false, 500],
    ['uploadPart', true, 500],
  ] as const)('R2 %s, effect %s: %i, and a retry finishes', async (method, after, status) => {
    const { w, id } = await empty()
    failing(w, method, after)
    const answer = await sendPart(w, id, tiny)
    expect(answer.status).toBe(status)
    if (status === 500) expect((await sendPart(w, id, tiny)).status).toBe(201)
    await isAlone(w, text('ab'), id)
  })
})

/** Returns a source of numbers from 0 to below `limit` that a seed decides. */
function seeded(seed: number) {
  let state = seed >>> 0
  return (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * limit)
  }
}

type Who = 'owner' | 'stranger' | 'key' | 'guest'
type Stored = { bytes: string; received: number }
type OpenModel = {
  kind: 'open'
  starter: Who
  total: number
  first: number
  received: number
  parts: Map<number, Stored>
}
/** What an ID is to the reference model: nothing, an attempt, or a file. */
type Model = { kind: 'absent' } | OpenModel | { kind: 'finished'; content: string }
type ChunkRequest = { who: Who; total: number; start: number; bytes: string }
type Request = ChunkRequest | { who: Who; whole: string }

const continues = (starter: Who, who: Who) =>
  who === 'key' ? starter !== 'guest' : who === starter

/** Returns the status of the answer to a request, and what the ID is after it. Chunks are three bytes each. */
function next(model: Model, request: Request): [status: number, after: Model] {
  if (model.kind === 'open' && !continues(model.starter, request.who)) return [409, model]
  if ('whole' in request) {
    return model.kind === 'finished'
      ? [409, model]
      : [201, { kind: 'finished', content: request.whole }]
  }
  if (model.kind === 'finished') return [200, model]
  const open = attemptOf(model, request)
  open.received++
  if (request.start === 0) open.first = open.received
  open.parts.set(request.start, { bytes: request.bytes, received: open.received })
  const inOrder = [...open.parts].sort(([a], [b]) => a - b)
  const content = inOrder.map(([, part]) => part.bytes).join('')
  return [201, content.length === request.total ? { kind: 'finished', content } : open]
}

/** Returns the attempt that a chunk goes into: a new one, or the old one with what the chunk leaves of it. */
function attemptOf(model: Exclude<Model, { kind: 'finished' }>, chunk: ChunkRequest): OpenModel {
  const { who: starter, total, start, bytes } = chunk
  const anew: OpenModel = {
    kind: 'open',
    starter,
    total,
    first: 0,
    received: 0,
    parts: new Map(),
  }
  if (model.kind === 'absent' || model.total !== total) return anew
  const isOther = (model.parts.get(start)?.bytes ?? bytes) !== bytes
  if (isOther && start === 0) return anew
  const isKept = ([at, part]: [number, Stored]) =>
    !isOther || (at !== start && model.first > 0 && part.received >= model.first)
  return { ...model, parts: new Map([...model.parts].filter(isKept)) }
}

const WALKS = 30
const RACES = 20
const STEPS = 12
const CALLERS: Who[] = ['owner', 'owner', 'stranger', 'key', 'guest']

/** Draws a request: two files of one size that begin alike, one that does not, and one of another size. */
function draw(random: (limit: number) => number): Request {
  const who = CALLERS[random(CALLERS.length)] ?? 'owner'
  if (random(12) === 0) return { who, whole: `whole by ${who}` }
  const content = ['aaabbbccc', 'aaaBBBCCC', 'xxxyyyzzz', 'aaabbb'][random(4)] ?? ''
  const start = random(content.length / 3) * 3
  return { who, total: content.length, start, bytes: content.slice(start, start + 3) }
}

describe('against the reference model', () => {
  async function cast() {
    const { w, id } = await empty()
    const callers: Record<Who, Headers> = {
      owner: (await w.signedIn()).headers,
      stranger: (await w.signedIn()).headers,
      key: await w.key('files.write'),
      guest: GUEST_HEADERS,
    }
    const send = (request: Request) => {
      const headers = callers[request.who]
      return 'whole' in request
        ? w.upload(id, request.whole, { fileId: 'f', headers })
        : sendPart(w, id, { ...request, bytes: text(request.bytes), headers })
    }
    const stored = async (): Promise<string | undefined> => {
      const [row] = await w.db.select().from(files).where(eq(files.bucketId, id))
      if (!row) return 'absent'
      return row.uploadId === null ? new TextDecoder().decode(await download(w, id)) : undefined
    }
    const remove = () => w.db.delete(files).where(eq(files.bucketId, id))
    return { w, id, send, stored, remove }
  }

  type Cast = Awaited<ReturnType<typeof cast>>

  /** Does one step, drawn at random. @returns what the ID is after it */
  async function step({ w, send, remove }: Cast, random: (limit: number) => number, model: Model) {
    const event = random(20)
    const absent: Model = { kind: 'absent' }
    if (event === 0) {
      await remove()
      return absent
    }
    if (event <= 2) {
      await sweep(w.env, event === 1 ? NOW : later(7))
      return event === 2 && model.kind === 'open' ? absent : model
    }
    const request = draw(random)
    const [status, after] = next(model, request)
    const answer = await send(request)
    expect([answer.status, answer.body.type]).toEqual(status === 409 ? TAKEN : [status, undefined])
    return after
  }

  const contentOf = (model: Model) =>
    model.kind === 'finished' ? model.content : model.kind === 'open' ? undefined : 'absent'

  test(`${WALKS} walks of ${STEPS} steps, one request after another`, async () => {
    const all = await cast()
    let walked = 0
    for (let seed = 1; seed <= WALKS; seed++) {
      const random = seeded(seed * 7919)
      let model: Model = { kind: 'absent' }
      for (let count = 0; count < STEPS; count++) {
        model = await step(all, random, model)
        expect(await all.stored(), `seed ${seed}, step ${count}`).toBe(contentOf(model))
      }
      await all.remove()
      walked++
    }
    expect(walked).toBe(WALKS)
    console.info(`${walked} walks of uploads held against the model, ${walked * STEPS} steps`)
    await sweep(all.w.env, later(8))
    expect((await all.w.env.BLOBS.list()).objects).toEqual([])
  }, 120_000)

  test(`${RACES} walks of requests at once, with retries`, async () => {
    const { w, id, send, stored, remove } = await cast()
    for (let seed = 1; seed <= RACES; seed++) {
      const random = seeded(seed * 104_729)
      const contents = { owner: 'aaabbbccc', stranger: 'xxxyyyzzz', guest: 'gggggg' }
      const requests = Object.entries(contents).flatMap(([who, content]) =>
        [0, 3, 6, 0, 3]
          .filter((start) => start < content.length)
          .map((start) => ({
            who: who as keyof typeof contents, // its keys
            total: content.length,
            start,
            bytes: content.slice(start, start + 3),
          })),
      )
      requests.sort(() => random(3) - 1)
      const answers = await Promise.all(requests.map(send))
      const ok = new Set(
        answers.flatMap(({ status }, index) => (status === 201 ? [requests[index]?.who] : [])),
      )
      expect(ok.size, `seed ${seed}`).toBe(1)
      for (const { status, body } of answers) {
        if (status >= 300) expect([status, body.type], `seed ${seed}`).toEqual(TAKEN)
      }
      const [winner = 'owner'] = ok
      expect(await stored(), `seed ${seed}`).toBe(contents[winner])
      const done = answers.filter(({ status, body }) => status === 201 && body.signature !== '')
      expect(done.length, `seed ${seed}`).toBe(1)
      await sweep(w.env, NOW)
      const { objects } = await w.env.BLOBS.list()
      expect(objects.length, `seed ${seed}: ${objects.map(({ key }) => key)} ${id}`).toBe(1)
      await remove()
      await sweep(w.env, NOW)
    }
  }, 120_000)
})
