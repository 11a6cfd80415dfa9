import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { permissionList } from '#/auth/roles'
import { buckets } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listRows, searchIn } from '#/http/list'
import { listParams, looseBoolean, looseInteger, optional, text, withDefault } from '#/http/params'
import { customId, idFor, uid } from '#/ids'
import { route } from '#/pipeline/route'
import { bucketById } from '#/services/storage/access'
import { bucketListModel, bucketModel, COMPRESSIONS } from '#/services/storage/models'

const compression = z.enum(COMPRESSIONS)
const fileBytes = looseInteger(1, Number.MAX_SAFE_INTEGER)

/**
 * The settings that create and update share; what is left out goes to its default (storage contract 4.2).
 * Differs: so does what is `null`, for which upstream fails with 500.
 */
const settings = {
  name: text(128),
  permissions: optional(
    permissionList(['create', 'read', 'update', 'delete'], ['create', 'update', 'delete']),
  ),
  fileSecurity: withDefault(looseBoolean, false),
  enabled: withDefault(looseBoolean, true),
  allowedFileExtensions: withDefault(z.array(text(64)).max(100), []),
  antivirus: withDefault(looseBoolean, true),
  transformations: withDefault(looseBoolean, true),
}

const inBucket = z.object({ bucketId: uid })

/** @throws `general_argument_invalid` for a size above the server's limit */
function grantSize(sizeBytes: number, limit: number) {
  if (sizeBytes > limit) {
    throw new ApiError(
      'general_argument_invalid',
      `Invalid \`maximumFileSize\` param: must be an integer from 1 to ${limit}`,
    )
  }
}

export const createBucket = route(
  {
    name: 'storage.createBucket',
    method: 'post',
    path: '/v1/storage/buckets',
    scopes: ['buckets.write'],
    event: 'buckets.[bucketId].create',
    input: {
      body: z.object({
        bucketId: customId,
        ...settings,
        maximumFileSize: optional(fileBytes),
        compression: withDefault(compression, 'none'),
        encryption: withDefault(looseBoolean, true),
      }),
    },
    status: 201,
    model: bucketModel,
    errors: ['storage_bucket_already_exists'],
  },
  async (c, { bucketId, permissions = [], maximumFileSize, ...fields }) => {
    const { db, now, settings } = c.var
    const limit = settings.STORAGE_MAX_FILE_BYTES
    const sizeBytes = maximumFileSize ?? limit
    grantSize(sizeBytes, limit)
    const id = idFor(bucketId, now)
    const row = {
      ...fields,
      id,
      permissions,
      maximumFileSize: sizeBytes,
      createdAt: now,
      updatedAt: now,
    }
    const [bucket] = await db.insert(buckets).values(row).onConflictDoNothing().returning()
    if (!bucket) throw new ApiError('storage_bucket_already_exists')
    return bucket
  },
)

/** Attributes that bucket lists filter and sort by (queries contract 8). */
const ATTRIBUTES = {
  enabled: 'boolean',
  name: 'string',
  fileSecurity: 'boolean',
  maximumFileSize: 'integer',
  encryption: 'boolean',
  antivirus: 'boolean',
  transformations: 'boolean',
} as const

export const listBuckets = route(
  {
    name: 'storage.listBuckets',
    method: 'get',
    path: '/v1/storage/buckets',
    scopes: ['buckets.read'],
    input: { query: z.object(listParams) },
    status: 200,
    model: bucketListModel,
    errors: ['general_cursor_not_found', 'general_query_invalid'],
  },
  (c, params) =>
    listRows(c, params, {
      table: buckets,
      attributes: ATTRIBUTES,
      search: (term) => searchIn(buckets.sequence, 'buckets_search', term),
    }),
)

export const getBucket = route(
  {
    name: 'storage.getBucket',
    method: 'get',
    path: '/v1/storage/buckets/:bucketId',
    scopes: ['buckets.read'],
    input: { param: inBucket },
    status: 200,
    model: bucketModel,
    errors: ['storage_bucket_not_found'],
  },
  async (c, { bucketId }) => {
    const [bucket] = await bucketById(c.var.db, bucketId)
    if (!bucket) throw new ApiError('storage_bucket_not_found')
    return bucket
  },
)

export const updateBucket = route(
  {
    name: 'storage.updateBucket',
    method: 'put',
    path: '/v1/storage/buckets/:bucketId',
    scopes: ['buckets.write'],
    event: 'buckets.[bucketId].update',
    input: {
      param: inBucket,
      // For these three, absent resets and `null` keeps (storage contract 4.2).
      body: z.object({
        ...settings,
        maximumFileSize: fileBytes.nullable().optional(),
        compression: compression.nullable().default('none'),
        encryption: looseBoolean.nullable().default(true),
      }),
    },
    status: 200,
    model: bucketModel,
    errors: ['storage_bucket_not_found'],
  },
  async (c, { bucketId, permissions, maximumFileSize, compression, encryption, ...fields }) => {
    const limit = c.var.settings.STORAGE_MAX_FILE_BYTES
    const sizeBytes = maximumFileSize === undefined ? limit : maximumFileSize
    if (sizeBytes !== null) grantSize(sizeBytes, limit)
    const changes = {
      ...fields,
      ...(permissions ? { permissions } : {}),
      ...(sizeBytes === null ? {} : { maximumFileSize: sizeBytes }),
      ...(compression === null ? {} : { compression }),
      ...(encryption === null ? {} : { encryption }),
      updatedAt: c.var.now,
    }
    const [bucket] = await c.var.db
      .update(buckets)
      .set(changes)
      .where(eq(buckets.id, bucketId))
      .returning()
    if (!bucket) throw new ApiError('storage_bucket_not_found')
    return bucket
  },
)

export const deleteBucket = route(
  {
    name: 'storage.deleteBucket',
    method: 'delete',
    path: '/v1/storage/buckets/:bucketId',
    scopes: ['buckets.write'],
    event: 'buckets.[bucketId].delete',
    input: { param: inBucket },
    status: 204,
    errors: ['storage_bucket_not_found'],
  },
  async (c, { bucketId }) => {
    // A trigger hands the bucket's files over to the sweeper.
    const [gone] = await c.var.db.delete(buckets).where(eq(buckets.id, bucketId)).returning()
    if (!gone) throw new ApiError('storage_bucket_not_found')
    tell(c, { payload: (view) => bucketModel.wire(gone, view) })
    return undefined
  },
)
