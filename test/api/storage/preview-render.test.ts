import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { readGif, readWebp } from '#/storage/preview/codecs/animation'
import type { OutputFormat, PreviewParams } from '#/storage/preview/plan'
import { renderPreview } from '#/storage/preview/render'
import { type PictureName, picture } from '#test/fixtures/pictures'
import { noise } from '#test/support/hash'
import { BLUE, CLEAR, decode, distance, GREEN, RED, WHITE, YELLOW } from '#test/support/pixels'
import { PLAIN } from '#test/support/previews'

const render = (
  source: Uint8Array<ArrayBuffer>,
  params: Partial<PreviewParams>,
  output: OutputFormat = 'png',
) => renderPreview(env.IMAGES, new Blob([source]).stream(), { ...PLAIN, ...params }, output)

type Point = readonly [x: number, y: number, color: readonly number[]]

/** Renders and compares the size, and colours at points given as shares of the sides. */
async function shows(
  source: PictureName,
  params: Partial<PreviewParams>,
  size: readonly [number, number],
  points: readonly Point[],
  output: OutputFormat = 'png',
  tolerance = 12,
) {
  const { body, contentType } = await render(picture(source), params, output)
  expect(contentType).toBe(`image/${output === 'jpg' ? 'jpeg' : output}`)
  const { width, height, at } = await decode(body)
  expect([width, height]).toEqual(size)
  for (const [x, y, color] of points) {
    const seen = at(x * width, y * height)
    expect(distance(seen, color), `${seen} at ${x},${y}`).toBeLessThanOrEqual(tolerance)
  }
}

const QUADRANTS: Point[] = [
  [0.1, 0.1, RED],
  [0.9, 0.1, GREEN],
  [0.1, 0.9, BLUE],
  [0.9, 0.9, YELLOW],
]

describe('every input to every output', () => {
  const inputs: PictureName[] = ['png', 'jpeg1', 'webp', 'gif']
  const outputs: OutputFormat[] = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif']
  test.each(inputs.flatMap((input) => outputs.map((output) => [input, output] as const)))(
    '%s to %s',
    (input, output) => shows(input, { width: 100 }, [100, 50], QUADRANTS, output, 30),
  )
})

describe('orientation comes first', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('EXIF %i', (orientation) =>
    shows(`jpeg${orientation}`, { width: 100 }, [100, 50], QUADRANTS, 'png', 30),
  )
  test('with effects as well', () =>
    shows(
      'jpeg6',
      { width: 100, opacity: 0.5 },
      [100, 50],
      [[0.1, 0.1, [220, 30, 30, 128]]],
      'png',
      30,
    ))
})

describe('geometry', () => {
  const whole = QUADRANTS
  const left: Point[] = [
    [0.1, 0.1, RED],
    [0.9, 0.1, RED],
    [0.1, 0.9, BLUE],
  ]
  const right: Point[] = [
    [0.1, 0.1, GREEN],
    [0.9, 0.9, YELLOW],
  ]
  const middle: Point[] = [
    [0.1, 0.1, RED],
    [0.9, 0.1, GREEN],
    [0.9, 0.9, YELLOW],
  ]
  test.each([
    [{ width: 100 }, [100, 50], whole],
    [{ height: 50 }, [100, 50], whole],
    [{ width: 333 }, [333, 166], whole],
    [{ width: 100, height: 100 }, [100, 100], middle],
    [{ width: 100, height: 100, gravity: 'top-left' }, [100, 100], left],
    [{ width: 100, height: 100, gravity: 'left' }, [100, 100], left],
    [{ width: 100, height: 100, gravity: 'bottom-left' }, [100, 100], left],
    [{ width: 100, height: 100, gravity: 'top' }, [100, 100], middle],
    [{ width: 100, height: 100, gravity: 'right' }, [100, 100], right],
    [{ width: 100, height: 100, gravity: 'bottom-right' }, [100, 100], right],
    [
      { width: 101, height: 33, gravity: 'bottom-right' },
      [101, 33],
      [
        [0.1, 0.9, BLUE],
        [0.9, 0.1, GREEN],
      ],
    ],
    [{ width: 800, height: 800 }, [800, 800], middle],
    [{ width: 100, height: 100, gravity: 'auto' }, [100, 100], middle],
    [{}, [400, 200], whole],
  ] as const)('%o', (params, size, points) => shows('png', params, size, points))
})

