import type { Context } from 'hono'
import { permission } from '#/auth/roles'
import type { Bucket, File } from '#/db/schema'
import type { AppEnv } from '#/http/context'

/** Whether anybody may read a file, so that any page may show it. */
export function isPublic(bucket: Bucket, file: File): boolean {
  const anybody = permission('read', 'any')
  return (
    bucket.permissions.includes(anybody) ||
    (bucket.fileSecurity && file.permissions.includes(anybody))
  )
}

/**
 * Completes the headers of an answer that is a file's bytes, or says that the client has them.
 *
 * The edge compresses text on the way out, which voids Content-Length, Content-Range and the strong ETag;
 * `no-transform` forbids it. The development server's proxy knows only `Content-Encoding: identity`, which does
 * not belong in answers (RFC 9110 §8.4.1) and is sent to nobody else.
 *
 * @param open whether anybody who knows the URL may read the file. Pages that are cross-origin isolated embed
 * such a file as it is; a file that a cookie opens needs CORS there (`crossorigin="use-credentials"`), since
 * without the header no other page can have its bytes in its process.
 */
export function completeBodyHeaders(c: Context<AppEnv>, headers: Headers, open: boolean) {
  headers.set('Cache-Control', `${headers.get('Cache-Control') ?? 'private'}, no-transform`)
  if (c.var.settings.IDENTITY_ENCODING === 'on') forDevelopment(headers)
  if (open) headers.set('Cross-Origin-Resource-Policy', 'cross-origin')
}

/** Keeps the development server's proxy from compressing text, and from rewriting pages to reload themselves. */
function forDevelopment(headers: Headers) {
  headers.set('Content-Encoding', 'identity')
  // The proxy looks for the type in small letters alone; letter case means nothing in it (RFC 9110 §8.3.1).
  const type = headers.get('Content-Type')
  if (type?.startsWith('text/html')) headers.set('Content-Type', type.replace('text', 'Text'))
}
