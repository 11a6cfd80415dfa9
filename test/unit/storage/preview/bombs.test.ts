import { deflateSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { firstGifFrame, readGifFrames } from '#/storage/preview/headers/gif'
import { readHeifHeader } from '#/storage/preview/headers/heif'
import { scanCounter } from '#/storage/preview/headers/jpeg'
import { stillPng } from '#/storage/preview/headers/png'
import { pngCheck } from '#/storage/preview/headers/png-check'
import { firstWebpFrame, readWebpFrames } from '#/storage/preview/headers/webp'
import { mendGif } from '#/storage/preview/mend/gif'
import { mendJpeg } from '#/storage/preview/mend/jpeg'
import { mendPng } from '#/storage/preview/mend/png'
import { probe } from '#/storage/preview/probe'
import { openPicture } from '#/storage/preview/source'
import { picture } from '#test/fixtures/pictures'
import {
  anim,
  anmf,
  chunked,
  cutGif,
  cutJpeg,
  empty,
  gif,
  heic,
  jpeg,
  type Side,
  vp8,
  vp8l,
  webp,
  withChunk,
} from '#test/support/bombs'
import { noise } from '#test/support/hash'

const SMALL: Side = [10, 10]
const times = <T>(count: number, value: T): T[] => Array(count).fill(value)

const EXCEEDED: [name: string, bytes: Uint8Array][] = [
  ['a GIF frame of 16000² on a canvas of 1²', gif([1, 1], [{ size: [16_000, 16_000] }])],
  ['three GIF frames of 60000²', gif([1, 1], times(3, { size: [60_000, 60_000] } as const))],
  ['a second GIF frame too long', gif(SMALL, [{ size: SMALL }, { size: [12_001, 1] }])],
  ['a GIF canvas too large', gif([12_000, 12_000], [{ size: SMALL }])],
  ['a WebP frame too large', webp(SMALL, anim, anmf([16_384, 16_384], vp8l(SMALL)))],
  ['a WebP canvas too large', webp([20_000, 2], anim, anmf(SMALL, vp8l(SMALL)))],
  ['a bitstream in a WebP frame too large', webp(SMALL, anim, anmf(SMALL, vp8l([16_384, 16_384])))],
  ['a lossy one', webp(SMALL, anim, anmf(SMALL, vp8([16_383, 16_383])))],
  ['a bitstream in a still WebP too large', webp(SMALL, vp8l([16_384, 16_384]))],
  ['a HEIC too large', heic([[12_001, 10]])],
  ['a HEIC tile too large', heic([SMALL, [20_000, 20_000]])],
  ['tiles that are named again and again', heic([SMALL, [4000, 3000]], { 1: times(60, 2) })],
  ['pictures of pictures of pictures', heic([SMALL, SMALL, SMALL], { 1: [2, 2], 2: [3, 3] })],
  ['pictures of themselves', heic([SMALL], { 1: [1, 1] })],
  ['many pictures in one HEIC', heic(times(5, [10_000, 10_000]))],
  ['a JPEG too large', jpeg([65_535, 65_535], 1)],
  ['a PNG too large', withSides(picture('png'), 40_000, 40_000)],
]
/** Returns the start of a PNG with these chunks behind its header. */
const pngOf = (chunks: readonly Uint8Array[]) =>
  Buffer.concat([picture('png').slice(0, 33), ...chunks])

function withSides(png: Uint8Array, width: number, height: number) {
  const view = new DataView(png.buffer, png.byteOffset)
  view.setUint32(16, width)
  view.setUint32(20, height)
  return png
}

describe('refuses before anything is decoded', () => {
  test.each(EXCEEDED)('%s', (_, bytes) => {
    expect(() => probe(bytes)).toThrow(
      expect.objectContaining({ type: 'storage_image_resolution_exceeded' }),
    )
  })
  test.each([
    ['a WebP frame whose bitstream is larger', webp(SMALL, anim, anmf(SMALL, vp8l([4000, 4000])))],
    ['a WebP canvas whose bitstream is larger', webp(SMALL, vp8([4000, 4000]))],
    ['a WebP of chunks without end', webp(SMALL, ...times(30_000, empty))],
    [
      'a WebP frame of chunks without end',
      webp(SMALL, anmf(SMALL, Buffer.concat(times(20, empty)))),
    ],
    ['a PNG of chunks without end', pngOf(times(20_000, chunked('IDAT', new Uint8Array(0))))],
    ['a JPEG without sides', jpeg([0, 0], 1)],
    ['a HEIC whose main picture has no size', heic([])],
    ['a box that claims no length', new TextEncoder().encode('\0\0\0\x04ftypheic')],
  ])('%s', (_, bytes) => {
    expect(() => probe(bytes)).toThrow(
      expect.objectContaining({ type: 'storage_file_type_unsupported' }),
    )
  })
})

describe('counts what frames take', () => {
  test('of a GIF, also beyond its canvas', () => {
    const bytes = gif(SMALL, [{ size: [20, 5], at: [4, 0] }, { size: [3, 30] }])
    expect(readGifFrames(bytes)).toMatchObject({
      count: 2,
      pixels: 190,
      canvas: { width: 10, height: 10 },
      extent: { width: 24, height: 30 },
    })
  })
  test('of a WebP', () => {
    const bytes = webp(SMALL, anim, anmf([4, 5], vp8l([4, 5])), anmf([10, 10], vp8l([10, 10])))
    expect(readWebpFrames(bytes)).toMatchObject({ count: 2, pixels: 120 })
  })
  test('of a HEIC: size, turn and tiles of the main picture', () => {
    expect(
      readHeifHeader(
        heic(
          [
            [4032, 3024],
            [512, 512],
          ],
          { 1: times(48, 2) },
        ),
      ),
    ).toEqual({
      width: 4032,
      height: 3024,
      turns: 0,
    })
  })
  test('of a million boxes, each looked at once', () => {
    const items = times(60_000, [1, 1] as const)
    expect(readHeifHeader(heic(items))).toMatchObject({ width: 1, height: 1 })
  })
})

describe('keeps all but the first frame from a decoder', () => {
  test('of a GIF', () => {
    const frames = times(300, { size: SMALL })
    const bytes = gif(SMALL, frames)
    expect(firstGifFrame(bytes, readGifFrames(bytes))).toEqual(gif(SMALL, frames.slice(0, 1)))
  })
  test('of a WebP', () => {
    const frame = anmf(SMALL, vp8l(SMALL))
    expect(firstWebpFrame(webp(SMALL, anim, frame, frame, frame))).toEqual(webp(SMALL, anim, frame))
  })
  test('of an animated PNG', () => {
    const still = picture('png')
    const animated = withChunk(
      withChunk(still, 'fdAT', new Uint8Array(99)),
      'acTL',
      new Uint8Array(8),
    )
    expect(stillPng(animated)).toEqual(still)
  })
})

describe('a JPEG that is passed over again and again', () => {
  const count = (bytes: Uint8Array, pieceBytes: number) => {
    const counter = scanCounter()
    let scans = 0
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      scans = counter.count(bytes.subarray(at, at + pieceBytes))
    }
    return [scans, counter.hasEnded()]
  }
  test.each([1, 2, 3, 7, 1000])('is counted in pieces of %i bytes', (pieceBytes) => {
    expect(count(jpeg(SMALL, 37), pieceBytes)).toEqual([37, true])
    expect(count(jpeg(SMALL, 37).slice(0, -1), pieceBytes)).toEqual([37, false])
  })
  test('counts no second picture behind the first', () => {
    expect(count(Buffer.concat([jpeg(SMALL, 2), jpeg(SMALL, 50)]), 10)).toEqual([2, true])
  })
  test.each([
    ['100 scans pass', SMALL, 100, undefined],
    ['101 do not', SMALL, 101, 'storage_image_resolution_exceeded'],
    ['nor 16 of 100 megapixels', [10_000, 10_000], 16, 'storage_image_resolution_exceeded'],
  ] as const)('%s', async (_, size, scans, type) => {
    const bytes = jpeg(size, scans)
    const { stream, watch } = await openPicture(new Blob([bytes]).stream())
    const outcome = await new Response(stream()).arrayBuffer().catch((error: unknown) => error)
    if (type) expect(outcome).toMatchObject({ type })
    else expect(new Uint8Array(outcome as ArrayBuffer)).toEqual(bytes)
    expect(watch.fault()?.type).toBe(type)
  })
})

