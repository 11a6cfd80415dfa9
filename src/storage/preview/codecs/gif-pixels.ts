import { quantize } from 'gifenc'
import type { Size } from '#/storage/preview/geometry'
import { areaOf } from '#/storage/preview/limits'
import { dither, type Palette } from './dither.ts'

/** Pixels that a palette is chosen from. */
const SAMPLE_PIXELS = 400_000
const MAX_COLORS = 256
const OPAQUE_ALPHA = 255
/** From this alpha on a pixel shows: GIF knows no more than that. */
const SHOWN_ALPHA = 128
/** Stands for a clear pixel, and is no colour of one that shows. */
const [CLEAR_RED, CLEAR_GREEN, CLEAR_BLUE] = [0, 0, 1]

/** Pixels of a GIF: a place in the palette each. */
export type Indexed = {
  indices: Uint8Array
  palette: Palette
  /** The place of clear pixels; undefined when there are none. */
  clear: number | undefined
}

/** Takes the rows of a picture and reduces their colours to a palette of 256. */
export type GifPixels = {
  /** Takes the next rows of RGBA. */
  add(data: Uint8ClampedArray): void
  finish(): Indexed
}

/** Returns a distance between sampled pixels that is no divisor of a line, so that all columns are seen. */
function strideFor({ width, height }: Size): number {
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b))
  let stride = Math.max(1, Math.ceil(areaOf({ width, height }) / SAMPLE_PIXELS))
  while (stride > 1 && common(stride, width) > 1) stride++
  return stride
}

/** Collects colours, as long as they fit into a palette as they are. */
function colorSet() {
  const colors = new Set<number>()
  let last = -1
  return {
    add(color: number) {
      if (color === last || colors.size > MAX_COLORS) return
      last = color
      colors.add(color)
    },
    /** Returns the colours, or undefined when there are more than `max`. */
    upTo: (max: number): Palette | undefined =>
      colors.size > max
        ? undefined
        : [...colors].map((color) => [color >> 16, (color >> 8) & 255, color & 255]),
  }
}

/** Most groups of colours that a palette is chosen from: the time grows with their square. */
const MAX_GROUPS = 4096

/** Returns how finely colours are told apart when a palette is chosen. */
function precisionFor(rgba: Uint8Array): 'rgb565' | 'rgb444' {
  const seen = new Uint8Array(2 ** 16)
  let groups = 0
  for (let at = 0; at < rgba.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = [rgba[at], rgba[at + 1], rgba[at + 2]]
    const key = ((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3)
    groups += 1 - (seen[key] ?? 0)
    seen[key] = 1
  }
  return groups > MAX_GROUPS ? 'rgb444' : 'rgb565'
}

/**
 * Takes a picture's rows. Few colours are kept as they are; more are replaced by a palette and dithered. Clear
 * pixels count neither for the palette nor for their neighbours.
 */
export function gifPixels(size: Size): GifPixels {
  const rgb = new Uint8Array(areaOf(size) * 3)
  const stride = strideFor(size)
  const sample = new Uint8Array((Math.floor(areaOf(size) / stride) + 1) * 4)
  const colors = colorSet()
  let [length, sampled, hasClear] = [0, 0, false]

  function show(red: number, green: number, blue: number) {
    const isTaken = red === CLEAR_RED && green === CLEAR_GREEN && blue === CLEAR_BLUE
    const seen = isTaken ? 0 : blue
    rgb[length] = red
    rgb[length + 1] = green
    rgb[length + 2] = seen
    colors.add((red << 16) | (green << 8) | seen)
    if ((length / 3) % stride !== 0) return
    sample[sampled] = red
    sample[sampled + 1] = green
    sample[sampled + 2] = seen
    sample[sampled + 3] = OPAQUE_ALPHA
    sampled += 4
  }
  const isClear = (at: number) =>
    rgb[at + 2] === CLEAR_BLUE && rgb[at] === CLEAR_RED && rgb[at + 1] === CLEAR_GREEN

  function paletteOf(max: number): { palette: Palette; isExact: boolean } {
    const exact = colors.upTo(max)
    if (exact) return { palette: exact.length > 0 ? exact : [[0, 0, 0]], isExact: true }
    const seen = sample.subarray(0, Math.max(4, sampled))
    return { palette: quantize(seen, max, { format: precisionFor(seen) }), isExact: false }
  }
  return {
    add(data) {
      for (let at = 0; at < data.length; at += 4) {
        if ((data[at + 3] ?? 0) >= SHOWN_ALPHA) {
          show(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0)
        } else {
          hasClear = true
          rgb[length + 2] = CLEAR_BLUE
        }
        length += 3
      }
    },
    finish() {
      const { palette, isExact } = paletteOf(hasClear ? MAX_COLORS - 1 : MAX_COLORS)
      const clear = palette.length
      const indices = isExact
        ? lookUp(rgb, size, palette, isClear, clear)
        : dither(rgb, size, palette, isClear, clear)
      if (hasClear) palette.push([0, 0, 0])
      return { indices, palette, clear: hasClear ? clear : undefined }
    },
  }
}

/** Replaces colours by their places in a palette that has them all. */
function lookUp(
  rgb: Uint8Array,
  size: Size,
  palette: Palette,
  isClear: (at: number) => boolean,
  clear: number,
): Uint8Array {
  const places = new Map(
    palette.map(([red = 0, green = 0, blue = 0], place) => [
      (red << 16) | (green << 8) | blue,
      place,
    ]),
  )
  for (let pixel = 0; pixel < areaOf(size); pixel++) {
    const at = pixel * 3
    const color = ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0)
    rgb[pixel] = isClear(at) ? clear : (places.get(color) ?? 0)
  }
  return rgb.subarray(0, areaOf(size))
}
