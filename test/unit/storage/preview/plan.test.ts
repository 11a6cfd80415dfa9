import { describe, expect, test } from 'vitest'
import type { Size } from '#/storage/preview/geometry'
import {
  type Format,
  GRAVITIES,
  type Gravity,
  OUTPUTS,
  outputFormat,
  type PreviewParams,
  parseColor,
  planCrop,
  planPreview,
  type Source,
  sizeAfter,
  sourceKind,
} from '#/storage/preview/plan'
import mime from '#test/contract/mime.json'

const size = (width: number, height: number): Size => ({ width, height })
const PLAIN: PreviewParams = {
  ...size(0, 0),
  gravity: 'center',
  quality: -1,
  borderWidth: 0,
  borderRadius: 0,
  opacity: 1,
  rotation: 0,
}
const JPEG: Source = { ...size(400, 200), frames: 1, mayBeClear: false }
const PNG: Source = { ...JPEG, mayBeClear: true }
const ANIMATION: Source = { ...PNG, frames: 3 }

describe('the examples of docs/contract/storage.md §9.5', () => {
  test.each<[Size, Gravity, Size, number, number]>([
    // Wanted, gravity, then the result and the corner that it is cut at.
    [size(100, 0), 'center', size(100, 50), 0, 0],
    [size(0, 50), 'center', size(100, 50), 0, 0],
    [size(333, 0), 'center', size(333, 166), 0, 0],
    [size(100, 100), 'center', size(100, 100), 50, 0],
    [size(100, 100), 'top-left', size(100, 100), 0, 0],
    [size(100, 100), 'left', size(100, 100), 0, 0],
    [size(100, 100), 'bottom-left', size(100, 100), 0, 0],
    [size(100, 100), 'top', size(100, 100), 50, 0],
    [size(100, 100), 'bottom', size(100, 100), 50, 0],
    [size(100, 100), 'right', size(100, 100), 100, 0],
    [size(100, 100), 'top-right', size(100, 100), 100, 0],
    [size(100, 100), 'bottom-right', size(100, 100), 100, 0],
    [size(101, 33), 'bottom-right', size(101, 33), 0, 18],
    [size(800, 800), 'center', size(800, 800), 400, 0],
    [size(0, 0), 'left', size(400, 200), 0, 0],
  ])('%o at %s', (wanted, gravity, result, left, top) => {
    expect(planCrop(size(400, 200), wanted, gravity)).toMatchObject({ ...result, left, top })
  })
  test.each([
    [size(77, 0), size(77, 38)],
    [size(0, 77), size(152, 77)],
    [size(1, 0), size(1, 1)],
  ])('a 401 × 203 source as %o', (wanted, result) => {
    expect(planCrop(size(401, 203), wanted, 'center')).toMatchObject(result)
  })
  test('scales to 101 × 51 for 101 × 33', () => {
    expect(planCrop(size(400, 200), size(101, 33), 'bottom-right').scaled).toEqual(size(101, 51))
  })
})

/** Sides that are small, odd, equal, far apart. */
const SIDES = [1, 2, 3, 33, 100, 101, 203, 400, 1201, 4000]
const sizes = SIDES.flatMap((width) => SIDES.map((height) => size(width, height)))

