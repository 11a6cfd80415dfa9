import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { applyEffects, type Pixels } from '#/storage/preview/codecs/pixels'
import { decodePng, encodePng } from '#/storage/preview/codecs/png'
import type { Size } from '#/storage/preview/geometry'
import type { Effect, OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { renderPreview } from '#/storage/preview/render'
import { gifStrips } from '#/storage/preview/strips/gif'
import { jpegStrips } from '#/storage/preview/strips/jpeg'
import { openPng } from '#/storage/preview/strips/png-read'
import { pngStrips } from '#/storage/preview/strips/png-write'
import { applyToStrips, evenStrips, type StripWriter } from '#/storage/preview/strips/strips'
import { decode, distance } from '#test/support/pixels'

/** Paints waves of colour, clear in a circle where asked. */
function painted({ width, height }: Size, isClear = false): Pixels {
  const data = new Uint8ClampedArray(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = Math.sin(x / 17) * Math.cos(y / 11)
      const hole = isClear && (x - 40) ** 2 + (y - 40) ** 2 < 900
      data.set([128 + 120 * wave, 255 - x / 2, y, hole ? 0 : 255], (y * width + x) * 4)
    }
  }
  return { width, height, data }
}

async function* pieces(pixels: Pixels, rows: number): AsyncGenerator<Pixels> {
  const { width, height, data } = pixels
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top)
    const part = data.slice(top * width * 4, (top + count) * width * 4)
    yield { width, height: count, data: part }
  }
}

async function joined(strips: AsyncIterable<Pixels>): Promise<Pixels> {
  const parts: number[][] = []
  let [width, height] = [0, 0]
  for await (const strip of strips) {
    parts.push([...strip.data])
    width = strip.width
    height += strip.height
  }
  return { width, height, data: Uint8ClampedArray.from(parts.flat()) }
}

async function written(pixels: Pixels, writer: StripWriter) {
  for await (const strip of evenStrips(pieces(pixels, 50), pixels)) await writer.add(strip)
  return writer.finish()
}

const SIZES: Size[] = [
  { width: 101, height: 333 },
  { width: 64, height: 128 },
  { width: 300, height: 1 },
  { width: 1, height: 65 },
  { width: 17, height: 63 },
]

describe('strip by strip a picture is what it is as a whole', () => {
  const EFFECTS: [name: string, effects: Effect[]][] = [
    ['as it is', []],
    ['opacity', [{ kind: 'opacity', opacity: 0.4 }]],
    ['background', [{ kind: 'background', color: [1, 200, 99] }]],
    ['border', [{ kind: 'border', width: 30, color: [9, 8, 7] }]],
    ['radius', [{ kind: 'radius', radius: 90 }]],
    ['radius and border', [{ kind: 'roundedBorder', width: 12, color: [250, 0, 0], radius: 40 }]],
    [
      'all of them',
      [
        { kind: 'opacity', opacity: 0.4 },
        { kind: 'background', color: [1, 200, 99] },
        { kind: 'border', width: 100, color: [9, 8, 7] },
      ],
    ],
  ]
  test.each(
    EFFECTS.flatMap(([name, effects]) => SIZES.map((size) => [name, size, effects] as const)),
  )('%s, %o', async (_, size, effects) => {
    const strips = evenStrips(pieces(painted(size, true), 10), size)
    expect(await joined(applyToStrips(strips, effects, size))).toEqual(
      applyEffects(painted(size, true), effects),
    )
  })
  test('rows that end too early are no picture', async () => {
    const size = { width: 10, height: 100 }
    const rows = pieces(painted({ width: 10, height: 99 }), 7)
    await expect(joined(evenStrips(rows, size))).rejects.toThrow('too early')
  })
})

describe('PNG', () => {
  test.each(SIZES.flatMap((size) => [true, false].map((isClear) => [size, isClear] as const)))(
    'is written and read, %o, clear: %s',
    async (size, isClear) => {
      const pixels = painted(size, isClear)
      const bytes = await written(pixels, pngStrips(size, !isClear, 1e7))
      expect(decodePng(bytes)).toEqual(pixels)
      for (const source of [bytes, encodePng(pixels)]) {
        const png = await openPng(new Blob([source]).stream())
        expect(png.size).toEqual(size)
        expect(await joined(png.rows)).toEqual(pixels)
      }
    },
  )
  test('ends at the bytes that are allowed', async () => {
    const size = { width: 400, height: 400 }
    await expect(written(painted(size), pngStrips(size, true, 1000))).rejects.toMatchObject({
      type: 'storage_image_resolution_exceeded',
    })
  })
  test.each([0, 7, 20, 60, 500])('cut to %i bytes is no picture', async (length) => {
    const bytes = encodePng(painted({ width: 90, height: 90 })).slice(0, length)
    const read = async () => joined((await openPng(new Blob([bytes]).stream())).rows)
    await expect(read()).rejects.toThrow()
  })
})