describe('effects', () => {
  test('opacity', () =>
    shows('png', { width: 40, opacity: 0.5 }, [40, 20], [[0.1, 0.1, [220, 30, 30, 128]]]))
  test('opacity in JPEG changes nothing', () =>
    shows('png', { width: 40, opacity: 0.5 }, [40, 20], [[0.1, 0.1, RED]], 'jpg', 20))
  test('opacity over a background blends', () =>
    shows(
      'png',
      { width: 40, opacity: 0.5, background: '00f' },
      [40, 20],
      [[0.1, 0.1, [110, 15, 143, 255]]],
    ))
  test('background fills what is clear', () =>
    shows(
      'clearPng',
      { background: 'ff8800' },
      [400, 200],
      [
        [0.1, 0.5, RED],
        [0.9, 0.5, [255, 136, 0, 255]],
      ],
    ))
  test('border grows the canvas', () =>
    shows(
      'png',
      { width: 100, borderWidth: 10, borderColor: '102030' },
      [120, 70],
      [
        [0.04, 0.5, [16, 32, 48, 255]],
        [0.5, 0.99, [16, 32, 48, 255]],
        [0.2, 0.3, RED],
      ],
    ))
  test('border without a colour is black', () =>
    shows('png', { width: 100, borderWidth: 5 }, [110, 60], [[0.01, 0.5, [0, 0, 0, 255]]]))
  test('radius clears the corners', () =>
    shows(
      'png',
      { width: 100, height: 100, borderRadius: 30 },
      [100, 100],
      [
        [0.01, 0.01, CLEAR],
        [0.99, 0.99, CLEAR],
        [0.5, 0.01, GREEN],
        [0.2, 0.2, RED],
      ],
    ))
  test('radius beyond half a side is an ellipse', () =>
    shows(
      'png',
      { width: 100, borderRadius: 4000 },
      [100, 50],
      [
        [0.05, 0.05, CLEAR],
        [0.3, 0.3, RED],
      ],
    ))
  test('radius in JPEG leaves white corners', () =>
    shows('png', { width: 100, borderRadius: 30 }, [100, 50], [[0, 0, WHITE]], 'jpg', 20))
  test('border with radius keeps the size', () =>
    shows(
      'png',
      { width: 100, height: 100, borderWidth: 10, borderRadius: 20, borderColor: '00ffff' },
      [100, 100],
      [
        [0.02, 0.5, CLEAR],
        [0.07, 0.5, [0, 255, 255, 255]],
        [0.2, 0.3, RED],
        [0.92, 0.5, [0, 255, 255, 255]],
        [0.98, 0.5, CLEAR],
      ],
    ))
  test.each([
    [
      90,
      [50, 100],
      [
        [0.1, 0.1, BLUE],
        [0.9, 0.1, RED],
        [0.9, 0.9, GREEN],
      ],
    ],
    [
      180,
      [100, 50],
      [
        [0.1, 0.1, YELLOW],
        [0.9, 0.9, RED],
      ],
    ],
    [
      -90,
      [50, 100],
      [
        [0.1, 0.1, GREEN],
        [0.9, 0.1, YELLOW],
      ],
    ],
    [360, [100, 50], QUADRANTS],
  ] as const)('rotation by %i', (rotation, size, points) =>
    shows('png', { width: 100, rotation }, size, points),
  )
  test.each([
    [{ width: 100, height: 100, rotation: 45 }, [144, 144]],
    [{ width: 100, height: 50, rotation: 30 }, [114, 96]],
    [{ width: 400, height: 200, rotation: 1 }, [406, 208]],
    [{ width: 100, height: 50, rotation: 300 }, [96, 114]],
  ] as const)('rotation by an angle %o', (params, size) =>
    shows('png', params, size, [
      [0, 0, CLEAR],
      [0.99, 0.01, CLEAR],
    ]),
  )
  test('a rotation turns clockwise', () =>
    shows(
      'png',
      { width: 100, height: 100, rotation: 45 },
      [144, 144],
      [
        [0.5, 0.2, RED],
        [0.8, 0.5, GREEN],
        [0.2, 0.5, BLUE],
        [0.5, 0.8, YELLOW],
      ],
    ))
  test('quality decides the size of the file', async () => {
    const sizes = await Promise.all(
      [10, 60, 95].map(async (quality) => (await render(noisy(), { quality }, 'jpg')).body.length),
    )
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
    expect((sizes[2] ?? 0) / (sizes[0] ?? 1)).toBeGreaterThan(2)
  })
  test('quality 100 makes WebP lossless', () =>
    shows('png', { quality: 100 }, [400, 200], QUADRANTS, 'webp', 0))
})

