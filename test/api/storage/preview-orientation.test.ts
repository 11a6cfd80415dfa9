import { beforeAll, describe, expect, test } from 'vitest'
import { readWebp, webpWriter } from '#/storage/preview/codecs/animation'
import type { OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { picture } from '#test/fixtures/pictures'
import {
  animatedWebpWithExif,
  ORIENTATIONS,
  type Orientation,
  orientedPng,
  orientedWebp,
  storedPixels,
} from '#test/support/oriented'
import { BLUE, decode, distance, GREEN, RED, YELLOW } from '#test/support/pixels'
import { render } from '#test/support/previews'

type Sampled = { size: number[]; colors: number[][] }
type Case = [params: Partial<PreviewParams>, output: OutputFormat]

/** Returns the size and the colours at a grid of places away from the quadrants' edges. */
async function sampled(bytes: Uint8Array<ArrayBuffer>): Promise<Sampled> {
  const { width, height, at } = await decode(bytes)
  const places = [0.05, 0.3, 0.72, 0.95]
  return {
    size: [width, height],
    colors: places.flatMap((y) => places.map((x) => at(x * width, y * height))),
  }
}

const CASES: Case[] = [
  [{}, 'png'],
  [{ width: 100 }, 'png'],
  [{ width: 100 }, 'jpg'],
  [{ height: 90 }, 'webp'],
  [{ width: 120, height: 60, gravity: 'left' }, 'png'],
  [{ width: 60, height: 60, gravity: 'left' }, 'png'],
  [{ width: 60, height: 60, gravity: 'right' }, 'jpg'],
  [{ width: 50, height: 90, gravity: 'top-right' }, 'png'],
  [{ width: 300, height: 50, gravity: 'bottom' }, 'png'],
  [{ width: 300, height: 50, gravity: 'top-left' }, 'webp'],
  [{ width: 60, height: 60, gravity: 'left', rotation: 90 }, 'png'],
  [{ width: 300, height: 50, gravity: 'bottom', rotation: 270 }, 'png'],
  [{ width: 100, rotation: 180 }, 'jpg'],
  [{ width: 100, rotation: 30 }, 'png'],
  [{ width: 100, borderWidth: 9, borderColor: '444' }, 'png'],
  [{ height: 60, borderRadius: 30 }, 'png'],
  [{ width: 60, height: 60, gravity: 'right', opacity: 0.5 }, 'png'],
  [{ width: 100 }, 'gif'],
  [{ width: 100 }, 'avif'],
]
const KINDS = {
  'PNG, EXIF before the pixels': (of: Orientation) => orientedPng(of),
  'PNG, EXIF behind the pixels': (of: Orientation) => orientedPng(of, 'behind'),
  WebP: (of: Orientation) => orientedWebp(of),
  'WebP of a writer that adds letters': (of: Orientation) => orientedWebp(of, 'Exif\0\0'),
  JPEG: (of: Orientation) => picture(`jpeg${of}`),
}

describe('a picture looks the same under all orientations', () => {
  const expected = new Map<Case, Sampled>()
  beforeAll(async () => {
    for (const case_ of CASES) {
      expected.set(case_, await sampled(await render(orientedPng(1), ...case_)))
    }
  })
  test('which is how it is drawn', () => {
    const [whole] = CASES
    const { size, colors } = (whole && expected.get(whole)) ?? { size: [], colors: [] }
    expect(size).toEqual([400, 200])
    const quadrants = [RED, RED, GREEN, GREEN, RED, RED, GREEN, GREEN]
    expect(colors).toEqual([...quadrants, BLUE, BLUE, YELLOW, YELLOW, BLUE, BLUE, YELLOW, YELLOW])
  })
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[]
  test.each(kinds.flatMap((kind) => ORIENTATIONS.map((of) => [kind, of] as const)))(
    '%s, EXIF %i',
    async (kind, orientation) => {
      const source = await KINDS[kind](orientation)
      for (const case_ of CASES) {
        const seen = await sampled(await render(source, ...case_))
        const wanted = expected.get(case_)
        expect(seen.size, JSON.stringify(case_)).toEqual(wanted?.size)
        const apart = seen.colors.map((color, at) => distance(color, wanted?.colors[at] ?? []))
        expect(Math.max(...apart), JSON.stringify(case_)).toBeLessThanOrEqual(30)
      }
    },
  )
})

describe('frames of an animation are turned too', () => {
  test.each(ORIENTATIONS)('EXIF %i', async (orientation) => {
    const pixels = storedPixels(orientation)
    const writer = await webpWriter(pixels, 0)
    for (const delayMs of [100, 200]) writer.add({ pixels, delayMs })
    const source = animatedWebpWithExif(writer.finish(), orientation)
    const params = { width: 100, height: 100, gravity: 'right' } as const
    const animation = readWebp(await render(source, { ...params, quality: 100 }, 'webp'), {
      width: 100,
      height: 100,
    })
    const delays: number[] = []
    for await (const { pixels: frame, delayMs } of animation.frames) {
      delays.push(delayMs)
      const color = (x: number, y: number) => [
        ...frame.data.subarray((y * 100 + x) * 4).slice(0, 4),
      ]
      expect([color(5, 5), color(95, 5)]).toEqual([GREEN, GREEN])
      expect([color(5, 95), color(95, 95)]).toEqual([YELLOW, YELLOW])
    }
    expect(delays).toEqual([100, 200])
    const { size, colors } = await sampled(await render(source, params, 'jpg'))
    expect(size).toEqual([100, 100])
    expect(distance(colors[0] ?? [], GREEN)).toBeLessThan(30)
    expect(distance(colors[15] ?? [], YELLOW)).toBeLessThan(30)
  })
})
