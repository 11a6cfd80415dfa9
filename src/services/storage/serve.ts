import type { Context } from 'hono'
import type { File } from '#/db/schema'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { preconditions, rangeApplies } from '#/http/conditional'
import { contentDisposition } from '#/http/disposition'
import { parseRange } from '#/http/range'
import { openBlob } from '#/services/storage/blobs'
import { isInline } from '#/services/storage/mime'

/** Longest answer to an open-ended range, in bytes (storage contract 8.5). */
const DOWNLOAD_CLAMP = 10_485_760
const VIEW_CLAMP = 20_000_000

/**
 * Keeps a shown file from running script on our origin, whatever its bytes are. Differs: `none` without
 * quotes, the contract's spelling, means nothing to a browser; the rest does. A PDF viewer cannot bear it.
 */
const policyFor = (mimeType: string) =>
  mimeType === 'application/pdf'
    ? 'script-src none;'
    : "script-src none; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

/** Gives the strong validator of a file's bytes: they never change under one blob. */
export const etagOf = (file: File) => `"${file.signature}-${file.blobId.slice(-8)}"`

function headersFor(file: File, disposition: 'inline' | 'attachment', shown: boolean) {
  const headers = new Headers({
    'Content-Type': shown && !isInline(file.mimeType) ? 'text/plain' : file.mimeType,
    'Content-Disposition': contentDisposition(disposition, file.name),
    'Cache-Control': 'private, max-age=3888000',
    ETag: etagOf(file),
    'Last-Modified': file.createdAt.toUTCString(),
    'Accept-Ranges': 'bytes',
  })
  if (shown) headers.set('Content-Security-Policy', policyFor(file.mimeType))
  return headers
}

/**
 * Streams a file's bytes, whole or a range of them (storage contract 8; RFC 9110 §13, §14). Differs: upstream
 * knows no validators, conditions or If-Range.
 * @param shown true for view and push: the type is narrowed to what a browser may show
 * @throws `storage_file_not_found` while the upload is incomplete
 * @throws `storage_invalid_range`
 */
export async function sendFile(
  c: Context<AppEnv>,
  file: File,
  { disposition, shown }: { disposition: 'inline' | 'attachment'; shown: boolean },
): Promise<Response> {
  if (file.uploadId) throw new ApiError('storage_file_not_found')
  const headers = headersFor(file, disposition, shown)
  const request = c.req.raw.headers
  const validators = { etag: etagOf(file), lastModified: file.createdAt }
  const state = preconditions(request, validators)
  if (state === 'not-modified') return new Response(null, { status: 304, headers })
  if (state === 'failed') return new Response(null, { status: 412, headers })
  const wanted = request.get('range')
  const clamp = shown ? VIEW_CLAMP : DOWNLOAD_CLAMP
  const range =
    wanted !== null && rangeApplies(request, validators)
      ? parseRange(wanted, file.sizeOriginal, clamp)
      : undefined
  const length = range?.length ?? file.sizeOriginal
  headers.set('Content-Length', `${length}`)
  if (range) {
    const { offset } = range
    headers.set('Content-Range', `bytes ${offset}-${offset + length - 1}/${file.sizeOriginal}`)
  }
  const status = range ? 206 : 200
  if (c.req.raw.method === 'HEAD') return new Response(null, { status, headers })
  const body = await openBlob(c.env.BLOBS, file, range)
  if (!body) throw new ApiError('storage_file_not_found')
  return new Response(body, { status, headers })
}