test.each(GRAVITIES)('a crop at %s covers what is wanted, for every pair of sizes', (gravity) => {
  for (const source of sizes) {
    for (const wanted of [...sizes, size(0, 50), size(77, 0)]) {
      const { scaled, left, top, ...crop } = planCrop(source, wanted, gravity)
      const label = JSON.stringify({ source, wanted, scaled, left, top, crop })
      const given = { width: wanted.width || crop.width, height: wanted.height || crop.height }
      expect({ width: crop.width, height: crop.height }, label).toEqual(given)
      // The cut lies within the scaled picture, which fits on one side and overflows on the other at most.
      expect(left >= 0 && left + crop.width <= scaled.width, label).toBe(true)
      expect(top >= 0 && top + crop.height <= scaled.height, label).toBe(true)
      expect(scaled.width === crop.width || scaled.height === crop.height, label).toBe(true)
      // The aspect ratio is kept to within the pixel that rounding may add.
      const exact = Math.max(crop.width / source.width, crop.height / source.height)
      expect(Math.abs(scaled.width - source.width * exact), label).toBeLessThanOrEqual(1)
      expect(Math.abs(scaled.height - source.height * exact), label).toBeLessThanOrEqual(1)
      const spare = { left: scaled.width - crop.width, top: scaled.height - crop.height }
      const share = (low: string, high: string) =>
        gravity.includes(low) ? 0 : gravity.includes(high) ? 1 : 0.5
      expect([left, top], label).toEqual([
        Math.floor(spare.left * share('left', 'right')),
        Math.floor(spare.top * share('top', 'bottom')),
      ])
    }
  }
})

describe('the side of a crop, for the platform', () => {
  test.each<[Gravity, tall: string, wide: string]>([
    ['center', 'center', 'center'],
    ['top-left', 'top', 'left'],
    ['top', 'top', 'center'],
    ['top-right', 'top', 'right'],
    ['left', 'center', 'left'],
    ['right', 'center', 'right'],
    ['bottom-left', 'bottom', 'left'],
    ['bottom', 'bottom', 'center'],
    ['bottom-right', 'bottom', 'right'],
    ['auto', 'auto', 'auto'],
  ])('%s is %s of a tall picture and %s of a wide one', (gravity, tall, wide) => {
    expect(planCrop(size(100, 300), size(50, 50), gravity).side).toBe(tall)
    expect(planCrop(size(300, 100), size(50, 50), gravity).side).toBe(wide)
  })
})

describe('steps', () => {
  const steps = (params: Partial<PreviewParams>) =>
    planPreview({ ...PLAIN, ...params }, PNG, 'png').effects
  test('are none where nothing is asked for', () => {
    expect(planPreview(PLAIN, PNG, 'png')).toEqual({
      crop: undefined,
      effects: [],
      size: size(400, 200),
      format: 'png',
      quality: undefined,
      animated: false,
      direct: true,
    })
  })
  test('have no crop to the size that the picture has', () => {
    expect(planPreview({ ...PLAIN, width: 400, height: 200 }, PNG, 'png').crop).toBeUndefined()
    expect(planPreview({ ...PLAIN, gravity: 'left' }, PNG, 'png').crop).toBeUndefined()
  })
  test('come in the order of docs/contract/storage.md §9.4', () => {
    const all = steps({
      rotation: 45,
      borderRadius: 3,
      background: 'f00',
      opacity: 0.5,
      width: 10,
    })
    expect(all.map(({ kind }) => kind)).toEqual(['opacity', 'background', 'radius', 'rotate'])
  })
  test.each<[string, Partial<PreviewParams>, unknown[]]>([
    ['full opacity', { opacity: 1 }, []],
    ['no opacity', { opacity: 0 }, [{ kind: 'opacity', opacity: 0 }]],
    ['a background', { background: '0f8' }, [{ kind: 'background', color: [0, 255, 136] }]],
    [
      'a border',
      { borderWidth: 4, borderColor: '102030' },
      [{ kind: 'border', width: 4, color: [16, 32, 48] }],
    ],
    [
      'a border without a colour',
      { borderWidth: 4 },
      [{ kind: 'border', width: 4, color: [0, 0, 0] }],
    ],
    ['a colour without a border', { borderColor: 'fff' }, []],
    ['a radius', { borderRadius: 7 }, [{ kind: 'radius', radius: 7 }]],
    [
      'a border with a radius',
      { borderWidth: 4, borderRadius: 7, borderColor: 'fff' },
      [{ kind: 'roundedBorder', width: 4, color: [255, 255, 255], radius: 7 }],
    ],
    ['a turn', { rotation: 90 }, [{ kind: 'rotate', degrees: 90 }]],
    ['a turn to the left', { rotation: -90 }, [{ kind: 'rotate', degrees: 270 }]],
    ['a turn by one degree to the left', { rotation: -1 }, [{ kind: 'rotate', degrees: 359 }]],
    ['a whole turn', { rotation: 360 }, []],
    ['a whole turn to the left', { rotation: -360 }, []],
  ])('for %s', (_, params, expected) => {
    expect(steps(params)).toEqual(expected)
  })
})

