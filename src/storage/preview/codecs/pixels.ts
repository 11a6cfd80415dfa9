import type { Color, Size } from '#/storage/preview/geometry'
import { type Effect, sizeAfter } from '#/storage/preview/plan'

/** Decoded pixels: rows of red, green, blue, alpha, 8 bits each, alpha not multiplied in. */
export type Pixels = Size & { data: Uint8ClampedArray<ArrayBuffer> }

export const blank = ({ width, height }: Size): Pixels => ({
  width,
  height,
  data: new Uint8ClampedArray(width * height * 4),
})

/** Where rows are in their picture: how many are above them, and how many there are in all. */
export type Place = { top: number; height: number }

/**
 * Applies an effect; the result may share memory with the input.
 * @param place of the pixels in their picture, when they are a part of it; a border and a rotation take whole ones
 */
export function applyEffect(
  pixels: Pixels,
  effect: Effect,
  place: Place = { top: 0, height: pixels.height },
): Pixels {
  switch (effect.kind) {
    case 'mirror':
      return mirror(pixels)
    case 'opacity':
      return setOpacity(pixels, effect.opacity)
    case 'background':
      return layOver(pixels, effect.color)
    case 'border':
      return addBorder(pixels, effect.width, effect.color)
    case 'radius':
      return maskCorners(pixels, effect.radius, place)
    case 'roundedBorder':
      return addRoundedBorder(pixels, effect, place)
    case 'rotate':
      return rotate(pixels, effect.degrees)
  }
}

/** Applies effects to a whole picture, one after the other. */
export const applyEffects = (pixels: Pixels, effects: readonly Effect[]): Pixels =>
  effects.reduce((changed, effect) => applyEffect(changed, effect), pixels)

function mirror(pixels: Pixels): Pixels {
  const { width, height, data } = pixels
  const whole = new Uint32Array(data.buffer, data.byteOffset, width * height)
  for (let y = 0; y < height; y++) whole.subarray(y * width, (y + 1) * width).reverse()
  return pixels
}

function setOpacity(pixels: Pixels, opacity: number): Pixels {
  const alpha = Math.round(255 * opacity)
  for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = alpha
  return pixels
}

/** Lays the picture over a colour; the result is opaque. */
function layOver(pixels: Pixels, color: Color): Pixels {
  const { data } = pixels
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255) continue
    const alpha = (data[at + 3] ?? 0) / 255
    for (let channel = 0; channel < 3; channel++) {
      data[at + channel] = (data[at + channel] ?? 0) * alpha + (color[channel] ?? 0) * (1 - alpha)
    }
    data[at + 3] = 255
  }
  return pixels
}

function addBorder(pixels: Pixels, width: number, color: Color): Pixels {
  const framed = blank(sizeAfter(pixels, { kind: 'border', width, color }))
  for (let row = 0; row < pixels.height; row++) {
    const from = row * pixels.width * 4
    const line = pixels.data.subarray(from, from + pixels.width * 4)
    framed.data.set(line, ((row + width) * framed.width + width) * 4)
  }
  return layOver(framed, color)
}

/** How much of a pixel lies within a rounded rectangle, 0 to 1. */
function coverage(x: number, y: number, { width, height }: Size, inset: number, radius: number) {
  const halfWidth = width / 2 - inset
  const halfHeight = height / 2 - inset
  const radiusX = Math.min(radius, halfWidth)
  const radiusY = Math.min(radius, halfHeight)
  const fromX = Math.abs(x + 0.5 - width / 2)
  const fromY = Math.abs(y + 0.5 - height / 2)
  const overX = fromX - (halfWidth - radiusX)
  const overY = fromY - (halfHeight - radiusY)
  if (overX <= 0 || overY <= 0 || radiusX <= 0 || radiusY <= 0) {
    return fromX <= halfWidth && fromY <= halfHeight ? 1 : 0
  }
  const distance = Math.hypot(overX / radiusX, overY / radiusY)
  return Math.min(1, Math.max(0, (1 - distance) * Math.min(radiusX, radiusY) + 0.5))
}

/** Scales a pixel's alpha; one that vanishes has no colour. */
function fade(data: Uint8ClampedArray, at: number, share: number) {
  if (share === 1) return
  data[at + 3] = (data[at + 3] ?? 0) * share
  if (data[at + 3] === 0) data.fill(0, at, at + 3)
}

