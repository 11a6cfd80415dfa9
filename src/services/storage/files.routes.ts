import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { isPrivileged } from '#/auth/caller'
import { verifyJwt } from '#/auth/jwt'
import { allows, grantRoles, permissionList } from '#/auth/roles'
import { fileReaders, files } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listStatements, pageOf, searchIn } from '#/http/list'
import { listParams, optional, text } from '#/http/params'
import { uid } from '#/ids'
import { route, sendJson, viewOf } from '#/pipeline/route'
import {
  bucketById,
  bucketSequence,
  fileById,
  grantBucket,
  openChange,
  openFile,
} from '#/services/storage/access'
import { isPublic } from '#/services/storage/body-headers'
import { touchToken } from '#/services/storage/file-tokens'
import { fileListModel, fileModel } from '#/services/storage/models'
import { sendFile } from '#/services/storage/serve'
import { receiveUpload } from '#/services/storage/upload'
import { uploadFields } from '#/services/storage/upload-rules'
import { eraseBlob } from '#/storage/erase'

export const inFile = z.object({ bucketId: uid, fileId: uid })
/** The parameters that say on whose behalf a browser fetches a URL (storage contract 1.10). */
export const locationParams = { token: optional(text(512)) }
const path = '/v1/storage/buckets/:bucketId/files'
const limit = {
  limit: 60,
  windowSeconds: 60,
  keys: ['ip:{ip},method:{method},url:{url},userId:{userId}'],
}

export const createFile = route(
  {
    name: 'storage.createFile',
    method: 'post',
    path,
    scopes: ['files.write'],
    limit: { ...limit, keys: [`${limit.keys[0]},chunkId:{chunkId}`] },
    event: 'buckets.[bucketId].files.[fileId].create',
    input: { param: z.object({ bucketId: uid }) },
    streamed: { contentType: 'multipart/form-data', shape: uploadFields, file: 'file' },
    headers: ['content-range', 'x-appwrite-id'],
    status: [200, 201],
    model: fileModel,
    errors: [
      'general_rate_limit_exceeded',
      'general_server_error',
      'storage_bucket_not_found',
      'storage_file_already_exists',
      'storage_file_empty',
      'storage_file_type_unsupported',
      'storage_invalid_appwrite_id',
      'storage_invalid_content_range',
      'storage_invalid_file',
      'storage_invalid_file_size',
      'user_unauthorized',
    ],
  },
  async (c, { bucketId }) => {
    const { file, status, created } = await receiveUpload(c, bucketId)
    if (created) tell(c, { payload: (view) => fileModel.wire(file, view) })
    return sendJson(c, fileModel.wire(file, viewOf(c)), status)
  },
)

/** Attributes that file lists filter and sort by (queries contract 8). */
const ATTRIBUTES = {
  name: 'string',
  folder: 'string',
  signature: 'string',
  mimeType: 'string',
  sizeOriginal: 'integer',
  chunksTotal: 'integer',
  chunksUploaded: 'integer',
} as const

export const listFiles = route(
  {
    name: 'storage.listFiles',
    method: 'get',
    path,
    scopes: ['files.read'],
    input: { param: z.object({ bucketId: uid }), query: z.object(listParams) },
    status: 200,
    model: fileListModel,
    errors: [
      'general_cursor_not_found',
      'general_query_invalid',
      'storage_bucket_not_found',
      'user_unauthorized',
    ],
  },
  async (c, { bucketId, ...params }) => {
    const { db, caller } = c.var
    const parent = eq(files.bucketSequence, bucketSequence(db, bucketId))
    const readable = sql`${files.sequence} in (
      select ${fileReaders.fileSequence} from ${fileReaders}
      where ${fileReaders.bucketSequence} = ${bucketSequence(db, bucketId)}
        and ${fileReaders.role} in (select value from json_each(${JSON.stringify(caller.roles)})))`
    const list = (where: typeof readable | undefined) =>
      listStatements(c, params, {
        table: files,
        attributes: ATTRIBUTES,
        where: and(parent, where),
        search: (term) =>
          searchIn(
            files.sequence,
            'files_search',
            term,
            sql`'b' || ${bucketSequence(db, bucketId)}`,
          ),
        counter: where ? undefined : sql`'files:' || ${bucketSequence(db, bucketId)}`,
      })
    // Which of the two lists is the caller's depends on the bucket: asking for both saves a round trip.
    const all = list(undefined)
    const own = isPrivileged(caller) ? undefined : list(readable)
    const [[found], ...rows] = await db.batch([
      bucketById(db, bucketId),
      ...all.statements,
      ...(own?.statements ?? []),
    ])
    const bucket = grantBucket(caller, found)
    const covered = allows(caller, 'read', bucket.permissions)
    if (!covered && !bucket.fileSecurity) throw new ApiError('user_unauthorized')
    return covered || !own ? pageOf(all, rows) : pageOf(own, rows.slice(all.statements.length))
  },
)

