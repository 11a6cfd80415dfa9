import { applyPalette, GIFEncoder, quantize } from 'gifenc'
import { areaOf } from '../limits.ts'
import type { Size } from '../plan.ts'
import type { StripWriter } from './strips.ts'

/** Pixels that the palette is chosen from. */
const SAMPLE_PIXELS = 400_000
const COLORS = 256
const OPAQUE_ALPHA = 255
/** Set for a pixel that shows; the rest is its colour, 5 bits a channel. */
const OPAQUE = 0x8000

/**
 * Writes a GIF of one frame strip by strip: colours are kept in 16 bits until the palette is chosen. One colour
 * is clear where any pixel is.
 */
export function gifStrips({ width, height }: Size): StripWriter {
  const keys = new Uint16Array(width * height)
  const every = Math.max(1, Math.floor(areaOf({ width, height }) / SAMPLE_PIXELS))
  const sample = new Uint8Array((Math.floor(keys.length / every) + 1) * 4)
  let sampled = 0
  let length = 0
  return {
    add({ data }) {
      for (let at = 0; at < data.length; at += 4) {
        if ((data[at + 3] ?? 0) < 128) {
          length++
          continue
        }
        const red = data[at] ?? 0
        const green = data[at + 1] ?? 0
        const blue = data[at + 2] ?? 0
        if (length % every === 0) {
          sample.set([red, green, blue, OPAQUE_ALPHA], sampled)
          sampled += 4
        }
        keys[length++] = OPAQUE | ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3)
      }
    },
    finish() {
      const isClear = keys.includes(0)
      const seen = sample.subarray(0, Math.max(4, sampled))
      const palette = quantize(seen, isClear ? COLORS - 1 : COLORS, { format: 'rgb565' })
      const indices = indexOf(keys, palette)
      const clear = palette.length
      if (isClear) palette.push([0, 0, 0])
      const gif = GIFEncoder()
      gif.writeFrame(indices, width, height, {
        palette,
        delay: 0,
        repeat: -1,
        ...(isClear ? { transparent: true, transparentIndex: clear } : {}),
      })
      gif.finish()
      return Promise.resolve(gif.bytes())
    },
  }
}

/** Looks up every colour once; clear pixels get the index behind the palette. */
function indexOf(keys: Uint16Array, palette: number[][]): Uint8Array {
  const colors = new Uint8Array(OPAQUE * 4)
  for (let key = 0; key < OPAQUE; key++) {
    const widened = [key >> 10, (key >> 5) & 31, key & 31].map((part) => (part << 3) | (part >> 2))
    colors.set([...widened, 255], key * 4)
  }
  const nearest = applyPalette(colors, palette, 'rgb565')
  const indices = new Uint8Array(keys.length)
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] ?? 0
    indices[at] = key & OPAQUE ? (nearest[key & (OPAQUE - 1)] ?? 0) : palette.length
  }
  return indices
}
