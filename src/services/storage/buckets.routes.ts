import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { permissionList } from '#/auth/roles'
import { buckets } from '#/db/schema'
import { ApiError } from '#/errors'
import { tell } from '#/events/announce'
import { listRows, searchIn } from '#/http/list'
import {
  described,
  listParams,
  looseBoolean,
  looseInteger,
  optional,
  text,
  withDefault,
} from '#/http/params'
import { customIdOf, idFor } from '#/ids'
import { route } from '#/pipeline/route'
import { bucketById } from '#/services/storage/access'
import { extensions } from '#/services/storage/extensions'
import { bucketListModel, bucketModel, COMPRESSIONS } from '#/services/storage/models'
import { inBucket } from '#/services/storage/params'

const compression = z.enum(COMPRESSIONS)
const COMPRESSION = 'How files of up to 20 MB are stored; they are served as they were sent.'
const MAX_SIZE = "Largest file in bytes; by default, and at most, the deployment's own limit."
const ENCRYPTION =
  'Whether files of up to 20 MB are reported as encrypted; storage encrypts all of them anyway.'
const fileBytes = looseInteger(1, Number.MAX_SAFE_INTEGER)

/**
 * The settings that create and update share; what is left out goes to its default (docs/contract/storage.md §4.2).
 * Differs: so does what is `null`, for which upstream fails with 500.
 */
const settings = {
  name: described(text(128), 'Name of the bucket, for people.'),
  permissions: described(
    optional(
      permissionList(['create', 'read', 'update', 'delete'], ['create', 'update', 'delete']),
    ),
    'Who may do what with the files, e.g. `read("any")`; without any, files are for API keys alone.',
  ),
  fileSecurity: described(
    withDefault(looseBoolean, false),
    "Whether a file's own permissions count beside the bucket's.",
  ),
  enabled: described(
    withDefault(looseBoolean, true),
    'Whether users and guests can reach the bucket; API keys always can.',
  ),
  allowedFileExtensions: described(
    withDefault(extensions, []),
    'Extensions that uploads may have, such as `png` or `tar.gz`; an empty list allows all.',
  ),
  antivirus: described(
    withDefault(looseBoolean, true),
    'Kept for clients that set it; files are not scanned.',
  ),
  transformations: described(
    withDefault(looseBoolean, true),
    'Whether others than API keys get previews.',
  ),
}

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
    summary: 'Create a bucket',
    description:
      'Creates a bucket with its settings. API keys only. The permissions are about ' +
      'the files in it, and whatever is left out takes its default.',
    method: 'post',
    path: '/v1/storage/buckets',
    scopes: ['buckets.write'],
    event: 'buckets.[bucketId].create',
    input: {
      body: z.object({
        bucketId: customIdOf('bucket'),
        ...settings,
        maximumFileSize: described(optional(fileBytes), MAX_SIZE),
        compression: described(withDefault(compression, 'none'), COMPRESSION),
        encryption: described(withDefault(looseBoolean, true), ENCRYPTION),
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

/** Attributes that bucket lists filter and sort by (docs/contract/queries.md §8). */
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
    summary: 'List buckets',
    description:
      "Lists the project's buckets, disabled ones too. API keys only. The search " +
      'looks at IDs and names.',
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
    summary: 'Get a bucket',
    description: 'Returns the settings of a bucket. API keys only.',
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
    summary: "Replace a bucket's settings",
    description:
      'Replaces the settings of a bucket. API keys only. What is left out goes back ' +
      'to its default; only `permissions` stay. Files that are there already are left ' +
      'as they are.',
    method: 'put',
    path: '/v1/storage/buckets/:bucketId',
    scopes: ['buckets.write'],
    event: 'buckets.[bucketId].update',
    input: {
      param: inBucket,
      // For these three, absent resets and `null` keeps (docs/contract/storage.md §4.2).
      body: z.object({
        ...settings,
        maximumFileSize: described(fileBytes.nullable().optional(), `${MAX_SIZE} null keeps it.`),
        compression: described(
          compression.nullable().default('none'),
          `${COMPRESSION} null keeps it.`,
        ),
        encryption: described(
          looseBoolean.nullable().default(true),
          `${ENCRYPTION} null keeps it.`,
        ),
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
    summary: 'Delete a bucket and its files',
    description:
      'Deletes a bucket at once, full or empty, and frees its ID. API keys only. The ' +
      "files' bytes are erased in the background.",
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
