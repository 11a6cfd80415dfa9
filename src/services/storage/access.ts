import { and, eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { type Caller, isPrivileged } from '#/auth/caller'
import { allows } from '#/auth/roles'
import type { Database } from '#/db'
import { type Bucket, buckets, type File, files } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { type TokenGrant, tokenById, tokenGrant } from '#/services/storage/file-tokens'

type Ctx = Context<AppEnv>

export const bucketById = (db: Database, id: string) =>
  db.select().from(buckets).where(eq(buckets.id, id))

/** Selects the sequence of a bucket, for use inside another statement. */
export const bucketSequence = (db: Database, id: string) =>
  db.select({ sequence: buckets.sequence }).from(buckets).where(eq(buckets.id, id))

export const fileById = (db: Database, bucketId: string, id: string) =>
  db
    .select()
    .from(files)
    .where(and(eq(files.bucketSequence, bucketSequence(db, bucketId)), eq(files.id, id)))

/**
 * Decides whether the caller may know of a bucket (docs/contract/storage.md §3.2).
 * @throws `storage_bucket_not_found` also for a disabled bucket, unless the caller is a key
 */
export function grantBucket(caller: Caller, bucket: Bucket | undefined): Bucket {
  if (!bucket || (!bucket.enabled && !isPrivileged(caller))) {
    throw new ApiError('storage_bucket_not_found')
  }
  return bucket
}

/** Checks whether the caller may read a file of a bucket that it knows of (docs/contract/storage.md §3.3). */
export const mayRead = (caller: Caller, bucket: Bucket, file: File) =>
  allows(caller, 'read', bucket.permissions) ||
  (bucket.fileSecurity && allows(caller, 'read', file.permissions))

/**
 * Decides a read (docs/contract/storage.md §3.3): bucket permissions cover every file; with `fileSecurity` a
 * file's own may do too, and a token stands for a read permission on exactly its file.
 * @param preview adds the bucket's `transformations` switch to the conditions
 * @throws `storage_bucket_transformations_disabled` for a preview where they are off
 * @throws `user_unauthorized` when file permissions are off and the bucket refuses, or the token is for
 * another file
 * @throws `storage_file_not_found` also for a file the caller may not read: its existence stays hidden
 */
export function grantRead(
  caller: Caller,
  found: Bucket | undefined,
  file: File | undefined,
  { token, preview = false }: { token?: TokenGrant | undefined; preview?: boolean } = {},
) {
  const bucket = grantBucket(caller, found)
  if (preview && !bucket.transformations && !isPrivileged(caller)) {
    throw new ApiError('storage_bucket_transformations_disabled')
  }
  const covered =
    allows(caller, 'read', bucket.permissions) || token?.bucketSequence === bucket.sequence
  if (!covered && !bucket.fileSecurity) throw new ApiError('user_unauthorized')
  const visible = file && (covered || allows(caller, 'read', file.permissions)) ? file : undefined
  if (token && token.fileSequence !== visible?.sequence) throw new ApiError('user_unauthorized')
  if (!visible) throw new ApiError('storage_file_not_found')
  return { bucket, file: visible }
}

/**
 * Decides an update or a delete (docs/contract/storage.md §3.3); the right to read is not needed.
 * @throws `user_unauthorized`, or `storage_file_not_found` where the file is absent
 */
export function grantChange(
  caller: Caller,
  action: 'update' | 'delete',
  found: Bucket | undefined,
  file: File | undefined,
) {
  const bucket = grantBucket(caller, found)
  const covered = allows(caller, action, bucket.permissions)
  if (!covered && !bucket.fileSecurity) throw new ApiError('user_unauthorized')
  if (!file) throw new ApiError('storage_file_not_found')
  if (!covered && !allows(caller, action, file.permissions)) throw new ApiError('user_unauthorized')
  return { bucket, file }
}

/**
 * Decides an upload: always by the bucket's permissions (docs/contract/storage.md §3.2).
 * @throws `storage_bucket_not_found`, `user_unauthorized`
 */
export function grantCreate(caller: Caller, found: Bucket | undefined) {
  const bucket = grantBucket(caller, found)
  if (!allows(caller, 'create', bucket.permissions)) throw new ApiError('user_unauthorized')
  return bucket
}

/** Loads a file that the caller may read, with its bucket, in one round trip. Throws as {@link grantRead}. */
export async function openFile(
  c: Ctx,
  ids: { bucketId: string; fileId: string },
  options: { token?: string | undefined; preview?: boolean } = {},
) {
  const { db, caller, settings, now } = c.var
  const claims = await tokenGrant(options.token, settings.SECRET, now)
  const [[bucket], [file], [row]] = await db.batch([
    bucketById(db, ids.bucketId),
    fileById(db, ids.bucketId, ids.fileId),
    tokenById(db, claims?.tokenId ?? ''),
  ])
  const token = claims?.redeem(row)
  return { ...grantRead(caller, bucket, file, { ...options, token }), token }
}

/** Loads a file that the caller may change, in one round trip. Throws as {@link grantChange}. */
export async function openChange(
  c: Ctx,
  action: 'update' | 'delete',
  ids: { bucketId: string; fileId: string },
) {
  const { db, caller } = c.var
  const [[bucket], [file]] = await db.batch([
    bucketById(db, ids.bucketId),
    fileById(db, ids.bucketId, ids.fileId),
  ])
  return grantChange(caller, action, bucket, file)
}
