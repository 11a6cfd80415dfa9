import avifFactory from '@jsquash/avif/codec/enc/avif_enc.js'
import avifWasm from '@jsquash/avif/codec/enc/avif_enc.wasm'
import { defaultOptions as avifDefaults } from '@jsquash/avif/meta.js'
import jpegFactory from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js'
import jpegWasm from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'
import { defaultOptions as jpegDefaults } from '@jsquash/jpeg/meta.js'
import * as pngWasm from '@jsquash/png/codec/pkg/squoosh_png_bg.wasm'
import decodePngData, { init as initPngDecoder } from '@jsquash/png/decode.js'
import encodePngData, { init as initPngEncoder } from '@jsquash/png/encode.js'
import initResize, { resize as resizeData } from '@jsquash/resize/lib/resize/pkg/squoosh_resize.js'
import * as resizeWasm from '@jsquash/resize/lib/resize/pkg/squoosh_resize_bg.wasm'
import webpDecoderFactory from '@jsquash/webp/codec/dec/webp_dec.js'
import webpDecoderWasm from '@jsquash/webp/codec/dec/webp_dec.wasm'
import webpFactory from '@jsquash/webp/codec/enc/webp_enc.js'
import webpWasm from '@jsquash/webp/codec/enc/webp_enc.wasm'
import { defaultOptions as webpDefaults } from '@jsquash/webp/meta.js'
import { applyPalette, GIFEncoder, quantize } from 'gifenc'
import type { Pixels } from './pixels.ts'
import type { Size } from './plan.ts'

/** Gives the module that Workers import a .wasm file as; its own typings describe an instance. */
const moduleOf = (imported: object) => (imported as { default: WebAssembly.Module }).default

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

/** Starts an Emscripten codec from a bundled module, once per isolate: Workers compile nothing at run time. */
function lazily<Codec>(factory: unknown, wasm: WebAssembly.Module): () => Promise<Codec> {
  let codec: Promise<Codec> | undefined
  return () => {
    codec ??= (factory as Factory<Codec>)({
      noInitialRun: true,
      instantiateWasm: (imports, done) => {
        const instance = new WebAssembly.Instance(wasm, imports)
        done(instance)
        return instance.exports
      },
    })
    return codec
  }
}

type Encoder = {
  encode(
    data: Uint8ClampedArray,
    width: number,
    height: number,
    options: object,
  ): Uint8Array<ArrayBuffer> | null
}
type Decoder = { decode(bytes: Uint8Array): Pixels | null }

const jpegEncoder = lazily<Encoder>(jpegFactory, jpegWasm)
const webpEncoder = lazily<Encoder>(webpFactory, webpWasm)
const avifEncoder = lazily<Encoder>(avifFactory, avifWasm)
const webpDecoder = lazily<Decoder>(webpDecoderFactory, webpDecoderWasm)

async function encodeWith(
  encoder: Promise<Encoder>,
  { data, width, height }: Pixels,
  options: object,
) {
  const bytes = (await encoder).encode(data, width, height, options)
  if (!bytes) throw new Error('The encoder gave nothing.')
  return bytes.slice() // the codec reuses its memory
}

/** Qualities of the encoders when none is asked for (storage contract 9.8). */
const DEFAULT_QUALITY = { jpeg: 92, webp: 75, avif: 60 }

export const encodeJpeg = (pixels: Pixels, quality: number = DEFAULT_QUALITY.jpeg) =>
  encodeWith(jpegEncoder(), pixels, {
    ...jpegDefaults,
    quality,
    progressive: false,
    baseline: true,
    optimize_coding: true,
    trellis_multipass: false,
  })

/** Encodes WebP; quality 100 is lossless. */
export const encodeWebp = (pixels: Pixels, quality: number = DEFAULT_QUALITY.webp) =>
  encodeWith(webpEncoder(), pixels, {
    ...webpDefaults,
    quality,
    lossless: quality === 100 ? 1 : 0,
    method: 2,
  })

export const encodeAvif = (pixels: Pixels, quality: number = DEFAULT_QUALITY.avif) =>
  encodeWith(avifEncoder(), pixels, { ...avifDefaults, quality: Math.min(99, quality), speed: 9 })

export async function encodePng(pixels: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  await initPngEncoder(moduleOf(pngWasm))
  return new Uint8Array(await encodePngData(asImageData(pixels)))
}

export async function decodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  await initPngDecoder(moduleOf(pngWasm))
  return decodePngData(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  ) as Promise<Pixels>
}

/** Decodes one WebP picture. @throws when the bytes are none */
export async function decodeWebp(bytes: Uint8Array): Promise<Pixels> {
  const pixels = (await webpDecoder()).decode(bytes)
  if (!pixels) throw new Error('The bytes are not a WebP picture.')
  return pixels
}

/** Gives pixels the type of the browser class that the codecs declare. */
const asImageData = ({ data, width, height }: Pixels) =>
  new ImageDataLike(data, width, height) as unknown as Parameters<typeof encodePngData>[0]

let resizer: Promise<unknown> | undefined

/** Scales pixels to a size, sides independently, with a Catmull-Rom kernel. */
export async function scale(pixels: Pixels, { width, height }: Size): Promise<Pixels> {
  if (width === pixels.width && height === pixels.height) return pixels
  resizer ??= initResize(moduleOf(resizeWasm))
  await resizer
  const input = new Uint8Array(pixels.data.buffer, pixels.data.byteOffset, pixels.data.length)
  const data = resizeData(input, pixels.width, pixels.height, width, height, 1, true, false)
  return { width, height, data: new Uint8ClampedArray(data) }
}

/** One picture of an animation and how long it shows. */
export type Frame = { pixels: Pixels; delayMs: number }

/** Writes frames one at a time, so that only one of them is in memory. */
export type AnimationWriter = {
  add(frame: Frame): Promise<void>
  finish(): Uint8Array<ArrayBuffer>
}

/**
 * Writes a GIF; transparency is one bit, and each frame has its own 256 colours.
 * @param loops how often it plays; 0 for ever, undefined once
 */
export function gifWriter(loops: number | undefined): AnimationWriter {
  const gif = GIFEncoder()
  return {
    async add({ pixels: { data, width, height }, delayMs }) {
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