/** A JPEG with detail, so that quality shows. */
const noisy = () => picture('jpeg1')

describe('animations', () => {
  const frames = async (bytes: Uint8Array, format: 'gif' | 'webp') => {
    const { frames: all, ...rest } =
      format === 'gif' ? readGif(bytes) : readWebp(bytes, { width: 30, height: 20 })
    const seen: [number, number[]][] = []
    for await (const { pixels, delayMs } of all)
      seen.push([delayMs, [...pixels.data.subarray(0, 4)]])
    return { ...rest, seen }
  }
  test.each([
    ['animatedGif', 'gif'],
    ['animatedGif', 'webp'],
    ['animatedWebp', 'gif'],
    ['animatedWebp', 'webp'],
  ] as const)('%s to %s keeps frames, delays and loops', async (source, output) => {
    const { body, contentType } = await render(picture(source), { width: 30 }, output)
    expect(contentType).toBe(`image/${output}`)
    const { width, height, loops, seen } = await frames(body, output)
    expect([width, height, loops]).toEqual([30, 20, 0])
    expect(seen.map(([delay]) => delay)).toEqual([100, 200, 300])
    for (const [index, color] of [RED, GREEN, BLUE].entries()) {
      expect(distance(seen[index]?.[1] ?? [], color)).toBeLessThanOrEqual(12)
    }
  })
  test('effects reach every frame', async () => {
    const { body } = await render(
      picture('animatedGif'),
      { width: 30, borderWidth: 3, borderColor: 'fff' },
      'gif',
    )
    const { width, height, seen } = await frames(body, 'gif')
    expect([width, height]).toEqual([36, 26])
    expect(seen.map(([, color]) => distance(color, [255, 255, 255, 255]) < 12)).toEqual([
      true,
      true,
      true,
    ])
  })
  test.each(['jpg', 'png', 'avif'] as const)('shows the first frame as %s', (output) =>
    shows('animatedGif', { width: 30 }, [30, 20], [[0.5, 0.5, RED]], output, 20),
  )
  test('a background makes one frame of it', async () => {
    const { body } = await render(picture('animatedGif'), { background: 'fff' }, 'gif')
    expect(readGif(body).width).toBe(60)
    expect((await frames(body, 'gif')).seen.length).toBe(1)
  })
})

describe('hostile sources', () => {
  const refused = { name: 'ApiError', type: 'storage_file_type_unsupported' }
  const sources: PictureName[] = ['png', 'jpeg1', 'webp', 'gif', 'animatedGif', 'animatedWebp']
  test.each(sources.flatMap((name) => [0, 3, 12, 30].map((length) => [name, length] as const)))(
    '%s cut to %i bytes',
    async (name, length) => {
      await expect(
        render(picture(name).slice(0, length), { width: 10 }, 'gif'),
      ).rejects.toMatchObject(refused)
    },
  )
  test.each(sources)('%s cut in half is refused or shown in part, never a crash', async (name) => {
    const source = picture(name)
    const outcome = await render(source.slice(0, source.length / 2), {
      width: 10,
      opacity: 0.9,
    }).catch((e) => e)
    if (outcome instanceof Error) expect(outcome).toMatchObject(refused)
    else expect((await decode(outcome.body)).width).toBe(10)
  })
  test('random bytes', async () => {
    await expect(render(noise(5000), { width: 10 })).rejects.toMatchObject(refused)
  })
  test('a picture that claims more pixels than the platform takes', async () => {
    const bomb = picture('png')
    new DataView(bomb.buffer).setUint32(16, 40_000)
    new DataView(bomb.buffer).setUint32(20, 40_000)
    await expect(render(bomb, { width: 10 })).rejects.toMatchObject({
      type: 'storage_image_resolution_exceeded',
    })
  })
  test('an animation that claims a huge canvas', async () => {
    const bomb = picture('animatedGif')
    new DataView(bomb.buffer).setUint16(6, 12_000, true)
    new DataView(bomb.buffer).setUint16(8, 8_000, true)
    await expect(render(bomb, {}, 'gif')).rejects.toMatchObject({
      type: 'storage_image_resolution_exceeded',
    })
  })
  test('effects on more pixels than fit in memory', async () => {
    await expect(
      render(picture('png'), { width: 4000, height: 4000, borderRadius: 5 }),
    ).rejects.toMatchObject({
      type: 'storage_image_resolution_exceeded',
    })
  })
  test('HEIC output', async () => {
    await expect(render(picture('png'), {}, 'heic')).rejects.toMatchObject(refused)
  })
})
