import type { Context } from 'hono'
import type { AppEnv } from '#/env'
import { ApiError } from '#/errors'
import { gatherArrays } from '#/http/params'
import { check, LARGEST_BODY_BYTES, readBody } from '#/http/route'
import { bucketById, grantCreate } from '#/services/storage/access'
import { receiveChunk } from '#/services/storage/receive-chunk'
import { receiveWhole } from '#/services/storage/receive-whole'
import { type Outcome, uploadFields } from '#/services/storage/upload-rules'

type Ctx = Context<AppEnv>

/** Takes an upload, whole or one chunk of it, with at most 5 MiB in memory (storage contract 6). */
export async function receiveUpload(c: Ctx, bucketId: string): Promise<Outcome> {
  if (!/^multipart\/form-data\b/i.test(c.req.header('content-type') ?? ''))
    return refuseBody(c, bucketId)
  const header = c.req.header('content-range')
  return header === undefined ? receiveWhole(c, bucketId) : receiveChunk(c, bucketId, header)
}

/** Answers a body that is no form: its fields are checked as ever, but there is no file in it. */
async function refuseBody(c: Ctx, bucketId: string): Promise<never> {
  const small = Number(c.req.header('content-length') ?? 0) <= LARGEST_BODY_BYTES
  check(uploadFields, gatherArrays(small ? await readBody(c) : {}))
  const [bucket] = await bucketById(c.var.db, bucketId)
  grantCreate(c.var.caller, bucket)
  throw new ApiError('storage_file_empty')
}
