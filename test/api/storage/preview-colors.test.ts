import { describe, expect, test } from 'vitest'
import { readGif, readWebp, webpWriter } from '#/storage/preview/codecs/animation'
import { encoderFor, gifWriter } from '#/storage/preview/codecs/codecs'
import { blank, type Pixels } from '#/storage/preview/codecs/pixels'
import { encodePng } from '#/storage/preview/codecs/png'
import type { OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { gifStrips } from '#/storage/preview/strips/gif'
import { picture } from '#test/fixtures/pictures'
import { inks } from '#test/support/inks'
import { BLUE, decode, distance, GREEN, RED, WHITE, YELLOW } from '#test/support/pixels'
import { render } from '#test/support/previews'

/** Draws a picture pixel by pixel. */
function drawn(width: number, height: number, draw: (x: number, y: number) => readonly number[]) {
  const pixels = blank({ width, height })
  for (let at = 0; at < width * height; at++) {
    pixels.data.set(draw(at % width, Math.floor(at / width)), at * 4)
  }
  return pixels
}

async function firstFrame(gif: Uint8Array): Promise<Pixels> {
  for await (const { pixels } of readGif(gif).frames) return pixels
  throw new Error('The GIF has no frame.')
}

/** Returns the mean colour of the pixels that show within a square. */
function mean({ data, width }: Pixels, left: number, top: number, side: number): number[] {
  const sums = [0, 0, 0]
  let count = 0
  for (let at = 0; at < side * side; at++) {
    const from = ((top + Math.floor(at / side)) * width + left + (at % side)) * 4
    if (data[from + 3] === 0) continue
    for (const channel of [0, 1, 2])
      sums[channel] = (sums[channel] ?? 0) + (data[from + channel] ?? 0)
    count++
  }
  return sums.map((sum) => sum / count)
}

const alphas = ({ data }: Pixels) => data.filter((_, at) => at % 4 === 3)

/** Counts the colours of what shows. */
function colorsOf({ data }: Pixels): number {
  const colors = new Set<string>()
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] !== 0) colors.add(String(data.subarray(at, at + 3)))
  }
  return colors.size
}

const TILE = 16
const TILES = Array.from({ length: 256 }, (_, at) => [(at % 16) * TILE, (at >> 4) * TILE] as const)

/** More colours than a palette has, changing slowly. */
const gradient = (x: number, y: number) => [x, y, 255 - (x + y) / 2, 255]
const holed = (x: number, y: number) =>
  (x - 128) ** 2 + (y - 128) ** 2 < 3600 ? [255, 0, 255, 0] : gradient(x, y)
const WRITERS: [name: string, write: (pixels: Pixels) => Promise<Uint8Array>][] = [
  ['as a whole', async (pixels) => (await encoderFor('gif'))(pixels)],
  [
    'strip by strip',
    async (pixels) => {
      const writer = gifStrips(pixels)
      const half = pixels.width * 4 * 100
      await writer.add({ ...pixels, height: 100, data: pixels.data.slice(0, half) })
      await writer.add({ ...pixels, height: pixels.height - 100, data: pixels.data.slice(half) })
      return writer.finish()
    },
  ],
]

describe.each(WRITERS)('a GIF written %s', (_, write) => {
  test.each([
    ['all of it showing', gradient],
    ['a hole of another colour', holed],
  ])('keeps the mean of colours, with %s', async (_name, draw) => {
    const source = drawn(256, 256, draw)
    const seen = await firstFrame(await write(source))
    expect(alphas(seen)).toEqual(alphas(source))
    expect(colorsOf(seen)).toBeGreaterThan(128)
    const [inner, edge] = draw === holed ? [6, 8] : [3, 8]
    for (const [left, top] of TILES) {
      const wanted = mean(source, left, top, TILE)
      if (wanted.some(Number.isNaN)) continue
      const isEdge = Math.min(left, top) === 0 || Math.max(left, top) === 256 - TILE
      const apart = distance(mean(seen, left, top, TILE), wanted)
      expect(apart, `${left},${top}`).toBeLessThan(isEdge ? edge : inner)
    }
  })
  test('keeps up to 256 colours as they are', async () => {
    const draw = (x: number, y: number) => [(x >> 4) * 17, (y >> 4) * 17, (x >> 4) ^ (y >> 4), 255]
    const source = drawn(256, 256, draw)
    expect(await firstFrame(await write(source))).toEqual(source)
    const clear = (x: number, y: number) => (x < 16 && y < 16 ? [9, 9, 9, 0] : draw(x, y))
    const seen = await firstFrame(await write(drawn(256, 256, clear)))
    expect([...seen.data.subarray(0, 4)]).toEqual([0, 0, 0, 0])
    expect([...seen.data.subarray(17 * 4, 18 * 4)]).toEqual(draw(17, 0))
  })
  test('shows a pixel in its own colour or not at all', async () => {
    const source = drawn(256, 200, (x) => [200, 100, 50, x])
    const seen = await firstFrame(await write(source))
    for (const x of [0, 1, 64, 127]) expect(seen.data[x * 4 + 3]).toBe(0)
    for (const x of [128, 129, 200, 255]) {
      expect([...seen.data.subarray(x * 4, x * 4 + 4)]).toEqual([200, 100, 50, 255])
    }
  })
  test.each([
    ['nothing that shows', [1, 2, 3, 0], [0, 0, 0, 0]],
    ['the colour that stands for clear', [0, 0, 1, 255], [0, 0, 0, 255]],
  ])('of %s', async (_name, color, wanted) => {
    const seen = await firstFrame(await write(drawn(8, 200, () => color)))
    expect([...seen.data.subarray(0, 4)]).toEqual(wanted)
  })
})

