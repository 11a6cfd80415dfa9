import type { Size } from '#/storage/preview/geometry'

/** Red, green and blue, 0 to 255 each. */
export type Palette = number[][]

/** Bits of a colour that its nearest one in a palette is looked up by. */
const KEY_BITS = 16
const MAX_LEVEL = 255
/** How an error is shared in sixteenths: the next pixel, and three of the next line (Floyd and Steinberg). */
const AHEAD = 7
const BEHIND_BELOW = 3
const BELOW = 5
const AHEAD_BELOW = 1

/** Adds an error, in sixteenths, to a level. */
function corrected(level: number, error: number): number {
  const value = level + ((error + 8) >> 4)
  return value < 0 ? 0 : value > MAX_LEVEL ? MAX_LEVEL : value
}

/** Returns a function that finds the nearest colour of a palette; what was found is kept. */
function nearestIn(palette: Palette): (red: number, green: number, blue: number) => number {
  const flat = Int16Array.from(palette.flat())
  const found = new Int16Array(2 ** KEY_BITS).fill(-1)
  return (red, green, blue) => {
    const key = ((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3)
    const known = found[key] ?? -1
    if (known >= 0) return known
    // The middle of all colours that share the key.
    const index = search(flat, (red & ~7) | 4, (green & ~3) | 2, (blue & ~7) | 4)
    found[key] = index
    return index
  }
}

function search(palette: Int16Array, red: number, green: number, blue: number): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let at = 0; at < palette.length; at += 3) {
    const r = red - (palette[at] ?? 0)
    const g = green - (palette[at + 1] ?? 0)
    const b = blue - (palette[at + 2] ?? 0)
    const apart = r * r + g * g + b * b
    if (apart < least) {
      least = apart
      best = at / 3
    }
  }
  return best
}

/**
 * Replaces colours by those of a palette, so that their mean stays: what a pixel is off is shared among its
 * neighbours, line by line, back and forth. A clear pixel neither takes nor passes on any of it.
 * @param rgb three bytes a pixel; the indices take the place of its beginning
 * @param isClear of the pixel that begins at a byte
 * @param clear index of clear pixels
 */
export function dither(
  rgb: Uint8Array,
  { width, height }: Size,
  palette: Palette,
  isClear: (at: number) => boolean,
  clear: number,
): Uint8Array {
  const nearest = nearestIn(palette)
  const chosen = Uint8Array.from(palette.flat())
  // A place to spare at both ends takes what would leave the picture.
  let line = new Int32Array((width + 2) * 3)
  let below = new Int32Array((width + 2) * 3)

  /** Shares what one channel is off. @param ahead distance to the next pixel */
  function share(off: number, at: number, ahead: number) {
    line[at + ahead] = (line[at + ahead] ?? 0) + off * AHEAD
    below[at - ahead] = (below[at - ahead] ?? 0) + off * BEHIND_BELOW
    below[at] = (below[at] ?? 0) + off * BELOW
    below[at + ahead] = (below[at + ahead] ?? 0) + off * AHEAD_BELOW
  }
  function replace(pixel: number, at: number, ahead: number) {
    const from = pixel * 3
    if (isClear(from)) {
      rgb[pixel] = clear
      return
    }
    const red = corrected(rgb[from] ?? 0, line[at] ?? 0)
    const green = corrected(rgb[from + 1] ?? 0, line[at + 1] ?? 0)
    const blue = corrected(rgb[from + 2] ?? 0, line[at + 2] ?? 0)
    const index = nearest(red, green, blue)
    share(red - (chosen[index * 3] ?? 0), at, ahead)
    share(green - (chosen[index * 3 + 1] ?? 0), at + 1, ahead)
    share(blue - (chosen[index * 3 + 2] ?? 0), at + 2, ahead)
    rgb[pixel] = index // an index lies behind no pixel that is still to be read
  }
  for (let y = 0; y < height; y++) {
    const forth = y % 2 === 0
    for (let step = 0; step < width; step++) {
      const x = forth ? step : width - 1 - step
      replace(y * width + x, (x + 1) * 3, forth ? 3 : -3)
    }
    ;[line, below] = [below, line]
    below.fill(0)
  }
  return rgb.subarray(0, width * height)
}
