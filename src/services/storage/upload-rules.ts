import type { Context } from 'hono'
import { z } from 'zod'
import { userIdOf } from '#/auth/caller'
import { grantRoles, permission, permissionList } from '#/auth/roles'
import type { Bucket } from '#/db/schema'
import { ApiError } from '#/errors'
import type { AppEnv } from '#/http/context'
import { characters, described, gatherArrays, optional, withDefault } from '#/http/params'
import { customIdOf, idFor } from '#/ids'
import { check } from '#/pipeline/route'
import { allowsName } from '#/services/storage/extensions'
import { parseFolder } from '#/storage/folder'
import type { Starter } from '#/storage/upload/machine'
import { CHUNK_BYTES } from '#/storage/upload/slicer'

type Ctx = Context<AppEnv>

/** Differs: upstream fails with 500 for a longer name. */
const NAME_MAX_CHARACTERS = 2048

/** The form fields of an upload beside the file (docs/contract/storage.md §6.1). */
export const uploadFields = z.object({
  fileId: customIdOf('file'),
  permissions: described(
    optional(permissionList(['read', 'update', 'delete'], ['update', 'delete'])),
    'Who may read, update and delete the file; by default its user alone, and nobody for a guest or key.',
  ),
  folder: described(
    withDefault(z.string().transform(parseFolder), ''),
    'Path to file it under, e.g. `photos/2026`; it is a text alone and cannot be changed later.',
  ),
})
/** The fields of an upload, checked. */
export type Fields = z.output<typeof uploadFields>

/** Checks the fields of a form, with `permissions[]` gathered. @throws `general_argument_invalid` */
export const parseFields = (given: ReadonlyMap<string, string[]>): Fields => {
  const plain = Object.fromEntries(
    [...given].map(([name, values]) => [name, name.includes('[') ? values : values[0]]),
  )
  return check(uploadFields, gatherArrays(plain))
}

/**
 * Refuses a parameter that comes as a file, whose value nobody would see. Other files than the first are dropped.
 * @throws `general_argument_invalid`
 */
export function refuseFileParameter(part: string) {
  const [name = ''] = Object.keys(gatherArrays({ [part]: '' }))
  if (!Object.hasOwn(uploadFields.shape, name)) return
  throw new ApiError(
    'general_argument_invalid',
    `Invalid \`${name}\` param: must not be sent as a file.`,
  )
}

/**
 * Returns the permissions of a new file: those asked for, or the caller's own (docs/contract/storage.md §3.5).
 * @throws `user_unauthorized` for a role that the caller does not hold
 */
export function permissionsFor(c: Ctx, asked: string[] | undefined) {
  const own = userIdOf(c.var.caller)
  if (!asked || asked.length === 0) {
    return own
      ? (['read', 'update', 'delete'] as const).map((action) => permission(action, `user:${own}`))
      : []
  }
  grantRoles(c.var.caller, asked)
  return asked
}

/** Checks what the file part and its headers say, in the order of docs/contract/storage.md §6.3. */
export function grantFile(c: Ctx, bucket: Bucket, name: string | undefined, sizeBytes: number) {
  const limit = c.var.settings.STORAGE_MAX_FILE_BYTES
  if (bucket.maximumFileSize > limit) {
    throw new ApiError(
      'general_server_error',
      "The bucket's maximum file size is above the server's limit.",
    )
  }
  if (name === undefined) throw new ApiError('storage_file_empty')
  if (!allowsName(bucket.allowedFileExtensions, name)) {
    throw new ApiError(
      'storage_file_type_unsupported',
      'The bucket does not allow files with this extension.',
    )
  }
  if (sizeBytes > bucket.maximumFileSize) throw new ApiError('storage_invalid_file_size')
  if (name === '') throw new ApiError('storage_invalid_file')
  if (characters(name) > NAME_MAX_CHARACTERS) {
    throw new ApiError(
      'general_argument_invalid',
      `Invalid \`file\` param: its name has over ${NAME_MAX_CHARACTERS} characters.`,
    )
  }
}

/**
 * Returns whom an upload belongs to that this request begins: an API key's to the project, a user's to that
 * user, whoever impersonates them.
 */
export function starterOf({ var: { caller, self } }: Ctx): Starter {
  if (caller.kind !== 'user') return caller.kind
  return `user:${self?.acting.user.sequence ?? caller.id}`
}

/** Returns the row of a new upload, before its bytes are known. */
export const draft = (
  c: Ctx,
  bucket: Bucket,
  fields: Fields & { permissions: string[]; name: string },
  sizeOriginal: number,
) => ({
  bucketSequence: bucket.sequence,
  bucketId: bucket.id,
  id: idFor(fields.fileId, c.var.now),
  permissions: fields.permissions,
  name: fields.name,
  uploadName: fields.name,
  folder: fields.folder,
  signature: '',
  mimeType: '',
  sizeOriginal,
  sizeActual: 0,
  chunksTotal: Math.max(1, Math.ceil(sizeOriginal / CHUNK_BYTES)),
  chunksUploaded: 0,
  encryption: false,
  charset: null,
  compression: '',
  starter: starterOf(c),
  received: 0,
  firstReceived: 0,
  createdAt: c.var.now,
  updatedAt: c.var.now,
})