describe('a GIF', () => {
  test('does not show one frame through the next', async () => {
    const writer = gifWriter(0)
    writer.add({ pixels: drawn(4, 4, () => RED), delayMs: 100 })
    writer.add({ pixels: drawn(4, 4, (x) => (x < 2 ? GREEN : [0, 0, 0, 0])), delayMs: 100 })
    writer.add({ pixels: drawn(4, 4, () => BLUE), delayMs: 100 })
    const seen: number[][] = []
    for await (const { pixels } of readGif(writer.finish()).frames) {
      seen.push([...pixels.data.subarray(3 * 4, 4 * 4)])
    }
    expect(seen).toEqual([RED, [0, 0, 0, 0], BLUE])
  })
  test.each([0.2, 0.5, 0.9])('shows what is let through in part as opaque: %d', async (opacity) => {
    const { at } = await decode(await render(picture('png'), { width: 40, opacity }, 'gif'))
    expect(at(4, 4)).toEqual(RED)
  })
})

describe('an animation plays as often as its source', () => {
  const frames = [RED, GREEN].map((color) => ({ pixels: drawn(6, 4, () => color), delayMs: 100 }))
  const SIZE = { width: 6, height: 4 }
  async function written(format: 'gif' | 'webp', loops: number) {
    const writer = format === 'gif' ? gifWriter(loops) : await webpWriter(SIZE, loops)
    for (const frame of frames) writer.add(frame)
    return writer.finish()
  }
  /** Reads the count of repetitions; undefined without one. */
  function repetitions(gif: Uint8Array): number | undefined {
    const at = Buffer.from(gif).indexOf('NETSCAPE2.0')
    return at < 0 ? undefined : Buffer.from(gif).readUInt16LE(at + 13)
  }
  const plays = (webp: Uint8Array) =>
    Buffer.from(webp).readUInt16LE(Buffer.from(webp).indexOf('ANIM') + 12)

  test.each([
    [0, 0, 0],
    [1, undefined, 1],
    [2, 1, 2],
    [7, 6, 7],
    [65_535, 65_534, 65_535],
    [65_536, 65_535, 65_535],
  ])('%i times', async (loops, inGif, inWebp) => {
    const [gif, webp] = [await written('gif', loops), await written('webp', loops)]
    expect([repetitions(gif), plays(webp)]).toEqual([inGif, inWebp])
    expect([readGif(gif).loops, readWebp(webp, SIZE).loops]).toEqual([loops, inWebp])
    expect(plays(await render(gif, {}, 'webp'))).toBe(inWebp)
    expect(repetitions(await render(gif, {}, 'gif'))).toBe(inGif)
    expect(plays(await render(webp, {}, 'webp'))).toBe(inWebp)
    const back = await render(webp, {}, 'gif')
    expect(readGif(back).loops).toBe(inWebp)
  })
  test('whose count is written by the other name', async () => {
    const gif = await written('gif', 3)
    gif.set(Buffer.from('ANIMEXTS1.0'), Buffer.from(gif).indexOf('NETSCAPE2.0'))
    expect(readGif(gif).loops).toBe(3)
  })
})

