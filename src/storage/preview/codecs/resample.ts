import type { Size } from '#/storage/preview/geometry'
import { blank, type Pixels } from './pixels.ts'

/** How far the kernel reaches to either side, in source pixels of a picture that is not scaled. */
const REACH = 2

/** Catmull-Rom: sharp, with little ringing. */
function kernel(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1
  return x < REACH ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0
}

/** For each pixel of a scaled line which source pixels it is made of, and their shares. */
type Taps = { first: number; shares: Float32Array }[]

function tapsFor(from: number, to: number): Taps {
  const ratio = from / to
  // Made smaller, a pixel gathers all that lies beneath it.
  const stretch = Math.max(1, ratio)
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * ratio
    const first = Math.max(0, Math.floor(center - REACH * stretch))
    const last = Math.min(from, Math.ceil(center + REACH * stretch))
    const shares = new Float32Array(last - first)
    for (let at = first; at < last; at++) {
      shares[at - first] = kernel((at + 0.5 - center) / stretch)
    }
    const sum = shares.reduce((total, share) => total + share, 0)
    return { first, shares: shares.map((share) => share / sum) }
  })
}

/**
 * Scales pixels to a size, sides independently. Colours count by their alpha, so that what is clear does
 * not bleed into what is not.
 */
export function scale(pixels: Pixels, { width, height }: Size): Pixels {
  if (width === pixels.width && height === pixels.height) return pixels
  const columns = tapsFor(pixels.width, width)
  const narrow = new Float32Array(width * pixels.height * 4)
  const line = new Float32Array(pixels.width * 4)
  for (let y = 0; y < pixels.height; y++) {
    weigh(pixels.data.subarray(y * pixels.width * 4, (y + 1) * pixels.width * 4), line)
    for (const [x, { first, shares }] of columns.entries()) {
      gather(line, first * 4, 4, shares, narrow, (y * width + x) * 4)
    }
  }
  const scaled = blank({ width, height })
  const sums = new Float32Array(4)
  for (const [y, { first, shares }] of tapsFor(pixels.height, height).entries()) {
    for (let x = 0; x < width; x++) {
      gather(narrow, (first * width + x) * 4, width * 4, shares, sums, 0)
      unweigh(sums, scaled.data, (y * width + x) * 4)
    }
  }
  return scaled
}

/** Multiplies a line's colours by their alpha, which is scaled to 1. */
function weigh(rgba: Uint8ClampedArray, line: Float32Array) {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = (rgba[at + 3] ?? 0) / 255
    line[at] = (rgba[at] ?? 0) * alpha
    line[at + 1] = (rgba[at + 1] ?? 0) * alpha
    line[at + 2] = (rgba[at + 2] ?? 0) * alpha
    line[at + 3] = alpha
  }
}

function unweigh(sums: Float32Array, data: Uint8ClampedArray, at: number) {
  const alpha = sums[3] ?? 0
  if (alpha <= 0) return
  for (let channel = 0; channel < 3; channel++) data[at + channel] = (sums[channel] ?? 0) / alpha
  data[at + 3] = alpha * 255
}

/** Adds up the shares of pixels that lie `stride` values apart. */
function gather(
  from: Float32Array,
  start: number,
  stride: number,
  shares: Float32Array,
  to: Float32Array,
  target: number,
) {
  let [red, green, blue, alpha] = [0, 0, 0, 0]
  let at = start
  for (const share of shares) {
    red += (from[at] ?? 0) * share
    green += (from[at + 1] ?? 0) * share
    blue += (from[at + 2] ?? 0) * share
    alpha += (from[at + 3] ?? 0) * share
    at += stride
  }
  to[target] = red
  to[target + 1] = green
  to[target + 2] = blue
  to[target + 3] = alpha
}
