import { env } from 'cloudflare:workers'
import zlib from 'node:zlib'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { files } from '#/db/schema'
import { blobKey, openBlob } from '#/storage/blobs'
import { FRAME_BYTES, zstdCompressed, zstdDecompressed } from '#/storage/zstd'
import { md5, noise } from '#test/support/hash'
import { GUEST_HEADERS, NOW, world } from '#test/support/world'

const KiB = 1024
const MiB = 1024 * KiB

/** Streams bytes in pieces of any size. */
function streamOf(bytes: Uint8Array, pieceBytes = bytes.length): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + pieceBytes))
      at += pieceBytes
    },
  })
}
const bytesOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).bytes()

/** Bytes of which every other 100,000 cannot be compressed, so that kinds of block alternate off their grid. */
function mixed(length: number): Uint8Array<ArrayBuffer> {
  const bytes = noise(length)
  for (let at = 0; at < length; at += 200_000) bytes.fill(7, at, at + 100_000)
  return bytes
}
const CONTENTS = [
  ['random', (length: number) => noise(length)],
  ['even', (length: number) => new Uint8Array(length).fill(65)],
  ['mixed', mixed],
] as const
const BOUNDARIES = [16, 32, 64, 128, 256, 384, 512, 1024, 2048, 4096].map((size) => size * KiB)
const SIZES = [1, 2, 100, 1000, ...BOUNDARIES.flatMap((size) => [size - 1, size, size + 1])]

describe('zstd at rest', () => {
  describe.each(CONTENTS)('keeps %s bytes', (_, make) => {
    test.each(SIZES)('of %d', async (size) => {
      const bytes = make(size)
      const packed = await bytesOf(zstdCompressed(streamOf(bytes, 100_001)))
      const frames = Math.ceil(size / FRAME_BYTES)
      const blocks = Math.ceil(size / (128 * KiB)) + frames
      expect(packed.length).toBeLessThanOrEqual(size + frames * 9 + blocks * 3)
      const back = await bytesOf(zstdDecompressed(streamOf(packed, 65_537)))
      expect([back.length, await md5(back)]).toEqual([size, await md5(bytes)])
    })
  })
  test('makes what can be compressed smaller, and nothing of nothing', async () => {
    const packed = await bytesOf(zstdCompressed(streamOf(new Uint8Array(8 * MiB))))
    expect(packed.length).toBeLessThan(8 * KiB)
    expect((await bytesOf(zstdCompressed(streamOf(new Uint8Array(0))))).length).toBe(0)
  })
  test('holds 200 MiB of random and even bytes as a stream, a frame at a time', async () => {
    const piece = mixed(4 * MiB)
    const [before, after] = [new crypto.DigestStream('MD5'), new crypto.DigestStream('MD5')]
    const writer = before.getWriter()
    let pieces = 0
    let held = 0
    const source = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (pieces === 50) {
            await writer.close()
            return controller.close()
          }
          new DataView(piece.buffer).setUint32(150_000, pieces++)
          held += piece.length
          await writer.write(piece)
          controller.enqueue(piece.slice())
        },
      },
      { highWaterMark: 0 },
    )
    let mostAhead = 0
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        held -= bytes.length
        mostAhead = Math.max(mostAhead, held)
        controller.enqueue(bytes)
      },
    })
    await zstdDecompressed(zstdCompressed(source)).pipeThrough(counted).pipeTo(after)
    expect(new Uint8Array(await after.digest)).toEqual(new Uint8Array(await before.digest))
    expect([pieces, held]).toEqual([50, 0])
    expect(mostAhead).toBeLessThan(16 * MiB)
  })
  test('a source that fails, and bytes that are cut short, end in an error', async () => {
    const failing = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error('the source failed')),
      })
    await expect(bytesOf(zstdCompressed(failing()))).rejects.toThrow('the source failed')
    await expect(bytesOf(zstdDecompressed(failing()))).rejects.toThrow('the source failed')
    const packed = await bytesOf(zstdCompressed(streamOf(mixed(300_000))))
    await expect(bytesOf(zstdDecompressed(streamOf(packed.slice(0, -1000))))).rejects.toThrow()
  })
  test('opens a blob that an earlier version wrote as one frame', async () => {
    const text = new TextEncoder().encode('An old file. '.repeat(50_000))
    await env.BLOBS.put(blobKey('old'), zlib.zstdCompressSync(text))
    const file = { blobId: 'old', compression: 'zstd', sizeOriginal: text.length }
    const whole = await openBlob(env.BLOBS, file)
    expect(await md5(await bytesOf(whole ?? streamOf(text)))).toBe(await md5(text))
    const part = await openBlob(env.BLOBS, file, { offset: 400_000, length: 13 })
    expect(await bytesOf(part ?? streamOf(text))).toEqual(text.slice(400_000, 400_013))
  })
})

