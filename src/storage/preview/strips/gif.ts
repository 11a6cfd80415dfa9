import { GIFEncoder } from 'gifenc'
import { gifPixels } from '#/storage/preview/codecs/gif-pixels'
import type { Size } from '#/storage/preview/geometry'
import type { StripWriter } from './strips.ts'

/** Writes a GIF of one frame strip by strip: its colours are kept until the palette is chosen. */
export function gifStrips({ width, height }: Size): StripWriter {
  const pixels = gifPixels({ width, height })
  return {
    add({ data }) {
      pixels.add(data)
    },
    finish() {
      const { indices, palette, clear } = pixels.finish()
      const gif = GIFEncoder()
      gif.writeFrame(indices, width, height, {
        palette,
        delay: 0,
        repeat: -1,
        ...(clear === undefined ? {} : { transparent: true, transparentIndex: clear }),
      })
      gif.finish()
      return Promise.resolve(gif.bytes())
    },
  }
}