describe('a JPEG shows what is clear', () => {
  const clear = encodePng(drawn(60, 40, (x) => (x < 30 ? RED : [0, 0, 0, 0])))
  const GROUND = [0, 120, 200, 255]
  const background = '0078c8'
  type Case = [name: string, source: Uint8Array<ArrayBuffer>, params: Partial<PreviewParams>]
  const opaque = encodePng(drawn(60, 40, () => RED))
  const CASES: Case[] = [
    ['round corners', opaque, { borderRadius: 20 }],
    ['round corners and a line', opaque, { borderRadius: 20, borderWidth: 4, borderColor: 'fff' }],
    ['corners of a turned picture', opaque, { rotation: 30 }],
    ['corners of both', opaque, { rotation: 330, borderRadius: 5 }],
    ['round corners of a picture that is let through', opaque, { borderRadius: 20, opacity: 0.5 }],
    ['round corners of a JPEG', picture('jpeg1'), { borderRadius: 100 }],
    ['round corners of a mirrored picture', picture('jpeg5'), { borderRadius: 100, rotation: 90 }],
  ]
  test.each(CASES)('%s: as white', async (_, source, params) => {
    const { at, width, height } = await decode(await render(source, params, 'jpg'))
    for (const [x, y] of [
      [0, 0],
      [width - 1, 0],
      [0, height - 1],
      [width - 1, height - 1],
    ] as const) {
      expect(distance(at(x, y), WHITE)).toBeLessThan(12)
    }
  })
  test.each(CASES)('%s: as the background', async (_, source, params) => {
    const { at, width } = await decode(await render(source, { ...params, background }, 'jpg'))
    expect(distance(at(0, 0), GROUND)).toBeLessThan(12)
    expect(distance(at(width - 1, 0), GROUND)).toBeLessThan(12)
  })
  test('in the source: as white, or the background', async () => {
    for (const params of [{}, { opacity: 0.5 }, { borderRadius: 3 }, { rotation: 180 }]) {
      const x = 'rotation' in params ? 10 : 50
      const white = await decode(await render(clear, params, 'jpg'))
      expect(distance(white.at(x, 20), WHITE)).toBeLessThan(12)
      const ground = await decode(await render(clear, { ...params, background }, 'jpg'))
      const isLetThrough = 'opacity' in params
      const wanted = isLetThrough ? [0, 60, 100, 255] : GROUND
      expect(distance(ground.at(x, 20), wanted)).toBeLessThan(12)
    }
  })
  test('of other sources too', async () => {
    for (const name of ['clearPng'] as const) {
      const { at } = await decode(await render(picture(name), {}, 'jpg'))
      expect(distance(at(360, 100), WHITE)).toBeLessThan(12)
    }
    const gif = await render(clear, {}, 'gif')
    const webp = await render(clear, {}, 'webp')
    for (const source of [gif, webp]) {
      const { at } = await decode(await render(source, {}, 'jpg'))
      expect(distance(at(50, 20), WHITE)).toBeLessThan(12)
    }
  })
  test('and its edges are smooth', async () => {
    const params = { borderRadius: 40, quality: 100 }
    const source = encodePng(drawn(80, 80, () => [0, 0, 0, 255]))
    const { at } = await decode(await render(source, params, 'jpg'))
    const between = Array.from({ length: 1600 }, (_, place) => at(place % 40, place / 40)[0] ?? 0)
    const levels = new Set(between.map((value) => Math.round(value / 32)))
    expect(levels.size).toBe(9)
  })
  test('strip by strip as well', async () => {
    const large = encodePng(drawn(2000, 1700, () => RED))
    const white = await decode(await render(large, { borderRadius: 300 }, 'jpg'))
    expect(distance(white.at(3, 3), WHITE)).toBeLessThan(12)
    expect(distance(white.at(1000, 800), RED)).toBeLessThan(12)
    const ground = await decode(await render(large, { borderRadius: 300, background }, 'jpg'))
    expect(distance(ground.at(1996, 1696), GROUND)).toBeLessThan(12)
  })
  test('while formats with transparency keep it', async () => {
    for (const output of ['png', 'webp'] as const) {
      const { at } = await decode(await render(opaque, { borderRadius: 20, background }, output))
      expect(at(0, 0)[3]).toBe(0)
    }
  })
})

describe('a JPEG of inks looks as it does in browsers', () => {
  test.each(
    (['CMYK', 'YCCK'] as const).flatMap((kind) =>
      [
        [{}, 'png'],
        [{ width: 16 }, 'webp'],
        [{ borderRadius: 2 }, 'jpg'],
        [{ opacity: 0.999 }, 'png'],
      ].map(([params, output]) => [kind, params, output] as const),
    ),
  )('%s, %o to %s', async (kind, params, output) => {
    const bytes = await render(inks(kind), params as Partial<PreviewParams>, output as OutputFormat)
    const { at, width } = await decode(bytes)
    const [near, far] = [width / 4, (width * 3) / 4]
    const seen = [at(near, near), at(far, near), at(near, far), at(far, far)]
    for (const [index, color] of [RED, GREEN, BLUE, YELLOW].entries()) {
      expect(distance((seen[index] ?? []).slice(0, 3), color.slice(0, 3))).toBeLessThan(9)
    }
  })
})
