import { hex } from '#/lib/secrets'
import { blobKey } from '#/storage/blob-keys'
import { slicer } from '#/storage/upload/slicer'

/** How many leading bytes decide a file's MIME type. */
export const HEAD_BYTES = 64 * 1024

/** What was written: MD5 as lower-case hex, and the first bytes. */
export type Written = { md5: string; sizeBytes: number; head: Uint8Array }

/**
 * Writes a blob of unknown length with at most 5 MiB of it in memory: a small one as a single object, a
 * larger one as an R2 multipart upload.
 * @param expectedBytes a guess to size the buffer by
 * @param onMultipart runs once before the first part is sent, with the upload's ID
 */
export function blobWriter(
  bucket: R2Bucket,
  blobId: string,
  expectedBytes: number,
  onMultipart: (uploadId: string) => Promise<void> = async () => undefined,
) {
  const digest = new crypto.DigestStream('MD5')
  const digester = digest.getWriter()
  const parts: R2UploadedPart[] = []
  let upload: R2MultipartUpload | undefined
  let head: Uint8Array | undefined

  const slices = slicer(0, expectedBytes, async ({ cell, bytes }) => {
    head ??= bytes.slice(0, HEAD_BYTES)
    if (!upload) {
      upload = await bucket.createMultipartUpload(blobKey(blobId))
      await onMultipart(upload.uploadId)
    }
    parts.push(await upload.uploadPart(cell + 1, bytes))
  })

  return {
    async write(bytes: Uint8Array) {
      await digester.write(bytes)
      await slices.write(bytes)
    },
    /** Counts the bytes so far. */
    length: slices.length,
    /** Stores what is left and completes the blob. */
    async finish(): Promise<Written> {
      const { cell, bytes } = slices.rest()
      await digester.close()
      if (upload) {
        parts.push(await upload.uploadPart(cell + 1, bytes))
        await upload.complete(parts)
      } else {
        await bucket.put(blobKey(blobId), bytes)
      }
      const md5 = hex(await digest.digest)
      return { md5, sizeBytes: slices.length(), head: head ?? bytes.subarray(0, HEAD_BYTES) }
    },
    /** Abandons the buffer. */
    release: slices.release,
    /** Takes back what was stored; safe at any time before {@link finish}. */
    async abort() {
      digest.digest.catch(() => undefined) // abandoned on purpose
      await digester.abort().catch(() => undefined)
      await upload?.abort()
    },
  }
}

export type BlobWriter = ReturnType<typeof blobWriter>

/** Writes a whole stream as a blob. @returns the bytes stored */
export async function writeBlob(
  bucket: R2Bucket,
  blobId: string,
  stream: ReadableStream<Uint8Array>,
) {
  const writer = blobWriter(bucket, blobId, 0)
  try {
    for await (const bytes of stream) await writer.write(bytes)
    return await writer.finish()
  } catch (error) {
    await writer.abort()
    throw error
  } finally {
    writer.release()
  }
}
