import { Buffer } from 'node:buffer'
import { createDeflate } from 'node:zlib'
import { joinBytes } from '#/storage/preview/bytes'
import { chunk, filtered, headerChunk, SIGNATURE } from '#/storage/preview/codecs/png'
import type { Size } from '#/storage/preview/geometry'
import { tooLarge } from '#/storage/preview/limits'
import type { StripWriter } from './strips.ts'

/**
 * Writes a PNG of 8 bits strip by strip.
 * @param isOpaque leaves alpha out
 * @throws `storage_image_resolution_exceeded` when it takes more than `maxBytes`
 */
export function pngStrips(size: Size, isOpaque: boolean, maxBytes: number): StripWriter {
  const channels = isOpaque ? 3 : 4
  const deflate = createDeflate({ level: 1 })
  const parts: Buffer[] = [Buffer.from(SIGNATURE), headerChunk(size, channels)]
  let length = 0
  let above: Uint8Array = new Uint8Array(size.width * channels)
  const ended = new Promise<void>((resolve, reject) => {
    deflate.on('data', (part: Buffer) => {
      length += part.length
      if (length <= maxBytes) parts.push(chunk('IDAT', part))
    })
    deflate.on('end', resolve)
    deflate.on('error', reject)
  })
  ended.catch(() => undefined) // seen by who waits for the end
  return {
    async add(strip) {
      if (length > maxBytes)
        throw tooLarge('The preview has too many bytes. Ask for a smaller one.')
      const lines = filtered(strip, channels, above)
      above = lines.last
      await new Promise<void>((resolve, reject) => {
        deflate.write(lines.bytes, (error) => (error ? reject(error) : resolve()))
      })
    },
    async finish() {
      deflate.end()
      await ended
      if (length > maxBytes)
        throw tooLarge('The preview has too many bytes. Ask for a smaller one.')
      parts.push(chunk('IEND', Buffer.alloc(0)))
      return joinBytes(parts)
    },
  }
}
