import { describe, expect, test } from 'vitest'
import { firstGifFrame, readGifFrames } from '#/storage/preview/headers/gif'
import { readHeifHeader } from '#/storage/preview/headers/heif'
import { scanCounter } from '#/storage/preview/headers/jpeg'
import { stillPng } from '#/storage/preview/headers/png'
import { pngCheck } from '#/storage/preview/headers/png-check'
import { firstWebpFrame, readWebpFrames } from '#/storage/preview/headers/webp'
import { probe } from '#/storage/preview/probe'
import { openPicture } from '#/storage/preview/source'
import { picture } from '#test/fixtures/pictures'
import {
  anim,
  anmf,
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
function withSides(png: Uint8Array, width: number, height: number) {
  const view = new DataView(png.buffer)
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
