import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { isPrivileged } from '#/auth/caller'
import { allows, grantRoles, permissionList } from '#/auth/roles'
import { fileReaders, files } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listStatements, pageOf, searchIn } from '#/http/list'
import { described, listParams, optional, text } from '#/http/params'
import { route, sendJson, viewOf } from '#/pipeline/route'
import {
  bucketById,
  bucketSequence,
  grantBucket,
  openChange,
  openFile,
} from '#/services/storage/access'
import { fileListModel, fileModel } from '#/services/storage/models'
import { inBucket, inFile } from '#/services/storage/params'
import { receiveUpload } from '#/services/storage/upload'
import { uploadFields } from '#/services/storage/upload-rules'
import { eraseBlob } from '#/storage/erase'

const path = '/v1/storage/buckets/:bucketId/files'
const limit = {
  limit: 60,
  windowSeconds: 60,
  keys: ['ip:{ip},method:{method},url:{url},userId:{userId}'],
}

export const createFile = route(
  {
    name: 'storage.createFile',
    summary: 'Upload a file or a chunk of one',
    description:
      'Stores a file, sent whole or in chunks that each carry `Content-Range`. The ' +
      "caller needs the bucket's create permission. Unlike with Appwrite, chunks may " +
      'come in any order and size, and unfinished uploads end after six days.',
    method: 'post',
    path,
    scopes: ['files.write'],
    limit: { ...limit, keys: [`${limit.keys[0]},chunkId:{chunkId}`] },
    event: 'buckets.[bucketId].files.[fileId].create',
    input: { param: inBucket },
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

/** Attributes that file lists filter and sort by (docs/contract/queries.md §8). */
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
    summary: 'List the files of a bucket',
    description:
      'Lists and counts the files that the caller may read; API keys see all. The ' +
      'search looks at IDs and present names. Unfinished uploads are listed too.',
    method: 'get',
    path,
    scopes: ['files.read'],
    input: { param: inBucket, query: z.object(listParams) },
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
    summary: "Get a file's metadata",
    description:
      'Returns the metadata of a file that the caller may read. For an unfinished ' +
      'upload `chunksUploaded` counts the leading chunks, so that a client can go on ' +
      'from there.',
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
    summary: 'Rename a file or change its permissions',
    description:
      'Changes the name or the permissions of a file; what is left out stays. The ' +
      'caller needs the update permission and may grant only roles they hold. API ' +
      'keys may grant any role.',
    method: 'put',
    path: `${path}/:fileId`,
    scopes: ['files.write'],
    event: 'buckets.[bucketId].files.[fileId].update',
    input: {
      param: inFile,
      body: z.object({
        name: described(optional(text(128)), 'New name; previews keep their format.'),
        permissions: described(
          optional(permissionList(['create', 'read', 'update', 'delete'], ['update', 'delete'])),
          'Who may read, update and delete the file, in place of the present list; `[]` clears it.',
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
    summary: 'Delete a file',
    description:
      'Deletes a file, its bytes and its previews, or ends an unfinished upload. The ' +
      'caller needs the delete permission, of the bucket or of the file if file ' +
      'security is on.',
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