describe('knows a PNG that is whole from one that is not', () => {
  const isWhole = (bytes: Uint8Array, pieceBytes: number) => {
    const check = pngCheck()
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      check.take(bytes.subarray(at, at + pieceBytes))
    }
    return check.isWhole()
  }
  test.each([1, 5, 12, 1000])('in pieces of %i bytes', (pieceBytes) => {
    const png = picture('png')
    expect(isWhole(png, pieceBytes)).toBe(true)
    expect(isWhole(Buffer.concat([png, png]), pieceBytes)).toBe(true)
    expect(isWhole(png.slice(0, -1), pieceBytes)).toBe(false)
    png[100] = (png[100] ?? 0) ^ 1
    expect(isWhole(png, pieceBytes)).toBe(false)
  })
})

describe('completes a picture that ends early within bounds', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })
  const GREY = [[1, 0x11]] as const
  const ids = (count: number, sampling: number) =>
    Array.from({ length: count }, (_, index) => [index + 1, sampling] as const)
  const grown = (bytes: Uint8Array) => mendGif(bytes, readGifFrames(bytes))
  /** Counts the arrays that are made while something runs. */
  async function arraysMade(run: () => unknown): Promise<number> {
    const spies = (['subarray', 'slice'] as const).map((name) =>
      vi.spyOn(Uint8Array.prototype, name),
    )
    const made = vi.spyOn(Uint8Array, 'of')
    await run()
    return [...spies, made].reduce((sum, { mock }) => sum + mock.calls.length, 0)
  }

  test('a GIF of a million sub-blocks is copied at once', async () => {
    const bytes = cutGif([12_000, 8000], 1_000_000)
    expect(await arraysMade(() => expect(grown(bytes)).toBeDefined())).toBeLessThan(30)
  })
  test('a GIF keeps no more data than its pixels need', () => {
    expect(grown(cutGif([1, 1], 1_000_000))?.length).toBeLessThan(100)
  })

  test.each([
    ['255 components', cutJpeg([64, 64], ids(255, 0x11), 999)],
    ['5 components', cutJpeg([64, 64], ids(5, 0x11), 999)],
    ['a scan of more than the frame has', cutJpeg([64, 64], GREY, 999, { scanned: ids(5, 0x11) })],
    ['a component twice in a frame', cutJpeg([64, 64], times(2, [1, 0x11]), 999)],
    ['a component twice in a scan', cutJpeg([64, 64], GREY, 999, { scanned: times(2, [1, 0x11]) })],
    ['a sampling factor of 5', cutJpeg([64, 64], ids(1, 0x51), 999)],
    ['a sampling factor of 0', cutJpeg([64, 64], ids(1, 0x01), 999)],
    ['11 blocks in a unit', cutJpeg([64, 64], [...ids(2, 0x41), [3, 0x31]], 999)],
    ['next to no units', cutJpeg([12_000, 8000], GREY, 999)],
    ['more than decoders take', cutJpeg([12_000, 8000], ids(3, 0x11), 999_999, { codeBits: 16 })],
    [
      'a frame behind one of another kind',
      cutJpeg([65_535, 65_535], GREY, 2_000_000, {
        before: [0xff, 0xc3, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0],
      }),
    ],
    ['a frame of arithmetic codes', cutJpeg([64, 64], GREY, 0).fill(0xc9, 3, 4)],
  ])('no JPEG with %s', (_, bytes) => {
    expect(mendJpeg(bytes)).toEqual([])
  })
  test('no JPEG whose frame is larger than what is decoded', () => {
    expect(() => mendJpeg(cutJpeg([65_535, 65_535], GREY, 9))).toThrow(
      expect.objectContaining({ type: 'storage_image_resolution_exceeded' }),
    )
  })
  test('a JPEG of ten blocks in a unit', () => {
    expect(mendJpeg(cutJpeg([64, 64], [...ids(2, 0x41), [3, 0x21]], 4))).toHaveLength(2)
  })
  test('a JPEG is not copied to be ended, and a table is looked at once', () => {
    const fill = vi.spyOn(Uint16Array.prototype, 'fill')
    const bytes = cutJpeg([1000, 1000], ids(4, 0x11), 9999)
    expect(mendJpeg(bytes)[0]?.()[0]).toBe(bytes)
    expect(fill).toHaveBeenCalledTimes(2)
  })
  test('a JPEG of a restart in each unit is written at once', async () => {
    // A restart is missing behind the first unit: the units behind it are to be added.
    const bytes = cutJpeg([96, 8], GREY, 1, { interval: 1 })
    const [, write] = mendJpeg(bytes)
    let pieces: readonly Uint8Array[] = []
    const made = await arraysMade(() => {
      pieces = write?.() ?? []
    })
    const tail = Buffer.concat(pieces).subarray(bytes.length - 1)
    const restart = (index: number) => [0xff, 0xd0 + (index % 8), 0x3f]
    const rest = Array.from({ length: 11 }, (_, index) => restart(index)).flat()
    expect([...tail]).toEqual([0x3f, ...rest, 0xff, 0xd9])
    expect(made).toBeLessThan(6)
  })

  test('a PNG in pieces of a byte, as in one piece', async () => {
    const packed = deflateSync(new Uint8Array(301 * 100), { level: 0 }).subarray(0, 19_000)
    const png = withSides(pngOf([]), 100, 100)
    png.set([8, 2], 24)
    const pieces = [...packed].flatMap((byte) => [chunked('IDAT', Uint8Array.of(byte))])
    const inPieces = Buffer.concat([png, ...pieces])
    const mended = await mendPng(inPieces)
    expect(mended).toEqual(await mendPng(Buffer.concat([png, chunked('IDAT', packed)])))
    expect(mended).toBeDefined()
  })
  test('no PNG of chunks without end', async () => {
    const bytes = pngOf(times(30_000, chunked('IDAT', new Uint8Array(0))))
    await expect(mendPng(bytes)).rejects.toMatchObject({ type: 'storage_file_type_unsupported' })
    expect(() => stillPng(bytes)).toThrow(
      expect.objectContaining({ type: 'storage_file_type_unsupported' }),
    )
  })
  test('no PNG that takes more than decoders do', async () => {
    const png = withSides(pngOf([]), 7000, 1000)
    png.set([8, 2], 24)
    const packed = deflateSync(noise(21_001 * 1000), { level: 0 }).subarray(0, -100)
    expect(await mendPng(Buffer.concat([png, chunked('IDAT', packed)]))).toBeUndefined()
  })
})
