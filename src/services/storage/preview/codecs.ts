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
import { applyPalette, GIFEncoder, quantize } from 'gifenc'
import type { Pixels } from './pixels.ts'
import { type Format, LOSSLESS } from './plan.ts'
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

/**
 * Writes a GIF; transparency is one bit, and each frame has its own 256 colours.
 * @param loops how often it plays; 0 for ever, undefined once
 */
export function gifWriter(loops: number | undefined): AnimationWriter {
  const gif = GIFEncoder()
  return {
    add({ pixels: { data, width, height }, delayMs }) {
      const clear = hasClear(data)
      const format = clear ? 'rgba4444' : 'rgb565'
      const palette = quantize(data, 256, { format, oneBitAlpha: clear })
      const transparentIndex = palette.findIndex(([, , , alpha]) => alpha === 0)
      const hasIndex = clear && transparentIndex >= 0
      gif.writeFrame(applyPalette(data, palette, format), width, height, {
        palette,
        delay: delayMs,
        repeat: loops === undefined ? -1 : loops,
        ...(hasIndex ? { transparent: true, transparentIndex, dispose: 2 } : {}),
      })
    },
    finish() {
      gif.finish()
      return gif.bytes()
    },
  }
}

function hasClear(data: Uint8ClampedArray) {
  for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 255) < 128) return true
  return false
}

function encodeGif(pixels: Pixels): Uint8Array<ArrayBuffer> {
  const writer = gifWriter(undefined)
  writer.add({ pixels, delayMs: 0 })
  return writer.finish()
}