const KINDS = ['none', 'gzip', 'zstd'] as const

test.each(KINDS)('a bucket of %s answers ranges at every boundary of a block', async (kind) => {
  const w = await world({}, () => NOW)
  const { id } = await w.bucket({ permissions: ['read("any")'], compression: kind })
  const bytes = mixed(2 * MiB + 77)
  const { status, body } = await w.upload(id, bytes, { fileId: 'a', name: 'a.bin' })
  expect([status, body.compression, body.sizeOriginal]).toEqual([201, kind, bytes.length])
  const view = `/storage/buckets/${id}/files/a/view`
  for (const boundary of [0, 128 * KiB, 200_000, MiB, 2 * MiB, bytes.length]) {
    const [first, last] = [Math.max(0, boundary - 3), Math.min(bytes.length, boundary + 3) - 1]
    const headers = { ...GUEST_HEADERS, Range: `bytes=${first}-${last}` }
    const answer = await w.send('get', view, undefined, headers)
    expect(answer.status).toBe(206)
    expect(answer.bytes).toEqual(bytes.slice(first, last + 1))
  }
})

test('a bucket that switches algorithms keeps its old files readable', async () => {
  const w = await world({}, () => NOW)
  const { id } = await w.bucket({ compression: 'zstd' })
  const bytes = mixed(1_500_000)
  const order = [...KINDS, ...KINDS.toReversed()]
  for (const [index, compression] of order.entries()) {
    const change = { name: 'Bucket', compression }
    expect((await w.send('put', `/storage/buckets/${id}`, change)).status).toBe(200)
    const { body } = await w.upload(id, bytes, { fileId: `f${index}` })
    expect(body).toMatchObject({ compression, signature: await md5(bytes) })
  }
  for (const index of order.keys()) {
    const { bytes: back } = await w.send('get', `/storage/buckets/${id}/files/f${index}/download`)
    expect([index, await md5(back)]).toEqual([index, await md5(bytes)])
  }
})

test.each([
  [20_000_000, 'zstd'],
  [20_000_001, 'none'],
])('a chunked upload of %d random bytes is kept as %s', async (size, compression) => {
  const w = await world({}, () => NOW)
  const { id } = await w.bucket({ compression: 'zstd' })
  const bytes = noise(size)
  const chunk = 5 * MiB
  for (let at = 0; at < size; at += chunk) {
    const part = bytes.slice(at, at + chunk)
    const range = `bytes ${at}-${at + part.length - 1}/${size}`
    expect((await w.upload(id, part, { fileId: 'a', range })).status).toBe(201)
  }
  const [row] = await w.db.select().from(files).where(eq(files.bucketId, id))
  expect(row).toMatchObject({ compression, sizeOriginal: size, signature: await md5(bytes) })
  const { bytes: back } = await w.send('get', `/storage/buckets/${id}/files/a/download`)
  expect(await md5(back)).toBe(await md5(bytes))
})