/** Differs: upstream leaves the corners of an opaque picture black. */
function maskCorners(pixels: Pixels, radius: number, place: Place): Pixels {
  const { width, height, data } = pixels
  const whole = { width, height: place.height }
  const reachX = Math.ceil(Math.min(radius, width / 2))
  const reachY = Math.ceil(Math.min(radius, place.height / 2))
  for (let y = 0; y < height; y++) {
    const row = y + place.top
    if (row >= reachY && row < place.height - reachY) continue
    for (let x = 0; x < width; x++) {
      if (x === reachX) x = Math.max(x, width - reachX) // between the corners all is kept
      if (x < width) fade(data, (y * width + x) * 4, coverage(x, row, whole, 0, radius))
    }
  }
  return pixels
}

/**
 * Draws a rounded line inside the picture: half its width is clear, half is colour.
 * Differs: upstream also shifts the picture by the border and loses its far edges.
 */
function addRoundedBorder(
  pixels: Pixels,
  { width: line, color, radius }: { width: number; color: Color; radius: number },
  place: Place,
) {
  const { width, height, data } = pixels
  const whole = { width, height: place.height }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      const alpha = (data[at + 3] ?? 0) / 255
      const inside = coverage(x, y + place.top, whole, line, Math.max(0, radius - line / 2)) * alpha
      for (let channel = 0; channel < 3; channel++) {
        data[at + channel] =
          (data[at + channel] ?? 0) * inside + (color[channel] ?? 0) * (1 - inside)
      }
      data[at + 3] = 255
      fade(data, at, coverage(x, y + place.top, whole, line / 2, radius))
    }
  }
  return pixels
}

function rotate(pixels: Pixels, degrees: number): Pixels {
  const turned = blank(sizeAfter(pixels, { kind: 'rotate', degrees }))
  return degrees % 90 === 0 ? turn(pixels, turned, degrees / 90) : swing(pixels, turned, degrees)
}

/** Turns by quarters, clockwise, pixel by pixel. */
function turn(pixels: Pixels, turned: Pixels, quarters: number): Pixels {
  const { width, height } = pixels
  const from = new Uint32Array(pixels.data.buffer, pixels.data.byteOffset, width * height)
  const to = new Uint32Array(turned.data.buffer)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column = 0, row = 0] =
        quarters === 1
          ? [height - 1 - y, x]
          : quarters === 2
            ? [width - 1 - x, height - 1 - y]
            : [y, width - 1 - x]
      to[row * turned.width + column] = from[y * width + x] ?? 0
    }
  }
  return turned
}

/** Turns by any angle, clockwise, mixing the four nearest pixels by their alpha. */
function swing(pixels: Pixels, turned: Pixels, degrees: number): Pixels {
  const angle = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  for (let y = 0; y < turned.height; y++) {
    const down = y + 0.5 - turned.height / 2
    for (let x = 0; x < turned.width; x++) {
      const across = x + 0.5 - turned.width / 2
      sample(
        pixels,
        across * cos + down * sin + pixels.width / 2 - 0.5,
        down * cos - across * sin + pixels.height / 2 - 0.5,
        turned.data,
        (y * turned.width + x) * 4,
      )
    }
  }
  return turned
}

function sample(
  { width, height, data }: Pixels,
  x: number,
  y: number,
  to: Uint8ClampedArray,
  at: number,
) {
  if (x <= -1 || y <= -1 || x >= width || y >= height) return
  const [left, top] = [Math.floor(x), Math.floor(y)]
  let [red, green, blue, alpha] = [0, 0, 0, 0]
  for (let corner = 0; corner < 4; corner++) {
    const [column, row] = [left + (corner & 1), top + (corner >> 1)]
    if (column < 0 || row < 0 || column >= width || row >= height) continue
    const from = (row * width + column) * 4
    const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row)) * (data[from + 3] ?? 0)
    red += (data[from] ?? 0) * share
    green += (data[from + 1] ?? 0) * share
    blue += (data[from + 2] ?? 0) * share
    alpha += share
  }
  if (alpha === 0) return
  to[at] = red / alpha
  to[at + 1] = green / alpha
  to[at + 2] = blue / alpha
  to[at + 3] = alpha
}

/** Cuts a rectangle out. */
export function cutOut(
  pixels: Pixels,
  { width, height, left, top }: Size & { left: number; top: number },
): Pixels {
  if (width === pixels.width && height === pixels.height) return pixels
  const part = blank({ width, height })
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * pixels.width + left) * 4
    part.data.set(pixels.data.subarray(from, from + width * 4), row * width * 4)
  }
  return part
}
