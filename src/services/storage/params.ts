import { z } from 'zod'
import { described, optional, text } from '#/http/params'
import { uidOf } from '#/ids'

const bucketId = uidOf('bucket')

/** The ID of a bucket in a path. */
export const inBucket = z.object({ bucketId })

/** The IDs of a file and its bucket in a path. */
export const inFile = inBucket.extend({ fileId: uidOf('file') })

/** The parameters that say on whose behalf a browser fetches a URL (docs/contract/storage.md §1.10). */
export const locationParams = {
  token: described(
    optional(text(512)),
    "Secret of a file token, which stands for the caller's right to read.",
  ),
}
