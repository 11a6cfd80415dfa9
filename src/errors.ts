import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Lists every error a client can receive: HTTP status and default message, by wire `type`. */
export const ERRORS = {
  database_query_order_null: [
    400,
    'The cursor item has no value for an attribute in the sort order.',
  ],
  database_timeout: [
    408,
    'The query ran for too long. Narrow it down or filter on an indexed attribute.',
  ],
  general_argument_invalid: [400, 'The request has an invalid argument.'],
  general_bad_request: [400, 'The request could not be understood.'],
  general_cursor_not_found: [400, 'The cursor names an item that does not exist.'],
  general_query_invalid: [400, 'The query cannot be run on this collection.'],
  general_rate_limit_exceeded: [429, 'Too many requests. Wait a while and try again.'],
  general_route_not_found: [404, 'There is no route with this method and path.'],
  general_server_error: [500, 'The server could not complete the request.'],
  general_service_disabled: [403, 'This service is switched off for the project.'],
  general_api_disabled: [403, 'This protocol is switched off for the project.'],
  general_unauthorized_scope: [401, 'The caller lacks the scope for this action.'],
  general_unknown: [500, 'Something went wrong on the server.'],
  general_unknown_origin: [403, 'This origin is not a registered platform of the project.'],
  project_id_missing: [403, 'An API key needs the X-Appwrite-Project header of its own project.'],
  project_key_expired: [401, 'This API key has expired.'],
  project_not_found: [404, 'There is no project with this ID.'],
  storage_bucket_already_exists: [409, 'A bucket with this ID exists.'],
  storage_bucket_not_found: [404, 'There is no bucket with this ID.'],
  storage_bucket_transformations_disabled: [
    403,
    'Image transformations are switched off for this bucket.',
  ],
  storage_file_already_exists: [409, 'A file with this ID exists in the bucket.'],
  storage_file_empty: [400, 'The request carries no file: send it as the form part "file".'],
  storage_file_not_found: [404, 'There is no file with this ID.'],
  storage_file_type_unsupported: [400, 'This type of file is not supported here.'],
  storage_image_resolution_exceeded: [400, 'The image has too many pixels to be rendered.'],
  storage_invalid_appwrite_id: [400, 'The X-Appwrite-ID header is not a valid file ID.'],
  storage_invalid_content_range: [400, 'The Content-Range header is not valid.'],
  storage_invalid_file: [403, 'The uploaded file part cannot be used.'],
  storage_invalid_file_size: [400, 'The file is larger than the bucket allows.'],
  storage_invalid_range: [416, 'The Range header cannot be satisfied.'],
  token_not_found: [404, 'There is no token with this ID.'],
  token_resource_type_invalid: [400, 'This token is for an unknown type of resource.'],
  user_jwt_and_cookie_set: [403, 'Send either a JWT or a session, not both.'],
  user_jwt_invalid: [401, 'The JWT is not valid.'],
  user_unauthorized: [401, 'The caller may not perform this action.'],
} as const satisfies Record<string, readonly [status: ContentfulStatusCode, message: string]>

/** Names an error on the wire. */
export type ErrorType = keyof typeof ERRORS

/** Carries a failure that the client is told about. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** @param detail replaces the catalogue's message @param headers are added to the answer */
  constructor(
    readonly type: ErrorType,
    detail?: string,
    options?: ErrorOptions & { headers?: Record<string, string> },
  ) {
    super(detail ?? ERRORS[type][1], options)
    this.headers = options?.headers ?? {}
  }
  readonly headers: Record<string, string>
}
