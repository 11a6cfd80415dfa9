import { Buffer } from 'node:buffer'
import { ApiError } from '#/errors'
import { blocksOf } from '#/http/blocks'
import { firstGifFrame } from './headers/gif.ts'
import { isAnimatedPng, stillPng } from './headers/png.ts'
import { firstWebpFrame } from './headers/webp.ts'
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
  bytes(): Promise<Uint8Array<ArrayBuffer>>
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
    return new Uint8Array(Buffer.concat(held, length))
  }
  const { cancel } = blocks

  async function readHeader(): Promise<Probe> {
    const head = await hold(HEAD_BYTES)
    // Animations are counted to their end; other pictures tell all at the start, as a rule.
    if (!isAnimation(head)) {
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
      if (ended && held.length > 0)
        held.splice(0, held.length, stillOf(Buffer.concat(held), header))
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

/** Checks whether a picture may be an animation, whose frames are told by the whole of it. */
const isAnimation = (head: Uint8Array) =>
  ['GIF8', 'RIFF'].includes(Buffer.from(head.subarray(0, 4)).toString('latin1')) ||
  isAnimatedPng(head)

/** Cuts an animation down to what its first frame takes. */
function stillOf(bytes: Uint8Array, { format, frames, gif }: Probe): Uint8Array {
  if (gif) return firstGifFrame(bytes, gif)
  if (format === 'webp' && frames > 1) return firstWebpFrame(bytes)
  return format === 'png' && isAnimatedPng(bytes) ? stillPng(bytes) : bytes
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
