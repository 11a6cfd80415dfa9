import { expect, test } from 'vitest'
import { openPicture } from '#/storage/preview/source'
import { picture } from '#test/fixtures/pictures'
import { noise } from '#test/support/hash'

/** Returns bytes in pieces, and tells what became of the stream. */
function stream(bytes: Uint8Array, pieceBytes: number) {
  const state = { read: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = bytes.slice(state.read, state.read + pieceBytes)
        state.read += piece.length
        if (piece.length > 0) controller.enqueue(piece)
        else controller.close()
      },
      cancel() {
        state.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { state, body }
}
const bytesOf = async (body: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(body).arrayBuffer())

/** A picture with megabytes behind its end, which its header says nothing of. */
const long = () => Uint8Array.from([...picture('jpeg6'), ...noise(3_000_000)])

/** A JPEG whose metadata takes more than what is looked at first. */
function farHeader() {
  const jpeg = picture('jpeg1')
  const comment = new Uint8Array(65_535 + 2)
  comment.set([0xff, 0xfe, 0xff, 0xff])
  const parts = [jpeg.slice(0, 2), ...Array(6).fill(comment.slice(0, 65_537)), jpeg.slice(2)]
  return new Uint8Array(Buffer.concat(parts))
}

test('tells a still picture by its start, and streams all of it once', async () => {
  const { state, body } = stream(long(), 10_000)
  const { header, stream: rest } = await openPicture(body)
  expect(header).toEqual({
    format: 'jpeg',
    frames: 1,
    mayBeClear: false,
    quality: expect.any(Number),
    width: 400,
    height: 200,
  })
  expect(state.read).toBeLessThan(300_000)
  expect(await bytesOf(rest())).toEqual(long())
})

test('reads on where the header is far from the start', async () => {
  const { body } = stream(farHeader(), 10_000)
  const { header, stream: rest } = await openPicture(body)
  expect([header.width, header.height]).toEqual([400, 200])
  expect(await bytesOf(rest())).toEqual(farHeader())
})

test.each(['animatedGif', 'animatedWebp'] as const)('reads %s to its end', async (name) => {
  const { state, body } = stream(picture(name), 10)
  const { header, bytes } = await openPicture(body)
  expect(header.frames).toBe(3)
  expect(state.read).toBe(picture(name).length)
  expect(await bytes()).toEqual(picture(name))
})

test('lets go of a stream that is not needed', async () => {
  const { state, body } = stream(long(), 10_000)
  await (await openPicture(body)).cancel()
  expect(state.cancelled).toBe(true)
})

test.each([
  ['nothing', new Uint8Array(0)],
  ['noise', noise(1_000_000)],
  ['the first bytes of a picture', picture('png').slice(0, 20)],
])('refuses %s', async (_, bytes) => {
  await expect(openPicture(stream(bytes, 50_000).body)).rejects.toMatchObject({
    type: 'storage_file_type_unsupported',
  })
})

test('cancels a picture that is refused for its size before it was read', async () => {
  const bomb = Uint8Array.from([...picture('png'), ...noise(1_000_000)])
  new DataView(bomb.buffer).setUint32(16, 40_000)
  const { state, body } = stream(bomb, 10_000)
  await expect(openPicture(body)).rejects.toMatchObject({
    type: 'storage_image_resolution_exceeded',
  })
  expect(state.cancelled).toBe(true)
})
