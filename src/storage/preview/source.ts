import { Buffer } from 'node:buffer'
import { ApiError } from '#/errors'
import { blocksOf } from '#/http/blocks'
import { withInkProfile } from '#/storage/preview/codecs/cmyk'
import { firstGifFrame } from '#/storage/preview/headers/gif'
import { readPngSize, stillPng } from '#/storage/preview/headers/png'
import { firstWebpFrame } from '#/storage/preview/headers/webp'
import { joinBytes } from './bytes.ts'
import { type Probe, probe } from './probe.ts'
import { type Watch, watchFor } from './watch.ts'

/** How much of a picture is looked at before it is read whole: more than headers and metadata take. */
const HEAD_BYTES = 256 * 1024

/** A picture whose header was read; of a still one the rest has not passed through memory yet. */
export type Picture = {
  header: Probe
  /**
   * Returns the picture as a stream, once; of an animation only what its first frame takes. The stream fails
   * with `storage_image_resolution_exceeded` for a JPEG of more scans than are decoded.
   */
  stream(): ReadableStream<Uint8Array>
  /** Reads the picture whole, in place of {@link Picture.stream}. */
  bytes(): Promise<Uint8Array>
  /** Observes what is streamed. */
  watch: Watch
  /** Lets go of a picture that is not needed. */
  cancel(): Promise<void>
}

/**
 * Reads as much of a picture as tells what it is.
 * @throws as {@link probe}
 */
export async function openPicture(body: ReadableStream<Uint8Array>): Promise<Picture> {
  const blocks = blocksOf(body)
  const held: Uint8Array[] = []
  let ended = false

  async function pull(): Promise<Uint8Array | undefined> {
    const block = await blocks.next()
    ended = block === undefined
    return block
  }
  async function hold(maxBytes: number) {
    let length = held.reduce((sum, bytes) => sum + bytes.length, 0)
    while (!ended && length < maxBytes) {
      const bytes = await pull()
      if (bytes) held.push(bytes)
      length += bytes?.length ?? 0
    }
    const bytes = joined(held)
    held.splice(0, held.length, bytes) // not kept twice
    return bytes
  }
  const { cancel } = blocks

  async function readHeader(): Promise<Probe> {
    const head = await hold(HEAD_BYTES)
    if (!tellsAtItsEnd(head)) {
      const header = tryProbe(head, ended)
      if (header) return header
    }
    return probe(await hold(Number.POSITIVE_INFINITY))
  }
  const header = await readHeader().catch(async (error: unknown) => {
    await cancel()
    throw error
  })
  const watch = watchFor(header)

  /** Returns the next piece for a decoder. */
  async function next(): Promise<Uint8Array | undefined> {
    const bytes = held.shift() ?? (ended ? undefined : await pull())
    if (bytes) watch.take(bytes)
    else watch.end()
    return bytes
  }
  return {
    header,
    watch,
    stream() {
      if (ended && held.length > 0) held.splice(0, held.length, stillOf(joined(held), header))
      if (header.needsInks && held[0]) held[0] = withInkProfile(held[0])
      return new ReadableStream({
        async pull(controller) {
          const bytes = await next().catch(async (error: unknown) => {
            await cancel()
            throw error
          })
          if (bytes) controller.enqueue(bytes)
          else controller.close()
        },
        cancel,
      })
    },
    bytes: () => hold(Number.POSITIVE_INFINITY),
    cancel,
  }
}

const joined = (pieces: readonly Uint8Array[]) =>
  pieces.length === 1 && pieces[0] ? pieces[0] : joinBytes(pieces)

/**
 * Checks whether the whole of a picture is needed to tell what it is: the frames of an animation are counted to
 * its end, and the orientation of a PNG may come after its pixels.
 * @throws `storage_image_resolution_exceeded` where its beginning is enough to refuse it
 */
function tellsAtItsEnd(head: Uint8Array): boolean {
  if (readPngSize(head)) return probe(head).format === 'png'
  return ['GIF8', 'RIFF'].includes(Buffer.from(head.subarray(0, 4)).toString('latin1'))
}

/** Leaves out what a decoder is not to see: all but the first frame, and an orientation that is left to us. */
function stillOf(bytes: Uint8Array, { format, gif }: Probe): Uint8Array {
  if (gif) return firstGifFrame(bytes, gif)
  if (format === 'webp') return firstWebpFrame(bytes)
  return format === 'png' ? stillPng(bytes) : bytes
}

/** Reads a header from a picture's beginning; undefined where more of it may tell. */
function tryProbe(head: Uint8Array, whole: boolean): Probe | undefined {
  try {
    return probe(head)
  } catch (error) {
    const readOn = error instanceof ApiError && error.type === 'storage_file_type_unsupported'
    if (whole || !readOn) throw error
    return undefined
  }
}
