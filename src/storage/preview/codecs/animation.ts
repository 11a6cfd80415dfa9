import { GifReader } from 'omggif'
import type { Size } from '#/storage/preview/geometry'
import { type GifFrames, readGifFrames, wholeGifFrames } from '#/storage/preview/headers/gif'
import { LOSSLESS } from '#/storage/preview/plan'
import { type AnimationWriter, type Frame, webpDecoder, webpEncoder } from './codecs.ts'
import { blank, cutOut, type Pixels } from './pixels.ts'
import { type Chunk, lengthOf, putChunks, putUint24, riffChunks, uint24, webpOf } from './riff.ts'

/** An animation as it is read: whole pictures one after the other, each valid until the next is asked for. */
export type Animation = Size & {
  /** How often it plays; 0 for ever. */
  loops: number
  frames: AsyncIterable<Frame>
}

type Area = Size & { left: number; top: number }

function clearArea(pixels: Pixels, { left, top, width, height }: Area) {
  for (let row = top; row < Math.min(top + height, pixels.height); row++) {
    const from = (row * pixels.width + left) * 4
    pixels.data.fill(0, from, from + Math.min(width, pixels.width - left) * 4)
  }
}

/**
 * Opens a GIF. Its decoder draws over line ends where a frame lies beyond the canvas: it is given a canvas wide
 * enough for all frames, of which the real one is cut out.
 * @param found as {@link readGifFrames} reads them from the same bytes
 * @throws when it is malformed
 */
export function readGif(bytes: Uint8Array, found: GifFrames = readGifFrames(bytes)): Animation {
  const { canvas, extent, loops } = found
  const gif = new GifReader(withCanvas(wholeGifFrames(bytes, found), extent))
  async function* frames(): AsyncGenerator<Frame> {
    const drawn = blank(extent)
    for (let index = 0; index < gif.numFrames(); index++) {
      const { x: left, y: top, delay, disposal, ...size } = gif.frameInfo(index)
      const before = disposal === 3 ? drawn.data.slice() : undefined
      gif.decodeAndBlitFrameRGBA(index, drawn.data)
      const seen = cutOut(drawn, { ...canvas, left: 0, top: 0 })
      const pixels = seen === drawn ? { ...drawn, data: drawn.data.slice() } : seen
      yield { pixels, delayMs: delay * 10 }
      if (disposal === 2) clearArea(drawn, { left, top, width: size.width, height: size.height })
      if (before) drawn.data.set(before)
    }
  }
  return { ...canvas, loops, frames: frames() }
}

function withCanvas(bytes: Uint8Array, { width, height }: Size): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint16(6, width, true)
  view.setUint16(8, height, true)
  return bytes
}

/** Opens an animated WebP (WebP container specification, Animation). */
export function readWebp(bytes: Uint8Array, { width, height }: Size): Animation {
  const chunks = [...riffChunks(bytes, 12)]
  const control = chunks.find(({ name }) => name === 'ANIM')?.data
  async function* frames(): AsyncGenerator<Frame> {
    const canvas = blank({ width, height })
    const decode = await webpDecoder()
    for (const { name, data } of chunks) {
      if (name !== 'ANMF') continue
      const area = {
        left: uint24(data, 0) * 2,
        top: uint24(data, 3) * 2,
        width: uint24(data, 6) + 1,
        height: uint24(data, 9) + 1,
      }
      const flags = data[15] ?? 0
      const picture = decode(stillWebp([...riffChunks(data, 16)], area))
      draw(canvas, picture, area, (flags & 2) === 0)
      yield { pixels: { width, height, data: canvas.data.slice() }, delayMs: uint24(data, 12) }
      if (flags & 1) clearArea(canvas, area)
    }
  }
  const loops = control ? (control[4] ?? 0) | ((control[5] ?? 0) << 8) : 0
  return { width, height, loops, frames: frames() }
}

/** Puts a frame on the canvas, over what is there or in its place. */
function draw(canvas: Pixels, picture: Pixels, { left, top }: Area, blend: boolean) {
  const rows = Math.min(picture.height, canvas.height - top)
  const columns = Math.max(0, Math.min(picture.width, canvas.width - left))
  for (let row = 0; row < rows; row++) {
    const from = row * picture.width * 4
    const to = ((top + row) * canvas.width + left) * 4
    const source = picture.data.subarray(from, from + columns * 4)
    const target = canvas.data.subarray(to, to + columns * 4)
    if (blend) blendRow(target, source)
    else target.set(source)
  }
}

/** Composes RGBA pixels over others of the same number. */
function blendRow(target: Pixels['data'], source: Pixels['data']) {
  for (let at = 0; at < source.length; at += 4) {
    const over = (source[at + 3] ?? 0) / 255
    const under = ((target[at + 3] ?? 0) / 255) * (1 - over)
    const alpha = over + under
    if (alpha === 0) continue
    for (let channel = at; channel < at + 3; channel++) {
      target[channel] = ((source[channel] ?? 0) * over + (target[channel] ?? 0) * under) / alpha
    }
    target[at + 3] = alpha * 255
  }
}

const MAX_LOOPS = 65_535
const ALPHA = 0x10
const ANIMATED = 0x02

function extendedHeader({ width, height }: Size, flags: number): Chunk {
  const data = new Uint8Array(10)
  data[0] = flags
  putUint24(data, 4, width - 1)
  putUint24(data, 7, height - 1)
  return { name: 'VP8X', data }
}

/** Wraps a frame's bitstream as a picture of its own. */
function stillWebp(chunks: readonly Chunk[], size: Size): Uint8Array {
  const parts = chunks.filter(({ name }) => ['ALPH', 'VP8 ', 'VP8L'].includes(name))
  const hasAlpha = parts.some(({ name }) => name === 'ALPH')
  return webpOf(hasAlpha ? [extendedHeader(size, ALPHA), ...parts] : parts)
}

/**
 * Writes an animated WebP of whole frames.
 * @param loops how often it plays; 0 for ever
 * @param quality 1 to 100; 100 is lossless
 */
export async function webpWriter(
  size: Size,
  loops: number,
  quality = LOSSLESS,
): Promise<AnimationWriter> {
  const frames: Chunk[] = []
  const encode = await webpEncoder(quality)
  return {
    add({ pixels, delayMs }) {
      const still = encode(pixels)
      const parts = [...riffChunks(still, 12)].filter(({ name }) => name !== 'VP8X')
      const data = new Uint8Array(16 + lengthOf(parts))
      putUint24(data, 6, size.width - 1)
      putUint24(data, 9, size.height - 1)
      putUint24(data, 12, delayMs)
      data[15] = 2 // replaces what was there, transparent pixels included
      putChunks(data, 16, parts)
      frames.push({ name: 'ANMF', data })
    },
    finish() {
      const control = new Uint8Array(6)
      // A GIF can play once more often than a WebP can say.
      new DataView(control.buffer).setUint16(4, Math.min(loops, MAX_LOOPS), true)
      return webpOf([
        extendedHeader(size, ALPHA | ANIMATED),
        { name: 'ANIM', data: control },
        ...frames,
      ])
    },
  }
}
