import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { readGif } from '#/storage/preview/codecs/animation'
import { gifWriter } from '#/storage/preview/codecs/codecs'
import { decodePng, encodePng } from '#/storage/preview/codecs/png'
import type { OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { renderPreview } from '#/storage/preview/render'
import { picture } from '#test/fixtures/pictures'
import { anim, anmf, gif, jpeg, vp8l, webp, withChunk } from '#test/support/bombs'
import { decode } from '#test/support/pixels'
import { PLAIN } from '#test/support/previews'
import { world } from '#test/support/world'

/** Passes calls on to the Images binding and keeps the bytes that it is given. */
function observedImages() {
  const given: Uint8Array[] = []
  const images = {
    input: (stream: ReadableStream<Uint8Array>) => {
      const read = new Response(stream).arrayBuffer()
      const passed = new ReadableStream({
        async pull(controller) {
          const bytes = new Uint8Array(await read)
          given.push(bytes)
          controller.enqueue(bytes)
          controller.close()
        },
      })
      return env.IMAGES.input(passed)
    },
  } as ImagesBinding
  return { given, images }
}

const EXCEEDED = { name: 'ApiError', type: 'storage_image_resolution_exceeded' }

/** Renders, and says what the binding was given. */
async function render(
  source: Uint8Array<ArrayBuffer>,
  params: Partial<PreviewParams>,
  output: OutputFormat = 'png',
) {
  const { given, images } = observedImages()
  const body = new Blob([source]).stream()
  const outcome = await renderPreview(images, body, { ...PLAIN, ...params }, output).catch(
    (error: unknown) => error as Error,
  )
  return { outcome, given }
}

const opaque = (width: number, height: number) =>
  encodePng({ width, height, data: new Uint8ClampedArray(width * height * 4).fill(255) })

describe('a picture inside a picture', () => {
  const giant = { size: [16_000, 16_000] } as const
  const BOMBS: [name: string, bytes: Uint8Array<ArrayBuffer>][] = [
    ['GIF, 16000²', gif([1, 1], [giant])],
    ['GIF, three of 60000²', gif([1, 1], Array(3).fill({ size: [60_000, 60_000] }))],
    ['WebP, 16384²', webp([10, 10], anim, anmf([10, 10], vp8l([16_384, 16_384])))],
  ]
  const outputs: OutputFormat[] = ['gif', 'webp', 'png', 'jpg', 'avif']
  test.each(
    BOMBS.flatMap(([name, bytes]) => outputs.map((output) => [name, output, bytes] as const)),
  )('%s to %s is not decoded', async (_, output, bytes) => {
    const { outcome, given } = await render(bytes, { width: 10 }, output)
    expect(outcome).toMatchObject(EXCEEDED)
    expect(given).toEqual([])
  })
  test.each([
    [
      'frames together, larger than their canvas',
      gif([10, 10], Array(50).fill({ size: [1200, 1200] })),
    ],
    [
      'frames far beside the canvas',
      gif([10, 10], Array(3).fill({ size: [1, 1], at: [60_000, 1] })),
    ],
    ['a canvas drawn again and again', gif([1200, 1200], Array(50).fill({ size: [1, 1] }))],
    [
      'WebP frames together',
      webp([1200, 1200], anim, ...Array(50).fill(anmf([1200, 1200], vp8l([1200, 1200])))),
    ],
  ])('%s are bounded by their sum', async (_, bytes) => {
    const { outcome } = await render(bytes, {}, 'gif')
    expect(outcome).toMatchObject(EXCEEDED)
  })
  test('a frame a little larger than its canvas is cut', async () => {
    const bytes = gif([4, 4], [{ size: [6, 3], at: [2, 2] }, { size: [4, 4] }])
    const sizes: number[][] = []
    for await (const { pixels } of readGif(bytes).frames) {
      sizes.push([pixels.width, pixels.height, pixels.data.length])
    }
    expect(sizes).toEqual([
      [4, 4, 64],
      [4, 4, 64],
    ])
  })
})

describe('what a decoder does not need, it does not see', () => {
  test('frames behind the first one, however many', async () => {
    const ofFrames = (count: number) => {
      const writer = gifWriter(0)
      const pixels = { width: 9, height: 6, data: new Uint8ClampedArray(9 * 6 * 4).fill(255) }
      for (let index = 0; index < count; index++) writer.add({ pixels, delayMs: 100 })
      return writer.finish()
    }
    for (const output of ['jpg', 'png', 'avif'] as const) {
      const { outcome, given } = await render(ofFrames(300), {}, output)
      expect(outcome).toMatchObject({ contentType: `image/${output === 'jpg' ? 'jpeg' : output}` })
      expect(given).toEqual([ofFrames(1)])
    }
    expect((await render(ofFrames(129), {}, 'gif')).outcome).toMatchObject({
      type: 'storage_file_type_unsupported',
    })
  })
  test('frames of an animated PNG', async () => {
    const animated = withChunk(
      withChunk(picture('png'), 'fdAT', new Uint8Array(50)),
      'acTL',
      new Uint8Array(8),
    )
    const { outcome, given } = await render(animated, { width: 40 })
    expect(outcome).toMatchObject({ contentType: 'image/png' })
    expect(given).toEqual([picture('png')])
  })
  test('a JPEG of more scans than are decoded', async () => {
    const { outcome } = await render(jpeg([4000, 3000], 2000), { width: 10 }, 'jpg')
    expect(outcome).toMatchObject(EXCEEDED)
  })
  test('text that a PNG carries compressed: our own decoder skips it', () => {
    const bomb = withChunk(picture('png'), 'zTXt', new Uint8Array(1000))
    expect(decodePng(bomb)).toEqual(decodePng(picture('png')))
  })
  test.each([
    ['an icon file', [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 32, 0]],
    ['a TIFF', [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]],
    ['an AVIF', [0, 0, 0, 24, ...Buffer.from('ftypavis\0\0\0\0avifmiaf')]],
    [
      'an SVG',
      [...Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>')],
    ],
  ])('%s: an icon stands in for it', async (name, content) => {
    const width = 20 + name.length + content.length // the icon is kept for all files
    const { given, images } = observedImages()
    const w = await world({ IMAGES: images })
    const { id } = await w.bucket({ permissions: ['read("any")'] })
    await w.upload(id, Uint8Array.from(content), { fileId: 'a', name: 'a.png' })
    const path = `/storage/buckets/${id}/files/a/preview`
    for (const query of ['', '&borderRadius=3&output=jpg']) {
      expect((await w.send('get', `${path}?width=${width}${query}`)).status).toBe(200)
    }
    const seen = given.map((bytes) => decodePng(bytes)).map(({ width, height }) => [width, height])
    expect(seen.length).toBeGreaterThan(0)
    expect(new Set(seen.map(String))).toEqual(new Set(['1200,800']))
  })
})

describe('every derived side is bounded', () => {
  const SOURCES = { tall: opaque(1, 3000), wide: opaque(3000, 1), square: opaque(50, 50) }
  const paths: [name: string, params: Partial<PreviewParams>, output: OutputFormat][] = [
    ['by the binding', {}, 'png'],
    ['by the binding as AVIF', {}, 'avif'],
    ['in our hands', { opacity: 0.5 }, 'png'],
    ['as GIF', {}, 'gif'],
    ['turned', { rotation: 90 }, 'png'],
    ['turned a little, with a border', { rotation: 1, borderWidth: 100 }, 'webp'],
    ['with a radius', { borderRadius: 10, borderWidth: 3 }, 'jpg'],
  ]
  const sizes: [source: keyof typeof SOURCES, params: Partial<PreviewParams>][] = [
    ['tall', { width: 1000 }],
    ['tall', { width: 1000, height: 1000 }],
    ['tall', { width: 4000, height: 1 }],
    ['tall', { width: 5 }],
    ['wide', { height: 1000 }],
    ['wide', { width: 1000, height: 1000, gravity: 'left' }],
    ['wide', { height: 5, gravity: 'auto' }],
    ['wide', { width: 1, height: 4000 }],
  ]
  test.each(
    paths.flatMap(([name, params, output]) =>
      sizes.map(([source, size]) => [name, source, size, params, output] as const),
    ),
  )('%s: %s as %o', async (_, source, size, params, output) => {
    const { outcome, given } = await render(SOURCES[source], { ...size, ...params }, output)
    expect(outcome).toMatchObject(EXCEEDED)
    expect(given).toEqual([])
  })
  test.each([
    ['tall', { width: 2 }, [2, 6000]],
    ['tall', { height: 10 }, [1, 10]],
    ['tall', { width: 4, height: 4 }, [4, 4]],
    ['wide', { height: 2 }, [6000, 2]],
    ['wide', { width: 10 }, [10, 1]],
  ] as const)('but %s as %o is rendered', async (source, params, size) => {
    const { outcome } = await render(SOURCES[source], params)
    const { width, height } = await decode((outcome as { body: Uint8Array<ArrayBuffer> }).body)
    expect([width, height]).toEqual(size)
  })
  test('in animations too', async () => {
    const thin = gif([1, 1000], Array(2).fill({ size: [1, 1000] }))
    for (const params of [
      { width: 1000 },
      { width: 100, height: 100 },
      { width: 50, rotation: 45 },
    ]) {
      expect((await render(thin, params, 'gif')).outcome).toMatchObject(EXCEEDED)
    }
    expect((await render(thin, { width: 2 }, 'gif')).outcome).toMatchObject({
      contentType: 'image/gif',
    })
  })
})
