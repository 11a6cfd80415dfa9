/** What ECMAScript 2026 adds, which TypeScript does not know yet: the text from which a value was parsed. */
interface JSON {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): { readonly rawJSON: string }
  isRawJSON(value: unknown): boolean
}

declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}

declare module '*.png' {
  const bytes: ArrayBuffer
  export default bytes
}

declare module 'gifenc' {
  type Palette = number[][]
  type QuantizeOptions = {
    format?: 'rgb565' | 'rgb444' | 'rgba4444'
    oneBitAlpha?: boolean | number
  }
  type FrameOptions = {
    palette?: Palette
    delay?: number
    repeat?: number
    transparent?: boolean
    transparentIndex?: number
    dispose?: number
  }
  export function GIFEncoder(): {
    writeFrame(index: Uint8Array, width: number, height: number, options?: FrameOptions): void
    finish(): void
    bytes(): Uint8Array<ArrayBuffer>
  }
  export function quantize(
    rgba: Uint8Array | Uint8ClampedArray,
    maxColors: number,
    options?: QuantizeOptions,
  ): Palette
  export function applyPalette(
    rgba: Uint8Array | Uint8ClampedArray,
    palette: Palette,
    format?: QuantizeOptions['format'],
  ): Uint8Array
}

declare module 'omggif' {
  export class GifReader {
    constructor(bytes: Uint8Array)
    width: number
    height: number
    numFrames(): number
    loopCount(): number | null
    frameInfo(index: number): {
      x: number
      y: number
      width: number
      height: number
      delay: number
      disposal: number
    }
    decodeAndBlitFrameRGBA(index: number, pixels: Uint8Array | Uint8ClampedArray): void
  }
}
