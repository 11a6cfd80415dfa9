import { GifReader } from 'omggif'
import { type AnimationWriter, decodeWebp, encodeWebp, type Frame } from './codecs.ts'
import { blank, type Pixels } from './pixels.ts'
import type { Size } from './plan.ts'

/** An animation as it is read: whole pictures one after the other, each valid until the next is asked for. */
export type Animation = Size & { loops: number | undefined; frames: AsyncIterable<Frame> }

type Area = Size & { left: number; top: number }

function clearArea(pixels: Pixels, { left, top, width, height }: Area) {
  for (let row = top; row < Math.min(top + height, pixels.height); row++) {
    const from = (row * pixels.width + left) * 4
    pixels.data.fill(0, from, from + Math.min(width, pixels.width - left) * 4)
  }
}

/** Opens a GIF. @throws when it is malformed */
export function readGif(bytes: Uint8Array): Animation {
  const gif = new GifReader(bytes)
  const { width, height } = gif
  async function* frames(): AsyncGenerator<Frame> {
    const canvas = blank({ width, height })
    for (let index = 0; index < gif.numFrames(); index++) {
      const { x: left, y: top, delay, disposal, ...size } = gif.frameInfo(index)
      const before = disposal === 3 ? canvas.data.slice() : undefined
      gif.decodeAndBlitFrameRGBA(index, canvas.data)
      yield { pixels: { width, height, data: canvas.data.slice() }, delayMs: delay * 10 }
      if (disposal === 2) clearArea(canvas, { left, top, width: size.width, height: size.height })
      if (before) canvas.data.set(before)
    }
  }
  return { width, height, loops: gif.loopCount() ?? undefined, frames: frames() }
}

type Chunk = { name: string; data: Uint8Array }

/** Walks the chunks of a RIFF container (WebP container specification, RIFF file format). */
function* riffChunks(bytes: Uint8Array, from: number): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = from; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true)
    const name = String.fromCharCode(...bytes.subarray(at, at + 4))
    yield { name, data: bytes.subarray(at + 8, at + 8 + size) }
    at += 8 + size + (size & 1)
  }
}

const uint24 = (bytes: Uint8Array, at: number) =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)

/** Counts the frames of a WebP by its chunks alone; 1 for a still picture. */
export function countWebpFrames(bytes: Uint8Array): number {
  let count = 0
  for (const { name } of riffChunks(bytes, 12)) if (name === 'ANMF') count++
  return Math.max(1, count)
}

/** Opens an animated WebP (WebP container specification, Animation). */
export function readWebp(bytes: Uint8Array, { width, height }: Size): Animation {
  const chunks = [...riffChunks(bytes, 12)]
  const control = chunks.find(({ name }) => name === 'ANIM')?.data
  async function* frames(): AsyncGenerator<Frame> {
    const canvas = blank({ width, height })
    for (const { name, data } of chunks) {
      if (name !== 'ANMF') continue
      const area = {
        left: uint24(data, 0) * 2,
        top: uint24(data, 3) * 2,
        width: uint24(data, 6) + 1,
        height: uint24(data, 9) + 1,
      }
      const flags = data[15] ?? 0
      const picture = await decodeWebp(stillWebp([...riffChunks(data, 16)], area))
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

/** Wraps a frame's bitstream as a picture of its own. */
function stillWebp(chunks: readonly Chunk[], size: Size): Uint8Array {
  const parts = chunks.filter(({ name }) => ['ALPH', 'VP8 ', 'VP8L'].includes(name))
  const hasAlpha = parts.some(({ name }) => name === 'ALPH')
  return riff(hasAlpha ? [extendedHeader(size, ALPHA), ...parts] : parts)
}

const ALPHA = 0x10
const ANIMATED = 0x02

function extendedHeader({ width, height }: Size, flags: number): Chunk {
  const data = new Uint8Array(10)
  data[0] = flags
  putUint24(data, 4, width - 1)
  putUint24(data, 7, height - 1)
  return { name: 'VP8X', data }
}

function putUint24(bytes: Uint8Array, at: number, value: number) {
  bytes[at] = value
  bytes[at + 1] = value >> 8
  bytes[at + 2] = value >> 16
}

const padded = (size: number) => size + (size & 1)

function putChunks(bytes: Uint8Array, from: number, chunks: readonly Chunk[]) {
  const view = new DataView(bytes.buffer)
  let at = from
  for (const { name, data } of chunks) {
    bytes.set(new TextEncoder().encode(name), at)
    view.setUint32(at + 4, data.length, true)
    bytes.set(data, at + 8)
    at += 8 + padded(data.length)
  }
}

const lengthOf = (chunks: readonly Chunk[]) =>
  chunks.reduce((length, { data }) => length + 8 + padded(data.length), 0)

function riff(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + lengthOf(chunks))
  bytes.set(new TextEncoder().encode('RIFF'), 0)
  new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true)
  bytes.set(new TextEncoder().encode('WEBP'), 8)
  putChunks(bytes, 12, chunks)
  return bytes
}

/**
 * Writes an animated WebP of whole frames.
 * @param loops how often it plays; 0 for ever
 * @param quality 1 to 100; 100 is lossless
 */
export function webpWriter(
  size: Size,
  loops: number | undefined,
  quality: number | undefined,
): AnimationWriter {
  const frames: Chunk[] = []
  return {
    async add({ pixels, delayMs }) {
      const still = await encodeWebp(pixels, quality)
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
      const plays = loops ?? 1
      control[4] = plays
      control[5] = plays >> 8
      return riff([
        extendedHeader(size, ALPHA | ANIMATED),
        { name: 'ANIM', data: control },
        ...frames,
      ])
    },
  }
}
