import { Buffer } from 'node:buffer'
import { ApiError } from '#/errors'
import { blocksOf } from '#/http/blocks'
import { withInkProfile } from '#/storage/preview/codecs/cmyk'
import { firstGifFrame } from '#/storage/preview/headers/gif'
import { readPngSize, stillPng } from '#/storage/preview/headers/png'
import { firstWebpFrame } from '#/storage/preview/headers/webp'
import { mendGif } from '#/storage/preview/mend/gif'
import { type Candidate, mendJpeg } from '#/storage/preview/mend/jpeg'
import { isWholePng, mendPng } from '#/storage/preview/mend/png'
import { joinBytes } from './bytes.ts'
import { unreadable } from './limits.ts'
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
  /**
   * Completes a JPEG, once it was streamed and ended early, for strict decoders.
   * @returns what they may take, the best first, once; nothing for other pictures, and where nothing is to be shown
   */
  mended(): Candidate[]
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
  /** What was passed on of a JPEG, until its end is seen. */
  const passed: Uint8Array[] = []

  /** Returns the next piece for a decoder. */
  async function next(): Promise<Uint8Array | undefined> {
    const bytes = held.shift() ?? (ended ? undefined : await pull())
    if (bytes) watch.take(bytes)
    else watch.end()
    if (bytes && header.format === 'jpeg') passed.push(bytes)
    if (watch.isWhole()) passed.length = 0
    return bytes
  }
  /** Makes of what is held what a decoder is to see. */
  async function prepare() {
    if (ended && held.length > 0) {
      held.splice(0, held.length, await stillOf(joined(held), header))
    }
    if (header.needsInks && held[0]) held[0] = withInkProfile(held[0])
  }
  return {
    header,
    watch,
    stream() {
      let isPrepared = false
      return new ReadableStream({
        async pull(controller) {
          try {
            if (!isPrepared) await prepare()
            isPrepared = true
            const bytes = await next()
            if (bytes) controller.enqueue(bytes)
            else controller.close()
          } catch (error) {
            if (error instanceof ApiError) watch.blame(error)
            await cancel()
            throw error
          }
        },
        cancel,
      })
    },
    mended() {
      if (!watch.isBroken() || passed.length === 0) return []
      const bytes = joined(passed)
      passed.length = 0 // not kept twice
      return mendJpeg(bytes)
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

/**
 * Leaves out what a decoder is not to see, all but the first frame and an orientation that is left to us, and
 * completes what the file has in part.
 * @throws `storage_file_type_unsupported` when there is nothing to be shown
 */
async function stillOf(bytes: Uint8Array, { format, gif }: Probe): Promise<Uint8Array> {
  if (format === 'webp') return firstWebpFrame(bytes)
  if (format === 'png') {
    const still = stillPng(bytes)
    return isWholePng(still) ? still : orRefuse(await mendPng(still))
  }
  if (!gif) return bytes
  return gif.firstWhole ? firstGifFrame(bytes, gif) : orRefuse(mendGif(bytes, gif))
}

function orRefuse(mended: Uint8Array | undefined): Uint8Array {
  if (!mended) throw unreadable()
  return mended
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
