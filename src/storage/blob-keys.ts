/** Prints a time so that the IDs which start with it sort by it. @param ms since the epoch */
export const timePrefix = (ms: number) => ms.toString(16).padStart(12, '0')

/** Makes the ID of a blob. IDs sort by the time at which they were made. */
export const newBlobId = (now: Date) =>
  `${timePrefix(now.getTime())}-${crypto.randomUUID().slice(-23)}`

/** Returns when a blob was named, in milliseconds since the epoch. */
export const blobTime = (blobId: string) => Number.parseInt(blobId.split('-', 1)[0] ?? '', 16)

/** Returns the R2 key of a file's bytes. */
export const blobKey = (blobId: string) => `files/${blobId}`

/** Returns the prefix of stored ranges that wait for the rest of their part. */
export const piecePrefix = (blobId: string) => `pieces/${blobId}/`

/** Returns the prefix of the previews rendered from a blob. */
export const variantPrefix = (blobId: string) => `variants/${blobId}/`

/** Deletes every object below a prefix. */
export async function erasePrefix(bucket: R2Bucket, prefix: string) {
  for (;;) {
    const { objects, truncated } = await bucket.list({ prefix, limit: 1000 })
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key))
    if (!truncated) return
  }
}
