import { z } from 'zod'
import { verifyJwt } from '#/auth/jwt'
import { ApiError } from '#/errors'
import { described, optional } from '#/http/params'
import { route } from '#/pipeline/route'
import { bucketById, fileById, openFile } from '#/services/storage/access'
import { isPublic } from '#/services/storage/body-headers'
import { touchToken } from '#/services/storage/file-tokens'
import { inFile, locationParams } from '#/services/storage/params'
import { sendFile } from '#/services/storage/serve'

const path = '/v1/storage/buckets/:bucketId/files/:fileId'
const shared = {
  method: 'get',
  scopes: ['files.read'],
  input: { param: inFile, query: z.object(locationParams) },
  headers: ['range'],
  status: [200, 206],
  produces: '*/*',
  errors: [
    'storage_bucket_not_found',
    'storage_file_not_found',
    'storage_invalid_range',
    'user_unauthorized',
  ],
} as const

/**
 * Loads a file by the caller's own rights or a token's, and notes the token's use once a day.
 * @returns `open` says whether anybody who knows the URL may read the file
 */
export async function openLocation(
  c: Parameters<typeof openFile>[0],
  { token, ...ids }: { bucketId: string; fileId: string; token?: string | undefined },
  preview = false,
) {
  const opened = await openFile(c, ids, { token, preview })
  if (opened.token?.stale) {
    c.executionCtx.waitUntil(touchToken(c.var.db, opened.token.tokenId, c.var.now).run())
  }
  return { ...opened, open: opened.token !== undefined || isPublic(opened.bucket, opened.file) }
}

export const getFileDownload = route(
  {
    ...shared,
    name: 'storage.getFileDownload',
    summary: 'Download a file',
    description:
      'Returns the bytes of a file as an attachment. The caller needs the read ' +
      'permission or a file token. Ranges and conditional requests work as in RFC ' +
      '9110.',
    path: `${path}/download`,
  },
  async (c, params) => {
    const { file, open } = await openLocation(c, params)
    return sendFile(c, file, { disposition: 'attachment', shown: false, open })
  },
)

export const getFileView = route(
  {
    ...shared,
    name: 'storage.getFileView',
    summary: 'View a file in the browser',
    description:
      'Returns the bytes of a file for display. The caller needs the read permission ' +
      'or a file token. Types that a browser could run, HTML and scripts among them, ' +
      'are sent as plain text.',
    path: `${path}/view`,
  },
  async (c, params) => {
    const { file, open } = await openLocation(c, params)
    return sendFile(c, file, { disposition: 'inline', shown: true, open })
  },
)

const pushClaims = z.object({
  projectId: z.string(),
  bucketId: z.string(),
  fileId: z.string(),
  disposition: z.enum(['inline', 'attachment']).default('inline'),
})

/** Serves a file to whoever holds a JWT for it; permissions are not asked (docs/contract/storage.md §8.6). */
export const getFilePush = route(
  {
    ...shared,
    name: 'storage.getFilePush',
    summary: 'Get a file for a push message',
    description:
      'Returns the bytes of a file to whoever holds a JWT for it, so that a push ' +
      'message can show a picture. Permissions are not checked.',
    path: `${path}/push`,
    scopes: ['public'],
    input: {
      param: inFile,
      query: z.object({
        jwt: described(
          optional(z.string().max(2048)),
          'JWT under the secret of the deployment, which names project, bucket and file.',
        ),
      }),
    },
  },
  async (c, { bucketId, fileId, jwt }) => {
    const { db, settings, now } = c.var
    const { data: claims } = pushClaims.safeParse(await verifyJwt(jwt ?? '', settings.SECRET, now))
    const named = [claims?.projectId, claims?.bucketId, claims?.fileId]
    if (!claims || `${named}` !== `${[settings.PROJECT_ID, bucketId, fileId]}`) {
      throw new ApiError('user_unauthorized')
    }
    const [[bucket], [file]] = await db.batch([
      bucketById(db, bucketId),
      fileById(db, bucketId, fileId),
    ])
    if (!bucket?.enabled) throw new ApiError('storage_bucket_not_found')
    if (!file) throw new ApiError('storage_file_not_found')
    return sendFile(c, file, { disposition: claims.disposition, shown: true, open: true })
  },
)
