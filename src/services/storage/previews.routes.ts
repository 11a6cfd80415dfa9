import { z } from 'zod'
import { ApiError } from '#/errors'
import { looseInteger, looseNumber, optional, withDefault } from '#/http/params'
import { route } from '#/pipeline/route'
import { completeBodyHeaders } from '#/services/storage/body-headers'
import { inFile, locationParams, openLocation } from '#/services/storage/files.routes'
import { GRAVITIES, OUTPUTS } from '#/storage/preview/plan'
import { sendPreview } from '#/storage/preview/variants'

const color = z
  .string()
  .regex(/^([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$/, 'must be 3 or 6 hex digits without #')

const gravity = z
  .string()
  .transform((name) => name.toLowerCase())
  .pipe(z.enum(GRAVITIES))
  .meta({ wire: { type: 'string', enum: [...GRAVITIES], 'x-case-insensitive': true } })

/** The parameters of a preview (storage contract 9.1). */
export const previewParams = z.object({
  width: withDefault(looseInteger(0, 4000), 0),
  height: withDefault(looseInteger(0, 4000), 0),
  gravity: withDefault(gravity, 'center'),
  quality: withDefault(looseInteger(-1, 100), -1),
  borderWidth: withDefault(looseInteger(0, 100), 0),
  borderColor: optional(color),
  borderRadius: withDefault(looseInteger(0, 4000), 0),
  opacity: withDefault(looseNumber(0, 1), 1),
  rotation: withDefault(looseInteger(-360, 360), 0),
  background: optional(color),
  output: optional(z.enum(OUTPUTS)),
})

export const getFilePreview = route(
  {
    name: 'storage.getFilePreview',
    method: 'get',
    path: '/v1/storage/buckets/:bucketId/files/:fileId/preview',
    scopes: ['files.read'],
    input: { param: inFile, query: previewParams.extend(locationParams) },
    status: 200,
    produces: 'image/*',
    errors: [
      'general_rate_limit_exceeded',
      'general_server_error',
      'storage_bucket_not_found',
      'storage_bucket_transformations_disabled',
      'storage_file_not_found',
      'storage_file_type_unsupported',
      'storage_image_resolution_exceeded',
      'user_unauthorized',
    ],
  },
  async (c, { bucketId, fileId, token, ...params }) => {
    const { file, open } = await openLocation(c, { bucketId, fileId, token }, true)
    // Differs: upstream shows an icon for an upload that is not finished.
    if (file.uploadId) throw new ApiError('storage_file_not_found')
    const answer = await sendPreview(c, file, params)
    completeBodyHeaders(c, answer.headers, open)
    return answer
  },
)
