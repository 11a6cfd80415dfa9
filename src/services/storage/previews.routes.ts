import { z } from 'zod'
import { ApiError } from '#/errors'
import { described, looseInteger, looseNumber, optional, withDefault } from '#/http/params'
import { route } from '#/pipeline/route'
import { completeBodyHeaders } from '#/services/storage/body-headers'
import { openLocation } from '#/services/storage/downloads.routes'
import { inFile, locationParams } from '#/services/storage/params'
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

/** The parameters of a preview (docs/contract/storage.md §9.1). */
export const previewParams = z.object({
  width: described(
    withDefault(looseInteger(0, 4000), 0),
    'Width in pixels; 0 follows from the height.',
  ),
  height: described(
    withDefault(looseInteger(0, 4000), 0),
    'Height in pixels; 0 follows from the width.',
  ),
  gravity: described(
    withDefault(gravity, 'center'),
    'Which part a crop keeps; `auto` keeps what stands out.',
  ),
  quality: described(
    withDefault(looseInteger(-1, 100), -1),
    'Quality of JPEG, WebP and AVIF, where -1 leaves it to the server.',
  ),
  borderWidth: described(
    withDefault(looseInteger(0, 100), 0),
    'Width of the border in pixels; 0 draws none.',
  ),
  borderColor: described(
    optional(color),
    'Colour of the border, 3 or 6 hex digits without `#`; black by default.',
  ),
  borderRadius: described(
    withDefault(looseInteger(0, 4000), 0),
    'Radius of the rounded corners in pixels.',
  ),
  opacity: described(withDefault(looseNumber(0, 1), 1), 'Opacity from 0, clear, to 1.'),
  rotation: described(withDefault(looseInteger(-360, 360), 0), 'Degrees to turn it clockwise.'),
  background: described(
    optional(color),
    'Colour behind transparent parts, 3 or 6 hex digits without `#`.',
  ),
  output: described(
    optional(z.enum(OUTPUTS)),
    'Format; by default that of the file name, else JPEG. `heic` is refused: it is not written here.',
  ),
})

export const getFilePreview = route(
  {
    name: 'storage.getFilePreview',
    summary: 'Get a preview image of a file',
    description:
      'Renders an image, resized, cropped and with effects; other files show as an ' +
      'icon. The caller needs the read permission or a file token. Previews are ' +
      'cached, and each bucket has a monthly budget of new ones.',
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