export const getFile = route(
  {
    name: 'storage.getFile',
    method: 'get',
    path: `${path}/:fileId`,
    scopes: ['files.read'],
    input: { param: inFile },
    status: 200,
    model: fileModel,
    errors: ['storage_bucket_not_found', 'storage_file_not_found', 'user_unauthorized'],
  },
  async (c, ids) => (await openFile(c, ids)).file,
)

export const updateFile = route(
  {
    name: 'storage.updateFile',
    method: 'put',
    path: `${path}/:fileId`,
    scopes: ['files.write'],
    event: 'buckets.[bucketId].files.[fileId].update',
    input: {
      param: inFile,
      body: z.object({
        name: optional(text(128)),
        permissions: optional(
          permissionList(['create', 'read', 'update', 'delete'], ['update', 'delete']),
        ),
      }),
    },
    status: 200,
    model: fileModel,
    errors: ['storage_bucket_not_found', 'storage_file_not_found', 'user_unauthorized'],
  },
  async (c, { bucketId, fileId, name, permissions }) => {
    const { file } = await openChange(c, 'update', { bucketId, fileId })
    if (permissions) grantRoles(c.var.caller, permissions)
    const changes = {
      ...(name !== undefined && name !== file.name ? { name } : {}),
      ...(permissions && `${permissions}` !== `${file.permissions}` ? { permissions } : {}),
    }
    if (Object.keys(changes).length === 0) return file
    const [updated] = await c.var.db
      .update(files)
      .set({ ...changes, updatedAt: c.var.now })
      .where(eq(files.sequence, file.sequence))
      .returning()
    if (!updated) throw new ApiError('storage_file_not_found')
    return updated
  },
)

export const deleteFile = route(
  {
    name: 'storage.deleteFile',
    method: 'delete',
    path: `${path}/:fileId`,
    scopes: ['files.write'],
    limit,
    event: 'buckets.[bucketId].files.[fileId].delete',
    input: { param: inFile },
    status: 204,
    errors: [
      'general_server_error',
      'storage_bucket_not_found',
      'storage_file_not_found',
      'user_unauthorized',
    ],
  },
  async (c, ids) => {
    const { db } = c.var
    const { file } = await openChange(c, 'delete', ids)
    const [gone] = await db.delete(files).where(eq(files.sequence, file.sequence)).returning()
    if (!gone) throw new ApiError('storage_file_not_found')
    tell(c, { payload: (view) => fileModel.wire(gone, view) })
    // The row's trigger has put the blob on record for the sweeper; this only spares it the work.
    c.executionCtx.waitUntil(eraseBlob(c.env.BLOBS, db, gone))
    return undefined
  },
)

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
  { ...shared, name: 'storage.getFileDownload', path: `${path}/:fileId/download` },
  async (c, params) => {
    const { file, open } = await openLocation(c, params)
    return sendFile(c, file, { disposition: 'attachment', shown: false, open })
  },
)

export const getFileView = route(
  { ...shared, name: 'storage.getFileView', path: `${path}/:fileId/view` },
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

/** Serves a file to whoever holds a JWT for it; permissions are not asked (storage contract 8.6). */
export const getFilePush = route(
  {
    ...shared,
    name: 'storage.getFilePush',
    path: `${path}/:fileId/push`,
    scopes: ['public'],
    input: { param: inFile, query: z.object({ jwt: optional(z.string().max(2048)) }) },
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
