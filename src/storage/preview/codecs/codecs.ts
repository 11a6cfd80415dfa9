import avifFactory from '@jsquash/avif/codec/enc/avif_enc.js'
import avifWasm from '@jsquash/avif/codec/enc/avif_enc.wasm'
import { defaultOptions as avifDefaults } from '@jsquash/avif/meta.js'
import jpegFactory from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js'
import jpegWasm from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'
import { defaultOptions as jpegDefaults } from '@jsquash/jpeg/meta.js'
import webpDecoderFactory from '@jsquash/webp/codec/dec/webp_dec.js'
import webpDecoderWasm from '@jsquash/webp/codec/dec/webp_dec.wasm'
import webpFactory from '@jsquash/webp/codec/enc/webp_enc.js'
import webpWasm from '@jsquash/webp/codec/enc/webp_enc.wasm'
import { defaultOptions as webpDefaults } from '@jsquash/webp/meta.js'
import { GIFEncoder } from 'gifenc'
import type { Size } from '#/storage/preview/geometry'
import { type Format, LOSSLESS } from '#/storage/preview/plan'
import { gifPixels, type Indexed } from './gif-pixels.ts'
import type { Pixels } from './pixels.ts'
import { encodePng } from './png.ts'

/** Stands in for the browser's class, which the codecs make their results with. */
class ImageDataLike {
  readonly colorSpace = 'srgb'
  constructor(
    readonly data: Uint8ClampedArray<ArrayBuffer>,
    readonly width: number,
    readonly height: number,
  ) {}
}
Object.assign(globalThis, { ImageData: ImageDataLike })

type Factory<Codec> = (options: {
  noInitialRun: boolean
  instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports
}) => Promise<Codec>

/**
 * Starts an Emscripten codec from a bundled module: Workers compile nothing at run time. Each picture gets
 * a codec of its own, in a few milliseconds, since the memory of one never shrinks.
 */
const start = <Codec>(factory: unknown, wasm: WebAssembly.Module) =>
  (factory as Factory<Codec>)({
    noInitialRun: true,
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(wasm, imports)
      done(instance)
      return instance.exports
    },
  })

type Encoder = {
  encode(
    data: Uint8ClampedArray,
    width: number,
    height: number,
    options: object,
  ): Uint8Array<ArrayBuffer> | null
}
type Decoder = { decode(bytes: Uint8Array): Pixels | null }

/** Turns pixels into the bytes of a picture, at once. */
export type Encode = (pixels: Pixels) => Uint8Array<ArrayBuffer>

async function encoder(factory: unknown, wasm: WebAssembly.Module, options: object) {
  const codec = await start<Encoder>(factory, wasm)
  return ({ data, width, height }: Pixels) => {
    const bytes = codec.encode(data, width, height, options)
    if (!bytes) throw new Error('The encoder gave nothing.')
    return bytes.slice() // the codec's memory goes with it
  }
}

const jpegEncoder = (quality: number) =>
  encoder(jpegFactory, jpegWasm, {
    ...jpegDefaults,
    quality,
    progressive: false,
    baseline: true,
    optimize_coding: true,
    trellis_multipass: false,
  })

/** Gets an encoder ready for one picture, or the frames of one. @param quality 1 to 100; 100 is lossless */
export const webpEncoder = (quality: number) =>
  encoder(webpFactory, webpWasm, {
    ...webpDefaults,
    quality,
    lossless: quality === LOSSLESS ? 1 : 0,
    method: 2,
  })

const avifEncoder = (quality: number) =>
  encoder(avifFactory, avifWasm, { ...avifDefaults, quality: Math.min(99, quality), speed: 9 })

/**
 * Gets an encoder ready for one picture.
 * @param quality 1 to 100, where the format has one
 */
export async function encoderFor(format: Format, quality = LOSSLESS): Promise<Encode> {
  switch (format) {
    case 'jpeg':
      return jpegEncoder(quality)
    case 'webp':
      return webpEncoder(quality)
    case 'avif':
      return avifEncoder(quality)
    case 'png':
      return encodePng
    case 'gif':
      return encodeGif
  }
}

/** Gets a decoder ready for the frames of a WebP; it throws for what is none. */
export async function webpDecoder(): Promise<(bytes: Uint8Array) => Pixels> {
  const codec = await start<Decoder>(webpDecoderFactory, webpDecoderWasm)
  return (bytes) => {
    const pixels = codec.decode(bytes)
    if (!pixels) throw new Error('The bytes are not a WebP picture.')
    return pixels
  }
}

/** One picture of an animation and how long it shows. */
export type Frame = { pixels: Pixels; delayMs: number }

/** Writes frames one at a time, so that only one of them is in memory. */
export type AnimationWriter = {
  add(frame: Frame): void
  finish(): Uint8Array<ArrayBuffer>
}

/** What a frame leaves behind: itself, or a clear canvas. */
const [STAYS, CLEARED] = [0, 2]

/**
 * Writes a GIF of whole frames; transparency is one bit, and each frame has its own 256 colours.
 * @param loops how often it plays; 0 for ever
 */
export function gifWriter(loops: number): AnimationWriter {
  const gif = GIFEncoder()
  let waiting: (Indexed & Size & { delayMs: number }) | undefined

  /** Writes the frame that waits for the next one, which it must not be seen through. */
  function write(next?: Indexed) {
    if (!waiting) return
    const { indices, palette, clear, width, height, delayMs } = waiting
    gif.writeFrame(indices, width, height, {
      palette,
      delay: delayMs,
      // The format counts repetitions; a picture that plays once has no count.
      repeat: loops === 0 ? 0 : loops === 1 ? -1 : loops - 1,
      dispose: clear !== undefined || next?.clear !== undefined ? CLEARED : STAYS,
      ...(clear === undefined ? {} : { transparent: true, transparentIndex: clear }),
    })
  }
  return {
    add({ pixels: { data, width, height }, delayMs }) {
      const pixels = gifPixels({ width, height })
      pixels.add(data)
      const frame = pixels.finish()
      write(frame)
      waiting = { ...frame, width, height, delayMs }
    },
    finish() {
      write()
      gif.finish()
      return gif.bytes()
    },
  }
}

function encodeGif(pixels: Pixels): Uint8Array<ArrayBuffer> {
  const writer = gifWriter(1)
  writer.add({ pixels, delayMs: 0 })
  return writer.finish()
}
