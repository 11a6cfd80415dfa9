import type { Context } from 'hono'
import type { Bucket, File } from '#/db/schema'
import { blocksOf } from '#/http/blocks'
import type { AppEnv } from '#/http/context'
import { hex } from '#/lib/secrets'
import { blobKey, COMPRESSION_MAX_BYTES, compressed, newBlobId } from '#/storage/blobs'
import { partToSniff, shownType, sniffMimeType } from '#/storage/mime'
import { type Charset, guessCharset, readCharset } from '#/storage/mime/charset'
import type { Facts } from '#/storage/upload/store'
import { HEAD_BYTES, writeBlob } from '#/storage/upload/writer'

type Ctx = Context<AppEnv>

/**
 * Encryption is reported up to this size (docs/contract/storage.md §4.5). Differs: it is R2's own, which covers
 * everything and adds nothing to `sizeActual`.
 */
const ENCRYPTION_MAX_BYTES = 20_000_000

/** Returns the compression that a bucket asks for, for a file of this size. */
const compressionFor = (bucket: Bucket, sizeBytes: number) =>
  sizeBytes <= COMPRESSION_MAX_BYTES && sizeBytes > 0 ? bucket.compression : 'none'

/** Reads an assembled blob back once: MD5, type, and the form it is kept in. */
export async function atRest(c: Ctx, bucket: Bucket, file: File): Promise<Facts> {
  const blob = await c.env.BLOBS.get(blobKey(file.blobId))
  if (!blob) throw new Error(`The blob of file ${file.id} is gone.`)
  const digest = new crypto.DigestStream('MD5')
  const writer = digest.getWriter()
  const blocks = blocksOf(blob.body)
  const reader = readCharset()
  let head: Uint8Array | undefined
  for (let block = await blocks.next(); block; block = await blocks.next()) {
    head ??= block.slice(0, HEAD_BYTES)
    await writer.write(block)
    reader.write(block)
  }
  await writer.close()
  return keep(c, bucket, file.blobId, {
    md5: hex(await digest.digest),
    sizeBytes: file.sizeOriginal,
    head: head ?? new Uint8Array(0),
    charset: reader.end(),
  })
}

/** Returns a stored file's media type; of some files a part further in is read for it. */
async function typeOf(bucket: R2Bucket, blobId: string, head: Uint8Array, sizeBytes: number) {
  const range = partToSniff(head, sizeBytes)
  const part = range && (await bucket.get(blobKey(blobId), { range }))
  return sniffMimeType(head, sizeBytes, await part?.bytes())
}

/** Checks whether a file is served as text by any route. */
const isText = (mimeType: string) =>
  mimeType.startsWith('text/') || shownType(mimeType).startsWith('text/')

/** Returns the charset of a stored text; one that is longer than its head is read to its end. */
async function charsetOf(bucket: R2Bucket, blobId: string, head: Uint8Array, sizeBytes: number) {
  const reader = readCharset()
  if (head.length >= sizeBytes || guessCharset(head) === null) {
    reader.write(head)
    return reader.end()
  }
  const blob = await bucket.get(blobKey(blobId))
  if (!blob) throw new Error(`The blob ${blobId} is gone.`)
  const blocks = blocksOf(blob.body)
  for (let block = await blocks.next(); block; block = await blocks.next()) {
    if (reader.write(block)) continue
    await blocks.cancel()
    break
  }
  return reader.end()
}

/**
 * Settles the form in which a stored blob is kept: as it is, or compressed under a new ID.
 * @param written what was stored under `blobId`, with its charset where all of it was read
 */
export async function keep(
  c: Ctx,
  bucket: Bucket,
  blobId: string,
  written: { md5: string; sizeBytes: number; head: Uint8Array; charset?: Charset | null },
): Promise<Facts> {
  const { md5: signature, sizeBytes, head } = written
  const mimeType = await typeOf(c.env.BLOBS, blobId, head, sizeBytes)
  const {
    charset = isText(mimeType) ? await charsetOf(c.env.BLOBS, blobId, head, sizeBytes) : null,
  } = written
  const compression = compressionFor(bucket, sizeBytes)
  const encryption = bucket.encryption && sizeBytes <= ENCRYPTION_MAX_BYTES
  const facts = { signature, mimeType, charset, compression, encryption }
  if (compression === 'none') return { ...facts, blobId, sizeActual: sizeBytes }
  const packedId = newBlobId(c.var.now)
  const blob = await c.env.BLOBS.get(blobKey(blobId))
  if (!blob) throw new Error(`The blob ${blobId} is gone.`)
  const packed = await writeBlob(c.env.BLOBS, packedId, compressed(blob.body, compression))
  return { ...facts, blobId: packedId, sizeActual: packed.sizeBytes }
}
