import { pipeline, Readable } from 'node:stream'
import zlib from 'node:zlib'
import { blocksOf } from '#/http/blocks'

/** How much of a file one frame holds, in bytes. */
export const FRAME_BYTES = 1024 * 1024
/** The largest block that a frame may have (RFC 8878 §3.1.1.2.4). */
const MAX_BLOCK_BYTES = 128 * 1024
/** Room for a whole frame, so that the encoder writes it in one step. */
const OUTPUT_BYTES = 2 * FRAME_BYTES

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
/** A single segment whose size follows in 4 bytes; no checksum, no dictionary (RFC 8878 §3.1.1.1.1). */
const DESCRIPTOR = 0xa0
const HEADER_BYTES = 9
const BLOCK_HEADER_BYTES = 3

/** Wraps bytes in a frame of raw blocks, which needs no encoder (RFC 8878 §3.1.1.2). */
function rawFrame(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.length / MAX_BLOCK_BYTES))
  const frame = new Uint8Array(HEADER_BYTES + blocks * BLOCK_HEADER_BYTES + bytes.length)
  const view = new DataView(frame.buffer)
  frame.set([...MAGIC, DESCRIPTOR])
  view.setUint32(5, bytes.length, true)
  let at = HEADER_BYTES
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * MAX_BLOCK_BYTES, (block + 1) * MAX_BLOCK_BYTES)
    const isLast = block === blocks - 1
    const header = (part.length << 3) | (isLast ? 1 : 0)
    frame.set([header & 0xff, (header >> 8) & 0xff, header >> 16], at)
    frame.set(part, at + BLOCK_HEADER_BYTES)
    at += BLOCK_HEADER_BYTES + part.length
  }
  return frame
}

/**
 * Makes one frame of up to {@link FRAME_BYTES}. The runtime's encoder fails where a frame does not fit into its
 * output buffer (cloudflare/workerd#6769): it gets room for all of it, and what it refuses or does not shrink is
 * kept raw.
 */
function frameOf(bytes: Uint8Array): Uint8Array {
  const raw = HEADER_BYTES + Math.ceil(bytes.length / MAX_BLOCK_BYTES) * BLOCK_HEADER_BYTES
  try {
    const frame = zlib.zstdCompressSync(bytes, { chunkSize: OUTPUT_BYTES })
    if (frame.length <= raw + bytes.length) return frame
  } catch {
    // A raw frame holds any content.
  }
  return rawFrame(bytes)
}

/** Compresses a stream into zstd frames that each stand for themselves, with one of them in memory. */
export function zstdCompressed(bytes: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const blocks = blocksOf(bytes)
  const buffer = new Uint8Array(FRAME_BYTES)
  let filled = 0
  let rest: Uint8Array | undefined
  const fill = async () => {
    filled = 0
    while (filled < FRAME_BYTES) {
      rest ??= await blocks.next()
      if (!rest) return
      const part = rest.subarray(0, FRAME_BYTES - filled)
      buffer.set(part, filled)
      filled += part.length
      rest = part.length < rest.length ? rest.subarray(part.length) : undefined
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await fill()
        if (filled > 0) controller.enqueue(frameOf(buffer.subarray(0, filled)))
        if (filled < FRAME_BYTES) controller.close()
      },
      cancel: () => blocks.cancel(),
    },
    { highWaterMark: 0 },
  )
}

/** Decompresses a stream of zstd frames, whichever encoder wrote them. */
export function zstdDecompressed(bytes: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const decoder = zlib.createZstdDecompress({ chunkSize: MAX_BLOCK_BYTES })
  // Either end that fails ends the other one; whoever reads the decoder sees its error.
  pipeline(Readable.fromWeb(bytes as never), decoder, () => undefined)
  return Readable.toWeb(decoder) as unknown as ReadableStream<Uint8Array> // the same stream class under Node's name
}
