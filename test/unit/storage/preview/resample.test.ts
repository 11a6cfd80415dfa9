import { describe, expect, test } from 'vitest'
import type { Pixels } from '#/storage/preview/codecs/pixels'
import { scale } from '#/storage/preview/codecs/resample'

/** Paints a picture pixel by pixel. */
function paint(
  width: number,
  height: number,
  color: (x: number, y: number) => readonly number[],
): Pixels {
  const data = new Uint8ClampedArray(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(color(x, y), (y * width + x) * 4)
  }
  return { width, height, data }
}
const at = ({ width, data }: Pixels, x: number, y: number) => [
  ...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
]

test.each([
  [1, 1],
  [3, 9],
  [10, 10],
  [40, 2],
  [200, 300],
])('keeps one colour at %i × %i', (width, height) => {
  const scaled = scale(
    paint(10, 8, () => [12, 200, 77, 255]),
    { width, height },
  )
  expect([scaled.width, scaled.height, scaled.data.length]).toEqual([
    width,
    height,
    width * height * 4,
  ])
  expect(new Set(scaled.data)).toEqual(new Set([12, 200, 77, 255]))
})

test('gives the picture itself at its own size', () => {
  const pixels = paint(3, 3, (x, y) => [x, y, 0, 255])
  expect(scale(pixels, { width: 3, height: 3 })).toBe(pixels)
})

describe('averages', () => {
  const checks = paint(64, 64, (x, y) => ((x + y) % 2 ? [255, 255, 255, 255] : [0, 0, 0, 255]))
  test('what becomes smaller, with no pattern left', () => {
    const { data } = scale(checks, { width: 8, height: 8 })
    for (let index = 0; index < data.length; index += 4) expect(data[index]).toBeCloseTo(127, -1)
  })
  test('along a slope', () => {
    const slope = paint(100, 1, (x) => [x * 2, 0, 0, 255])
    const { data } = scale(slope, { width: 10, height: 1 })
    for (let x = 1; x < 9; x++) expect(Math.abs((data[x * 4] ?? 0) - (x * 20 + 9))).toBeLessThan(2)
  })
})

test('keeps halves where they are', () => {
  const halves = paint(40, 20, (x) => (x < 20 ? [220, 30, 30, 255] : [40, 70, 220, 255]))
  for (const size of [
    { width: 8, height: 4 },
    { width: 160, height: 80 },
  ]) {
    const scaled = scale(halves, size)
    expect(at(scaled, 1, 1)).toEqual([220, 30, 30, 255])
    expect(at(scaled, size.width - 2, 1)).toEqual([40, 70, 220, 255])
  }
})

test('does not let the hidden colour of clear pixels show', () => {
  const edge = paint(40, 10, (x) => (x < 20 ? [220, 30, 30, 255] : [0, 255, 0, 0]))
  const scaled = scale(edge, { width: 10, height: 5 })
  for (let x = 0; x < 10; x++) {
    const [red = 0, green = 0, , alpha = 0] = at(scaled, x, 2)
    if (alpha > 0) expect([Math.abs(red - 220) < 3, Math.abs(green - 30) < 3]).toEqual([true, true])
  }
  expect(at(scaled, 9, 2)).toEqual([0, 0, 0, 0])
})
