import type { Context } from 'hono'
import type { File } from '#/db/schema'
import { ApiError } from '#/errors'
import { preconditions, rangeApplies } from '#/http/conditional'
import type { AppEnv } from '#/http/context'
import { contentDisposition } from '#/http/disposition'
import { parseRange } from '#/http/range'
import { completeBodyHeaders } from '#/services/storage/body-headers'
import { openBlob } from '#/storage/blobs'
import { SVG_TYPE, shownType } from '#/storage/mime'

/** Longest answer to an open-ended range, in bytes (docs/contract/storage.md §8.5). */
const DOWNLOAD_CLAMP = 10_485_760
const VIEW_CLAMP = 20_000_000

/**
 * The beginning of every policy of a view. Differs: `none` without quotes, the contract's spelling, means
 * nothing to a browser; the rest does.
 */
const NO_SCRIPT = 'script-src none;'
const SANDBOXED = `${NO_SCRIPT} script-src-elem 'none'; script-src-attr 'none'; default-src 'none';`

/** Keeps a shown file from running script on our origin, whatever its bytes are. */
function policyFor(mimeType: string): string {
  switch (mimeType) {
    // A PDF viewer cannot bear a sandbox; it runs a document's scripts apart from any origin.
    case 'application/pdf':
      return NO_SCRIPT
    // A drawing holds its pictures and fonts itself, and loads nothing of this origin's.
    case SVG_TYPE:
      return `${SANDBOXED} img-src data:; font-src data:; style-src 'unsafe-inline'; sandbox`
    default:
      return `${SANDBOXED} img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox`
  }
}

/** Returns the strong validator of a file's bytes: they never change under one blob. */
export const etagOf = (file: File) => `"${file.signature}-${file.blobId.slice(-8)}"`

/** How a file is sent: `shown` narrows its type to what a browser may show, as view and push do. */
type Manner = {
  disposition: 'inline' | 'attachment'
  shown: boolean
  /** Whether anybody who knows the URL may read it. */
  open: boolean
}

/**
 * Returns the type of a file with the charset of a text, without which browsers guess. Differs: upstream never
 * sends a charset.
 */
function contentType(file: File, shown: boolean): string {
  const type = shown ? shownType(file.mimeType) : file.mimeType
  return type.startsWith('text/') && file.charset ? `${type}; charset=${file.charset}` : type
}

function headersFor(c: Context<AppEnv>, file: File, { disposition, shown, open }: Manner) {
  const headers = new Headers({
    'Content-Type': contentType(file, shown),
    'Content-Disposition': contentDisposition(disposition, file.name),
    'Cache-Control': 'private, max-age=3888000',
    ETag: etagOf(file),
    'Last-Modified': file.createdAt.toUTCString(),
    'Accept-Ranges': 'bytes',
  })
  if (shown) headers.set('Content-Security-Policy', policyFor(file.mimeType))
  completeBodyHeaders(c, headers, open)
  return headers
}

/**
 * Streams a file's bytes, whole or a range of them (docs/contract/storage.md §8; RFC 9110 §13, §14). Differs: upstream
 * knows no validators, conditions or If-Range.
 * @throws `storage_file_not_found` while the upload is incomplete
 * @throws `storage_invalid_range`
 */
export async function sendFile(c: Context<AppEnv>, file: File, manner: Manner): Promise<Response> {
  if (file.uploadId) throw new ApiError('storage_file_not_found')
  const headers = headersFor(c, file, manner)
  const request = c.req.raw.headers
  const validators = { etag: etagOf(file), lastModified: file.createdAt }
  const state = preconditions(request, validators)
  if (state === 'not-modified') return new Response(null, { status: 304, headers })
  if (state === 'failed') return new Response(null, { status: 412, headers })
  const wanted = request.get('range')
  const clamp = manner.shown ? VIEW_CLAMP : DOWNLOAD_CLAMP
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