describe('the size of the result', () => {
  test.each<[Partial<PreviewParams>, Size]>([
    [{}, size(400, 200)],
    [{ width: 100 }, size(100, 50)],
    [{ width: 100, borderWidth: 10 }, size(120, 70)],
    [{ width: 100, borderWidth: 10, borderRadius: 5 }, size(100, 50)],
    [{ width: 100, borderRadius: 5 }, size(100, 50)],
    [{ width: 100, rotation: 90 }, size(50, 100)],
    [{ width: 100, rotation: 180 }, size(100, 50)],
    [{ width: 100, borderWidth: 10, rotation: -90 }, size(70, 120)],
    [{ width: 100, height: 100, rotation: 45 }, size(144, 144)],
    [{ width: 100, height: 50, rotation: 30 }, size(114, 96)],
    [{ rotation: 1 }, size(406, 208)],
    [{ width: 100, height: 50, rotation: 300 }, size(96, 114)],
  ])('of %o is %o', (params, expected) => {
    expect(planPreview({ ...PLAIN, ...params }, PNG, 'png').size).toEqual(expected)
  })
  test('holds the whole picture at every angle, with 1 to 3 pixels to spare', () => {
    for (const source of [size(100, 100), size(100, 50), size(401, 203), size(1, 1)]) {
      for (let degrees = 1; degrees < 360; degrees++) {
        if (degrees % 90 === 0) continue
        const turned = sizeAfter(source, { kind: 'rotate', degrees })
        const angle = (degrees * Math.PI) / 180
        const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))]
        const exact = size(
          source.width * cos + source.height * sin,
          source.width * sin + source.height * cos,
        )
        for (const side of ['width', 'height'] as const) {
          expect(turned[side] - exact[side]).toBeGreaterThan(0)
          expect(turned[side] - exact[side]).toBeLessThanOrEqual(3)
        }
      }
    }
  })
})

describe('who makes it', () => {
  test.each<
    [string, Partial<PreviewParams>, Source, 'jpeg' | 'png' | 'webp' | 'avif' | 'gif', boolean]
  >([
    ['a JPEG of an opaque picture', { width: 9 }, JPEG, 'jpeg', true],
    ['a JPEG of a picture with transparency', { width: 9 }, PNG, 'jpeg', false],
    ['a PNG', { width: 9 }, PNG, 'png', true],
    ['a WebP', { width: 9 }, PNG, 'webp', true],
    ['an AVIF, which the platform may shrink or refuse', { width: 9 }, JPEG, 'avif', false],
    ['a GIF, which its simulator cannot make', { width: 9 }, JPEG, 'gif', false],
    ['a quality, which its simulator ignores', { quality: 50 }, JPEG, 'jpeg', false],
    ['a quality that means the default', { quality: 0 }, JPEG, 'jpeg', true],
    ['a quality for a format without any', { quality: 50 }, PNG, 'png', true],
    ['an effect', { borderWidth: 1 }, JPEG, 'jpeg', false],
    ['the first frame of an animation', { width: 9 }, ANIMATION, 'png', true],
    ['an animation', { width: 9 }, ANIMATION, 'webp', false],
  ])('for %s', (_, params, source, format, direct) => {
    expect(planPreview({ ...PLAIN, ...params }, source, format).direct).toBe(direct)
  })
})

