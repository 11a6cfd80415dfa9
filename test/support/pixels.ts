import { env } from 'cloudflare:workers'
import { decodePng } from '#/storage/preview/codecs/png'

export const RED = [220, 30, 30, 255]
export const GREEN = [30, 170, 60, 255]
export const BLUE = [40, 70, 220, 255]
export const YELLOW = [240, 200, 30, 255]
export const WHITE = [255, 255, 255, 255]
export const CLEAR = [0, 0, 0, 0]

/** Decodes a picture of any format, by way of the Images binding for all but PNG. */
export async function decode(bytes: Uint8Array<ArrayBuffer>) {
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50
  const png = isPng
    ? bytes
    : new Uint8Array(
        await (await env.IMAGES.input(new Blob([bytes]).stream()).output({ format: 'image/png' }))
          .response()
          .arrayBuffer(),
      )
  const { width, height, data } = decodePng(png)
  const at = (x: number, y: number) => {
    const from =
      (Math.min(height - 1, Math.floor(y)) * width + Math.min(width - 1, Math.floor(x))) * 4
    return [...data.subarray(from, from + 4)]
  }
  return { width, height, at }
}

/** Returns how far two colours are apart in their worst channel. */
export const distance = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? 0))))
