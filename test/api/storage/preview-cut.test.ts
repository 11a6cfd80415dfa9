import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { readGif, readWebp, webpWriter } from '#/storage/preview/codecs/animation'
import { encoderFor, gifWriter } from '#/storage/preview/codecs/codecs'
import { blank, type Pixels } from '#/storage/preview/codecs/pixels'
import { encodePng } from '#/storage/preview/codecs/png'
import { readGifFrames } from '#/storage/preview/headers/gif'
import type { OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { jpegStrips } from '#/storage/preview/strips/jpeg'
import { STRIP_ROWS } from '#/storage/preview/strips/strips'
import { picture } from '#test/fixtures/pictures'
import { inks } from '#test/support/inks'
import { interlaced } from '#test/support/interlaced'
import { orientedPng } from '#test/support/oriented'
import { BLUE, decode, distance, GREEN, RED } from '#test/support/pixels'
import { render } from '#test/support/previews'
import { world } from '#test/support/world'

function drawn(width: number, height: number, draw: (x: number, y: number) => readonly number[]) {
  const pixels = blank({ width, height })
  for (let at = 0; at < width * height; at++) {
    pixels.data.set(draw(at % width, Math.floor(at / width)), at * 4)
  }
  return pixels
}

/** Changes everywhere, so that every line takes its share of the file. */
const busy = (x: number, y: number) => [(x * 37 + y * 11) % 256, (y * 53) % 256, (x * y) % 256, 255]
const SIDE = 96
const pixels = () => drawn(SIDE, SIDE, busy)

async function withRestarts(source: Pixels, quality: number) {
  const writer = jpegStrips(source, quality)
  const stripBytes = STRIP_ROWS * source.width * 4
  for (let at = 0; at < source.data.length; at += stripBytes) {
    const data = source.data.slice(at, at + stripBytes)
    await writer.add({ width: source.width, height: data.length / source.width / 4, data })
  }
  return writer.finish()
}

const SOURCES: Record<string, () => Promise<Uint8Array<ArrayBuffer>>> = {
  PNG: async () => encodePng(pixels()),
  'PNG with alpha': async () =>
    encodePng(drawn(SIDE, SIDE, (x, y) => [...busy(x, y).slice(0, 3), x < 48 ? 255 : 200])),
  GIF: async () => (await encoderFor('gif'))(pixels()),
  'GIF of few colours': async () =>
    (await encoderFor('gif'))(drawn(SIDE, SIDE, (x, y) => ((x * y) % 3 === 0 ? RED : BLUE))),
  'GIF with transparency': async () =>
    (await encoderFor('gif'))(drawn(SIDE, SIDE, (x, y) => (x < 9 ? [0, 0, 0, 0] : busy(x, y)))),
  JPEG: async () => (await encoderFor('jpeg', 80))(pixels()),
  'JPEG of whole colours': async () => (await encoderFor('jpeg', 98))(pixels()),
  'JPEG with restarts': () => withRestarts(pixels(), 95),
  'JPEG with restarts and half the colours': () => withRestarts(pixels(), 70),
}
const WAYS: [name: string, params: Partial<PreviewParams>, output: OutputFormat][] = [
  ['by the binding', {}, 'png'],
  ['with an effect', { borderWidth: 2 }, 'png'],
  ['as GIF', {}, 'gif'],
  ['as JPEG', { quality: 90 }, 'jpg'],
]
const CUTS: [name: string, cut: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
  ['half', (bytes) => bytes.slice(0, bytes.length / 2)],
  ['its last 1 %', (bytes) => bytes.slice(0, bytes.length * 0.99)],
  ['its last bytes', (bytes) => bytes.slice(0, -2)],
]

/** Returns the mean difference of the first rows, a share of all. */
async function apart(one: Uint8Array<ArrayBuffer>, other: Uint8Array<ArrayBuffer>, share: number) {
  const [a, b] = [await decode(one), await decode(other)]
  expect([a.width, a.height]).toEqual([b.width, b.height])
  let [sum, count] = [0, 0]
  for (let y = 0; y < Math.floor(a.height * share); y += 5) {
    for (let x = 0; x < a.width; x += 5, count++) sum += distance(a.at(x, y), b.at(x, y))
  }
  return sum / count
}

describe.each(Object.keys(SOURCES))('%s', (kind) => {
  test.each(CUTS)('without %s shows what is there', async (_, cut) => {
    const source = (await SOURCES[kind]?.()) ?? new Uint8Array(0)
    const share = (cut(source).length / source.length) * 0.4
    const ways = cut === CUTS[0]?.[1] ? WAYS : WAYS.slice(0, 1)
    for (const [way, params, output] of ways) {
      const seen = await render(cut(source), params, output)
      const whole = await render(source, params, output)
      expect(await apart(seen, whole, share), way).toBeLessThan(output === 'png' ? 0.5 : 30)
    }
  })
})

describe('a picture that comes coarsely first', () => {
  test.each([0.4, 0.6, 0.8, 0.99])('is shown whole by %f of a JPEG', async (share) => {
    const source = interlaced('progressiveJpeg')
    const seen = await render(source.slice(0, source.length * share))
    expect(await apart(seen, await render(source), 1)).toBeLessThan(40)
  })
  test('JPEG that lacks nothing but its end', async () => {
    const source = interlaced('progressiveJpeg')
    expect(await apart(await render(source.slice(0, -2)), await render(source), 1)).toBe(0)
  })
  test('JPEG that ends in its first pass', async () => {
    const source = interlaced('progressiveJpeg')
    const start = Buffer.from(source).indexOf(Buffer.from([0xff, 0xda]))
    const { width, height } = await decode(await render(source.slice(0, start + 40)))
    expect([width, height]).toEqual([96, 64])
  })
  test('PNG', async () => {
    const source = interlaced('interlacedPng')
    const seen = await render(source.slice(0, source.length - 14))
    expect(await apart(seen, await render(source), 0.4)).toBeLessThan(3)
  })
})

test('a cut picture is turned, and its inks have their colours', async () => {
  const png = orientedPng(6)
  const turned = await decode(await render(png.slice(0, -40), { width: 100 }))
  expect([turned.width, turned.height]).toEqual([100, 50])
  const ink = inks('CMYK')
  const { at } = await decode(await render(ink.slice(0, ink.length - 8)))
  expect(distance(at(4, 4).slice(0, 3), RED.slice(0, 3))).toBeLessThan(9)
})

test('a cut photograph is rendered strip by strip', async () => {
  const source = await withRestarts(drawn(2048, 1700, busy), 70)
  const params = { borderRadius: 100, borderWidth: 5 }
  const seen = await render(source.slice(0, source.length * 0.7), params, 'jpg')
  const { width, height, at } = await decode(seen)
  expect([width, height]).toEqual([2048, 1700])
  expect(at(1000, 1690)).toHaveLength(4)
})

describe('an animation shows the frames that are whole', () => {
  const COLORS = [RED, GREEN, BLUE]
  const frames = () =>
    COLORS.map((color, index) => ({
      pixels: drawn(30, 20, (x) => (x === 7 ? [index, 9, 9, 255] : color)),
      delayMs: (index + 1) * 100,
    }))
  const seenIn = async (animation: ReturnType<typeof readGif>) => {
    const seen: [number, number[]][] = []
    for await (const { pixels: frame, delayMs } of animation.frames) {
      seen.push([delayMs, [...frame.data.subarray(0, 4)]])
    }
    return seen
  }
  async function written(format: 'gif' | 'webp') {
    const writer = format === 'gif' ? gifWriter(0) : await webpWriter({ width: 30, height: 20 }, 0)
    for (const frame of frames()) writer.add(frame)
    return writer.finish()
  }
  test.each(['gif', 'webp'] as const)('%s', async (format) => {
    const source = await written(format)
    const read = (bytes: Uint8Array) =>
      format === 'gif' ? readGif(bytes) : readWebp(bytes, { width: 30, height: 20 })
    const last = source.length - (format === 'gif' ? 1 : 0)
    const seen = await seenIn(
      read(await render(source.slice(0, last - 5), { quality: 100 }, format)),
    )
    expect(seen).toEqual([
      [100, RED],
      [200, GREEN],
    ])
    const whole = await seenIn(read(await render(source, { quality: 100 }, format)))
    expect(whole).toHaveLength(3)
  })
  test.each(['gif', 'webp'] as const)('%s within its second frame', async (format) => {
    const source = await written(format)
    const mark = format === 'gif' ? readGifFrames(source).firstEnd : source.indexOf(0)
    const second =
      format === 'gif'
        ? mark + 30
        : Buffer.from(source).indexOf('ANMF', Buffer.from(source).indexOf('ANMF') + 4) + 30
    for (const output of ['gif', 'webp', 'png', 'jpg'] as const) {
      const { at } = await decode(await render(source.slice(0, second), {}, output))
      expect(distance(at(20, 10), RED), output).toBeLessThan(20)
    }
  })
  test('a GIF without its trailer', async () => {
    const source = await written('gif')
    expect(await seenIn(readGif(await render(source.slice(0, -1), {}, 'gif')))).toHaveLength(3)
  })
})

describe('a cut picture is refused only for what it is', () => {
  const refused = { name: 'ApiError', type: 'storage_file_type_unsupported' }
  test.each([
    ['PNG', () => encodePng(pixels()).slice(0, 43)],
    [
      'JPEG',
      () =>
        picture('jpeg1').slice(
          0,
          Buffer.from(picture('jpeg1')).indexOf('\xff\xda', 0, 'latin1') + 14,
        ),
    ],
    ['GIF', () => picture('gif').slice(0, 50)],
    ['WebP', () => picture('webp').slice(0, 200)],
    ['WebP animation', () => picture('animatedWebp').slice(0, 60)],
  ])('%s with nothing to be shown', async (_, source) => {
    await expect(render(source())).rejects.toMatchObject(refused)
    await expect(render(source(), { opacity: 0.5 }, 'gif')).rejects.toMatchObject(refused)
  })
  /** Fails with these codes, one after the other, and counts the calls. */
  function failing(codes: readonly (number | undefined)[]) {
    const state = { calls: 0 }
    const input = (stream: ReadableStream<Uint8Array>) => {
      if (state.calls >= codes.length) return env.IMAGES.input(stream)
      const code = codes[state.calls++]
      const broken = {
        transform: () => broken,
        output: async () => {
          await new Response(stream).arrayBuffer().catch(() => undefined)
          throw Object.assign(new Error('IMAGES: broken'), code === undefined ? {} : { code })
        },
      }
      return broken
    }
    return { state, images: { input } as unknown as ImagesBinding }
  }
  async function asked(images: ImagesBinding) {
    const w = await world({ IMAGES: images })
    const { id } = await w.bucket({ permissions: ['read("any")'] })
    const jpeg = await (await encoderFor('jpeg', 80))(pixels())
    await w.upload(id, jpeg.slice(0, jpeg.length / 2), { fileId: 'a', name: 'a.png' })
    return () => w.send('get', `/storage/buckets/${id}/files/a/preview?width=40`)
  }
  test.each([
    ['at once', [9522]],
    ['with what is completed', [9523, 9523, 9522]],
    ['without a code', [9520, undefined]],
  ])('a service that fails %s is asked again', async (_, codes) => {
    const { images } = failing(codes)
    const ask = await asked(images)
    expect((await ask()).status).toBe(500)
    expect((await ask()).status).toBe(200)
  })
  test.each([[[9523, 9523, 9523]], [[9412, 9412, 9412]], [[9520, 9523, 9412]]])(
    'what is refused as it is and completed (%j) is refused for good',
    async (codes) => {
      const { images, state } = failing(codes)
      const ask = await asked(images)
      for (let time = 0; time < 2; time++) {
        const answer = await ask()
        expect(answer.status).toBe(400)
        expect(answer.body).toMatchObject({ type: 'storage_file_type_unsupported' })
        expect(state.calls).toBe(3)
      }
    },
  )
  test('a whole picture is given to the binding once', async () => {
    let calls = 0
    const counted = {
      input: (stream: ReadableStream<Uint8Array>) => {
        calls++
        return env.IMAGES.input(stream)
      },
    } as ImagesBinding
    await render(picture('jpeg1'), { width: 40 }, 'png', counted)
    expect(calls).toBe(1)
  })
})