describe('frames are kept', () => {
  test.each([
    ['gif', {}, true],
    ['webp', {}, true],
    ['webp', { width: 9, borderRadius: 3 }, true],
    ['png', {}, false],
    ['jpeg', {}, false],
    ['avif', {}, false],
    ['gif', { background: 'fff' }, false],
  ] as const)('as %s with %o: %s', (format, params, animated) => {
    expect(planPreview({ ...PLAIN, ...params }, ANIMATION, format).animated).toBe(animated)
  })
  test('of a still picture never', () => {
    expect(planPreview(PLAIN, PNG, 'gif').animated).toBe(false)
  })
})

describe('the quality (docs/contract/storage.md §9.8)', () => {
  const quality = (format: Format, asked: number, source: Source = JPEG) =>
    planPreview({ ...PLAIN, quality: asked }, source, format).quality
  test.each(['jpeg', 'webp', 'avif'] as const)('of %s is what is asked for, from 1', (format) => {
    expect([1, 50, 100].map((asked) => quality(format, asked))).toEqual([1, 50, 100])
  })
  test.each([
    ['jpeg', PNG, 92],
    ['webp', PNG, 75],
    ['avif', PNG, 60],
    ['jpeg', { ...JPEG, quality: 71 }, 71],
    ['webp', { ...JPEG, quality: 71 }, 71],
    ['webp', { ...JPEG, quality: 100 }, 99], // 100 would be lossless
    ['avif', { ...JPEG, quality: 71 }, 60],
  ] as const)('of %s from %o is %i otherwise', (format, source, expected) => {
    expect([-1, 0].map((asked) => quality(format, asked, source))).toEqual([expected, expected])
  })
  test.each(['png', 'gif'] as const)('of %s does not count', (format) => {
    expect(quality(format, 5)).toBeUndefined()
  })
})

describe('the format (docs/contract/storage.md §9.7)', () => {
  test.each(OUTPUTS)('is %s if asked for, or if the file was called so', (format) => {
    expect(outputFormat(format, 'a.png', 'image/gif')).toBe(format)
    expect(outputFormat(undefined, `a.${format}`, 'image/png')).toBe(format)
    expect(outputFormat(undefined, `A.${format.toUpperCase()}`, 'image/png')).toBe(format)
  })
  test.each([
    ['a.bmp', 'image/png', 'jpg'],
    ['a.', 'image/png', 'jpg'],
    ['a.png.txt', 'image/png', 'jpg'],
    ['.png', 'image/gif', 'png'],
    ['photo', 'image/jpeg', 'jpeg'],
    ['photo', 'image/png', 'png'],
    ['photo', 'image/webp', 'webp'],
    ['photo', 'image/heic', 'heic'],
    ['photo', 'image/gif', 'gif'],
    ['photo', 'image/tiff', 'jpg'],
  ])('of %j with %s is %s', (name, type, format) => {
    expect(outputFormat(undefined, name, type)).toBe(format)
  })
})

describe('what a preview is made of (docs/contract/storage.md §9.3)', () => {
  test.each([...new Set(Object.values(mime.preview.inputs))])(
    '%s: the file up to 20,000,000 bytes, then an icon',
    (type) => {
      expect(sourceKind(type, 20_000_000)).toBe('file')
      expect(sourceKind(type, 20_000_001)).toBe('image-icon')
    },
  )
  test.each(['video/mp4', 'video/quicktime', 'video/MP2T', 'application/x-mpegURL'])(
    '%s: an icon of its own',
    (type) => expect(sourceKind(type, 1)).toBe('video-icon'),
  )
  test.each(['image/avif', 'image/heif', 'image/svg+xml', 'image/tiff', 'application/pdf', ''])(
    '%j: the icon for what has no preview',
    (type) => expect(sourceKind(type, 1)).toBe('none-icon'),
  )
})

test.each([
  ['000', [0, 0, 0]],
  ['f80', [255, 136, 0]],
  ['ff8800', [255, 136, 0]],
  ['FF8800', [255, 136, 0]],
  ['102030', [16, 32, 48]],
])('the colour %s is %o', (hex, color) => {
  expect(parseColor(hex)).toEqual(color)
})