/** Returns the mean difference of two pictures' colours, over all pixels. */
async function difference(bytes: Uint8Array<ArrayBuffer>, pixels: Pixels) {
  const { width, height, at } = await decode(bytes)
  expect([width, height]).toEqual([pixels.width, pixels.height])
  let sum = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4
      sum += distance(at(x, y).slice(0, 3), [...pixels.data.subarray(from, from + 3)])
    }
  }
  return sum / (width * height)
}

describe('JPEG', () => {
  test.each(
    SIZES.flatMap((size) =>
      (
        [
          [100, 1],
          [92, 2.5],
          [80, 8],
          [30, 16],
        ] as const
      ).map(([quality, most]) => [size, quality, most] as const),
    ),
  )('%o at quality %i', async (size, quality, most) => {
    const pixels = painted(size)
    const bytes = await written(pixels, jpegStrips(size, quality))
    expect(await difference(bytes, pixels)).toBeLessThan(most)
  })
  test('of noise, in which every code comes up', async () => {
    const size = { width: 200, height: 200 }
    const data = new Uint8ClampedArray(size.width * size.height * 4)
    let seed = 7
    for (let at = 0; at < data.length; at++) {
      seed = (seed * 48_271) % 2_147_483_647
      data[at] = at % 4 === 3 ? 255 : (seed >> 8) & 255
    }
    const pixels = { ...size, data }
    expect(await difference(await written(pixels, jpegStrips(size, 100)), pixels)).toBeLessThan(2)
  })
})

describe('GIF', () => {
  test.each(SIZES)('%o', async (size) => {
    const pixels = painted(size)
    expect(await difference(await written(pixels, gifStrips(size)), pixels)).toBeLessThan(20)
  })
  test('keeps what is clear', async () => {
    const size = { width: 101, height: 90 }
    const { at } = await decode(await written(painted(size, true), gifStrips(size)))
    expect([at(40, 40)[3], at(90, 80)[3]]).toEqual([0, 255])
  })
})

describe('a picture of 12 megapixels', () => {
  const large = encodePng({
    width: 4000,
    height: 3000,
    data: new Uint8ClampedArray(48e6).fill(200),
  })
  const photo = (async () => {
    const body = new Blob([large]).stream()
    const jpeg = await env.IMAGES.input(body).output({ format: 'image/jpeg' })
    return new Uint8Array(await jpeg.response().arrayBuffer())
  })()
  const render = async (params: Partial<PreviewParams>, output: OutputFormat) =>
    renderPreview(
      env.IMAGES,
      new Blob([await photo]).stream(),
      {
        ...{ width: 0, height: 0, gravity: 'center', quality: -1, borderWidth: 0 },
        ...{ borderRadius: 0, opacity: 1, rotation: 0 },
        ...params,
      },
      output,
    )
  const full = [4000, 3000] as const
  test.each([
    [{ borderRadius: 200 }, 'jpg', full],
    [{ rotation: 90 }, 'jpg', [3000, 4000]],
    [{ rotation: -90, width: 2400 }, 'jpg', [1800, 2400]],
    [
      { rotation: 90, width: 2400, height: 2000, gravity: 'left', opacity: 0.5 },
      'png',
      [2000, 2400],
    ],
    [{ opacity: 0.5 }, 'jpg', full],
    [{ background: '00f' }, 'png', full],
    [{ borderWidth: 50, borderColor: 'f00' }, 'webp', [4100, 3100]],
    [{ borderWidth: 50, borderColor: 'f00', borderRadius: 60 }, 'jpg', full],
    [{ width: 4000, height: 3200, borderWidth: 100 }, 'gif', [4200, 3400]],
  ] as const)('%o as %s', async (params, output, size) => {
    const { body, contentType } = await render(params, output)
    expect(contentType).toBe(`image/${output === 'jpg' ? 'jpeg' : output}`)
    const { format, ...info } = await imageInfo(body)
    expect([format, info.width, info.height]).toEqual([contentType, ...size])
  })
  test.each([
    [{ rotation: 45 }, 'jpg'],
    [{}, 'avif'],
    [{ width: 4000 }, 'avif'],
    [{ borderRadius: 5 }, 'avif'],
  ] as const)('%o as %s has a limit', async (params, output) => {
    await expect(render(params, output)).rejects.toMatchObject({
      type: 'storage_image_resolution_exceeded',
    })
  })
})

async function imageInfo(bytes: Uint8Array<ArrayBuffer>) {
  const info = await env.IMAGES.info(new Blob([bytes]).stream())
  return 'width' in info ? info : { ...info, width: 0, height: 0 }
}
